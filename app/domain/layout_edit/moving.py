"""Which shows can follow their screen to a new version of its seats: a seat that somebody has keeps its id and its name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeatName:
    """A seat of one version: `id` in the database, `guid` across versions, `label` as tickets say it."""

    id: int
    guid: str
    label: str


@dataclass(frozen=True, slots=True)
class Match:
    """Old seat → its successor; `gone` and `renamed` are the labels that stand in the way."""

    successors: Mapping[int, int]
    gone: tuple[str, ...]
    renamed: tuple[str, ...]

    @property
    def why_not(self) -> str:
        """A sentence, empty where nothing is in the way."""
        parts = []
        if self.gone:
            parts.append(f"{_listed(self.gone)} would vanish")
        if self.renamed:
            parts.append(f"{_listed(self.renamed)} would change the name")
        return f"Booked seats: {', and '.join(parts)}." if parts else ""


def match(old: Iterable[SeatName], new: Iterable[SeatName], booked: Collection[int], known: Collection[int]) -> Match:
    """Find each old seat again by its guid. `booked` seats must keep their label; `known` ones, which the books name
    though nobody has them now, must be there."""
    by_guid = {seat.guid: seat for seat in new}
    successors, gone, renamed = {}, [], []
    for seat in old:
        successor = by_guid.get(seat.guid)
        if successor is not None:
            successors[seat.id] = successor.id
            if seat.id in booked and successor.label != seat.label:
                renamed.append(f"{seat.label} (to {successor.label})")
        elif seat.id in booked or seat.id in known:
            gone.append(seat.label)
    return Match(successors, tuple(gone), tuple(renamed))


MOST_NAMED = 6


def _listed(labels: tuple[str, ...]) -> str:
    more = len(labels) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
