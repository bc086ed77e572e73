"""Every gateway from end to end: a booking is paid, told, asked about, partly given back, late, and unlucky."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.adapters.payments import PaymentRefused
from app.db import db
from app.errors import GatewayUnavailable
from app.models import Booking, Payment, Refund
from app.services import checkout, holds, payments
from app.services.refunds import send_refund
from tests.builders import A_BUYER, a_cinema, a_city, a_hold, a_show, the_booking
from tests.support.gateway_server import Message
from tests.support.post import give_back
from tests.support.sides import SIDES, RazorpaySide, Side, StripeIntentSide, StripeSide

REAL = [name for name in SIDES if name != "fake"]
NETWORKED = [name for name in REAL if name != "sandbox"]
TOTAL = 2150


@pytest.fixture
def side(request, app, monkeypatch):
    made: Side = SIDES[request.param]()
    monkeypatch.setitem(app.extensions["marquee_gateways"], made.gateway.name, made.gateway)
    yield made
    made.close()


real = pytest.mark.parametrize("side", REAL, indirect=True)
networked = pytest.mark.parametrize("side", NETWORKED, indirect=True)


def a_booking(side: Side) -> Booking:
    return a_hold(a_show(cinema=a_cinema(a_city(currency=side.currency))))


def begin(side: Side, booking: Booking, **changes) -> Payment:
    values = {"provider": side.gateway.name, "mode": side.mode, "return_url": "http://localhost/back", **changes}
    checkout.start_payment(booking.show_id, booking.id, A_BUYER, {}, **values)
    return last_payment()


def last_payment() -> Payment:
    found = db.session.scalars(db.select(Payment).order_by(Payment.id.desc()).limit(1)).one()
    db.session.commit()
    return found


def told(side: Side, *messages: Message) -> list[str]:
    return [payments.take_webhook(side.gateway.name, message.body, message.headers) for message in messages]


def state_of(booking: Booking) -> str:
    return the_booking(booking.show_id, booking.id).state


def a_refund(amount: int) -> Refund:
    """One seat is given back, and this much of what was paid for it."""
    booking = db.session.scalars(db.select(Booking)).one()
    db.session.commit()
    give_back(booking, 1, TOTAL // 2 - amount, "staff")
    refund = db.session.scalars(db.select(Refund)).one()
    db.session.commit()
    return refund


def alerts() -> list[str]:
    found = db.session.execute(text("SELECT kind FROM alerts ORDER BY id")).scalars().all()
    db.session.commit()
    return list(found)


# Paid


@real
def test_the_message_before_the_redirect_confirms_and_the_redirect_finds_it_done(side):
    booking = a_booking(side)
    payment = begin(side, booking)
    assert told(side, *side.pay(payment.provider_ref)).count("confirmed") == 1
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "repeated"
    assert (state_of(booking), last_payment().captured_minor) == ("confirmed", TOTAL)
    assert alerts() == []


@real
def test_the_redirect_before_the_messages_confirms_and_they_change_nothing(side):
    booking = a_booking(side)
    messages = side.pay(begin(side, booking).provider_ref)
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "confirmed"
    assert set(told(side, *messages)) <= {"noted", "repeated"}
    assert (state_of(booking), last_payment().refunded_minor, alerts()) == ("confirmed", 0, [])


@real
def test_messages_in_the_wrong_order_and_often_confirm_once(side):
    booking = a_booking(side)
    messages = side.pay(begin(side, booking).provider_ref)
    outcomes = told(side, *[message for message in reversed(messages) for _ in range(3)])
    assert outcomes.count("confirmed") == 1
    assert (state_of(booking), last_payment().refunded_minor, alerts()) == ("confirmed", 0, [])


@real
def test_a_payment_nobody_told_of_is_found_by_asking(side, moved_clock):
    booking = a_booking(side)
    side.pay(begin(side, booking).provider_ref)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert state_of(booking) == "confirmed"
    assert payments.reconcile_payments() == 0


@pytest.mark.parametrize("side", ["stripe-intent"], indirect=True)
def test_money_taken_by_a_start_whose_answer_was_lost_is_found_by_asking(side: StripeIntentSide, moved_clock):
    booking = a_booking(side)
    side.server.trouble = ["slow"]
    with pytest.raises(GatewayUnavailable):
        begin(side, booking, mode="card")
    assert (last_payment().state, last_payment().provider_ref) == ("failed", None)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    (ref,) = side.server.intents
    assert (state_of(booking), last_payment().provider_ref) == ("confirmed", ref)


@pytest.mark.parametrize("side", ["stripe"], indirect=True)
def test_a_delayed_payment_confirms_when_it_has_come(side: StripeSide, moved_clock):
    booking = a_booking(side)
    ref = begin(side, booking).provider_ref
    assert set(told(side, *side.server.pay(ref, delayed=True))) == {"noted"}
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 0
    assert told(side, *side.server.arrive(ref))[-1] == "confirmed"


# Given back


@real
def test_a_part_is_given_back_and_what_the_provider_tells_of_it_changes_nothing(side):
    booking = a_booking(side)
    ref = begin(side, booking).provider_ref
    told(side, *side.pay(ref))
    refund = a_refund(650)
    assert send_refund(refund.show_id, refund.id) == "done"
    assert send_refund(refund.show_id, refund.id) == "repeated"
    assert (side.given_back(ref), last_payment().state) == ([650], "partly_refunded")
    assert told(side, side.refund_done(ref)) == ["repeated"]
    assert (state_of(booking), alerts()) == ("confirmed", [])


@networked
def test_a_refund_on_its_way_is_done_when_the_provider_says_so(side):
    ref = begin(side, a_booking(side)).provider_ref
    told(side, *side.pay(ref))
    side.server.refund_status = "pending"
    refund = a_refund(650)
    assert send_refund(refund.show_id, refund.id) == "sent"
    assert last_payment().state == "captured"
    for found in side.server.refunds.values():
        found["status"] = "processed" if isinstance(side, RazorpaySide) else "succeeded"
    assert told(side, side.refund_done(ref)) == ["refund done"]
    assert last_payment().state == "partly_refunded"


@networked
def test_a_refund_that_failed_on_its_way_goes_out_anew(side):
    ref = begin(side, a_booking(side)).provider_ref
    told(side, *side.pay(ref))
    side.server.refund_status = "pending"
    refund = a_refund(650)
    send_refund(refund.show_id, refund.id)
    (sent,) = side.server.refunds
    assert told(side, side.server.fail_refund(sent)) == ["refund failed"]
    assert alerts() == ["refund_refused"]
    side.server.refund_status = "processed" if isinstance(side, RazorpaySide) else "succeeded"
    assert send_refund(refund.show_id, refund.id) == "done"
    assert side.given_back(ref) == [650]


@networked
def test_a_refund_while_the_provider_is_down_goes_out_later_and_once(side):
    ref = begin(side, a_booking(side)).provider_ref
    told(side, *side.pay(ref))
    refund = a_refund(650)
    side.server.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        send_refund(refund.show_id, refund.id)
    assert send_refund(refund.show_id, refund.id) == "done"
    assert side.given_back(ref) == [650]


# Unlucky, late, elsewhere


@real
def test_an_attempt_that_failed_leaves_the_seats_for_another(side):
    booking = a_booking(side)
    first = begin(side, booking)
    assert told(side, *side.decline(first.provider_ref))[-1] == "failed"
    assert (state_of(booking), last_payment().failure is None) == ("awaiting_payment", False)
    second = begin(side, booking)
    assert second.provider_ref != first.provider_ref
    assert told(side, *side.pay(second.provider_ref)).count("confirmed") == 1
    assert state_of(booking) == "confirmed"


@networked
def test_a_provider_that_is_down_loses_no_seats_and_another_one_takes_the_money(side, app):
    booking = a_booking(side)
    side.server.trouble = ["down"]
    with pytest.raises(GatewayUnavailable, match="Your seats stay kept"):
        begin(side, booking)
    assert (state_of(booking), last_payment().state) == ("awaiting_payment", "failed")
    sandbox = SIDES["sandbox"]()
    payment = begin(sandbox, booking)
    assert told(sandbox, *sandbox.pay(payment.provider_ref)) == ["confirmed"]


@networked
def test_an_amount_that_a_provider_cant_charge_is_a_sentence_and_the_seats_stay(side):
    prices = {("standard", kind): 1 for kind in ("adult", "child", "senior")}
    cinema = a_cinema(a_city(currency=side.currency), fee_minor=0)
    booking = a_hold(a_show(cinema=cinema, prices=prices))
    with pytest.raises(PaymentRefused, match="takes at least"):
        begin(side, booking)
    assert (state_of(booking), last_payment().state) == ("awaiting_payment", "failed")


@real
def test_a_booking_that_ran_out_has_its_page_closed(side, moved_clock):
    booking = a_booking(side)
    payment = begin(side, booking)
    moved_clock.forward(minutes=16)
    assert holds.expire_booking(booking.show_id, booking.id)
    task = db.session.execute(text("SELECT show_id, subject_id FROM outbox WHERE kind = 'cancel_payment'")).one()
    db.session.commit()
    payments.cancel_gateway_session(task.show_id, task.subject_id)
    event = side.gateway.fetch(payment.show_id, payment.id, payment.provider_ref)
    assert event.kind.value == "cancelled"


@pytest.mark.parametrize("side", ["razorpay"], indirect=True)
def test_money_that_comes_after_closing_confirms_late_while_the_seats_are_free(side: RazorpaySide, moved_clock):
    """Razorpay's own page stays open to whoever is on it."""
    booking = a_booking(side)
    payment = begin(side, booking)
    moved_clock.forward(minutes=16)
    holds.expire_booking(booking.show_id, booking.id)
    payments.cancel_gateway_session(payment.show_id, payment.id)
    assert told(side, *side.pay(payment.provider_ref)).count("confirmed late") == 1
    assert state_of(booking) == "confirmed"


@networked
def test_one_payment_told_for_two_bookings_pays_one(side):
    """Whatever a buyer writes beside a payment: it is the order's, and the order's alone."""
    first, second = a_booking(side), a_booking(side)
    ref, other = begin(side, first).provider_ref, begin(side, second)
    lies = {"show_id": str(other.show_id), "payment_id": str(other.id)}
    messages = side.server.pay(ref, notes=lies) if isinstance(side, RazorpaySide) else side.pay(ref)
    told(side, *messages)
    payments.refresh_booking_payment(first.show_id, first.id)
    payments.refresh_booking_payment(second.show_id, second.id)
    assert (state_of(first), state_of(second)) == ("confirmed", "awaiting_payment")
