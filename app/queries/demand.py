"""What the pages about demand show: a cinema's rules and limits, its coming shows as the rules see them, and what a rule
that is not in use yet would make of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app import clock
from app.db import db, end_read
from app.domain.demand import About, Limits, Rule, full_percent, judge, rules_about, which_words, why
from app.domain.pricing import Tariff
from app.domain.week_times import WeekTimes
from app.queries.browsing.showings import lowest_in_lists

MOST_SHOWS = 200
USUAL_FORMATS = ("2D", "3D", "IMAX")
"""On offer before a cinema had a show."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it stands; `revision` is what a form about it has seen, `film` the title of the one it is about."""

    id: int
    cinema_id: int
    active: bool
    revision: int
    film: str
    rule: Rule

    @property
    def which(self) -> str:
        return which_words(self.rule, self.film)


class Change(NamedTuple):
    """What demand does to the prices of a show: nothing is 0, 1 and no reason."""

    percent: int
    step_minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class ComingShow:
    """A show that is still to be sold, as rules see it. `starts_at` is UTC; `change` is what its prices have now."""

    change: Change
    id: int
    title: str
    screen: str
    starts_at: dt.datetime
    zone: str
    movie_id: int
    format: str
    layout_id: int
    price_list_id: int
    prices: tuple[int, ...]
    """All that stand in its list, minor units."""
    sold: int
    seats: int

    @property
    def full(self) -> int:
        return full_percent(self.sold, self.seats)

    @property
    def about(self) -> About:
        return About(self.movie_id, self.format, self.starts_at.astimezone(ZoneInfo(self.zone)))

    def becomes(self, rules: Iterable[Rule], limits: Limits, now: dt.datetime) -> Change:
        """What these rules make of it at this moment. A percent too small for a step of any price is nothing."""
        demand = judge(rules_about(rules, self.about), limits, self.full, self.starts_at - now)
        sold = Tariff(self.price_list_id, demand.percent, limits.step_minor)
        if all(sold.of(minor) == minor for minor in self.prices):
            return Change(0, 1, "")
        return Change(demand.percent, limits.step_minor, demand.reason)


@dataclass(frozen=True, slots=True)
class PricedShow:
    """A coming show and what its cheapest adult seat costs, fee apart: before a change, and with it. None: no price."""

    show: ComingShow
    was_minor: int | None
    is_minor: int | None
    words: str
    """What buyers read beside the changed price."""


@dataclass(frozen=True, slots=True)
class DemandPage:
    rules: tuple[RuleRow, ...]
    limits: Limits
    limits_revision: int
    coming: int
    """Shows that are still to be sold."""
    changed: tuple[PricedShow, ...]
    """The soonest of them whose prices are changed."""
    changed_count: int

    @property
    def in_use(self) -> list[Rule]:
        return [row.rule for row in self.rules if row.active]

    @property
    def about_any(self) -> bool:
        """Whether a rule in use is about every show."""
        return any(rule.about_all for rule in self.in_use)

    @property
    def about_some(self) -> list[str]:
        """The reasons of rules in use that are about some shows only."""
        return list(dict.fromkeys(rule.reason for rule in self.in_use if not rule.about_all))


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a rule would do now: of the coming shows it is about so many, and these change their prices."""

    coming: int
    about: int
    changed: tuple[PricedShow, ...]
    """The soonest."""
    changed_count: int


_RULE_COLUMNS = """
SELECT r.id, r.cinema_id, r.active, r.revision, coalesce(m.title, '') AS film, r.reason, r.percent, r.full_from, r.full_to,
       r.hours_from, r.hours_to, r.movie_id, r.formats, r.weekdays, r.from_time, r.until_time
FROM demand_rules r LEFT JOIN movies m ON m.id = r.movie_id
"""
_RULES = text(f"{_RULE_COLUMNS} WHERE r.cinema_id = :cinema_id ORDER BY NOT r.active, r.id")
_RULE = text(f"{_RULE_COLUMNS} WHERE r.id = :id")
_LIMITS = text("SELECT lowest, highest, step_minor, revision FROM demand_limits WHERE cinema_id = :cinema_id")
_COUNT = text("""
SELECT count(*) FROM shows WHERE cinema_id = :cinema_id AND state = 'published' AND sales_close_at > :now
""")
_COMING = text("""
SELECT s.demand_percent, s.demand_step, s.demand_reason, s.id, m.title, screen.name, s.starts_at, c.timezone, s.movie_id,
       s.format, s.layout_id, s.price_list_id,
       ARRAY(SELECT DISTINCT amount_minor FROM prices p WHERE p.price_list_id = s.price_list_id ORDER BY 1) AS prices,
       house.sold, house.seats
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
JOIN cinemas c ON c.id = s.cinema_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE x.state = 'sold') AS sold, count(*) FILTER (WHERE x.state <> 'blocked') AS seats
  FROM show_seats x WHERE x.show_id = s.id) AS house
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.sales_close_at > :now ORDER BY s.starts_at, s.id
""")
_FORMATS = text("SELECT DISTINCT format FROM shows WHERE cinema_id = :cinema_id AND format <> ''")


def coming_shows(cinema_id: int, now: dt.datetime) -> list[ComingShow]:
    """Those that are still to be sold, the soonest first. Part of whatever transaction is open."""
    rows = db.session.execute(_COMING, {"cinema_id": cinema_id, "now": now})
    return [_coming(row) for row in rows]


def _coming(row: Row[Any]) -> ComingShow:
    """Its list of prices is a tuple here: shows are keys."""
    values: tuple[Any, ...] = tuple(tuple(one) if isinstance(one, list) else one for one in row)
    return ComingShow(Change(*values[:3]), *values[3:])


def rules_of(cinema_id: int) -> list[RuleRow]:
    """All its rules, those in use first. Part of whatever transaction is open."""
    return [_rule(row) for row in db.session.execute(_RULES, {"cinema_id": cinema_id})]


def limits_of(cinema_id: int) -> tuple[Limits, int]:
    """How far its rules go, and the revision. Part of whatever transaction is open."""
    found = db.session.execute(_LIMITS, {"cinema_id": cinema_id}).one_or_none()
    return (Limits(*found[:3]), found.revision) if found else (Limits(), 0)


def demand_page(cinema_id: int) -> DemandPage:
    rules, (limits, revision) = rules_of(cinema_id), limits_of(cinema_id)
    coming = coming_shows(cinema_id, clock.now())
    changed = [(show, Change(0, 1, ""), show.change) for show in coming if show.change.percent]
    priced = _priced(changed[:MOST_SHOWS])
    end_read()
    return DemandPage(tuple(rules), limits, revision, len(coming), priced, len(changed))


def preview_rule(cinema_id: int, rule: Rule, instead_of: int | None = None) -> RulePreview:
    """What it would make of the coming shows now, in use beside the others; `instead_of` is the rule that it changes."""
    now, (limits, _) = clock.now(), limits_of(cinema_id)
    rows, coming = rules_of(cinema_id), coming_shows(cinema_id, now)
    today = [row.rule for row in rows if row.active]
    then = [*(row.rule for row in rows if row.active and row.id != instead_of), rule]
    both = [(show, show.becomes(today, limits, now), show.becomes(then, limits, now)) for show in coming]
    changed = [one for one in both if one[1] != one[2]]
    priced = _priced(changed[:MOST_SHOWS])
    end_read()
    about = sum(1 for show in coming if rule.about(show.about))
    return RulePreview(len(coming), about, priced, len(changed))


def _priced(changes: list[tuple[ComingShow, Change, Change]]) -> tuple[PricedShow, ...]:
    lowest = lowest_in_lists((show.price_list_id, show.layout_id) for show, _, _ in changes)

    def price(show: ComingShow, change: Change) -> int | None:
        minor = lowest[show.price_list_id, show.layout_id]
        return None if minor is None else Tariff(show.price_list_id, change.percent, change.step_minor).of(minor)

    return tuple(
        PricedShow(show, price(show, was), price(show, now), why(now.percent, now.reason)) for show, was, now in changes
    )


def coming_count(cinema_id: int) -> int:
    """How many of its shows are still to be sold."""
    found = db.session.execute(_COUNT, {"cinema_id": cinema_id, "now": clock.now()}).scalar_one()
    end_read()
    return int(found)


def formats_of(cinema_id: int, also: Iterable[str] = ()) -> list[str]:
    """What a rule can name: the formats of its shows, the usual ones and `also`."""
    found = db.session.execute(_FORMATS, {"cinema_id": cinema_id}).scalars().all()
    end_read()
    return sorted({*found, *USUAL_FORMATS, *also})


def demand_rule(rule_id: int) -> RuleRow:
    """One of them. That it exists was asked by the guard."""
    row = db.session.execute(_RULE, {"id": rule_id}).one()
    end_read()
    return _rule(row)


def _rule(row: Row[Any]) -> RuleRow:
    return RuleRow(row.id, row.cinema_id, row.active, row.revision, row.film, as_rule(row))


def as_rule(row: Any) -> Rule:
    """A rule's row as domain/demand.py knows it."""
    return Rule(
        row.reason,
        row.percent,
        row.full_from,
        row.full_to,
        row.hours_from,
        row.hours_to,
        row.movie_id,
        frozenset(row.formats),
        WeekTimes(frozenset(row.weekdays), row.from_time, row.until_time),
    )
