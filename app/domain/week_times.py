"""Days of the week and hours of the day, on a cinema's clocks, with hours that go over midnight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAY_MINUTES = 24 * 60
EVERY_DAY = frozenset(range(1, 8))
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class WeekTimes:
    """What begins on one of `weekdays` (Monday is 1) from `from_time` until before `until_time`.

    A time without a beginning begins with the day, one without an end ends with it. One that ends before it begins goes
    over midnight: what begins in its second part counts as on the day before.
    """

    weekdays: frozenset[int] = EVERY_DAY
    from_time: dt.time | None = None
    until_time: dt.time | None = None

    @property
    def begins(self) -> int:
        """In minutes of the day."""
        return _minutes(self.from_time) if self.from_time else 0

    @property
    def ends(self) -> int:
        """In minutes of the day, not included; midnight is the end of a day and never its beginning."""
        return (_minutes(self.until_time) if self.until_time else 0) or DAY_MINUTES

    @property
    def over_midnight(self) -> bool:
        return self.begins > self.ends

    def day_of(self, local: dt.datetime) -> dt.date | None:
        """The day that a beginning at this local time counts as; None where it is on none of these days and hours."""
        day, minute = local.date(), _minutes(local.time())
        if minute < self.begins:
            if not self.over_midnight or minute >= self.ends:
                return None
            day -= dt.timedelta(days=1)
        elif not self.over_midnight and minute >= self.ends:
            return None
        return day if day.isoweekday() in self.weekdays else None

    @property
    def hours_words(self) -> str:
        """from 22:00 until 03:00 on the next day; empty for the whole day."""
        since = f"from {self.from_time:%H:%M}" if self.from_time else ""
        until = f"until {self.until_time:%H:%M}" if self.until_time else ""
        return " ".join(filter(None, [since, until, "on the next day" if self.over_midnight else ""]))


WHENEVER = WeekTimes()


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def days_in_words(weekdays: Iterable[int]) -> str:
    """Monday to Friday; Monday, Wednesday and Friday; every day."""
    chosen = sorted(set(weekdays))
    if len(chosen) == len(DAYS):
        return "every day"
    runs: list[list[int]] = []
    for day in chosen:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [part for run in runs for part in _run_in_words(run)]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "no day"


def _run_in_words(run: Sequence[int]) -> list[str]:
    names = [DAYS[day - 1] for day in run]
    return [f"{names[0]} to {names[-1]}"] if len(names) > 2 else names
