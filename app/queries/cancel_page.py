"""Seats of a booking that were given back, and how their money stands: for its page and the list of bookings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from app.db import db
from app.domain.ledger import Account
from app.domain.refund_policy import CancellationReason
from app.domain.states import RefundState
from app.domain.tenders import VOID_CARD

TRIES = 12
"""Attempts of the outbox after which a refund waits for staff."""


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """Part of what comes back, in minor units: `account` says whether a gateway, a gift card, a wallet or new seats
    got it, `detail` the payment's mode, VOID_CARD, one AT_THE_COUNTER or the gift card's last letters. All but a
    gateway's and a counter's are there at once."""

    account: Account
    amount_minor: int
    detail: str
    state: RefundState
    given_up: bool = False
    """The gateway refused so often that staff see to it."""

    @property
    def settled(self) -> bool:
        return self.state is RefundState.DONE or self.given_up


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One cancellation. Amounts in minor units of the booking's currency; `at` is UTC."""

    id: int
    reason: CancellationReason
    at: dt.datetime
    seats: tuple[str, ...]
    value_minor: int
    kept_minor: int
    returned_minor: int
    money: tuple[MoneyBack, ...]

    @property
    def settled(self) -> bool:
        return all(part.settled for part in self.money)


_CANCELLATIONS = text("""
SELECT c.id, c.reason, c.at, c.value_minor, c.kept_minor, c.returned_minor,
       ARRAY(SELECT seat.label FROM tickets t JOIN seats seat ON seat.id = t.seat_id
             WHERE t.show_id = c.show_id AND t.booking_id = c.booking_id AND t.cancellation_id = c.id
             ORDER BY t.number) AS seats
FROM cancellations c WHERE c.show_id = :show_id AND c.booking_id = :booking_id ORDER BY c.id
""")
_REFUNDS = text("""
SELECT r.cancellation_id, r.amount_minor, r.state,
       CASE WHEN p.show_id = 0 THEN :void_card WHEN p.shift_id IS NOT NULL THEN p.provider ELSE p.mode END AS mode,
       NOT EXISTS (SELECT FROM outbox o WHERE o.show_id = r.show_id AND o.kind = 'send_refund' AND o.subject_id = r.id
                   AND o.done_at IS NULL AND o.attempts < :tries) AS given_up
FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE r.cancellation_show_id = :show_id AND r.cancellation_id = ANY(:ids) ORDER BY r.id
""")
_AT_ONCE = text("""
SELECT substr(e.key, 8) AS cancellation_id, e.account, -e.amount_minor AS amount_minor, coalesce(g.code_end, '') AS detail
FROM ledger_entries e
LEFT JOIN gift_cards g ON e.account = 'gift_card_liability' AND CAST(g.id AS text) = e.party
WHERE e.show_id = :show_id AND e.key = ANY(:keys) AND e.amount_minor < 0
  AND e.account IN ('gift_card_liability', 'wallet_liability', 'exchanges') ORDER BY e.id
""")


def given_back(show_id: int, booking_id: int) -> tuple[GivenBack, ...]:
    """Every cancellation of a booking, the first one first, each part of its money with its state."""
    key = {"show_id": show_id, "booking_id": booking_id}
    rows = db.session.execute(_CANCELLATIONS, key).all()
    money = _money(show_id, [row.id for row in rows]) if rows else {}
    return tuple(_given_back(row, money.get(row.id, [])) for row in rows)


def _given_back(row: Row[Any], money: Sequence[MoneyBack]) -> GivenBack:
    return GivenBack(
        id=row.id,
        reason=CancellationReason(row.reason),
        at=row.at.astimezone(dt.UTC),
        seats=tuple(row.seats),
        value_minor=row.value_minor,
        kept_minor=row.kept_minor,
        returned_minor=row.returned_minor,
        money=tuple(money),
    )


def _money(show_id: int, ids: list[int]) -> dict[int, list[MoneyBack]]:
    """Cancellation id → where its money goes: by refunds, and at once, which the ledger knows to the penny."""
    found: dict[int, list[MoneyBack]] = {number: [] for number in ids}
    refunds = {"show_id": show_id, "ids": ids, "tries": TRIES, "void_card": VOID_CARD}
    for row in db.session.execute(_REFUNDS, refunds):
        state = RefundState(row.state)
        given_up = row.given_up and state is RefundState.FAILED
        found[row.cancellation_id].append(
            MoneyBack(Account.REFUNDS_PAYABLE, row.amount_minor, row.mode, state, given_up)
        )
    at_once = {"show_id": show_id, "keys": [f"cancel-{number}" for number in ids]}
    for row in db.session.execute(_AT_ONCE, at_once):
        part = MoneyBack(Account(row.account), row.amount_minor, row.detail, RefundState.DONE)
        found[int(row.cancellation_id)].append(part)
    return found
