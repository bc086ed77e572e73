"""Gift cards as the manager's desk sees them: found by order, name and address, never by code; and a card's history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app import clock
from app.db import db, end_read
from app.domain.codes import normal_code
from app.domain.staff import Reach
from app.domain.states import GiftCardState

PAGE = 50


@dataclass(frozen=True, slots=True)
class CardRow:
    """A gift card without its code. Amounts are minor units of `currency`."""

    id: int
    order_code: str
    code_end: str
    state: str
    currency: str
    initial_minor: int
    balance_minor: int
    name: str
    email: str
    recipient_name: str
    recipient_email: str
    user_id: int | None
    ordered_at: dt.datetime
    paid_at: dt.datetime | None
    expires_at: dt.datetime | None
    expired: bool

    @property
    def stands(self) -> str:
        """In words: spent and expired ones are still active to the books."""
        if self.state != GiftCardState.ACTIVE:
            return {"ordered": "not paid yet", "abandoned": "given up", "void": "void"}[self.state]
        return "expired" if self.expired else "spent" if not self.balance_minor else "good"


@dataclass(frozen=True, slots=True)
class Cards:
    rows: tuple[CardRow, ...]
    page: int
    pages: int


_SELECT = """
SELECT id, order_code, code_end, state, currency, initial_minor, balance_minor, name, email, recipient_name,
       recipient_email, user_id, ordered_at, paid_at, expires_at, coalesce(expires_at <= :now, false) AS expired
FROM gift_cards
"""
_WANTED = """
(:state = '' OR state = :state) AND (:words = '' OR order_code = :order OR strpos(lower(email), :words) > 0
  OR strpos(lower(recipient_email), :words) > 0 OR strpos(lower(name), :words) > 0
  OR strpos(lower(recipient_name), :words) > 0 OR lower(code_end) = :words)
"""
_COUNT = text(f"SELECT count(*) FROM gift_cards WHERE {_WANTED}")  # noqa: S608  our own words only
_PAGE = text(f"{_SELECT} WHERE {_WANTED} ORDER BY id DESC LIMIT :most OFFSET :skip")
_ONE = text(f"{_SELECT} WHERE id = :id")


def cards(words: str, state: str, page: int) -> Cards:
    """A page of the gift cards that are found, newest first."""
    folded = words.strip().lower()
    values = {"now": clock.now(), "words": folded, "order": normal_code(words)[:20], "state": state}
    pages = max(1, -(-db.session.execute(_COUNT, values).scalar_one() // PAGE))
    page = min(max(page, 1), pages)
    rows = db.session.execute(_PAGE, {**values, "most": PAGE, "skip": PAGE * (page - 1)})
    found = tuple(CardRow(**row._mapping) for row in rows)
    end_read()
    return Cards(found, page, pages)


def card_by_id(gift_card_id: int) -> CardRow | None:
    row = db.session.execute(_ONE, {"id": gift_card_id, "now": clock.now()}).one_or_none()
    end_read()
    return CardRow(**row._mapping) if row else None


@dataclass(frozen=True, slots=True)
class CardMove:
    """One movement of a card's balance, from the ledger; minor units, raised is positive.

    `booking_code` is empty where there is none, or where it is of a cinema out of reach; then `elsewhere` is true.
    """

    at: dt.datetime
    words: str
    amount_minor: int
    balance_minor: int
    booking_code: str
    elsewhere: bool


_MOVES = text("""
SELECT e.at, e.key, -e.amount_minor AS amount, b.code, s.cinema_id FROM ledger_entries e
LEFT JOIN bookings b ON b.show_id = e.show_id AND b.id = e.booking_id LEFT JOIN shows s ON s.id = e.show_id
WHERE e.account = 'gift_card_liability' AND e.party = :party ORDER BY e.at, e.id
""")


def history(gift_card_id: int, where: Reach) -> list[CardMove]:
    """Every movement of the card, oldest first, as the books have it."""
    moves, balance = [], 0
    for row in db.session.execute(_MOVES, {"party": str(gift_card_id)}):
        balance += row.amount
        near = row.cinema_id is not None and row.cinema_id in where
        code = row.code or ""
        moves.append(
            CardMove(row.at, _words(row.key), row.amount, balance, code if near else "", bool(code) and not near)
        )
    end_read()
    return moves


def _words(key: str) -> str:
    if key.startswith("gift-card-"):
        return "voided" if key.endswith("-void") else "bought"
    if key.startswith("cancel-"):
        return "seats given back"
    return "booking came to nothing" if "-back-" in key else "paid for a booking"


@dataclass(frozen=True, slots=True)
class CardPayment:
    """An attempt to pay the card, or money of it on its way back."""

    at: dt.datetime
    words: str
    provider: str
    amount_minor: int
    currency: str
    state: str
    failure: str


_PAYMENTS = text("""
SELECT p.created_at AS at, 'payment' AS words, p.provider, p.amount_minor, p.currency, p.state,
       coalesce(p.failure, '') AS failure, p.id AS sort
FROM payments p WHERE p.show_id = 0 AND p.gift_card_id = :card
UNION ALL
SELECT r.requested_at, 'refund', p.provider, r.amount_minor, r.currency, r.state, coalesce(r.failure, ''), r.id
FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE p.show_id = 0 AND p.gift_card_id = :card
ORDER BY at, sort
""")


def payments_of(gift_card_id: int) -> list[CardPayment]:
    """What was paid for the card and what went back."""
    rows: list[Any] = list(db.session.execute(_PAYMENTS, {"card": gift_card_id}))
    end_read()
    return [
        CardPayment(row.at, row.words, row.provider, row.amount_minor, row.currency, row.state, row.failure)
        for row in rows
    ]
