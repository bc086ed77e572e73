"""Payments that nobody tells us of are asked about."""

from __future__ import annotations

import pytest

from app.adapters.payments import EventKind
from app.db import db
from app.domain.states import PaymentState
from app.errors import GatewayUnavailable
from app.models import Payment
from app.services import payments
from tests.builders import a_hold
from tests.support.settled import (
    expire,
    rows,
    started,
    state_of,
    tasks,
)


def test_reconciliation_finds_the_capture_nobody_told_us_of(fake, booking, moved_clock):
    started(booking)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    assert payments.reconcile_payments() == 0
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert state_of(booking) == "confirmed"
    assert payments.reconcile_payments() == 0


def test_reconciliation_asks_again_later_while_the_gateway_says_pending(fake, booking, moved_clock):
    started(booking)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 0
    assert fake.calls.count("fetch") == 1
    assert payments.reconcile_payments() == 0
    assert fake.calls.count("fetch") == 1
    moved_clock.forward(minutes=5)
    payments.reconcile_payments()
    assert fake.calls.count("fetch") == 2


def test_reconciliation_stops_asking_after_three_days(fake, booking, moved_clock):
    started(booking)
    moved_clock.forward(days=3, minutes=1)
    assert payments.reconcile_payments() == 0
    moved_clock.forward(days=1)
    payments.reconcile_payments()
    assert fake.calls.count("fetch") == 1


def test_a_payment_that_cant_be_asked_about_does_not_keep_the_others_waiting(fake, show, booking, moved_clock):
    started(booking)
    other = a_hold(show, owner="s:other")
    started(other)
    moved_clock.forward(minutes=6)
    refs = list(fake.sessions)
    fake.happens(refs[1], EventKind.CAPTURED)
    fake.trouble = ["down"]
    assert payments.reconcile_payments() == 1
    assert state_of(other) == "confirmed"
    fake.happens(refs[0], EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1


def test_a_payment_that_cant_be_settled_does_not_keep_the_others_waiting(fake, show, booking, moved_clock, monkeypatch):
    started(booking)
    other = a_hold(show, owner="s:other")
    started(other)
    for ref in fake.sessions:
        fake.happens(ref, EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    confirm = payments.confirm

    def broken_for_the_first(session, found, *rest):
        assert found.id != booking.id
        confirm(session, found, *rest)

    monkeypatch.setattr(payments, "confirm", broken_for_the_first)
    assert payments.reconcile_payments() == 1
    assert (state_of(booking), state_of(other)) == ("awaiting_payment", "confirmed")


def test_a_start_whose_answer_was_lost_is_found_by_its_order(fake, booking, moved_clock):
    fake.trouble = ["slow"]
    with pytest.raises(GatewayUnavailable):
        started(booking)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert state_of(booking) == "confirmed"


def test_an_expired_bookings_pay_page_is_closed(fake, booking, moved_clock):
    started(booking)
    expire(booking, moved_clock)
    assert tasks(booking) == ["cancel_payment"]
    payment_id = rows("SELECT id FROM payments")[0].id
    payments.cancel_gateway_session(booking.show_id, payment_id)
    assert fake.cancelled == list(fake.sessions)
    found = db.session.get_one(Payment, (booking.show_id, payment_id), populate_existing=True)
    assert (found.state, found.check_at) == (PaymentState.EXPIRED, None)


def test_closing_a_pay_page_that_was_paid_meanwhile_settles_the_money(fake, booking, moved_clock):
    started(booking)
    expire(booking, moved_clock)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    payments.cancel_gateway_session(booking.show_id, rows("SELECT id FROM payments")[0].id)
    assert state_of(booking) == "confirmed"
