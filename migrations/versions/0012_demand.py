"""Demand: rules of each cinema, how far they may go, and what they do to the prices of shows and of bookings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CHANGED = ("shows", "bookings")
SANE = "demand_percent BETWEEN -50 AND 100 AND demand_step > 0 AND (demand_percent = 0) = (demand_reason = '')"


def _number(name: str, default: str | None = None, kind: type[sa.Integer] = sa.Integer) -> sa.Column:
    return sa.Column(name, kind(), server_default=default, nullable=False)


def _check(table: str, name: str, says: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(says, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "demand_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _number("percent", kind=sa.SmallInteger),
        _number("full_from", "0", sa.SmallInteger),
        _number("full_to", "100", sa.SmallInteger),
        _number("hours_from", "0"),
        sa.Column("hours_to", sa.Integer()),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        _number("revision", "0"),
        _check("demand_rules", "percent_sane", "percent BETWEEN -50 AND 100 AND percent <> 0"),
        _check("demand_rules", "full_sane", "full_from >= 0 AND full_from < full_to AND full_to <= 100"),
        _check("demand_rules", "hours_sane", "hours_from >= 0 AND coalesce(hours_to, 1441) > hours_from"),
        _check("demand_rules", "says_why", "reason <> ''"),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_demand_rules_cinema_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_rules")),
    )
    op.create_index("ix_demand_rules_cinema_id", "demand_rules", ["cinema_id"])
    op.create_table(
        "demand_limits",
        sa.Column("cinema_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _number("lowest", kind=sa.SmallInteger),
        _number("highest", kind=sa.SmallInteger),
        _number("step_minor"),
        _number("revision", "0"),
        _check("demand_limits", "lowest_sane", "lowest BETWEEN -50 AND 0"),
        _check("demand_limits", "highest_sane", "highest BETWEEN 0 AND 100"),
        _check("demand_limits", "step_sane", "step_minor > 0"),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_demand_limits_cinema_id")),
        sa.PrimaryKeyConstraint("cinema_id", name=op.f("pk_demand_limits")),
    )
    for table in CHANGED:
        op.add_column(table, _number("demand_percent", "0", sa.SmallInteger))
        op.add_column(table, _number("demand_step", "1"))
        op.add_column(table, sa.Column("demand_reason", sa.Text(), server_default="", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_demand_sane"), table, SANE)


def downgrade() -> None:
    for table in CHANGED:
        op.drop_constraint(f"ck_{table}_demand_sane", table)
        for column in ("demand_reason", "demand_step", "demand_percent"):
            op.drop_column(table, column)
    op.drop_table("demand_limits")
    op.drop_index("ix_demand_rules_cinema_id", table_name="demand_rules")
    op.drop_table("demand_rules")
