"""Cinemas and their screens as those who run them see them: the facts, what of them is bound, the lists."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.config import ROOT
from app.db import db, end_read
from app.domain.cinemas import CinemaFacts
from app.domain.refund_policy import read_steps
from app.domain.seating_plan import parse_plan
from app.domain.staff import Reach
from app.domain.text import fold
from app.errors import NotFound
from app.models import Cinema, City

TEMPLATES = ROOT / "demo" / "plans"


def facts_of(session: Session, cinema: Cinema) -> CinemaFacts:
    """A cinema's facts as its row says them."""
    city = session.get_one(City, cinema.city_id)
    return CinemaFacts(
        name=cinema.name,
        slug=cinema.slug,
        city=city.name,
        country_code=city.country_code,
        timezone=cinema.timezone,
        currency=cinema.currency,
        address=cinema.address,
        postal_code=cinema.postal_code,
        latitude=cinema.latitude,
        longitude=cinema.longitude,
        facilities=tuple(cinema.facilities),
        website=cinema.website or "",
        seller=cinema.seller,
        tax_number=cinema.tax_number,
        fee_minor=cinema.fee_minor,
        tax_percent=cinema.tax_percent,
        refund_steps=None if cinema.refund_steps is None else read_steps(cinema.refund_steps),
        changes_in_full=cinema.changes_in_full,
        pay_ways=None if cinema.pay_ways is None else tuple(cinema.pay_ways),
    )


def cinema_facts(cinema_id: int) -> CinemaFacts:
    """Raises NotFound."""
    cinema = db.session.get(Cinema, cinema_id, populate_existing=True)
    if cinema is None:
        raise NotFound("There is no such cinema.")
    facts = facts_of(db.session(), cinema)
    end_read()
    return facts


_ID = text("SELECT id FROM cinemas WHERE slug = :slug")


def cinema_called(slug: str) -> int:
    """The cinema with this name in addresses. Raises NotFound."""
    found: int | None = db.session.execute(_ID, {"slug": slug}).scalar_one_or_none()
    end_read()
    if found is None:
        raise NotFound(f"There is no cinema called {slug}.")
    return found


# What binds a cinema


@dataclass(frozen=True, slots=True)
class Bound:
    """What keeps a cinema's currency and its time zone from being changed."""

    price_lists: int
    shifts: int
    coupons: int
    coming: int
    """Shows to come, drafts too."""

    @property
    def currency(self) -> str:
        """Why the currency is fixed; empty while it is not."""
        counts = ((self.price_lists, "price list"), (self.shifts, "shift"), (self.coupons, "coupon"))
        parts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
        return f"The currency is fixed, because something here counts in it: {', '.join(parts)}." if parts else ""

    @property
    def timezone(self) -> str:
        """Why the time zone is fixed; empty while it is not."""
        if not self.coming:
            return ""
        shows = "1 show is" if self.coming == 1 else f"{self.coming} shows are"
        return f"The time zone is fixed while {shows} coming: another one would move the times people came to know."


_BOUND = text("""
SELECT (SELECT count(*) FROM price_lists WHERE cinema_id = :id) AS price_lists,
       (SELECT count(*) FROM shifts WHERE cinema_id = :id) AS shifts,
       (SELECT count(*) FROM coupons WHERE cinema_id = :id AND currency IS NOT NULL) AS coupons,
       (SELECT count(*) FROM shows WHERE cinema_id = :id AND state <> 'cancelled' AND ends_at > :now) AS coming
""")


def bound(session: Session, cinema_id: int) -> Bound:
    return Bound(*session.execute(_BOUND, {"id": cinema_id, "now": clock.now()}).one())


def what_binds(cinema_id: int) -> Bound:
    found = bound(db.session(), cinema_id)
    end_read()
    return found


# Cities to choose from


@dataclass(frozen=True, slots=True)
class CityRef:
    id: int
    name: str
    country_code: str
    timezone: str
    currency: str


def all_cities() -> tuple[CityRef, ...]:
    """Every city that is known, with a cinema or without."""
    rows = db.session.execute(text("SELECT id, name, country_code, timezone, currency FROM cities ORDER BY name, id"))
    found = tuple(CityRef(*row) for row in rows)
    end_read()
    return found


# Lists


@dataclass(frozen=True, slots=True)
class CinemaRow:
    id: int
    name: str
    city: str
    country_code: str
    screens: int
    """Those in use."""
    seats: int
    coming: int


_LIST = text("""
SELECT c.id, c.name, city.name AS city, city.country_code,
       (SELECT count(*) FROM screens s WHERE s.cinema_id = c.id AND s.closed_at IS NULL) AS screens,
       (SELECT coalesce(sum(l.seat_count), 0) FROM screens s JOIN layouts l ON l.id = s.layout_id
         WHERE s.cinema_id = c.id AND s.closed_at IS NULL) AS seats,
       (SELECT count(*) FROM shows h WHERE h.cinema_id = c.id AND h.state = 'published' AND h.starts_at > :now) AS coming
FROM cinemas c JOIN cities city ON city.id = c.city_id WHERE :everywhere OR c.id = ANY(:ids) ORDER BY c.name, c.id
""")


def cinemas_with_counts(where: Reach) -> tuple[CinemaRow, ...]:
    values = {"everywhere": where.everywhere, "ids": sorted(where.cinema_ids), "now": clock.now()}
    found = tuple(CinemaRow(*row) for row in db.session.execute(_LIST, values))
    end_read()
    return found


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """A screen on its cinema's page."""

    id: int
    name: str
    seats: int | None
    version: int | None
    closed_at: dt.datetime | None
    drawn: bool
    """Somebody draws its seats."""
    coming: int
    last_at: dt.datetime | None
    """When the last of the coming shows begins."""

    @property
    def closed(self) -> bool:
        return self.closed_at is not None


_SCREENS = text("""
SELECT s.id, s.name, l.seat_count, l.version, s.closed_at,
       EXISTS (SELECT FROM layout_drafts d WHERE d.screen_id = s.id) AS drawn, coalesce(h.coming, 0), h.last_at
FROM screens s LEFT JOIN layouts l ON l.id = s.layout_id
LEFT JOIN LATERAL (SELECT count(*) AS coming, max(starts_at) AS last_at FROM shows
                   WHERE screen_id = s.id AND state <> 'cancelled' AND ends_at > :now) h ON true
WHERE s.cinema_id = :cinema_id ORDER BY s.id
""")


def screens_at(cinema_id: int) -> tuple[ScreenRow, ...]:
    """The screens of a cinema, closed ones last."""
    rows = db.session.execute(_SCREENS, {"cinema_id": cinema_id, "now": clock.now()})
    found = [ScreenRow(*row) for row in rows]
    end_read()
    return tuple(sorted(found, key=lambda one: (one.closed, _as_read(one.name))))


def _as_read(name: str) -> list[tuple[int, str]]:
    """Screen 9 comes before Screen 12."""
    return [(int(part), "") if part.isdecimal() else (0, fold(part)) for part in re.split(r"(\d+)", name)]


_CINEMA_OF = text("SELECT cinema_id FROM screens WHERE id = :id")


def cinema_of_screen(screen_id: int) -> int:
    """Raises NotFound."""
    found: int | None = db.session.execute(_CINEMA_OF, {"id": screen_id}).scalar_one_or_none()
    end_read()
    if found is None:
        raise NotFound("There is no such screen.")
    return found


# Plans to begin with


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A seating plan that comes with the product; `key` names it in forms."""

    key: str
    name: str
    seats: int
    data: bytes


@lru_cache(maxsize=1)
def plan_templates() -> tuple[PlanTemplate, ...]:
    """The plans that a new screen may begin with, the smallest first; none where the folder was left out."""
    found = []
    for path in sorted(TEMPLATES.glob("*.json")):
        data = path.read_bytes()
        plan = parse_plan(data)
        found.append(PlanTemplate(path.stem, plan.name, len(plan.seats), data))
    return tuple(sorted(found, key=lambda one: one.seats))
