"""Money that goes back, and why."""

from __future__ import annotations

import datetime as dt

import pytest

from app.adapters.payments import EventKind
from app.domain.staff import COMMAND
from app.services import checkout, holds, payments
from app.services.show_cancelling import cancel_show
from tests.builders import a_hold, a_show, a_started_payment, an_event, seat_ids
from tests.support.settled import (
    alerts,
    expire,
    refunds,
    rows,
    seats,
    started,
    state_of,
    tasks,
    the_payment,
)


def sent_back(booking, payment, outcome: str, reason: str, amount: int = 2150, currency: str = "GBP") -> None:
    assert outcome == f"refunded: {reason.replace('_', ' ')}"
    assert refunds(booking) == [(amount, currency, reason)]
    assert {"send_refund", "late_payment by email"} <= set(tasks(booking))
    assert alerts() == [f"refund_{reason}"]
    paid = the_payment(payment)
    assert (paid.captured_minor, paid.refunded_minor, paid.captured_currency) == (amount, amount, currency)


@pytest.mark.parametrize("labels", [("A1", "A2"), ("A1",)], ids=["all seats", "one seat"])
def test_late_money_goes_back_when_another_buyer_holds_the_seats(show, booking, moved_clock, labels):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    other = a_hold(show, owner="s:other", seats=seat_ids(show, *labels))
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "seats_gone")
    assert state_of(booking) == "expired"
    assert state_of(other) == "held"
    assert "held" not in seats(booking)


def test_money_for_a_released_booking_goes_back(booking):
    payment = a_started_payment(booking)
    holds.release_booking(booking.show_id, booking.id)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "released")
    assert seats(booking) == {"free": 2}


def test_the_second_capture_of_a_booking_goes_back_and_the_first_stays(booking):
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    second = a_started_payment(booking)
    assert payments.settle_payment(an_event(first)) == "confirmed"
    sent_back(booking, second, payments.settle_payment(an_event(second)), "already_paid")
    assert state_of(booking) == "confirmed"
    assert the_payment(first).refunded_minor == 0


def test_a_booking_that_is_paid_has_the_pay_page_of_its_other_attempt_closed(fake, booking):
    started(booking)
    (first,) = fake.sessions
    payments.settle_payment(fake.happens(first, EventKind.FAILED))
    started(booking)
    assert payments.settle_payment(fake.happens(first, EventKind.CAPTURED)) == "confirmed"
    (task,) = rows("SELECT show_id, subject_id FROM outbox WHERE kind = 'cancel_payment'")
    payments.cancel_gateway_session(task.show_id, task.subject_id)
    assert fake.cancelled == list(fake.sessions)[1:]
    assert [row.state for row in rows("SELECT state FROM payments ORDER BY id")] == ["captured", "failed"]
    assert state_of(booking) == "confirmed"


@pytest.mark.parametrize("amount", [2149, 2151, 1])
def test_a_wrong_amount_goes_back_and_the_seats_stay_kept(booking, amount):
    payment = a_started_payment(booking)
    outcome = payments.settle_payment(an_event(payment, amount_minor=amount))
    sent_back(booking, payment, outcome, "wrong_amount", amount)
    assert state_of(booking) == "awaiting_payment"
    assert seats(booking) == {"held": 2}


def test_a_wrong_currency_goes_back_in_that_currency(booking):
    payment = a_started_payment(booking)
    outcome = payments.settle_payment(an_event(payment, currency="EUR"))
    sent_back(booking, payment, outcome, "wrong_amount", currency="EUR")


def test_a_capture_of_nothing_confirms_nothing_and_alerts_staff(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, amount_minor=0)) == "refunded: wrong amount"
    assert refunds(booking) == []
    assert alerts() == ["refund_wrong_amount"]
    assert state_of(booking) == "awaiting_payment"


def test_money_for_a_quote_that_has_changed_since_goes_back(show, booking):
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    child = {seat_ids(show, "A1")[0]: checkout.TicketType.CHILD}
    second = a_started_payment(booking, child)
    sent_back(booking, first, payments.settle_payment(an_event(first)), "wrong_amount")
    assert payments.settle_payment(an_event(second)) == "confirmed"


def test_a_capture_of_what_another_attempt_was_to_cost_goes_back(show, booking):
    child = {seat_ids(show, "A1")[0]: checkout.TicketType.CHILD}
    first = a_started_payment(booking, child)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    second = a_started_payment(booking, {seat_ids(show, "A1")[0]: checkout.TicketType.ADULT})
    outcome = payments.settle_payment(an_event(first, amount_minor=second.amount_minor))
    sent_back(booking, first, outcome, "wrong_amount")


def test_money_for_a_cancelled_show_goes_back(show, booking):
    payment = a_started_payment(booking)
    cancel_show(COMMAND, show.id, "The projector broke.")
    assert state_of(booking) == "released"
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_cancelled")


def test_late_money_for_a_show_that_has_begun_goes_back(booking, moved_clock):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    moved_clock.forward(hours=6)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_begun")
    assert seats(booking) == {"free": 2}


def test_late_money_after_the_start_goes_back_even_where_sales_are_still_open(app, set_setting, moved_clock):
    set_setting(sales_close_minutes=60)
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    moved_clock.forward(hours=5)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_begun")


@pytest.mark.parametrize("gone", [False, True])
def test_a_capture_told_three_days_late_finds_its_free_seats_or_goes_back(app, moved_clock, gone):
    show = a_show(starts_in=dt.timedelta(days=5))
    booking = a_hold(show)
    payment = a_started_payment(booking)
    moved_clock.forward(days=3)
    assert holds.expire_booking(booking.show_id, booking.id)
    if gone:
        a_hold(show, owner="s:other")
        sent_back(booking, payment, payments.settle_payment(an_event(payment)), "seats_gone")
    else:
        assert payments.settle_payment(an_event(payment)) == "confirmed late"
