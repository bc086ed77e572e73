"""The planner: the shows of a film week as they lie on the screens, and one show with what people have in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text

from app.db import db, end_read
from app.domain.film_week import FilmWeek
from app.domain.local_time import day_start, programme_day
from app.domain.planner_grid import HOUR, Cell, cells, hours_needed
from app.domain.states import ShowState
from app.errors import NotFound
from app.models import Show
from app.queries.browsing.films import drawing_hash, poster_film

COLOURS = 8
"""Spines in staff.css."""


@dataclass(frozen=True, slots=True)
class PlannedShow:
    """A show of the planner. Seats of a draft are those of its layout."""

    id: int
    movie_id: int
    title: str
    screen_id: int
    screen: str
    state: str
    starts_at: dt.datetime
    film_ends_at: dt.datetime
    ends_at: dt.datetime
    seats: int
    sold: int
    held: int
    blocked: int
    colour: int

    @property
    def is_full(self) -> bool:
        return self.state == ShowState.PUBLISHED and self.sold + self.held + self.blocked >= self.seats

    @property
    def words(self) -> str:
        """Its state in a word; nothing for what is simply on sale."""
        known = {ShowState.DRAFT.value: "draft", ShowState.CANCELLED.value: "cancelled"}
        return known.get(self.state) or ("full" if self.is_full else "")


@dataclass(frozen=True, slots=True)
class Lane:
    screen_id: int
    screen: str
    has_seats: bool
    cells: tuple[Cell[PlannedShow], ...]
    cancelled: tuple[PlannedShow, ...]


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    start: dt.datetime
    """The instant at the left edge of its lanes."""
    hours: float
    """24, or 23 or 25 where the clocks change in its night."""
    lanes: tuple[Lane, ...]
    shows: tuple[PlannedShow, ...]


@dataclass(frozen=True, slots=True)
class WeekFilm:
    movie_id: int
    title: str
    runtime_minutes: int | None
    slug: str
    poster_hash: str
    shows: int
    colour: int


@dataclass(frozen=True, slots=True)
class Week:
    week: FilmWeek
    days: tuple[Day, ...]
    first_hour: int
    """Of the clock: 10 for a table that begins at ten."""
    hours: tuple[int, ...]
    films: tuple[WeekFilm, ...]
    drafts: tuple[int, ...]
    """Those that have not begun."""
    count: int

    @property
    def columns(self) -> int:
        return len(self.hours) * HOUR


_SHOWS = text("""
SELECT s.id, s.movie_id, m.title, s.screen_id, r.name AS screen, s.state, s.starts_at, s.ends_at, l.seat_count,
       least(s.ends_at, s.starts_at + make_interval(mins => coalesce(m.runtime_minutes, 120))) AS film_ends_at
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens r ON r.id = s.screen_id JOIN layouts l ON l.id = s.layout_id
WHERE s.cinema_id = :cinema_id AND s.starts_at >= :start AND s.starts_at < :end ORDER BY s.starts_at, s.id
""")
_TAKEN = text("""
SELECT show_id, state, count(*) FROM show_seats WHERE show_id IN :shows AND state <> 'free' GROUP BY show_id, state
""").bindparams(bindparam("shows", expanding=True))
_SCREENS = text("""
SELECT id, name, layout_id IS NOT NULL AND closed_at IS NULL AS has_seats FROM screens
WHERE cinema_id = :cinema_id AND (closed_at IS NULL OR id = ANY(:shown)) ORDER BY length(name), name, id
""")
# Besides the films of this week and the last: those that were touched last, for whoever plans a new one.
_FILMS = text("""
SELECT m.id, m.title, m.runtime_minutes, m.slug, m.poster_hash, m.year, m.genres, m.directors, m.synopsis, m.external_id,
       m.sound, m.languages, m.certificate, m.release_date
FROM movies m WHERE m.id = ANY(:ids) OR m.archived_at IS NULL AND m.id IN (
  SELECT movie_id FROM shows WHERE cinema_id = :cinema_id AND starts_at >= :before AND starts_at < :start
  UNION ALL (SELECT id FROM movies WHERE archived_at IS NULL ORDER BY updated_at DESC, id DESC LIMIT 6))
ORDER BY m.title, m.id
""")


def week_at(cinema_id: int, zone: ZoneInfo, week: FilmWeek, now: dt.datetime) -> Week:
    """The film week of a cinema, in as many statements whatever is on."""
    start, end = day_start(zone, week.start), day_start(zone, week.after.start)
    rows = db.session.execute(_SHOWS, {"cinema_id": cinema_id, "start": start, "end": end}).all()
    screens = db.session.execute(_SCREENS, {"cinema_id": cinema_id, "shown": [row.screen_id for row in rows]}).all()
    taken = _taken([row.id for row in rows])
    count = Counter(row.movie_id for row in rows if row.state != ShowState.CANCELLED)
    values = {"ids": list(count), "cinema_id": cinema_id, "start": start, "before": day_start(zone, week.before.start)}
    films = db.session.execute(_FILMS, values).all()
    end_read()
    colours = _colours([*count, *(row.id for row in films)])
    shows = [_show(row, taken, colours.get(row.movie_id, 0)) for row in rows]
    first, last = _hours(shows, zone)
    return Week(
        week,
        tuple(_day(week.start + dt.timedelta(days=place), zone, shows, screens, first, last) for place in range(7)),
        (first + 6) % 24,
        tuple((hour + 6) % 24 for hour in range(first, last)),
        tuple(_film(row, count[row.id], colours[row.id]) for row in sorted(films, key=lambda row: -count[row.id])),
        tuple(one.id for one in shows if one.state == ShowState.DRAFT and one.starts_at > now),
        sum(count.values()),
    )


def _taken(show_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for show_id, state, seats in db.session.execute(_TAKEN, {"shows": show_ids}):
        found[show_id][state] = seats
    return found


def _colours(movie_ids: Iterable[int]) -> dict[int, int]:
    """A spine for each film: its own where it is free, so that most keep theirs from week to week."""
    given: dict[int, int] = {}
    for movie_id in dict.fromkeys(movie_ids):
        used = Counter(given.values())
        least = min(used[colour] for colour in range(COLOURS))
        wish = [(movie_id + step) % COLOURS for step in range(COLOURS)]
        given[movie_id] = next(colour for colour in wish if used[colour] == least)
    return given


def _show(row: Any, taken: dict[int, dict[str, int]], colour: int) -> PlannedShow:
    seats = taken.get(row.id, {})
    return PlannedShow(
        row.id, row.movie_id, row.title, row.screen_id, row.screen, row.state, row.starts_at, row.film_ends_at, row.ends_at,
        row.seat_count, seats.get("sold", 0), seats.get("held", 0), seats.get("blocked", 0), colour,
    )  # fmt: skip


def _hours(shows: Iterable[PlannedShow], zone: ZoneInfo) -> tuple[int, int]:
    spans = []
    for show in shows:
        start = day_start(zone, programme_day(zone, show.starts_at))
        spans.append(tuple((one - start).total_seconds() / 3600 for one in (show.starts_at, show.ends_at)))
    return hours_needed([(begin, end) for begin, end in spans])


def _day(
    date: dt.date, zone: ZoneInfo, shows: Sequence[PlannedShow], screens: Sequence[Any], first: int, last: int
) -> Day:
    begins, ends = (day_start(zone, date + dt.timedelta(days=more)) for more in (0, 1))
    left = begins + dt.timedelta(hours=first)
    today = [one for one in shows if begins <= one.starts_at < ends]
    lanes = [_lane(screen, today, left, (last - first) * HOUR) for screen in screens]
    return Day(date, left, (ends - begins).total_seconds() / 3600, tuple(lanes), tuple(today))


def _lane(screen: Any, today: Sequence[PlannedShow], left: dt.datetime, columns: int) -> Lane:
    here = [one for one in today if one.screen_id == screen.id]
    gone = tuple(one for one in here if one.state == ShowState.CANCELLED)
    lane = cells([one for one in here if one.state != ShowState.CANCELLED], left, columns)
    return Lane(screen.id, screen.name, screen.has_seats, tuple(lane), gone)


def _film(row: Any, shows: int, colour: int) -> WeekFilm:
    poster = row.poster_hash or drawing_hash(poster_film(row))
    return WeekFilm(row.id, row.title, row.runtime_minutes, row.slug, poster, shows, colour)


# One show


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """A show as its staff page shows it. `facts` are what a form changes, by the names of the columns."""

    id: int
    title: str
    screen: str
    prices: str
    timezone: str
    state: str
    runtime_minutes: int | None
    starts_at: dt.datetime
    film_ends_at: dt.datetime
    ends_at: dt.datetime
    seats: int
    sold: int
    held: int
    blocked: int
    facts: dict[str, Any]

    @property
    def cleaning_minutes(self) -> int:
        return round((self.ends_at - self.film_ends_at).total_seconds() / 60)

    @property
    def is_taken(self) -> bool:
        """Whether somebody has seats or is buying some."""
        return self.sold + self.held > 0


_ONE = text("""
SELECT m.title, r.name AS screen, p.name AS prices, c.timezone, m.runtime_minutes, l.seat_count,
       least(s.ends_at, s.starts_at + make_interval(mins => coalesce(m.runtime_minutes, 120))) AS film_ends_at
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens r ON r.id = s.screen_id
JOIN price_lists p ON p.id = s.price_list_id JOIN cinemas c ON c.id = s.cinema_id JOIN layouts l ON l.id = s.layout_id
WHERE s.id = :show_id
""")


def show_facts(show_id: int, names: Iterable[str]) -> ShowFacts:
    """One show, with its facts of these names. Raises NotFound."""
    show = db.session.get(Show, show_id, populate_existing=True)
    if show is None:
        end_read()
        raise NotFound("There is no such show any more.")
    row = db.session.execute(_ONE, {"show_id": show_id}).one()
    taken = _taken([show_id]).get(show_id, {})
    facts = {name: getattr(show, name) for name in names}
    end_read()
    return ShowFacts(
        show_id, row.title, row.screen, row.prices, row.timezone, show.state, row.runtime_minutes, show.starts_at,
        row.film_ends_at, show.ends_at, row.seat_count, taken.get("sold", 0), taken.get("held", 0),
        taken.get("blocked", 0), facts,
    )  # fmt: skip
