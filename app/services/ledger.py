"""Writing the books: balanced entries, in the transaction of the state they belong to. What is booked: domain/ledger.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.ledger import Entry, Unbalanced, merged

_INSERT = text("""
INSERT INTO ledger_entries (show_id, key, account, party, amount_minor, currency, booking_id, at)
VALUES (:show_id, :key, :account, :party, :amount, :currency, :booking_id, :at)
""")


def post(
    session: Session,
    key: str,
    entries: Iterable[Entry],
    currency: str,
    at: dt.datetime,
    *,
    show_id: int,
    booking_id: int | None,
) -> None:
    """Book one movement of one currency under its key; the same key again breaks the unique index. Commits nothing.

    Raises Unbalanced if the entries don't sum to 0. Writes nothing if no money moved.
    """
    rows = merged(entries)
    if sum(entry.amount_minor for entry in rows) != 0:
        raise Unbalanced(f"{key}: {rows}")
    if not rows:
        return
    shared = {"show_id": show_id, "key": key, "currency": currency, "booking_id": booking_id, "at": at}
    session.execute(
        _INSERT,
        [{**shared, "account": row.account.value, "party": row.party, "amount": row.amount_minor} for row in rows],
    )
