"""Times as a cinema's clocks show them, and the instants that they are: none, one or two in the nights of a clock change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

YEARS = range(2000, 2201)
"""What a typed date can mean; far beyond, no calendar goes."""
DAY_BEGINS = dt.time(6)
"""A day of the programme runs from six to six: the late show of Friday is Friday's."""


def instants_of(zone: ZoneInfo, day: dt.date, time: dt.time) -> tuple[dt.datetime, ...]:
    """The instants (UTC) at which the clocks show this, in order: none when they leap over it, two when they go back."""
    wall = dt.datetime.combine(day, time)
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    return tuple(sorted(one for one in found if one.astimezone(zone).replace(tzinfo=None) == wall))


class NoSuchTime(ValueError):
    """The clocks never show this time, or show it twice, or it is ages away; the message is a sentence."""


def instant_of(wall: dt.datetime, zone: str) -> dt.datetime:
    """The one instant at which the clocks of a zone show this (naive) time, in UTC. Raises NoSuchTime."""
    if wall.year not in YEARS:
        raise NoSuchTime("That year can’t be meant. Write it with four digits.")
    found = instants_of(ZoneInfo(zone), wall.date(), wall.time())
    if not found:
        raise NoSuchTime("The clocks go forward that night and never show this time. Choose another one.")
    if len(found) > 1:
        raise NoSuchTime("The clocks go back that night and show this time twice. Choose another one.")
    return found[0]


def day_start(zone: ZoneInfo, day: dt.date) -> dt.datetime:
    """The instant at which a day of the programme begins."""
    return dt.datetime.combine(day, DAY_BEGINS, tzinfo=zone).astimezone(dt.UTC)


def programme_day(zone: ZoneInfo, instant: dt.datetime) -> dt.date:
    """The day of the programme that an instant belongs to."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    return (wall - dt.timedelta(hours=DAY_BEGINS.hour)).date()


def calendar_day(day: dt.date, time: dt.time) -> dt.date:
    """The date on the calendar of a time of a programme day: what is before six belongs to the night that follows."""
    return day + dt.timedelta(days=1) if time < DAY_BEGINS else day
