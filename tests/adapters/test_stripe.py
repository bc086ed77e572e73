"""What is Stripe's own: sessions and intents, delayed payments, cards that are remembered, refunds made elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from app import clock
from app.adapters.payments import EventKind, PaymentRefused, PayMode, SavedCard
from app.adapters.payments.stripe import StripeGateway
from app.errors import GatewayUnavailable
from tests.support.sides import PATIENCE, StripeIntentSide, StripeSide, verified
from tests.support.stripe_server import nested


@pytest.fixture
def side(app):
    made = StripeSide()
    yield made
    made.close()


@pytest.fixture
def intents(app):
    made = StripeIntentSide()
    yield made
    made.close()


def sent(side: StripeSide) -> dict:
    """What the last request said."""
    return nested(side.server.asked[-1].values)


def now_of(side: StripeSide, order, ref: str | None):
    return side.gateway.fetch(order.show_id, order.payment_id, ref)


# Opening


def test_show_payment_and_booking_travel_on_the_session_and_on_its_intent(side):
    order = side.order()
    started = side.gateway.start(order)
    wanted = {"show_id": "7", "payment_id": str(order.payment_id), "booking": order.booking_code, "key": order.key}
    for metadata in (sent(side)["metadata"], sent(side)["payment_intent_data"]["metadata"]):
        assert wanted.items() <= metadata.items()
    assert started.provider_ref.startswith("cs_")
    assert started.redirect_url == f"{side.server.url}/c/pay/{started.provider_ref}"


def test_every_write_has_its_key(side):
    _, ref = side.paid()
    side.gateway.refund(ref, 650, "GBP", "refund-7-1-1")
    side.gateway.cancel(ref)
    writes = [asked for asked in side.server.asked if asked.method == "POST"]
    assert len(writes) == 3
    assert all(asked.headers["idempotency-key"] for asked in writes)


def test_a_page_lives_as_long_as_stripe_wants_and_the_same_order_stays_the_same_request(side, moved_clock):
    order = side.order(expires_at=clock.now() + dt.timedelta(seconds=30))
    first = side.gateway.start(order)
    moved_clock.forward(seconds=20)
    assert side.gateway.start(order) == first


def test_another_house_with_the_same_account_and_numbers_gets_sessions_of_its_own(side):
    order = side.order()
    ref = side.gateway.start(order).provider_ref
    assert side.gateway.start(replace(order, booking_code="OTHERHOUSE")).provider_ref != ref


def test_who_turns_back_goes_where_the_shop_says(side):
    side.begun(cancel_url="http://localhost/turned-back")
    assert sent(side)["cancel_url"] == "http://localhost/turned-back"
    order, _ = side.begun()
    assert sent(side)["cancel_url"] == order.return_url


def test_an_order_without_an_address_asks_for_one_on_stripes_page(side):
    side.begun(email="")
    assert "customer_email" not in sent(side)


def test_modes_become_stripes_names_where_they_work(app):
    side = StripeSide(methods={"CARD": "card", "NET_BANKING": "ideal+pay_by_bank", "UPI": "upi"})
    try:
        assert side.gateway.modes == (PayMode.CARD, PayMode.UPI, PayMode.NET_BANKING)
        side.begun(mode="net_banking", currency="GBP")
        assert sent(side)["payment_method_types"] == ["pay_by_bank"]
        assert side.gateway.takes("INR", PayMode.UPI)
        assert not side.gateway.takes("GBP", PayMode.UPI)
        assert not side.gateway.takes("GBP", PayMode.WALLET)
        with pytest.raises(PaymentRefused, match="does not work in GBP"):
            side.begun(mode="upi", currency="GBP")
    finally:
        side.close()


# What becomes of a session


def test_a_card_declined_in_checkout_is_not_the_end_of_the_attempt(side):
    order, ref = side.begun()
    (told,) = [verified(side, message) for message in side.server.decline(ref)]
    assert (told.kind, told.payment_id) == (EventKind.PENDING, order.payment_id)
    assert now_of(side, order, ref).kind is EventKind.PENDING
    side.pay(ref)
    assert now_of(side, order, ref).kind is EventKind.CAPTURED


def test_a_delayed_payment_is_pending_until_it_has_come(side):
    order, ref = side.begun()
    told = [verified(side, message) for message in side.server.pay(ref, delayed=True)]
    assert {event.kind for event in told} == {EventKind.PENDING}
    assert now_of(side, order, ref).kind is EventKind.PENDING
    assert verified(side, side.server.arrive(ref)[-1]).kind is EventKind.CAPTURED
    assert now_of(side, order, ref).kind is EventKind.CAPTURED


def test_a_delayed_payment_that_fails_is_told_with_its_reason_when_asked(side):
    order, ref = side.begun()
    side.decline(ref)
    assert now_of(side, order, ref).detail == "Your card was declined."


def test_a_session_that_ran_out_is_cancelled(side):
    order, ref = side.begun()
    (told,) = [verified(side, message) for message in side.server.run_out(ref)]
    assert (told.kind, told.provider_ref) == (EventKind.CANCELLED, ref)
    assert now_of(side, order, ref).kind is EventKind.CANCELLED


def test_a_session_nobody_paid_and_whose_id_is_lost_is_nothing_yet(side):
    order, _ = side.begun()
    assert now_of(side, order, None) is None


def test_an_intent_that_was_cancelled_is_told(intents):
    order, ref = intents.begun()
    intents.gateway.cancel(ref)
    told = verified(intents, intents.server.tell("payment_intent.canceled", intents.server.intents[ref]))
    assert (told.kind, told.provider_ref, told.payment_id) == (EventKind.CANCELLED, ref, order.payment_id)


# Intents


def test_a_method_that_redirects_leads_to_the_bank(intents):
    order = intents.order()
    started = intents.gateway.start(order)
    assert started.redirect_url == f"{intents.server.url}/authorize/{started.provider_ref}"
    assert sent(intents)["payment_method_data"] == {"type": "ideal", "billing_details": {"email": order.email}}
    assert sent(intents)["return_url"] == order.return_url


def test_with_a_testing_key_a_card_is_paid_by_stripes_own_test_card(intents):
    order = intents.order(mode="card")
    started = intents.gateway.start(order)
    assert started.redirect_url == order.return_url
    assert now_of(intents, order, started.provider_ref).kind is EventKind.CAPTURED


def test_with_a_live_key_no_new_card_is_offered_or_taken_without_stripes_page(app):
    live = StripeGateway("sk_live_x", "whsec_x", 300, PATIENCE, "http://127.0.0.1:9", "intent", {"CARD": "card"})
    assert live.modes == ()
    assert not live.takes("GBP")
    with pytest.raises(PaymentRefused, match="A new card can't be used here"):
        live.start(StripeSide.order(StripeIntentSide.__new__(StripeIntentSide), mode="card"))
    live.close()


# Cards that are remembered


def test_a_card_is_remembered_when_the_buyer_wants_it(side):
    order, ref = side.begun(save_method=True)
    assert sent(side)["payment_intent_data"]["setup_future_usage"] == "on_session"
    told = verified(side, side.pay(ref)[-1])
    customer = side.server.sessions[ref]["customer"]
    assert told.saved == SavedCard("pm_card_visa", "visa", "4242", 12, 2034, customer)
    assert now_of(side, order, ref).saved == told.saved


def test_a_card_is_not_remembered_when_nobody_asked(side):
    order, ref = side.begun()
    assert "setup_future_usage" not in sent(side)["payment_intent_data"]
    assert verified(side, side.pay(ref)[-1]).saved is None
    assert now_of(side, order, ref).saved is None


def test_a_buyer_whom_stripe_knows_stays_the_same_customer(side):
    side.begun(save_method=True, customer_ref="cus_ada")
    assert sent(side)["customer"] == "cus_ada"
    assert "customer_creation" not in sent(side)


def test_money_counts_even_if_the_card_cant_be_asked_about(side):
    _, ref = side.begun(save_method=True)
    message = side.pay(ref)[-1]
    side.server.trouble = ["down"]
    told = verified(side, message)
    assert (told.kind, told.saved) == (EventKind.CAPTURED, None)


def test_a_remembered_card_pays_without_a_page(side):
    order = side.order(saved_token="pm_card_saved", customer_ref="cus_ada")
    started = side.gateway.start(order)
    assert started.redirect_url == order.return_url
    event = now_of(side, order, started.provider_ref)
    assert (event.kind, event.amount_minor, event.provider_ref) == (EventKind.CAPTURED, 2150, started.provider_ref)
    assert side.gateway.refund(started.provider_ref, 650, "GBP", "refund-7-1-1").state == "done"


def test_a_remembered_card_whose_bank_asks_leads_there(side):
    started = side.gateway.start(side.order(saved_token="pm_card_asks_bank", customer_ref="cus_ada"))
    assert started.redirect_url.startswith(f"{side.server.url}/authorize/")


def test_a_remembered_card_that_is_declined_is_refused_in_the_banks_words(side):
    with pytest.raises(PaymentRefused, match=r"Your bank said no: Your card was declined\."):
        side.gateway.start(side.order(saved_token="pm_card_declined", customer_ref="cus_ada"))


def test_a_remembered_card_can_be_forgotten(side):
    side.gateway.forget_method("pm_card_saved")
    assert side.server.detached == ["pm_card_saved"]


# Refunds


def test_a_refund_made_elsewhere_is_told_of_its_payment(side):
    order, ref = side.paid()
    intent_id = side.server.sessions[ref]["payment_intent"]
    values = {"payment_intent": intent_id, "amount": "650", "metadata": {}}
    refund = side.server._make_refund(values)
    told = verified(side, side.server.tell("refund.created", refund))
    assert (told.kind, told.refund_key) == (EventKind.REFUND_DONE, "")
    assert (told.show_id, told.payment_id, told.amount_minor) == (order.show_id, order.payment_id, 650)


def test_a_refund_of_money_we_know_nothing_of_is_told_as_such(side):
    refund = {"id": "re_1", "amount": 650, "currency": "gbp", "payment_intent": "pi_unknown", "status": "succeeded"}
    told = verified(side, side.server.tell("refund.created", refund))
    assert (told.kind, told.show_id, told.payment_id) == (EventKind.REFUND_DONE, 0, None)


def test_a_refund_that_cant_be_looked_up_now_is_to_be_told_again(side):
    refund = {"id": "re_1", "amount": 650, "currency": "gbp", "payment_intent": "pi_1", "status": "succeeded"}
    message = side.server.tell("refund.created", refund)
    side.server.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        verified(side, message)


def test_a_charge_that_was_refunded_tells_of_its_newest_refund_where_it_is_listed(side):
    order, ref = side.paid()
    side.gateway.refund(ref, 650, "GBP", "refund-7-1-1")
    (refund,) = side.server.refunds.values()
    charge = {"id": "ch_1", "object": "charge", "currency": "gbp", "metadata": refund["metadata"]}
    told = verified(side, side.server.tell("charge.refunded", {**charge, "refunds": {"data": [refund]}}))
    assert (told.kind, told.refund_key, told.provider_ref) == (EventKind.REFUND_DONE, "refund-7-1-1", ref)
    bare = verified(side, side.server.tell("charge.refunded", charge))
    assert (bare.kind, bare.payment_id) == (EventKind.PENDING, order.payment_id)


def test_a_refund_of_a_fraction_that_stripe_cant_count_is_refused_in_words(side):
    _, ref = side.paid(currency="KWD", amount_minor=12_340)
    answer = side.gateway.refund(ref, 1_005, "KWD", "refund-7-1-1")
    assert answer.state == "failed"
    assert "in steps of" in answer.reason


def test_what_stripe_refuses_is_told_in_its_words(side, monkeypatch):
    order, ref = side.paid()
    monkeypatch.setattr(side.server, "given_back", lambda ref: [9999])
    answer = side.gateway.refund(ref, 650, "GBP", "refund-7-1-1")
    assert (answer.state, answer.reason) == ("failed", "Refund amount is greater than unrefunded amount on charge.")
    assert order.currency == "GBP"
