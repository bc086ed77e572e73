"""What we tell people: one row a message and channel, with how its delivery stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.states import MessageState
from app.models import columns as c


class Message(Base):
    """The delivery log. An outbox item sends it; `detail` is what the mail server or provider last said."""

    __tablename__ = "messages"
    __table_args__ = (
        c.one_of("state", MessageState),
        Index("ix_messages_failed", "show_id", postgresql_where=text("state = 'failed'")),
        Index("ix_messages_booking", "show_id", "booking_id"),
        Index("ix_messages_gift_card", "gift_card_id", postgresql_where=text("gift_card_id IS NOT NULL")),
        Index("ix_messages_queued_at", "queued_at"),
        Index(
            "uq_messages_reminder",
            "show_id",
            "booking_id",
            "channel",
            unique=True,
            postgresql_where=text("kind = 'reminder' AND resend_of IS NULL"),
        ),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    channel: Mapped[str] = mapped_column(String(10))
    """email, sms or push."""
    booking_id: Mapped[c.big | None]
    gift_card_id: Mapped[int | None] = mapped_column(ForeignKey("gift_cards.id"))
    subject_id: Mapped[c.big | None]
    """The payment, refund or cancellation it is about, where there is one."""
    recipient: Mapped[str] = mapped_column(Text, server_default="")
    """The address it was last sent to, as it then was."""
    language: Mapped[str] = mapped_column(String(10), server_default="en")
    facts: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")
    """What the words need that may have changed by the time it is sent."""
    state: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(Text, server_default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    resend_of: Mapped[c.big | None]
    """The message this one repeats, when someone asked for it again."""
    queued_at: Mapped[c.instant]
    sent_at: Mapped[c.instant | None]
