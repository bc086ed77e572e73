"""The list of one day in one city: its board, its films with their next times, and what to offer when nothing fits."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app import clock
from app.queries.browsing.cities import CityFacts
from app.queries.browsing.days import Day, today
from app.queries.browsing.films import FilmFacts, films, films_matching
from app.queries.browsing.showings import (
    NONE_LEFT,
    SeatsLeft,
    Showing,
    next_showing,
    seats_left,
    showings_in_city,
    wheelchair_spaces,
)
from app.queries.browsing.wanted import Wanted, languages_of

PER_PAGE = 20
TIMES = 3
LOOKED_AT = 8
"""Shows of a film whose seats are counted, to find the next three with any left."""
ON_BOARD = 3
BOARD_TIMES = 2
EVENING = 17


@dataclass(frozen=True, slots=True)
class FilmTimes:
    """A film and its next times with seats left; none when all are sold out."""

    film: FilmFacts
    showings: tuple[Showing, ...]


@dataclass(frozen=True, slots=True)
class BoardLine:
    film: FilmFacts
    showings: tuple[Showing, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What the day's shows can be filtered by. Cinemas are (slug, name)."""

    cinemas: tuple[tuple[str, str], ...]
    genres: tuple[str, ...]
    formats: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayList:
    """One page of a day's films. `films_that_day` and `next` explain an empty one."""

    board: tuple[BoardLine, ...]
    evening: bool
    films: tuple[FilmTimes, ...]
    film_count: int
    showing_count: int
    films_that_day: int
    options: Options
    next: Showing | None
    next_film: FilmFacts | None


def day_list(city: CityFacts, day: Day, wanted: Wanted, page: int) -> DayList:
    """The films of a day that the filters let through; those with most shows first, 20 to a page."""
    showings = showings_in_city(city.id, day.start, day.end)
    facts = films({s.movie_id for s in showings})
    fitting = _fitting(showings, facts, wanted)
    by_film = _by_film(fitting)
    order = sorted(by_film, key=lambda film: (-len(by_film[film]), by_film[film][0].starts_at, facts[film].title))
    shown = order[(page - 1) * PER_PAGE : page * PER_PAGE]
    evening = _evening(showings, day)
    following = None if order else next_showing(city.id, day.end, wanted)
    return DayList(
        board=_board(evening or showings, facts),
        evening=bool(evening),
        films=_with_times(shown, by_film, facts),
        film_count=len(order),
        showing_count=len(fitting),
        films_that_day=len(facts),
        options=_options(showings, facts),
        next=following,
        next_film=films([following.movie_id])[following.movie_id] if following else None,
    )


def _fitting(showings: list[Showing], facts: dict[int, FilmFacts], wanted: Wanted) -> list[Showing]:
    if wanted.q:
        facts = films_matching(list(facts), wanted.q)
    wheelchairs = wheelchair_spaces({s.layout_id for s in showings}) if "wheelchair" in wanted.needs else {}
    return [
        s
        for s in showings
        if s.movie_id in facts
        and wanted.cinema in ("", s.cinema_slug)
        and wanted.format in ("", s.format)
        and (not wanted.genre or wanted.genre in facts[s.movie_id].genres)
        and (not wanted.language or wanted.language in languages_of(s.language, facts[s.movie_id].languages))
        and (s.captions or "captions" not in wanted.needs)
        and (s.audio_description or "audio-description" not in wanted.needs)
        and (wheelchairs.get(s.layout_id) or "wheelchair" not in wanted.needs)
    ]


def _by_film(showings: Iterable[Showing]) -> dict[int, list[Showing]]:
    found: dict[int, list[Showing]] = defaultdict(list)
    for showing in showings:
        found[showing.movie_id].append(showing)
    return found


def _with_times(
    order: list[int], by_film: dict[int, list[Showing]], facts: dict[int, FilmFacts]
) -> tuple[FilmTimes, ...]:
    left = seats_left(s.id for film in order for s in by_film[film][:LOOKED_AT])
    return tuple(FilmTimes(facts[film], first_with_seats(by_film[film], left)) for film in order)


def first_with_seats(showings: list[Showing], left: dict[int, SeatsLeft]) -> tuple[Showing, ...]:
    """The first three that are not sold out."""
    return tuple([s for s in showings if left.get(s.id, NONE_LEFT).free][:TIMES])


def _evening(showings: list[Showing], day: Day) -> list[Showing]:
    """Today's shows from five in the afternoon; none on other days."""
    if day.date != today(day.zone, clock.now()).date:
        return []
    return [s for s in showings if s.starts_at.astimezone(ZoneInfo(s.zone)).hour >= EVENING]


def _board(showings: list[Showing], facts: dict[int, FilmFacts]) -> tuple[BoardLine, ...]:
    """The films with most shows, each at the cinema that has most of them."""
    by_film = _by_film(showings)
    order = sorted(by_film, key=lambda film: (-len(by_film[film]), by_film[film][0].starts_at, facts[film].title))
    return tuple(BoardLine(facts[film], _at_one_cinema(by_film[film])) for film in order[:ON_BOARD])


def _at_one_cinema(showings: list[Showing]) -> tuple[Showing, ...]:
    by_cinema: dict[int, list[Showing]] = defaultdict(list)
    for showing in showings:
        by_cinema[showing.cinema_id].append(showing)
    most = max(by_cinema.values(), key=len)
    return tuple(most[:BOARD_TIMES])


def _options(showings: list[Showing], facts: dict[int, FilmFacts]) -> Options:
    return Options(
        cinemas=tuple(sorted({(s.cinema_slug, s.cinema) for s in showings}, key=lambda pair: pair[1])),
        genres=tuple(sorted({genre for film in facts.values() for genre in film.genres})),
        formats=tuple(sorted({s.format for s in showings if s.format})),
        languages=tuple(
            sorted({name for s in showings for name in languages_of(s.language, facts[s.movie_id].languages)})
        ),
    )


def soonest_day(showings: Iterable[Showing], zone: str) -> dt.date | None:
    """The date of the first show, on the clocks of a zone."""
    first = min((s.starts_at for s in showings), default=None)
    return first.astimezone(ZoneInfo(zone)).date() if first else None
