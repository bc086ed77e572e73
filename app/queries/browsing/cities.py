"""Cities one can choose, those with most coming shows first; kept in the process until the programme changes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app import clock
from app.db import db
from app.queries.browse_cache import moment


@dataclass(frozen=True, slots=True)
class CityFacts:
    id: int
    slug: str
    name: str
    country_code: str
    timezone: str
    currency: str
    cinemas: int
    shows: int


_CITIES = text("""
SELECT c.id, c.slug, c.name, c.country_code, c.timezone, c.currency,
       count(*) AS cinemas, coalesce(sum(n.shows), 0)::bigint AS shows
FROM cities c JOIN cinemas k ON k.city_id = c.id
LEFT JOIN (SELECT cinema_id, count(*) AS shows FROM shows
           WHERE state = 'published' AND starts_at > :now GROUP BY cinema_id) n ON n.cinema_id = k.id
GROUP BY c.id ORDER BY shows DESC, c.name, c.id
""")

_kept: list[tuple[str, tuple[CityFacts, ...]]] = []


def cities() -> tuple[CityFacts, ...]:
    """Every city with a cinema, at most a minute old."""
    present = moment()
    if not _kept or _kept[0][0] != present:
        rows = db.session.execute(_CITIES, {"now": clock.now()})
        _kept[:] = [(present, tuple(CityFacts(*row) for row in rows))]
    return _kept[0][1]


def known_cities() -> tuple[CityFacts, ...]:
    """What this process remembers, without asking the database: for pages that must do without it."""
    return _kept[0][1] if _kept else ()


def choose_city(among: tuple[CityFacts, ...], slug: str) -> CityFacts | None:
    """The city with this slug, else the first; None if there is no city at all."""
    return next((city for city in among if city.slug == slug), among[0] if among else None)


def forget_cities() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _kept.clear()
