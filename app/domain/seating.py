"""Which seats to offer: the best block for a party, companions beside a wheelchair space, neighbours for
lost seats. What a hall looks like is hall.py's, the rule about single gaps orphan_rule.py's, far-apart
parties seating_split.py's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, takewhile

from app.domain.hall import Hall, Seat, Window, hall_of, windows
from app.domain.orphan_rule import OrphanVerdict, orphans
from app.domain.seating_split import split_parties

__all__ = [
    "COMPANIONS",
    "Hall",
    "OrphanVerdict",
    "Seat",
    "best_blocks",
    "check_companions",
    "companions_for",
    "hall_of",
    "neighbours_to_offer",
    "orphans",
]

COMPANIONS = 3
"""Companion seats that go with one wheelchair space."""


def best_blocks(
    seats: Iterable[Seat] | Hall,
    free_ids: Collection[int],
    size: int,
    *,
    category: str | None = None,
    step_free: bool = False,
    top: int = 5,
) -> list[tuple[int, ...]]:
    """Up to `top` places for a party, the best first: side by side if the hall has that, otherwise in few
    parts nearby.

    The blocks share no seats, so that buyers who pick different ones don't meet. Step-free means one
    wheelchair space with its neighbours. Empty if the hall has not enough seats. Raises ValueError for a
    party of nobody.
    """
    if size < 1:
        raise ValueError("a party has at least one person")
    hall, free = hall_of(seats), set(free_ids)
    usable = {one for one in free - hall.exempt if category is None or hall.by_id[one].category == category}
    if step_free:
        return _step_free(hall, free, usable, size, top)
    return _side_by_side(hall, free, usable, size, hall.cost, top) or split_parties(
        hall, free, usable, size, hall.cost, top
    )


def _side_by_side(
    hall: Hall, free: set[int], usable: set[int], size: int, cost: dict[int, float], top: int
) -> list[tuple[int, ...]]:
    """The best blocks of one run, of the best sort only: leaving nobody alone, then tearing no pair apart."""
    found = [window for stretch in hall.stretches for window in windows(hall, stretch, free, usable, size, cost)]
    ranked = (each for each in sorted(found) if not (each.alone and orphans(hall, free, each.ids).refused))
    best = next(ranked, None)
    if best is None:
        return []
    sort = best[:2]
    return _disjoint(chain([best], takewhile(lambda each: each[:2] == sort, ranked)), top)


def _disjoint(ranked: Iterable[Window], top: int) -> list[tuple[int, ...]]:
    blocks: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for window in ranked:
        if len(blocks) == top:
            break
        if taken.isdisjoint(window.ids):
            blocks.append(window.ids)
            taken.update(window.ids)
    return blocks


def _step_free(hall: Hall, free: set[int], usable: set[int], size: int, top: int) -> list[tuple[int, ...]]:
    """A wheelchair space with as many of the party beside it as there is room for, the others as near as
    can be."""
    for together in range(size, 0, -1):
        beside = _beside_wheelchair(hall, free, usable, together, top)
        whole = [full for block in beside if (full := _filled_up(hall, free, usable, block, size))]
        allowed = [full for full in whole if not orphans(hall, free, full).refused]
        if whole:
            return allowed or whole
    return []


def _beside_wheelchair(hall: Hall, free: set[int], usable: set[int], size: int, top: int) -> list[tuple[int, ...]]:
    """Blocks with one wheelchair space, filled with companion seats first and ordinary seats after."""
    allowed = usable | (free & hall.exempt)
    ranked: list[tuple[int, int, Window]] = []
    for stretch in hall.stretches:
        for window in windows(hall, stretch, free, allowed, size, hall.cost):
            kinds = [hall.by_id[one].kind for one in window.ids]
            if "wheelchair" in kinds:
                ranked.append((kinds.count("wheelchair"), size - kinds.count("companion"), window))
    return _disjoint((window for *_, window in sorted(ranked)), top)


def _filled_up(
    hall: Hall, free: set[int], usable: set[int], block: tuple[int, ...], size: int
) -> tuple[int, ...] | None:
    missing = size - len(block)
    if not missing:
        return block
    left, near = free.difference(block), hall.distance_to(block)
    others = _side_by_side(hall, left, usable.difference(block), missing, near, 1) or split_parties(
        hall, left, usable.difference(block), missing, near, 1
    )
    return block + others[0] if others else None


def companions_for(seats: Iterable[Seat] | Hall, wheelchair_id: int) -> tuple[int, ...]:
    """The companion seats, at most three, that adjoin a wheelchair space, the nearest first; free or not."""
    hall = hall_of(seats)
    place = hall.by_id[wheelchair_id]
    group = next((group for group in _access_groups(hall) if place in group), [])
    companions = [seat for seat in group if seat.kind == "companion"]
    companions.sort(key=lambda seat: (abs(seat.position - place.position), seat.position))
    return tuple(seat.id for seat in companions[:COMPANIONS])


def _access_groups(hall: Hall) -> Iterator[list[Seat]]:
    """Wheelchair spaces and companion seats that stand side by side, with no ordinary seat between."""
    for stretch in hall.stretches:
        group: list[Seat] = []
        for seat in stretch:
            if seat.id in hall.exempt:
                group.append(seat)
            elif group:
                yield group
                group = []
        if group:
            yield group


def check_companions(seats: Iterable[Seat] | Hall, chosen: Collection[int]) -> frozenset[int]:
    """Those of the chosen companion seats that adjoin a chosen wheelchair space; three for each space at
    most."""
    hall = hall_of(seats)
    good: set[int] = set()
    if hall.exempt.isdisjoint(chosen):
        return frozenset()
    for group in _access_groups(hall):
        spaces = [seat.position for seat in group if seat.kind == "wheelchair" and seat.id in chosen]
        companions = [seat for seat in group if seat.kind == "companion" and seat.id in chosen]
        if spaces:
            companions.sort(key=lambda seat: (min(abs(seat.position - space) for space in spaces), seat.position))
            good.update(seat.id for seat in companions[: COMPANIONS * len(spaces)])
    return frozenset(good)


def neighbours_to_offer(
    seats: Iterable[Seat] | Hall,
    free_ids: Collection[int],
    lost_ids: Collection[int],
    kept_ids: Collection[int],
    size: int,
) -> tuple[int, ...]:
    """`size` seats for a buyer who has just lost some: side by side, with the kept ones where that can be,
    near the lost.

    Keeps a wheelchair space for who had chosen one. Empty if there are not enough seats.
    """
    hall = hall_of(seats)
    wanted = {*lost_ids, *kept_ids}
    free = (set(free_ids) | set(kept_ids)).difference(lost_ids)
    if not wanted or size < 1:
        return ()
    step_free = any(hall.by_id[one].kind == "wheelchair" for one in wanted)
    usable = free if step_free else (free - hall.exempt) | (set(kept_ids) & hall.exempt)
    near = hall.distance_to(wanted)
    ranked = sorted(_offers(hall, free, usable, wanted, set(kept_ids), size, near))
    for *_, window in ranked:
        if step_free and not any(hall.by_id[one].kind == "wheelchair" for one in window.ids):
            continue
        if not (window.alone and orphans(hall, free, window.ids).refused):
            return window.ids
    return _apart(hall, free, sorted(kept_ids), size, near)


def _offers(
    hall: Hall,
    free: set[int],
    usable: set[int],
    wanted: set[int],
    kept: set[int],
    size: int,
    near: dict[int, float],
) -> Iterator[tuple[int, int, Window]]:
    categories = {hall.by_id[one].category for one in wanted}
    for stretch in hall.stretches:
        for window in windows(hall, stretch, free, usable, size, near):
            others = sum(hall.by_id[one].category not in categories for one in window.ids)
            yield len(kept.difference(window.ids)), others, window


def _apart(hall: Hall, free: set[int], kept: list[int], size: int, near: dict[int, float]) -> tuple[int, ...]:
    """The kept seats and the nearest others that are still there."""
    missing = size - len(kept)
    if missing <= 0:
        return tuple(kept[:size])
    left = free.difference(kept)
    usable = left - hall.exempt
    others = _side_by_side(hall, left, usable, missing, near, 1) or split_parties(hall, left, usable, missing, near, 1)
    return (*kept, *others[0]) if others else ()
