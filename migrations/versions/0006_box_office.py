"""The box office: shifts, counter tenders, who sold a booking and where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    accounts = sa.table("ledger_accounts", sa.column("code"), sa.column("kind"), sa.column("name"))
    op.bulk_insert(accounts, [{"code": "card_terminal", "kind": "asset", "name": "Money at the card terminals, by shift"}])
    _shifts()
    op.add_column("bookings", sa.Column("channel", sa.String(length=20), server_default="web", nullable=False))
    op.create_check_constraint(op.f("ck_bookings_channel_known"), "bookings", "channel IN ('web', 'box_office')")
    op.add_column("bookings", sa.Column("sold_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_bookings_sold_by"), "bookings", "users", ["sold_by"], ["id"])
    for table in ("payments", "refunds"):
        op.add_column(table, sa.Column("shift_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_shift_id"), table, "shifts", ["shift_id"], ["id"])
        where = sa.text("shift_id IS NOT NULL")
        op.create_index(f"ix_{table}_shift_id", table, ["shift_id"], postgresql_where=where)
    op.add_column("payments", sa.Column("tendered_minor", sa.Integer(), nullable=True))
    op.add_column("payments", sa.Column("reference", sa.String(length=60), server_default="", nullable=False))
    op.create_check_constraint(
        op.f("ck_payments_counter_has_shift"),
        "payments",
        "(provider IN ('cash', 'terminal')) = (shift_id IS NOT NULL)",
    )


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paper", sa.String(length=10), server_default="roll", nullable=False),
        sa.Column("float_minor", sa.Integer(), nullable=False),
        _instant("opened_at"),
        _instant("closed_at", nullable=True),
        sa.Column("expected_minor", sa.Integer(), nullable=True),
        sa.Column("counted_minor", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("paper IN ('roll', 'a6')", name=op.f("ck_shifts_paper_known")),
        sa.CheckConstraint(
            "float_minor >= 0 AND (counted_minor IS NULL OR counted_minor >= 0)",
            name=op.f("ck_shifts_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (counted_minor IS NULL) AND (closed_at IS NULL) = (expected_minor IS NULL)",
            name=op.f("ck_shifts_closed_is_counted"),
        ),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_shifts_cinema_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shifts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(
        "uq_shifts_open", "shifts", ["user_id", "cinema_id"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index("ix_shifts_cinema_id", "shifts", ["cinema_id", "opened_at"])


def downgrade() -> None:
    op.drop_constraint(op.f("ck_payments_counter_has_shift"), "payments", type_="check")
    op.drop_column("payments", "reference")
    op.drop_column("payments", "tendered_minor")
    for table in ("refunds", "payments"):
        op.drop_column(table, "shift_id")
    op.drop_column("bookings", "sold_by")
    op.drop_column("bookings", "channel")
    op.drop_table("shifts")
    op.execute("DELETE FROM ledger_accounts WHERE code = 'card_terminal'")
