"""What is Razorpay's own: orders that can't be closed, notes that a buyer could write, messages without an envelope."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest

from app import clock
from app.adapters.payments import EventKind, PaymentRefused, PayMode
from app.errors import BadSignature, GatewayUnavailable, NotFound
from tests.support.razorpay_server import KEY_ID
from tests.support.sides import RazorpaySide, verified, without


@pytest.fixture
def side(app):
    made = RazorpaySide()
    yield made
    made.close()


def now_of(side: RazorpaySide, order, ref: str | None):
    return side.gateway.fetch(order.show_id, order.payment_id, ref)


def token_of(started) -> str:
    return started.redirect_url.rpartition("/")[2]


# Orders


def test_show_payment_and_booking_stand_in_the_orders_notes(side):
    order, ref = side.begun()
    made = side.server.orders[ref]
    wanted = {"show_id": "7", "payment_id": str(order.payment_id), "booking": order.booking_code}
    assert wanted.items() <= made["notes"].items()
    assert (made["receipt"], made["amount"], made["currency"]) == (order.key, 2150, "INR")


def test_two_starts_at_the_same_moment_lead_to_one_order(side):
    """Both look, both find nothing, both make one: and both take the older."""
    order = side.order()
    looked, found = threading.Barrier(2, timeout=30), []
    real = side.gateway._orders_for

    def together(*args):
        orders = real(*args)
        if not orders:
            looked.wait()
        else:
            found.append(orders)
        return orders

    side.gateway._orders_for = together
    refs = []
    starts = [threading.Thread(target=lambda: refs.append(_start_and_close(side, order))) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(30)
    assert len(side.server.orders) == 2
    assert len(found) == 2
    assert side.gateway.start(order).provider_ref == min(side.server.orders)
    assert min(side.server.orders) in refs


def _start_and_close(side: RazorpaySide, order) -> str:
    try:
        return side.gateway.start(order).provider_ref
    finally:
        side.gateway.close()


def test_an_order_of_another_house_with_the_same_receipt_is_not_taken_for_ours(side):
    order = side.order()
    ref = side.gateway.start(order).provider_ref
    other = side.gateway.start(replace(order, booking_code="OTHERHOUSE"))
    assert other.provider_ref != ref


def test_what_is_indian_is_paid_in_rupees_and_cards_in_what_the_account_may(side):
    assert side.gateway.takes("INR", PayMode.UPI)
    assert side.gateway.takes("GBP", PayMode.CARD)
    assert not side.gateway.takes("GBP", PayMode.UPI)
    assert not side.gateway.takes("USD")
    with pytest.raises(PaymentRefused, match="does not work in GBP"):
        side.begun(currency="GBP")
    with pytest.raises(PaymentRefused, match="does not work in USD"):
        side.begun(currency="USD", mode="card")


def test_money_that_is_only_authorized_is_pending(side):
    order, ref = side.begun()
    (told,) = [verified(side, message) for message in side.server.authorize(ref)]
    assert (told.kind, told.payment_id) == (EventKind.PENDING, order.payment_id)
    assert now_of(side, order, ref).kind is EventKind.PENDING


def test_a_capture_after_a_failure_counts(side):
    order, ref = side.begun()
    side.decline(ref)
    side.pay(ref)
    assert now_of(side, order, ref).kind is EventKind.CAPTURED


def test_a_closed_order_that_is_paid_all_the_same_is_told_as_captured(side):
    order, ref = side.begun()
    side.gateway.cancel(ref)
    assert now_of(side, order, ref).kind is EventKind.CANCELLED
    assert verified(side, side.pay(ref)[-1]).kind is EventKind.CAPTURED
    assert now_of(side, order, ref).kind is EventKind.CAPTURED


def test_a_closed_order_on_which_a_payment_is_under_way_is_pending(side):
    order, ref = side.begun()
    side.server.authorize(ref)
    side.gateway.cancel(ref)
    assert now_of(side, order, ref).kind is EventKind.PENDING


def test_closing_keeps_the_other_notes(side):
    order, ref = side.begun()
    side.gateway.cancel(ref)
    notes = side.server.orders[ref]["notes"]
    assert (notes["payment_id"], notes["closed"]) == (str(order.payment_id), "yes")


# Messages


def test_notes_that_a_buyer_wrote_say_nothing(side):
    """Otherwise one payment could be told as that of another booking, and pay both."""
    order, ref = side.begun()
    other, _ = side.begun()
    lies = {"show_id": "7", "payment_id": str(other.payment_id)}
    for message in side.server.pay(ref, notes=lies):
        event = verified(side, message)
        assert (event.payment_id, event.provider_ref) == (order.payment_id, ref)


def test_a_payment_without_an_order_is_about_nothing_of_ours(side):
    _, ref = side.paid()
    (payment,) = side.server.payments.values()
    stray = {**payment, "order_id": None, "notes": {"show_id": "7", "payment_id": "1"}}
    event = verified(side, side.server.tell("payment.captured", payment=stray))
    assert (event.kind, event.show_id, event.payment_id) == (EventKind.CAPTURED, 0, None)
    assert event.provider_ref == payment["id"] != ref


def test_a_message_about_an_order_that_cant_be_looked_up_now_is_to_be_told_again(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    side.server.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        verified(side, message)


def test_razorpays_own_number_of_a_message_is_the_events(side):
    _, ref = side.begun()
    message = side.pay(ref)[-1]
    assert verified(side, message).event_id == message.headers["X-Razorpay-Event-Id"]


def test_without_a_number_the_message_itself_makes_it_the_same_one(side):
    _, ref = side.begun()
    message = without(side.pay(ref)[-1], "X-Razorpay-Event-Id")
    first, second = verified(side, message), verified(side, message)
    assert first.event_id == second.event_id
    assert len(first.event_id) == 64


def test_a_number_that_is_too_long_to_store_is_refused(side):
    message = side.message("dreamt.of")
    with pytest.raises(BadSignature):
        verified(side, replace(message, headers={**message.headers, "X-Razorpay-Event-Id": "e" * 201}))


def test_a_message_that_razorpay_repeats_for_a_day_is_still_believed(side):
    assert verified(side, side.message("dreamt.of", at=clock.now() - dt.timedelta(hours=24)))
    with pytest.raises(BadSignature):
        verified(side, side.message("dreamt.of", at=clock.now() - dt.timedelta(hours=24, seconds=310)))


def test_a_refund_made_elsewhere_is_told_of_its_payment(side):
    order, ref = side.paid()
    (payment,) = side.server.payments.values()
    refund = {"id": "rfnd_1", "amount": 650, "currency": "INR", "payment_id": payment["id"], "notes": []}
    told = verified(side, side.server.tell("refund.processed", refund=refund, payment=payment))
    assert (told.kind, told.refund_key, told.payment_id) == (EventKind.REFUND_DONE, "", order.payment_id)
    assert told.provider_ref == ref


def test_what_razorpay_gives_back_by_itself_was_never_ours(side):
    order, ref = side.begun()
    side.server.authorize(ref)
    (payment,) = side.server.payments.values()
    refund = {"id": "rfnd_1", "amount": 2150, "currency": "INR", "payment_id": payment["id"], "notes": []}
    told = verified(side, side.server.tell("refund.processed", refund=refund, payment=payment))
    assert (told.kind, told.payment_id) == (EventKind.PENDING, order.payment_id)


# Our page in front of theirs


def test_the_page_has_what_razorpays_form_asks_for(side):
    order = side.order()
    started = side.gateway.start(order)
    page = side.gateway.pay_page(token_of(started), "Marquee", "http://localhost/back")
    assert page.action == f"{side.server.url}/v1/checkout/embedded"
    assert page.fields == {
        "key_id": KEY_ID,
        "order_id": started.provider_ref,
        "amount": "2150",
        "currency": "INR",
        "name": "Marquee",
        "description": order.description,
        "prefill[email]": order.email,
        "prefill[method]": "upi",
        "callback_url": "http://localhost/back",
        "cancel_url": "http://localhost/back",
    }


@pytest.mark.parametrize(
    ("mode", "theirs"), [("card", "card"), ("upi", "upi"), ("net_banking", "netbanking"), ("wallet", "wallet")]
)
def test_modes_become_razorpays_names(side, mode, theirs):
    started = side.gateway.start(side.order(mode=mode))
    page = side.gateway.pay_page(token_of(started), "Marquee", "http://localhost/back")
    assert page.fields["prefill[method]"] == theirs


@pytest.mark.parametrize("token", ["", "x", "WyJvcmRlcl8xIiwiL2EiLCIvYiJd.signature"])
def test_an_address_that_we_did_not_make_leads_nowhere(side, token):
    with pytest.raises(NotFound):
        side.gateway.pay_page(token, "Marquee", "http://localhost/back")
    with pytest.raises(NotFound):
        side.gateway.came_back(token, {})


def test_an_order_that_razorpay_lost_leads_nowhere(side):
    started = side.gateway.start(side.order())
    side.server.orders.clear()
    with pytest.raises(NotFound):
        side.gateway.pay_page(token_of(started), "Marquee", "http://localhost/back")


def test_who_paid_who_failed_and_who_turned_back_go_their_ways(side):
    started = side.gateway.start(side.order(cancel_url="http://localhost/turned-back?why=1"))
    token = token_of(started)
    back = side.gateway.ticket(token).back
    side.pay(started.provider_ref)
    assert side.gateway.came_back(token, side.server.callback(started.provider_ref)) == back
    assert side.gateway.came_back(token, {"error[code]": "BAD_REQUEST_ERROR"}) == back
    assert side.gateway.came_back(token, {}) == "/turned-back?why=1"


@pytest.mark.parametrize(
    "forged",
    [
        {"razorpay_signature": "0" * 64},
        {"razorpay_signature": ""},
        {"razorpay_signature": "é"},
        {"razorpay_payment_id": "pay_another"},
        {"razorpay_order_id": "order_another"},
    ],
    ids=str,
)
def test_a_return_that_razorpay_did_not_sign_is_refused(side, forged):
    started = side.gateway.start(side.order())
    side.pay(started.provider_ref)
    brought = {**side.server.callback(started.provider_ref), **forged}
    with pytest.raises(BadSignature):
        side.gateway.came_back(token_of(started), brought)
