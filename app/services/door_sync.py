"""What a device did without a connection: its queue, taken in one by one in its order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app import clock
from app.db import transaction
from app.domain.admission import Outcome, Refusal, believed
from app.domain.audit import Action
from app.domain.staff import By
from app.domain.states import TicketState
from app.queries.door import TicketAtDoor
from app.services.admission import (
    AtDoor,
    identify,
    let_in,
    lock_ticket,
    not_admissible,
    note,
    reported,
    standing,
)
from app.services.audit import audit


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one report; `first_at` and `first_door` are the other admission's, where this is a double."""

    key: str
    outcome: str
    """An Outcome, or "lost" where the code names no ticket of this cinema: nothing can be noted of it."""
    reason: str = ""
    seat: str = ""
    at: dt.datetime | None = None
    first_at: dt.datetime | None = None
    first_door: str = ""


def take_report(words: str, how: AtDoor, cinema_id: int, by: By) -> Taken:
    """Note that a device let somebody in by this code while it had no connection. Sent twice, it counts once.

    The first report to come in is the admission, whatever the clocks say; a later one is a double that keeps its own
    place and time. Locks the ticket and nothing else.
    """
    found = identify(words)
    if isinstance(found, Refusal):
        return Taken(how.key, "lost", found.value)
    if found.occasion.cinema_id != cinema_id:
        return Taken(how.key, "lost", Refusal.CINEMA.value, found.seat)
    return _take(found, how, by)


def _take(found: TicketAtDoor, how: AtDoor, by: By) -> Taken:
    show_id, ticket_id, now = found.show_id, found.ticket_id, clock.now()
    with transaction() as session:
        ticket = lock_ticket(session, show_id, ticket_id)
        known = reported(session, show_id, ticket_id, how.key)
        if known:
            return Taken(how.key, known.outcome, known.reason, found.seat, known.at)
        at = believed(how.at, ticket.issued_at, now)
        if ticket.state == TicketState.ADMITTED:
            first = standing(session, show_id, ticket_id, ticket.admitted_at)
            note(session, show_id, ticket_id, by, how, Outcome.DOUBLE, at, now)
            after = {"door": how.door, "device": how.device, "at": at}
            audit(session, by, Action.TICKET_ADMITTED_TWICE, ticket_id, cinema_id=ticket.cinema_id, after=after)
            return Taken(how.key, Outcome.DOUBLE, "", found.seat, at, first.at, first.door)
        wrong = not_admissible(ticket)
        if wrong:
            note(session, show_id, ticket_id, by, how, Outcome.REFUSED, at, now, wrong.value)
            after = {"door": how.door, "device": how.device, "at": at, "though": wrong}
            audit(session, by, Action.TICKET_ADMITTED_WRONGLY, ticket_id, cinema_id=ticket.cinema_id, after=after)
            return Taken(how.key, Outcome.REFUSED, wrong.value, found.seat, at)
        let_in(session, show_id, ticket_id, ticket, by, how)
        return Taken(how.key, Outcome.ADMITTED, "", found.seat, at)
