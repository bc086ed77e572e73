"""Films as lists and their own page show them; search and what comes later. When they run is showings'."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, TextClause, text

from app import clock
from app.db import db
from app.domain.posters.film import PosterFilm
from app.domain.text import fold
from app.queries.browsing.wanted import search_words

DRAWING = "1"
"""Part of the address of every generated poster: another one when the generator draws differently."""


RUNNING = dt.timedelta(days=1)
"""A show that began longer ago can't be on sale any more; lets the search use the index on the beginning."""


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """A film in a list. `poster_hash` with the slug makes its poster's address."""

    id: int
    slug: str
    title: str
    year: int | None
    runtime_minutes: int | None
    certificate: str | None
    sound: str | None
    languages: tuple[str, ...]
    genres: tuple[str, ...]
    poster_hash: str
    release_date: dt.date | None


@dataclass(frozen=True, slots=True)
class FilmPage:
    """A film on its own page."""

    facts: FilmFacts
    original_title: str | None
    advice: str | None
    countries: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    synopsis: str
    trailer_url: str | None


_COLUMNS = """m.id, m.slug, m.title, m.year, m.runtime_minutes, m.certificate, m.sound, m.languages, m.genres,
  m.poster_hash, m.release_date, m.external_id, m.directors, m.synopsis"""


def _select(statement: str) -> TextClause:
    """A statement with the columns of a film in place of [film]."""
    return text(statement.replace("[film]", _COLUMNS))


_BY_ID = _select("SELECT [film] FROM movies m WHERE m.id = ANY(:ids)")
_MATCHING = _select("SELECT [film] FROM movies m WHERE m.id = ANY(:ids) AND m.search @@ to_tsquery('simple', :words)")
_BY_SLUG = _select(
    "SELECT [film], m.original_title, m.advice, m.countries, m.cast, m.trailer_url "
    "FROM movies m WHERE m.slug = :slug AND m.archived_at IS NULL"
)


def films(ids: Collection[int]) -> dict[int, FilmFacts]:
    return {row.id: _facts(row) for row in db.session.execute(_BY_ID, {"ids": list(ids)})}


def films_matching(ids: Collection[int], q: str) -> dict[int, FilmFacts]:
    """Those of these films that the typed words find."""
    words = search_words(q)
    if not words:
        return {}
    rows = db.session.execute(_MATCHING, {"ids": list(ids), "words": words})
    return {row.id: _facts(row) for row in rows}


def film_page(slug: str) -> FilmPage | None:
    row = db.session.execute(_BY_SLUG, {"slug": slug}).one_or_none()
    if row is None:
        return None
    return FilmPage(
        _facts(row),
        row.original_title,
        row.advice,
        tuple(row.countries),
        tuple(row.directors),
        tuple(row.cast),
        row.synopsis,
        row.trailer_url,
    )


def _facts(row: Row[Any]) -> FilmFacts:
    return FilmFacts(
        row.id,
        row.slug,
        row.title,
        row.year,
        row.runtime_minutes,
        row.certificate,
        row.sound,
        tuple(row.languages),
        tuple(row.genres),
        row.poster_hash or drawing_hash(poster_film(row)),
        row.release_date,
    )


@dataclass(frozen=True, slots=True)
class FilmList:
    """One page of films and how many there are in all. `first` is when each begins, where that is known."""

    films: tuple[FilmFacts, ...]
    total: int
    first: dict[int, dt.datetime]


_SEARCH = _select("""
WITH running AS (
  SELECT DISTINCT s.movie_id FROM shows s JOIN cinemas c ON c.id = s.cinema_id
  WHERE c.city_id = :city_id AND s.state = 'published' AND s.sales_close_at > :now AND s.starts_at > :since
)
SELECT [film], count(*) OVER () AS total
FROM movies m LEFT JOIN running r ON r.movie_id = m.id
WHERE m.search @@ to_tsquery('simple', :words) AND m.archived_at IS NULL
ORDER BY (r.movie_id IS NULL), (m.folded LIKE :start) DESC, m.title, m.id
LIMIT :limit OFFSET :offset
""")


def search_films(q: str, city_id: int, limit: int, offset: int) -> FilmList:
    """Films that all the typed words find, in title, people or description, accents apart. What runs comes first."""
    words = search_words(q)
    if not words:
        return FilmList((), 0, {})
    start = fold(q).strip().replace("\\", "").replace("%", "").replace("_", "") + "%"
    now = clock.now()
    values = {"words": words, "start": start, "city_id": city_id, "now": now, "since": now - RUNNING}
    return _list(db.session.execute(_SEARCH, {**values, "limit": limit, "offset": offset}).all())


_LATER = _select("""
WITH firsts AS (
  SELECT s.movie_id, min(s.starts_at) AS first FROM shows s JOIN cinemas c ON c.id = s.cinema_id
  WHERE c.city_id = :city_id AND s.state = 'published' AND s.sales_close_at > :now GROUP BY s.movie_id
)
SELECT [film], f.first, count(*) OVER () AS total
FROM movies m LEFT JOIN firsts f ON f.movie_id = m.id
WHERE m.archived_at IS NULL AND (f.first >= :since OR (f.first IS NULL AND m.release_date > :date))
ORDER BY coalesce(f.first, CAST(m.release_date AS timestamptz)), m.title, m.id
LIMIT :limit OFFSET :offset
""")


def films_to_come(city_id: int, since: dt.datetime, date: dt.date, limit: int, offset: int) -> FilmList:
    """Films whose first show in the city is at `since` or later, or that are released after `date`."""
    values = {"city_id": city_id, "since": since, "date": date, "now": clock.now()}
    return _list(db.session.execute(_LATER, {**values, "limit": limit, "offset": offset}).all())


def _list(rows: Iterable[Row[Any]]) -> FilmList:
    rows = list(rows)
    first = {row.id: row.first for row in rows if getattr(row, "first", None) is not None}
    return FilmList(tuple(_facts(row) for row in rows), rows[0].total if rows else 0, first)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A city where a film runs."""

    city_slug: str
    city: str
    shows: int


_ELSEWHERE = text("""
SELECT city.slug, city.name, count(*) AS shows
FROM shows s JOIN cinemas c ON c.id = s.cinema_id JOIN cities city ON city.id = c.city_id
WHERE s.movie_id = :movie_id AND s.state = 'published' AND s.sales_open_at <= :now AND s.sales_close_at > :now
  AND c.city_id <> :city_id
GROUP BY city.id ORDER BY shows DESC, city.name LIMIT 6
""")


def cities_showing(movie_id: int, besides: int) -> list[Elsewhere]:
    """Other cities where the film can be booked, those with most shows first."""
    rows = db.session.execute(_ELSEWHERE, {"movie_id": movie_id, "city_id": besides, "now": clock.now()})
    return [Elsewhere(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Poster:
    """A film's poster: the drawn one, or the facts to draw it from."""

    hash: str
    svg: str | None
    film: PosterFilm


_POSTER = _select("SELECT [film], m.poster_svg FROM movies m WHERE m.slug = :slug")


def film_poster(slug: str) -> Poster | None:
    row = db.session.execute(_POSTER, {"slug": slug}).one_or_none()
    if row is None:
        return None
    film = poster_film(row)
    return Poster(row.poster_hash or drawing_hash(film), row.poster_svg, film)


def poster_film(row: Row[Any]) -> PosterFilm:
    return PosterFilm(
        id=row.external_id or row.slug,
        title=row.title,
        year=row.year,
        runtime_minutes=row.runtime_minutes,
        directors=tuple(row.directors),
        genres=tuple(row.genres),
        synopsis=row.synopsis,
    )


def drawing_hash(film: PosterFilm) -> str:
    """Names a generated poster by what it is drawn from."""
    return hashlib.sha256(f"{DRAWING}{film!r}".encode()).hexdigest()[:16]
