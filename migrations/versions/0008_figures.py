"""Figures: what reports read, summed up from the books by show and day; views of shows; marks of how far that is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BY_DAY = ("figures_sales", "figures_money", "figures_days", "figures_coupons", "figures_refunds")
TABLES = (*BY_DAY, "figures_shows", "show_views", "figures_marks")

LOGS = ("ledger_entries", "state_changes")
"""What comes last in them is looked for by id, which lies in the order it was written: a small index does."""


def _big(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def _day(name: str = "day") -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=False)


def _word(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _table(name: str, keys: list[sa.Column], *columns: sa.Column) -> None:
    key = sa.PrimaryKeyConstraint(*[column.name for column in keys], name=op.f(f"pk_{name}"))
    op.create_table(name, *keys, *columns, key)
    if name in BY_DAY:
        op.create_index(f"ix_{name}_day", name, ["cinema_id", "day"])


def upgrade() -> None:
    _table(
        "figures_sales",
        [
            _big("show_id"),
            _day(),
            sa.Column("category", sa.Text(), nullable=False),
            _word("ticket_type", 20),
            _word("channel", 20),
            _word("currency", 3),
        ],
        *(_big("cinema_id"), _big("movie_id"), _big("screen_id"), _day("show_day"), _number("sold"), _number("back")),
        *(_big(f"{part}_minor") for part in ("net", "fee", "tax", "discount", "kept", "kept_tax")),
    )
    op.create_index("ix_figures_sales_show_day", "figures_sales", ["cinema_id", "show_day"])
    _table(
        "figures_money",
        [_big("show_id"), _day(), _word("account", 30), _word("party", 60), _word("currency", 3)],
        *(_big("cinema_id"), _big("debit_minor"), _big("credit_minor")),
    )
    _table(
        "figures_shows",
        [_big("show_id")],
        *(_number("seats"), _number("sold"), _number("admitted")),
        sa.Column("sold_seats", postgresql.ARRAY(sa.BigInteger()), nullable=False),
    )
    counts = [_number(name) for name in ("held", "began", "confirmed", "admitted")]
    _table("figures_days", [_big("show_id"), _day()], _big("cinema_id"), *counts)
    _table(
        "figures_coupons",
        [_big("show_id"), _day(), _big("coupon_id"), _word("currency", 3)],
        *(_big("cinema_id"), _number("uses"), _big("given_minor"), _big("back_minor")),
    )
    _table(
        "figures_refunds",
        [_big("show_id"), _day(), _word("reason", 40), _word("currency", 3)],
        *(_big("cinema_id"), _number("times"), _number("seats"), _big("kept_minor"), _big("returned_minor")),
    )
    hour = sa.Column("hour", sa.DateTime(timezone=True), nullable=False)
    _table("show_views", [_big("show_id"), hour], _number("seen"))
    _table("figures_marks", [_word("source", 30)], _big("settled_id"))
    failed = sa.text("state = 'failed'")
    op.create_index("ix_messages_failed", "messages", ["show_id"], postgresql_where=failed)
    for log in LOGS:
        op.create_index(f"ix_{log}_id", log, ["id"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_messages_failed", table_name="messages")
    for log in LOGS:
        op.drop_index(f"ix_{log}_id", table_name=log)
    for table in TABLES:
        op.drop_table(table)
