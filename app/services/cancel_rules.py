"""Whether seats of a paid booking may be given back by its buyer: the facts and the refusals, each a sentence.

Under the locks of whoever cancels, or without any for a page that shows it beforehand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.domain.pricing import TicketType
from app.domain.refund_policy import CancellationReason, RefundStep, ends_at, step_at
from app.domain.seating import check_companions
from app.domain.states import BookingState, ShowState, TicketState
from app.errors import Invalid, NotCancellable
from app.models import Booking
from app.queries.layouts import LayoutFacts, layout_facts
from app.queries.refund_terms import promised_steps


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides over giving seats back; under the locks, or read for a page."""

    booking: Booking
    tickets: Sequence[Row[Any]]
    show: Row[Any]
    layout: LayoutFacts
    steps: tuple[RefundStep, ...]
    now: dt.datetime

    @property
    def live(self) -> list[Row[Any]]:
        return [ticket for ticket in self.tickets if ticket.state != TicketState.VOID]

    @property
    def step(self) -> RefundStep | None:
        return step_at(self.steps, self.show.starts_at, self.now)

    def name(self, ticket: Row[Any]) -> str:
        return self.layout.by_id[ticket.seat_id].label

    def local(self, instant: dt.datetime) -> dt.datetime:
        return instant.astimezone(ZoneInfo(self.show.timezone))


_SHOW = text("""
SELECT s.state, s.starts_at, s.layout_id, c.timezone FROM shows s JOIN cinemas c ON c.id = s.cinema_id
WHERE s.id = :show_id
""")


def facts_of(session: Session, show_id: int, booking_id: int, tickets: Sequence[Row[Any]]) -> Facts:
    booking = session.get_one(Booking, (show_id, booking_id), populate_existing=True)
    show = session.execute(_SHOW, {"show_id": show_id}).one()
    steps = promised_steps(session, booking)
    return Facts(booking, tickets, show, layout_facts(show.layout_id), steps, clock.now())


WHY_GONE = {
    CancellationReason.EXCHANGE: "These seats were changed to other ones.",
    CancellationReason.SHOW_CANCELLED: "This show is cancelled; all you paid goes back without your asking.",
    CancellationReason.STAFF: "The cinema has cancelled these seats already.",
}


def chosen_tickets(facts: Facts, numbers: Collection[int] | None) -> list[Row[Any]]:
    """The tickets of these numbers, or all that are left. Raises Invalid, and NotCancellable if some are gone."""
    if numbers is None:
        return facts.live
    chosen = [ticket for ticket in facts.tickets if ticket.number in numbers]
    if not numbers:
        raise Invalid("Choose at least one seat.")
    if len(chosen) != len(set(numbers)):
        raise Invalid("There is no such ticket in this booking.")
    gone = [facts.name(ticket) for ticket in chosen if ticket.state == TicketState.VOID]
    if gone:
        raise NotCancellable(
            f"{spoken_list(gone)} {'is' if len(gone) == 1 else 'are'} cancelled already. Choose again."
        )
    return chosen


def check_tickets(facts: Facts, chosen: Sequence[Row[Any]]) -> None:
    """Raises NotCancellable if these tickets can't be given back now."""
    check_booking(facts)
    for ticket in chosen:
        if ticket.state == TicketState.ADMITTED:
            at = facts.local(ticket.admitted_at)
            raise NotCancellable(f"{facts.name(ticket)} was used at the door at {at:%H:%M}; it can't be given back.")
    check_companions_go(facts, chosen)


def check_booking(facts: Facts) -> None:
    """Raises NotCancellable if nothing of the booking can be given back now, whichever seats."""
    if facts.show.state == ShowState.CANCELLED:
        raise NotCancellable(WHY_GONE[CancellationReason.SHOW_CANCELLED])
    if facts.booking.state == BookingState.CANCELLED:
        raise NotCancellable("This booking is cancelled already.")
    if facts.booking.state != BookingState.CONFIRMED:
        raise NotCancellable("This booking is not paid, so there is nothing to cancel.")
    if all(ticket.state == TicketState.ADMITTED for ticket in facts.live):
        raise NotCancellable("All tickets of this booking were used at the door.")
    if not facts.steps:
        raise NotCancellable("Tickets for this show can't be given back.")
    if facts.step is None:
        last = facts.local(ends_at(facts.steps[-1], facts.show.starts_at))
        raise NotCancellable(f"These tickets could be given back until {last:%a} {last.day} {last:%b}, {last:%H:%M}.")


def check_companions_go(facts: Facts, chosen: Sequence[Row[Any]]) -> None:
    """A companion's free seat goes with its wheelchair space."""
    gone = {ticket.id for ticket in chosen}
    left = [ticket for ticket in facts.live if ticket.id not in gone]
    good = check_companions(facts.layout.hall, [ticket.seat_id for ticket in left])
    alone = [t for t in left if t.ticket_type == TicketType.COMPANION and t.seat_id not in good]
    if alone:
        names = spoken_list([facts.name(ticket) for ticket in alone])
        raise NotCancellable(f"{names} came free with the wheelchair space: cancel both, or keep both.")


def spoken_list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
