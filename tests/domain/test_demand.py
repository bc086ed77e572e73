"""Prices that follow demand: rules, their limits, and what a percent makes of a price."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.domain.demand import (
    LEAST,
    MOST,
    About,
    Demand,
    Limits,
    Rule,
    bands_of,
    full_percent,
    judge,
    preview,
    rules_about,
    which_words,
    why,
)
from app.domain.pricing import Shown, Tariff, changed_table
from app.domain.week_times import WeekTimes

HOUR = dt.timedelta(hours=1)


def rules_of(percents: st.SearchStrategy[int]) -> st.SearchStrategy[list[Rule]]:
    def rule(percent: int, full: list[int], hours: list[int], endless: bool) -> Rule:
        return Rule("Busy", percent, full[0], full[1], hours[0], None if endless else hours[1])

    def two(least: int, most: int) -> st.SearchStrategy[list[int]]:
        return st.lists(st.integers(least, most), min_size=2, max_size=2, unique=True).map(sorted)

    return st.lists(st.builds(rule, percents, two(0, 100), two(0, 100), st.booleans()), max_size=6)


percents = st.integers(LEAST, MOST).filter(bool)
limits_of = st.builds(Limits, st.integers(LEAST, 0), st.integers(0, MOST), st.integers(1, 500))
moments = st.tuples(st.integers(0, 100), st.integers(0, 6000).map(lambda minutes: dt.timedelta(minutes=minutes)))


@given(rules_of(percents), limits_of, moments)
def test_what_rules_make_is_always_within_the_limits(rules, limits, moment):
    demand = judge(rules, limits, *moment)
    assert limits.lowest <= demand.percent <= limits.highest
    assert bool(demand.reason) == (demand.percent != 0)


@given(rules_of(percents), limits_of, moments, st.integers(0, 100_000))
def test_a_price_never_leaves_the_limits_and_comes_in_steps(rules, limits, moment, minor):
    percent = judge(rules, limits, *moment).percent
    price = Tariff(1, percent, limits.step_minor).of(minor)
    assert minor * (100 + limits.lowest) <= 100 * price <= minor * (100 + limits.highest)
    assert price == minor or price % limits.step_minor == 0
    assert (price - minor) * percent >= 0, "a rise lowers nothing, a cut raises nothing"


@given(rules_of(st.integers(1, MOST)), limits_of, st.integers(0, 99), st.timedeltas(dt.timedelta(), 60 * HOUR))
def test_rules_that_only_begin_and_raise_never_lower_a_fuller_house(rules, limits, full, left):
    begin = [Rule(rule.reason, rule.percent, rule.full_from) for rule in rules]
    assert judge(begin, limits, full, left).percent <= judge(begin, limits, full + 1, left).percent


@given(st.integers(LEAST, MOST), st.integers(1, 500), st.integers(0, 50_000), st.integers(0, 50_000))
def test_what_costs_more_in_the_list_never_costs_less(percent, step, one, other):
    tariff = Tariff(1, percent, step)
    cheap, dear = sorted((one, other))
    assert tariff.of(cheap) <= tariff.of(dear)


@given(rules_of(percents), limits_of, moments)
def test_the_preview_says_what_any_moment_within_its_stretch_is_judged(rules, limits, moment):
    full, left = moment
    for sold, row in preview(rules, limits):
        for soon, demand in row:
            in_sold = sold.start <= full and (full < sold.end or sold.end == 100)
            in_soon = soon.start * HOUR <= left and (soon.end is None or left < soon.end * HOUR)
            if in_sold and in_soon:
                assert judge(rules, limits, full, left) == demand
                return
    raise AssertionError("no stretch takes this moment in")


def test_percents_add_up_and_the_reasons_are_those_that_pull_that_way():
    rules = [Rule("Popular show", 15, 50), Rule("Last seats", 10, 90), Rule("Early bird", -5, hours_from=24)]
    wide = Limits(-50, 100, 1)
    assert judge(rules, wide, 95, 30 * HOUR) == Demand(20, "Popular show, last seats")
    assert judge(rules, wide, 10, 30 * HOUR) == Demand(-5, "Early bird")
    assert judge(rules, wide, 10, 2 * HOUR) == Demand()


FRIDAY_LATE = About(movie_id=7, format="IMAX", local=dt.datetime(2026, 11, 20, 21, 30))


def test_a_rule_is_about_every_show_unless_it_names_some():
    assert Rule("Busy", 10).about(FRIDAY_LATE)
    assert Rule("Busy", 10).about_all


def test_a_rule_names_a_film_formats_days_and_hours_and_all_of_them_must_fit():
    evening = WeekTimes(frozenset({5, 6}), dt.time(18), dt.time(23))
    rule = Rule("Big night", 10, movie_id=7, formats=frozenset({"3D", "IMAX"}), times=evening)
    assert rule.about(FRIDAY_LATE)
    assert not rule.about_all
    for other in (
        About(8, "IMAX", FRIDAY_LATE.local),
        About(7, "2D", FRIDAY_LATE.local),
        About(7, "IMAX", FRIDAY_LATE.local - dt.timedelta(days=1)),
        About(7, "IMAX", FRIDAY_LATE.local.replace(hour=17, minute=59)),
        About(7, "IMAX", FRIDAY_LATE.local.replace(hour=23, minute=0)),
    ):
        assert not rule.about(other)


def test_each_filter_alone_makes_a_rule_one_for_some_shows():
    for filtered in (
        Rule("Busy", 10, movie_id=7),
        Rule("Busy", 10, formats=frozenset({"3D"})),
        Rule("Busy", 10, times=WeekTimes(frozenset({1}))),
        Rule("Busy", 10, times=WeekTimes(until_time=dt.time(17))),
    ):
        assert not filtered.about_all
        assert not filtered.about(About(8, "2D", dt.datetime(2026, 11, 20, 17, 0)))


def test_a_late_show_after_midnight_is_one_of_the_evening_before():
    late = Rule("Late show", -10, times=WeekTimes(frozenset({5}), dt.time(22), dt.time(2)))
    assert late.about(About(1, "2D", dt.datetime(2026, 11, 21, 0, 30))), "Saturday, half past midnight"
    assert not late.about(About(1, "2D", dt.datetime(2026, 11, 20, 0, 30)))


def test_only_rules_about_a_show_change_it_and_give_their_reasons():
    rules = [
        Rule("Popular show", 10, 50),
        Rule("IMAX", 5, formats=frozenset({"IMAX"})),
        Rule("Monday", -20, times=WeekTimes(frozenset({1}))),
    ]
    found = rules_about(rules, FRIDAY_LATE)
    assert judge(found, Limits(), 60, HOUR) == Demand(15, "Popular show, IMAX"), "a word in capitals keeps them"


def test_which_shows_in_words():
    assert which_words(Rule("Busy", 10)) == "every show"
    assert which_words(Rule("Busy", 10, movie_id=7), "Nosferatu") == "Nosferatu"
    late = WeekTimes(frozenset({5, 6}), dt.time(22), dt.time(2))
    some = Rule("Busy", 10, movie_id=7, formats=frozenset({"IMAX", "3D"}), times=late)
    assert (
        which_words(some, "Nosferatu")
        == "Nosferatu, 3D or IMAX, Friday and Saturday, from 22:00 until 02:00 on the next day"
    )
    assert which_words(Rule("Busy", 10, times=WeekTimes(until_time=dt.time(17)))) == "until 17:00"


def test_a_rule_counts_from_its_lower_ends_to_just_before_its_upper_ones():
    rule = Rule("Quiet show", -10, 20, 60, 2, 24)
    assert rule.counts(20, 2 * HOUR)
    assert not rule.counts(60, 2 * HOUR)
    assert not rule.counts(19, 2 * HOUR)
    assert not rule.counts(20, 24 * HOUR)
    assert not rule.counts(20, 2 * HOUR - dt.timedelta(seconds=1))


def test_a_show_that_has_begun_and_still_sells_is_at_its_last_moment():
    last_minute = Rule("Last minute", -10, hours_to=1)
    assert judge([last_minute], Limits(), 40, -HOUR) == Demand(-10, "Last minute")


def test_rounding_goes_towards_the_list():
    assert Tariff(1, 15, 50).of(1150) == 1300, "13.22½ exactly"
    assert Tariff(1, -10, 50).of(1150) == 1050, "10.35 exactly"
    assert Tariff(1, 1, 50).of(1180) == 1180, "11.91: the step below is under the list"
    assert Tariff(1, 0, 50).of(1180) == 1180
    assert Tariff(1, 15, 50).of(0) == 0


def test_a_table_without_a_change_is_the_lists_own():
    table = {("standard", "adult"): 999}
    assert changed_table(table, Tariff(1)) is table
    assert changed_table(table, Tariff(1, 100)) == {("standard", "adult"): 1998}


def test_a_form_names_a_tariff_and_a_fee_and_nothing_else():
    shown = Shown(Tariff(12, -15, 50), 75)
    assert Shown.named(shown.token) == shown
    for nonsense in (
        "",
        "12",
        "12.15.50",
        "1.2.0.0",
        "x.1.1.0",
        "1.2.3.4.5",
        "٣.1.1.0",
        "1.--2.3.0",
        "1.2.3.-1",
        "1.2.3.4\n",
    ):
        assert Shown.named(nonsense) is None


def test_words_for_buyers():
    assert why(15, "Popular show") == "Popular show: +15\N{NO-BREAK SPACE}%"
    assert why(-10, "Quiet show") == "Quiet show: −10\N{NO-BREAK SPACE}%"
    assert why(0, "") == ""


def test_a_house_is_full_only_when_it_is():
    assert full_percent(199, 200) == 99
    assert full_percent(200, 200) == 100
    assert full_percent(0, 0) == 0


def test_without_rules_there_is_one_stretch():
    assert [len(part) for part in bands_of([])] == [1, 1]
