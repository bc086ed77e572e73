"""Money in and out through gateways: payments, refunds, and every message a gateway sent.

show_id 0 means "no show"; that is why these tables have no foreign key to shows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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
        CheckConstraint("refunded_minor <= captured_minor", name="refunds_within_capture"),
        Index("ix_payments_booking", "show_id", "booking_id"),
        Index("ix_payments_provider_ref", "provider_ref"),
        Index("ix_payments_check_at", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    booking_id: Mapped[c.big | None]
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
    redirect_url: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[c.instant]
    captured_at: Mapped[c.instant | None]
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
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    payment_id: Mapped[c.big]
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
