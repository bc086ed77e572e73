"""How much is asked of each provider: its digits, its steps, its limits; and back again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.payments import PaymentRefused
from app.adapters.payments.razorpay_rules import AMOUNTS as RAZORPAY
from app.adapters.payments.stripe_rules import AMOUNTS as STRIPE
from app.money import CURRENCIES


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [
        ("GBP", 2150, 2150),
        ("JPY", 1800, 1800),
        ("KRW", 15_000, 15_000),
        ("KWD", 12_340, 12_340),
        ("ISK", 2500, 250_000),
        ("UGX", 40_000, 4_000_000),
        ("MGA", 500_000, 5000),
        ("HUF", 450_000, 450_000),
    ],
)
def test_stripe_counts_in_its_own_digits(currency, ours, theirs):
    assert STRIPE.to_charge(ours, currency) == theirs
    assert STRIPE.from_there(theirs, currency) == ours


@pytest.mark.parametrize(("currency", "minor"), [("INR", 15_000), ("JPY", 295), ("KWD", 99_990), ("ISK", 2500)])
def test_razorpay_counts_as_the_currency_does(currency, minor):
    assert RAZORPAY.to_charge(minor, currency) == minor


@pytest.mark.parametrize(
    ("amounts", "currency", "minor", "words"),
    [
        (STRIPE, "KWD", 12_345, "Stripe takes KWD in steps of KWD0.010: KWD12.345 is none."),
        (STRIPE, "GBP", 29, "Stripe takes at least £0.30."),
        (STRIPE, "JPY", 49, "Stripe takes at least JP¥50."),
        (STRIPE, "GBP", 100_000_000, "Stripe takes at most £999,999.99 at once."),
        (STRIPE, "ISK", 1_000_000, "Stripe takes at most ISK999,999 at once."),
        (STRIPE, "IQD", 5000, "Stripe does not take IQD. Please choose another way to pay."),
        (RAZORPAY, "INR", 99, "Razorpay takes at least ₹1.00."),
        (RAZORPAY, "OMR", 9_999, "Razorpay takes OMR in steps of OMR0.010: OMR9.999 is none."),
        (RAZORPAY, "BRL", 5000, "Razorpay does not take BRL. Please choose another way to pay."),
        (RAZORPAY, "XXX", 5000, "Razorpay does not take XXX. Please choose another way to pay."),
    ],
)
def test_what_cant_be_charged_is_refused_in_a_sentence(amounts, currency, minor, words):
    with pytest.raises(PaymentRefused) as told:
        amounts.to_charge(minor, currency)
    assert told.value.message == words
    assert told.value.status == 422


def test_a_part_of_what_stripe_counts_whole_is_refused():
    with pytest.raises(PaymentRefused, match="in steps of"):
        STRIPE.to_charge(550, "MGA")


@pytest.mark.parametrize("amounts", [STRIPE, RAZORPAY], ids=["stripe", "razorpay"])
def test_a_small_part_can_go_back_though_it_could_not_be_charged(amounts):
    assert amounts.to_refund(1, "INR") == 1


def test_a_fraction_that_we_cant_say_is_left_out_never_added():
    assert STRIPE.from_there(4_019, "ISK") == 40
    assert STRIPE.from_there(150, "XXX") == 150


@pytest.mark.parametrize("amounts", [STRIPE, RAZORPAY], ids=["stripe", "razorpay"])
def test_every_currency_taken_is_one_whose_digits_we_know(amounts):
    assert amounts.currencies <= set(CURRENCIES)
    assert {*amounts.digits, *amounts.steps, *amounts.least} <= amounts.currencies


@given(st.sampled_from([STRIPE, RAZORPAY]), st.data())
def test_whatever_is_charged_comes_back_as_the_same_amount(amounts, data):
    currency = data.draw(st.sampled_from(sorted(amounts.currencies)))
    minor = data.draw(st.integers(1, 10**9))
    try:
        theirs = amounts.to_charge(minor, currency)
    except PaymentRefused:
        return
    assert amounts.from_there(theirs, currency) == minor
    assert amounts.least.get(currency, 1) <= theirs <= amounts.most
    assert theirs % amounts.steps.get(currency, 1) == 0
