"""Sold seats given back, whatever the reason: the private, non-committing half of every cancellation and exchange."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.ledger import Entry, SeatMoney, given_back
from app.domain.refund_policy import CancellationReason, Return
from app.domain.states import BookingState
from app.models import Booking, Cancellation
from app.services.block_sql import FREED
from app.services.coupons import give_back_coupons
from app.services.invoices import credit_returned
from app.services.ledger import post
from app.services.outbox import Task, put
from app.services.returning import return_money

_READ = text("""
SELECT id, seat_id, number, state, ticket_type, price_minor, fee_minor, discount_minor, tax_minor, admitted_at,
       cancellation_id, price_minor + fee_minor - discount_minor AS value_minor
FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND (state <> 'void' OR cancellation_id IS NOT NULL)
ORDER BY id
""")
_LOCK = text(f"{_READ.text} FOR UPDATE")


def read_tickets(session: Session, show_id: int, booking_id: int) -> Sequence[Row[Any]]:
    """The sold tickets of a booking, live ones and cancelled ones, as a page shows them."""
    return session.execute(_READ, {"show_id": show_id, "booking_id": booking_id}).all()


def lock_tickets(session: Session, show_id: int, booking_id: int) -> Sequence[Row[Any]]:
    """The same tickets, locked against the door."""
    return session.execute(_LOCK, {"show_id": show_id, "booking_id": booking_id}).all()


_VOID = text(f"""
WITH seats AS (
  UPDATE show_seats SET state = {FREED}, booking_id = NULL, version = version + 1
  WHERE show_id = :show_id AND booking_id = :booking_id AND seat_id = ANY(:seat_ids)
)
UPDATE tickets SET state = 'void', cancellation_id = :cancellation_id
WHERE show_id = :show_id AND id = ANY(:ticket_ids) AND state <> 'void' RETURNING id
""")  # noqa: S608
_FORGET_PAPERS = text(
    "DELETE FROM booking_documents WHERE show_id = :show_id AND booking_id = :booking_id AND kind = 'tickets'"
)


def give_back_seats(
    session: Session,
    booking: Booking,
    tickets: Sequence[Row[Any]],
    reason: CancellationReason,
    result: Return,
    now: dt.datetime,
    actor: str,
    *,
    to_wallet: bool = False,
    moved: Entry | None = None,
) -> Cancellation:
    """Void these live tickets, free their seats, book it, and send `result.returned_minor` back.

    `moved` is a ledger credit for what of it does not go back but into another booking. The booking is cancelled
    with its last ticket. The caller holds the locks of seats, booking and tickets.
    """
    cancellation = _note(session, booking, len(tickets), reason, result, now, actor, to_wallet)
    _void(session, booking, tickets, cancellation)
    _shrink(session, booking, cancellation, now, actor)
    elsewhere = -moved.amount_minor if moved else 0
    credits = return_money(session, booking, cancellation, result.returned_minor - elsewhere, now)
    seats = [SeatMoney(t.price_minor, t.fee_minor, t.discount_minor, t.tax_minor) for t in tickets]
    entries = given_back(seats, result.kept_minor, _kept_tax(seats, result), [*credits, *([moved] if moved else [])])
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    post(session, f"cancel-{cancellation.id}", entries, booking.currency, now, **key)
    tax = sum(seat.tax_minor for seat in seats) - _kept_tax(seats, result)
    credit_returned(session, booking, cancellation, [ticket.seat_id for ticket in tickets], tax)
    return cancellation


def _kept_tax(seats: Sequence[SeatMoney], result: Return) -> int:
    """What is kept bears its share of the seats' tax, rounded down."""
    tax = sum(seat.tax_minor for seat in seats)
    return tax * result.kept_minor // result.value_minor if result.value_minor else 0


def _note(
    session: Session,
    booking: Booking,
    seats: int,
    reason: CancellationReason,
    result: Return,
    now: dt.datetime,
    actor: str,
    to_wallet: bool,
) -> Cancellation:
    cancellation = Cancellation(
        show_id=booking.show_id,
        booking_id=booking.id,
        reason=reason.value,
        seat_count=seats,
        value_minor=result.value_minor,
        kept_minor=result.kept_minor,
        returned_minor=result.returned_minor,
        to_wallet=to_wallet,
        at=now,
        actor=actor,
    )
    session.add(cancellation)
    session.flush()
    return cancellation


def _void(session: Session, booking: Booking, tickets: Sequence[Row[Any]], cancellation: Cancellation) -> None:
    done = session.execute(
        _VOID,
        {
            "show_id": booking.show_id,
            "booking_id": booking.id,
            "cancellation_id": cancellation.id,
            "seat_ids": [ticket.seat_id for ticket in tickets],
            "ticket_ids": [ticket.id for ticket in tickets],
        },
    ).all()
    if len(done) != len(tickets):
        raise RuntimeError(f"{len(done)} of {len(tickets)} tickets of booking {booking.code} could be voided")


_EXCHANGED = text(
    "SELECT EXISTS (SELECT FROM cancellations WHERE show_id = :show_id AND booking_id = :booking_id AND reason = :reason)"
)


def _shrink(session: Session, booking: Booking, cancellation: Cancellation, now: dt.datetime, actor: str) -> None:
    """Fewer seats and new papers, or with the last one the booking's end, which gives its coupons back: unless some of
    its seats were exchanged, because then they went on into another booking."""
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    session.execute(_FORGET_PAPERS, key)
    if cancellation.seat_count == booking.seat_count:
        booking.move_to(BookingState.CANCELLED, now, actor)
        if not session.execute(_EXCHANGED, {**key, "reason": CancellationReason.EXCHANGE.value}).scalar_one():
            give_back_coupons(session, booking.show_id, booking.id)
    else:
        booking.seat_count -= cancellation.seat_count
        put(session, Task.RENDER_TICKETS, now, booking.show_id, booking.id)
