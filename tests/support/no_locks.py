"""A way of reserving seats that reserves nothing: what the races must not survive. For controls only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.models import Booking, Payment

_READ = text(
    "SELECT seat_id, state, booking_id, held_until FROM show_seats "
    "WHERE show_id = :show_id AND seat_id = ANY(:seat_ids) ORDER BY seat_id"
)


class NoLocks:
    """Reads the seats as the real strategy does, and locks none of them."""

    def lock(self, session: Session, show_id: int, seat_ids: Sequence[int]) -> Sequence[Row[Any]]:
        return session.execute(_READ, {"show_id": show_id, "seat_ids": list(seat_ids)}).all()


def lock_nothing(session: Session, show_id: int, booking_id: int) -> tuple[Booking, Sequence[Row[Any]]]:
    """In place of services.locking.lock_to_settle: reads the booking and its seats, locks neither."""
    booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
    seat_ids = session.execute(_SEATS, {"show_id": show_id, "booking_id": booking_id}).scalars().all()
    return booking, NoLocks().lock(session, show_id, seat_ids)


_SEATS = text("SELECT seat_id FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id")


def payment_unlocked(session: Session, show_id: int, payment_id: int) -> Payment:
    """In place of services.payments.lock_payment."""
    return session.get_one(Payment, (show_id, payment_id), populate_existing=True)
