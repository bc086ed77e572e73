"""From when until when an auditorium's seats are out of use, as typed on the cinema's clocks."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from app.domain.local_time import YEARS, instants_of


class BadTime(ValueError):
    """What was typed is no time there; the message is a sentence."""


def from_local(typed: str, zone: ZoneInfo) -> dt.datetime:
    """The instant of "2026-10-25T01:30"; the earlier one of an hour that comes twice. Raises BadTime."""
    return _instant(typed, zone, which=0)


def until_local(typed: str, zone: ZoneInfo) -> dt.datetime:
    """The same for an end: the later one of an hour that comes twice, so that nothing between is left out."""
    return _instant(typed, zone, which=-1)


def _instant(typed: str, zone: ZoneInfo, which: int) -> dt.datetime:
    try:
        wall = dt.datetime.fromisoformat(typed.strip())
    except ValueError:
        raise BadTime("Write day and time, for example 2026-10-25 14:30.") from None
    if wall.tzinfo is not None:
        raise BadTime("Write the time on the cinema's clocks, without a zone.")
    if wall.year not in YEARS:
        raise BadTime("That year can't be meant.")
    found = instants_of(zone, wall.date(), wall.time())
    if not found:
        raise BadTime("The clocks are put forward in that night, and this time does not exist. Write a later one.")
    return found[which]
