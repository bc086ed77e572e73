"""Times as they are typed: on the cinema's clocks, also in the nights when those are changed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.local_time import BadTime, instant_of, typed_wall, written

LONDON = ZoneInfo("Europe/London")
ZONES = [ZoneInfo(name) for name in ("Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu")]


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def read(typed: str, *, last: bool = False) -> dt.datetime:
    return instant_of(LONDON, typed_wall(typed), last=last)


def test_a_time_is_the_cinemas():
    assert read("2026-07-01T20:30") == utc(2026, 7, 1, 19, 30)
    assert read(" 2026-12-01 20:30 ", last=True) == utc(2026, 12, 1, 20, 30)


def test_an_hour_that_comes_twice_is_taken_whole():
    assert read("2026-10-25T01:30") == utc(2026, 10, 25, 0, 30)
    assert read("2026-10-25T01:30", last=True) == utc(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(("typed", "told"), [
    ("2026-03-29T01:30", "leap over this time"),
    ("soon", "Write day and time"),
    ("2026-07-01T20:30+02:00", "without a zone"),
    ("0001-01-01T00:00", "can’t be meant"),
])  # fmt: skip
@pytest.mark.parametrize("last", [False, True])
def test_what_is_no_time_there_is_told_in_a_sentence(typed: str, told: str, last: bool):
    with pytest.raises(BadTime, match=told):
        read(typed, last=last)


@given(st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2199, 1, 1)), st.sampled_from(ZONES), st.booleans())
def test_an_instant_that_nobody_touched_stays(moment: dt.datetime, zone: ZoneInfo, last: bool):
    before = moment.replace(tzinfo=dt.UTC)
    assert instant_of(zone, typed_wall(written(before, zone)), last=last, before=before) == before


@pytest.mark.parametrize("wall", [dt.datetime.min, dt.datetime(26, 11, 21, 19, 30), dt.datetime.max])
def test_a_time_ages_away_is_refused(wall):
    with pytest.raises(BadTime, match="four digits"):
        instant_of(ZoneInfo("America/Manaus"), wall)
