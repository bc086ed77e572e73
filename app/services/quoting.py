"""What a booking costs: its tickets at the prices of its list, less what its coupons take off; a group's at the prices
it was offered. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.domain.coupons import CouponTerms, Occasion
from app.domain.groups import group_bill, is_group
from app.domain.pricing import PricedSeat, PriceTable, Quote, TicketType, UnknownPrice, price_of, quote
from app.domain.seating import check_companions
from app.errors import Invalid
from app.models import Booking
from app.queries.layouts import layout_facts, price_table
from app.services.coupons import CouponHere, coupons_on

_TICKETS = text(
    "SELECT t.id, t.seat_id, t.number, t.ticket_type, t.price_minor FROM tickets t "
    "WHERE t.show_id = :show_id AND t.booking_id = :booking_id AND t.state <> 'void' ORDER BY t.number"
)
_SHOW = text(
    "SELECT s.layout_id, s.movie_id, s.cinema_id, s.starts_at, c.timezone FROM shows s "
    "JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id"
)


@dataclass(frozen=True, slots=True)
class Priced:
    """A booking's tickets (rows with id, seat_id, ticket_type), their seats, the bill, and all its coupons."""

    tickets: Sequence[Row[Any]]
    seats: list[PricedSeat]
    bill: Quote
    coupons: tuple[CouponHere, ...]

    @property
    def counting(self) -> list[CouponTerms]:
        """The coupons that lower the bill, in the order of its `discounts`."""
        return [here.terms for here in self.coupons if here.problem is None]


def quote_booking(
    session: Session, booking: Booking, types: Mapping[int, TicketType] | None = None, email: str | None = None
) -> Priced:
    """The booking with these ticket types (seat id → type; missing ones stay), for this buyer (else the known one).

    Raises Invalid where a seat can't be sold as the type asked for. Coupons that don't count are left out of the bill.
    A group's tickets are what was offered, whatever types are asked for, and no coupon lowers them.
    """
    tickets = session.execute(_TICKETS, {"show_id": booking.show_id, "booking_id": booking.id}).all()
    show = session.execute(_SHOW, {"show_id": booking.show_id}).one()
    if is_group(booking.owner_key):
        return _as_offered(booking, tickets, _seats(tickets, show.layout_id, {}))
    seats = _seats(tickets, show.layout_id, types or {})
    prices = price_table(booking.tariff)
    try:
        amounts = tuple(price_of(seat, prices) for seat in seats)
        here = coupons_on(session, booking, _occasion(booking, show, seats, amounts), email or booking.email)
        bill = _bill(booking, seats, prices, [found.terms for found in here if found.problem is None])
    except UnknownPrice as problem:
        raise Invalid(f"{problem}.", fields={"tickets": str(problem)}) from problem
    return Priced(tickets, seats, bill, tuple(here))


def _as_offered(booking: Booking, tickets: Sequence[Row[Any]], seats: list[PricedSeat]) -> Priced:
    prices = [ticket.price_minor for ticket in tickets]
    return Priced(tickets, seats, group_bill(seats, prices, Decimal(booking.tax_percent)), ())


def _bill(booking: Booking, seats: list[PricedSeat], prices: PriceTable, coupons: list[CouponTerms]) -> Quote:
    return quote(seats, prices, booking.seat_fee_minor, Decimal(booking.tax_percent), coupons)


def _seats(tickets: Sequence[Row[Any]], layout_id: int, types: Mapping[int, TicketType]) -> list[PricedSeat]:
    layout = layout_facts(layout_id)
    free = check_companions(layout.hall, [ticket.seat_id for ticket in tickets])
    seats = []
    for ticket in tickets:
        facts = layout.by_id[ticket.seat_id]
        kind = types.get(ticket.seat_id, TicketType(ticket.ticket_type))
        name = layout.categories.get(facts.category, facts.category)
        seats.append(PricedSeat(facts.id, facts.label, facts.category, name, facts.kind, kind, facts.id in free))
    return seats


def _occasion(booking: Booking, show: Row[Any], seats: list[PricedSeat], amounts: tuple[int, ...]) -> Occasion:
    return Occasion(
        movie_id=show.movie_id,
        cinema_id=show.cinema_id,
        weekday=show.starts_at.astimezone(ZoneInfo(show.timezone)).isoweekday(),
        currency=booking.currency,
        now=clock.now(),
        ticket_types=tuple(seat.ticket_type.value for seat in seats),
        amounts=amounts,
    )
