"""Shows that can be booked, their seats left and their lowest price. A run-out hold counts as free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from app import clock
from app.db import db
from app.domain.demand import why
from app.domain.pricing import Tariff
from app.queries.browsing.wanted import TITLES, Wanted, search_words

FEW_SEATS = 10
FEW_SHARE = 10
"""Few seats are left under this number, or under one in so many."""
KEPT = 4096


@dataclass(frozen=True, slots=True)
class Showing:
    """One show on sale. `starts_at` is UTC, `zone` its cinema's, `fee_minor` the booking fee per seat."""

    id: int
    movie_id: int
    cinema_id: int
    cinema: str
    cinema_slug: str
    zone: str
    currency: str
    fee_minor: int
    screen: str
    layout_id: int
    price_list_id: int
    demand_percent: int
    demand_step: int
    demand_reason: str
    starts_at: dt.datetime
    format: str
    language: str
    subtitles: str
    note: str
    captions: bool
    audio_description: bool
    relaxed: bool

    @property
    def tariff(self) -> Tariff:
        """What its seats are sold at."""
        return Tariff(self.price_list_id, self.demand_percent, self.demand_step)

    @property
    def why_changed(self) -> str:
        """Why its prices are not those of the list, in words; empty when they are."""
        return why(self.demand_percent, self.demand_reason)


@dataclass(frozen=True, slots=True)
class SeatsLeft:
    free: int
    total: int

    @property
    def state(self) -> str:
        """sold_out, few or free."""
        if self.free == 0:
            return "sold_out"
        few = self.free < FEW_SEATS or self.free * FEW_SHARE < self.total
        return "few" if few else "free"


NONE_LEFT = SeatsLeft(0, 0)

_SELECT = """
SELECT s.id, s.movie_id, s.cinema_id, c.name AS cinema, c.slug AS cinema_slug, c.timezone AS zone, c.currency,
       c.fee_minor, screen.name AS screen, s.layout_id, s.price_list_id, s.demand_percent, s.demand_step,
       s.demand_reason, s.starts_at, s.format, s.language, s.subtitles, s.note, s.captions, s.audio_description, s.relaxed
FROM shows s JOIN cinemas c ON c.id = s.cinema_id JOIN screens screen ON screen.id = s.screen_id
"""
_ON_SALE = "s.state = 'published' AND s.sales_open_at <= :now AND s.sales_close_at > :now"


def _select(statement: str) -> TextClause:
    """A statement with the columns of a show in place of [showing], and what makes it bookable of [on sale]."""
    return text(statement.replace("[showing]", _SELECT).replace("[on sale]", _ON_SALE))


_BETWEEN = "AND s.starts_at >= :since AND s.starts_at < :until AND [on sale] ORDER BY s.starts_at, c.name, s.id"
_IN_CITY = _select("[showing] WHERE c.city_id = :id " + _BETWEEN)
_AT_CINEMA = _select("[showing] WHERE s.cinema_id = :id " + _BETWEEN)
_OF_MOVIE = _select("[showing] WHERE s.movie_id = :movie_id AND c.city_id = :id " + _BETWEEN)
_ANYWHERE = _select("""
[showing] WHERE s.movie_id = :movie_id AND c.currency = :currency AND [on sale]
ORDER BY (c.city_id = :id) DESC, s.starts_at, c.name, s.id LIMIT :most
""")
_SOONEST_EACH = _select("""
SELECT n.* FROM unnest(CAST(:movie_ids AS bigint[])) AS wanted (movie_id)
CROSS JOIN LATERAL (
  [showing] WHERE s.movie_id = wanted.movie_id AND c.city_id = :id AND s.starts_at >= :since AND [on sale]
  ORDER BY s.starts_at, c.name, s.id LIMIT :each) n
ORDER BY n.starts_at, n.id
""")
_NEXT = _select("""
[showing] JOIN movies m ON m.id = s.movie_id
WHERE c.city_id = :id AND s.starts_at >= :since AND [on sale]
  AND (:cinema = '' OR c.slug = :cinema) AND (:genre = '' OR :genre = ANY(m.genres))
  AND (:format = '' OR s.format = :format)
  AND (:language = '' OR CASE WHEN s.language IN ('', 'Silent') THEN m.languages && CAST(:languages AS text[])
                              ELSE s.language = ANY(:languages) END)
  AND (NOT :captions OR s.captions) AND (NOT :audio OR s.audio_description)
  AND (NOT :wheelchair OR EXISTS (SELECT FROM seats WHERE layout_id = s.layout_id AND kind = 'wheelchair'))
  AND (:words = '' OR m.search @@ to_tsquery('simple', nullif(:words, '')))
ORDER BY s.starts_at, c.name, s.id LIMIT 1
""")


def showings_in_city(city_id: int, since: dt.datetime, until: dt.datetime) -> list[Showing]:
    return _showings(_IN_CITY, id=city_id, since=since, until=until)


def showings_at_cinema(cinema_id: int, since: dt.datetime, until: dt.datetime) -> list[Showing]:
    return _showings(_AT_CINEMA, id=cinema_id, since=since, until=until)


def showings_of_movie(movie_id: int, city_id: int, since: dt.datetime, until: dt.datetime) -> list[Showing]:
    return _showings(_OF_MOVIE, movie_id=movie_id, id=city_id, since=since, until=until)


def showings_anywhere(movie_id: int, currency: str, first_city: int, most: int) -> list[Showing]:
    """The soonest shows of a film that are paid in this currency, those of one city before all others."""
    return _showings(_ANYWHERE, movie_id=movie_id, currency=currency, id=first_city, most=most)


def soonest_showings(movie_ids: Collection[int], city_id: int, each: int) -> list[Showing]:
    """The next few shows of each of these films in a city, on any day."""
    since = clock.now() - dt.timedelta(days=1)
    return _showings(_SOONEST_EACH, movie_ids=list(movie_ids), id=city_id, since=since, each=each)


def next_showing(city_id: int, since: dt.datetime, wanted: Wanted) -> Showing | None:
    """The first show from `since` on that all the filters let through."""
    needs = {
        "captions": "captions" in wanted.needs,
        "audio": "audio-description" in wanted.needs,
        "wheelchair": "wheelchair" in wanted.needs,
    }
    plain = {name: getattr(wanted, name) for name in ("cinema", "genre", "format", "language")}
    languages = [wanted.language, wanted.language + TITLES]
    words = search_words(wanted.q)
    found = _showings(_NEXT, id=city_id, since=since, words=words, languages=languages, **plain, **needs)
    return found[0] if found else None


def _showings(statement: TextClause, **values: object) -> list[Showing]:
    rows = db.session.execute(statement, {**values, "now": clock.now()})
    return [Showing(*row) for row in rows]


_LEFT = text("""
SELECT show_id, count(*) FILTER (WHERE state = 'free' OR (state = 'held' AND held_until <= :now)) AS free,
       count(*) FILTER (WHERE state <> 'blocked') AS total
FROM show_seats WHERE show_id = ANY(:show_ids) GROUP BY show_id
""")


def seats_left(show_ids: Iterable[int]) -> dict[int, SeatsLeft]:
    """Free seats of each show, in one query."""
    ids = list(show_ids)
    if not ids:
        return {}
    rows = db.session.execute(_LEFT, {"show_ids": ids, "now": clock.now()})
    return {row.show_id: SeatsLeft(row.free, row.total) for row in rows}


_LOWEST = text("""
SELECT pair.price_list_id, pair.layout_id,
       coalesce(min(p.amount_minor) FILTER (WHERE p.ticket_type = 'adult'), min(p.amount_minor))
FROM unnest(CAST(:lists AS bigint[]), CAST(:layouts AS bigint[])) AS pair (price_list_id, layout_id)
JOIN layouts l ON l.id = pair.layout_id
JOIN prices p ON p.price_list_id = pair.price_list_id AND p.ticket_type <> 'companion'
  AND jsonb_exists(l.categories, p.category)
GROUP BY 1, 2
""")
_WHEELCHAIRS = text(
    "SELECT layout_id, count(*) FROM seats WHERE layout_id IN :layouts AND kind = 'wheelchair' GROUP BY layout_id"
).bindparams(bindparam("layouts", expanding=True))

_lowest: dict[tuple[int, int], int | None] = {}
_wheelchairs: dict[int, int] = {}


def lowest_prices(showings: Iterable[Showing]) -> dict[int, int | None]:
    """Show id → what the cheapest adult seat costs now with its fee, in minor units; None without a price."""
    showings = list(showings)
    lowest = lowest_in_lists((s.price_list_id, s.layout_id) for s in showings)
    amounts = {s.id: lowest[s.price_list_id, s.layout_id] for s in showings}
    return {s.id: None if (minor := amounts[s.id]) is None else s.tariff.of(minor) + s.fee_minor for s in showings}


def lowest_in_lists(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int | None]:
    """(Price list, layout) → what the cheapest adult seat costs in the list, fee apart; None without a price.

    Price lists and layouts never change once made, so what was read stays in the process.
    """
    wanted = set(pairs)
    _trim(_lowest)
    if unknown := wanted - _lowest.keys():
        sides = {"lists": [pair[0] for pair in unknown], "layouts": [pair[1] for pair in unknown]}
        found = {(row[0], row[1]): row[2] for row in db.session.execute(_LOWEST, sides)}
        _lowest.update({pair: found.get(pair) for pair in unknown})
    return {pair: _lowest.get(pair) for pair in wanted}


def wheelchair_spaces(layout_ids: Iterable[int]) -> dict[int, int]:
    """Layout id → its wheelchair spaces; read once, as a layout never changes."""
    layouts = set(layout_ids)
    _trim(_wheelchairs)
    unknown = layouts - _wheelchairs.keys()
    if unknown:
        found = {row[0]: row[1] for row in db.session.execute(_WHEELCHAIRS, {"layouts": sorted(unknown)})}
        _wheelchairs.update({layout: found.get(layout, 0) for layout in unknown})
    return {layout: _wheelchairs.get(layout, 0) for layout in layouts}


def _trim(store: dict[Any, Any]) -> None:
    if len(store) >= KEPT:
        store.clear()


def forget_prices() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _lowest.clear()
    _wheelchairs.clear()
