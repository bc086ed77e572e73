"""When people are reminded, by the clocks on the cinema's wall, and which numbers text messages reach."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.links import push_topic
from app.domain.messages import mobile_number, remind_at

HOUR = dt.timedelta(hours=1)


def at(zone: str, *parts: int, fold: int = 0) -> dt.datetime:
    year, month, day, hour, minute = parts
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold)


def reminder(starts_at: dt.datetime, zone: str, hours: int = 24) -> tuple[dt.datetime, dt.timedelta]:
    """The reminder on the wall, and how long before the show it really is."""
    due = remind_at(starts_at.astimezone(dt.UTC), zone, hours)
    assert due.utcoffset() == dt.timedelta(0)
    return due.astimezone(ZoneInfo(zone)).replace(tzinfo=None), starts_at.astimezone(dt.UTC) - due


def test_on_an_ordinary_day_it_is_24_hours():
    wall, before = reminder(at("Europe/London", 2026, 11, 21, 19, 30), "Europe/London")
    assert (wall, before) == (dt.datetime(2026, 11, 20, 19, 30), 24 * HOUR)


def test_in_the_night_clocks_go_forward_it_is_23_real_hours():
    wall, before = reminder(at("Europe/London", 2026, 3, 29, 19, 30), "Europe/London")
    assert (wall, before) == (dt.datetime(2026, 3, 28, 19, 30), 23 * HOUR)


def test_in_the_night_clocks_go_back_it_is_25_real_hours():
    wall, before = reminder(at("Europe/London", 2026, 10, 25, 19, 30), "Europe/London")
    assert (wall, before) == (dt.datetime(2026, 10, 24, 19, 30), 25 * HOUR)


def test_a_time_the_wall_never_shows_is_counted_on_from_before_the_change():
    wall, before = reminder(at("Europe/London", 2026, 3, 30, 1, 30), "Europe/London")
    assert (wall, before) == (dt.datetime(2026, 3, 29, 2, 30), 23 * HOUR)


def test_of_a_time_the_wall_shows_twice_it_is_the_first():
    wall, before = reminder(at("Europe/London", 2026, 10, 26, 1, 30), "Europe/London")
    assert (wall, before) == (dt.datetime(2026, 10, 25, 1, 30), 25 * HOUR)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_show_that_begins_in_the_hour_shown_twice_is_reminded_of_at_the_same_wall_time(fold: int):
    wall, before = reminder(at("Europe/London", 2026, 10, 25, 1, 30, fold=fold), "Europe/London")
    assert wall == dt.datetime(2026, 10, 24, 1, 30)
    assert before == (24 + fold) * HOUR


def test_zones_with_half_an_hour_and_without_changes():
    assert reminder(at("Australia/Lord_Howe", 2026, 4, 5, 19, 0), "Australia/Lord_Howe")[1] == 24.5 * HOUR
    assert reminder(at("Asia/Kolkata", 2026, 4, 5, 19, 0), "Asia/Kolkata")[1] == 24 * HOUR


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(["Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tokyo", "America/New_York"]),
    st.integers(1, 72),
)
def test_it_is_always_before_the_show_and_never_far_from_the_hours(instant: dt.datetime, zone: str, hours: int):
    before = instant - remind_at(instant, zone, hours)
    assert abs(before - hours * HOUR) <= HOUR


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+44 7700 900123", "+447700900123"),
        ("+1 (555) 010-9999", "+15550109999"),
        ("07700 900123", None),
        ("+0 123 456 789", None),
        ("+44", None),
        ("+44 7700 900123 4567 89", None),
        ("+44٧٧٠٠٩٠٠١٢٣", None),
        ("+447700900123/../x", None),
        ("", None),
    ],
)
def test_a_number_works_from_anywhere_or_is_none(typed: str, number: str | None):
    assert mobile_number(typed) == number


def test_a_push_topic_is_each_bookings_own_and_not_told_by_its_code():
    topic = push_topic("secret", "2F7K4XP2MD")
    assert topic == push_topic("secret", "2F7K4XP2MD")
    assert len({topic, push_topic("secret", "2F7K4XP2ME"), push_topic("other", "2F7K4XP2MD")}) == 3
    assert "2f7k4xp2md" not in topic
    assert topic.removeprefix("tickets-").isalnum()
    assert len(topic) == 32
