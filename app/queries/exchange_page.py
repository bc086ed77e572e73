"""A booking whose seats are to be changed: what may be, until when, for which shows; and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.db import db
from app.domain.exchanging import left_alone, why_not
from app.domain.groups import is_group
from app.domain.pricing import TYPE_NAMES, TicketType
from app.domain.refund_policy import RefundStep, last_end, step_at
from app.domain.settling import RefundReason
from app.domain.states import BookingState, ShowState, TicketState
from app.errors import NotExchangeable
from app.models import Booking
from app.queries.browsing.showings import Showing, showings_anywhere
from app.queries.layouts import layout_facts
from app.queries.refund_terms import promised_steps

LISTED = 120
"""Shows that one page offers at most."""


@dataclass(frozen=True, slots=True)
class HeldTicket:
    """One live ticket; `value_minor` is what was paid for it."""

    id: int
    number: int
    seat_id: int
    seat: str
    type: TicketType
    value_minor: int
    state: str

    @property
    def type_name(self) -> str:
        return TYPE_NAMES[self.type]

    @property
    def used(self) -> bool:
        return self.state == TicketState.ADMITTED


@dataclass(frozen=True, slots=True)
class Exchangeable:
    """A booking as the rules of changing see it. `until` is UTC, the last instant at which it may be changed."""

    show_id: int
    booking_id: int
    code: str
    state: BookingState
    owner_key: str
    user_id: int | None
    currency: str
    show_state: ShowState
    movie_id: int
    city_id: int
    layout_id: int
    zone: str
    until: dt.datetime | None
    step: RefundStep | None
    """What money bears that a change gives back now; None if all of it comes back."""
    tickets: tuple[HeldTicket, ...]

    def why_not(self, now: dt.datetime) -> str | None:
        """Why nothing of it can be changed, in a sentence; None if something can."""
        if is_group(self.owner_key):
            return "The seats of a group are changed by the cinema: ask there."
        reason = why_not(self.state, self.show_state, self.until, now)
        if reason is None and all(ticket.used for ticket in self.tickets):
            return "All of these tickets have been used at the door."
        return reason

    def chosen(self, numbers: Collection[int], now: dt.datetime) -> Exchangeable:
        """The same with only these tickets, by their numbers. Raises NotExchangeable if they can't be changed."""
        if reason := self.why_not(now):
            raise NotExchangeable(reason)
        leaving = [ticket for ticket in self.tickets if ticket.number in set(numbers)]
        if not leaving or len(leaving) != len(numbers):
            raise NotExchangeable("Choose which of these seats are to be changed.")
        if used := [ticket.seat for ticket in leaving if ticket.used]:
            raise NotExchangeable(f"{_names(used)} can't be changed: used at the door already.")
        self._keep_companions({ticket.id for ticket in leaving})
        return replace(self, tickets=tuple(leaving))

    def _keep_companions(self, leaving: set[int]) -> None:
        staying = {ticket.seat_id: ticket for ticket in self.tickets if ticket.id not in leaving}
        alone = left_alone(layout_facts(self.layout_id).hall, {seat: each.type for seat, each in staying.items()})
        if alone:
            names = _names([ticket.seat for seat, ticket in staying.items() if seat in alone])
            raise NotExchangeable(f"{names} goes with its wheelchair space: change both, or keep both.")

    @property
    def worth_minor(self) -> int:
        return sum(ticket.value_minor for ticket in self.tickets)

    @property
    def seat_names(self) -> str:
        """J8, J9 and J10."""
        return _names([ticket.seat for ticket in self.tickets])


def _names(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


_SHOW = text("""
SELECT s.state, s.starts_at, s.movie_id, s.layout_id, c.city_id, c.timezone AS zone
FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id
""")
_TICKETS = text("""
SELECT t.id, t.number, t.seat_id, seat.label AS seat, t.ticket_type AS type,
       t.price_minor + t.fee_minor - t.discount_minor AS value_minor, t.state
FROM tickets t JOIN seats seat ON seat.id = t.seat_id
WHERE t.show_id = :show_id AND t.booking_id = :booking_id AND t.state <> 'void' ORDER BY t.number
""")


def exchangeable(show_id: int, booking_id: int) -> Exchangeable:
    """The booking with all its live tickets, read without locks."""
    session = db.session()
    booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
    show = session.execute(_SHOW, {"show_id": show_id}).one()
    rows = session.execute(_TICKETS, {"show_id": show_id, "booking_id": booking_id})
    steps, starts_at = promised_steps(session, booking), show.starts_at.astimezone(dt.UTC)
    return Exchangeable(
        show_id=show_id,
        booking_id=booking_id,
        code=booking.code,
        state=BookingState(booking.state),
        owner_key=booking.owner_key,
        user_id=booking.user_id,
        currency=booking.currency,
        show_state=ShowState(show.state),
        movie_id=show.movie_id,
        city_id=show.city_id,
        layout_id=show.layout_id,
        zone=show.zone,
        until=last_end(steps, starts_at),
        step=None if booking.changes_in_full else step_at(steps, starts_at, clock.now()),
        tickets=tuple(_ticket(row) for row in rows),
    )


def _ticket(row: Row[Any]) -> HeldTicket:
    return HeldTicket(**{**row._mapping, "type": TicketType(row.type)})


@dataclass(frozen=True, slots=True)
class Offered:
    """The shows of the same film that are on sale: this one if it is, the others by city (its own first) and time.

    `cities` says where a cinema is: its id → (whether it is the booking's own city, the city's name).
    `other_currencies` are cities where the film runs and is paid in other money. `cut`: there are more shows.
    """

    here: Showing | None
    others: tuple[Showing, ...]
    cities: dict[int, tuple[bool, str]]
    other_currencies: tuple[tuple[str, str], ...]
    cut: bool


_OTHER_MONEY = text("""
SELECT DISTINCT city.name, c.currency FROM shows s JOIN cinemas c ON c.id = s.cinema_id
JOIN cities city ON city.id = c.city_id
WHERE s.movie_id = :movie_id AND c.currency <> :currency AND s.state = 'published'
  AND s.sales_open_at <= :now AND s.sales_close_at > :now ORDER BY 1, 2
""")
_CITIES = text(
    "SELECT c.id, c.city_id, city.name FROM cinemas c JOIN cities city ON city.id = c.city_id WHERE c.id = ANY(:ids)"
)


def offered_showings(of: Exchangeable) -> Offered:
    found = showings_anywhere(of.movie_id, of.currency, first_city=of.city_id, most=LISTED + 1)
    here = next((one for one in found if one.id == of.show_id), None)
    others = [one for one in found if one.id != of.show_id]
    values = {"movie_id": of.movie_id, "currency": of.currency, "now": clock.now()}
    elsewhere = tuple((row.name, row.currency) for row in db.session.execute(_OTHER_MONEY, values))
    rows = db.session.execute(_CITIES, {"ids": [one.cinema_id for one in others]})
    cities = {row.id: (row.city_id == of.city_id, row.name) for row in rows}
    return Offered(here, tuple(others[:LISTED]), cities, elsewhere, len(others) > LISTED)


@dataclass(frozen=True, slots=True)
class Changed:
    """One change, done or tried: seats of `code` for others. What they had cost paid those, was kept, or went back."""

    code: str
    seats: int
    moved_minor: int
    kept_minor: int
    back_minor: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a booking replaces, and what replaced seats of it.

    `all_seats`: every seat it had was changed, none given back otherwise. `failed`: its money came, and went back
    because what it was to replace was gone.
    """

    instead_of: tuple[Changed, ...]
    changed_to: tuple[Changed, ...]
    all_seats: bool
    failed: bool


_CHANGED = """
SELECT b.code, cardinality(c.ticket_ids) AS seats, c.amount_minor AS moved_minor, coalesce(gone.kept_minor, 0) AS kept_minor,
       coalesce(gone.returned_minor - c.amount_minor, 0) AS back_minor
FROM booking_credits c
LEFT JOIN LATERAL (
  SELECT kept_minor, returned_minor FROM tickets t JOIN cancellations x ON x.show_id = t.show_id AND x.id = t.cancellation_id
  WHERE t.show_id = c.source_show_id AND t.id = c.ticket_ids[1] AND c.state = 'taken' AND x.reason = 'exchange'
) gone ON true
"""
_INSTEAD_OF = text(f"""
{_CHANGED} JOIN bookings b ON b.show_id = c.source_show_id AND b.id = c.source_id
WHERE c.show_id = :show_id AND c.booking_id = :booking_id AND c.kind = 'exchange' ORDER BY c.id
""")
_CHANGED_TO = text(f"""
{_CHANGED} JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
WHERE c.kind = 'exchange' AND c.source_show_id = :show_id AND c.source_id = :booking_id AND c.state = 'taken'
  AND b.confirmed_at IS NOT NULL ORDER BY b.confirmed_at
""")
_ENDS = text("""
SELECT EXISTS (SELECT FROM cancellations
               WHERE show_id = :show_id AND booking_id = :booking_id AND reason <> 'exchange') AS given_back,
       EXISTS (SELECT FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
               WHERE r.show_id = :show_id AND p.booking_id = :booking_id AND r.reason = :gone) AS failed
""")


def changes_of(show_id: int, booking_id: int) -> Changes:
    """By which bookings a booking is linked to others through changes."""
    key = {"show_id": show_id, "booking_id": booking_id}
    instead_of = tuple(Changed(*row) for row in db.session.execute(_INSTEAD_OF, key))
    changed_to = tuple(Changed(*row) for row in db.session.execute(_CHANGED_TO, key))
    given_back, failed = db.session.execute(_ENDS, {**key, "gone": RefundReason.EXTRAS_GONE.value}).one()
    return Changes(instead_of, changed_to, bool(changed_to) and not given_back, bool(instead_of) and failed)
