"""Telling people: a message for each way they agreed to, and its sending as an outbox item, in the transaction it is
about. What it says is written when it is sent (services/messages.py)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.messages import SHORT, Channel, MessageKind
from app.models import Booking, GiftCard
from app.services.outbox import Task, put

_INSERT = text("""
INSERT INTO messages (show_id, kind, channel, booking_id, subject_id, recipient, language, facts, state, queued_at)
VALUES (:show_id, :kind, :channel, :booking_id, :subject_id, :recipient, :language, CAST(:facts AS jsonb), 'queued', :now)
RETURNING id
""")


def tell(
    session: Session,
    kind: MessageKind,
    now: dt.datetime,
    booking: Booking,
    subject_id: int | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Queue a message about a booking to its buyer; nobody is told by a way they have no address for."""
    for channel, recipient in _ways(kind, booking):
        message = {
            "show_id": booking.show_id,
            "kind": kind.value,
            "channel": channel.value,
            "booking_id": booking.id,
            "subject_id": subject_id,
            "recipient": recipient,
            "language": booking.language,
            "facts": json.dumps(facts or {}),
            "now": now,
        }
        message_id = session.execute(_INSERT, message).scalar_one()
        put(session, Task.SEND_MESSAGE, now, booking.show_id, booking.id, message_id)


_INSERT_CARD = text("""
INSERT INTO messages (show_id, kind, channel, gift_card_id, recipient, language, state, queued_at)
VALUES (0, :kind, 'email', :card, :recipient, :language, 'queued', :now) RETURNING id
""")


def tell_about_gift_card(session: Session, kind: MessageKind, now: dt.datetime, card: GiftCard) -> None:
    """Queue a mail about a gift card: the card itself to whom it is for, anything else to its buyer."""
    recipient = card.recipient_email if kind is MessageKind.GIFT_CARD else ""
    message = {
        "kind": kind.value,
        "card": card.id,
        "recipient": recipient or card.email,
        "language": card.language,
        "now": now,
    }
    message_id = session.execute(_INSERT_CARD, message).scalar_one()
    put(session, Task.SEND_MESSAGE, now, 0, None, message_id)


def _ways(kind: MessageKind, booking: Booking) -> list[tuple[Channel, str]]:
    ways = [(Channel.EMAIL, booking.email)]
    if kind in SHORT and booking.wants_sms:
        ways.append((Channel.SMS, booking.phone))
    if kind in SHORT and booking.wants_push:
        ways.append((Channel.PUSH, booking.code))
    return [(channel, recipient) for channel, recipient in ways if recipient]
