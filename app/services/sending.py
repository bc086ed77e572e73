"""Sending messages once more. What a message says is services/messages.py's own matter."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.domain.states import GiftCardState, MessageState
from app.errors import Conflict, NotFound
from app.models import GiftCard
from app.queries.deliveries import ABOUT, NOT_REPEATED, OF_A_CARD, OF_CINEMA
from app.services.audit import audit
from app.services.managing import check_manages, check_manages_somewhere
from app.services.outbox import Task, hurry
from app.services.telling import tell_about_gift_card, tell_again

NO_SHOW = 0
MOST = 500
"""Failures sent again at once."""

_COLUMNS = """
m.show_id, m.id, m.kind, m.channel, m.booking_id, m.gift_card_id, m.subject_id, m.recipient, m.language, m.facts,
m.resend_of, m.state
"""
_READ = text(f"SELECT {_COLUMNS} FROM messages m WHERE m.show_id = :show_id AND m.id = :id")  # noqa: S608  our own words
_CINEMA = text(f"SELECT {OF_CINEMA} FROM messages m {ABOUT} WHERE m.show_id = :show_id AND m.id = :id")  # noqa: S608
NOT_YOURS = "These messages are of another cinema."


def resend_message(show_id: int, message_id: int, by: By | None = None) -> int:
    """Send a message again: queued as a new one that names the first, or, if it failed and is still being tried,
    tried now; gives the id of the one that goes out. Raises NotFound, Forbidden.

    It is written anew: what has changed since is told as it is now, to the address that the booking has now. `by` is
    who of the staff asks; a booking's own visitor and a command are not written down.
    """
    with transaction() as session:
        message = session.execute(_READ, {"show_id": show_id, "id": message_id}).one_or_none()
        if message is None:
            raise NotFound("There is no such message.")
        sent = _again(session, message, clock.now())
        if by is not None:
            cinema_id = _check(session, by, message)
            told = {"show_id": show_id, "message": sent, "kind": message.kind}
            audit(session, by, Action.MESSAGE_RESENT, message_id, cinema_id=cinema_id, after=told)
    return sent


def _check(session: Session, by: By, message: Row[Any]) -> int | None:
    """The cinema that a message is of, if they manage it; those about gift cards are any manager's."""
    if message.show_id == NO_SHOW and message.gift_card_id is not None:
        check_manages_somewhere(session, by)
        return None
    cinema_id: int | None = session.execute(_CINEMA, {"show_id": message.show_id, "id": message.id}).scalar_one()
    check_manages(session, by, cinema_id, NOT_YOURS)
    return cinema_id


def _again(session: Session, message: Row[Any], now: dt.datetime) -> int:
    """One that is still being tried is not sent beside itself: it would arrive twice."""
    trying = message.state == MessageState.FAILED and hurry(
        session, Task.SEND_MESSAGE, message.show_id, message.id, now
    )
    return int(message.id) if trying else tell_again(session, message, now)


_FAILURES = text(f"""
SELECT {_COLUMNS} FROM messages m {ABOUT}
WHERE {NOT_REPEATED} AND m.queued_at >= :since AND ({OF_CINEMA} = :cinema_id OR {OF_A_CARD})
ORDER BY m.queued_at, m.id LIMIT :most
""")  # noqa: S608


def resend_failures(by: By, cinema_id: int, since: dt.datetime) -> int:
    """Send everything again that was queued since then and failed, of a cinema and about gift cards; gives how many.

    At most MOST at once. Raises Forbidden.
    """
    with transaction() as session:
        now = clock.now()
        rows = session.execute(_FAILURES, {"since": since, "cinema_id": cinema_id, "most": MOST}).all()
        for row in rows:
            _again(session, row, now)
        check_manages(session, by, cinema_id, NOT_YOURS)
        audit(session, by, Action.MESSAGES_RESENT, None, cinema_id=cinema_id, after={"messages": len(rows)})
    return len(rows)


_LAST = text(f"""
SELECT {_COLUMNS} FROM messages m WHERE m.show_id = 0 AND m.gift_card_id = :card AND m.kind = :kind
ORDER BY m.id DESC LIMIT 1
""")  # noqa: S608


def resend_gift_card(by: By, gift_card_id: int) -> str:
    """Mail a gift card once more to whom it is for; gives the address. Raises NotFound, Conflict for one that is not
    good, Forbidden."""
    with transaction() as session:
        address = _mail_card(session, gift_card_id)
        check_manages_somewhere(session, by)
        audit(session, by, Action.GIFT_CARD_RESENT, gift_card_id)
    return address


def mail_card_again(gift_card_id: int) -> str:
    """The same when its buyer asks. Raises NotFound, Conflict."""
    with transaction() as session:
        return _mail_card(session, gift_card_id)


def _mail_card(session: Session, gift_card_id: int) -> str:
    card = session.get(GiftCard, gift_card_id, populate_existing=True)
    if card is None:
        raise NotFound("There is no such gift card.")
    if card.state != GiftCardState.ACTIVE:
        raise Conflict("Only a gift card that is paid and not void has a code to send.")
    last = session.execute(_LAST, {"card": card.id, "kind": MessageKind.GIFT_CARD.value}).one_or_none()
    now = clock.now()
    if last is None:
        tell_about_gift_card(session, MessageKind.GIFT_CARD, now, card)
    else:
        _again(session, last, now)
    return card.recipient_email or card.email
