"""Times of blocks as they are typed: on the cinema's clocks, also in the nights when those are changed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.domain.block_times import BadTime, from_local, until_local

LONDON = ZoneInfo("Europe/London")


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def test_a_time_is_the_cinemas():
    assert from_local("2026-07-01T20:30", LONDON) == utc(2026, 7, 1, 19, 30)
    assert until_local(" 2026-12-01 20:30 ", LONDON) == utc(2026, 12, 1, 20, 30)


def test_an_hour_that_comes_twice_is_taken_whole():
    assert from_local("2026-10-25T01:30", LONDON) == utc(2026, 10, 25, 0, 30)
    assert until_local("2026-10-25T01:30", LONDON) == utc(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(("typed", "told"), [
    ("2026-03-29T01:30", "does not exist"),
    ("soon", "Write day and time"),
    ("2026-07-01T20:30+02:00", "without a zone"),
    ("0001-01-01T00:00", "can't be meant"),
])  # fmt: skip
@pytest.mark.parametrize("read", [from_local, until_local])
def test_what_is_no_time_there_is_told_in_a_sentence(read, typed, told):
    with pytest.raises(BadTime, match=told):
        read(typed, LONDON)
