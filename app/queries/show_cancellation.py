"""A cancelled show: what calling it off will cost, how far its refunds have come, and what one buyer gets back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read
from app.domain.states import RefundState
from app.money import Money


def in_words(amounts: Iterable[Money]) -> str:
    """£311.50, or £311.50 and €20.00."""
    return " and ".join(map(str, amounts)) or "nothing"


Sum = tuple[int, tuple[tuple[str, int], ...]]
"""Sold seats and what they are worth in each currency, in minor units: what must not change between page and press."""


@dataclass(frozen=True, slots=True)
class SoldToRefund:
    """What would go back if the show were called off now: living tickets of confirmed bookings and their worth."""

    bookings: int
    seats: int
    amounts: tuple[Money, ...]
    """One for each currency; gift cards, wallets and exchanged seats are in it."""
    unpaid: int
    """Bookings that are held or being paid: they are let go."""

    @property
    def sum(self) -> Sum:
        return self.seats, tuple((money.currency, money.minor) for money in self.amounts)

    @property
    def sentence(self) -> str:
        if not self.seats:
            return "No seat is sold; nothing has to be refunded."
        seats = "1 sold seat" if self.seats == 1 else f"{self.seats:,} sold seats"
        return f"{seats} will be refunded, {in_words(self.amounts)}."


_SOLD = text("""
SELECT b.currency, count(DISTINCT b.id) AS bookings, count(*) AS seats,
       sum(t.price_minor + t.fee_minor - t.discount_minor) AS worth
FROM bookings b JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
WHERE b.show_id = :show_id AND b.state = 'confirmed' GROUP BY b.currency ORDER BY b.currency
""")
_UNPAID = text("SELECT count(*) FROM bookings WHERE show_id = :show_id AND state IN ('held', 'awaiting_payment') ")


def sold_to_refund(show_id: int) -> SoldToRefund:
    """The figures to look at before a show is called off."""
    rows = db.session.execute(_SOLD, {"show_id": show_id}).all()
    unpaid = db.session.execute(_UNPAID, {"show_id": show_id}).scalar_one()
    end_read()
    return SoldToRefund(
        bookings=sum(row.bookings for row in rows),
        seats=sum(row.seats for row in rows),
        amounts=tuple(Money(int(row.worth), row.currency) for row in rows),
        unpaid=unpaid,
    )


@dataclass(frozen=True, slots=True)
class ShowCancellationProgress:
    """How far refunding a cancelled show has come. Money is what was given back so far, by whichever way."""

    reason: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    refunded: int
    total: int
    amounts: tuple[Money, ...]
    refunds: dict[RefundState, int]
    """Refunds through gateways by their state; every state is there."""

    @property
    def returned_words(self) -> str:
        return in_words(self.amounts)

    @property
    def arrived(self) -> bool:
        """Nothing moves any more: every booking is refunded, and the gateways have answered for every refund."""
        waiting = self.refunds[RefundState.REQUESTED] + self.refunds[RefundState.SENT]
        return self.finished_at is not None and not waiting

    @property
    def sentence(self) -> str:
        state = self.refunds
        return (
            f"{self.refunded:,} of {self.total:,} bookings are refunded, {in_words(self.amounts)}. "
            f"Refunds at the gateways: {state[RefundState.DONE]:,} done, {state[RefundState.SENT]:,} sent, "
            f"{state[RefundState.REQUESTED]:,} to be sent, {state[RefundState.FAILED]:,} refused and tried again."
        )


_HEAD = text("SELECT reason, started_at, finished_at, bookings FROM show_cancellations WHERE show_id = :show_id")
_RETURNED = text("""
SELECT b.currency, count(*) AS bookings, sum(c.returned_minor) AS returned
FROM cancellations c JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
WHERE c.show_id = :show_id AND c.reason = 'show_cancelled' GROUP BY b.currency ORDER BY b.currency
""")
_REFUNDS = text("""
SELECT r.state, count(*) AS number FROM cancellations c
JOIN refunds r ON r.cancellation_show_id = c.show_id AND r.cancellation_id = c.id
WHERE c.show_id = :show_id AND c.reason = 'show_cancelled' GROUP BY r.state
""")


def show_cancellation_progress(show_id: int) -> ShowCancellationProgress | None:
    """The progress as it is now; None for a show that was not called off."""
    key = {"show_id": show_id}
    head = db.session.execute(_HEAD, key).one_or_none()
    if head is None:
        return None
    returned = db.session.execute(_RETURNED, key).all()
    counted = {row.state: row.number for row in db.session.execute(_REFUNDS, key)}
    end_read()
    return ShowCancellationProgress(
        reason=head.reason,
        started_at=head.started_at.astimezone(dt.UTC),
        finished_at=head.finished_at and head.finished_at.astimezone(dt.UTC),
        refunded=sum(row.bookings for row in returned),
        total=head.bookings,
        amounts=tuple(Money(int(row.returned), row.currency) for row in returned),
        refunds={state: counted.get(state.value, 0) for state in RefundState},
    )


@dataclass(frozen=True, slots=True)
class RefusedRefund:
    """A refund of a cancelled show that its gateway refused: whose, how much, and in the gateway's words why."""

    code: str
    name: str
    amount: Money
    why: str


_REFUSED = text("""
SELECT b.code, b.name, r.amount_minor, r.currency, r.failure FROM cancellations c
JOIN refunds r ON r.cancellation_show_id = c.show_id AND r.cancellation_id = c.id AND r.state = 'failed'
JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
WHERE c.show_id = :show_id AND c.reason = 'show_cancelled' ORDER BY r.id
""")


def refused_refunds(show_id: int) -> tuple[RefusedRefund, ...]:
    """The refunds that somebody has to look after."""
    rows = db.session.execute(_REFUSED, {"show_id": show_id}).all()
    end_read()
    return tuple(RefusedRefund(row.code, row.name, Money(row.amount_minor, row.currency), row.failure) for row in rows)


@dataclass(frozen=True, slots=True)
class CalledOff:
    """What the buyer of a cancelled show is told. `returned_minor`, in the booking's currency, is None while its turn
    has not come yet."""

    reason: str
    returned_minor: int | None


_OF_BOOKING = text("""
SELECT s.reason, c.returned_minor FROM show_cancellations s JOIN bookings b ON b.show_id = s.show_id
LEFT JOIN cancellations c ON c.show_id = b.show_id AND c.booking_id = b.id AND c.reason = 'show_cancelled'
WHERE b.show_id = :show_id AND b.id = :booking_id AND (b.state = 'confirmed' OR c.id IS NOT NULL)
""")


def called_off(show_id: int, booking_id: int) -> CalledOff | None:
    """Why this booking's show does not take place, and what comes back for it; None if that is not how it ended."""
    row = db.session.execute(_OF_BOOKING, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    return CalledOff(*row) if row else None
