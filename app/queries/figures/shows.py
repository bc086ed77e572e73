"""Single shows and screens: the booking curve, what is expected of coming shows, where people sit."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db, end_read
from app.domain.forecast import MOST, Curve, Forecast, forecast

LOOK_BACK = 56
"""Days of finished shows that a forecast looks at."""
LIKE_HOURS = 3
"""Shows whose beginnings lie at most this far apart in the day are like each other."""
AHEAD = 14


@dataclass(frozen=True, slots=True)
class ShowFigures:
    """One show; times are the cinema's own. `gained` is days before the show → seats."""

    id: int
    title: str
    screen: str
    screen_id: int
    movie_id: int
    starts_at: dt.datetime
    seats: int
    sold: int
    admitted: int
    gained: dict[int, int]

    @property
    def curve(self) -> Curve:
        return Curve(self.gained)

    @property
    def weekend(self) -> bool:
        """Friday to Sunday."""
        return self.starts_at.weekday() >= 4


_SHOWS = """
SELECT s.id, m.title, r.name AS screen, s.screen_id, s.movie_id, s.starts_at AT TIME ZONE c.timezone AS starts_at,
       coalesce(f.seats, l.seat_count) AS seats, coalesce(f.sold, 0) AS sold, coalesce(f.admitted, 0) AS admitted
FROM shows s JOIN cinemas c ON c.id = s.cinema_id JOIN movies m ON m.id = s.movie_id
JOIN screens r ON r.id = s.screen_id JOIN layouts l ON l.id = s.layout_id
LEFT JOIN figures_shows f ON f.show_id = s.id
"""
_OF_CINEMA = text(
    f"{_SHOWS} WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.starts_at >= :start "
    "AND s.starts_at < :end ORDER BY s.starts_at, s.id"
)
_ONE = text(f"{_SHOWS} WHERE s.id = :show_id")
_GAINED = text(
    "SELECT show_id, show_day - day AS days, sum(sold - back) AS seats FROM figures_sales "
    "WHERE show_id = ANY(:shows) GROUP BY 1, 2"
)


def show_figures(show_id: int) -> ShowFigures:
    """One show with its curve. That there is such a show was asked by the guard."""
    (found,) = _with_curves(db.session.execute(_ONE, {"show_id": show_id}).all())
    end_read()
    return found


def shows_between(cinema_id: int, start: dt.datetime, end: dt.datetime) -> list[ShowFigures]:
    """The shows of a cinema that begin between these instants, with their curves."""
    rows = db.session.execute(_OF_CINEMA, {"cinema_id": cinema_id, "start": start, "end": end}).all()
    found = _with_curves(rows)
    end_read()
    return found


def _with_curves(rows: Sequence[Any]) -> list[ShowFigures]:
    gained: dict[int, dict[int, int]] = defaultdict(dict)
    for row in db.session.execute(_GAINED, {"shows": [row.id for row in rows]}):
        gained[row.show_id][max(0, row.days)] = gained[row.show_id].get(max(0, row.days), 0) + int(row.seats)
    return [ShowFigures(**row._mapping, gained=gained[row.id]) for row in rows]


class Finished:
    """Shows that are over, newest first, and which of them are like another: a forecast of many asks for all of them."""

    def __init__(self, shows: Sequence[ShowFigures]) -> None:
        self._shows = sorted(shows, key=lambda one: one.starts_at, reverse=True)
        self._of_time: dict[tuple[bool, int], list[ShowFigures]] = {}

    def like(self, show: ShowFigures) -> list[Curve]:
        """The curves of earlier shows like this one, the likest first: the film, then the screen, then the newest."""
        classes: tuple[list[Curve], ...] = ([], [], [], [])
        for one in self._at_such_a_time(show):
            if one.starts_at < show.starts_at and one.id != show.id:
                fit = classes[2 * (one.movie_id != show.movie_id) + (one.screen_id != show.screen_id)]
                if len(fit) < MOST:
                    fit.append(one.curve)
        return [curve for fit in classes for curve in fit][:MOST]

    def _at_such_a_time(self, show: ShowFigures) -> list[ShowFigures]:
        key = (show.weekend, show.starts_at.hour)
        if key not in self._of_time:
            self._of_time[key] = [one for one in self._shows if one.weekend == show.weekend and _near(one, show)]
        return self._of_time[key]


def _near(one: ShowFigures, other: ShowFigures) -> bool:
    apart = abs(one.starts_at.hour - other.starts_at.hour)
    return min(apart, 24 - apart) <= LIKE_HOURS


@dataclass(frozen=True, slots=True)
class Expected:
    """A show, what is expected of it (None: too few like it), and for a finished one how it came: seats sold."""

    show: ShowFigures
    forecast: Forecast | None
    days_before: int
    came: int | None = None


def expectations(cinema_id: int, now: dt.datetime, today: dt.date) -> tuple[list[Expected], list[Expected]]:
    """Coming shows with what is expected of them, and last week's with what was expected a day before."""
    shows = shows_between(cinema_id, now - dt.timedelta(days=LOOK_BACK), now + dt.timedelta(days=AHEAD))
    done = [one for one in shows if one.starts_at.date() < today]
    over = Finished(done)
    coming = [_expect(one, over, (one.starts_at.date() - today).days) for one in shows if one.starts_at.date() >= today]
    week = [one for one in done if (today - one.starts_at.date()).days <= 7]
    return coming, [_look_back(one, over) for one in week]


def _expect(show: ShowFigures, over: Finished, days: int) -> Expected:
    """Today is not over, so what was sold until yesterday is compared with what others had sold then."""
    sold = show.curve.sold_at(days + 1)
    return Expected(show, forecast(sold, days + 1, over.like(show), show.seats, least=show.sold), days)


def _look_back(show: ShowFigures, over: Finished) -> Expected:
    said = forecast(show.curve.sold_at(1), 1, over.like(show), show.seats)
    return Expected(show, said, 1, came=show.sold)


@dataclass(frozen=True, slots=True)
class HeatSeat:
    """One seat of a screen's layout and how often it was sold."""

    label: str
    row: str
    line: int
    column: int
    gap_before: bool
    sold: int


@dataclass(frozen=True, slots=True)
class Heat:
    screen: str
    shows: int
    seats: tuple[HeatSeat, ...]


_SCREEN = text("SELECT name, layout_id FROM screens WHERE id = :screen_id")
_SEATS = text(
    'SELECT id, label, row, line, "column", gap_before FROM seats WHERE layout_id = :layout_id ORDER BY line, "column"'
)
_SOLD_SEATS = text("""
WITH shown AS (
  SELECT f.sold_seats FROM shows s JOIN figures_shows f ON f.show_id = s.id
  WHERE s.screen_id = :screen_id AND s.layout_id = :layout_id AND s.starts_at >= :start AND s.starts_at < :end
    AND s.cinema_id = (SELECT cinema_id FROM screens WHERE id = :screen_id)
)
SELECT seat_id, count(*) AS sold, (SELECT count(*) FROM shown) AS shows FROM shown, unnest(sold_seats) AS seat_id GROUP BY 1
""")


def seat_heat(screen_id: int, start: dt.datetime, end: dt.datetime) -> Heat:
    """How often each seat of a screen's present layout was sold for the shows between these instants."""
    screen = db.session.execute(_SCREEN, {"screen_id": screen_id}).one()
    values = {"screen_id": screen_id, "layout_id": screen.layout_id}
    sold = db.session.execute(_SOLD_SEATS, {**values, "start": start, "end": end}).all()
    times = {row.seat_id: row.sold for row in sold}
    rows = db.session.execute(_SEATS, {"layout_id": screen.layout_id}).all()
    end_read()
    seats = tuple(
        HeatSeat(row.label, row.row, row.line, row.column, row.gap_before, times.get(row.id, 0)) for row in rows
    )
    return Heat(screen.name, sold[0].shows if sold else 0, seats)
