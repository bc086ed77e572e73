"""A change happens whole or not at all: given up, run out, overtaken, begun twice."""

from __future__ import annotations

import datetime as dt

import pytest

from app.adapters.payments import EventKind
from app.errors import (
    ConcurrentModification,
    ExchangeUnderway,
    NotExchangeable,
)
from app.services import checkout, holds, payments
from tests.builders import (
    A_BUYER,
    PRICES,
    a_cinema,
    a_hold,
    a_paid_booking,
    a_show,
    a_started_payment,
    an_event,
)
from tests.support.books import rows
from tests.support.exchanges import (
    DEAR,
    ME,
    a_change,
    admit,
    cancel,
    finish,
    refunds,
    seat_states,
    sound,
    state_of,
)


def test_a_change_that_is_given_up_leaves_everything_as_it_was(old, dearer):
    new = a_change(old, dearer)
    a_started_payment(new)
    assert holds.release_booking(new.show_id, new.id)
    assert (state_of(old), seat_states(old), seat_states(new)) == ("confirmed", {"sold": 2}, {"free": 2})
    assert finish(a_change(old, dearer)) == "confirmed", "and it can be tried again"
    sound()


def test_a_change_that_runs_out_leaves_everything_as_it_was_and_late_money_still_makes_it(old, dearer, moved_clock):
    new = a_change(old, dearer)
    payment = a_started_payment(new)
    moved_clock.forward(minutes=16)
    assert holds.expire_booking(new.show_id, new.id)
    assert (state_of(old), seat_states(old)) == ("confirmed", {"sold": 2})
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert (state_of(old), seat_states(old), seat_states(new)) == ("cancelled", {"free": 2}, {"sold": 2})
    sound()


def test_late_money_after_the_time_for_changes_goes_back(app, film, moved_clock):
    old = a_paid_booking(a_show(movie=film), owner=ME)
    new = a_change(old, a_show(movie=film, prices=DEAR, starts_in=dt.timedelta(hours=9)))
    payment = a_started_payment(new)
    moved_clock.forward(hours=4)
    holds.expire_booking(new.show_id, new.id)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert (state_of(old), seat_states(old), state_of(new)) == ("confirmed", {"sold": 2}, "expired")
    sound()


def a_free_change_runs_out(film, moved_clock):
    """Old seats that cost nothing, changed for dearer ones whose payment ran out."""
    cinema = a_cinema(fee_minor=0)
    old = a_hold(a_show(movie=film, prices=dict.fromkeys(PRICES, 0), cinema=cinema), owner=ME)
    finish(old)
    new = a_change(old, a_show(movie=film))
    payment = a_started_payment(new)
    moved_clock.forward(minutes=16)
    holds.expire_booking(new.show_id, new.id)
    return old, new, payment


def test_late_money_frees_old_seats_that_were_worth_nothing_too(app, film, moved_clock):
    old, new, payment = a_free_change_runs_out(film, moved_clock)
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert (state_of(old), seat_states(old), state_of(new)) == ("cancelled", {"free": 2}, "confirmed")
    sound()


def test_late_money_goes_back_where_such_seats_are_gone(app, film, moved_clock):
    old, new, payment = a_free_change_runs_out(film, moved_clock)
    cancel(old)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert state_of(new) == "expired"
    sound()


@pytest.mark.parametrize("meanwhile", ["cancelled", "one seat cancelled", "admitted", "changed elsewhere"])
def test_old_seats_that_go_while_the_new_ones_are_paid_send_the_money_back(old, dearer, alike, meanwhile):
    new = a_change(old, dearer)
    payment = a_started_payment(new)
    if meanwhile == "cancelled":
        cancel(old)
    elif meanwhile == "one seat cancelled":
        cancel(old, 2)
    elif meanwhile == "admitted":
        admit(old, 1)
    else:
        payments.settle_payment(an_event(payment, EventKind.FAILED))
        assert finish(a_change(old, alike)) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert (state_of(new), seat_states(new)) == ("released", {"free": 2})
    assert (1000, "extras_gone") in refunds()
    assert [row.kind for row in rows("SELECT kind FROM alerts")] == ["refund_extras_gone"]
    if meanwhile != "admitted":
        sound()


@pytest.mark.parametrize("meanwhile", ["cancelled", "one seat cancelled", "admitted"])
def test_old_seats_that_go_before_the_new_ones_are_paid_stop_the_change_and_charge_nothing(old, dearer, meanwhile):
    new = a_change(old, dearer)
    if meanwhile == "admitted":
        admit(old, 1)
    else:
        cancel(old, *([] if meanwhile == "cancelled" else [2]))
    with pytest.raises(NotExchangeable, match="were used, changed or given back meanwhile"):
        checkout.start_payment(
            new.show_id, new.id, A_BUYER, {}, provider="sandbox", mode="card", return_url="http://localhost/back"
        )
    assert (state_of(new), seat_states(new)) == ("released", {"free": 2})
    assert rows("SELECT id FROM payments WHERE booking_id = :id", id=new.id) == []


def test_a_second_change_waits_while_the_first_is_being_paid(old, dearer, alike):
    first, second = a_change(old, dearer), a_change(old, alike)
    payment = a_started_payment(first)
    with pytest.raises(ExchangeUnderway, match="being paid for, as booking"):
        finish(second)
    assert state_of(second) == "held"
    holds.release_booking(first.show_id, first.id)
    assert finish(second) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "refunded: released"
    sound()


def test_changes_of_different_seats_do_not_wait_for_each_other(old, dearer, alike):
    first, second = a_change(old, dearer, 1), a_change(old, alike, 2)
    payment = a_started_payment(first)
    assert finish(second) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert (state_of(old), seat_states(old)) == ("cancelled", {"free": 2})
    sound()


def test_a_booking_is_changed_once_though_two_changes_were_begun(old, dearer, alike):
    first, second = a_change(old, alike), a_change(old, dearer)
    assert finish(first) == "confirmed"
    with pytest.raises(NotExchangeable):
        finish(second)
    with pytest.raises(ConcurrentModification):
        finish(first)
    sound()
