"""What pays instead of money: coupons, gift cards and wallets, and their use on bookings."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.coupons import CouponKind
from app.domain.states import GiftCardState, UseState
from app.domain.tenders import CreditKind
from app.models import columns as c
from app.models.moves import Moves


class Coupon(Base):
    """A code that lowers a price. `used` counts living uses; it is changed under this row's lock."""

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("code"),
        c.one_of("kind", CouponKind),
        CheckConstraint("(kind = 'percent') = (percent IS NOT NULL)", name="percent_has_percent"),
        CheckConstraint("(kind = 'fixed') = (amount_minor IS NOT NULL)", name="fixed_has_amount"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_sane"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("max_minor > 0", name="max_positive"),
        CheckConstraint("min_minor >= 0", name="min_not_negative"),
        CheckConstraint(
            "currency IS NOT NULL OR (amount_minor IS NULL AND max_minor IS NULL AND min_minor = 0)",
            name="amounts_have_currency",
        ),
        CheckConstraint("starts_at < ends_at", name="window"),
        CheckConstraint("used >= 0 AND (total_limit IS NULL OR used <= total_limit)", name="used_within_limit"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    """In capitals, as domain/coupons.py folds what people type."""
    name: Mapped[c.text]
    """What the line of the bill says."""
    kind: Mapped[str] = mapped_column(String(10))
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    amount_minor: Mapped[int | None] = mapped_column(Integer)
    max_minor: Mapped[int | None] = mapped_column(Integer)
    """The most that a percentage takes off."""
    min_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """The least that the tickets it applies to must cost."""
    currency: Mapped[str | None] = mapped_column(String(3))
    """Of its amounts; with one, it is good only there."""
    starts_at: Mapped[c.instant | None]
    ends_at: Mapped[c.instant | None]
    total_limit: Mapped[int | None] = mapped_column(Integer)
    person_limit: Mapped[int | None] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, server_default="0")
    movie_id: Mapped[int | None] = mapped_column(ForeignKey("movies.id"))
    cinema_id: Mapped[int | None] = mapped_column(ForeignKey("cinemas.id"))
    weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    """Of the show, on the cinema's clocks: 1 = Monday … 7 = Sunday; none = every day."""
    ticket_types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    stackable: Mapped[bool] = mapped_column(server_default="false")
    """May stand beside other stackable ones."""
    created_at: Mapped[c.instant]
    archived_at: Mapped[c.instant | None]


class CouponUse(Base):
    """A coupon on a booking."""

    __tablename__ = "coupon_uses"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        c.one_of("state", UseState),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        Index("ix_coupon_uses_coupon", "coupon_id", postgresql_where=text("state = 'taken'")),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """What it took off, once taken."""
    user_id: Mapped[c.big | None]
    email: Mapped[str] = mapped_column(Text, server_default="")
    """Who used it, lower case, for the limit per person; both are kept, and either counts."""
    entered_at: Mapped[c.instant]


class GiftCard(Moves, Base):
    """Money paid in advance. The code itself is not stored: it is made anew from the secret key for the mail."""

    __tablename__ = "gift_cards"
    SUBJECT, STATES = "gift_card", GiftCardState
    __table_args__ = (
        UniqueConstraint("code_hash"),
        UniqueConstraint("order_code"),
        Index("ix_gift_cards_ordered_at", "ordered_at", postgresql_where=text("state = 'ordered'")),
        Index("ix_gift_cards_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        c.one_of("state", GiftCardState),
        CheckConstraint("initial_minor > 0", name="initial_positive"),
        CheckConstraint("balance_minor BETWEEN 0 AND initial_minor", name="balance_within_initial"),
        CheckConstraint("state = 'active' OR balance_minor = 0", name="only_active_has_balance"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    order_code: Mapped[str] = mapped_column(String(20))
    """Names the purchase in addresses; worth nothing by itself."""
    code_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the code."""
    code_end: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(12))
    currency: Mapped[c.currency]
    initial_minor: Mapped[int] = mapped_column(Integer)
    balance_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    owner_key: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    """Who buys it."""
    recipient_name: Mapped[str] = mapped_column(Text, server_default="")
    recipient_email: Mapped[str] = mapped_column(Text, server_default="")
    """Who gets it; empty = the buyer."""
    note: Mapped[str] = mapped_column(Text, server_default="")
    language: Mapped[str] = mapped_column(String(10), server_default="en")
    ordered_at: Mapped[c.instant]
    paid_at: Mapped[c.instant | None]
    expires_at: Mapped[c.instant | None]


class Wallet(Base):
    """What an account has with us in one currency; its row is locked to change it."""

    __tablename__ = "wallets"
    __table_args__ = (CheckConstraint("balance_minor >= 0", name="balance_not_negative"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    balance_minor: Mapped[int] = mapped_column(Integer, server_default="0")


class BookingCredit(Base):
    """What pays a booking besides a gateway: part of a gift card, of a wallet, or the worth of exchanged seats."""

    __tablename__ = "booking_credits"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        UniqueConstraint(
            "show_id", "booking_id", "kind", "source_show_id", "source_id", name="uq_booking_credits_source"
        ),
        c.one_of("kind", CreditKind),
        c.one_of("state", UseState),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned_within_amount"),
        Index("ix_booking_credits_source", "kind", "source_show_id", "source_id"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    booking_id: Mapped[c.big]
    kind: Mapped[str] = mapped_column(String(12))
    source_show_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    source_id: Mapped[c.big]
    """The gift card, the wallet's account, or (with its show) the booking whose seats are exchanged."""
    ticket_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    """The tickets that are exchanged."""
    state: Mapped[str] = mapped_column(String(12))
    amount_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """What it pays, once taken."""
    returned_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """What went back to its source by cancellations."""
    to_wallet: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """Of exchanged seats: whether what they don't pay goes to the buyer's wallet instead of back to a gateway."""
    times_taken: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """Numbers its entries in the ledger."""
    entered_at: Mapped[c.instant]
