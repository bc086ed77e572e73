"""Figures of hours, and steps by channel. The job makes all figures anew when it sees that they have an older shape."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DAYS = "figures_days"


def _big(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.create_table(
        "figures_hours",
        _big("show_id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        _big("cinema_id"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("sold", "back")),
        *(_big(name) for name in ("taken_minor", "back_minor")),
        sa.PrimaryKeyConstraint("show_id", "day", "hour", "currency", name=op.f("pk_figures_hours")),
    )
    op.create_index("ix_figures_hours_day", "figures_hours", ["day", "cinema_id"])
    op.add_column(DAYS, sa.Column("channel", sa.String(length=20), server_default="", nullable=False))
    _key("show_id", "day", "channel")


def downgrade() -> None:
    """All figures are made anew by the job, as if it had never run."""
    op.execute(f"DELETE FROM {DAYS}")
    op.execute("DELETE FROM figures_marks")
    _key("show_id", "day")
    op.drop_column(DAYS, "channel")
    op.drop_table("figures_hours")


def _key(*columns: str) -> None:
    name = op.f(f"pk_{DAYS}")
    op.drop_constraint(name, DAYS, type_="primary")
    op.create_primary_key(name, DAYS, list(columns))
