"""A gateway's messages as they come: often, in any order, about anything."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from app.adapters.payments import EventKind
from app.db import db
from app.services import payments
from tests.builders import a_started_payment, an_event, the_booking
from tests.support.settled import (
    alerts,
    events,
    refunds,
    seats,
    started,
    state_of,
    tasks,
    the_payment,
)


def test_the_same_message_ten_times_has_one_effect(booking):
    event = an_event(a_started_payment(booking))
    assert [payments.settle_payment(event) for _ in range(10)] == ["confirmed", *["repeated"] * 9]
    assert len(events()) == 1
    assert tasks(booking) == ["confirmation by email", "render_tickets"]


def test_ten_messages_about_one_capture_have_one_effect(booking):
    payment = a_started_payment(booking)
    outcomes = [payments.settle_payment(an_event(payment)) for _ in range(10)]
    assert outcomes == ["confirmed", *["repeated"] * 9]
    assert tasks(booking) == ["confirmation by email", "render_tickets"]
    assert refunds(booking) == []


def test_what_was_said_before_the_capture_and_comes_after_it_changes_nothing(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert payments.settle_payment(an_event(payment, EventKind.PENDING)) == "noted"
    assert payments.settle_payment(an_event(payment, EventKind.FAILED)) == "too late"
    assert payments.settle_payment(an_event(payment, EventKind.CANCELLED)) == "too late"
    assert state_of(booking) == "confirmed"
    assert the_payment(payment).state == "captured"


def test_the_webhook_before_the_redirect_leaves_the_redirect_nothing_to_do(fake, booking):
    started(booking)
    ref = next(iter(fake.sessions))
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "repeated"


def test_the_redirect_before_the_webhook_leaves_the_webhook_nothing_to_do(fake, booking):
    started(booking)
    event = fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "confirmed"
    assert payments.settle_payment(event) == "repeated"


def test_an_event_about_nothing_we_know_is_stored_and_staff_is_told(booking):
    event = dataclasses.replace(an_event(a_started_payment(booking)), payment_id=999_999, provider_ref="never")
    assert payments.settle_payment(event) == "unknown"
    assert payments.settle_payment(event) == "repeated"
    assert events() == ["unknown"]
    assert alerts() == ["unknown_payment"]


def test_a_failure_keeps_the_seats_prolongs_nothing_and_is_mailed(booking, moved_clock):
    payment = a_started_payment(booking)
    until = the_booking(booking.show_id, booking.id).expires_at
    moved_clock.forward(minutes=5)
    assert payments.settle_payment(an_event(payment, EventKind.FAILED, detail="No funds.")) == "failed"
    after = the_booking(booking.show_id, booking.id)
    assert (after.state, after.expires_at) == ("awaiting_payment", until)
    assert seats(booking) == {"held": 2}
    assert tasks(booking) == ["payment_failed by email"]
    assert the_payment(payment).failure == "No funds."


def test_going_back_without_paying_ends_the_attempt_without_a_mail(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, EventKind.CANCELLED)) == "cancelled"
    assert the_payment(payment).state == "failed"
    assert tasks(booking) == []
    again = a_started_payment(booking)
    assert payments.settle_payment(an_event(again)) == "confirmed"


def test_a_failure_in_settling_rolls_the_event_back_so_that_the_next_telling_works(booking, monkeypatch):
    payment = a_started_payment(booking)
    event = an_event(payment)
    with monkeypatch.context() as broken:
        broken.setattr(payments, "confirm", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            payments.settle_payment(event)
    assert events() == []
    assert the_payment(payment).state == "pending"
    assert payments.settle_payment(event) == "confirmed"


def test_ten_tellings_at_the_same_instant_have_one_effect(app, booking):
    payment = a_started_payment(booking)
    event = an_event(payment)
    outcomes: list[str] = []

    def tell() -> None:
        with app.app_context():
            outcomes.append(payments.settle_payment(event))
            db.session.remove()

    threads = [threading.Thread(target=tell) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["confirmed", *["repeated"] * 4]
    assert tasks(booking) == ["confirmation by email", "render_tickets"]
