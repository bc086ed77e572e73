"""Money in any order Hypothesis thinks of: coupons, gift cards, wallets, late and wrong captures, cancellations in
parts, changes, refused refunds, a show called off. Whatever happens, every promise holds at every step."""

from __future__ import annotations

import dataclasses
from collections import Counter

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app import clock
from app.adapters.payments import EventKind
from app.adapters.payments.fake import FakeSession
from app.db import db
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND
from app.errors import DomainError
from app.jobs.outbox import run_due_items
from app.models import Booking
from app.services import checkout, extras, payments
from app.services.cancelling import cancel_seats, preview_cancellation
from app.services.exchanging import Change, hold_for_exchange
from app.services.holds import expire_holds, hold_seats, release_booking
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import A_BUYER, _free_seats, a_cinema, a_city, a_movie, a_show, the_booking
from tests.support.books import books, rows, unbalanced
from tests.support.house import clean_house, forget_everything_kept
from tests.support.kept import broken_promises
from tests.support.money import a_coupon, a_gift_card, an_account, money_in_wallet

RECENT = st.integers(0, 4)
COUPONS = st.sampled_from(["", "", "TENOFF", "FIVER", "ONCE"])
ENDS = {
    "confirmed",
    "confirmed late",
    "repeated",
    "failed",
    "too late",
    "refunded: wrong amount",
    "refunded: already paid",
    "refunded: released",
    "refunded: seats gone",
    "refunded: extras gone",
    "refunded: show cancelled",
    "refunded: cancelled",
    "refunded: show begun",
}


class Till(RuleBasedStateMachine):
    """Three shows of one film, one buyer with an account, a gateway whose every answer is chosen here."""

    def __init__(self, urls, fake, moved_clock, seen: Counter[str]) -> None:
        super().__init__()
        self.urls = urls
        clean_house(urls)
        forget_everything_kept()
        fake.sessions.clear()
        fake.answers.clear()
        self.fake, self.clock, self.seen = fake, moved_clock, seen

    @initialize()
    def a_house(self):
        film, cinema = a_movie(), a_cinema(a_city(), tax_percent=20)
        self.shows = [a_show(30, movie=film, cinema=cinema) for _ in range(3)]
        self.ada = an_account()
        a_coupon("TENOFF", 10, stackable=True)
        a_coupon("FIVER", None, amount_minor=500, currency="GBP", min_minor=1500, stackable=True)
        a_coupon("ONCE", 50, total_limit=1)
        money_in_wallet(self.ada, 900)
        self.cards = [a_gift_card(minor)[1] for minor in (700, 2500)]
        self.bookings: list[tuple[int, int]] = []
        self.choose(0, 4, "TENOFF", 0, False, "paid")
        self.choose(1, 2, "", None, True, "late")

    def booking(self, recent: int) -> Booking | None:
        return the_booking(*self.bookings[-1 - recent % len(self.bookings)]) if self.bookings else None

    def session(self, recent: int) -> FakeSession | None:
        known = list(self.fake.sessions.values())
        return known[-1 - recent % len(known)] if known else None

    def tried(self, what: str, act):
        """What came of it; a refusal is an outcome too, and leaves everything as it was."""
        try:
            result = act()
        except DomainError as problem:
            self.seen[f"{what}: {problem.code}"] += 1
            return None
        self.seen[what] += 1
        return result

    # Buying

    @rule(
        place=st.integers(0, 2),
        n=st.integers(1, 4),
        coupon=COUPONS,
        card=st.sampled_from([None, None, 0, 1]),
        wallet=st.booleans(),
        then=st.sampled_from(["paid", "paid", "paid", "late", "late", "short", "paying", "declined", "held"]),
    )
    def choose(self, place, n, coupon, card, wallet, then):
        show = self.shows[place]
        owner = f"u:{self.ada}" if len(self.bookings) % 2 else f"s:{len(self.bookings)}"
        user_id = self.ada if owner.startswith("u:") else None
        try:
            seats = _free_seats(show, n)
        except AssertionError:
            return
        hold = self.tried("held", lambda: hold_seats(show.id, seats, owner, user_id=user_id))
        if hold is None:
            return
        key = (show.id, hold.booking_id)
        self.bookings.append(key)
        if coupon:
            self.tried("coupon", lambda: extras.add_coupon(*key, coupon))
        if card is not None:
            self.tried("card", lambda: extras.add_gift_card(*key, self.cards[card]))
        if wallet and user_id:
            self.tried("wallet", lambda: extras.use_wallet(*key, user_id))
        if then != "held":
            self._go_on(then)

    def _go_on(self, then: str) -> None:
        """With the last booking: to the gateway, and what comes of it there."""
        before = len(self.fake.sessions)
        self.pay(0, False, "")
        if len(self.fake.sessions) == before or then == "paying":
            return
        if then == "late":
            self.time_goes_by(16, True)
        if then == "declined":
            self.declined(0)
        else:
            self.captured(0, int(then == "short"), 1)

    @rule(recent=RECENT, child=st.booleans(), down=st.sampled_from(["", "", "", "down", "slow"]))
    def pay(self, recent, child, down):
        if not (booking := self.booking(recent)):
            return
        seat = rows("SELECT min(seat_id) AS seat FROM tickets WHERE booking_id = :id", id=booking.id)[0].seat
        types = {seat: TicketType.CHILD} if child else {}
        self.fake.trouble = [down] if down else []
        values = {"provider": "fake", "mode": "card", "return_url": "http://localhost/back"}
        self.tried("paying", lambda: checkout.start_payment(booking.show_id, booking.id, A_BUYER, types, **values))
        self.fake.trouble = []

    @rule(recent=RECENT, coupon=COUPONS)
    def type_a_code(self, recent, coupon):
        if (booking := self.booking(recent)) and coupon:
            self.tried("coupon later", lambda: extras.add_coupon(booking.show_id, booking.id, coupon))

    # What the gateway says

    @rule(recent=RECENT, short=st.sampled_from([0, 0, 0, 0, 1]), times=st.integers(1, 3))
    def captured(self, recent, short, times):
        if not (found := self.session(recent)):
            return
        if not found.amount_minor:
            event = self.fake.happens(found.ref, EventKind.CAPTURED, found.order.amount_minor - short)
        else:
            event = dataclasses.replace(
                self.fake.happens(found.ref, EventKind.CAPTURED), amount_minor=found.amount_minor
            )
        for _ in range(times):
            self.seen[payments.settle_payment(event)] += 1

    @rule(recent=RECENT)
    def declined(self, recent):
        if (found := self.session(recent)) and not found.amount_minor:
            event = dataclasses.replace(self.fake.happens(found.ref, EventKind.FAILED), amount_minor=0)
            found.amount_minor = 0
            self.seen[payments.settle_payment(event)] += 1

    # Time

    @precondition(lambda self: rows("SELECT 1 FROM bookings WHERE state IN ('held', 'awaiting_payment') LIMIT 1"))
    @rule(minutes=st.sampled_from([1, 9, 16, 31]), strikes=st.booleans())
    def time_goes_by(self, minutes, strikes):
        self.clock.forward(minutes=minutes)
        if strikes:
            expire_holds()

    @rule(recent=RECENT)
    def given_up(self, recent):
        if booking := self.booking(recent):
            self.tried("released", lambda: release_booking(booking.show_id, booking.id))

    # Afterwards

    @rule(recent=RECENT, which=st.sets(st.integers(1, 4), min_size=1), to_wallet=st.booleans())
    def cancelled(self, recent, which, to_wallet):
        booking = self.booking(recent)
        if not booking or booking.state != "confirmed":
            return
        live = rows("SELECT number FROM tickets WHERE booking_id = :id AND state = 'issued'", id=booking.id)
        numbers = {row.number for place, row in enumerate(live, 1) if place in which}
        key, to_wallet = (booking.show_id, booking.id), to_wallet and booking.user_id is not None
        if not numbers:
            return

        def act():
            shown = preview_cancellation(*key, numbers, to_wallet=to_wallet)
            return cancel_seats(*key, numbers, expected_minor=shown.result.returned_minor, to_wallet=to_wallet)

        self.tried("cancelled", act)

    @rule(recent=RECENT, place=st.integers(0, 2), then=st.sampled_from(["paid", "paid", "paying", "held"]))
    def changed(self, recent, place, then):
        booking = self.booking(recent)
        if not booking or booking.state != "confirmed":
            return
        live = rows("SELECT number FROM tickets WHERE booking_id = :id AND state = 'issued'", id=booking.id)
        change = Change(booking.show_id, booking.id, tuple(row.number for row in live))
        show = self.shows[place]
        try:
            seats = _free_seats(show, len(live))
        except AssertionError:
            return
        owner = f"s:change-{len(self.bookings)}"
        hold = self.tried("changing", lambda: hold_for_exchange(show.id, seats, owner, change))
        if hold is not None:
            self.bookings.append((show.id, hold.booking_id))
            if then != "held":
                self._go_on(then)

    @precondition(lambda self: rows("SELECT 1 FROM refunds WHERE state <> 'done' LIMIT 1"))
    @rule(answers=st.lists(st.sampled_from(["done", "done", "failed", "sent"]), max_size=3))
    def refunds_go_out(self, answers):
        self.fake.answers = list(answers)
        run_due_items()
        self.fake.answers = []
        self.clock.forward(minutes=1)
        self.seen["worked"] += 1

    @rule(place=st.integers(0, 2), whole=st.booleans())
    def called_off(self, place, whole):
        if len(self.bookings) < 5:
            return
        show = self.shows[place]
        if cancel_show(COMMAND, show.id, "The projector broke."):
            self.seen["show called off"] += 1
        if whole:
            refund_show(show.id, 0)

    # What must be so at each step

    @invariant()
    def every_promise_holds(self):
        assert unbalanced() == []
        assert broken_promises(self.urls) == []
        owed = books(Account.GIFT_CARD_LIABILITY, Account.WALLET_LIABILITY)
        assert all(amount <= 0 for amount in owed.values()), "we never owe less than nothing"

    def teardown(self):
        db.session.rollback()
        db.session.remove()


def test_any_order_of_money_keeps_every_promise(app, urls, fake, moved_clock, set_setting):
    set_setting(orphan_seats="off", gateways=("sandbox", "fake"))
    moved_clock.stop_at(clock.now().replace(microsecond=0))
    seen: Counter[str] = Counter()
    chosen = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Till(urls, fake, moved_clock, seen), settings=chosen)
    ends = {end for end in seen if end in ENDS}
    assert {"confirmed", "confirmed late", "failed", "repeated", "refunded: wrong amount"} <= ends, seen
    assert {"cancelled", "changing", "show called off", "worked"} <= set(seen), seen
