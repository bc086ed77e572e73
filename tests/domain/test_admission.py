"""The door's rules, without a door: which show, what a typed code means, which times are believed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.domain.admission import Door, Occasion, Opening, Refusal, believed, judge, readings

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 21, 18, 0, tzinfo=dt.UTC)
OPENING = Opening(dt.timedelta(minutes=60), dt.timedelta(minutes=90))


def occasion(minutes: int, cinema_id: int = 1, cancelled: bool = False) -> Occasion:
    return Occasion(7, cinema_id, (NOW + dt.timedelta(minutes=minutes)).astimezone(PARIS), cancelled)


@pytest.mark.parametrize(
    ("ticket", "show_id", "answer"),
    [
        (occasion(60), None, None),
        (occasion(-90), None, None),
        (occasion(61), None, Refusal.TIME),
        (occasion(-91), None, Refusal.TIME),
        (occasion(24 * 60), None, Refusal.DAY),
        (occasion(24 * 60), 7, None),
        (occasion(30), 8, Refusal.SHOW),
        (occasion(-24 * 60), 8, Refusal.DAY),
        (occasion(30, cinema_id=2), 7, Refusal.CINEMA),
        (occasion(30, cancelled=True), 7, Refusal.SHOW_CANCELLED),
    ],
)
def test_a_door_lets_in_its_show_or_what_begins_about_now(ticket, show_id, answer):
    assert judge(ticket, Door(1, show_id), OPENING, NOW) is answer


def test_another_day_is_told_by_the_clocks_of_the_cinema():
    after_midnight_there = occasion(5 * 60 + 30)
    assert after_midnight_there.starts_at.date() != NOW.date()
    assert judge(after_midnight_there, Door(1, 8), OPENING, NOW) is Refusal.DAY


def test_a_typed_code_is_read_as_a_ticket_first_and_as_a_booking_last():
    found = readings(" 2f-7k4x-p2md-01 ")
    assert [(one.code, one.number) for one in found] == [("2F7K4XP2MD", 1), ("2F7K4XP2MD01", None)]
    assert [(one.code, one.number) for one in readings("2F7K4XP2MD")] == [("2F7K4XP2MD", None)]


@pytest.mark.parametrize("words", ["", "-", "12", "Ünlesbar 77", "٣٣٣٣٣٣٣٣٣٣٣٣", "<script>alert(1)</script>", "\0" * 9])
def test_what_is_no_code_has_no_reading(words):
    assert not readings(words)


def test_a_device_is_believed_between_the_issue_of_the_ticket_and_now():
    issued, hour = NOW - dt.timedelta(hours=3), dt.timedelta(hours=1)
    assert believed(NOW - hour, issued, NOW) == NOW - hour
    assert believed(NOW + hour, issued, NOW) == NOW
    assert believed(issued - hour, issued, NOW) == issued
    assert believed(None, issued, NOW) == believed(dt.datetime(2026, 1, 1), issued, NOW) == NOW
