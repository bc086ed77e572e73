"""The cells of a seat map as ready strings: built once per layout, tariff and fee, one for each state, and joined.

The markup is what components/seats.html documents; what a page does with it is seat_page.py's.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape

from app import clock
from app.db import end_read
from app.domain.pricing import NO_TARIFF, PriceTable, Shown, Tariff, TicketType
from app.money import format_money
from app.queries.layouts import LayoutFacts, SeatFacts, layout_facts, price_table
from app.queries.seat_map import SeatMap
from app.queries.show_page import prices_key

KEPT = 64
KEPT_SHOWS = 4096
SHOW_SECONDS = 30.0
CUSHIONS = 5
WORDS = {"h": "someone is paying", "s": "taken", "b": "out of use"}
KIND_WORDS = {"premium": "premium", "recliner": "recliner", "love": "love seat"}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One line of the legend; `price` is in minor units with the fee, None for a companion's free seat."""

    css: str
    words: str
    price: int | None


class SeatCells:
    """One layout at one tariff: every seat as a table cell in each state, and the table around them."""

    def __init__(
        self, layout: LayoutFacts, table: PriceTable, fee_minor: int, currency: str, tariff: Tariff = NO_TARIFF
    ) -> None:
        self.layout = layout
        self.tariff = tariff
        self.currency = currency
        self._table = table
        self._fee = fee_minor
        self._cushions = self._cushion_of_price()
        self.levels: int = len({seat.level for seat in layout.seats})
        seats = layout.seats
        self._free = [self._free_cell(seat, "") for seat in seats]
        self._chosen = [self._free_cell(seat, " checked") for seat in seats]
        self._cells = {
            "f": self._free,
            **{state: [self._gone_cell(seat, state) for seat in seats] for state in WORDS},
        }
        self._before, self._order, self._after = _frame(layout)

    def price(self, seat: SeatFacts) -> int | None:
        """An adult's price with the fee, or the cheapest there is; None if this category is not priced."""
        return self._price_of(seat.category)

    def _price_of(self, category: str) -> int | None:
        amount = _adults(self._table, category)
        return None if amount is None else amount + self._fee

    @property
    def shown(self) -> Shown:
        """What these prices are."""
        return Shown(self.tariff, self._fee)

    def price_at(self, seat: SeatFacts, other: Shown) -> int:
        """The seat's price with the fee as they were shown of the same list; 0 if this category is not priced."""
        amount = _adults(price_table(Tariff(other.tariff.price_list_id)), seat.category)
        return 0 if amount is None else other.tariff.of(amount) + other.fee_minor

    def price_words(self, seat: SeatFacts) -> str:
        price = self.price(seat)
        return "not on sale" if price is None else format_money(price, self.currency)

    def _ordinary_categories(self) -> list[str]:
        used = {seat.category for seat in self.layout.seats if seat.kind not in ("wheelchair", "companion")}
        return [code for code in self.layout.categories if code in used]

    def _cushion_of_price(self) -> dict[int, str]:
        prices = sorted({price for code in self._ordinary_categories() if (price := self._price_of(code)) is not None})
        first = 0 if len(prices) > 2 else 1
        return {price: f"p{min(first + place, CUSHIONS - 1)}" for place, price in enumerate(prices)}

    def css(self, seat: SeatFacts) -> str:
        if seat.kind in ("wheelchair", "companion"):
            return seat.kind[0]
        price = self.price(seat)
        return "p1" if price is None else self._cushions[price]

    def label(self, seat: SeatFacts) -> str:
        """What a screen reader says of a free seat, e.g. Row C seat 5, premium, £11.50."""
        between = " free beside a wheelchair space, otherwise" if seat.kind == "companion" else ""
        return f"{self.where(seat)}, {self.words(seat)},{between} {self.price_words(seat)}"

    def where(self, seat: SeatFacts) -> str:
        """Balcony, row C seat 5; the level only where there are several."""
        row = f"row {seat.row} seat {seat.number}" if seat.row else f"seat {seat.label}"
        return f"{seat.level}, {row}" if self.levels > 1 and seat.level else row[0].upper() + row[1:]

    def words(self, seat: SeatFacts) -> str:
        """The seat's sort in words, lower case."""
        if seat.kind == "wheelchair":
            return "wheelchair space"
        if seat.kind == "companion":
            return "companion seat"
        name = self.category_name(seat).lower()
        kind = KIND_WORDS.get(seat.kind, "")
        return name if kind in name else f"{name}, {kind}"

    def category_name(self, seat: SeatFacts) -> str:
        return self.layout.categories.get(seat.category, seat.category)

    def _free_cell(self, seat: SeatFacts, more: str) -> str:
        if self.price(seat) is None:
            return self._gone_cell(seat, "b")
        own = "" if seat.label == seat.row + seat.number else f' data-label="{escape(seat.label)}"'
        return (
            f'<td id="s{seat.id}" class="{self.css(seat)}"{own}><input type="checkbox" name="seats" '
            f'value="{seat.id}" aria-label="{escape(self.label(seat))}"{more}></td>'
        )

    def _gone_cell(self, seat: SeatFacts, state: str) -> str:
        label = escape(f"{self.label(seat)}, {WORDS[state]}")
        return (
            f'<td id="s{seat.id}" class="{self.css(seat)} {state}"><input type="checkbox" '
            f'aria-disabled="true" aria-label="{label}"></td>'
        )

    def grid(self, states: str, chosen: Collection[int] = (), own: Collection[int] = (), swap: bool = False) -> Markup:
        """The whole table. `chosen` seats (ids) are ticked; `own` ones are free to this buyer, whatever their state.

        With `swap` it takes the place of the table in the page, out of band.
        """
        parts = []
        cells, before = self._cells, self._before
        for place in self._order:
            parts.append(before[place])
            parts.append(cells[states[place]][place])
        for seat_id in {*own, *chosen}:
            place = self.layout.index[seat_id]
            parts[2 * self._at[place] + 1] = (self._chosen if seat_id in chosen else self._free)[place]
        parts.append(self._after)
        if swap:
            parts[0] = parts[0].replace("<table", "<table hx-swap-oob=true", 1)
        return Markup("".join(parts))  # noqa: S704  labels are escaped where the cells are made

    @cached_property
    def _at(self) -> dict[int, int]:
        return {place: at for at, place in enumerate(self._order)}

    def swaps(self, states: str, places: Iterable[int]) -> str:
        """These seats as out-of-band swaps."""
        return "".join(f"<td hx-swap-oob=true{self._cells[states[place]][place][3:]}" for place in places)

    @cached_property
    def key(self) -> list[KeyRow]:
        """The legend: a line per price, then wheelchair and companion seats where there are any."""
        rows = [
            KeyRow(self._cushions[price], ", ".join(self._names_at(price)), price) for price in sorted(self._cushions)
        ]
        spaces = [seat for seat in self.layout.seats if seat.kind == "wheelchair"]
        if spaces:
            rows.append(KeyRow("w", "Wheelchair space", self.price(spaces[0])))
        if any(seat.kind == "companion" for seat in self.layout.seats):
            rows.append(KeyRow("c", "Companion seat", None))
        return rows

    def _names_at(self, price: int) -> list[str]:
        codes = [code for code in self._ordinary_categories() if self._price_of(code) == price]
        return [self.layout.categories[code] for code in codes]

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Price categories to wish for: code, and name with price."""
        return [
            (code, f"{self.layout.categories[code]}, {format_money(price, self.currency)}")
            for code in self._ordinary_categories()
            if (price := self._price_of(code)) is not None
        ]


def _adults(table: PriceTable, category: str) -> int | None:
    """An adult's price in a category, or the cheapest there is."""
    amount = table.get((category, TicketType.ADULT))
    return (
        min((minor for (name, _), minor in table.items() if name == category), default=None)
        if amount is None
        else amount
    )


def _frame(layout: LayoutFacts) -> tuple[dict[int, str], list[int], str]:
    """The table without its seats: what stands before each seat (by place), the seats' order, and the end."""
    lines: OrderedDict[int, dict[int, int]] = OrderedDict()
    for place, seat in sorted(enumerate(layout.seats), key=lambda each: (each[1].line, each[1].column)):
        lines.setdefault(seat.line, {})[seat.column] = place
    columns = 1 + max((seat.column for seat in layout.seats), default=0)
    used = {seat.column for seat in layout.seats}
    gaps = ["<td></td>" if column in used else '<td class="x"></td>' for column in range(columns)]
    before: dict[int, str] = {}
    order: list[int] = []
    text = '<table class="seats" id="seats"><caption class="vh">Seats, front row first</caption><tbody>'
    for line in lines.values():
        seats = [layout.seats[place] for place in line.values()]
        name = escape(Counter(seat.row for seat in seats).most_common(1)[0][0])
        cross = ' class="cross"' if any(seat.gap_before for seat in seats) else ""
        text += f'<tr{cross}><th scope="row">{name}</th>'
        for column in range(columns):
            if column in line:
                before[line[column]] = text
                order.append(line[column])
                text = ""
            else:
                text += gaps[column]
        text += f'<td class="r" aria-hidden="true">{name}</td></tr>'
    return before, order, text + "</tbody>" + _numbers(layout, columns, gaps) + "</table>"


def _numbers(layout: LayoutFacts, columns: int, gaps: list[str]) -> str:
    """The seat numbers under the last row, where the seats above one another share them."""
    by_column: dict[int, list[str]] = {}
    for seat in layout.seats:
        by_column.setdefault(seat.column, []).append(seat.number)
    shared = dict(_shared(by_column))
    if 2 * len(shared) < len(by_column):
        return ""
    cells = [f"<td>{escape(shared[column])}</td>" if column in shared else gaps[column] for column in range(columns)]
    return f'<tfoot aria-hidden="true"><tr><td></td>{"".join(cells)}<td></td></tr></tfoot>'


def _shared(by_column: dict[int, list[str]]) -> Iterator[tuple[int, str]]:
    for column, numbers in by_column.items():
        number, count = Counter(numbers).most_common(1)[0]
        if 3 * count > 2 * len(numbers):
            yield column, number


_kept: OrderedDict[tuple[int, Tariff, int, str], SeatCells] = OrderedDict()


def seat_cells(layout_id: int, tariff: Tariff, fee_minor: int, currency: str) -> SeatCells:
    """The cells of a layout at these prices; kept in the process, for neither ever changes once made."""
    key = (layout_id, tariff, fee_minor, currency)
    cells = _kept.get(key)
    if cells is None:
        cells = _kept[key] = SeatCells(layout_facts(layout_id), price_table(tariff), fee_minor, currency, tariff)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return cells


_of_show: dict[int, tuple[float, SeatCells, str]] = {}


def cells_of_show(show_id: int, seats: SeatMap, prices: str | None = None) -> SeatCells:
    """The cells of a show, for the poll, which may not ask the database each time. Half a minute old at most, of the
    same hall as the map, and just read where the asker's `prices` (the token of a Shown) are not those of older ones."""
    known = _of_show.get(show_id)
    young = known is not None and clock.ticks() - known[0] < SHOW_SECONDS and seats.same_seats(known[2])
    if known is not None and young and prices in (None, known[1].shown.token):
        return known[1]
    cells = seat_cells(*prices_key(show_id))
    end_read()
    if len(_of_show) > KEPT_SHOWS:
        _of_show.clear()
    _of_show[show_id] = (clock.ticks(), cells, seats.version)
    return cells


def forget_kept_cells() -> None:
    """Drop everything kept; tests do so when they swap databases."""
    _kept.clear()
    _of_show.clear()
