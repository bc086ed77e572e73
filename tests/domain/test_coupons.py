"""Coupons: what they take off for any prices and any coupons, and each reason for which one does not count."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.coupons import (
    PROBLEMS,
    CouponKind,
    CouponProblem,
    CouponTerms,
    Occasion,
    beside,
    discounts,
    fold_code,
    may_stand_together,
    why_not,
)

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TYPES = ("adult", "child", "senior", "student", "companion")


def a_coupon(**values) -> CouponTerms:
    plain = {"id": 1, "code": "TEN", "name": "Ten", "kind": CouponKind.PERCENT, "percent": Decimal(10)}
    return CouponTerms(**{**plain, **values})


def an_occasion(**values) -> Occasion:
    plain = {"movie_id": 1, "cinema_id": 1, "weekday": 6, "currency": "GBP", "now": NOW}
    return Occasion(**{**plain, "ticket_types": ("adult", "child"), "amounts": (1000, 700), **values})


percents = st.decimals("0.01", "100", places=2)
minors = st.integers(1, 50_000)
coupons = st.one_of(
    st.builds(
        a_coupon,
        percent=percents,
        max_minor=st.none() | minors,
        ticket_types=st.none() | st.frozensets(st.sampled_from(TYPES), min_size=1),
    ),
    st.builds(
        a_coupon,
        kind=st.just(CouponKind.FIXED),
        percent=st.none(),
        amount_minor=minors,
        ticket_types=st.none() | st.frozensets(st.sampled_from(TYPES), min_size=1),
    ),
)
tickets = st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 20_000)), min_size=1, max_size=10)


def taken(found, booked):
    return discounts(found, [kind for kind, _ in booked], [amount for _, amount in booked])


@given(st.lists(coupons, max_size=4), tickets)
def test_no_ticket_goes_below_zero_whatever_is_taken_off(found, booked):
    cuts = taken(found, booked)
    assert len(cuts) == len(found)
    for place, (_, amount) in enumerate(booked):
        off = [cut[place] for cut in cuts]
        assert min(off, default=0) >= 0
        assert sum(off) <= amount


@given(coupons, tickets)
def test_a_coupon_takes_nothing_from_tickets_it_is_not_for(coupon, booked):
    for off, (kind, _) in zip(taken([coupon], booked)[0], booked, strict=True):
        assert coupon.ticket_types is None or kind in coupon.ticket_types or off == 0


@given(percents, st.none() | minors, tickets)
def test_a_percentage_is_rounded_half_up_once_and_capped(percent, most, booked):
    coupon = a_coupon(percent=percent, max_minor=most)
    whole = sum(amount for _, amount in booked)
    exact = (Decimal(whole) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert sum(taken([coupon], booked)[0]) == min(int(exact), most if most is not None else whole)


@given(minors, tickets)
def test_a_fixed_amount_is_taken_whole_or_as_far_as_the_tickets_go(amount, booked):
    coupon = a_coupon(kind=CouponKind.FIXED, percent=None, amount_minor=amount)
    assert sum(taken([coupon], booked)[0]) == min(amount, sum(price for _, price in booked))


@given(coupons, coupons, tickets)
def test_each_coupon_counts_from_what_the_one_before_it_left(first, second, booked):
    both = taken([first, second], booked)
    assert both[0] == taken([first], booked)[0]
    left = [(kind, amount - off) for (kind, amount), off in zip(booked, both[0], strict=True)]
    assert both[1] == taken([second], left)[0]


def test_the_order_matters_and_is_kept():
    ten, five = a_coupon(), a_coupon(id=2, kind=CouponKind.FIXED, percent=None, amount_minor=500)
    booked = [("adult", 1000)]
    assert [sum(cut) for cut in taken([ten, five], booked)] == [100, 500]
    assert [sum(cut) for cut in taken([five, ten], booked)] == [500, 50]


def test_half_a_penny_is_rounded_up():
    assert taken([a_coupon(percent=Decimal("2.5"))], [("adult", 1020)]) == [(26,)]


IN_FORCE = a_coupon(
    starts_at=NOW - HOUR,
    ends_at=NOW + HOUR,
    total_limit=3,
    person_limit=2,
    used=2,
    used_by_person=1,
    movie_id=1,
    cinema_id=1,
    weekdays=frozenset({5, 6}),
    ticket_types=frozenset({"child"}),
    min_minor=700,
    currency="GBP",
)


def test_a_coupon_that_meets_every_condition_counts():
    assert why_not(IN_FORCE, an_occasion()) is None


@pytest.mark.parametrize(
    ("values", "where", "problem"),
    [
        ({"archived": True}, {}, CouponProblem.EXPIRED),
        ({}, {"now": NOW + HOUR}, CouponProblem.EXPIRED),
        ({}, {"now": NOW - 2 * HOUR}, CouponProblem.NOT_YET),
        ({"used": 3}, {}, CouponProblem.USED_UP),
        ({"used_by_person": 2}, {}, CouponProblem.USED_BY_YOU),
        ({}, {"currency": "EUR"}, CouponProblem.NOT_THIS_CURRENCY),
        ({}, {"movie_id": 2}, CouponProblem.NOT_THIS_SHOW),
        ({}, {"cinema_id": 2}, CouponProblem.NOT_THIS_SHOW),
        ({}, {"weekday": 7}, CouponProblem.NOT_THIS_DAY),
        ({}, {"ticket_types": ("adult", "adult")}, CouponProblem.NOT_THESE_TICKETS),
        ({}, {"amounts": (1000, 699)}, CouponProblem.MINIMUM),
    ],
)
def test_each_condition_that_is_not_met_is_told(values, where, problem):
    assert why_not(dataclasses.replace(IN_FORCE, **values), an_occasion(**where)) is problem


@pytest.mark.parametrize(("at", "counts"), [(-HOUR, True), (HOUR - dt.timedelta(seconds=1), True), (HOUR, False)])
def test_the_window_includes_its_beginning_and_not_its_end(at, counts):
    assert (why_not(IN_FORCE, an_occasion(now=NOW + at)) is None) is counts


def test_the_minimum_is_of_the_tickets_it_is_for_alone():
    adults = a_coupon(min_minor=1500, currency="GBP", ticket_types=frozenset({"adult"}))
    assert why_not(adults, an_occasion(amounts=(1000, 5000))) is CouponProblem.MINIMUM
    assert why_not(adults, an_occasion(amounts=(1500, 0))) is None


def test_several_stand_together_only_if_all_are_stackable():
    alone, one, other = a_coupon(), a_coupon(stackable=True), a_coupon(stackable=True)
    assert may_stand_together([alone])
    assert may_stand_together([one, other])
    assert not may_stand_together([alone, one])
    assert beside([one], alone, an_occasion()) is CouponProblem.NOT_TOGETHER
    assert beside([one], other, an_occasion()) is None


def test_a_coupon_with_nothing_left_to_take_off_is_not_used_up_for_nothing():
    everything = a_coupon(percent=Decimal(100), stackable=True)
    assert beside([everything], a_coupon(stackable=True), an_occasion()) is CouponProblem.NOTHING_LEFT
    assert beside([], a_coupon(percent=Decimal("0.01")), an_occasion(amounts=(10, 10))) is CouponProblem.NOTHING_LEFT


def test_every_problem_has_its_words():
    assert set(PROBLEMS) == set(CouponProblem)
    assert all(words.endswith(".") for words in PROBLEMS.values())


def test_a_code_is_folded_as_it_is_stored():
    assert fold_code(" ma tinee10\t") == "MATINEE10"
