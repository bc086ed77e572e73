"""Races of the services, in threads: what two clicks, two tabs and three clocks do at one instant."""

from __future__ import annotations

import random
import threading

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.errors import Conflict, HoldExpired, SeatsTaken
from app.models import Booking
from app.services import checkout, holding, holds, payments
from app.services.holding import Wish
from app.services.holds import Hold
from tests.builders import A_BUYER, a_hold, a_show, a_started_payment, an_event, seat_ids, the_booking
from tests.support.crowd import together
from tests.support.history import live_seats, miscounted, overlaps


def taker(show_id: int, seats: list[int], owner: str):
    return lambda: holds.hold_seats(show_id, seats, owner)


def won(results: list[object]) -> list[Hold]:
    return [result for result in results if isinstance(result, Hold)]


def test_one_of_twenty_gets_the_seat_and_the_others_are_told_which_is_gone(crowd):
    show = a_show()
    seats = seat_ids(show, "A1")
    results = together(crowd, [taker(show.id, seats, f"s:{one}") for one in range(20)])
    losers = [result for result in results if isinstance(result, SeatsTaken)]
    assert (len(won(results)), len(losers)) == (1, 19)
    assert all(loser.details["taken"] == seats for loser in losers)
    assert overlaps(show.id) + miscounted(show.id) == []


def test_overlapping_choices_in_any_order_never_deadlock_and_never_share(crowd, no_deadlock):
    show = a_show()
    seats = seat_ids(show)[:12]
    chance = random.Random(7)
    for _ in range(4):
        choices = [chance.sample(seats, 4) for _ in range(16)]
        results = together(crowd, [taker(show.id, choice, f"s:{chance.random()}") for choice in choices])
        assert all(isinstance(result, Hold | SeatsTaken) for result in results), results
        for code in list(live_seats(show.id)):
            hold = next((one for one in won(results) if one.code == code), None)
            if hold and chance.random() < 0.7:
                holds.release_booking(show.id, hold.booking_id)
    taken = [seat for seats_of_one in live_seats(show.id).values() for seat in seats_of_one]
    assert len(taken) == len(set(taken))
    assert overlaps(show.id) + miscounted(show.id) == []


def test_a_double_click_ends_with_one_hold_of_the_seats_asked_for(crowd):
    show = a_show()
    seats = seat_ids(show, "A1", "A2")
    results = together(crowd, [taker(show.id, seats, "s:me")] * 2)
    assert len(won(results)) == 2, "a buyer is never told that somebody else has their own seats"
    assert list(live_seats(show.id).values()) == [seats]
    assert miscounted(show.id) == []


def test_two_tabs_of_one_buyer_end_with_one_hold(crowd):
    show = a_show()
    for _ in range(5):
        tabs = [seat_ids(show, "A1", "A2"), seat_ids(show, "B1", "B2"), seat_ids(show, "A2", "A3")]
        results = together(crowd, [taker(show.id, tab, "s:me") for tab in tabs])
        assert won(results)
        assert all(isinstance(result, Hold | Conflict) for result in results)
        assert len(live_seats(show.id)) == 1
    assert overlaps(show.id) + miscounted(show.id) == []


class Meanwhile:
    """Row locks that let somebody else do something between the look and the lock, once."""

    def __init__(self, app, strategy, act) -> None:
        self.app, self.strategy, self.act = app, strategy, act

    def lock(self, session, show_id, wanted):
        act, self.act = self.act, None
        if act:
            other = threading.Thread(target=self._run, args=(act,))
            other.start()
            other.join(10)
        return self.strategy.lock(session, show_id, wanted)

    def _run(self, act) -> None:
        with self.app.app_context():
            act()


@pytest.fixture
def meanwhile(crowd, monkeypatch):
    """meanwhile(act): `act` happens in another thread while hold_seats is between its look and its locks."""

    def arrange(act) -> None:
        inner = Meanwhile(crowd, holding.seat_locking(), act)
        monkeypatch.setattr(holding, "seat_locking", lambda: inner)

    return arrange


def test_a_booking_that_begins_to_be_paid_meanwhile_is_not_given_up_for_a_new_hold(meanwhile):
    show = a_show()
    booking = a_hold(show, owner="s:me")
    started = []
    meanwhile(
        lambda: started.append(checkout.begin_payment(show.id, booking.id, A_BUYER, {}, "sandbox", "card", "guest"))
    )
    holds.hold_seats(show.id, seat_ids(show, "C1", "C2"), "s:me")
    assert started
    assert the_booking(show.id, booking.id).state == "awaiting_payment"
    assert len(live_seats(show.id)) == 2


def test_a_booking_that_is_paid_meanwhile_keeps_its_tickets(meanwhile):
    show = a_show()
    booking = a_hold(show, owner="s:me")

    def pay() -> None:
        payment = a_started_payment(the_booking(show.id, booking.id))
        payments.settle_payment(an_event(payment))

    meanwhile(pay)
    holds.hold_seats(show.id, seat_ids(show, "C1", "C2"), "s:me")
    assert the_booking(show.id, booking.id).state == "confirmed"


def test_a_hold_that_appears_meanwhile_in_another_tab_is_replaced(meanwhile):
    show = a_show()
    free = seat_ids(show, "A1", "A2")
    meanwhile(lambda: holds._hold_once(Wish(show.id, free, "s:me", None, "guest")))
    hold = holds.hold_seats(show.id, free, "s:me")
    assert live_seats(show.id) == {hold.code: free}


def run_out(booking: Booking) -> None:
    """Move the booking's whole life back, so that its time is over now; the clock stays."""
    key = {"show_id": booking.show_id, "id": booking.id, "now": clock.now()}
    with transaction() as session:
        session.execute(
            text("UPDATE show_seats SET held_until = :now WHERE show_id = :show_id AND booking_id = :id"), key
        )
        session.execute(text("UPDATE bookings SET expires_at = :now WHERE show_id = :show_id AND id = :id"), key)


def test_a_run_out_seat_goes_to_one_of_many_who_ask_while_the_clock_expires_it(crowd):
    show = a_show()
    for _ in range(4):
        old = a_hold(show, owner="s:old", seats=seat_ids(show, "A1", "A2"))
        run_out(old)
        for hold in asked_for_and_expired(crowd, old):
            assert holds.release_booking(show.id, hold.booking_id)
    assert overlaps(show.id) == []


def asked_for_and_expired(crowd, old: Booking) -> list[Hold]:
    """Twelve want a seat of a run-out booking each while six expire it; gives the holds."""
    one, other = ([ticket] for ticket in sorted(seats_of(old)))
    tasks = [taker(old.show_id, one if buyer % 2 else other, f"s:{buyer}") for buyer in range(12)]
    tasks += [lambda: holds.expire_booking(old.show_id, old.id)] * 4 + [holds.expire_holds] * 2
    results = together(crowd, tasks)
    assert len(won(results)) == 2
    assert all(isinstance(result, Hold | Conflict | bool | int) for result in results), results
    assert the_booking(old.show_id, old.id).state == "expired"
    return won(results)


def seats_of(booking: Booking) -> list[int]:
    rows = db.session.execute(
        text("SELECT DISTINCT seat_id FROM tickets WHERE show_id = :show_id AND booking_id = :id"),
        {"show_id": booking.show_id, "id": booking.id},
    )
    return list(rows.scalars())


@pytest.mark.parametrize("late", [False, True], ids=["in time", "run out"])
def test_hold_expiry_release_extension_and_settling_at_one_instant_leave_one_truth(crowd, late):
    for _ in range(5):
        everything_at_once(crowd, late)


def everything_at_once(crowd, late: bool) -> None:
    show = a_show()
    seats = seat_ids(show, "A1", "A2")
    booking = a_hold(show, owner="s:payer", seats=seats)
    payment = a_started_payment(booking)
    if late:
        run_out(booking)
    tasks = [
        lambda: payments.settle_payment(an_event(payment)),
        lambda: payments.settle_payment(an_event(payment)),
        lambda: holds.release_booking(show.id, booking.id),
        lambda: holds.expire_booking(show.id, booking.id),
        lambda: holds.extend_hold(show.id, booking.id),
        *(taker(show.id, seats, f"s:{one}") for one in range(4)),
    ]
    results = together(crowd, tasks)
    problems = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, Conflict | HoldExpired) for one in problems), problems
    assert len(won(results)) <= 1
    settled = results[:2]
    assert settled.count("repeated") == 1
    outcome = next(one for one in settled if one != "repeated")
    state = the_booking(show.id, booking.id).state
    assert outcome.startswith("confirmed") == (state == "confirmed"), (outcome, state)
    assert not (state == "confirmed" and won(results))


def test_a_settling_that_races_itself_from_webhook_and_redirect_confirms_once(crowd):
    show = a_show()
    for row in "ABC":
        booking = a_hold(show, seats=seat_ids(show, f"{row}1", f"{row}2"))
        payment = a_started_payment(booking)
        results = together(crowd, [lambda p=payment: payments.settle_payment(an_event(p))] * 6)
        assert sorted(results) == ["confirmed", *["repeated"] * 5]
    assert overlaps(show.id) + miscounted(show.id) == []
