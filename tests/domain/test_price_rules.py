"""Which list a show gets by when it begins: the first rule that fits, over midnight, on nights when the clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.price_rules import PricePicker, PriceRule, in_words, week_of
from app.domain.week_times import days_in_words

LONDON = ZoneInfo("Europe/London")
MATINEE, EVENING, GALA, DEFAULT = 1, 2, 3, 9
WORKDAYS = frozenset(range(1, 6))


def picker(*rules: PriceRule, zone: str = "Europe/London", default: int | None = DEFAULT) -> PricePicker:
    return PricePicker(ZoneInfo(zone), rules, default)


def at(words: str, zone: ZoneInfo = LONDON, fold: int = 0) -> dt.datetime:
    """An instant by what the clocks show there."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)


def time(words: str) -> dt.time:
    return dt.time.fromisoformat(words)


days = st.frozensets(st.integers(1, 7), min_size=1)
times = st.none() | st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
dates = st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@st.composite
def rules(draw: st.DrawFn) -> PriceRule:
    begins, ends, first, last = draw(times), draw(times), draw(dates), draw(dates)
    if begins == ends:
        ends = None
    if first and last and last < first:
        first, last = last, first
    screen = draw(st.none() | st.integers(1, 3))
    return PriceRule(draw(st.integers(1, 5)), draw(days), begins, ends, first, last, screen)


instants = st.datetimes(
    dt.datetime(2025, 12, 30),
    dt.datetime(2027, 1, 3),
    timezones=st.just(dt.UTC),
)
zones = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"])


@given(st.lists(rules(), max_size=6), instants, zones, st.none() | st.integers(1, 3))
def test_every_instant_gets_exactly_one_list(found, instant, zone, screen):
    """The default, or that of a rule that fits where no rule before it does."""
    given_list = picker(*found, zone=zone).list_for(instant, screen)
    local = instant.astimezone(ZoneInfo(zone))
    fitting = [rule.price_list_id for rule in found if rule.fits(local, screen)]
    assert given_list == (fitting[0] if fitting else DEFAULT)


@given(rules(), instants, zones)
def test_a_time_and_the_rest_of_the_day_share_out_every_instant(rule, instant, zone):
    """A rule's time and its complement, on every day, never both fit and never both miss."""
    plain = PriceRule(1, from_time=rule.from_time, until_time=rule.until_time)
    if plain.times.begins == 0 and plain.times.ends == 24 * 60:
        return
    rest = PriceRule(2, from_time=rule.until_time, until_time=rule.from_time)
    local = instant.astimezone(ZoneInfo(zone))
    assert plain.fits(local, None) != rest.fits(local, None)


@given(st.lists(rules(), max_size=5), st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 1)), st.integers(0, 6), times)
def test_the_week_as_shown_says_what_a_show_would_get(found, day, number, clock):
    monday = day - dt.timedelta(days=day.weekday())
    asked = picker(*found)
    when = dt.datetime.combine(monday + dt.timedelta(days=number), clock or dt.time(12, 0))
    bands = week_of(asked, monday, 2)
    assert bands[0].begins == dt.time(0)
    assert bands[-1].ends == dt.time(0)
    assert [one.ends for one in bands[:-1]] == [one.begins for one in bands[1:]]
    band = next(one for one in reversed(bands) if one.begins <= when.time())
    assert band.lists[number] == asked.at(when, 2)


def test_the_first_rule_that_fits_counts():
    both = picker(PriceRule(MATINEE, WORKDAYS, until_time=time("17:00")), PriceRule(EVENING))
    assert both.list_for(at("2026-11-23T16:59")) == MATINEE
    assert both.list_for(at("2026-11-23T17:00")) == EVENING
    assert both.list_for(at("2026-11-22T12:00")) == EVENING, "a Sunday"
    assert picker(*reversed(both.rules)).list_for(at("2026-11-23T16:59")) == EVENING


def test_what_goes_over_midnight_belongs_to_the_day_it_began_on():
    late = picker(PriceRule(GALA, frozenset({5}), time("22:00"), time("02:00")))
    assert late.list_for(at("2026-11-20T22:00")) == GALA
    assert late.list_for(at("2026-11-21T01:59")) == GALA
    assert late.list_for(at("2026-11-21T02:00")) == DEFAULT
    assert late.list_for(at("2026-11-20T01:00")) == DEFAULT, "Thursday's night"
    assert late.list_for(at("2026-11-21T22:30")) == DEFAULT


def test_the_last_night_of_the_holidays_goes_over_midnight_too():
    holidays = PriceRule(
        GALA, from_time=time("20:00"), until_time=time("03:00"),
        first_day=dt.date(2026, 12, 24), last_day=dt.date(2027, 1, 1),
    )  # fmt: skip
    asked = picker(holidays)
    assert asked.list_for(at("2027-01-02T02:00")) == GALA
    assert asked.list_for(at("2027-01-02T20:00")) == DEFAULT
    assert asked.list_for(at("2026-12-24T02:00")) == DEFAULT


def test_until_midnight_is_until_the_end_of_the_day():
    evening = picker(PriceRule(EVENING, from_time=time("18:00"), until_time=time("00:00")))
    assert evening.list_for(at("2026-11-20T23:59")) == EVENING
    assert evening.list_for(at("2026-11-21T00:00")) == DEFAULT


def test_an_hour_that_comes_twice_costs_the_same_twice():
    night = picker(PriceRule(GALA, from_time=time("01:30"), until_time=time("02:00")))
    first, second = (at("2026-10-25T01:45", fold=fold) for fold in (0, 1))
    assert second - first == dt.timedelta(hours=1)
    assert night.list_for(first) == night.list_for(second) == GALA
    assert night.list_for(at("2026-10-25T01:15", fold=1)) == DEFAULT


def test_a_rule_for_an_hour_that_does_not_come_fits_nothing_that_night():
    night = picker(PriceRule(GALA, from_time=time("01:00"), until_time=time("02:00")))
    before = at("2026-03-29T00:59")
    assert [night.list_for(before + dt.timedelta(minutes=minutes)) for minutes in (0, 1, 60)] == [DEFAULT] * 3
    assert (before + dt.timedelta(minutes=1)).astimezone(LONDON).hour == 2


def test_the_clock_of_the_cinema_decides():
    matinee = PriceRule(MATINEE, until_time=time("17:00"))
    noon_in_london = at("2026-11-20T12:00")
    assert picker(matinee, zone="Europe/London").list_for(noon_in_london) == MATINEE
    assert picker(matinee, zone="Asia/Kolkata").list_for(noon_in_london) == DEFAULT


def test_a_rule_for_one_screen_fits_no_other():
    imax = picker(PriceRule(GALA, screen_id=4))
    assert [imax.list_for(at("2026-11-20T12:00"), screen) for screen in (4, 5, None)] == [GALA, DEFAULT, DEFAULT]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PriceRule(1), "Every day"),
        (PriceRule(1, WORKDAYS, until_time=time("17:00")), "Monday to Friday, until 17:00"),
        (PriceRule(1, frozenset({6, 7}), time("18:00")), "Saturday and Sunday, from 18:00"),
        (PriceRule(1, frozenset({5}), time("22:00"), time("02:00")), "Friday, from 22:00 until 02:00 on the next day"),
        (
            PriceRule(1, frozenset({1, 3, 4, 5}), first_day=dt.date(2026, 12, 24), last_day=dt.date(2027, 1, 3)),
            "Monday and Wednesday to Friday, 24 December 2026 to 3 January 2027",
        ),
        (
            PriceRule(1, first_day=dt.date(2026, 12, 26), last_day=dt.date(2026, 12, 26)),
            "Every day, on 26 December 2026",
        ),
        (PriceRule(1, last_day=dt.date(2026, 12, 26)), "Every day, up to 26 December 2026"),
    ],
)
def test_a_rule_says_what_it_means(rule, words):
    assert in_words(rule) == words
    assert in_words(rule, "Screen 2") == f"{words}, in Screen 2"


def test_days_are_listed_as_people_say_them():
    assert days_in_words({1, 3, 5}) == "Monday, Wednesday and Friday"
    assert days_in_words({1, 2, 3, 5, 6, 7}) == "Monday to Wednesday and Friday to Sunday"
