"""The books of the built-in sandbox gateway: a provider of its own that happens to live in the same database.

Only app/sandbox_gateway reads and writes them. Nothing here refers to our tables, and nothing of ours here.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class SandboxState(StrEnum):
    """Where a session stands: waiting for the buyer, paid but not yet captured, or at one of three ends."""

    OPEN = "open"
    PROCESSING = "processing"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class SandboxSession(Base):
    """One attempt to collect one amount. `order_key` makes the same order twice one session."""

    __tablename__ = "sandbox_sessions"
    __table_args__ = (
        UniqueConstraint("order_key"),
        c.one_of("state", SandboxState),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("refunded_minor BETWEEN 0 AND captured_minor", name="refunds_within_capture"),
        Index("ix_sandbox_sessions_capture_at", "capture_at", postgresql_where=text("state = 'processing'")),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Unguessable: whoever has it may pay."""
    order_key: Mapped[str] = mapped_column(String(80))
    show_id: Mapped[int] = mapped_column(BigInteger)
    """With payment_id the merchant's metadata, which comes back in each message."""
    payment_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[c.currency]
    mode: Mapped[str] = mapped_column(String(20))
    description: Mapped[c.text]
    email: Mapped[str] = mapped_column(Text, server_default="")
    return_url: Mapped[c.text]
    state: Mapped[str] = mapped_column(String(20))
    captured_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    refunded_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    capture_at: Mapped[c.instant | None]
    """When the money of a processing session arrives."""
    capture_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """How much will arrive; less than asked for where the buyer wanted to see a wrong amount."""
    silent: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """No message is sent about this session, and the buyer isn't led back."""
    twice: Mapped[bool] = mapped_column(Boolean, server_default="false")
    shuffled: Mapped[bool] = mapped_column(Boolean, server_default="false")
    save_method: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """The merchant asked to have the card remembered; its token is made from the session's id."""
    saved_token: Mapped[str] = mapped_column(String(60), server_default="")
    """Paid with a card that was remembered before."""
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why it was declined or cancelled."""
    created_at: Mapped[c.instant]
    ended_at: Mapped[c.instant | None]


class SandboxRefund(Base):
    """Money given back out of a session. `key` is the merchant's: the same key is one refund."""

    __tablename__ = "sandbox_refunds"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index("ix_sandbox_refunds_session_id", "session_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sandbox_sessions.id"))
    key: Mapped[str] = mapped_column(String(80))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[c.currency]
    created_at: Mapped[c.instant]


class SandboxMessage(Base):
    """One message to the merchant, repeated until it is taken. Two rows may carry the same event."""

    __tablename__ = "sandbox_messages"
    __table_args__ = (
        Index("ix_sandbox_messages_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_sandbox_messages_session_id", "session_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str] = mapped_column(ForeignKey("sandbox_sessions.id"))
    body: Mapped[c.text]
    """The JSON as sent, the same at each attempt; the signature is made anew."""
    created_at: Mapped[c.instant]
    due_at: Mapped[c.instant | None]
    """The next attempt; None once it was taken or given up."""
    taken_at: Mapped[c.instant | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    failure: Mapped[str | None] = mapped_column(Text)
