"""Invoices in a series of their own by cinema and year, who sells and its tax number, several kinds of tickets an offer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _append_only(table: str) -> None:
    """The application's role may add rows and read them, nothing else. It owns nothing, so it can't grant it back."""
    op.execute(
        sa.text(
            f"""
            DO $$ DECLARE grantee text; BEGIN
              FOR grantee IN SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
                WHERE g.table_schema = current_schema() AND g.table_name = '{table}' AND g.grantee <> current_user
              LOOP
                EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', grantee);
              END LOOP;
            END $$
            """
        )
    )


def upgrade() -> None:
    op.add_column("cinemas", sa.Column("seller", sa.Text(), server_default="", nullable=False))
    op.add_column("cinemas", sa.Column("tax_number", sa.Text(), server_default="", nullable=False))
    op.add_column("group_requests", sa.Column("parties", postgresql.JSONB(), server_default="[]", nullable=False))
    op.create_table(
        "invoice_counters",
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_invoice_counters_has_numbers")),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_invoice_counters_cinema_id")),
        sa.PrimaryKeyConstraint("cinema_id", "year", name=op.f("pk_invoice_counters")),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("show_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_invoices_kind_known")),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)", name=op.f("ck_invoices_a_note_corrects")
        ),
        sa.CheckConstraint(
            "number > 0 AND total_minor >= 0 AND tax_minor BETWEEN 0 AND total_minor", name=op.f("ck_invoices_sane")
        ),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_invoices_cinema_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_id")),
        sa.ForeignKeyConstraint(["group_id"], ["group_requests.id"], name=op.f("fk_invoices_group_id")),
        sa.ForeignKeyConstraint(
            ["show_id", "booking_id"], ["bookings.show_id", "bookings.id"], name=op.f("fk_invoices_show_id_booking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("cinema_id", "year", "number", name=op.f("uq_invoices_cinema_id_year_number")),
    )
    op.create_index("ix_invoices_booking", "invoices", ["show_id", "booking_id"])
    op.create_index("ix_invoices_group_id", "invoices", ["group_id"])
    _append_only("invoices")


def downgrade() -> None:
    """For a house that has issued none: a number that stands on a paper must never be given again."""
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM invoice_counters)")):
        raise RuntimeError("The tables of before can't hold what has happened since: invoices were issued.")
    op.drop_table("invoices")
    op.drop_table("invoice_counters")
    op.drop_column("group_requests", "parties")
    op.drop_column("cinemas", "tax_number")
    op.drop_column("cinemas", "seller")
