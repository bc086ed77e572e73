"""Which shows a demand rule is about: a film, formats, days of the week and hours. Rules that are there stay about all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = ("movie_id", "formats", "weekdays", "from_time", "until_time")


def upgrade() -> None:
    op.add_column("demand_rules", sa.Column("movie_id", sa.BigInteger()))
    op.add_column("demand_rules", sa.Column("formats", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column(
        "demand_rules",
        sa.Column("weekdays", postgresql.ARRAY(sa.SmallInteger()), server_default="{1,2,3,4,5,6,7}", nullable=False),
    )
    op.add_column("demand_rules", sa.Column("from_time", sa.Time()))
    op.add_column("demand_rules", sa.Column("until_time", sa.Time()))
    op.create_foreign_key(op.f("fk_demand_rules_movie_id"), "demand_rules", "movies", ["movie_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_demand_rules_weekdays_known"),
        "demand_rules",
        "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]",
    )
    op.create_check_constraint(op.f("ck_demand_rules_takes_time"), "demand_rules", "from_time <> until_time")


def downgrade() -> None:
    """A rule for some shows must not become one for all: it is switched off first."""
    op.execute(
        "UPDATE demand_rules SET active = false, revision = revision + 1 WHERE active AND (movie_id IS NOT NULL "
        "OR formats <> '{}' OR cardinality(weekdays) < 7 OR from_time IS NOT NULL OR until_time IS NOT NULL)"
    )
    op.drop_constraint("ck_demand_rules_takes_time", "demand_rules")
    op.drop_constraint("ck_demand_rules_weekdays_known", "demand_rules")
    op.drop_constraint("fk_demand_rules_movie_id", "demand_rules")
    for column in COLUMNS:
        op.drop_column("demand_rules", column)
