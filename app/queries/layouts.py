"""Layouts and price tables, kept in the process: neither ever changes once made. Which ones a show has is kept too."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sqlalchemy import text

from app.db import db
from app.domain.pricing import PriceTable, Tariff, changed_table
from app.domain.seating import Hall, Seat

K = TypeVar("K")
T = TypeVar("T")
KEPT = 512
KEPT_SHOWS = 20_000


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """One seat of a layout, with its place in the table that the map is drawn as."""

    id: int
    label: str
    level: str
    row: str
    number: str
    kind: str
    category: str
    x: float
    y: float
    row_index: int
    position: int
    run: int
    line: int
    column: int
    gap_before: bool


@dataclass(frozen=True)
class LayoutFacts:
    """A layout's seats in the order of their ids, which is the order of every map string."""

    id: int
    name: str
    categories: dict[str, str]
    seats: tuple[SeatFacts, ...]

    @cached_property
    def by_id(self) -> dict[int, SeatFacts]:
        return {seat.id: seat for seat in self.seats}

    @cached_property
    def index(self) -> dict[int, int]:
        """Seat id → place in a map string."""
        return {seat.id: place for place, seat in enumerate(self.seats)}

    @cached_property
    def for_rules(self) -> tuple[Seat, ...]:
        """The same seats as the seating rules want them."""
        return tuple(Seat(s.id, s.run, s.position, s.x, s.y, s.kind, s.category, s.row_index) for s in self.seats)

    @cached_property
    def hall(self) -> Hall:
        return Hall(self.for_rules)

    def seated(self, seat_ids: Collection[int]) -> list[SeatFacts]:
        """These seats in the order people sit."""
        return sorted((self.by_id[one] for one in seat_ids), key=lambda seat: (seat.line, seat.column))

    def names(self, seat_ids: Collection[int]) -> str:
        """J8, J9 and J10."""
        labels = [seat.label for seat in self.seated(seat_ids)]
        return ", ".join(labels) if len(labels) < 2 else f"{', '.join(labels[:-1])} and {labels[-1]}"

    def near(self, seat_ids: Collection[int]) -> list[int]:
        """All seats of the runs that these seats stand in; unknown ids are passed over."""
        touched = {self.by_id[seat_id].run for seat_id in seat_ids if seat_id in self.by_id}
        return [seat.id for run in touched for stretch in self.hall.of_run[run] for seat in stretch]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a show is sold with."""

    layout: LayoutFacts
    tariff: Tariff


_terms: dict[int, Terms] = {}
_layouts: dict[int, LayoutFacts] = {}
_prices: dict[Tariff, PriceTable] = {}


def _kept(store: dict[K, T], key: K, read: Callable[[K], T]) -> T:
    value = store.get(key)
    if value is None:
        value = read(key)
        if len(store) >= KEPT:
            store.pop(next(iter(store)))
        store[key] = value
    return value


def terms_of_show(show_id: int) -> Terms | None:
    """The terms of a show that is or was on sale, None for others. Kept: a show unpublished since may have new ones,
    so who relies on them compares them under the locks and calls forget_terms_of() when they differ."""
    terms = _terms.get(show_id)
    if terms is None:
        row = db.session.execute(_TERMS, {"show_id": show_id}).one_or_none()
        if row is None:
            return None
        if len(_terms) >= KEPT_SHOWS:
            _terms.clear()
        terms = _terms[show_id] = Terms(layout_facts(row[0]), Tariff(*row[1:]))
    return terms


def forget_terms_of(show_id: int) -> None:
    _terms.pop(show_id, None)


def layout_facts(layout_id: int) -> LayoutFacts:
    return _kept(_layouts, layout_id, _read_layout)


def price_table(tariff: Tariff) -> PriceTable:
    """All prices of a tariff, fee apart. Whatever is sold or shown with a price has it from here."""
    return _kept(_prices, tariff, _read_prices)


_TERMS = text(
    "SELECT layout_id, price_list_id, demand_percent, demand_step FROM shows WHERE id = :show_id AND state <> 'draft'"
)
_LAYOUT = text("SELECT name, categories FROM layouts WHERE id = :id")
_SEATS = text(
    'SELECT id, label, level, "row", number, kind, category, x, y, row_index, position, run, line, "column", gap_before '
    "FROM seats WHERE layout_id = :id ORDER BY id"
)
_PRICES = text("SELECT category, ticket_type, amount_minor FROM prices WHERE price_list_id = :id")


def _read_layout(layout_id: int) -> LayoutFacts:
    layout = db.session.execute(_LAYOUT, {"id": layout_id}).one()
    seats = db.session.execute(_SEATS, {"id": layout_id})
    return LayoutFacts(layout_id, layout.name, layout.categories, tuple(SeatFacts(*row) for row in seats))


def _read_prices(tariff: Tariff) -> PriceTable:
    rows = db.session.execute(_PRICES, {"id": tariff.price_list_id})
    return changed_table({(category, kind): amount for category, kind, amount in rows}, tariff)


def forget_kept() -> None:
    """Drop everything kept; tests do so when they swap databases."""
    _terms.clear()
    _layouts.clear()
    _prices.clear()
