"""Cinemas as their list and pages show them, and how far away they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.db import db

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Venue:
    """A cinema; `km` is the distance to the visitor, where both places are known."""

    id: int
    slug: str
    name: str
    address: str
    postal_code: str
    city_id: int
    city: str
    city_slug: str
    zone: str
    latitude: float | None
    longitude: float | None
    facilities: tuple[str, ...]
    website: str | None
    screens: int
    shows: int
    """Shows to come."""
    km: float | None = None

    @property
    def street(self) -> str:
        """The address in one line, with postal code and city unless they are in it already."""
        parts = [self.address, *(part for part in (self.postal_code, self.city) if part not in self.address)]
        return ", ".join(part for part in parts if part)

    @property
    def map_link(self) -> str | None:
        if self.latitude is None or self.longitude is None:
            return None
        place = f"{self.latitude:.5f}/{self.longitude:.5f}"
        pin = f"mlat={self.latitude:.5f}&mlon={self.longitude:.5f}"
        return f"https://www.openstreetmap.org/?{pin}#map=17/{place}"


_SELECT = """
SELECT c.id, c.slug, c.name, c.address, c.postal_code, c.city_id, city.name AS city, city.slug AS city_slug,
       c.timezone AS zone, c.latitude, c.longitude, c.facilities, c.website,
       (SELECT count(*) FROM screens WHERE cinema_id = c.id AND closed_at IS NULL) AS screens, coalesce(n.shows, 0) AS shows
FROM cinemas c JOIN cities city ON city.id = c.city_id
LEFT JOIN (SELECT cinema_id, count(*) AS shows FROM shows
           WHERE state = 'published' AND sales_open_at <= :now AND sales_close_at > :now
           GROUP BY cinema_id) n ON n.cinema_id = c.id
"""
_ALL = text(_SELECT + "ORDER BY city.name, c.name, c.id")
_IN_CITY = text(_SELECT + "WHERE c.city_id = :city_id ORDER BY c.name, c.id")
_BY_SLUG = text(_SELECT + "WHERE c.slug = :slug")


def venues() -> list[Venue]:
    """Every cinema, by city and name."""
    return [_venue(row) for row in db.session.execute(_ALL, {"now": clock.now()})]


def venues_of_city(city_id: int) -> list[Venue]:
    return [_venue(row) for row in db.session.execute(_IN_CITY, {"now": clock.now(), "city_id": city_id})]


def venue(slug: str) -> Venue | None:
    row = db.session.execute(_BY_SLUG, {"now": clock.now(), "slug": slug}).one_or_none()
    return _venue(row) if row else None


def _venue(row: Row[Any]) -> Venue:
    facts = dict(row._mapping)
    return Venue(**{**facts, "facilities": tuple(row.facilities)})


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Kilometres between two places (latitude, longitude in degrees), on a round earth: the haversine formula."""
    (lat1, lon1), (lat2, lon2) = ([math.radians(angle) for angle in place] for place in (here, there))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
