"""The door: a report of each time that somebody was let in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "admission_reports",
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), server_default="", nullable=False),
        sa.Column("door", sa.String(length=40), server_default="", nullable=False),
        sa.Column("device", sa.String(length=40), server_default="", nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offline", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('admitted', 'double', 'refused')", name=op.f("ck_admission_reports_outcome_known")
        ),
        sa.CheckConstraint(
            "undone_at IS NULL OR outcome = 'admitted'", name=op.f("ck_admission_reports_only_admissions_are_undone")
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_admission_reports_undone_by_someone")
        ),
        sa.ForeignKeyConstraint(
            ["show_id", "ticket_id"], ["tickets.show_id", "tickets.id"], name=op.f("fk_admission_reports_show_id_ticket_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_admission_reports_user_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_admission_reports_undone_by")),
        sa.PrimaryKeyConstraint("show_id", "id", name=op.f("pk_admission_reports")),
    )
    op.create_index("uq_admission_reports_key", "admission_reports", ["show_id", "ticket_id", "key"], unique=True)
    op.create_index(
        "uq_admission_reports_standing",
        "admission_reports",
        ["show_id", "ticket_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'admitted' AND undone_at IS NULL"),
    )
    op.create_index("ix_admission_reports_received_at", "admission_reports", ["received_at"])


def downgrade() -> None:
    op.drop_table("admission_reports")
