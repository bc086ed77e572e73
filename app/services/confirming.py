"""A booking that is paid (or costs nothing): seats sold, tickets issued, PDF and mail asked for. Commits nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.ledger import SeatMoney, sold
from app.domain.messages import MessageKind
from app.domain.states import BookingState
from app.models import Booking
from app.services.exchanging import finish_exchange
from app.services.ledger import post
from app.services.outbox import Task, put
from app.services.telling import tell

_SELL = text("""
WITH seats AS (
  UPDATE show_seats SET state = 'sold', held_until = NULL, booking_id = :booking_id, version = version + 1
  WHERE show_id = :show_id AND seat_id IN (
    SELECT seat_id FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'reserved')
  RETURNING seat_id
)
UPDATE tickets SET state = 'issued', issued_at = :now
WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'reserved'
RETURNING seat_id, price_minor, fee_minor, discount_minor, tax_minor
""")
_RESERVE_AGAIN = text("""
INSERT INTO tickets (show_id, booking_id, seat_id, number, ticket_type, price_minor, fee_minor, discount_minor,
                     tax_minor, state)
SELECT show_id, booking_id, seat_id,
       (SELECT max(number) FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id)
         + row_number() OVER (ORDER BY number),
       ticket_type, price_minor, fee_minor, discount_minor, tax_minor, 'reserved'
FROM (
  SELECT * FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'void'
  ORDER BY number DESC LIMIT :seat_count
) AS last
""")


def confirm(session: Session, booking: Booking, now: dt.datetime, actor: str) -> None:
    """Sell the booking's reserved seats to it and book the sale. The caller holds the locks of seats and booking,
    and of an exchanged booking too; what pays the total is booked as a deposit by now."""
    key: dict[str, Any] = {"show_id": booking.show_id, "booking_id": booking.id}
    sales = session.execute(_SELL, {**key, "now": now}).all()
    if len(sales) != booking.seat_count:
        raise RuntimeError(f"booking {booking.code} has {len(sales)} of {booking.seat_count} seats")
    booking.confirmed_at = now
    booking.move_to(BookingState.CONFIRMED, now, actor)
    finish_exchange(session, booking, now, actor)
    seats = [SeatMoney(row.price_minor, row.fee_minor, row.discount_minor, row.tax_minor) for row in sales]
    post(session, f"sale-{booking.id}", sold(seats), booking.currency, now, **key)
    put(session, Task.RENDER_TICKETS, now, booking.show_id, booking.id)
    tell(session, MessageKind.CONFIRMATION, now, booking)


def reserve_again(session: Session, booking: Booking) -> None:
    """New ticket rows for the seats of a run-out booking; void ones stay void. The caller knows them to be free."""
    key = {"show_id": booking.show_id, "booking_id": booking.id, "seat_count": booking.seat_count}
    session.execute(_RESERVE_AGAIN, key)
