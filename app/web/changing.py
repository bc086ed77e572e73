"""Seats a visitor is changing for others: kept in mind, in their own session, from the booking's page to the hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import session

from app import clock
from app.domain.codes import spoken
from app.domain.pricing import TicketType
from app.errors import NotExchangeable
from app.queries.bookings import find_booking
from app.queries.exchange_page import exchangeable
from app.queries.layouts import LayoutFacts
from app.services.exchanging import Change
from app.web.booking_forms import DRAFT, TYPE_FIELD
from app.web.identity import may_open

CHANGE = "change"


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """What the seat page says of a change: how many seats to choose instead of which, or why it came to nothing."""

    code: str
    seats: str
    count: int
    problem: str = ""

    @property
    def wish(self) -> str:
        """choose 2 seats."""
        return "choose one seat" if self.count == 1 else f"choose {self.count} seats"


def remember_change(show_id: int, code: str, numbers: Sequence[int]) -> None:
    """These tickets of the booking are to be changed for seats of this show."""
    session[CHANGE] = {"show": show_id, "booking": code, "tickets": list(numbers)}


def forget_change(code: str | None = None) -> None:
    """The change is done or given up; with a code, only if it is that booking's."""
    if code is None or session.get(CHANGE, {}).get("booking") == code:
        session.pop(CHANGE, None)


def change_for(show_id: int) -> Change | None:
    """What this visitor wants seats of this show for, if it is for a change. Asks nothing for anybody else."""
    kept = session.get(CHANGE)
    if kept is None or kept["show"] != show_id:
        return None
    booking = find_booking(kept["booking"])
    if booking is None or not may_open(booking):
        forget_change()
        return None
    return Change(booking.show_id, booking.id, tuple(kept["tickets"]))


def note_for(show_id: int) -> ChangeNote | None:
    """What the seat page of this show says of the visitor's change, or why it can't be any more."""
    change = change_for(show_id)
    if change is None:
        return None
    whole = exchangeable(change.show_id, change.booking_id)
    try:
        leaving = whole.chosen(change.numbers, clock.now())
    except NotExchangeable as problem:
        words = f"{problem.message.rstrip('.')}: booking {spoken(whole.code)} stays as it is."
        return ChangeNote(whole.code, "", 0, words)
    return ChangeNote(whole.code, leaving.seat_names, len(leaving.tickets))


def carry_over(kinds: Sequence[TicketType], layout: LayoutFacts, seat_ids: Sequence[int]) -> None:
    """Checkout begins with as many children and pensioners as the old seats were for, and with their buyer, whom the
    new booking knows."""
    reduced = [kind for kind in kinds if kind not in (TicketType.ADULT, TicketType.COMPANION)]
    seats = [seat for seat in sorted(seat_ids) if layout.by_id[seat].kind != "companion"]
    session[DRAFT] = {f"{TYPE_FIELD}{seat}": kind.value for seat, kind in zip(seats, reduced, strict=False)}
