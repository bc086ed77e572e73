"""Seats given back, whatever the reason: the private, non-committing half of release, expiry and a replaced hold.

Also the rule for who may be locked when: first the seats in order, then the booking, then its payments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.states import BookingState, check_move
from app.models import Booking
from app.seat_locking import seat_locking
from app.services.block_sql import FREED
from app.services.coupons import give_back_coupons
from app.services.credits import give_back_credits

_SEATS_OF = text(
    "SELECT seat_id FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND state <> 'void' "
    "ORDER BY seat_id"
)
_LOCK_BOOKING = text("SELECT state, expires_at FROM bookings WHERE show_id = :show_id AND id = :booking_id FOR UPDATE")
_LET_GO = text(f"""
WITH seats AS (
  UPDATE show_seats SET state = {FREED}, booking_id = NULL, held_until = NULL, version = version + 1
  WHERE show_id = :show_id AND seat_id = ANY(:seat_ids) AND booking_id = :booking_id
), void AS (
  UPDATE tickets SET state = 'void' WHERE show_id = :show_id AND booking_id = :booking_id AND state <> 'void'
), booking AS (
  UPDATE bookings SET state = :state WHERE show_id = :show_id AND id = :booking_id
), expired AS (
  UPDATE payments SET state = 'expired' WHERE show_id = :show_id AND booking_id = :booking_id
    AND state IN ('created', 'pending')
  RETURNING id, provider_ref,
    (SELECT p.state FROM payments p WHERE p.show_id = payments.show_id AND p.id = payments.id) AS was
), cancelling AS (
  INSERT INTO outbox (show_id, kind, booking_id, subject_id, created_at, due_at)
  SELECT :show_id, 'cancel_payment', :booking_id, id, :at, :at FROM expired WHERE provider_ref IS NOT NULL
), payment_changes AS (
  INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
  SELECT :show_id, 'payment', id, was, 'expired', :at, :actor FROM expired
)
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
VALUES (:show_id, 'booking', :booking_id, :before, :state, :at, :actor)
""")  # noqa: S608


def seats_of(session: Session, show_id: int, booking_id: int) -> list[int]:
    """The seats of a booking's live tickets, read without locks."""
    rows = session.execute(_SEATS_OF, {"show_id": show_id, "booking_id": booking_id})
    return [row.seat_id for row in rows]


def lock_booking(session: Session, show_id: int, booking_id: int) -> tuple[BookingState, dt.datetime]:
    """Lock the booking's seats in order, then the booking; gives its state and its end as they now are."""
    seat_locking().lock(session, show_id, seats_of(session, show_id, booking_id))
    row = session.execute(_LOCK_BOOKING, {"show_id": show_id, "booking_id": booking_id}).one()
    return BookingState(row.state), row.expires_at.astimezone(dt.UTC)


def let_go(
    session: Session,
    show_id: int,
    booking_id: int,
    seat_ids: Sequence[int],
    before: BookingState,
    after: BookingState,
    at: dt.datetime,
    actor: str,
) -> None:
    """Free the seats, void the tickets, end open payments, give back coupons and balances, and log it.

    The caller holds the locks of seats and booking.
    """
    check_move(before, after)
    session.execute(
        _LET_GO,
        {
            "show_id": show_id,
            "booking_id": booking_id,
            "seat_ids": list(seat_ids),
            "before": before.value,
            "state": after.value,
            "at": at,
            "actor": actor,
        },
    )
    if before is BookingState.AWAITING_PAYMENT:
        booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
        give_back_coupons(session, show_id, booking_id)
        give_back_credits(session, booking, at)
