"""Days as a city has them: a date is a range of instants. Pure; the present instant is an argument."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

SHOWN = 7
FURTHEST = dt.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Day:
    """A date in a zone; `start` and `end` are instants, the end not included."""

    date: dt.date
    zone: str

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.date, dt.time(), ZoneInfo(self.zone)).astimezone(dt.UTC)

    @property
    def end(self) -> dt.datetime:
        return self.after(1).start

    def after(self, days: int) -> Day:
        return Day(self.date + dt.timedelta(days=days), self.zone)


def today(zone: str, now: dt.datetime) -> Day:
    return day_of(now, zone)


def day_of(instant: dt.datetime, zone: str) -> Day:
    return Day(instant.astimezone(ZoneInfo(zone)).date(), zone)


def read_day(text: str, zone: str, now: dt.datetime) -> Day | None:
    """The day an address names (2026-11-20), None if it is none, past or too far away."""
    first = today(zone, now)
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return Day(date, zone) if first.date <= date <= first.date + FURTHEST else None


def days_to_offer(chosen: Day, now: dt.datetime) -> list[Day]:
    """Today and the six days after it; or today and the week of a chosen day further away."""
    first = today(chosen.zone, now)
    if chosen.date < first.date + dt.timedelta(days=SHOWN):
        return [first.after(days) for days in range(SHOWN)]
    return [first] + [chosen.after(days) for days in range(SHOWN - 1)]


def name_of(day: Day, now: dt.datetime) -> str:
    """Today, Tomorrow, or the weekday."""
    away = (day.date - today(day.zone, now).date).days
    return {0: "Today", 1: "Tomorrow"}.get(away, f"{day.date:%A}")
