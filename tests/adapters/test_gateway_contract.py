"""What every gateway promises, asked of each in the same words: sandbox, Stripe in both flows, Razorpay, and the fake."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from app import clock
from app.adapters.payments import EventKind, PaymentRefused, PayMode, TransactionOpen, gateway
from app.db import transaction
from app.errors import BadSignature, GatewayUnavailable
from tests.support.sides import LITTLE_PATIENCE, SIDES, WINDOW, Side, verified, without

REAL = [name for name in SIDES if name != "fake"]
NETWORKED = [name for name in REAL if name != "sandbox"]


@pytest.fixture
def side(request, app):
    silent = request.node.callspec.params.get("trouble") == "slow"
    made = SIDES[request.param](**{"timeout_seconds": LITTLE_PATIENCE} if silent else {})
    yield made
    made.close()


every = pytest.mark.parametrize("side", SIDES, indirect=True)
real = pytest.mark.parametrize("side", REAL, indirect=True)
networked = pytest.mark.parametrize("side", NETWORKED, indirect=True)


def state(side: Side, order, ref: str | None):
    return side.gateway.fetch(order.show_id, order.payment_id, ref)


# Starting


@every
def test_the_same_order_is_one_session(side):
    order = side.order()
    first, second = side.gateway.start(order), side.gateway.start(order)
    assert first == second
    assert first.redirect_url.startswith(("http://", "https://"))


@every
def test_another_order_is_another_session(side):
    assert side.begun()[1] != side.begun()[1]


@every
def test_a_started_attempt_is_pending(side):
    order, ref = side.begun()
    event = state(side, order, ref)
    assert (event.kind, event.amount_minor) == (EventKind.PENDING, 0)
    assert (event.show_id, event.payment_id, event.provider_ref) == (order.show_id, order.payment_id, ref)


# Asking


@every
def test_a_paid_attempt_is_captured_with_its_amount(side):
    order, ref = side.paid()
    event = state(side, order, ref)
    assert (event.kind, event.amount_minor, event.currency) == (EventKind.CAPTURED, 2150, order.currency)
    assert (event.provider, event.show_id, event.payment_id) == (side.gateway.name, order.show_id, order.payment_id)


@every
def test_a_failed_attempt_is_told_with_a_reason(side):
    order, ref = side.begun()
    side.decline(ref)
    event = state(side, order, ref)
    assert event.kind is EventKind.FAILED
    assert "declined" in event.detail


@every
def test_asking_twice_gives_the_same_event(side):
    order, ref = side.paid()
    first, second = state(side, order, ref), state(side, order, ref)
    assert first.event_id == second.event_id


@every
def test_an_attempt_whose_id_was_never_heard_is_found(side):
    order, ref = side.paid()
    event = state(side, order, None)
    assert (event.kind, event.provider_ref, event.amount_minor) == (EventKind.CAPTURED, ref, 2150)


@every
def test_an_attempt_the_provider_never_heard_of_is_nothing(side):
    assert side.gateway.fetch(7, 999_999, None) is None


@real
@pytest.mark.parametrize("ref", ["cs_unknown", "pi_unknown", "order_unknown"])
def test_an_id_the_provider_never_gave_is_nothing(side, ref):
    assert side.gateway.fetch(7, 999_999, ref) is None


# Giving back


@every
def test_everything_can_be_given_back(side):
    order, ref = side.paid()
    answer = side.gateway.refund(ref, 2150, order.currency, "refund-7-1-1")
    assert (answer.state, bool(answer.provider_ref), side.given_back(ref)) == ("done", True, [2150])
    assert state(side, order, ref).kind is EventKind.CAPTURED


@every
def test_parts_can_be_given_back_until_nothing_is_left(side):
    order, ref = side.paid()
    for number, amount in enumerate([650, 500, 1000]):
        assert side.gateway.refund(ref, amount, order.currency, f"refund-7-2-{number}").state == "done"
    assert sorted(side.given_back(ref)) == [500, 650, 1000]
    refused = side.gateway.refund(ref, 1, order.currency, "refund-7-2-9")
    assert refused.state == "failed"
    assert refused.reason


@every
def test_the_same_key_gives_back_once(side):
    order, ref = side.paid()
    answers = [side.gateway.refund(ref, 650, order.currency, "refund-7-3-1") for _ in range(3)]
    assert len(set(answers)) == 1
    assert side.given_back(ref) == [650]


@every
def test_a_key_stands_for_one_amount(side):
    order, ref = side.paid()
    side.gateway.refund(ref, 650, order.currency, "refund-7-4-1")
    assert side.gateway.refund(ref, 651, order.currency, "refund-7-4-1").state == "failed"
    assert side.given_back(ref) == [650]


@every
def test_more_than_was_paid_is_refused(side):
    order, ref = side.paid()
    assert side.gateway.refund(ref, 2151, order.currency, "refund-7-5-1").state == "failed"
    side.gateway.refund(ref, 2000, order.currency, "refund-7-5-2")
    assert side.gateway.refund(ref, 151, order.currency, "refund-7-5-3").state == "failed"
    assert side.given_back(ref) == [2000]


@every
def test_another_currency_is_refused(side):
    _, ref = side.paid()
    other = "USD" if side.currency != "USD" else "EUR"
    assert side.gateway.refund(ref, 650, other, "refund-7-6-1").state == "failed"
    assert side.given_back(ref) == []


@every
def test_what_was_never_paid_is_not_given_back(side):
    order, ref = side.begun()
    assert side.gateway.refund(ref, 650, order.currency, "refund-7-7-1").state == "failed"


@networked
def test_a_refund_on_its_way_is_sent_and_the_same_key_finds_it_again(side):
    order, ref = side.paid()
    side.server.refund_status = "pending"
    answers = [side.gateway.refund(ref, 650, order.currency, "refund-7-8-1") for _ in range(2)]
    assert [answer.state for answer in answers] == ["sent", "sent"]
    assert side.given_back(ref) == [650]


@networked
def test_a_refund_that_failed_on_its_way_is_told_and_made_anew_by_the_same_key(side):
    order, ref = side.paid()
    side.server.refund_status = "pending"
    first = side.gateway.refund(ref, 650, order.currency, "refund-7-9-1")
    told = verified(side, side.server.fail_refund(first.provider_ref))
    assert (told.kind, told.refund_key) == (EventKind.REFUND_FAILED, "refund-7-9-1")
    second = side.gateway.refund(ref, 650, order.currency, "refund-7-9-1")
    assert second.provider_ref != first.provider_ref
    assert side.given_back(ref) == [650]


@real
def test_a_refund_is_told_with_its_key_and_its_payment(side):
    order, ref = side.paid()
    side.gateway.refund(ref, 650, order.currency, "refund-7-10-1")
    told = verified(side, side.refund_done(ref))
    assert (told.kind, told.refund_key) == (EventKind.REFUND_DONE, "refund-7-10-1")
    assert (told.show_id, told.payment_id, told.provider_ref) == (order.show_id, order.payment_id, ref)


# Closing


@every
def test_a_cancelled_attempt_is_closed_and_cancelling_again_changes_nothing(side):
    order, ref = side.begun()
    for _ in range(2):
        side.gateway.cancel(ref)
        assert state(side, order, ref).kind is EventKind.CANCELLED


@every
def test_cancelling_what_is_paid_has_no_effect(side):
    order, ref = side.paid()
    side.gateway.cancel(ref)
    assert state(side, order, ref).kind is EventKind.CAPTURED
    assert side.given_back(ref) == []


@real
@pytest.mark.parametrize("ref", ["cs_unknown", "pi_unknown", "order_unknown"])
def test_cancelling_what_the_provider_does_not_know_does_nothing(side, ref):
    side.gateway.cancel(ref)


@every
def test_forgetting_a_method_nobody_knows_does_nothing(side):
    side.gateway.forget_method("pm_unknown")


# Messages


@every
def test_the_message_of_a_capture_says_all_about_it(side):
    order, ref = side.begun()
    event = verified(side, side.pay(ref)[-1])
    assert (event.kind, event.amount_minor, event.currency) == (EventKind.CAPTURED, 2150, order.currency)
    assert (event.show_id, event.payment_id, event.provider_ref) == (order.show_id, order.payment_id, ref)
    assert event.event_id


@every
def test_the_message_of_a_failure_says_why(side):
    order, ref = side.begun()
    event = verified(side, side.decline(ref)[-1])
    assert (event.kind, event.payment_id, event.provider_ref) == (EventKind.FAILED, order.payment_id, ref)
    assert "declined" in event.detail


@every
def test_all_that_is_told_of_an_attempt_belongs_to_it_and_what_matters_has_one_id(side):
    order, ref = side.begun()
    events = [verified(side, message) for message in side.pay(ref)]
    assert {(event.show_id, event.payment_id) for event in events} == {(order.show_id, order.payment_id)}
    assert {event.provider_ref for event in events if event.kind is not EventKind.PENDING} == {ref}
    assert len({event.event_id for event in events}) == len(events)


@real
def test_a_message_is_the_same_event_each_time_it_comes(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    assert verified(side, message) == verified(side, message)


@real
def test_what_is_told_can_be_stored_and_holds_no_secret(side):
    _, ref = side.begun()
    for message in side.pay(ref):
        assert "client_secret" not in json.dumps(verified(side, message).raw)


@real
@pytest.mark.parametrize("kind", ["customer.created", "dreamt.of", "payment.dreamt_of", "settlement.processed"])
def test_a_kind_of_message_nobody_knows_is_noted(side, kind):
    event = verified(side, side.message(kind))
    assert (event.kind, event.show_id, event.payment_id) == (EventKind.PENDING, 0, None)
    assert event.provider_ref


@every
def test_a_message_with_another_signature_is_refused(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    forged = replace(message, headers={**message.headers, side.signature: "t=1,v1=abc"})
    for wrong in (forged, without(message, side.signature)):
        with pytest.raises(BadSignature):
            verified(side, wrong)


@real
@pytest.mark.parametrize("value", ["", "t=,v1=", "v1=abc", "t=now,v1=abc", "é", "²", "t=²,v1=é", ",,,=,=", "x" * 9000])
def test_a_signature_that_is_none_is_refused(side, value):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    with pytest.raises(BadSignature):
        verified(side, replace(message, headers={**message.headers, side.signature: value}))


@real
def test_a_message_that_another_secret_signed_is_refused(side):
    with pytest.raises(BadSignature):
        verified(side, side.message("payment.captured", secret="another one"))


@real
def test_a_message_altered_on_its_way_is_refused(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    assert b"2150" in message.body
    with pytest.raises(BadSignature):
        verified(side, replace(message, body=message.body.replace(b"2150", b"9150")))


@real
def test_the_name_of_the_header_may_come_in_any_case(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    headers = {name.upper(): value for name, value in message.headers.items()}
    assert verified(side, replace(message, headers=headers)).kind is EventKind.CAPTURED


@real
@pytest.mark.parametrize("age", [dt.timedelta(days=3), -dt.timedelta(seconds=WINDOW + 5)], ids=["old", "to come"])
def test_a_message_far_from_now_is_refused(side, age):
    with pytest.raises(BadSignature, match="too old"):
        verified(side, side.message("dreamt.of", at=clock.now() - age))


@real
def test_a_message_within_the_window_is_taken(side):
    for seconds in (290, -290):
        assert verified(side, side.message("dreamt.of", at=clock.now() - dt.timedelta(seconds=seconds)))


JUNK = [
    b"",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 30_000,
    b'{"id": NaN}',
    b'{"id": 7, "type": 7, "event": 7, "data": 7, "payload": 7, "created_at": "now"}',
    b'{"id": "e", "type": "x", "data": null, "event": "x", "payload": null, "created_at": 1}',
    b'{"id": "e\\u0000", "type": "x", "data": {"session": "s", "object": {"id": "s"}}}',
    b'{"id": "\\ud800", "type": "x", "data": {"session": "s", "object": {"id": "s"}}}',
]


@real
@pytest.mark.parametrize("body", JUNK, ids=range(len(JUNK)))
def test_a_signed_body_that_is_no_message_is_refused(side, body):
    message = side.signed(body)
    with pytest.raises(BadSignature):
        verified(side, message)


# Amounts


@every
@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1800), ("KWD", 12_340), ("GBP", 1999)])
def test_an_amount_comes_back_as_it_went_whatever_the_digits(side, currency, minor):
    order, ref = side.paid(currency=currency, amount_minor=minor, mode="card")
    event = state(side, order, ref)
    assert (event.amount_minor, event.currency) == (minor, currency)
    assert side.gateway.refund(ref, minor, currency, "refund-7-11-1").state == "done"


@networked
def test_an_amount_that_cant_be_charged_is_refused_in_words(side):
    with pytest.raises(PaymentRefused, match="in steps of"):
        side.begun(currency="KWD", amount_minor=12_345, mode="card")
    with pytest.raises(PaymentRefused, match="does not take"):
        side.begun(currency="CUP", mode="card")
    with pytest.raises(PaymentRefused, match="at least"):
        side.begun(amount_minor=1)
    assert side.server.asked == []


@networked
def test_a_way_to_pay_that_is_not_set_up_is_refused_in_words(side):
    with pytest.raises(PaymentRefused, match="choose another one"):
        side.begun(mode="cheque")


@every
def test_a_gateway_says_what_it_takes(side):
    assert side.gateway.takes(side.currency)
    assert side.gateway.takes(side.currency, PayMode(side.mode))
    assert set(side.gateway.modes) <= set(PayMode)
    assert side.gateway.modes


@networked
def test_a_gateway_does_not_take_what_it_cant_charge(side):
    assert not side.gateway.takes("CUP")
    assert not side.gateway.takes("GBP", PayMode.NET_BANKING)


# What goes wrong between us

ACTS = {
    "start": lambda side, order, ref: side.gateway.start(side.order()),
    "fetch": lambda side, order, ref: side.gateway.fetch(order.show_id, order.payment_id, ref),
    "search": lambda side, order, ref: side.gateway.fetch(order.show_id, order.payment_id, None),
    "cancel": lambda side, order, ref: side.gateway.cancel(ref),
    "refund": lambda side, order, ref: side.gateway.refund(ref, 650, order.currency, "refund-7-12-1"),
}


@networked
@pytest.mark.parametrize("trouble", ["down", "busy", "stranger", "html", "slow", "drop"])
@pytest.mark.parametrize("act", ACTS)
def test_a_provider_in_trouble_is_unavailable(side, act, trouble):
    order, ref = side.paid() if act == "refund" else side.begun()
    side.server.trouble = [trouble, trouble]
    with pytest.raises(GatewayUnavailable) as told:
        ACTS[act](side, order, ref)
    assert not isinstance(told.value, PaymentRefused)
    assert told.value.message == GatewayUnavailable.default
    side.server.trouble = []
    ACTS[act](side, order, ref)


@networked
def test_a_provider_that_is_not_there_is_unavailable(side):
    order, ref = side.begun()
    side.gateway.close()
    side.server.close()
    with pytest.raises(GatewayUnavailable):
        state(side, order, ref)


@networked
def test_a_question_on_a_broken_connection_is_asked_again(side):
    order, ref = side.paid()
    side.server.trouble = ["drop"]
    assert state(side, order, ref).kind is EventKind.CAPTURED


@networked
@pytest.mark.parametrize("trouble", ["lost", "slow"])
def test_a_start_whose_answer_was_lost_is_the_same_session_next_time(side, trouble):
    order = side.order()
    questions = {"stripe": 0, "razorpay": 1}[side.gateway.name]
    side.server.trouble = [*[""] * questions, trouble, trouble]
    with pytest.raises(GatewayUnavailable):
        side.gateway.start(order)
    side.server.trouble = []
    ref = side.gateway.start(order).provider_ref
    made = side.server.orders if side.gateway.name == "razorpay" else {**side.server.sessions, **side.server.intents}
    assert list(made) == [ref]


@networked
@pytest.mark.parametrize("trouble", ["lost", "slow"])
def test_a_refund_whose_answer_was_lost_is_not_paid_twice(side, trouble):
    order, ref = side.paid()
    questions = {"stripe": 2, "razorpay": 3}[side.gateway.name]
    side.server.trouble = [*[""] * questions, trouble, trouble]
    with pytest.raises(GatewayUnavailable):
        side.gateway.refund(ref, 650, order.currency, "refund-7-13-1")
    assert side.given_back(ref) == [650]
    side.server.trouble = []
    assert side.gateway.refund(ref, 650, order.currency, "refund-7-13-1").state == "done"
    assert side.given_back(ref) == [650]


@every
def test_no_gateway_is_handed_out_inside_a_transaction(side, app, monkeypatch):
    monkeypatch.setitem(app.extensions["marquee_gateways"], "asked", side.gateway)
    assert gateway("asked") is side.gateway
    with transaction(), pytest.raises(TransactionOpen):
        gateway("asked")
