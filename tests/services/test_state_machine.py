"""Holds, payments and time in any order Hypothesis thinks of, against a model small enough to be right."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.db import db, end_read, transaction
from app.domain.states import PaymentState
from app.errors import (
    AlreadyExtended,
    ConcurrentModification,
    DomainError,
    HoldExpired,
    InvalidSeats,
    SeatsTaken,
    ShowNotOnSale,
)
from app.models import Payment
from app.services import checkout, holds, payments
from tests.builders import A_BUYER, a_show, an_event, seat_ids
from tests.support.house import clean_house, forget_everything_kept
from tests.support.kept import broken_promises

SEATS = 12
RECENT = st.integers(0, 2)
"""Which one, counted from the last."""
MOST = 10
LIVE = ("held", "awaiting_payment")
CAPTURES = {"confirmed", "confirmed late", "repeated"}
CAPTURES |= {f"refunded: {why}" for why in ("wrong amount", "already paid", "released", "show begun", "seats gone")}
minutes = dt.timedelta(minutes=1)


@dataclass
class ModelPayment:
    id: int
    ref: str
    booking: ModelBooking
    state: str = "pending"
    refunded: bool = False


@dataclass
class ModelBooking:
    """What we believe of one booking."""

    id: int
    owner: str
    seats: list[int]
    expires_at: dt.datetime
    cap_at: dt.datetime
    state: str = "held"
    extended: bool = False
    payments: list[ModelPayment] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.state in LIVE

    def run_out(self) -> bool:
        return self.live and self.expires_at <= clock.now()

    def end(self, state: str) -> None:
        self.state = state
        for payment in self.payments:
            if payment.state == "pending":
                payment.state = "expired"

    def running(self) -> ModelPayment | None:
        return next((one for one in self.payments if one.state == "pending"), None)


def outcome(act) -> object:
    """What came of it: a value, or the class of the refusal (with the seats that are gone)."""
    try:
        return act()
    except SeatsTaken as problem:
        return (SeatsTaken, sorted(problem.details["taken"]))
    except DomainError as problem:
        return type(problem)


class BoxOffice(RuleBasedStateMachine):
    """One show of twelve seats, three buyers, and a clock."""

    def __init__(self, urls, moved_clock, seen) -> None:
        super().__init__()
        self.seen = seen
        self.urls = urls
        clean_house(urls)
        forget_everything_kept()
        self.clock = moved_clock
        self.show = a_show(SEATS, layout={"per_row": 6})
        self.seats = seat_ids(self.show)
        self.all: list[ModelBooking] = []

    # What the model says of seats

    def holder(self, seat: int) -> ModelBooking | None:
        return next((one for one in self.all if seat in one.seats and one.state in (*LIVE, "confirmed")), None)

    def on_sale(self) -> bool:
        return clock.now() < self.show.starts_at

    def booking(self, recent: int) -> ModelBooking:
        """The last booking, or the one before …; the first is made here."""
        if not self.all:
            self._hold("a", {0, 1})
        return self.all[-1 - recent % len(self.all)]

    def payment(self, recent: int) -> ModelPayment:
        """One of the last payments, rather one that is still to be heard of; the first is made here."""
        known = [one for booking in self.all for one in booking.payments]
        if not any(one.state != "captured" for one in known):
            booking = self._hold(f"e{len(self.all)}", self._free_place()) if self.on_sale() else None
            made = booking and self._start(booking)
            known += [made] if made else []
        waiting = [one for one in known if one.state != "captured"] or known
        assume(waiting)
        return waiting[-1 - recent % len(waiting)]

    def _free_place(self) -> set[int]:
        free = [place for place, seat in enumerate(self.seats) if not self.holder(seat)]
        return {free[0]} if free else {0}

    # What people do

    @rule(owner=st.sampled_from("abc"), places=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=5))
    def hold(self, owner, places):
        self._hold(owner, places)

    def _hold(self, owner: str, places: set[int]) -> ModelBooking | None:
        owner, wanted = f"s:{owner}", sorted(self.seats[place] for place in places)
        expected = self._expect_hold(owner, wanted)
        got = outcome(lambda: holds.hold_seats(self.show.id, wanted, owner))
        if expected is not None:
            assert got == expected
            return None
        now = clock.now()
        made = ModelBooking(got.booking_id, owner, wanted, now + 10 * minutes, now + 30 * minutes)
        assert got.expires_at == made.expires_at
        self.all.append(made)
        return made

    def _expect_hold(self, owner: str, wanted: list[int]) -> object:
        """None if it is to succeed. Ends what it ends: run-out holds of others, the buyer's own earlier one."""
        own = next((one for one in self.all if one.owner == owner and one.state == "held"), None)
        others = {seat: one for seat in wanted if (one := self.holder(seat)) and one is not own}
        taken = sorted(seat for seat, one in others.items() if not one.run_out())
        if taken:
            return (SeatsTaken, taken)
        for one in others.values():
            one.end("expired")
        if not self.on_sale():
            return ShowNotOnSale
        paying = [one for one in self.all if one.owner == owner and one.state in ("awaiting_payment", "confirmed")]
        if sum(len(one.seats) for one in paying) + len(wanted) > MOST:
            return InvalidSeats
        if own:
            own.end("released")
        return None

    @rule(recent=RECENT)
    def extend(self, recent):
        booking = self.booking(recent)
        got = outcome(lambda: holds.extend_hold(self.show.id, booking.id))
        if booking.state == "confirmed":
            assert got is ConcurrentModification
        elif not booking.live or booking.run_out():
            assert got is HoldExpired
        elif booking.extended:
            assert got is AlreadyExtended
        else:
            booking.extended = True
            booking.expires_at = min(booking.expires_at + 5 * minutes, booking.cap_at)
            assert got == booking.expires_at

    @rule(recent=RECENT)
    def release(self, recent):
        booking = self.booking(recent)
        got = outcome(lambda: holds.release_booking(self.show.id, booking.id))
        if booking.live:
            assert got is True
            booking.end("released")
        else:
            assert got is (ConcurrentModification if booking.state == "confirmed" else False)

    @rule(recent=RECENT)
    def expire(self, recent):
        booking = self.booking(recent)
        over = booking.run_out()
        assert holds.expire_booking(self.show.id, booking.id) is over
        if over:
            booking.end("expired")

    @rule()
    def clock_strikes(self):
        over = [one for one in self.all if one.run_out()]
        assert holds.expire_holds() == len(over)
        for one in over:
            one.end("expired")

    @rule(recent=RECENT)
    def start_payment(self, recent):
        self._start(self.booking(recent))

    def _start(self, booking: ModelBooking) -> ModelPayment | None:
        """The payment that begins; None where it is refused or joins one that runs."""
        got = outcome(lambda: checkout.begin_payment(self.show.id, booking.id, A_BUYER, {}, "sandbox", "card", "guest"))
        if booking.state == "confirmed":
            assert got is ConcurrentModification
            return None
        if not booking.live or booking.run_out():
            assert got is HoldExpired
            return None
        running = booking.running()
        if running:
            assert got.payment_id == running.id, "a second submit joins the first"
            return None
        if booking.state == "held":
            booking.state = "awaiting_payment"
            booking.expires_at = min(max(booking.expires_at, clock.now() + 15 * minutes), booking.cap_at)
        made = ModelPayment(got.payment_id, f"ref-{self.show.id}-{got.payment_id}", booking)
        self._gateway_answers(made)
        booking.payments.append(made)
        return made

    def _gateway_answers(self, made: ModelPayment) -> None:
        with transaction() as session:
            row = session.get_one(Payment, (self.show.id, made.id), populate_existing=True)
            row.provider_ref = made.ref
            row.move_to(PaymentState.PENDING, clock.now(), "test")

    # What gateways say

    def _event(self, payment: ModelPayment, kind: EventKind = EventKind.CAPTURED, **values):
        row = db.session.get_one(Payment, (self.show.id, payment.id), populate_existing=True)
        end_read()
        return an_event(row, kind, **values)

    @rule(recent=RECENT, times=st.integers(1, 3), chance=st.integers(0, 3))
    def pay(self, recent, times, chance):
        """Captured, told up to three times, seldom one minor unit short."""
        payment = self.payment(recent)
        short = chance == 3
        event = self._event(payment)
        if short:
            event = self._event(payment, amount_minor=event.amount_minor - 1)
        expected = self._expect_capture(payment, short)
        got = [payments.settle_payment(event) for _ in range(times)]
        assert got == [expected, *["repeated"] * (times - 1)]

    @rule(recent=RECENT)
    def pay_what_was_paid(self, recent):
        """Another message about any payment, paid or not."""
        known = [one for booking in self.all for one in booking.payments]
        if known:
            self._told(known[-1 - recent % len(known)])

    def _told(self, payment: ModelPayment) -> None:
        expected = self._expect_capture(payment, short=False)
        assert payments.settle_payment(self._event(payment)) == expected

    @rule(recent=RECENT, rival=st.sampled_from(["nobody", "holds", "held once", "the clock"]))
    def pay_too_late(self, recent, rival):
        """The time of the booking runs out, somebody may want a seat of it, and then the money comes."""
        payment = self.payment(recent)
        booking = payment.booking
        self._wait_for_end(booking)
        if rival == "the clock":
            self.clock_strikes()
        elif rival != "nobody":
            self._hold("d", {self.seats.index(booking.seats[0])})
        if rival == "held once":
            self.time_passes(11)
        self._told(payment)

    @rule(recent=RECENT)
    def pay_two_attempts(self, recent):
        """Declined, tried again, and then both attempts are captured after all."""
        payment = self.payment(recent)
        self._declined(payment)
        second = self._start(payment.booking)
        self._told(payment)
        if second:
            self._told(second)

    def _expect_capture(self, payment: ModelPayment, short: bool) -> str:
        expected = self._capture(payment, short)
        self.seen[expected] += 1
        return expected

    def _capture(self, payment: ModelPayment, short: bool) -> str:
        booking = payment.booking
        if payment.state == "captured":
            return "repeated"
        payment.state = "captured"
        reason = "wrong amount" if short else self._reason(booking)
        if reason:
            payment.refunded = True
            return f"refunded: {reason}"
        late = booking.state == "expired"
        booking.state = "confirmed"
        return "confirmed late" if late else "confirmed"

    def _reason(self, booking: ModelBooking) -> str | None:
        """Why the money goes back; ends run-out holds of others on the seats if it needn't."""
        if booking.state in ("confirmed", "released"):
            return {"confirmed": "already paid", "released": "released"}[booking.state]
        if booking.live:
            return None
        if not self.on_sale():
            return "show begun"
        others = [one for seat in booking.seats if (one := self.holder(seat))]
        if any(not one.run_out() for one in others):
            return "seats gone"
        for one in others:
            one.end("expired")
        return None

    @rule(recent=RECENT)
    def decline(self, recent):
        self._declined(self.payment(recent))

    def _declined(self, payment: ModelPayment) -> None:
        got = payments.settle_payment(self._event(payment, EventKind.FAILED))
        assert got == ("failed" if payment.state == "pending" else "too late")
        if payment.state == "pending":
            payment.state = "failed"

    @rule(span=st.sampled_from([1, 4, 6, 11, 16, 31]))
    def time_passes(self, span):
        self.clock.forward(minutes=span)

    @rule(recent=RECENT)
    def run_out(self, recent):
        self._wait_for_end(self.booking(recent))

    def _wait_for_end(self, booking: ModelBooking) -> None:
        """Until the very instant at which its time is over."""
        if booking.live and not booking.run_out():
            self.clock.forward(seconds=(booking.expires_at - clock.now()).total_seconds())

    @precondition(lambda self: len(self.all) > 3 and self.on_sale())
    @rule(recent=RECENT, struck=st.booleans())
    def the_show_begins(self, recent, struck):
        """Nothing can be held from here on; money that comes now comes too late, unless the seats are still kept."""
        payment = self.payment(recent)
        if struck:
            self._wait_for_end(payment.booking)
            self.clock_strikes()
        self.clock.forward(seconds=(self.show.starts_at - clock.now()).total_seconds())
        self._told(payment)

    # What must be so at each step

    @invariant()
    def the_database_is_as_the_model_says(self):
        rows = db.session.execute(
            text("SELECT id, state, expires_at FROM bookings WHERE show_id = :id"), {"id": self.show.id}
        ).all()
        assert {row.id: row.state for row in rows} == {one.id: one.state for one in self.all}
        ends = {row.id: row.expires_at for row in rows}
        assert all(ends[one.id] == one.expires_at for one in self.all)
        seats = db.session.execute(
            text("SELECT seat_id, booking_id, state FROM show_seats WHERE show_id = :id"), {"id": self.show.id}
        ).all()
        for row in seats:
            holder = self.holder(row.seat_id)
            assert row.booking_id == (holder.id if holder else None)
            assert row.state == (("sold" if holder.state == "confirmed" else "held") if holder else "free")
        self._payments_match()
        end_read()

    def _payments_match(self) -> None:
        rows = db.session.execute(
            text("SELECT id, state, refunded_minor > 0 AS refunded FROM payments WHERE show_id = :id"),
            {"id": self.show.id},
        ).all()
        model = {one.id: (one.state, one.refunded) for booking in self.all for one in booking.payments}
        assert {row.id: (row.state, row.refunded) for row in rows} == model

    def teardown(self):
        broken = broken_promises(self.urls)
        db.session.remove()
        assert not broken


def test_any_order_of_holding_paying_and_waiting_keeps_every_promise(app, urls, moved_clock, set_setting):
    set_setting(orphan_seats="off")
    moved_clock.stop_at(clock.now().replace(microsecond=0))
    seen: Counter[str] = Counter()
    chosen = settings(
        max_examples=80,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: BoxOffice(urls, moved_clock, seen), settings=chosen)
    assert set(seen) == CAPTURES, "the stories came to every end that money can have"
