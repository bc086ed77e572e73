"""What comes back of seats that are given back, by a cinema's steps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.refund_policy import (
    BadPolicy,
    RefundStep,
    Return,
    ends_at,
    kept_by_seat,
    parse_steps,
    read_steps,
    step_at,
    stored_steps,
    what_a_change_returns,
    what_returns,
)

START = dt.datetime(2026, 11, 21, 19, 30, tzinfo=dt.UTC)
TWO_HOURS = parse_steps("120:90")
percents = st.decimals(0, 100, places=2)
a_step = st.builds(RefundStep, st.integers(0, 10_000), percents, st.integers(0, 500))
values = st.lists(st.integers(0, 5000), min_size=1, max_size=10)


def test_steps_are_read_as_people_write_them_and_ordered_by_their_end():
    assert parse_steps("120:90:50, 1440:100") == (RefundStep(1440, Decimal(100)), RefundStep(120, Decimal(90), 50))
    assert parse_steps("") == ()


@given(st.lists(a_step, unique_by=lambda step: step.minutes_before, max_size=5))
def test_steps_survive_being_stored(steps):
    ordered = tuple(sorted(steps, key=lambda step: -step.minutes_before))
    assert read_steps(stored_steps(ordered)) == ordered


@pytest.mark.parametrize(
    "text", ["120", "120:90:5:5", "120:101", "-1:90", "120:-1", "x:90", "120:x", "120:90:-1", "120:90,120:80"]
)
def test_a_policy_that_says_nothing_sensible_is_refused(text):
    with pytest.raises(BadPolicy):
        parse_steps(text)


@pytest.mark.parametrize("percent", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_percentage_that_is_no_number_is_refused(percent):
    with pytest.raises(BadPolicy):
        parse_steps(f"120:{percent}")


@pytest.mark.parametrize("stored", [[{"percent": "90"}], [{"minutes_before": None, "percent": "90"}], [None]])
def test_stored_steps_that_are_broken_are_refused(stored):
    with pytest.raises(BadPolicy):
        read_steps(stored)


def test_a_step_holds_to_its_last_instant():
    second = dt.timedelta(seconds=1)
    last = START - dt.timedelta(hours=2)
    assert step_at(TWO_HOURS, START, last) == TWO_HOURS[0]
    assert step_at(TWO_HOURS, START, last + second) is None


def test_the_first_step_that_still_holds_is_in_force():
    steps = parse_steps("1440:100,120:90,0:50")
    hours = {25: 100, 24: 100, 23: 90, 2: 90, 1: 50, 0: 50}
    found = {left: step_at(steps, START, START - dt.timedelta(hours=left)) for left in hours}
    assert {left: step.percent for left, step in found.items()} == hours
    assert step_at(steps, START, START + dt.timedelta(seconds=1)) is None
    assert step_at((), START, START - dt.timedelta(days=9)) is None


CLOCKS_BACK = dt.datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/London"))
CLOCKS_ON = dt.datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("show", "last_on_the_wall"),
    [
        (
            CLOCKS_BACK.replace(hour=3),
            "01:00",
        ),  # 01:00 to 02:00 comes twice: two real hours before 03:00 is 01:00 again
        (CLOCKS_BACK.replace(hour=2, minute=30), "01:30"),
        (CLOCKS_ON.replace(hour=3), "00:00"),  # 01:00 to 02:00 is left out
        (CLOCKS_ON.replace(hour=2, minute=30), "23:30"),
    ],
)
def test_the_two_hours_are_real_hours_on_the_nights_the_clocks_change(show, last_on_the_wall):
    last = ends_at(TWO_HOURS[0], show)
    assert show.astimezone(dt.UTC) - last == dt.timedelta(hours=2)
    local = last.astimezone(show.tzinfo)
    assert step_at(TWO_HOURS, show, local) == TWO_HOURS[0]
    assert step_at(TWO_HOURS, show, (last + dt.timedelta(seconds=1)).astimezone(show.tzinfo)) is None
    assert f"{local:%H:%M}" == last_on_the_wall


def test_what_is_kept_is_a_percentage_and_a_fee_of_each_seat_that_cost_something():
    assert what_returns([1075, 1075], TWO_HOURS[0]) == Return(2150, 215, 1935)
    assert what_returns([1000, 0], RefundStep(0, Decimal(90), 50)) == Return(1000, 150, 850)
    assert what_returns([1000, 0], None) == Return(1000, 0, 1000)


def test_half_a_penny_is_kept():
    assert what_returns([1075], TWO_HOURS[0]) == Return(1075, 108, 967)


def test_a_fee_is_never_more_than_what_its_own_seat_cost():
    step = RefundStep(0, Decimal(100), 500)
    assert kept_by_seat([300, 2000], step) == [300, 500]
    assert what_returns([300, 2000], step) == Return(2300, 800, 1500)


@given(values, st.none() | a_step)
def test_the_parts_sum_to_the_whole_and_no_seat_gives_more_than_it_cost(amounts, step):
    kept = kept_by_seat(amounts, step)
    result = what_returns(amounts, step)
    assert result.kept_minor == sum(kept)
    assert result.value_minor == sum(amounts) == result.kept_minor + result.returned_minor
    assert all(0 <= part <= amount for part, amount in zip(kept, amounts, strict=True))


@given(values, a_step)
def test_the_whole_is_rounded_once_and_each_part_by_less_than_a_unit(amounts, step):
    exact = [min(Decimal(v), v * (100 - step.percent) / 100 + (step.seat_fee_minor if v else 0)) for v in amounts]
    kept = kept_by_seat(amounts, step)
    assert abs(sum(kept) - sum(exact)) <= Decimal("0.5")
    assert all(abs(part - true) < 1 for part, true in zip(kept, exact, strict=True))


@given(values, a_step, st.data())
def test_seat_by_seat_keeps_what_the_whole_would_to_half_a_unit_each(amounts, step, data):
    cut = data.draw(st.integers(0, len(amounts)))
    halves = what_returns(amounts[:cut], step).kept_minor + what_returns(amounts[cut:], step).kept_minor
    assert abs(halves - what_returns(amounts, step).kept_minor) <= 1


# Changing for cheaper seats


@pytest.mark.parametrize(
    ("price", "returned"),
    [(2500, 2000), (2000, 2000), (1000, 1900), (500, 1850), (0, 1800)],
    ids=["dearer", "alike", "half", "a quarter", "nothing"],
)
def test_only_what_a_change_gives_back_bears_the_step(price, returned):
    result = what_a_change_returns([1000, 1000], price, TWO_HOURS[0])
    assert result == Return(2000, 2000 - returned, returned)


def test_a_fee_a_seat_is_kept_of_each_seat_that_gives_back():
    step = RefundStep(120, Decimal(100), 50)
    assert what_a_change_returns([1000, 1000], 1500, step).kept_minor == 100
    assert what_a_change_returns([1000, 0], 900, step).kept_minor == 50, "a companion's seat bears none"
    assert what_a_change_returns([1000, 1000], 1940, step) == Return(2000, 60, 1940), "never more than there is"


@given(values, st.integers(0, 60_000), a_step)
def test_a_change_gives_back_no_more_than_cancelling_the_same_money(values, price, step):
    result = what_a_change_returns(values, price, step)
    spare = max(0, sum(values) - price)
    back = result.returned_minor - min(price, sum(values))
    assert result.value_minor == result.kept_minor + result.returned_minor == sum(values)
    assert 0 <= back <= what_returns([spare], step).returned_minor <= spare


@given(values, st.integers(0, 60_000), a_step)
def test_a_change_and_then_a_cancellation_give_back_no_more_than_the_cancellation_alone(values, price, step):
    worth = sum(values)
    moved = min(price, worth)
    at_once = what_returns(values, step).returned_minor
    first = what_a_change_returns(values, price, step).returned_minor - moved
    then = what_returns([moved], step).returned_minor
    assert first + then <= at_once + len(values) * step.seat_fee_minor + 1, "but for the fee of seats that became one"
    if step.seat_fee_minor == 0:
        assert first + then <= at_once + 1, "a minor unit of rounding, twice instead of once"


@given(values, st.integers(0, 60_000))
def test_in_full_a_change_keeps_nothing(values, price):
    assert what_a_change_returns(values, price, None) == Return(sum(values), 0, sum(values))
