"""Films as the staff see them: the list with what is to come of each, and one film with all that is known of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import db, end_read
from app.domain.films import FACTS, Facts
from app.domain.marks import mark
from app.domain.poster_sizes import is_upload
from app.domain.programme import UNPLANNED_RUNTIME
from app.errors import NotFound
from app.queries.browsing.films import drawing_hash, poster_film
from app.queries.browsing.wanted import search_words

PAGE = 50
SOON = dt.timedelta(days=7)
"""A film with a show on sale within this time is now showing; what is later is coming."""
RUNNING = dt.timedelta(days=1)
"""A show that began longer ago is over; lets the query use the index on the beginning."""
PLACES = ("now", "coming", "without", "archived")


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A film in the list. `place` is one of PLACES; `shows` are still to come, drafts too."""

    id: int
    slug: str
    title: str
    year: int | None
    runtime_minutes: int | None
    certificate: str | None
    poster: str
    place: str
    shows: int
    first: dt.datetime | None


@dataclass(frozen=True, slots=True)
class FilmRows:
    """A page of films, and how many there are in each place."""

    rows: tuple[FilmRow, ...]
    counts: dict[str, int]
    page: int
    pages: int


_KEPT = """
WITH coming AS (
  SELECT movie_id, count(*) AS shows, min(starts_at) AS first,
         min(starts_at) FILTER (WHERE state = 'published') AS on_sale
  FROM shows WHERE state <> 'cancelled' AND starts_at > :since AND ends_at > :now GROUP BY movie_id
), kept AS (
  SELECT m.id, m.slug, m.external_id, m.title, m.year, m.runtime_minutes, m.certificate, m.poster_hash, m.directors,
         m.genres, m.synopsis, coalesce(c.shows, 0) AS shows, c.first,
         CASE WHEN m.archived_at IS NOT NULL THEN 'archived' WHEN c.on_sale < :soon THEN 'now'
              WHEN c.shows > 0 OR m.release_date > :today THEN 'coming' ELSE 'without' END AS place
  FROM movies m LEFT JOIN coming c ON c.movie_id = m.id
  WHERE :words = '' OR m.search @@ to_tsquery('simple', :words)
)
[wanted]
"""
_COUNTS = text(_KEPT.replace("[wanted]", "SELECT place, count(*) AS films FROM kept GROUP BY place"))
_ROWS = """
SELECT * FROM kept WHERE place = ANY(:places)
ORDER BY array_position(CAST(:order AS text[]), place), (CASE WHEN place IN ('now', 'coming') THEN first END), title, id
LIMIT :most OFFSET :skip
"""
_PAGE = text(_KEPT.replace("[wanted]", _ROWS))


def films_of_the_house(today: dt.date, words: str = "", place: str = "", page: int = 1) -> FilmRows:
    """A page of films that all the words find, in one place or (empty) in all but the archive. `today` is a day there."""
    typed, now = search_words(words), clock.now()
    if words.strip() and not typed:
        return FilmRows((), dict.fromkeys(PLACES, 0), 1, 1)
    values = {"words": typed, "now": now, "since": now - RUNNING, "soon": now + SOON, "today": today}
    counts = dict.fromkeys(PLACES, 0) | {row.place: row.films for row in db.session.execute(_COUNTS, values)}
    places = [place] if place in PLACES else [one for one in PLACES if one != "archived"]
    pages = max(1, -(-sum(counts[one] for one in places) // PAGE))
    page = min(max(page, 1), pages)
    wanted = {"places": places, "order": list(PLACES), "most": PAGE, "skip": PAGE * (page - 1)}
    rows = tuple(_film(row) for row in db.session.execute(_PAGE, {**values, **wanted}))
    end_read()
    return FilmRows(rows, counts, page, pages)


def _film(row: Any) -> FilmRow:
    poster = row.poster_hash or drawing_hash(poster_film(row))
    return FilmRow(
        row.id, row.slug, row.title, row.year, row.runtime_minutes, row.certificate, poster, row.place, row.shows, row.first
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OldLength:
    """Coming shows at one cinema that keep their screen for another time than the film needs now; `first` of them begins then."""

    cinema: str
    timezone: str
    minutes: int
    shows: int
    first: dt.datetime


@dataclass(frozen=True, slots=True)
class StaffFilm:
    """One film with everything; `seen` names the facts, `seen_poster` the poster, as a change of them wants it."""

    id: int
    slug: str
    facts: Facts
    seen: str
    archived_at: dt.datetime | None
    poster: str
    seen_poster: str
    shows: int
    old_length: tuple[OldLength, ...] = field(default=())

    @property
    def title(self) -> str:
        return str(self.facts["title"])

    @property
    def has_upload(self) -> bool:
        return is_upload(self.seen_poster)


_ONE = text("""
SELECT id, slug, external_id, archived_at, poster_hash, kind, title, original_title, release_date, year, runtime_minutes,
  certificate, advice, sound, languages, countries, genres, directors, "cast", synopsis, trailer_url,
  (SELECT count(*) FROM shows s WHERE s.movie_id = m.id AND s.state <> 'cancelled' AND s.ends_at > :now) AS shows
FROM movies m WHERE id = :movie_id
""")
_OLD_LENGTH = text("""
SELECT c.name, c.timezone, CAST(extract(epoch FROM s.ends_at - s.starts_at) / 60 AS integer) AS minutes, count(*) AS shows,
       min(s.starts_at) AS first
FROM shows s JOIN cinemas c ON c.id = s.cinema_id
WHERE s.movie_id = :movie_id AND s.state <> 'cancelled' AND s.starts_at > :now
  AND s.ends_at - s.starts_at <> make_interval(mins => :needed)
GROUP BY c.id, minutes ORDER BY c.name, first
""")


def staff_film(movie_id: int) -> StaffFilm:
    """Raises NotFound."""
    now = clock.now()
    row = db.session.execute(_ONE, {"movie_id": movie_id, "now": now}).one_or_none()
    if row is None:
        end_read()
        raise NotFound("There is no such film.")
    facts = {name: getattr(row, name) for name in FACTS}
    needed = (row.runtime_minutes or UNPLANNED_RUNTIME) + settings.cleaning_minutes
    old = (
        db.session.execute(_OLD_LENGTH, {"movie_id": movie_id, "now": now, "needed": needed}).all() if row.shows else []
    )
    end_read()
    return StaffFilm(
        row.id,
        row.slug,
        facts,
        mark(facts),
        row.archived_at,
        row.poster_hash or drawing_hash(poster_film(row)),
        row.poster_hash or "",
        row.shows,
        tuple(OldLength(*one) for one in old),
    )


_UPLOADED = text("""
SELECT m.poster_hash, p.content FROM movies m LEFT JOIN movie_posters p ON p.movie_id = m.id AND p.width = :width
WHERE m.slug = :slug
""")


def uploaded_poster(slug: str, digest: str, width: int) -> bytes | None:
    """An uploaded poster in one width, if it is the one of this name. Raises NotFound if there is no such film."""
    row = db.session.execute(_UPLOADED, {"slug": slug, "width": width}).one_or_none()
    end_read()
    if row is None:
        raise NotFound
    return bytes(row.content) if row.content is not None and row.poster_hash == digest else None
