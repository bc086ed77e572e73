"""Money back at the counter: seats cancelled by the staff, cash and card paid out of a shift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, on_commit, transaction
from app.domain.audit import Action
from app.domain.counter import CounterTender
from app.domain.groups import in_runs
from app.domain.messages import MessageKind
from app.domain.refund_policy import CancellationReason, Return, what_returns
from app.domain.staff import By
from app.domain.states import BookingState, RefundState, ShowState, TicketState
from app.errors import AmountChanged, Invalid, NoShift, NotCancellable, NotFound
from app.models import Cancellation, Payment, Refund
from app.money import format_money
from app.queries.seat_map import forget_seat_map
from app.services.audit import audit
from app.services.cancel_rules import (
    Facts,
    check_companions_go,
    check_tickets,
    chosen_tickets,
    facts_of,
    spoken_list,
)
from app.services.giving_back import give_back_seats, lock_tickets, read_tickets
from app.services.letting_go import lock_booking
from app.services.refunds import book_refund_done
from app.services.returning import tenders_of
from app.services.shifts import join_shift
from app.services.telling import tell
from app.services.ways_back import WayBack, ways_back

NOTHING = Return(0, 0, 0)
COUNTER = [tender.value for tender in CounterTender]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a cancellation at the counter did, in minor units: what came back in all, and what of it the drawer and the
    terminal have to hand out now."""

    cancellation_id: int
    returned_minor: int
    cash_minor: int
    terminal_minor: int


def cancel_at_counter(
    by: By,
    show_id: int,
    booking_id: int,
    numbers: Collection[int] | None,
    *,
    full: bool,
    expected_minor: int,
    reason: str,
    shift_id: int | None,
) -> GivenBack:
    """Give back tickets for a customer: all of the money, or by the policy promised. What was paid at a counter is paid
    out of the shift at once; the rest goes back the way it came.

    Raises Invalid (no reason, no such ticket), NotCancellable, AmountChanged if not `expected_minor` would come back,
    NoShift. Locks the seats, the booking, its tickets, its payments, balances, refunds, the shift.
    """
    _check_reason(reason)
    with transaction() as session:
        lock_booking(session, show_id, booking_id)
        facts = facts_of(session, show_id, booking_id, lock_tickets(session, show_id, booking_id))
        chosen = chosen_tickets(facts, numbers)
        result = _judge(facts, chosen, full)
        if result.returned_minor != expected_minor:
            back = format_money(result.returned_minor, facts.booking.currency)
            raise AmountChanged(f"What comes back is {back} now. Please look at it once more.")
        why = CancellationReason.STAFF if full else CancellationReason.BUYER
        done = give_back_seats(session, facts.booking, chosen, why, result, facts.now, by.actor)
        tell(session, MessageKind.CANCELLATION, facts.now, facts.booking, done.id)
        cinema_id = _cinema_of(session, show_id)
        paid = _hand_out(session, by, done, shift_id, cinema_id, facts.now)
        _write_down(session, by, facts, chosen, result, cinema_id, reason)
        on_commit(lambda: forget_seat_map(show_id))
    return GivenBack(done.id, result.returned_minor, paid["cash"], paid["terminal"])


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """What giving these tickets back would do now: their seats, the money, its ways. `problem` says why it can't be."""

    seats: tuple[str, ...] = ()
    result: Return = NOTHING
    ways: tuple[WayBack, ...] = ()
    problem: str = ""

    @property
    def seat_names(self) -> str:
        """J8, J9 and J10; many by their runs: D1–D7, E3."""
        return spoken_list(self.seats) if len(self.seats) < 5 else in_runs(self.seats)

    @property
    def cash_minor(self) -> int:
        """What of it comes out of a drawer."""
        return sum(way.amount_minor for way in self.ways if way.detail == CounterTender.CASH)


def preview_refund(show_id: int, booking_id: int, numbers: Collection[int], *, full: bool) -> RefundPreview:
    """What cancel_at_counter() would do with these tickets. Reads only, and locks nothing."""
    session = db.session()
    facts = facts_of(session, show_id, booking_id, read_tickets(session, show_id, booking_id))
    try:
        chosen = chosen_tickets(facts, numbers)
        result = _judge(facts, chosen, full)
    except (NotCancellable, Invalid) as refusal:
        return RefundPreview(problem=refusal.message)
    tenders = tenders_of(session, show_id, booking_id, lock=False)
    ways = ways_back(session, facts.booking, tenders, result.returned_minor, False)
    return RefundPreview(tuple(facts.name(ticket) for ticket in chosen), result, ways)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("Say why: the reason is kept with the booking.")


def _judge(facts: Facts, chosen: Sequence[Row[Any]], full: bool) -> Return:
    """What comes back. Raises NotCancellable; the staff may give all back when the buyer's time is over."""
    if not chosen:
        raise NotCancellable("No ticket of this booking is left to give back.")
    if full:
        _check_full(facts, chosen)
    else:
        check_tickets(facts, chosen)
    return what_returns([ticket.value_minor for ticket in chosen], None if full else facts.step)


def _check_full(facts: Facts, chosen: Sequence[Row[Any]]) -> None:
    if facts.show.state == ShowState.CANCELLED:
        raise NotCancellable("The show is cancelled; its refunds are on their way already.")
    if facts.booking.state != BookingState.CONFIRMED:
        raise NotCancellable("This booking is not paid, or cancelled already.")
    used = [facts.name(ticket) for ticket in chosen if ticket.state == TicketState.ADMITTED]
    if used:
        raise NotCancellable(f"{', '.join(used)} was used at the door. A manager can undo that there.")
    check_companions_go(facts, chosen)


_CINEMA = text("SELECT cinema_id FROM shows WHERE id = :show_id")


def _cinema_of(session: Session, show_id: int) -> int:
    return int(session.execute(_CINEMA, {"show_id": show_id}).scalar_one())


_TO_HAND_OUT = text("""
SELECT r.show_id, r.id FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE r.cancellation_show_id = :show_id AND r.cancellation_id = :id AND r.state = 'requested'
  AND p.provider = ANY(:counter) ORDER BY r.show_id, r.id
""")


def _hand_out(
    session: Session, by: By, done: Cancellation, shift_id: int | None, cinema_id: int, now: dt.datetime
) -> dict[str, int]:
    session.flush()
    values = {"show_id": done.show_id, "id": done.id, "counter": COUNTER}
    found = session.execute(_TO_HAND_OUT, values).all()
    sums = dict.fromkeys(COUNTER, 0)
    if not found:
        return sums
    if shift_id is None:
        raise NoShift
    join_shift(session, by, shift_id, cinema_id)
    for row in found:
        refund, payment = _lock(session, row.show_id, row.id)
        _pay(session, by, refund, payment, shift_id, now)
        sums[payment.provider] += refund.amount_minor
    return sums


_PAYMENT_OF = text("SELECT payment_id FROM refunds WHERE show_id = :show_id AND id = :id")


def _lock(session: Session, show_id: int, refund_id: int) -> tuple[Refund, Payment]:
    payment_id = session.execute(_PAYMENT_OF, {"show_id": show_id, "id": refund_id}).scalar_one_or_none()
    if payment_id is None:
        raise NotFound("There is no such refund.")
    payment = session.get_one(Payment, (show_id, payment_id), populate_existing=True, with_for_update=True)
    return session.get_one(Refund, (show_id, refund_id), populate_existing=True, with_for_update=True), payment


def _pay(session: Session, by: By, refund: Refund, payment: Payment, shift_id: int, now: dt.datetime) -> None:
    refund.shift_id = shift_id
    refund.attempts += 1
    refund.move_to(RefundState.DONE, now, by.actor)
    book_refund_done(session, refund, payment, now, by.actor)


def pay_out(by: By, shift_id: int, cinema_id: int, show_id: int, refund_id: int) -> int:
    """Hand out a refund that waits for its customer at the counter: what they cancelled online, or a cancelled show's.
    Gives the amount in minor units; 0 if it was paid out already.

    Raises NotFound, NoShift. Locks the payment, the refund, the shift.
    """
    with transaction() as session:
        refund, payment = _lock(session, show_id, refund_id)
        if payment.provider not in COUNTER or _cinema_of(session, show_id) != cinema_id:
            raise NotFound("This refund is not paid out here.")
        if refund.state == RefundState.DONE:
            return 0
        join_shift(session, by, shift_id, cinema_id)
        _pay(session, by, refund, payment, shift_id, clock.now())
        after = {"amount_minor": refund.amount_minor, "currency": refund.currency, "tender": payment.provider}
        audit(session, by, Action.REFUND_PAID_OUT, refund.id, cinema_id=cinema_id, after=after)
    return refund.amount_minor


def _write_down(
    session: Session,
    by: By,
    facts: Facts,
    chosen: Sequence[Row[Any]],
    result: Return,
    cinema_id: int,
    reason: str,
) -> None:
    after = {
        "code": facts.booking.code,
        "seats": [facts.name(ticket) for ticket in chosen],
        "value_minor": result.value_minor,
        "returned_minor": result.returned_minor,
        "currency": facts.booking.currency,
    }
    audit(session, by, Action.BOOKING_CANCELLED, facts.booking.id, cinema_id=cinema_id, after=after, reason=reason)
