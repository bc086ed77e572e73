"""Which seats may be changed for others: until when, and what may not be torn apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from app.domain.hall import Hall
from app.domain.pricing import TicketType
from app.domain.seating import check_companions
from app.domain.states import BookingState, ShowState


def why_not(booking: BookingState, show: ShowState, until: dt.datetime | None, now: dt.datetime) -> str | None:
    """Why no seat of a booking can be changed, in a sentence; None if it can. `until` is included."""
    if booking is BookingState.CANCELLED:
        return "This booking has no seats left that could be changed."
    if booking is not BookingState.CONFIRMED:
        return "Only seats that are booked can be changed."
    if show is ShowState.CANCELLED:
        return "This show is cancelled, so all of its money goes back instead."
    if until is None:
        return "This cinema doesn't change seats once they are booked."
    return "It is too late to change these seats." if now > until else None


def left_alone(hall: Hall, staying: Mapping[int, TicketType]) -> frozenset[int]:
    """Companions among the seats that stay (seat id → ticket type) whose wheelchair space would not."""
    companions = {seat for seat, kind in staying.items() if kind is TicketType.COMPANION}
    return frozenset(companions - check_companions(hall, staying))
