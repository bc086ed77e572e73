"""Amounts as people type them, and what is wrong with a list of prices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.price_lists import (
    MOST_MINOR,
    BadPrice,
    category_code,
    category_names,
    example,
    filled,
    problems,
    read_price,
    rounding_step,
    write_price,
)
from app.domain.pricing import TicketType
from app.money import CURRENCIES

currencies = st.sampled_from(sorted(CURRENCIES))


@given(st.integers(0, MOST_MINOR) | st.none(), currencies)
def test_what_is_written_reads_the_same(minor, currency):
    assert read_price(write_price(minor, currency), currency) == minor


@given(currencies)
def test_the_example_is_a_price(currency):
    assert read_price(example(currency), currency) == 1250 * 10 ** CURRENCIES[currency] // 100


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("12,5", "EUR", 1250),
        (" 9 ", "GBP", 900),
        ("0", "GBP", 0),
        ("1800", "JPY", 1800),
        ("1.250", "KWD", 1250),
        ("", "GBP", None),
    ],
)
def test_amounts_are_read_exactly(typed, currency, minor):
    assert read_price(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("12.505", "GBP"),
        ("1,250", "GBP"),
        ("18.50", "JPY"),
        ("1.2505", "KWD"),
        ("-3", "GBP"),
        ("£12", "GBP"),
        ("1e3", "GBP"),
        ("NaN", "GBP"),
        ("٣", "GBP"),
        ("9999999", "GBP"),
        ("99999999999999", "JPY"),
    ],
)
def test_what_is_no_price_is_refused_in_a_sentence(typed, currency):
    with pytest.raises(BadPrice, match=r"\.$"):
        read_price(typed, currency)


def test_a_category_without_adults_can_not_be_sold():
    prices = {("standard", "adult"): 1000, ("premium", "child"): 700}
    assert list(problems(prices, "GBP")) == [("premium", "adult")]
    assert problems({**prices, ("premium", "adult"): 1400}, "GBP") == {}


def test_a_point_left_out_is_asked_about():
    wrong = problems({("standard", "adult"): 1250, ("premium", "adult"): 125_000, ("free", "adult"): 0}, "GBP")
    assert wrong == {("premium", "adult"): "£1,250.00 is 100 times £12.50. Is a point missing?"}


def test_one_price_fills_a_list():
    shares = {TicketType.CHILD: 70, TicketType.SENIOR: 85}
    prices = filled(1250, {"standard": 0, "premium": 25}, shares, rounding_step("GBP"))
    assert prices == {
        ("standard", "adult"): 1250,
        ("standard", "child"): 880,
        ("standard", "senior"): 1060,
        ("premium", "adult"): 1560,
        ("premium", "child"): 1090,
        ("premium", "senior"): 1330,
    }
    assert filled(1800, {"standard": 0}, {TicketType.CHILD: 55}, rounding_step("JPY"))["standard", "child"] == 990


def test_categories_are_named_by_the_plans_and_else_by_their_code():
    plans = [{"box": "Box"}, {"standard": "Stalls"}]
    found = category_names(plans, {"standard", "day-bed"})
    assert list(found.items()) == [("standard", "Stalls"), ("box", "Box"), ("day-bed", "Day bed")]
    assert category_code("Day Bed") == "day-bed"
