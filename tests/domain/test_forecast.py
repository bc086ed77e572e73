"""The forecast of a show, and the film week."""

from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
from hypothesis import given

from app.domain.film_week import FilmWeek, week_of
from app.domain.forecast import LEAST, MOST, Curve, forecast

curves = st.dictionaries(st.integers(0, 30), st.integers(-3, 40), max_size=8).map(Curve)
likes = st.lists(curves, min_size=LEAST, max_size=12)


def test_shows_that_gain_the_same_say_how_it_ends():
    like = [Curve({7: 10, 1: 20, 0: 12})] * 3
    found = forecast(15, 1, like, 100)
    assert found
    assert (found.expected, found.low, found.high, found.like) == (27, 27, 27, 3)


def test_the_middle_counts_and_not_one_premiere():
    like = [Curve({0: 5}), Curve({0: 6}), Curve({0: 200})]
    found = forecast(0, 1, like, 300)
    assert found
    assert found.expected == 6


def test_two_shows_are_too_few():
    assert forecast(5, 1, [Curve({0: 5})] * (LEAST - 1), 50) is None


def test_on_the_day_after_the_last_sale_nothing_is_added():
    found = forecast(9, 0, [Curve({3: 9})] * 3, 50)
    assert found
    assert found.expected == 9


def test_only_the_nearest_count():
    found = forecast(0, 1, [*[Curve({0: 3})] * MOST, *[Curve({0: 50})] * 100], 100)
    assert found
    assert (found.expected, found.like) == (3, MOST)


@given(st.integers(0, 50), st.integers(0, 30), likes, st.integers(50, 300))
def test_it_is_never_below_what_is_sold_nor_above_the_house(sold: int, days: int, like: list[Curve], seats: int):
    found = forecast(sold, days, like, seats)
    assert found
    assert sold <= found.low <= found.expected <= found.high <= seats


@given(curves, st.integers(0, 30))
def test_a_curve_falls_to_nothing_far_before_and_ends_at_its_sum(curve: Curve, days: int):
    assert curve.sold_at(0) == curve.final
    assert curve.sold_at(31) == 0
    assert curve.sold_at(days) - curve.sold_at(days + 1) == curve.gained.get(days, 0)


@given(st.dates(dt.date(1990, 1, 5), dt.date(2090, 1, 1)))
def test_a_film_week_goes_from_friday_to_thursday(day: dt.date):
    week = week_of(day)
    assert week.start <= day <= week.end
    assert (week.start.weekday(), week.end.weekday()) == (4, 3)
    assert week_of(week.end + dt.timedelta(days=1)) == week.after == FilmWeek(week.start + dt.timedelta(days=7))
    assert week.after.before == week
