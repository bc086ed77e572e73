"""From a hold to a started payment: who is coming, the quote that will be charged, and the gateway's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import PaymentOrder, gateway, gateways
from app.config import settings
from app.db import db, on_commit, transaction
from app.domain.pricing import PricedSeat, Quote, TicketType, UnknownPrice, quote
from app.domain.seating import check_companions
from app.domain.states import LIVE_BOOKING, BookingState, PaymentState
from app.errors import (
    ConcurrentModification,
    GatewayUnavailable,
    HoldExpired,
    Invalid,
    NotFound,
    PaymentStarted,
)
from app.models import Booking, Payment
from app.queries.layouts import layout_facts, price_table
from app.queries.seat_map import forget_seat_map
from app.services.confirming import confirm
from app.services.holds import prolong
from app.services.letting_go import lock_booking
from app.services.outbox import Task, put

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as typed at checkout and already checked for shape."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """Where the buyer goes now: the gateway's page, or nowhere because nothing was to pay."""

    redirect_url: str | None


class Begun(NamedTuple):
    """A payment that runs: its page where that is known already, otherwise the order that makes one."""

    payment_id: int
    provider: str
    redirect_url: str | None
    order: PaymentOrder


_TICKETS = text(
    "SELECT t.id, t.seat_id, t.number, t.ticket_type FROM tickets t "
    "WHERE t.show_id = :show_id AND t.booking_id = :booking_id AND t.state <> 'void' ORDER BY t.number"
)
_LAYOUT_ID = text("SELECT layout_id FROM shows WHERE id = :show_id")


def price_booking(
    session: Session, booking: Row[Any] | Booking, types: Mapping[int, TicketType] | None = None
) -> tuple[Sequence[Row[Any]], list[PricedSeat], Quote]:
    """Tickets, priced seats and the quote of a booking with these ticket types (seat id → type; missing ones stay).

    Raises Invalid where a seat can't be sold as the type asked for. Reads only.
    """
    tickets = session.execute(_TICKETS, {"show_id": booking.show_id, "booking_id": booking.id}).all()
    layout = layout_facts(session.execute(_LAYOUT_ID, {"show_id": booking.show_id}).scalar_one())
    seat_ids = [ticket.seat_id for ticket in tickets]
    free = check_companions(layout.hall, seat_ids)
    seats = []
    for ticket in tickets:
        facts = layout.by_id[ticket.seat_id]
        kind = (types or {}).get(ticket.seat_id, TicketType(ticket.ticket_type))
        name = layout.categories.get(facts.category, facts.category)
        seats.append(PricedSeat(facts.id, facts.label, facts.category, name, facts.kind, kind, facts.id in free))
    try:
        bill = quote(seats, price_table(booking.price_list_id), booking.seat_fee_minor, Decimal(booking.tax_percent))
    except UnknownPrice as problem:
        raise Invalid(f"{problem}.", fields={"tickets": str(problem)}) from problem
    return tickets, seats, bill


def start_payment(
    show_id: int,
    booking_id: int,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    *,
    provider: str,
    mode: str,
    return_url: str,
    actor: str = "guest",
) -> Started:
    """Keep the quote, make the hold last, open a session at the gateway and say where to go.

    The same submit twice gives the same session. A booking that costs nothing is confirmed at once. Raises
    HoldExpired, PaymentStarted (details: `redirect_url`, the page where that payment goes on), Invalid,
    NotFound (no such gateway), GatewayUnavailable (the seats stay kept). Locks the booking's seats, then the
    booking.
    """
    begun = begin_payment(show_id, booking_id, buyer, types, provider, mode, actor)
    if begun is None:
        return Started(None)
    return Started(begun.redirect_url or _open_session(begun, return_url))


def begin_payment(
    show_id: int,
    booking_id: int,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    provider: str,
    mode: str,
    actor: str,
) -> Begun | None:
    """The first half of start_payment: the quote kept, the payment made; None if it cost nothing. Calls no gateway."""
    with transaction() as session:
        state, expires_at = lock_booking(session, show_id, booking_id)
        now = clock.now()
        if state is BookingState.CONFIRMED:
            raise ConcurrentModification("This booking is already paid.")
        if state not in LIVE_BOOKING or expires_at <= now:
            raise HoldExpired
        booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
        tickets, seats, bill = price_booking(session, booking, types)
        running = _running_payment(session, show_id, booking_id)
        if running is not None:
            return _join(session, running, booking, bill, seats, tickets)
        _keep_quote(session, booking, buyer, tickets, seats, bill)
        if bill.total_minor == 0:
            session.flush()
            confirm(session, booking, now, actor)
            on_commit(lambda: forget_seat_map(show_id))
            return None
        _last_longer(session, booking, now, actor)
        payment = _new_payment(session, booking, provider, mode, now)
        order = _order(session, booking, payment)
        on_commit(lambda: forget_seat_map(show_id))
    return Begun(payment.id, provider, None, order)


_RUNNING = text(
    "SELECT id FROM payments WHERE show_id = :show_id AND booking_id = :booking_id "
    "AND state IN ('created', 'pending') ORDER BY id DESC LIMIT 1 FOR UPDATE"
)


def _running_payment(session: Session, show_id: int, booking_id: int) -> Payment | None:
    row = session.execute(_RUNNING, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    return session.get_one(Payment, (show_id, row.id), populate_existing=True) if row else None


def _join(
    session: Session,
    running: Payment,
    booking: Booking,
    bill: Quote,
    seats: Sequence[PricedSeat],
    tickets: Sequence[Row[Any]],
) -> Begun:
    """A second submit of the same form joins the payment that runs; a changed one is refused.

    Where the first has no page yet (it is on its way, or died there), the same order is sent again: its key
    makes it the same session.
    """
    same = [seat.ticket_type.value for seat in seats] == [ticket.ticket_type for ticket in tickets]
    if not same or bill.total_minor != booking.total_minor:
        raise PaymentStarted(redirect_url=running.redirect_url)
    return Begun(running.id, running.provider, running.redirect_url, _order(session, booking, running))


_TYPES = text("UPDATE tickets SET ticket_type = :type, price_minor = :price WHERE show_id = :show_id AND id = :id")
_DROP_LINES = text("DELETE FROM booking_lines WHERE show_id = :show_id AND booking_id = :booking_id")
_ADD_LINE = text(
    "INSERT INTO booking_lines (show_id, booking_id, position, kind, label, quantity, amount_minor) "
    "VALUES (:show_id, :booking_id, :position, :kind, :label, :quantity, :amount)"
)


def _keep_quote(
    session: Session,
    booking: Booking,
    buyer: Buyer,
    tickets: Sequence[Row[Any]],
    seats: Sequence[PricedSeat],
    bill: Quote,
) -> None:
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    session.execute(
        _TYPES,
        [
            {"show_id": booking.show_id, "id": ticket.id, "type": seat.ticket_type.value, "price": price}
            for ticket, seat, price in zip(tickets, seats, bill.prices, strict=True)
        ],
    )
    session.execute(_DROP_LINES, key)
    session.execute(
        _ADD_LINE,
        [
            {
                **key,
                "position": place,
                "kind": line.kind.value,
                "label": line.label,
                "quantity": line.quantity,
                "amount": line.amount_minor,
            }
            for place, line in enumerate(bill.lines)
        ],
    )
    booking.name, booking.email, booking.phone = buyer.name, buyer.email, buyer.phone
    booking.fee_minor, booking.tax_minor, booking.total_minor = (
        bill.fee_minor,
        bill.tax_minor,
        bill.total_minor,
    )


def _last_longer(session: Session, booking: Booking, now: dt.datetime, actor: str) -> None:
    """The first start of payment leaves at least PAYMENT_MINUTES, never past the cap; later ones prolong nothing."""
    if booking.payment_started_at is None:
        booking.payment_started_at = now
        least = now + dt.timedelta(minutes=settings.payment_minutes)
        until = min(max(booking.expires_at, least), booking.cap_at)
        session.flush()
        if until != booking.expires_at:
            prolong(session, booking.show_id, booking.id, until)
            session.refresh(booking)
    booking.move_to(BookingState.AWAITING_PAYMENT, now, actor)


def _new_payment(session: Session, booking: Booking, provider: str, mode: str, now: dt.datetime) -> Payment:
    if provider not in gateways():
        raise NotFound("This way to pay is not on offer.")
    payment = Payment(
        show_id=booking.show_id,
        booking_id=booking.id,
        provider=provider,
        mode=mode,
        state=PaymentState.CREATED.value,
        amount_minor=booking.total_minor,
        currency=booking.currency,
        created_at=now,
        check_at=now + dt.timedelta(minutes=settings.reconcile_minutes),
    )
    session.add(payment)
    session.flush()
    payment.log_birth(now, "clock")
    return payment


_DESCRIPTION = text("SELECT m.title FROM shows s JOIN movies m ON m.id = s.movie_id WHERE s.id = :show_id")


def _order(session: Session, booking: Booking, payment: Payment) -> PaymentOrder:
    title = session.execute(_DESCRIPTION, {"show_id": booking.show_id}).scalar_one()
    return PaymentOrder(
        show_id=booking.show_id,
        payment_id=payment.id,
        booking_code=booking.code,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        mode=payment.mode,
        description=f"{title}, {booking.seat_count} {'seat' if booking.seat_count == 1 else 'seats'}",
        email=booking.email,
        return_url="",
        expires_at=booking.expires_at,
    )


def _open_session(begun: Begun, return_url: str) -> str:
    order = begun.order
    try:
        started = gateway(begun.provider).start(replace(order, return_url=return_url))
    except GatewayUnavailable as problem:
        _note_no_answer(begun, problem.message)
        raise
    with transaction() as session:
        payment = _lock_payment(session, begun)
        payment.provider_ref, payment.redirect_url = started.provider_ref, started.redirect_url
        if payment.state == PaymentState.CREATED:
            payment.move_to(PaymentState.PENDING, clock.now(), f"gateway:{begun.provider}")
        over = payment.state == PaymentState.EXPIRED
        if over:
            put(session, Task.CANCEL_PAYMENT, clock.now(), order.show_id, payment.booking_id, payment.id)
    if over:
        raise HoldExpired
    return started.redirect_url


def _note_no_answer(begun: Begun, problem: str) -> None:
    """The attempt failed, unless another submit of it came through meanwhile."""
    with transaction() as session:
        payment = _lock_payment(session, begun)
        if payment.state == PaymentState.CREATED:
            payment.failure = problem
            payment.move_to(PaymentState.FAILED, clock.now(), f"gateway:{begun.provider}")


def _lock_payment(session: Session, begun: Begun) -> Payment:
    key = (begun.order.show_id, begun.payment_id)
    return session.get_one(Payment, key, populate_existing=True, with_for_update=True)


def total_of(show_id: int, booking_id: int, types: Mapping[int, TicketType]) -> Quote:
    """What the booking would cost with these ticket types. Reads only."""
    booking = db.session.get_one(Booking, (show_id, booking_id))
    return price_booking(db.session(), booking, types)[2]
