"""Exchanging seats (feature G4): the new ones are held first, the difference is paid, and when the new booking is
confirmed the old seats are given back, all in that one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.ledger import Account, Entry, credit_taken
from app.domain.refund_policy import CancellationReason, Return
from app.domain.states import UseState
from app.domain.tenders import CreditKind
from app.models import Booking
from app.services.credits import credits_on, exchange_worth
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.ledger import post


def exchange_stands(session: Session, booking: Booking) -> bool:
    """Whether the seats this booking replaces, if any, are still good for what it took them for. Under the locks of
    services/locking.py."""
    rows = _exchanges(session, booking)
    return all(exchange_worth(session, row) >= row.amount_minor for row in rows)


def _exchanges(session: Session, booking: Booking) -> list[Row[Any]]:
    rows = credits_on(session, booking.show_id, booking.id)
    return [row for row in rows if row.kind == CreditKind.EXCHANGE and row.state != UseState.ENTERED]


def finish_exchange(session: Session, booking: Booking, now: dt.datetime, actor: str) -> None:
    """Give back the seats that a booking replaces, in the transaction that confirms it; nothing if it replaces none.

    Their worth pays the new booking; what it did not need goes back to what had paid them.
    """
    for row in _exchanges(session, booking):
        old = session.get_one(Booking, (row.source_show_id, row.source_id), populate_existing=True)
        tickets = [t for t in lock_tickets(session, old.show_id, old.id) if t.id in row.ticket_ids]
        worth, party = sum(t.value_minor for t in tickets), f"{booking.show_id}-{row.id}"
        moved = Entry(Account.EXCHANGES, -row.amount_minor, party)
        result = Return(worth, 0, worth)
        give_back_seats(session, old, tickets, CancellationReason.EXCHANGE, result, now, actor, moved=moved)
        arrived = credit_taken(Account.EXCHANGES, row.amount_minor, party)
        key = {"show_id": booking.show_id, "booking_id": booking.id}
        post(session, f"exchange-{row.id}", arrived, booking.currency, now, **key)
