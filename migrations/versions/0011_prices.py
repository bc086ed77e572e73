"""Price lists: versions, archived ones, and the rules that pick the list of a new show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None

OF_CINEMA = ["price_lists.cinema_id", "price_lists.id"]


def upgrade() -> None:
    op.add_column("price_lists", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("price_lists", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.add_column("price_lists", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint("uq_price_lists_cinema_id_name", "price_lists", type_="unique")
    op.create_unique_constraint("uq_price_lists_cinema_id_name_version", "price_lists", ["cinema_id", "name", "version"])
    op.create_unique_constraint("uq_price_lists_cinema_id_id", "price_lists", ["cinema_id", "id"])
    op.create_unique_constraint("uq_price_lists_replaces_id", "price_lists", ["replaces_id"])
    op.create_foreign_key("fk_price_lists_replaces_id", "price_lists", "price_lists", ["replaces_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_price_lists_replaces_another"), "price_lists", "(version = 1) = (replaces_id IS NULL)"
    )
    op.create_table(
        "price_plans",
        sa.Column("cinema_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("default_list_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_price_plans_cinema_id")),
        sa.ForeignKeyConstraint(["cinema_id", "default_list_id"], OF_CINEMA, name=op.f("fk_price_plans_cinema_id_default_list_id")),
        sa.PrimaryKeyConstraint("cinema_id", name=op.f("pk_price_plans")),
    )
    op.create_table(
        "price_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("price_list_id", sa.BigInteger(), nullable=False),
        sa.Column("weekdays", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=True),
        sa.Column("until_time", sa.Time(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("screen_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]",
            name=op.f("ck_price_rules_weekdays_known"),
        ),
        sa.CheckConstraint("from_time <> until_time", name=op.f("ck_price_rules_takes_time")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_price_rules_days_in_order")),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_price_rules_cinema_id")),
        sa.ForeignKeyConstraint(["cinema_id", "price_list_id"], OF_CINEMA, name=op.f("fk_price_rules_cinema_id_price_list_id")),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], name=op.f("fk_price_rules_screen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_rules")),
        sa.UniqueConstraint(
            "cinema_id", "position", deferrable=True, initially="DEFERRED", name=op.f("uq_price_rules_cinema_id_position")
        ),
    )
    op.create_index("ix_price_rules_price_list_id", "price_rules", ["price_list_id"])


def downgrade() -> None:
    op.drop_table("price_rules")
    op.drop_table("price_plans")
    op.execute("UPDATE price_lists SET name = name || ', version ' || version WHERE version > 1")
    for name, kind in (
        ("ck_price_lists_replaces_another", "check"),
        ("fk_price_lists_replaces_id", "foreignkey"),
        ("uq_price_lists_replaces_id", "unique"),
        ("uq_price_lists_cinema_id_id", "unique"),
        ("uq_price_lists_cinema_id_name_version", "unique"),
    ):
        op.drop_constraint(name, "price_lists", type_=kind)
    op.create_unique_constraint("uq_price_lists_cinema_id_name", "price_lists", ["cinema_id", "name"])
    for name in ("archived_at", "replaces_id", "version"):
        op.drop_column("price_lists", name)
