"""Times as people write them, on the clocks of a place: which instant is meant."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


class NoSuchTime(ValueError):
    """The clocks never show this time, or show it twice; the message is a sentence."""


def instant_of(wall: dt.datetime, zone: str) -> dt.datetime:
    """The instant at which the clocks of a zone show this (naive) time, in UTC. Raises NoSuchTime."""
    first = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(dt.UTC)
    there = first.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if there != wall:
        raise NoSuchTime("The clocks go forward that night and never show this time. Choose another one.")
    raise NoSuchTime("The clocks go back that night and show this time twice. Choose another one.")
