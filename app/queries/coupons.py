"""Coupons as the manager's desk sees them: the list, one of them, and who used it where. Instants are UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from app import clock
from app.db import db, end_read
from app.domain.coupons import CHANGEABLE, PROMISED, CouponState, fold_code
from app.domain.marks import mark
from app.domain.staff import Reach
from app.errors import NotFound
from app.models import Coupon

PAGE = 50
BATCH = 1000


@dataclass(frozen=True, slots=True)
class CouponRow:
    """One coupon. Amounts are minor units of `currency`; film and cinema are named by title and slug, None = any."""

    id: int
    code: str
    name: str
    kind: str
    percent: Decimal | None
    amount_minor: int | None
    max_minor: int | None
    min_minor: int
    currency: str | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    total_limit: int | None
    person_limit: int | None
    used: int
    cinema_id: int | None
    weekdays: list[int] | None
    ticket_types: list[str] | None
    stackable: bool
    archived_at: dt.datetime | None
    film: str | None
    film_slug: str | None
    cinema: str | None
    cinema_slug: str | None
    zone: str | None
    """The cinema's, where it holds at one."""
    state: CouponState


@dataclass(frozen=True, slots=True)
class CouponSearch:
    """What is looked for: words of code or name, a state. Within reach are a cinema's own and those of every cinema."""

    where: Reach
    words: str = ""
    state: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Coupons:
    rows: tuple[CouponRow, ...]
    page: int
    pages: int


_STATE = """
CASE WHEN c.archived_at IS NOT NULL THEN 'stopped' WHEN c.ends_at <= :now THEN 'over'
     WHEN c.used >= c.total_limit THEN 'used_up' WHEN c.starts_at > :now THEN 'to_come' ELSE 'running' END
"""
_SELECT = f"""
SELECT c.id, c.code, c.name, c.kind, c.percent, c.amount_minor, c.max_minor, c.min_minor, c.currency, c.starts_at,
       c.ends_at, c.total_limit, c.person_limit, c.used, c.cinema_id, c.weekdays, c.ticket_types, c.stackable,
       c.archived_at, m.title AS film, m.slug AS film_slug, p.name AS cinema, p.slug AS cinema_slug, p.timezone AS zone,
       {_STATE} AS state
FROM coupons c LEFT JOIN movies m ON m.id = c.movie_id LEFT JOIN cinemas p ON p.id = c.cinema_id
"""  # noqa: S608  our own words only
_WANTED = f"""
(:everywhere OR c.cinema_id IS NULL OR c.cinema_id = ANY(:ids))
AND (:words = '' OR strpos(lower(c.code), :words) > 0 OR strpos(lower(c.name), :words) > 0)
AND (:state = '' OR {_STATE} = :state)
"""
_COUNT = text(f"SELECT count(*) FROM coupons c WHERE {_WANTED}")  # noqa: S608
_PAGE = text(f"{_SELECT} WHERE {_WANTED} ORDER BY c.id DESC LIMIT :most OFFSET :skip")
_ONE = text(f"{_SELECT} WHERE c.id = :id")
_BY_CODE = text(f"{_SELECT} WHERE c.code = :code")


def coupons_within(search: CouponSearch) -> Coupons:
    """A page of the coupons that are found, newest first."""
    values = _values(search)
    pages = max(1, -(-db.session.execute(_COUNT, values).scalar_one() // PAGE))
    page = min(max(search.page, 1), pages)
    rows = db.session.execute(_PAGE, {**values, "most": PAGE, "skip": PAGE * (page - 1)})
    found = tuple(_row(row) for row in rows)
    end_read()
    return Coupons(found, page, pages)


def _values(search: CouponSearch) -> dict[str, Any]:
    return {
        "now": clock.now(),
        "everywhere": search.where.everywhere,
        "ids": sorted(search.where.cinema_ids),
        "words": search.words.strip().lower(),
        "state": search.state,
    }


def _row(row: Any) -> CouponRow:
    values = dict(row._mapping)
    instants = {name: values[name] and values[name].astimezone(dt.UTC) for name in ("starts_at", "ends_at")}
    return CouponRow(**{**values, **instants, "state": CouponState(row.state)})


def coupon_by_id(coupon_id: int) -> CouponRow:
    """One coupon. Whether it is within reach was asked by the guard."""
    row = db.session.execute(_ONE, {"id": coupon_id, "now": clock.now()}).one()
    end_read()
    return _row(row)


def coupon_by_code(code: str) -> CouponRow:
    """One coupon, as it is typed. Raises NotFound."""
    row = db.session.execute(_BY_CODE, {"code": fold_code(code), "now": clock.now()}).one_or_none()
    end_read()
    if row is None:
        raise NotFound(f"There is no coupon {fold_code(code)}.")
    return _row(row)


def mark_of(coupon_id: int) -> str:
    """Names how the coupon stands now, for change_coupon()."""
    coupon = db.session.scalars(
        select(Coupon).where(Coupon.id == coupon_id).execution_options(populate_existing=True)
    ).one()
    end_read()
    return mark({name: getattr(coupon, name) for name in (*CHANGEABLE, *PROMISED)})


_ENTERED = text("SELECT EXISTS (SELECT FROM coupon_uses WHERE coupon_id = :id)")


def was_entered(coupon_id: int) -> bool:
    """Whether anybody has typed the code in: from then on what it promises stays."""
    found: bool = db.session.execute(_ENTERED, {"id": coupon_id}).scalar_one()
    end_read()
    return found


@dataclass(frozen=True, slots=True)
class CouponUseRow:
    """A coupon on a booking that is paid or being paid. `amount_minor` is what it took off."""

    at: dt.datetime
    show_id: int
    booking_id: int
    code: str
    state: str
    email: str
    amount_minor: int
    currency: str
    film: str
    cinema: str
    starts_at: dt.datetime
    zone: str


_USES = """
SELECT u.entered_at AS at, u.show_id, u.booking_id, b.code, b.state, u.email, u.amount_minor, b.currency,
       m.title AS film, p.name AS cinema, s.starts_at, p.timezone AS zone
FROM coupon_uses u JOIN bookings b ON b.show_id = u.show_id AND b.id = u.booking_id
JOIN shows s ON s.id = u.show_id JOIN movies m ON m.id = s.movie_id JOIN cinemas p ON p.id = s.cinema_id
WHERE u.coupon_id = :id AND u.state = 'taken' AND (:everywhere OR s.cinema_id = ANY(:ids))
"""
_USES_PAGE = text(f"{_USES} ORDER BY u.entered_at DESC, u.booking_id DESC LIMIT :most OFFSET :skip")
_OFF = text("""
SELECT b.currency, sum(u.amount_minor) AS minor FROM coupon_uses u
JOIN bookings b ON b.show_id = u.show_id AND b.id = u.booking_id
WHERE u.coupon_id = :id AND u.state = 'taken' GROUP BY b.currency ORDER BY b.currency
""")


def uses_of(coupon_id: int, where: Reach, page: int = 1) -> list[CouponUseRow]:
    """Who uses it where, newest first; one row more than a page if there are more."""
    rows = _uses(coupon_id, where, PAGE + 1, PAGE * (page - 1))
    end_read()
    return rows


def all_uses(coupon_id: int, where: Reach) -> Iterator[CouponUseRow]:
    """Every use, read in batches."""
    skip = 0
    while rows := _uses(coupon_id, where, BATCH, skip):
        end_read()
        yield from rows
        skip += BATCH
    end_read()


def _uses(coupon_id: int, where: Reach, most: int, skip: int) -> list[CouponUseRow]:
    values = {"id": coupon_id, "everywhere": where.everywhere, "ids": sorted(where.cinema_ids)}
    rows = db.session.execute(_USES_PAGE, {**values, "most": most, "skip": skip})
    return [CouponUseRow(**row._mapping) for row in rows]


def taken_off(coupon_id: int) -> list[tuple[str, int]]:
    """What it took off in all: currency and minor units."""
    rows = db.session.execute(_OFF, {"id": coupon_id}).all()
    end_read()
    return [(row.currency, int(row.minor)) for row in rows]


_FILMS = text(
    "SELECT slug, title FROM movies WHERE archived_at IS NULL OR slug = :also ORDER BY lower(title), id LIMIT 1000"
)


def films_to_name(also: str | None = None) -> list[tuple[str, str]]:
    """Slug and title of the films that a coupon can be for; `also` stays on offer though it is archived."""
    rows = db.session.execute(_FILMS, {"also": also}).all()
    end_read()
    return [(row.slug, row.title) for row in rows]


_BATCH = text("""
SELECT c.code, c.name FROM coupons a JOIN coupons c ON c.created_at = a.created_at WHERE a.id = :id ORDER BY c.id
""")


def codes_made_with(coupon_id: int | None) -> list[tuple[str, str]]:
    """The codes and names of the coupons that were made in one act with this one."""
    rows = db.session.execute(_BATCH, {"id": coupon_id}).all()
    end_read()
    return [(row.code, row.name) for row in rows]
