"""What the staff do, in any order, among buyers: demand, blocks, groups, tills, price lists, other versions of the hall,
shows moved, taken off sale and called off. Whatever meets whatever, every promise holds at every step."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from app import clock
from app.db import db
from app.domain.counter import CounterTender
from app.domain.demand import Limits
from app.domain.groups import PriceMode
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, Role
from app.models import Booking, Cinema, GroupRequest, Show
from app.queries.layout_drafts import drawing_of
from app.services import box_office, demand, extras, rollups
from app.services.blocking import block_screen, block_seats, lift_screen_block, put_back
from app.services.box_office import Money
from app.services.card_voiding import void_gift_card
from app.services.counter_exchanges import exchange_best_seats
from app.services.counter_refunds import cancel_at_counter, pay_out
from app.services.exchanging import Change
from app.services.group_pricing import Offer
from app.services.groups import decline_group, make_offer, withdraw_offer
from app.services.layout_moves import move_shows
from app.services.layouts_edit import change_draft, use_draft
from app.services.price_lists import change_list
from app.services.price_moves import Along
from app.services.scheduling import publish_shows
from app.services.shifts import close_shift, open_shift
from app.services.show_changes import move_show, unpublish_show
from tests.builders import _free_seats, a_demand_rule, a_group, a_person
from tests.services.test_money_machine import RECENT, Till
from tests.services.test_rollups import check_against_the_books, everything
from tests.support.books import rows
from tests.support.offers import a_gift_card as a_bought_card
from tests.support.offers import untrue_balances
from tests.support.staff import by

PLACE, TWO = st.integers(0, 2), st.integers(0, 1)
TENDERS = st.sampled_from(list(CounterTender))
KINDS = st.lists(st.sampled_from([TicketType.ADULT, TicketType.CHILD]), min_size=1, max_size=4)
HOUR = dt.timedelta(hours=1)

SEATS = "SELECT seat_id FROM show_seats WHERE show_id = :id AND state = ANY(:states) ORDER BY seat_id LIMIT :n"
TICKETS = """
SELECT number, price_minor + fee_minor - discount_minor AS worth FROM tickets
WHERE booking_id = :id AND state = 'issued' ORDER BY number
"""
SCREEN_BLOCKS = """
SELECT DISTINCT k.id FROM seat_blocks k JOIN seat_block_seats g ON g.block_id = k.id AND g.lifted_at IS NULL
WHERE k.screen_id = :id ORDER BY k.id
"""
WAITING = """
SELECT r.show_id, r.id FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE r.state = 'requested' AND p.provider IN ('cash', 'terminal') ORDER BY r.id LIMIT 1
"""
DRAWER = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE account = 'cash_drawer' AND party = :shift"
PRICES = "SELECT category, ticket_type, amount_minor FROM prices WHERE price_list_id = :id"
AT_A_TILL = "SELECT show_id, id FROM bookings WHERE state = 'held' AND owner_key LIKE 'b:%' ORDER BY id DESC LIMIT 1"


class House(Till):
    """The same three shows, with a manager, a seller and a till."""

    @initialize()
    def a_house(self):
        super().a_house()
        cinema = db.session.get_one(Cinema, self.shows[0].cinema_id)
        self.cinema_id, self.sales = cinema.id, 0
        self.ruth, self.bob = by(a_person(Role.ADMIN)), by(a_person(Role.BOX_OFFICE, cinema))
        self.shift = open_shift(self.bob, cinema.id, 5000)
        a_demand_rule(cinema, 15, "Popular", full_from=10)
        a_demand_rule(cinema, -20, "Quiet", full_to=5)
        demand.set_limits(COMMAND, cinema.id, 0, Limits(-30, 40, 5), "")
        bought = [a_bought_card(minor) for minor in (1500, 3000)]
        self.bought, self.cards = [card for card, _ in bought], [code for _, code in bought]
        self.groups = [a_group(cinema, 8), a_group(cinema, 6)]

    def show(self, place: int) -> Show:
        found = db.session.get_one(Show, self.shows[place].id, populate_existing=True)
        db.session.commit()
        return found

    def free(self, place: int, n: int) -> list[int]:
        try:
            return _free_seats(self.show(place), n)
        except AssertionError:
            return []

    def group(self, which: int) -> GroupRequest:
        found = db.session.get_one(GroupRequest, self.groups[which], populate_existing=True)
        db.session.commit()
        return found

    def paid(self, recent: int) -> Booking | None:
        booking = self.booking(recent)
        return booking if booking and booking.state == "confirmed" else None

    def pay_at_till(self, what: str, show_id: int, booking_id: int, tender: CounterTender = CounterTender.CASH) -> None:
        money = Money(tender, None, "slip 7")
        self.tried(what, lambda: box_office.take_payment(self.bob, self.shift, show_id, booking_id, money))

    # Prices

    @rule()
    def demand_is_judged(self):
        self.seen["judged"] += bool(demand.judge_demand())

    @rule(place=PLACE, along=st.sampled_from(list(Along)), more=st.sampled_from([-100, 150]))
    def other_prices(self, place, along, more):
        list_id = self.show(place).price_list_id
        prices = {(row[0], row[1]): max(100, row[2] + more) for row in rows(PRICES, id=list_id)}
        self.tried("prices", lambda: change_list(self.ruth, list_id, prices, along, "dearer"))

    # Seats out of use

    @rule(place=PLACE, n=st.integers(1, 6), whole=st.booleans(), taken=st.booleans())
    def blocked(self, place, n, whole, taken):
        show, seats = self.show(place), self.free(place, n)
        if whole and taken:
            seats = [row.seat_id for row in rows(SEATS, id=show.id, states=["sold", "held"], n=n)]
        if seats and whole:
            self.tried("screen blocked", lambda: block_screen(self.ruth, show.screen_id, seats, "wet"))
        elif seats:
            self.tried("blocked", lambda: block_seats(self.ruth, show.id, seats, "wet"))

    @rule(place=PLACE)
    def unblocked(self, place):
        show = self.show(place)
        blocks = [row.id for row in rows(SCREEN_BLOCKS, id=show.screen_id)]
        if blocks:
            self.tried("screen lifted", lambda: lift_screen_block(self.ruth, show.screen_id, blocks[0], "dry"))
        seats = [row.seat_id for row in rows(SEATS, id=show.id, states=["blocked"], n=9)]
        if seats:
            self.tried("put back", lambda: put_back(self.ruth, show.id, seats, "dry"))

    # Groups

    @rule(
        which=TWO,
        place=PLACE,
        n=st.integers(2, 8),
        mode=st.sampled_from(list(PriceMode)),
        amount=st.sampled_from([0, 1, 999, 5000]),
    )
    def offered(self, which, place, n, mode, amount):
        group, show, seats = self.group(which), self.show(place), tuple(self.free(place, n))
        until = min(show.starts_at - HOUR / 12, clock.now() + HOUR)
        offer = Offer(show.id, seats, mode, amount, until, TicketType.CHILD, reason="other seats")
        hold = seats and self.tried("offered", lambda: make_offer(self.ruth, group.id, group.revision, offer))
        if hold:
            self.bookings.append((show.id, hold.booking_id))

    @precondition(lambda self: rows("SELECT 1 FROM group_requests WHERE booking_id IS NOT NULL LIMIT 1"))
    @rule(which=TWO, no=st.booleans())
    def taken_back(self, which, no):
        group, act = self.group(which), decline_group if no else withdraw_offer
        self.tried("taken back", lambda: act(self.ruth, group.id, group.revision, "sorry"))

    @precondition(lambda self: rows("SELECT 1 FROM group_requests WHERE booking_id IS NOT NULL LIMIT 1"))
    @rule(which=TWO, tender=TENDERS)
    def group_at_till(self, which, tender):
        group = self.group(which)
        if group.booking_id:
            self.pay_at_till("group at till", group.offer_show_id, group.booking_id, tender)

    # The till

    @rule(place=PLACE, kinds=KINDS, tender=TENDERS, then=st.sampled_from(["paid", "paid", "judged", "held"]), old=TWO)
    def sold_at_till(self, place, kinds, tender, then, old):
        """`old`: from the page of the sale before."""
        self.sales += 1 - old
        sale, show = f"sale-{self.sales}", self.show(place)
        hold = self.tried("till", lambda: box_office.keep_best_seats(self.bob, self.shift, sale, show.id, kinds))
        if not hold:
            return
        self.bookings.append((show.id, hold.booking_id))
        if then == "judged":
            demand.judge_demand()
        if then != "held":
            self.pay_at_till("till paid", show.id, hold.booking_id, tender)

    @rule(which=TWO, coupon=st.sampled_from(["", "TENOFF", "FIVER"]))
    def card_at_till(self, which, coupon):
        """Coupon and gift card on the newest sale that is held, then paid."""
        if not (found := rows(AT_A_TILL)):
            return
        key = tuple(found[0])
        if coupon:
            self.tried("till coupon", lambda: extras.add_coupon(*key, coupon))
        self.tried("till card", lambda: extras.add_gift_card(*key, self.cards[which]))
        self.pay_at_till("till paid by card", *key)

    @rule(recent=RECENT, place=PLACE, tender=TENDERS, some=st.booleans())
    def changed_at_till(self, recent, place, tender, some):
        if not (booking := self.paid(recent)):
            return
        numbers = tuple(row.number for row in rows(TICKETS, id=booking.id))[: 1 if some else None]
        self.sales += 1
        place_of_sale, show = (self.bob, self.shift, f"sale-{self.sales}"), self.show(place)
        change = Change(booking.show_id, booking.id, numbers)
        hold = self.tried("till change", lambda: exchange_best_seats(*place_of_sale, show.id, change))
        if hold:
            self.bookings.append((show.id, hold.booking_id))
            self.pay_at_till("till changed", show.id, hold.booking_id, tender)

    @rule(recent=RECENT, full=st.booleans(), some=st.booleans())
    def refunded_at_till(self, recent, full, some):
        booking = self.paid(recent)
        chosen = rows(TICKETS, id=booking.id)[: 1 if some else None] if booking else []
        if not chosen:
            return
        numbers, worth = {row.number for row in chosen}, sum(row.worth for row in chosen)
        what = {"full": full, "expected_minor": worth, "reason": "ill", "shift_id": self.shift}
        key = (booking.show_id, booking.id)
        self.tried("till refund", lambda: cancel_at_counter(self.bob, *key, numbers, **what))

    @precondition(lambda self: rows(WAITING))
    @rule()
    def handed_out(self):
        key = tuple(rows(WAITING)[0])
        self.tried("handed out", lambda: pay_out(self.bob, self.shift, self.cinema_id, *key))

    @precondition(lambda self: rows("SELECT 1 FROM payments WHERE shift_id = :id LIMIT 1", id=self.shift))
    @rule()
    def cashed_up(self):
        held = max(0, int(rows(DRAWER, shift=str(self.shift))[0][0]))
        self.tried("cashed up", lambda: close_shift(self.bob, self.shift, held, "a difference"))
        self.shift = open_shift(self.bob, self.cinema_id, 5000)

    @rule(which=TWO)
    def card_voided(self, which):
        if len(self.bookings) > 6:
            card_id = self.bought[which]
            left = rows("SELECT balance_minor FROM gift_cards WHERE id = :id", id=card_id)[0].balance_minor
            self.tried("voided", lambda: void_gift_card(self.ruth, card_id, left, "stolen"))

    # The programme

    @rule(place=PLACE, hours=st.sampled_from([-1, 1, 24]), to=PLACE)
    def moved(self, place, hours, to):
        show, screen_id = self.show(place), self.show(to).screen_id
        self.tried("moved", lambda: move_show(self.ruth, show.id, screen_id, show.starts_at + hours * HOUR, "late"))

    @rule(place=PLACE)
    def off_and_on_sale(self, place):
        show_id = self.show(place).id
        self.tried("unpublished", lambda: unpublish_show(self.ruth, show_id, "wait"))
        self.tried("published", lambda: publish_shows(self.ruth, self.cinema_id, [show_id]))

    @rule(place=PLACE, seat=st.sampled_from(["A1", "B2", "C10"]), along=st.booleans())
    def other_hall(self, place, seat, along):
        show, screen_id = self.show(place), self.show(place).screen_id

        def act():
            revision, _ = change_draft(COMMAND, screen_id, drawing_of(screen_id).revision, "delete", {}, [seat])
            return use_draft(COMMAND, screen_id, revision, "new chairs")

        self.tried("other hall", act)
        if along:
            kept = move_shows(COMMAND, screen_id, [show.id], "new chairs").kept
            self.seen["hall kept" if kept else "hall moved"] += 1

    def teardown(self):
        try:
            # a bill stays as it was when some of its tickets were given back
            assert [one for one in untrue_balances() if not one.startswith("('bill'")] == []
            rollups.roll_up()
            check_against_the_books()
            bit_by_bit = everything()
            rollups.rebuild()
            assert everything() == bit_by_bit
        finally:
            super().teardown()


MEETINGS = {
    *("blocked", "screen blocked", "offered", "till paid", "till paid by card", "till changed"),
    *("till refund", "cashed up", "voided", "prices", "judged", "unpublished", "hall moved"),
}


def test_whatever_the_staff_do_every_promise_holds(app, urls, fake, moved_clock, set_setting):
    set_setting(orphan_seats="off", gateways=("sandbox", "fake"))
    moved_clock.stop_at(clock.now().replace(microsecond=0))
    seen: Counter[str] = Counter()
    chosen = settings(
        max_examples=12,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: House(urls, fake, moved_clock, seen), settings=chosen)
    assert {what for what, times in seen.items() if times} >= MEETINGS, sorted(seen.items())
