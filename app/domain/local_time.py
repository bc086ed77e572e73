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


NO_YEAR = "That year can’t be meant. Write it with four digits."
LEAPT = "The clocks leap over this time in that night."
INSTANT = "%Y-%m-%dT%H:%M"
"""How a browser's field for day and time writes them."""


class BadTime(ValueError):
    """What was typed is no time there; the message is a sentence."""


def on_the_wall(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """What the clocks show (naive)."""
    return instant.astimezone(zone).replace(tzinfo=None)


def instant_of(
    zone: ZoneInfo, wall: dt.datetime, *, last: bool = False, before: dt.datetime | None = None
) -> dt.datetime:
    """The instant (UTC) at which the clocks show this (naive) time; of two the first, or the `last` for an end.

    `before`: the instant that stood in the form; it stays, to its seconds, while its minute does. Raises BadTime.
    """
    if wall.year not in YEARS:
        raise BadTime(NO_YEAR)
    minute = wall.replace(second=0, microsecond=0)
    if before is not None and on_the_wall(before, zone).replace(second=0, microsecond=0) == minute:
        return before
    found = instants_of(zone, wall.date(), wall.time())
    if not found:
        raise BadTime(f"{LEAPT} Choose another one.")
    return found[-1 if last else 0]


def typed_wall(typed: str) -> dt.datetime:
    """The (naive) time that was typed, "2026-10-25T01:30" or with a space. Raises BadTime."""
    try:
        wall = dt.datetime.fromisoformat(typed.strip())
    except ValueError:
        raise BadTime("Write day and time, such as 2026-10-25 14:30.") from None
    if wall.tzinfo is not None:
        raise BadTime("Write the time on the cinema's clocks, without a zone.")
    if wall.year not in YEARS:
        raise BadTime(NO_YEAR)
    return wall


def written(instant: dt.datetime, zone: ZoneInfo) -> str:
    """An instant as the browser's field for day and time takes it."""
    return on_the_wall(instant, zone).strftime(INSTANT)


def day_start(zone: ZoneInfo, day: dt.date) -> dt.datetime:
    """The instant at which a day of the programme begins."""
    return dt.datetime.combine(day, DAY_BEGINS, tzinfo=zone).astimezone(dt.UTC)


def programme_day(zone: ZoneInfo, instant: dt.datetime) -> dt.date:
    """The day of the programme that an instant belongs to."""
    return (on_the_wall(instant, zone) - dt.timedelta(hours=DAY_BEGINS.hour)).date()


def calendar_day(day: dt.date, time: dt.time) -> dt.date:
    """The date on the calendar of a time of a programme day: what is before six belongs to the night that follows."""
    return day + dt.timedelta(days=1) if time < DAY_BEGINS else day
