"""From a hold to a started payment: who is coming, the quote that will be charged, and the gateway's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import PaymentOrder, gateway
from app.config import settings
from app.db import db, on_commit, transaction
from app.domain.pricing import PricedSeat, Quote, TicketType, UnknownPrice, quote
from app.domain.seating import check_companions
from app.domain.states import LIVE_BOOKING, BookingState, PaymentState
from app.errors import ConcurrentModification, GatewayUnavailable, HoldExpired, Invalid, PaymentStarted
from app.models import Booking, Payment
from app.queries.layouts import layout_facts, price_table
from app.queries.seat_map import forget_seat_map
from app.services.confirming import confirm
from app.services.holds import prolong
from app.services.letting_go import lock_booking

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
        bill = quote(
            seats, price_table(booking.price_list_id), booking.seat_fee_minor, Decimal(booking.tax_percent)
        )
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
    GatewayUnavailable (the seats stay kept). Locks the booking's seats, then the booking.
    """
    begun = _begin(show_id, booking_id, buyer, types, provider, mode, actor)
    if begun is None:
        return Started(None)
    payment_id, known_url, order = begun
    if known_url or order is None:
        return Started(known_url)
    return Started(_open_session(show_id, payment_id, order, provider, return_url))


def _begin(
    show_id: int,
    booking_id: int,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    provider: str,
    mode: str,
    actor: str,
) -> tuple[int, str | None, PaymentOrder | None] | None:
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
            return _join(running, booking, bill, seats, tickets)
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
    return payment.id, None, order


_RUNNING = text(
    "SELECT id, redirect_url, amount_minor FROM payments WHERE show_id = :show_id AND booking_id = :booking_id "
    "AND state IN ('created', 'pending') ORDER BY id DESC LIMIT 1 FOR UPDATE"
)


def _running_payment(session: Session, show_id: int, booking_id: int) -> Row[Any] | None:
    return session.execute(_RUNNING, {"show_id": show_id, "booking_id": booking_id}).one_or_none()


def _join(
    running: Row[Any], booking: Booking, bill: Quote, seats: Sequence[PricedSeat], tickets: Sequence[Row[Any]]
) -> tuple[int, str | None, None]:
    """A second submit of the same form joins the payment that runs; a changed one is refused."""
    same = [seat.ticket_type.value for seat in seats] == [ticket.ticket_type for ticket in tickets]
    if not same or bill.total_minor != booking.total_minor or running.redirect_url is None:
        raise PaymentStarted(redirect_url=running.redirect_url)
    return running.id, running.redirect_url, None


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
    booking.fee_minor, booking.tax_minor, booking.total_minor = bill.fee_minor, bill.tax_minor, bill.total_minor


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


def _open_session(show_id: int, payment_id: int, order: PaymentOrder, provider: str, return_url: str) -> str:
    try:
        started = gateway(provider).start(replace(order, return_url=return_url))
    except GatewayUnavailable as problem:
        with transaction() as session:
            payment = session.get_one(Payment, (show_id, payment_id), populate_existing=True, with_for_update=True)
            payment.failure = problem.message
            payment.move_to(PaymentState.FAILED, clock.now(), f"gateway:{provider}")
        raise
    with transaction() as session:
        payment = session.get_one(Payment, (show_id, payment_id), populate_existing=True, with_for_update=True)
        payment.provider_ref, payment.redirect_url = started.provider_ref, started.redirect_url
        if payment.state == PaymentState.CREATED:
            payment.move_to(PaymentState.PENDING, clock.now(), f"gateway:{provider}")
    return started.redirect_url


def total_of(show_id: int, booking_id: int, types: Mapping[int, TicketType]) -> Quote:
    """What the booking would cost with these ticket types. Reads only."""
    booking = db.session.get_one(Booking, (show_id, booking_id))
    return price_booking(db.session(), booking, types)[2]
