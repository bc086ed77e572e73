"""What the counter does to a booking besides money: send its tickets again, print them again, write a note. All audited."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.domain.states import BookingState
from app.errors import Invalid, NotFound
from app.models import Booking
from app.services.audit import audit
from app.services.telling import tell, tell_again

_CINEMA = text("SELECT cinema_id FROM shows WHERE id = :show_id")
_LAST = text("""
SELECT show_id, id, kind, channel, booking_id, gift_card_id, subject_id, recipient, language, facts, resend_of
FROM messages WHERE show_id = :show_id AND booking_id = :id AND kind = 'confirmation' AND channel = 'email'
ORDER BY id DESC LIMIT 1
""")


def _booking(session: Session, show_id: int, booking_id: int) -> Booking:
    found = session.get(Booking, (show_id, booking_id), populate_existing=True)
    if found is None:
        raise NotFound("There is no such booking.")
    return found


def _write_down(session: Session, by: By, action: Action, booking: Booking, reason: str = "", **after: Any) -> None:
    cinema_id = session.execute(_CINEMA, {"show_id": booking.show_id}).scalar_one()
    audit(session, by, action, booking.id, cinema_id=cinema_id, after={"code": booking.code, **after}, reason=reason)


def resend_tickets(by: By, show_id: int, booking_id: int) -> str:
    """Mail the tickets once more; gives the address. Raises Invalid where there is none, or nothing to send."""
    with transaction() as session:
        booking = _booking(session, show_id, booking_id)
        if not booking.email:
            raise Invalid("This booking has no e-mail address. Print the tickets instead.")
        if booking.state != BookingState.CONFIRMED:
            raise Invalid("Only a paid booking has tickets to send.")
        last: Row[Any] | None = session.execute(_LAST, {"show_id": show_id, "id": booking_id}).one_or_none()
        if last is None:
            tell(session, MessageKind.CONFIRMATION, clock.now(), booking)
        else:
            tell_again(session, last, clock.now())
        _write_down(session, by, Action.BOOKING_RESENT, booking)
    return booking.email


def note_reprint(by: By, show_id: int, booking_id: int) -> None:
    """Write down that the tickets are printed once more. Raises Invalid for a booking that has none."""
    with transaction() as session:
        booking = _booking(session, show_id, booking_id)
        if booking.state != BookingState.CONFIRMED:
            raise Invalid("Only a paid booking has tickets to print.")
        _write_down(session, by, Action.BOOKING_REPRINTED, booking, tickets=booking.seat_count)


def note_booking(by: By, show_id: int, booking_id: int, words: str) -> None:
    """Write a note on a booking; it stays. Raises Invalid for an empty one."""
    if not words.strip() or len(words) > 300:
        raise Invalid("Write a note of at most 300 letters.")
    with transaction() as session:
        _write_down(session, by, Action.BOOKING_NOTED, _booking(session, show_id, booking_id), words)
