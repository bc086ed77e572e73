"""What the seat page shows of one moment: map or list, chosen seats, their total. Cells come from seat_cells.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup

from app.domain.pricing import Shown
from app.domain.seating import check_companions
from app.money import format_money
from app.queries.layouts import LayoutFacts, SeatFacts
from app.queries.seat_map import SeatMap
from app.queries.show_page import OwnBooking, ShowPage
from app.web.seat_cells import SeatCells, seat_cells


@dataclass(frozen=True, slots=True)
class Offer:
    """Another choice of seats, as one button."""

    ids: str
    words: str


@dataclass(frozen=True, slots=True)
class Says:
    """What the bar tells about a choice that was refused, and what it offers instead."""

    words: str
    offers: list[Offer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChosenSeat:
    id: int
    label: str
    words: str
    price: str


@dataclass(frozen=True, slots=True)
class ListSeat:
    id: int
    number: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ListGroup:
    """Seats of one row at one price; `runs` are free neighbours."""

    heading: str
    words: str
    runs: list[list[ListSeat]]


@dataclass(frozen=True)
class SeatPage:
    """One visitor's view of the seats: `chosen` are ticked; seats of their own hold are free to them."""

    show: ShowPage
    now: SeatMap
    chosen: frozenset[int]
    own: list[OwnBooking]
    party: int = 2
    view: str = "map"
    says: Says | None = None

    @cached_property
    def cells(self) -> SeatCells:
        show = self.show
        return seat_cells(show.layout_id, show.tariff, show.fee_minor, show.currency)

    @property
    def layout(self) -> LayoutFacts:
        return self.cells.layout

    @cached_property
    def own_ids(self) -> frozenset[int]:
        """Seats of the visitor's hold, which a new hold replaces; not those being paid for."""
        return frozenset(seat for booking in self.own if not booking.paying for seat in booking.seat_ids)

    @cached_property
    def held(self) -> OwnBooking | None:
        return next((booking for booking in self.own if not booking.paying), None)

    @cached_property
    def paying(self) -> OwnBooking | None:
        return next((booking for booking in self.own if booking.paying), None)

    @cached_property
    def free_ids(self) -> frozenset[int]:
        """What this visitor may choose."""
        return free_ids(self.layout, self.now) | self.own_ids

    def grid(self, swap: bool = False) -> Markup:
        return self.cells.grid(self.now.states, self.chosen, self.own_ids, swap)

    @property
    def counts(self) -> dict[str, int]:
        states = self.now.states
        return {
            "free": states.count("f"),
            "h": states.count("h"),
            "s": states.count("s"),
            "b": states.count("b"),
        }

    @property
    def key(self) -> list[tuple[str, str, str]]:
        return [
            (
                row.css,
                row.words,
                "free with it" if row.price is None else format_money(row.price, self.show.currency),
            )
            for row in self.cells.key
        ]

    @cached_property
    def chosen_facts(self) -> list[SeatFacts]:
        return self.layout.seated(self.chosen)

    def chosen_seats(self) -> list[ChosenSeat]:
        return [ChosenSeat(seat.id, seat.label, self._sort(seat), self._price(seat)) for seat in self.chosen_facts]

    def _sort(self, seat: SeatFacts) -> str:
        words = self.cells.words(seat)
        return words[:1].upper() + words[1:]

    @cached_property
    def _free_companions(self) -> frozenset[int]:
        return check_companions(self.layout.hall, self.chosen) if self.chosen else frozenset()

    def _price(self, seat: SeatFacts) -> str:
        return "free" if seat.id in self._free_companions else self.cells.price_words(seat)

    def total(self) -> str:
        """What the chosen seats cost adults, fee included; empty while none is chosen."""
        minor = sum(self.cells.price(seat) or 0 for seat in self.chosen_facts if seat.id not in self._free_companions)
        return format_money(minor, self.show.currency) if self.chosen else ""

    def total_at(self, other: Shown) -> str:
        """What the chosen seats cost as they were shown of the same list."""
        paying = [seat for seat in self.chosen_facts if seat.id not in self._free_companions]
        return format_money(sum(self.cells.price_at(seat, other) for seat in paying), self.show.currency)

    def list_groups(self) -> list[ListGroup]:
        """The free seats without a map, front to back."""
        parts: dict[tuple[str, str, str, str], list[SeatFacts]] = {}
        for seat in self.layout.seated(self.free_ids):
            parts.setdefault((seat.level, seat.row, seat.category, seat.kind), []).append(seat)
        return [self._list_group(seats) for seats in parts.values()]

    @cached_property
    def _rows_on_two_levels(self) -> frozenset[str]:
        times = Counter(row for _, row in {(seat.level, seat.row) for seat in self.layout.seats})
        return frozenset(row for row, count in times.items() if count > 1)

    def _list_group(self, seats: list[SeatFacts]) -> ListGroup:
        first = seats[0]
        level = first.level if not first.row or first.row in self._rows_on_two_levels else ""
        heading = ", ".join(part for part in (f"Row {first.row}" if first.row else "", level) if part)
        words = f"{self._sort(first)} {self.cells.price_words(first)}"
        if first.kind == "companion":
            words = "Companion seat, free with it"
        return ListGroup(heading or "Seats", words, [self._list_run(run) for run in _neighbours(seats)])

    def _list_run(self, seats: list[SeatFacts]) -> list[ListSeat]:
        return [ListSeat(seat.id, seat.number, self.cells.label(seat), seat.id in self.chosen) for seat in seats]

    def offer(self, ids: Collection[int]) -> Offer:
        """A button for these seats."""
        seats = self.layout.seated(ids)
        return Offer(",".join(str(seat.id) for seat in seats), " ".join(seat.label for seat in seats))

    def names(self, ids: Collection[int]) -> str:
        """J8, J9 and J10."""
        return self.layout.names(ids)


def free_ids(layout: LayoutFacts, now: SeatMap) -> frozenset[int]:
    """The seats that are free to anyone."""
    return frozenset(seat.id for seat, state in zip(layout.seats, now.states, strict=True) if state == "f")


def _neighbours(seats: list[SeatFacts]) -> Iterator[list[SeatFacts]]:
    run: list[SeatFacts] = []
    for seat in seats:
        if run and (seat.run, seat.position) != (run[-1].run, run[-1].position + 1):
            yield run
            run = []
        run.append(seat)
    if run:
        yield run
