"""A hall's seats in the order that neighbours see: stretches without an aisle, love-seat pairs, the sweet
spot. What may be chosen and what is best is seating.py's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

EXEMPT = frozenset({"wheelchair", "companion"})
SWEET_DEPTH = 2 / 3
"""The best row, counted from the screen; the best place in it is the middle."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What the rules need of a seat: run and position as in the plan, row_index counted from the screen."""

    id: int
    run: int
    position: int
    x: float
    y: float
    kind: str
    category: str
    row_index: int


class Window(NamedTuple):
    """Neighbouring seats that could be given together; a smaller one is better, field by field."""

    alone: int
    split_pairs: int
    cost: float
    ids: tuple[int, ...]


class Hall:
    """The seats by stretch (neighbours without aisle or missing seat). Build it once where many questions
    follow."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        ordered = sorted(seats, key=lambda seat: (seat.run, seat.position))
        self.stretches = list(_stretches(ordered))
        self.by_id = {seat.id: seat for seat in ordered}
        self.stretch_of = {seat.id: stretch for stretch in self.stretches for seat in stretch}
        self.exempt = {seat.id for seat in ordered if seat.kind in EXEMPT}
        self.partner = _pairs(self.stretches)
        self.of_run: dict[int, list[list[Seat]]] = {}
        for stretch in self.stretches:
            self.of_run.setdefault(stretch[0].run, []).append(stretch)
        self.cost = _sweetness(ordered)

    def distance_to(self, ids: Collection[int]) -> dict[int, float]:
        """For each seat, the square of its distance to the middle of these seats."""
        x, y = self.middle(ids)
        return {seat.id: (seat.x - x) ** 2 + (seat.y - y) ** 2 for seat in self.by_id.values()}

    def middle(self, ids: Collection[int]) -> tuple[float, float]:
        seats = [self.by_id[one] for one in ids]
        return sum(seat.x for seat in seats) / len(seats), sum(seat.y for seat in seats) / len(seats)

    def split_pairs(self, ids: Sequence[int], free: Collection[int]) -> int:
        """How many love-seat pairs, both free, this choice would tear apart."""
        return sum(
            1 for one in ids if (other := self.partner.get(one)) is not None and other in free and other not in ids
        )


def hall_of(seats: Iterable[Seat] | Hall) -> Hall:
    return seats if isinstance(seats, Hall) else Hall(seats)


def _stretches(ordered: list[Seat]) -> Iterator[list[Seat]]:
    stretch: list[Seat] = []
    for seat in ordered:
        if stretch and (seat.run != stretch[-1].run or seat.position != stretch[-1].position + 1):
            yield stretch
            stretch = []
        stretch.append(seat)
    if stretch:
        yield stretch


def _pairs(stretches: list[list[Seat]]) -> dict[int, int]:
    """Love seats are made in pairs: the first with the second, the third with the fourth, as they stand
    side by side."""
    partner: dict[int, int] = {}
    for stretch in stretches:
        waiting: Seat | None = None
        for seat in stretch:
            if seat.kind != "love":
                waiting = None
            elif waiting is None:
                waiting = seat
            else:
                partner[waiting.id], partner[seat.id] = seat.id, waiting.id
                waiting = None
    return partner


def _sweetness(seats: list[Seat]) -> dict[int, float]:
    if not seats:
        return {}
    front, back = min(seat.row_index for seat in seats), max(seat.row_index for seat in seats)
    left, right = min(seat.x for seat in seats), max(seat.x for seat in seats)
    depth, half, centre = (back - front) or 1, (right - left) / 2 or 1.0, (left + right) / 2
    best = front + SWEET_DEPTH * (back - front)
    return {seat.id: 2 * ((seat.row_index - best) / depth) ** 2 + ((seat.x - centre) / half) ** 2 for seat in seats}


def parts_of(stretch: list[Seat], usable: Collection[int]) -> Iterator[tuple[int, int]]:
    """The longest pieces of a stretch whose seats are all usable, as (first, after the last)."""
    start = None
    for index, seat in enumerate(stretch):
        if seat.id in usable:
            start = index if start is None else start
        elif start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(stretch)


def windows(
    hall: Hall,
    stretch: list[Seat],
    free: Collection[int],
    usable: Collection[int],
    size: int,
    cost: dict[int, float],
) -> Iterator[Window]:
    """Every way to seat `size` people side by side on usable seats of one stretch; cost is the mean over
    the seats."""
    for first, end in parts_of(stretch, usable):
        if end - first < size:
            continue
        ids = [seat.id for seat in stretch]
        sums = [0.0, *accumulate(cost[one] for one in ids[first:end])]
        for start in range(first, end - size + 1):
            chosen = tuple(ids[start : start + size])
            mean = (sums[start - first + size] - sums[start - first]) / size
            yield Window(
                left_alone(hall, ids, start, start + size, free),
                hall.split_pairs(chosen, free) if hall.partner else 0,
                round(mean, 9),
                chosen,
            )


def left_alone(hall: Hall, ids: Sequence[int], start: int, end: int, free: Collection[int]) -> int:
    """How many free seats taking ids[start:end] would newly leave without a free neighbour; exempt seats
    don't count."""
    alone = 0
    exempt = hall.exempt
    if start and ids[start - 1] in free and not (start > 1 and ids[start - 2] in free):
        alone += ids[start - 1] not in exempt and ids[start] not in exempt
    if end < len(ids) and ids[end] in free and not (end + 1 < len(ids) and ids[end + 1] in free):
        alone += ids[end] not in exempt and ids[end - 1] not in exempt
    return alone
