"""Forms of the staff that do their work once; blocks of an auditorium that are changed.

A key for each form that was sent, in the transaction of its work. A changed block is another one that says which it
stands for, so that the shows that are over keep theirs.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_forms",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sent_forms_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_sent_forms")),
    )
    op.create_index("ix_sent_forms_sent_at", "sent_forms", ["sent_at"])
    op.add_column("seat_blocks", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_seat_blocks_replaces_id"), "seat_blocks", "seat_blocks", ["replaces_id"], ["id"])
    op.create_unique_constraint(op.f("uq_seat_blocks_replaces_id"), "seat_blocks", ["replaces_id"])


def downgrade() -> None:
    op.drop_column("seat_blocks", "replaces_id")
    op.drop_table("sent_forms")
