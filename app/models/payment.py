"""Money in and out through gateways: payments, refunds, and every message a gateway sent.

show_id 0 means "no show"; that is why these tables have no foreign key to shows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.states import PaymentState, RefundState
from app.models import columns as c
from app.models.moves import Moves


class Payment(Moves, Base):
    """One attempt to pay one booking through one gateway."""

    __tablename__ = "payments"
    SUBJECT, STATES = "payment", PaymentState
    __table_args__ = (
        UniqueConstraint("show_id", "provider", "provider_ref"),
        c.one_of("state", PaymentState),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("captured_minor >= 0 AND refunded_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("credited_minor >= 0", name="credited_not_negative"),
        CheckConstraint("refunded_minor + credited_minor <= captured_minor", name="refunds_within_capture"),
        CheckConstraint("booking_id IS NULL OR gift_card_id IS NULL", name="for_one_thing"),
        Index("ix_payments_booking", "show_id", "booking_id"),
        Index("ix_payments_provider_ref", "provider_ref"),
        Index("ix_payments_gift_card_id", "gift_card_id", postgresql_where=text("gift_card_id IS NOT NULL")),
        Index("ix_payments_check_at", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    booking_id: Mapped[c.big | None]
    gift_card_id: Mapped[int | None] = mapped_column(ForeignKey("gift_cards.id"))
    """What it pays: a booking, or a gift card (then `show_id` is 0)."""
    provider: Mapped[str] = mapped_column(String(20))
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    """The gateway's own id of the attempt; set once it has answered."""
    mode: Mapped[str] = mapped_column(String(20), server_default="card")
    state: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[c.currency]
    captured_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    captured_currency: Mapped[str | None] = mapped_column(String(3))
    refunded_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """Refunds asked for, pending ones counted; failed ones too, until staff decide."""
    credited_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """What went to the buyer's wallet instead of back the way it came."""
    save_method: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """The buyer wants the gateway to remember how this is paid."""
    saved_method_id: Mapped[int | None] = mapped_column(ForeignKey("saved_methods.id", ondelete="SET NULL"))
    """Paid with what a gateway remembers."""
    redirect_url: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[c.instant]
    captured_at: Mapped[c.instant | None]
    applied_at: Mapped[c.instant | None]
    """When its money confirmed something; a capture without it goes back in full."""
    check_at: Mapped[c.instant | None]
    """When the gateway is asked next, if nothing is heard before."""


class Refund(Moves, Base):
    __tablename__ = "refunds"
    SUBJECT, STATES = "refund", RefundState
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "payment_id"], ["payments.show_id", "payments.id"]),
        UniqueConstraint("show_id", "idempotency_key"),
        c.one_of("state", RefundState),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index("ix_refunds_payment", "show_id", "payment_id"),
        Index("ix_refunds_cancellation", "cancellation_show_id", "cancellation_id"),
        Index("ix_refunds_sent", "requested_at", postgresql_where=text("state = 'sent'")),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    payment_id: Mapped[c.big]
    cancellation_show_id: Mapped[c.big | None]
    cancellation_id: Mapped[c.big | None]
    """The seats whose money this is; none where a capture could not be used. An exchanged booking's may be of a
    later show than the payment's."""
    state: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[c.currency]
    reason: Mapped[str] = mapped_column(String(40))
    idempotency_key: Mapped[str] = mapped_column(String(64))
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    failure: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[c.instant]
    done_at: Mapped[c.instant | None]


class GatewayEvent(Base):
    """A message of a gateway, stored once in the transaction of its effect: the key is what makes it once."""

    __tablename__ = "gateway_events"

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    provider_ref: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    outcome: Mapped[str] = mapped_column(String(60))
    received_at: Mapped[c.instant]


class GatewayCustomer(Base):
    """How a gateway calls one of our accounts, so that it can keep ways to pay for it."""

    __tablename__ = "gateway_customers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_ref: Mapped[str] = mapped_column(String(200))


class SavedMethod(Base):
    """A way to pay that an account let its gateway keep: the gateway's token and what is needed to tell it apart."""

    __tablename__ = "saved_methods"
    __table_args__ = (UniqueConstraint("user_id", "provider", "token"),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(200))
    brand: Mapped[str] = mapped_column(String(40), server_default="")
    last4: Mapped[str] = mapped_column(String(4), server_default="")
    expiry: Mapped[str] = mapped_column(String(7), server_default="")
    """MM/YYYY."""
    created_at: Mapped[c.instant]
    forgotten_at: Mapped[c.instant | None]
    """The account has removed it; the row goes when its gateway has forgotten it too."""
