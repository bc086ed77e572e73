"""The audit as its page shows it: searched by person, action, thing, day and cinema, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from app.db import db, end_read
from app.domain.audit import Action
from app.domain.staff import Reach

PAGE = 50
BATCH = 1000


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What is looked for. `start` and `end` are instants; `below` is the id that the last page ended with."""

    where: Reach
    person: str = ""
    action: str = ""
    subject: str = ""
    subject_id: int | None = None
    cinema_id: int | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    below: int | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: dt.datetime
    person: str
    """Name and address of who did it, as they are now; "command" for a command of the house."""
    address: str
    cinema: str
    action: str
    """In words."""
    subject: str
    subject_id: int | None
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    currency: str | None
    """Of its amounts; None where none is known."""
    timezone: str | None
    """The cinema's; None for the house."""
    names: dict[tuple[str, int], str]
    """What the things are called whose ids stand in it: (field, id) → words. Those that are gone are not there."""

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Name, from what, to what."""
        return [(name, self.before.get(name), self.after.get(name)) for name in {**self.before, **self.after}]


_SELECT = """
SELECT a.id, a.at, CASE WHEN a.user_id IS NULL THEN 'command'
         ELSE coalesce(u.name || ' (' || u.email || ')', 'person ' || a.user_id) END AS person,
       a.address, coalesce(c.name, '') AS cinema, a.action, a.subject, a.subject_id, a.before, a.after, a.reason,
       coalesce(CASE a.subject WHEN 'coupon' THEN (SELECT currency FROM coupons WHERE id = a.subject_id)
         WHEN 'gift_card' THEN (SELECT currency FROM gift_cards WHERE id = a.subject_id) END, c.currency) AS currency, c.timezone
FROM audit_entries a LEFT JOIN users u ON u.id = a.user_id LEFT JOIN cinemas c ON c.id = a.cinema_id
"""
_CONDITIONS = {
    "below": "a.id < :below",
    # Films belong to every cinema, so what was done to them does too.
    "ids": "(a.cinema_id = ANY(:ids) OR (a.cinema_id IS NULL AND a.subject = 'film'))",
    "person": "a.user_id IN (SELECT id FROM users "
    "WHERE strpos(lower(name), :person) > 0 OR strpos(lower(email), :person) > 0)",
    "action": "a.action = :action",
    "subject": "a.subject = :subject",
    "subject_id": "a.subject_id = :subject_id",
    "cinema_id": "a.cinema_id = :cinema_id",
    "start": "a.at >= :start",
    "end": "a.at < :end",
}


def audit_page(search: AuditSearch) -> tuple[list[AuditRow], int | None]:
    """One page, and the id to go on below if there is more."""
    rows = _rows(search, PAGE + 1)
    end_read()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def all_entries(search: AuditSearch) -> Iterator[AuditRow]:
    """Every entry that is found, however many: read in batches, so that none are held in memory."""
    while rows := _rows(search, BATCH):
        end_read()
        yield from rows
        search = replace(search, below=rows[-1].id)
    end_read()


_LISTS = "SELECT id, name || CASE version WHEN 1 THEN '' ELSE ', version ' || version END FROM price_lists WHERE id = ANY(:ids)"
_SHOWS = """
SELECT s.id, m.title || to_char(s.starts_at AT TIME ZONE c.timezone, ', FMDD Mon YYYY, HH24:MI') FROM shows s
JOIN movies m ON m.id = s.movie_id JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = ANY(:ids)
"""
_NAMES = {
    ("movie_id",): "SELECT id, title FROM movies WHERE id = ANY(:ids)",
    ("screen_id",): "SELECT id, name FROM screens WHERE id = ANY(:ids)",
    ("cinema_id",): "SELECT id, name FROM cinemas WHERE id = ANY(:ids)",
    ("price_list_id", "price_list"): _LISTS,
    ("layout",): "SELECT id, 'version ' || version FROM layouts WHERE id = ANY(:ids)",
    ("show", "show_id"): _SHOWS,
}
"""Fields that hold the id of something → what it is called."""


def _names(rows: list[Any]) -> dict[tuple[str, int], str]:
    """What the things are called whose ids stand in these entries: a statement for each kind that there is."""
    found = {}
    for fields, statement in _NAMES.items():
        values = [side.get(field) for row in rows for side in (row.before, row.after) for field in fields]
        ids = {one for one in values if isinstance(one, int)}
        named = db.session.execute(text(statement), {"ids": list(ids)}).all() if ids else []
        found.update({(field, id): words for id, words in named for field in fields})
    return found


def _rows(search: AuditSearch, most: int) -> list[AuditRow]:
    """Only what is asked for stands in the statement, so that the index of the rarest can be used."""
    given = {
        "ids": None if search.where.everywhere else sorted(search.where.cinema_ids),
        "person": search.person.strip().lower() or None,
        "action": search.action or None,
        "subject": search.subject or None,
        "subject_id": search.subject_id,
        "cinema_id": search.cinema_id,
        "start": search.start,
        "end": search.end,
        "below": search.below,
    }
    values = {name: value for name, value in given.items() if value is not None}
    conditions = " AND ".join(_CONDITIONS[name] for name in values) or "true"
    statement = text(f"{_SELECT} WHERE {conditions} ORDER BY a.id DESC LIMIT :most")
    found = list(db.session.execute(statement, {**values, "most": most}).all())
    names = _names(found)
    return [_row(row, names) for row in found]


def _row(row: Any, names: dict[tuple[str, int], str]) -> AuditRow:
    known = row.action in set(Action)
    values = {**row._mapping, "action": Action(row.action).words if known else row.action}
    return AuditRow(**values, names=names)
