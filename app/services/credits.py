"""Gift cards, wallets and exchanged seats paying a booking: taken when paying begins, given back if nothing comes of it.

Non-committing helpers. Each movement is in the ledger. Balances are locked last: gift cards by id, then wallets.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.ledger import Account, credit_taken
from app.domain.states import UseState
from app.domain.tenders import CreditKind
from app.errors import AmountChanged, ConcurrentModification
from app.models import Booking
from app.services.ledger import post

ACCOUNTS = {
    CreditKind.GIFT_CARD: Account.GIFT_CARD_LIABILITY,
    CreditKind.WALLET: Account.WALLET_LIABILITY,
    CreditKind.EXCHANGE: Account.EXCHANGES,
}

_CREDITS = text("""
SELECT id, kind, source_show_id, source_id, ticket_ids, state, amount_minor, times_taken,
       to_wallet
FROM booking_credits WHERE show_id = :show_id AND booking_id = :booking_id
ORDER BY kind = 'exchange' DESC, kind = 'gift_card' DESC, entered_at, id
""")
_LOCK_CARDS = text(
    "SELECT id, balance_minor FROM gift_cards WHERE id = ANY(:ids) AND state = 'active' AND currency = :currency "
    "AND (expires_at IS NULL OR expires_at > :now) ORDER BY id FOR UPDATE"
)
_LOCK_WALLETS = text(
    "SELECT user_id AS id, balance_minor FROM wallets WHERE user_id = ANY(:ids) AND currency = :currency "
    "ORDER BY user_id FOR UPDATE"
)
_LOCKS = {CreditKind.GIFT_CARD: _LOCK_CARDS, CreditKind.WALLET: _LOCK_WALLETS}
"""In the order they are locked."""


def credits_on(session: Session, show_id: int, booking_id: int) -> list[Row[Any]]:
    """What is entered or taken on a booking: exchanged seats first, then gift cards in order, then the wallet."""
    return list(session.execute(_CREDITS, {"show_id": show_id, "booking_id": booking_id}))


def take_credits(session: Session, booking: Booking, total_minor: int, now: dt.datetime) -> int:
    """Let the booking's credits pay as much of the total as they hold; gives how much. Locks the balances.

    Raises AmountChanged if a balance no longer holds what the buyer was shown, at the entry or by an earlier bill:
    nothing is taken then.
    """
    rows = [row for row in credits_on(session, booking.show_id, booking.id) if row.state != UseState.TAKEN]
    balances = _locked_balances(session, rows, booking.currency, now)
    left = total_minor
    for row in rows:
        balance = balances.get(row.id, 0)
        if balance < min(row.amount_minor, left):
            raise AmountChanged(credit_id=row.id, balance=balance)
        part = min(balance, left)
        _take(session, booking, row, part, now)
        left -= part
    return total_minor - left


def _locked_balances(session: Session, rows: list[Row[Any]], currency: str, now: dt.datetime) -> dict[int, int]:
    """The credit's id → what its source holds; a missing one has nothing to give.

    Exchanged seats hold what was paid for them, while they are all still good; they were locked with the booking.
    """
    found = {row.id: exchange_worth(session, row) for row in rows if row.kind == CreditKind.EXCHANGE}
    for kind, lock in _LOCKS.items():
        mine = {row.source_id: row.id for row in rows if row.kind == kind}
        if mine:
            values: dict[str, Any] = {"ids": sorted(mine), "currency": currency}
            if kind is CreditKind.GIFT_CARD:
                values["now"] = now
            locked = session.execute(lock, values)
            found |= {mine[row.id]: row.balance_minor for row in locked}
    return found


_SOURCES = text("""
SELECT c.id, coalesce(g.balance_minor, w.balance_minor, 0) AS balance, coalesce(card.code_end, '') AS code_end
FROM booking_credits c
LEFT JOIN gift_cards card ON c.kind = 'gift_card' AND card.id = c.source_id
LEFT JOIN gift_cards g ON g.id = card.id AND g.state = 'active' AND g.currency = :currency
  AND (g.expires_at IS NULL OR g.expires_at > :now)
LEFT JOIN wallets w ON c.kind = 'wallet' AND w.user_id = c.source_id AND w.currency = :currency
WHERE c.show_id = :show_id AND c.booking_id = :booking_id
""")


@dataclass(frozen=True, slots=True)
class CreditPart:
    """What one credit of a booking holds at this moment, and how much of the bill it would pay, in minor units."""

    id: int
    kind: CreditKind
    code_end: str
    """Of a gift card's code."""
    holds_minor: int
    pays_minor: int


def preview_credits(session: Session, booking: Booking, total_minor: int, now: dt.datetime) -> list[CreditPart]:
    """What take_credits would take of this total now. Reads only, without locks."""
    values = {"show_id": booking.show_id, "booking_id": booking.id, "currency": booking.currency, "now": now}
    sources = {row.id: row for row in session.execute(_SOURCES, values)}
    parts, left = [], total_minor
    for row in credits_on(session, booking.show_id, booking.id):
        kind, source = CreditKind(row.kind), sources[row.id]
        own = row.amount_minor if row.state == UseState.TAKEN else 0
        holds = exchange_worth(session, row) if kind is CreditKind.EXCHANGE else source.balance + own
        parts.append(CreditPart(row.id, kind, source.code_end, holds, min(holds, left)))
        left -= parts[-1].pays_minor
    return parts


_WORTH = text("""
SELECT count(*) AS seats, coalesce(sum(price_minor + fee_minor - discount_minor), 0) AS worth FROM tickets
WHERE show_id = :show_id AND booking_id = :booking_id AND id = ANY(:ticket_ids) AND state = 'issued'
""")


def exchange_worth(session: Session, row: Row[Any]) -> int:
    """What the seats of an exchange credit were paid with, while all of them are still good; else 0."""
    values = {"show_id": row.source_show_id, "booking_id": row.source_id, "ticket_ids": row.ticket_ids}
    found = session.execute(_WORTH, values).one()
    return int(found.worth) if found.seats == len(row.ticket_ids) else 0


_TAKE = text(
    "UPDATE booking_credits SET state = 'taken', amount_minor = :amount, times_taken = times_taken + 1 "
    "WHERE show_id = :show_id AND id = :id"
)
_BALANCE = {
    CreditKind.GIFT_CARD: text("UPDATE gift_cards SET balance_minor = balance_minor - :amount WHERE id = :source_id"),
    CreditKind.WALLET: text(
        "UPDATE wallets SET balance_minor = balance_minor - :amount WHERE user_id = :source_id AND currency = :currency"
    ),
}


def _take(session: Session, booking: Booking, row: Row[Any], amount: int, now: dt.datetime) -> None:
    session.execute(_TAKE, {"show_id": booking.show_id, "id": row.id, "amount": amount})
    _move(session, booking, row, amount, now, f"credit-{row.id}-take-{row.times_taken + 1}")


def _move(session: Session, booking: Booking, row: Row[Any], amount: int, now: dt.datetime, key: str) -> None:
    """From the balance to the booking's deposit; a negative amount goes the other way.

    The worth of exchanged seats has no balance: it moves when the exchange is done (services/exchanging.py).
    """
    kind = CreditKind(row.kind)
    if kind is CreditKind.EXCHANGE or amount == 0:
        return
    values = {"amount": amount, "source_id": row.source_id, "currency": booking.currency}
    session.execute(_BALANCE[kind], {name: values[name] for name in _NEEDS[kind]})
    entries = credit_taken(ACCOUNTS[kind], amount, str(row.source_id))
    post(session, key, entries, booking.currency, now, show_id=booking.show_id, booking_id=booking.id)


_NEEDS = {CreditKind.GIFT_CARD: ("amount", "source_id"), CreditKind.WALLET: ("amount", "source_id", "currency")}

_GIVEN_BACK = text("UPDATE booking_credits SET state = 'given_back' WHERE show_id = :show_id AND id = :id")


def give_back_credits(session: Session, booking: Booking, now: dt.datetime) -> None:
    """The booking came to nothing, or is quoted anew: what its credits paid is theirs again. Locks the balances."""
    taken = [row for row in credits_on(session, booking.show_id, booking.id) if row.state == UseState.TAKEN]
    _locked_balances(session, taken, booking.currency, now)
    for row in taken:
        session.execute(_GIVEN_BACK, {"show_id": booking.show_id, "id": row.id})
        _move(session, booking, row, -row.amount_minor, now, f"credit-{row.id}-back-{row.times_taken}")


def credits_can_return(session: Session, booking: Booking, now: dt.datetime) -> bool:
    """Lock the balances of what a run-out booking gave back; whether each still holds what it paid then."""
    rows = _given_back(session, booking)
    balances = _locked_balances(session, rows, booking.currency, now)
    return all(balances.get(row.id, 0) >= row.amount_minor for row in rows)


def take_credits_again(session: Session, booking: Booking, now: dt.datetime) -> None:
    """Late money confirms the booking after all. Only after credits_can_return said so, in the same transaction."""
    for row in _given_back(session, booking):
        _take(session, booking, row, row.amount_minor, now)


def _given_back(session: Session, booking: Booking) -> list[Row[Any]]:
    """What paid part of the kept bill and was given back since; no balance if the bill no longer counts on any.

    An exchange belongs to the booking whatever it is worth: its seats are given back when the booking is confirmed.
    """
    rows = [row for row in credits_on(session, booking.show_id, booking.id) if row.state == UseState.GIVEN_BACK]
    return [row for row in rows if row.kind == CreditKind.EXCHANGE or (booking.credit_minor and row.amount_minor)]


_WALLET = text("""
INSERT INTO wallets (user_id, currency, balance_minor) VALUES (:user_id, :currency, :amount)
ON CONFLICT (user_id, currency) DO UPDATE SET balance_minor = wallets.balance_minor + excluded.balance_minor
""")


def pay_into_wallet(session: Session, user_id: int, currency: str, amount_minor: int) -> None:
    """Raise a wallet's balance, making the wallet if need be. The caller books it."""
    session.execute(_WALLET, {"user_id": user_id, "currency": currency, "amount": amount_minor})


_CARD = text("""
UPDATE gift_cards SET balance_minor = balance_minor + :amount,
  expires_at = CASE WHEN expires_at IS NOT NULL THEN greatest(expires_at, :at_least) END
WHERE id = :id AND state = 'active' RETURNING id
""")
SPENDABLE_AGAIN = dt.timedelta(days=90)
"""How long a gift card is good at least once money came back to it."""


def pay_back_to_card(session: Session, gift_card_id: int, amount_minor: int, now: dt.datetime) -> None:
    """Raise a gift card's balance again after a cancellation. The caller books it.

    Raises ConcurrentModification if the card was voided in this very moment: asked again, its payment gets the money.
    """
    values = {"id": gift_card_id, "amount": amount_minor, "at_least": now + SPENDABLE_AGAIN}
    if session.execute(_CARD, values).one_or_none() is None:
        raise ConcurrentModification
