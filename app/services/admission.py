"""Letting people in: a ticket admits once, whichever door is asked first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.states import TicketState, check_move
from app.errors import NotAdmissible, NotFound


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the ticket let someone in just now, and when it did so the first time."""

    admitted: bool
    at: dt.datetime


_LOCK = text("SELECT state, admitted_at FROM tickets WHERE show_id = :show_id AND id = :ticket_id FOR UPDATE")
_ADMIT = text("""
WITH ticket AS (
  UPDATE tickets SET state = 'admitted', admitted_at = :now WHERE show_id = :show_id AND id = :ticket_id
)
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
VALUES (:show_id, 'admission', :ticket_id, :before, 'admitted', :now, :actor)
""")


def admit_ticket(show_id: int, ticket_id: int, actor: str) -> Admission:
    """Let the holder of this ticket in, once; asked again it says when that was. Locks the ticket and nothing else.

    Raises NotFound for a ticket we don't know, NotAdmissible for one that is cancelled or not paid.
    """
    with transaction() as session:
        ticket = session.execute(_LOCK, {"show_id": show_id, "ticket_id": ticket_id}).one_or_none()
        if ticket is None:
            raise NotFound("There is no such ticket.")
        if ticket.state == TicketState.ADMITTED:
            return Admission(False, ticket.admitted_at.astimezone(dt.UTC))
        _check(ticket)
        return Admission(True, _let_in(session, show_id, ticket_id, TicketState(ticket.state), actor))


def _check(ticket: Row[Any]) -> None:
    if ticket.state == TicketState.VOID:
        raise NotAdmissible("This ticket was cancelled.")
    if ticket.state == TicketState.RESERVED:
        raise NotAdmissible("This ticket is not paid.")


def _let_in(session: Session, show_id: int, ticket_id: int, before: TicketState, actor: str) -> dt.datetime:
    now = clock.now()
    check_move(before, TicketState.ADMITTED)
    values = {"show_id": show_id, "ticket_id": ticket_id, "before": before.value, "now": now, "actor": actor}
    session.execute(_ADMIT, values)
    return now
