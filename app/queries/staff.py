"""The staff as their pages see them: who somebody is and where, which cinema a thing belongs to, and the list of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db, end_read
from app.domain.codes import normal_code, show_of
from app.domain.staff import Grant, Reach, Role

PAGE = 50


@dataclass(frozen=True, slots=True)
class StaffPerson:
    """Somebody who works here: the roles they have now, and whether a second factor is set up."""

    id: int
    grants: frozenset[Grant]
    has_factor: bool


@dataclass(frozen=True, slots=True)
class CinemaRef:
    """A cinema as the frame of the staff pages shows it."""

    id: int
    slug: str
    name: str
    timezone: str
    currency: str


_ROLES = text("SELECT role, cinema_id FROM staff_roles WHERE user_id = :user_id AND revoked_at IS NULL")
_FACTOR = text("SELECT EXISTS (SELECT FROM second_factors WHERE user_id = :user_id)")
_CINEMAS = text(
    "SELECT id, slug, name, timezone, currency FROM cinemas WHERE :everywhere OR id = ANY(:ids) ORDER BY name, id"
)


def staff_person(user_id: int) -> StaffPerson:
    """What somebody may do, as of now. Without roles they are a customer."""
    rows = db.session.execute(_ROLES, {"user_id": user_id}).all()
    grants = frozenset(Grant(Role(row.role), row.cinema_id) for row in rows)
    has_factor = bool(grants) and bool(db.session.execute(_FACTOR, {"user_id": user_id}).scalar_one())
    return StaffPerson(user_id, grants, has_factor)


def cinemas_within(where: Reach) -> tuple[CinemaRef, ...]:
    """The cinemas that a reach takes in, by name."""
    rows = db.session.execute(_CINEMAS, {"everywhere": where.everywhere, "ids": sorted(where.cinema_ids)})
    return tuple(CinemaRef(*row) for row in rows)


# Which cinema a thing belongs to, by the name of the parameter that stands for it in an address.

_OF: dict[str, str] = {
    "cinema_id": "SELECT id FROM cinemas WHERE id = :value",
    "screen_id": "SELECT cinema_id FROM screens WHERE id = :value",
    "layout_id": "SELECT s.cinema_id FROM layouts l JOIN screens s ON s.id = l.screen_id WHERE l.id = :value",
    "price_list_id": "SELECT cinema_id FROM price_lists WHERE id = :value",
    "price_rule_id": "SELECT cinema_id FROM price_rules WHERE id = :value",
    "demand_rule_id": "SELECT cinema_id FROM demand_rules WHERE id = :value",
    "group_id": "SELECT cinema_id FROM group_requests WHERE id = :value",
    "shift_id": "SELECT cinema_id FROM shifts WHERE id = :value",
    "show_id": "SELECT cinema_id FROM shows WHERE id = :value",
    "coupon_id": "SELECT coalesce(cinema_id, 0) FROM coupons WHERE id = :value",
    "alert_id": "SELECT coalesce(s.cinema_id, 0) FROM alerts a LEFT JOIN shows s ON s.id = a.show_id WHERE a.id = :value",
}
_PERSON = text("SELECT DISTINCT cinema_id FROM staff_roles WHERE user_id = :value")
_BOOKING = text(
    "SELECT s.cinema_id FROM bookings b JOIN shows s ON s.id = b.show_id WHERE b.show_id = :show_id AND b.code = :code"
)


def _plain(name: str) -> Callable[[Any], frozenset[int] | None]:
    statement = text(_OF[name])

    def find(value: Any) -> frozenset[int] | None:
        found = db.session.execute(statement, {"value": value}).scalars().all()
        return frozenset(found) or None

    return find


def _of_booking(code: str) -> frozenset[int] | None:
    normal = normal_code(code)
    values = {"show_id": show_of(normal), "code": normal}
    found = db.session.execute(_BOOKING, values).scalars().all() if values["show_id"] is not None else ()
    return frozenset(found) or None


def _of_person(user_id: int) -> frozenset[int] | None:
    """Wherever the person has a role or had one; none of these for an admin, whom only admins see."""
    found = db.session.execute(_PERSON, {"value": user_id}).scalars().all()
    return frozenset(one for one in found if one is not None) if found else None


PLACES: dict[str, Callable[[Any], frozenset[int] | None]] = {
    **{name: _plain(name) for name in _OF},
    "code": _of_booking,
    "person_id": _of_person,
}
"""Parameter → the cinemas its thing belongs to; None where there is no such thing. Add a line for a new kind of id."""
SHARED = frozenset({"movie_id", "gift_card_id", "number"})
"""Parameters of things that belong to every cinema, or that are nothing without the id before them."""


# The list of people


@dataclass(frozen=True, slots=True)
class HeldRole:
    role: Role
    cinema_id: int | None
    cinema: str
    """Its name; "every cinema" for an admin."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    id: int
    name: str
    email: str
    deactivated_at: dt.datetime | None
    has_factor: bool
    seen_at: dt.datetime | None
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class People:
    rows: tuple[PersonRow, ...]
    page: int
    pages: int


_SEEN_BY = """
(CAST(:everywhere AS boolean) OR EXISTS (
  SELECT FROM staff_roles r WHERE r.user_id = u.id AND r.cinema_id = ANY(:ids)))
"""
_WANTED = f"""
FROM users u WHERE EXISTS (SELECT FROM staff_roles r WHERE r.user_id = u.id) AND {_SEEN_BY}
  AND (:words = '' OR strpos(lower(u.name), :words) > 0 OR strpos(lower(u.email), :words) > 0)
"""
_COLUMNS = """
SELECT u.id, u.name, u.email, u.deactivated_at, EXISTS (SELECT FROM second_factors f WHERE f.user_id = u.id) AS factor,
       (SELECT max(coalesce(s.seen_at, s.created_at)) FROM login_sessions s WHERE s.user_id = u.id) AS seen_at
"""
_COUNT = text(f"SELECT count(*) {_WANTED}")
_PAGE = text(
    f"{_COLUMNS} {_WANTED} ORDER BY (u.deactivated_at IS NOT NULL), lower(u.name), u.id LIMIT :most OFFSET :skip"
)
_ONE = text(f"{_COLUMNS} FROM users u WHERE u.id = :user_id")
_HELD = text("""
SELECT r.user_id, r.role, r.cinema_id, coalesce(c.name, 'every cinema') AS cinema FROM staff_roles r
LEFT JOIN cinemas c ON c.id = r.cinema_id
WHERE r.revoked_at IS NULL AND r.user_id = ANY(:people)
  AND (:everywhere OR r.cinema_id = ANY(:ids)) ORDER BY c.name NULLS FIRST, r.role
""")


def people_within(where: Reach, words: str = "", page: int = 1) -> People:
    """A page of the people who work or worked at these cinemas, with their roles there."""
    values = {**_reach(where), "words": words.strip().lower()}
    count = db.session.execute(_COUNT, values).scalar_one()
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    rows = db.session.execute(_PAGE, {**values, "most": PAGE, "skip": PAGE * (page - 1)}).all()
    people = _with_roles(rows, where)
    end_read()
    return People(people, page, pages)


def person_within(where: Reach, user_id: int) -> PersonRow:
    """One of them. Whether they are within was asked by the guard."""
    found = _with_roles(db.session.execute(_ONE, {"user_id": user_id}).all(), where)[0]
    end_read()
    return found


def _reach(where: Reach) -> dict[str, Any]:
    return {"everywhere": where.everywhere, "ids": sorted(where.cinema_ids)}


def _with_roles(rows: Any, where: Reach) -> tuple[PersonRow, ...]:
    held: dict[int, list[HeldRole]] = {row.id: [] for row in rows}
    for row in db.session.execute(_HELD, {**_reach(where), "people": list(held)}):
        held[row.user_id].append(HeldRole(Role(row.role), row.cinema_id, row.cinema))
    return tuple(
        PersonRow(row.id, row.name, row.email, row.deactivated_at, row.factor, row.seen_at, tuple(held[row.id]))
        for row in rows
    )


# One's own


_LEFT = text("SELECT count(*) FROM recovery_codes WHERE user_id = :user_id AND used_at IS NULL")


def recovery_codes_left(user_id: int) -> int:
    return db.session.execute(_LEFT, {"user_id": user_id}).scalar_one()
