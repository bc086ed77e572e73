"""Figures of whole days: what long reports read. The job fills them, as if it had never run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _big(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]


def _word(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _table(name: str, keys: list[sa.Column], columns: list[sa.Column]) -> None:
    key = sa.PrimaryKeyConstraint(*[column.name for column in keys], name=op.f(f"pk_{name}"))
    op.create_table(name, *keys, *columns, key)


def _day() -> list[sa.Column]:
    return [*_big("cinema_id"), sa.Column("day", sa.Date(), nullable=False)]


def upgrade() -> None:
    name, thing = sa.Column("name", sa.Text(), nullable=False), _big("thing_id")
    counts = [sa.Column(one, sa.Integer(), nullable=False) for one in ("sold", "back")]
    amounts = _big("net_minor", "fee_minor", "tax_minor", "discount_minor", "kept_minor", "kept_tax_minor")
    keys = [*_day(), _word("by", 10), *thing, name, _word("currency", 3)]
    _table("figures_sales_daily", keys, [*counts, *amounts])
    keys = [*_day(), _word("account", 30), _word("party", 60), _word("currency", 3)]
    _table("figures_money_daily", keys, _big("debit_minor", "credit_minor"))
    op.create_index("ix_figures_sales_daily_day", "figures_sales_daily", ["by", "day"])
    op.execute("DELETE FROM figures_marks")


def downgrade() -> None:
    op.drop_table("figures_money_daily")
    op.drop_table("figures_sales_daily")
