"""Group bookings: requests, what they are offered, and the channel they are sold by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str, default: str | None = "") -> sa.Column:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _count(name: str, kind: sa.types.TypeEngine, default: str | None = "0") -> sa.Column:
    return sa.Column(name, kind, server_default=default, nullable=False)


def upgrade() -> None:
    op.drop_constraint(op.f("ck_bookings_channel_known"), "bookings", type_="check")
    op.create_check_constraint(op.f("ck_bookings_channel_known"), "bookings", "channel IN ('web', 'box_office', 'group')")
    op.create_table(
        "group_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("cinema_id", sa.BigInteger(), nullable=False),
        sa.Column("wish_show_id", sa.BigInteger(), nullable=True),
        _words("film"),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        _words("wanted_time"),
        _count("people", sa.Integer(), None),
        sa.Column("whole_show", sa.Boolean(), server_default="false", nullable=False),
        _words("name", None),
        _words("organisation"),
        _words("email", None),
        _words("phone"),
        _words("message"),
        sa.Column("language", sa.String(length=10), server_default="en", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        _count("revision", sa.Integer()),
        _instant("created_at", nullable=False),
        _words("declined_why"),
        _count("offers", sa.SmallInteger()),
        sa.Column("offer_show_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        _count("seats", sa.SmallInteger()),
        sa.Column("price_mode", sa.String(length=10), server_default="list", nullable=False),
        _count("amount_minor", sa.Integer()),
        _count("total_minor", sa.Integer()),
        sa.Column("ticket_type", sa.String(length=20), server_default="adult", nullable=False),
        _words("note"),
        _instant("offered_at"),
        _instant("pay_until"),
        _instant("reminded_at"),
        *_checks(),
        sa.ForeignKeyConstraint(["cinema_id"], ["cinemas.id"], name=op.f("fk_group_requests_cinema_id")),
        sa.ForeignKeyConstraint(["wish_show_id"], ["shows.id"], name=op.f("fk_group_requests_wish_show_id")),
        sa.ForeignKeyConstraint(
            ["offer_show_id", "booking_id"],
            ["bookings.show_id", "bookings.id"],
            name=op.f("fk_group_requests_offer_show_id_booking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_group_requests_key")),
    )
    op.create_index("ix_group_requests_cinema_id", "group_requests", ["cinema_id", "created_at"])
    op.create_index("uq_group_requests_booking", "group_requests", ["offer_show_id", "booking_id"], unique=True)


def _checks() -> list[sa.CheckConstraint]:
    said = {
        "state_known": "state IN ('new', 'offered', 'declined')",
        "price_mode_known": "price_mode IN ('list', 'per_seat', 'total')",
        "ticket_type_known": "ticket_type IN ('adult', 'child', 'student', 'senior')",
        "has_people": "people > 0",
        "amounts_not_negative": "amount_minor >= 0 AND total_minor >= 0",
        "offered_has_booking": "state <> 'offered' OR booking_id IS NOT NULL",
        "offer_is_whole": "(booking_id IS NULL) = (offer_show_id IS NULL) AND (booking_id IS NULL) = (pay_until IS NULL)",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_group_requests_{name}")) for name, rule in said.items()]


def downgrade() -> None:
    op.drop_table("group_requests")
    op.drop_constraint(op.f("ck_bookings_channel_known"), "bookings", type_="check")
    op.create_check_constraint(op.f("ck_bookings_channel_known"), "bookings", "channel IN ('web', 'box_office')")
