"""Locking a booking for what settles it: its seats and those it replaces, shows in order, then the bookings, then
the tickets that are to be exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.models import Booking
from app.seat_locking import seat_locking

_REPLACED = text("""
SELECT source_show_id AS show_id, source_id AS booking_id FROM booking_credits
WHERE show_id = :show_id AND booking_id = :booking_id AND kind = 'exchange'
""")
_SEATS = text(
    "SELECT DISTINCT seat_id FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id ORDER BY seat_id"
)

_TICKETS = text(
    "SELECT id FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND state <> 'void' "
    "ORDER BY id FOR UPDATE"
)


def lock_to_settle(session: Session, show_id: int, booking_id: int) -> tuple[Booking, Sequence[Row[Any]]]:
    """The booking and the rows of its seats, locked together with the booking it exchanges, if any.

    Seats go by show and seat, then bookings by show and id: the one order of all. Void tickets count too: they name
    the same seats whether the booking runs out before the lock or not. The tickets of the exchanged booking are locked
    last, because the door locks nothing else.
    """
    key = {"show_id": show_id, "booking_id": booking_id}
    bookings = [(show_id, booking_id)]
    bookings += [(row.show_id, row.booking_id) for row in session.execute(_REPLACED, key)]
    seats = {
        each: session.execute(_SEATS, {"show_id": each[0], "booking_id": each[1]}).scalars().all() for each in bookings
    }
    rows: dict[int, Sequence[Row[Any]]] = {}
    for show in sorted({each[0] for each in bookings}):
        wanted = sorted({seat for each, ids in seats.items() if each[0] == show for seat in ids})
        rows[show] = seat_locking().lock(session, show, wanted)
    for each in sorted(bookings):
        session.get_one(Booking, each, populate_existing=True, with_for_update=True)
    for each in sorted(bookings[1:]):
        session.execute(_TICKETS, {"show_id": each[0], "booking_id": each[1]})
    own = set(seats[show_id, booking_id])
    return session.get_one(Booking, (show_id, booking_id)), [row for row in rows[show_id] if row.seat_id in own]
