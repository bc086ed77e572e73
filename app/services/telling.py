"""Telling people: a message for each way they agreed to, and its sending as an outbox item, in the transaction it is
about. What it says is written when it is sent (services/messages.py)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.config import settings
from app.domain.messages import SHORT, TO_THE_RECEIVER, Channel, MessageKind
from app.models import Booking, GiftCard, GroupRequest, Payment, Refund
from app.services.outbox import Task, put

NO_SHOW = 0

_INSERT = text("""
INSERT INTO messages (show_id, kind, channel, booking_id, gift_card_id, subject_id, recipient, language, facts, state,
                      queued_at, resend_of)
VALUES (:show_id, :kind, :channel, :booking_id, :gift_card_id, :subject_id, :recipient, :language,
        CAST(:facts AS jsonb), 'queued', :now, :resend_of)
ON CONFLICT DO NOTHING RETURNING id
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
        _queue(
            session,
            now,
            show_id=booking.show_id,
            kind=kind.value,
            channel=channel.value,
            booking_id=booking.id,
            subject_id=subject_id,
            recipient=recipient,
            language=booking.language,
            facts=json.dumps(facts or {}),
        )


def tell_about_gift_card(
    session: Session,
    kind: MessageKind,
    now: dt.datetime,
    card: GiftCard,
    subject_id: int | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Queue a mail about a gift card: the card itself, and that it is void, to whom it is for; the rest to its buyer."""
    recipient = card.recipient_email if kind in TO_THE_RECEIVER else ""
    _queue(
        session,
        now,
        show_id=NO_SHOW,
        kind=kind.value,
        channel=Channel.EMAIL.value,
        gift_card_id=card.id,
        subject_id=subject_id,
        recipient=recipient or card.email,
        language=card.language,
        facts=json.dumps(facts or {}),
    )


def tell_group(session: Session, kind: MessageKind, now: dt.datetime, group: GroupRequest) -> None:
    """Queue a mail about a group's request, where there is no booking that it is about."""
    _queue(
        session,
        now,
        show_id=NO_SHOW,
        kind=kind.value,
        channel=Channel.EMAIL.value,
        subject_id=group.id,
        recipient=group.email,
        language=group.language,
        facts="{}",
    )


def _queue(session: Session, now: dt.datetime, **message: Any) -> int | None:
    """The message and its sending; None where there is such a message that there may be only one of."""
    unset = {"booking_id": None, "gift_card_id": None, "subject_id": None, "resend_of": None}
    message_id = session.execute(_INSERT, {**unset, **message, "now": now}).scalar_one_or_none()
    if message_id is not None:
        put(session, Task.SEND_MESSAGE, now, message["show_id"], message.get("booking_id"), message_id)
    return message_id


def tell_again(session: Session, message: Row[Any], now: dt.datetime) -> int:
    """Queue a message once more as one of its own, which says what it repeats; gives its id."""
    again = {
        "show_id": message.show_id,
        "kind": message.kind,
        "channel": message.channel,
        "booking_id": message.booking_id,
        "gift_card_id": message.gift_card_id,
        "subject_id": message.subject_id,
        "recipient": message.recipient,
        "language": message.language,
        "facts": json.dumps(message.facts),
    }
    message_id = _queue(session, now, **again, resend_of=message.resend_of or message.id)
    assert message_id is not None, "only what repeats nothing has to be the only one"
    return message_id


_TOLD_BUYER = text("""
SELECT count(*) FROM messages WHERE show_id = :show_id AND booking_id = :id AND kind = :kind AND subject_id = :refund_id
AND facts ->> 'refund_show_id' = CAST(:refund_show_id AS text)
""")
_TOLD_GIVER = text(
    "SELECT count(*) FROM messages WHERE gift_card_id = :id AND kind = :kind AND subject_id = :refund_id"
)
_CANCELLED_BY = text("SELECT show_id, booking_id FROM cancellations WHERE show_id = :show_id AND id = :id")


def tell_of_refund(session: Session, kind: MessageKind, now: dt.datetime, refund: Refund, payment: Payment) -> None:
    """Queue that a refund was sent or is done, once each, to whoever bought what it was paid for.

    Told of is the booking whose seats were given back: after an exchange it is not the one that was paid.
    """
    facts = {"refund_show_id": refund.show_id}
    told = {"kind": kind.value, "refund_id": refund.id}
    if payment.gift_card_id is not None:
        if not session.execute(_TOLD_GIVER, {**told, "id": payment.gift_card_id}).scalar_one():
            card = session.get_one(GiftCard, payment.gift_card_id)
            tell_about_gift_card(session, kind, now, card, refund.id, facts)
        return
    key = _booking_of(session, refund, payment)
    if key is None:
        return
    if not session.execute(_TOLD_BUYER, {**told, **facts, "show_id": key[0], "id": key[1]}).scalar_one():
        tell(session, kind, now, session.get_one(Booking, key), refund.id, facts)


def _booking_of(session: Session, refund: Refund, payment: Payment) -> tuple[int, int] | None:
    if refund.cancellation_id is not None:
        key = {"show_id": refund.cancellation_show_id, "id": refund.cancellation_id}
        row = session.execute(_CANCELLED_BY, key).one()
        return row.show_id, row.booking_id
    return None if payment.booking_id is None else (payment.show_id, payment.booking_id)


def _ways(kind: MessageKind, booking: Booking) -> list[tuple[Channel, str]]:
    ways = [(Channel.EMAIL, booking.email)]
    if kind in SHORT and booking.wants_sms and settings.sms_url:
        ways.append((Channel.SMS, booking.phone))
    if kind in SHORT and booking.wants_push and settings.push_url:
        ways.append((Channel.PUSH, booking.code))
    return [(channel, recipient) for channel, recipient in ways if recipient]
