"""The delivery log as tests ask about it, and mails as their readers see them."""

from __future__ import annotations

import html
import re
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.config import settings
from app.db import db, transaction
from app.domain.gift_cards import code_of
from app.domain.messages import MessageKind
from app.domain.refund_policy import CancellationReason, Return
from app.jobs.outbox import run_outbox_item
from app.models import Booking, Cancellation, GiftCard
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.locking import lock_to_settle
from app.services.messages import send_message
from app.services.telling import tell
from tests.support.cards import a_card_in_the_books

_MESSAGES = text("""
SELECT show_id, id, kind, channel, state, detail, attempts, recipient, resend_of, sent_at FROM messages
WHERE (:show_id = 0 OR show_id = :show_id) AND (CAST(:kind AS text) IS NULL OR kind = :kind) ORDER BY id
""")
_ITEM = text("SELECT * FROM outbox WHERE show_id = :show_id AND subject_id = :id AND kind = 'send_message'")


def messages(show_id: int = 0, kind: MessageKind | None = None) -> list[Row[Any]]:
    """What was queued, oldest first; of one show, of one kind."""
    found = db.session.execute(_MESSAGES, {"show_id": show_id, "kind": kind and kind.value}).all()
    db.session.commit()
    return list(found)


def the_message(booking: Booking, kind: MessageKind) -> Row[Any]:
    """The newest message of a kind about a booking's show."""
    return messages(booking.show_id, kind)[-1]


def the_item(message: Row[Any]) -> Row[Any]:
    """The outbox item that sends a message."""
    found = db.session.execute(_ITEM, {"show_id": message.show_id, "id": message.id}).one()
    db.session.commit()
    return found


def deliver(booking: Booking, kind: MessageKind = MessageKind.CONFIRMATION) -> None:
    """Send the newest message of a kind, without its job."""
    message = the_message(booking, kind)
    send_message(message.show_id, message.id)


def run(message: Row[Any]) -> str:
    """The job that sends a message."""
    return run_outbox_item(message.show_id, the_item(message).id)


def bodies(letter: EmailMessage) -> tuple[str, str]:
    """The text, and the HTML as a reader sees it."""
    plain, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert page is not None
    seen = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page.get_content(), flags=re.S))
    return plain.get_content(), html.unescape(seen)


def a_gift_card(**values: Any) -> GiftCard:
    """A gift card of £25 that is paid (or only ordered), bought by Ada for Charles."""
    order_code = values.pop("order_code", "ORDER123")
    given = {
        "order_code": order_code,
        "code_end": "7XYZ",
        "recipient_name": "Charles",
        "recipient_email": "charles@example.org",
        "note": "For a rainy evening.",
        "owner_key": "s:ada",
        "paid_at": None,
        **values,
    }
    return a_card_in_the_books(2500, code_of(settings.secret_key, order_code), **given)


def give_back(booking: Booking, seats: int | None = None, kept: int = 0, reason: str = "buyer") -> Cancellation:
    """The first seats of a booking, or all, given back; `kept` of their price stays with us."""
    with transaction() as session:
        locked, _ = lock_to_settle(session, booking.show_id, booking.id)
        tickets = [t for t in lock_tickets(session, booking.show_id, booking.id) if t.state != "void"][:seats]
        value = sum(ticket.value_minor for ticket in tickets)
        result = Return(value, kept, value - kept)
        why = CancellationReason(reason)
        done = give_back_seats(session, locked, tickets, why, result, clock.now(), "guest")
        kind = MessageKind.SHOW_CANCELLED if reason == "show_cancelled" else MessageKind.CANCELLATION
        tell(session, kind, clock.now(), locked, done.id)
    return done
