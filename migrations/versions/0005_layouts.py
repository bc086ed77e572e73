"""Layouts: the plan that is being drawn for a screen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "layout_drafts",
        sa.Column("screen_id", sa.BigInteger(), nullable=False),
        sa.Column("base_layout_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], name=op.f("fk_layout_drafts_screen_id")),
        sa.ForeignKeyConstraint(["base_layout_id"], ["layouts.id"], name=op.f("fk_layout_drafts_base_layout_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["users.id"], name=op.f("fk_layout_drafts_updated_by")),
        sa.PrimaryKeyConstraint("screen_id", name=op.f("pk_layout_drafts")),
    )


def downgrade() -> None:
    op.drop_table("layout_drafts")
