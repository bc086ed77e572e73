"""No seat left alone: whether a choice isolates a free seat that another placement in the same run would
not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from app.domain.hall import Hall, Seat, hall_of, windows

SHIFTS = 2


@dataclass(frozen=True, slots=True)
class OrphanVerdict:
    """`shifts` are whole choices of the same size that leave nobody alone, the nearest first; empty when
    not refused."""

    refused: bool
    orphans: tuple[int, ...] = ()
    shifts: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Finding:
    orphans: list[int]
    chosen: list[int]
    better: list[tuple[int, ...]]


def orphans(seats: Iterable[Seat] | Hall, free_ids: Collection[int], chosen: Collection[int]) -> OrphanVerdict:
    """Judges a choice. Free seats are those the buyer may have, their own held ones too; chosen ones count as
    free.

    Wheelchair spaces and companion seats are never orphans and choosing them isolates nobody.
    """
    hall = hall_of(seats)
    wanted = set(chosen)
    free = set(free_ids) | wanted
    runs = {hall.by_id[one].run for one in wanted}
    findings = [finding for run in sorted(runs) if (finding := _judged(hall, run, free, wanted))]
    return OrphanVerdict(
        refused=bool(findings),
        orphans=tuple(one for finding in findings for one in finding.orphans),
        shifts=_shifts(hall, wanted, findings),
    )


def _judged(hall: Hall, run: int, free: set[int], wanted: set[int]) -> _Finding | None:
    """What is wrong with the choice in this run, or None if it isolates nobody or nothing better is there."""
    stretches = hall.of_run[run]
    here = [seat.id for stretch in stretches for seat in stretch if seat.id in wanted and seat.id not in hall.exempt]
    # Wheelchair spaces and companion seats that are chosen count as gone beforehand: they are exempt.
    before = {
        seat.id
        for stretch in stretches
        for seat in stretch
        if seat.id in free and not (seat.id in wanted and seat.id in hall.exempt)
    }
    after = before.difference(here)
    alone = [
        one
        for stretch in stretches
        for one in _isolated(stretch, after) - _isolated(stretch, before)
        if one not in hall.exempt
    ]
    if not alone:
        return None
    better = _placements(hall, stretches, before, here)
    return _Finding(sorted(alone), here, better) if better else None


def _isolated(stretch: list[Seat], free: set[int]) -> set[int]:
    ids = [seat.id for seat in stretch]
    return {
        one
        for index, one in enumerate(ids)
        if one in free
        and not (index and ids[index - 1] in free)
        and not (index + 1 < len(ids) and ids[index + 1] in free)
    }


def _placements(hall: Hall, stretches: list[list[Seat]], free: set[int], here: list[int]) -> list[tuple[int, ...]]:
    """Where in the run the same number could sit side by side without isolating anybody, the likest first."""
    usable = free - hall.exempt
    middle = hall.middle(here)[0]
    categories = {hall.by_id[one].category for one in here}
    ranked = []
    for stretch in stretches:
        for window in windows(hall, stretch, free, usable, len(here), hall.cost):
            if not window.alone:
                others = sum(hall.by_id[one].category not in categories for one in window.ids)
                moved = len(set(window.ids) - set(here))
                distance = round(abs(hall.middle(window.ids)[0] - middle), 6)
                ranked.append((others, window.split_pairs, moved, distance, window.cost, window.ids))
    return [each[-1] for each in sorted(ranked)]


def _shifts(hall: Hall, wanted: set[int], findings: list[_Finding]) -> tuple[tuple[int, ...], ...]:
    """Whole choices: in each run that is refused, its best placement; then the first run's next best."""
    if not findings:
        return ()
    kept = wanted.difference(*(finding.chosen for finding in findings))
    rest = [one for finding in findings[1:] for one in finding.better[0]]
    return tuple(_in_order(hall, [*kept, *better, *rest]) for better in islice(findings[0].better, SHIFTS))


def _in_order(hall: Hall, ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(ids, key=lambda one: (hall.by_id[one].run, hall.by_id[one].position)))
