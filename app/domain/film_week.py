"""The film week: Friday to Thursday, on the cinema's own calendar; distributors settle by it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

FRIDAY = 4
_WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class FilmWeek:
    """Begins on a Friday."""

    start: dt.date

    @property
    def end(self) -> dt.date:
        """Its Thursday."""
        return self.start + dt.timedelta(days=_WEEK - 1)

    @property
    def before(self) -> FilmWeek:
        return FilmWeek(self.start - dt.timedelta(days=_WEEK))

    @property
    def after(self) -> FilmWeek:
        return FilmWeek(self.start + dt.timedelta(days=_WEEK))


def week_of(day: dt.date) -> FilmWeek:
    """The film week that a day lies in."""
    return FilmWeek(day - dt.timedelta(days=(day.weekday() - FRIDAY) % _WEEK))
