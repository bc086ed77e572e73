"""Single shows and screens: the booking curve, what is expected of coming shows, where people sit."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
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


def like(show: ShowFigures, others: Sequence[ShowFigures]) -> list[Curve]:
    """The curves of finished shows like this one, the likest first: the film and the screen, then the time of week."""
    same = [one for one in others if one.id != show.id and one.weekend == show.weekend and _near(one, show)]
    return [one.curve for one in nsmallest(MOST, same, key=lambda one: _unlike(one, show))]


def _near(one: ShowFigures, other: ShowFigures) -> bool:
    apart = abs(one.starts_at.hour - other.starts_at.hour)
    return min(apart, 24 - apart) <= LIKE_HOURS


def _unlike(one: ShowFigures, show: ShowFigures) -> tuple[bool, bool, dt.timedelta]:
    return one.movie_id != show.movie_id, one.screen_id != show.screen_id, show.starts_at - one.starts_at


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
    coming = [_expect(one, done, (one.starts_at.date() - today).days) for one in shows if one.starts_at.date() >= today]
    week = [one for one in done if (today - one.starts_at.date()).days <= 7]
    return coming, [_look_back(one, done) for one in week]


def _expect(show: ShowFigures, done: Sequence[ShowFigures], days: int) -> Expected:
    """Today is not over, so what was sold until yesterday is compared with what others had sold then."""
    sold = show.curve.sold_at(days + 1)
    return Expected(show, forecast(sold, days + 1, like(show, done), show.seats, least=show.sold), days)


def _look_back(show: ShowFigures, done: Sequence[ShowFigures]) -> Expected:
    earlier = [one for one in done if one.starts_at < show.starts_at]
    said = forecast(show.curve.sold_at(1), 1, like(show, earlier), show.seats)
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
