"""What the pages about prices show: the lists and rules of a cinema, and one list with its versions and shows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app import clock
from app.db import db, end_read
from app.domain.price_lists import category_names
from app.domain.price_rules import PricePicker, PriceRule, in_words
from app.errors import NotFound
from app.queries.price_lists import LATEST, OFFERED, price_picker
from app.queries.staff import CinemaRef


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list as it stands. Prices are for adults, in minor units; `coming` counts shows from now on."""

    id: int
    name: str
    version: int
    currency: str
    archived_at: dt.datetime | None
    lowest: int | None
    highest: int | None
    coming: int
    older: int
    """Coming shows that have an earlier version."""
    screens: tuple[str, ...]
    """Where every seat has a price for adults."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    id: int
    rule: PriceRule
    when: str
    list_name: str


@dataclass(frozen=True, slots=True)
class PricesPage:
    lists: tuple[ListRow, ...]
    archived: tuple[ListRow, ...]
    rules: tuple[RuleRow, ...]
    picker: PricePicker
    revision: int
    screens: dict[int, str]
    unused: int
    """Coming shows of which nothing is held or sold, and that the rules would give another list now."""

    @property
    def by_id(self) -> dict[int, ListRow]:
        return {one.id: one for one in self.lists}


_LISTS = text(f"""
SELECT l.id, l.name, l.version, l.currency, l.archived_at, adult.lowest, adult.highest,
       count(h.id) FILTER (WHERE h.price_list_id = l.id) AS coming,
       count(h.id) FILTER (WHERE h.price_list_id <> l.id) AS older
FROM price_lists l
LEFT JOIN LATERAL (SELECT min(amount_minor) AS lowest, max(amount_minor) AS highest FROM prices p
                   WHERE p.price_list_id = l.id AND p.ticket_type = 'adult') adult ON true
LEFT JOIN price_lists v ON v.cinema_id = l.cinema_id AND v.name = l.name
LEFT JOIN shows h ON h.price_list_id = v.id AND h.cinema_id = l.cinema_id AND h.state <> 'cancelled'
  AND h.starts_at > :now
WHERE l.cinema_id = :cinema_id AND {LATEST}
GROUP BY l.id, adult.lowest, adult.highest ORDER BY lower(l.name), l.id
""")  # noqa: S608  nothing from outside
_UNFIT = text("""
SELECT l.id AS price_list_id, s.id AS screen_id, used.category
FROM price_lists l JOIN screens s ON s.cinema_id = l.cinema_id
JOIN LATERAL (SELECT DISTINCT category FROM seats WHERE layout_id = s.layout_id) used ON true
WHERE l.id = ANY(:lists) AND NOT EXISTS (
  SELECT FROM prices p WHERE p.price_list_id = l.id AND p.category = used.category AND p.ticket_type = 'adult')
ORDER BY s.name, used.category
""")
_SCREENS = text("""
SELECT s.id, s.name, l.categories FROM screens s LEFT JOIN layouts l ON l.id = s.layout_id
WHERE s.cinema_id = :cinema_id ORDER BY s.name, s.id
""")
_RULES = text("""
SELECT r.id, r.price_list_id, r.weekdays, r.from_time, r.until_time, r.first_day, r.last_day, r.screen_id,
       l.name AS list_name, s.name AS screen
FROM price_rules r JOIN price_lists l ON l.id = r.price_list_id LEFT JOIN screens s ON s.id = r.screen_id
WHERE r.cinema_id = :cinema_id ORDER BY r.position
""")
_REVISION = text("SELECT revision FROM price_plans WHERE cinema_id = :cinema_id")
_UNTOUCHED = """
NOT EXISTS (SELECT FROM show_seats z WHERE z.show_id = h.id AND z.state IN ('held', 'sold'))
"""
_COMING = text(f"""
SELECT h.starts_at, h.screen_id, h.price_list_id FROM shows h
WHERE h.cinema_id = :cinema_id AND h.state <> 'cancelled' AND h.starts_at > :now AND {_UNTOUCHED}
""")  # noqa: S608


def prices_page(cinema_id: int) -> PricesPage:
    """Everything of a cinema's prices, in as many statements however much there is."""
    values = {"cinema_id": cinema_id, "now": clock.now()}
    screens = db.session.execute(_SCREENS, values).all()
    with_seats = {row.id: row.name for row in screens if row.categories is not None}
    found = db.session.execute(_LISTS, values).all()
    unfit = _unfit([row.id for row in found])
    fits = {row.id: tuple(name for one, name in with_seats.items() if one not in unfit[row.id]) for row in found}
    lists = [ListRow(*[*row, fits[row.id]]) for row in found]
    rules = tuple(
        RuleRow(row.id, rule, in_words(rule, row.screen or ""), row.list_name)
        for row in db.session.execute(_RULES, values)
        for rule in [_rule(row)]
    )
    page = PricesPage(
        tuple(one for one in lists if one.archived_at is None),
        tuple(one for one in lists if one.archived_at is not None),
        rules,
        picker := price_picker(cinema_id),
        _revision(cinema_id),
        {row.id: row.name for row in screens},
        _unused(picker, values),
    )
    end_read()
    return page


def _unfit(lists: list[int]) -> dict[int, dict[int, list[str]]]:
    """List → screen → the categories without a price for adults."""
    found: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in db.session.execute(_UNFIT, {"lists": lists}):
        found[row.price_list_id][row.screen_id].append(row.category)
    return found


def _rule(row: Any) -> PriceRule:
    _, price_list_id, weekdays, *rest = tuple(row)[:8]
    return PriceRule(price_list_id, frozenset(weekdays), *rest)


def _revision(cinema_id: int) -> int:
    return db.session.execute(_REVISION, {"cinema_id": cinema_id}).scalar() or 0


def _unused(picker: PricePicker, values: dict[str, object]) -> int:
    rows = db.session.execute(_COMING, values)
    picked = [(row.price_list_id, picker.list_for(row.starts_at, row.screen_id)) for row in rows]
    return sum(1 for old, new in picked if new is not None and new != old)


@dataclass(frozen=True, slots=True)
class VersionRow:
    id: int
    version: int
    created_at: dt.datetime
    coming: int
    untouched: int
    """Coming shows of which nothing is held or sold."""


@dataclass(frozen=True, slots=True)
class PriceListPage:
    """One version of a list. `prices` are minor units by category and ticket type."""

    id: int
    cinema_id: int
    name: str
    version: int
    currency: str
    archived_at: dt.datetime | None
    newest_id: int
    prices: dict[tuple[str, str], int]
    categories: dict[str, str]
    unfit: dict[str, list[str]]
    """Screen → the categories that have no price for adults, by name."""
    versions: tuple[VersionRow, ...]
    rules: int
    is_default: bool

    @property
    def is_newest(self) -> bool:
        return self.id == self.newest_id

    @property
    def coming(self) -> int:
        return sum(one.coming for one in self.versions)

    @property
    def untouched(self) -> int:
        return sum(one.untouched for one in self.versions)

    @property
    def behind(self) -> int:
        """Coming shows that have an earlier version."""
        return sum(one.coming for one in self.versions if one.id != self.newest_id)

    @property
    def untouched_behind(self) -> int:
        return sum(one.untouched for one in self.versions if one.id != self.newest_id)


_LIST = text("""
SELECT id, cinema_id, name, version, currency, archived_at FROM price_lists WHERE id = :price_list_id
""")
_PRICES = text("SELECT category, ticket_type, amount_minor FROM prices WHERE price_list_id = :price_list_id")
_VERSIONS = text(f"""
SELECT v.id, v.version, v.created_at, count(h.id) AS coming, count(h.id) FILTER (WHERE {_UNTOUCHED}) AS untouched
FROM price_lists v
LEFT JOIN shows h ON h.price_list_id = v.id AND h.cinema_id = v.cinema_id AND h.state <> 'cancelled'
  AND h.starts_at > :now
WHERE v.cinema_id = :cinema_id AND v.name = :name GROUP BY v.id ORDER BY v.version DESC
""")  # noqa: S608
_COUNT_RULES = text("SELECT count(*) FROM price_rules WHERE price_list_id = :price_list_id")


def price_list_page(price_list_id: int) -> PriceListPage:
    """Raises NotFound."""
    row = db.session.execute(_LIST, {"price_list_id": price_list_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such price list.")
    values = {"price_list_id": price_list_id, "cinema_id": row.cinema_id, "name": row.name, "now": clock.now()}
    prices = prices_of(price_list_id)
    names = _category_names(row.cinema_id, prices)
    screens = {one.id: one.name for one in db.session.execute(_SCREENS, values)}
    unfit = _unfit([price_list_id])[price_list_id]
    versions = tuple(VersionRow(*one) for one in db.session.execute(_VERSIONS, values))
    page = PriceListPage(
        id=row.id,
        cinema_id=row.cinema_id,
        name=row.name,
        version=row.version,
        currency=row.currency,
        archived_at=row.archived_at,
        newest_id=versions[0].id,
        prices=prices,
        categories=names,
        unfit={screens[one]: [names.get(code, code) for code in codes] for one, codes in unfit.items()},
        versions=versions,
        rules=db.session.execute(_COUNT_RULES, values).scalar_one(),
        is_default=price_picker(row.cinema_id).default == price_list_id,
    )
    end_read()
    return page


def prices_of(price_list_id: int) -> dict[tuple[str, str], int]:
    """Does not end the read."""
    rows = db.session.execute(_PRICES, {"price_list_id": price_list_id})
    return {(row.category, row.ticket_type): row.amount_minor for row in rows}


def _category_names(cinema_id: int, priced: dict[tuple[str, str], int]) -> dict[str, str]:
    rows = db.session.execute(_SCREENS, {"cinema_id": cinema_id})
    return category_names([row.categories for row in rows if row.categories], {code for code, _ in priced})


def categories_of(cinema_id: int, priced: dict[tuple[str, str], int] | None = None) -> dict[str, str]:
    """Code → name: the categories of the cinema's seats in use, and those that are priced besides."""
    names = _category_names(cinema_id, priced or {})
    end_read()
    return names


@dataclass(frozen=True, slots=True)
class Source:
    """A list that a new one may be copied from."""

    id: int
    words: str


_SOURCES = text(f"""
SELECT l.id, l.name, c.id AS cinema_id, c.name AS cinema FROM price_lists l JOIN cinemas c ON c.id = l.cinema_id
WHERE l.cinema_id = ANY(:cinemas) AND l.currency = :currency AND {OFFERED}
ORDER BY (l.cinema_id = :cinema_id) DESC, c.name, lower(l.name), l.id
""")  # noqa: S608


def sources_for(cinema: CinemaRef, cinemas: tuple[CinemaRef, ...]) -> list[Source]:
    """Lists in the cinema's currency at these cinemas, its own first."""
    values = {"cinemas": [one.id for one in cinemas], "currency": cinema.currency, "cinema_id": cinema.id}
    rows = db.session.execute(_SOURCES, values).all()
    end_read()
    return [Source(row.id, row.name if row.cinema_id == cinema.id else f"{row.cinema}: {row.name}") for row in rows]
