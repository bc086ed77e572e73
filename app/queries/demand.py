"""What the page about demand shows: a cinema's rules and limits, and the coming shows whose prices are changed now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.db import db, end_read
from app.domain.demand import Limits, Rule, full_percent, why

MOST_SHOWS = 200


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it stands; `revision` is what a form about it has seen."""

    id: int
    cinema_id: int
    active: bool
    revision: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class ChangedShow:
    """A coming show whose prices are not those of its list. `starts_at` is UTC."""

    id: int
    title: str
    screen: str
    starts_at: dt.datetime
    sold: int
    seats: int
    percent: int
    step_minor: int
    reason: str

    @property
    def full(self) -> int:
        return full_percent(self.sold, self.seats)

    @property
    def words(self) -> str:
        return why(self.percent, self.reason)


@dataclass(frozen=True, slots=True)
class DemandPage:
    rules: tuple[RuleRow, ...]
    limits: Limits
    limits_revision: int
    coming: int
    """Shows that are still to be sold."""
    changed: tuple[ChangedShow, ...]
    """The soonest of them whose prices are changed."""
    changed_count: int

    @property
    def in_use(self) -> list[Rule]:
        return [row.rule for row in self.rules if row.active]


_COLUMNS = "id, cinema_id, active, revision, reason, percent, full_from, full_to, hours_from, hours_to"
_RULES = text(f"SELECT {_COLUMNS} FROM demand_rules WHERE cinema_id = :cinema_id ORDER BY NOT active, id")  # noqa: S608
_RULE = text(f"SELECT {_COLUMNS} FROM demand_rules WHERE id = :id")  # noqa: S608
_LIMITS = text("SELECT lowest, highest, step_minor, revision FROM demand_limits WHERE cinema_id = :cinema_id")
_COMING = text("""
SELECT count(*) AS coming, count(*) FILTER (WHERE demand_percent <> 0) AS changed FROM shows
WHERE cinema_id = :cinema_id AND state = 'published' AND sales_close_at > :now
""")
_CHANGED = text("""
SELECT s.id, m.title, screen.name, s.starts_at, house.sold, house.seats, s.demand_percent, s.demand_step, s.demand_reason
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE x.state = 'sold') AS sold, count(*) FILTER (WHERE x.state <> 'blocked') AS seats
  FROM show_seats x WHERE x.show_id = s.id) AS house
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.sales_close_at > :now AND s.demand_percent <> 0
ORDER BY s.starts_at, s.id LIMIT :most
""")


def demand_page(cinema_id: int) -> DemandPage:
    values = {"cinema_id": cinema_id, "now": clock.now()}
    rules = tuple(_rule(row) for row in db.session.execute(_RULES, {"cinema_id": cinema_id}))
    limits = db.session.execute(_LIMITS, {"cinema_id": cinema_id}).one_or_none()
    counts = db.session.execute(_COMING, values).one()
    changed = tuple(ChangedShow(*row) for row in db.session.execute(_CHANGED, {**values, "most": MOST_SHOWS}))
    end_read()
    kept, revision = (Limits(*limits[:3]), limits.revision) if limits else (Limits(), 0)
    return DemandPage(rules, kept, revision, counts.coming, changed, counts.changed)


def coming_shows(cinema_id: int) -> int:
    """How many of its shows are still to be sold."""
    row = db.session.execute(_COMING, {"cinema_id": cinema_id, "now": clock.now()}).one()
    end_read()
    return int(row.coming)


def demand_rule(rule_id: int) -> RuleRow:
    """One of them. That it exists was asked by the guard."""
    row = db.session.execute(_RULE, {"id": rule_id}).one()
    end_read()
    return _rule(row)


def _rule(row: Row[Any]) -> RuleRow:
    says = Rule(row.reason, row.percent, row.full_from, row.full_to, row.hours_from, row.hours_to)
    return RuleRow(row.id, row.cinema_id, row.active, row.revision, says)
