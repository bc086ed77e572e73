"""An account's wallet: what is in it, and what came and went, as the ledger has it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app.db import db, end_read

LISTED = 50
"""Movements that a page shows at most."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of a wallet: minor units, positive came in. `at` is on the clocks of the cinema it is about."""

    at: dt.datetime
    amount_minor: int
    currency: str
    words: str
    booking_code: str | None


@dataclass(frozen=True, slots=True)
class WalletPage:
    """Balances by currency that are not 0 or have a past, and the last movements, latest first."""

    balances: tuple[tuple[str, int], ...]
    movements: tuple[Movement, ...]


_BALANCES = text("SELECT currency, balance_minor FROM wallets WHERE user_id = :user_id ORDER BY currency")
_MOVEMENTS = text("""
SELECT e.at, - e.amount_minor AS amount_minor, e.currency, e.key, b.code, m.title, c.timezone
FROM ledger_entries e
LEFT JOIN bookings b ON b.show_id = e.show_id AND b.id = e.booking_id
LEFT JOIN shows s ON s.id = e.show_id LEFT JOIN movies m ON m.id = s.movie_id LEFT JOIN cinemas c ON c.id = s.cinema_id
WHERE e.account = 'wallet_liability' AND e.party = CAST(:user_id AS text) ORDER BY e.at DESC, e.id DESC LIMIT :listed
""")
_ONE = text("SELECT balance_minor FROM wallets WHERE user_id = :user_id AND currency = :currency")


def wallet_balance(user_id: int | None, currency: str) -> int:
    """What an account has in this currency, minor units; 0 for a guest."""
    if user_id is None:
        return 0
    return db.session.execute(_ONE, {"user_id": user_id, "currency": currency}).scalar_one_or_none() or 0


def wallet_page(user_id: int) -> WalletPage:
    balances = tuple((row.currency, row.balance_minor) for row in db.session.execute(_BALANCES, {"user_id": user_id}))
    rows = db.session.execute(_MOVEMENTS, {"user_id": user_id, "listed": LISTED}).all()
    end_read()
    return WalletPage(balances, tuple(map(_movement, rows)))


def _movement(row: Row[Any]) -> Movement:
    at = row.at.astimezone(ZoneInfo(row.timezone or "UTC"))
    return Movement(at, row.amount_minor, row.currency, _words(row.key, row.title or ""), row.code)


def _words(key: str, title: str) -> str:
    """What a ledger key means to the wallet's owner."""
    if key.startswith("cancel-"):
        return f"Refund: {title}"
    if key.startswith("gift-card-"):
        return "Gift card made void"
    return f"Not booked after all: {title}" if "-back-" in key else f"Tickets: {title}"
