"""Changes of changes, cancelled in parts, in any order Hypothesis thinks of: not a cent is lost or made."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.db import db, end_read
from app.domain.ledger import Account
from app.domain.refund_policy import parse_steps, stored_steps
from app.errors import NotExchangeable
from app.models import Booking
from app.queries.exchange_page import changes_of, exchangeable
from app.queries.layouts import layout_facts
from app.services import extras
from app.services.exchanging import Exchange, preview_exchange
from tests.builders import PRICES, a_cinema, a_city, a_hold, a_movie, a_show, the_booking
from tests.support.books import a_gift_card, books, rows, unbalanced
from tests.support.exchanges import a_change, cancel, finish, numbers_of
from tests.support.house import clean_house, forget_everything_kept
from tests.support.kept import broken_promises

RECENT = st.integers(0, 3)
LEVELS = (0, -397, 503)
TERMS = (
    {"tax_percent": 20, "changes_in_full": True},
    {"tax_percent": 5, "refund_steps": stored_steps(parse_steps("60:90"))},
    {"tax_percent": 0, "refund_steps": stored_steps(parse_steps("60:85:30"))},
)
"""Of what a change gives back, the first keeps nothing."""
KEPT = (Account.CANCELLATION_REVENUE, Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.TAX_PAYABLE)


class Chains(RuleBasedStateMachine):
    """One film at three prices, one buyer, gift cards; every booking is paid as soon as it is made."""

    def __init__(self, urls, seen: Counter[str]) -> None:
        super().__init__()
        self.seen = seen
        self.urls = urls
        clean_house(urls)
        forget_everything_kept()
        self.kept = 0
        self.depth: dict[int, int] = {}

    @initialize()
    def a_house(self):
        film, city = a_movie(), a_city()
        self.shows = [
            a_show(60, movie=film, cinema=a_cinema(city, **terms), prices={k: v + d for k, v in PRICES.items()})
            for terms, d in zip(TERMS, LEVELS, strict=True)
        ]
        self.all: list[Booking] = []
        self.buy(0, 4, 1500)

    @rule(place=st.integers(0, 2), n=st.integers(1, 4), by_card=st.sampled_from([0, 0, 701, 1500, 9000]))
    def buy(self, place, n, by_card):
        self._bought(a_hold(self.shows[place], n, owner=f"s:{len(self.all)}"), by_card, 0)

    def _bought(self, booking: Booking, by_card: int, depth: int) -> None:
        if by_card:
            extras.add_gift_card(booking.show_id, booking.id, a_gift_card(by_card))
        assert finish(booking) == "confirmed"
        self.all.append(booking)
        self.depth[booking.id] = depth

    def _some(self, recent: int, which: set[int]) -> tuple[Booking, list[int]]:
        """A booking and some of its live tickets, at least one if it has any."""
        booking = self.all[-1 - recent % len(self.all)]
        numbers = numbers_of(booking)
        return booking, [number for place, number in enumerate(numbers) if place in which] or list(numbers[:1])

    @rule(
        recent=RECENT, which=st.sets(st.integers(0, 3)), place=st.integers(0, 2), by_card=st.sampled_from([0, 0, 301])
    )
    def change(self, recent, which, place, by_card):
        booking, numbers = self._some(recent, which)
        show, owner = self.shows[place], f"s:{len(self.all)}"
        if not numbers:
            self._refused(booking, show)
            return
        labels = self._free(show, len(numbers))
        new = a_change(booking, show, *numbers, labels=labels, owner=owner)
        shown = self._shown(new)
        self._bought(new, by_card, self.depth[booking.id] + 1)
        self._came_as_shown(new, shown)
        self.seen[f"depth {min(3, self.depth[new.id])}"] += 1

    def _shown(self, new: Booking) -> Exchange:
        found = preview_exchange(db.session(), new, new.total_minor)
        end_read()
        assert found is not None
        return found

    def _came_as_shown(self, new: Booking, shown: Exchange) -> None:
        (done,) = changes_of(new.show_id, new.id).instead_of
        end_read()
        assert (done.moved_minor, done.kept_minor, done.back_minor) == (
            shown.paid_minor, shown.result.kept_minor, shown.back_minor,
        )  # fmt: skip
        self.kept += done.kept_minor
        if done.kept_minor:
            self.seen["kept of a change"] += 1

    def _refused(self, booking: Booking, show) -> None:
        try:
            a_change(booking, show, 1, labels=("F1",))
        except NotExchangeable:
            self.seen["refused"] += 1
        else:
            raise AssertionError("a booking without seats was changed")

    def _free(self, show, n: int) -> tuple[str, ...]:
        taken = {
            row.seat_id
            for row in rows("SELECT seat_id FROM show_seats WHERE state <> 'free' AND show_id = :id", id=show.id)
        }
        seats = [seat.label for seat in layout_facts(show.layout_id).seats if seat.id not in taken]
        return tuple(seats[:n])

    @rule(recent=RECENT, which=st.sets(st.integers(0, 3)), percent=st.sampled_from([100, 90, 33, 0]))
    def cancel_some(self, recent, which, percent):
        booking, numbers = self._some(recent, which)
        if numbers:
            value = sum(t.value_minor for t in exchangeable(booking.show_id, booking.id).tickets if t.number in numbers)
            self.kept += value - cancel(booking, *numbers, percent=percent)
            self.seen["cancelled after a change" if self.depth[booking.id] else "cancelled"] += 1

    @invariant()
    def not_a_cent_is_lost(self):
        (live,) = rows(
            "SELECT coalesce(sum(price_minor + fee_minor - discount_minor), 0) AS sum FROM tickets WHERE state = 'issued'"
        )
        (paid,) = rows(
            "SELECT coalesce(sum(captured_minor - refunded_minor), 0) AS sum, "
            "coalesce(min(captured_minor - refunded_minor), 0) AS least FROM payments"
        )
        (cards,) = rows("SELECT coalesce(sum(initial_minor - balance_minor), 0) AS sum FROM gift_cards")
        assert paid.sum + cards.sum == live.sum + self.kept, "what we have is what seats are worth and what was kept"
        assert paid.least >= 0
        assert -sum(books(*KEPT).values()) == live.sum + self.kept
        assert unbalanced() == []
        assert books(Account.DEPOSITS, Account.EXCHANGES) == {}

    @invariant()
    def bookings_that_have_seats_are_confirmed_and_others_cancelled(self):
        for booking in getattr(self, "all", []):
            count = len(numbers_of(booking))
            now = the_booking(booking.show_id, booking.id)
            assert (now.state, now.seat_count) == ("confirmed", count) or (now.state, count) == ("cancelled", 0)

    def teardown(self):
        for booking in getattr(self, "all", []):
            if numbers_of(booking):
                cancel(booking)
        (left,) = rows("SELECT coalesce(sum(captured_minor - refunded_minor), 0) AS sum FROM payments")
        (cards,) = rows("SELECT coalesce(sum(initial_minor - balance_minor), 0) AS sum FROM gift_cards")
        assert left.sum + cards.sum == self.kept, "all seats given back, only what was kept stays"
        broken = broken_promises(self.urls)
        db.session.remove()
        assert not broken


def test_any_chain_of_changes_and_cancellations_keeps_every_cent(app, urls, set_setting):
    set_setting(orphan_seats="off")
    seen: Counter[str] = Counter()
    chosen = settings(
        max_examples=25,
        stateful_step_count=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Chains(urls, seen), settings=chosen)
    wanted = {"depth 1", "depth 2", "depth 3", "cancelled", "cancelled after a change", "refused", "kept of a change"}
    assert set(seen) == wanted, "the stories came everywhere"
