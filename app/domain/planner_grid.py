"""A lane of the planner as the cells of a table row: columns of five minutes, no two cells in one place, whatever the times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MINUTES = 5
HOUR = 60 // MINUTES


class Planned(Protocol):
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def film_ends_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime: ...


T = TypeVar("T", bound=Planned)


@dataclass(frozen=True, slots=True)
class Cell(Generic[T]):
    """`show` for a show, `clean` for what follows it, else nothing is there. `span` is columns."""

    kind: str
    span: int
    show: T | None = None


def cells(shows: Iterable[T], start: dt.datetime, columns: int) -> list[Cell[T]]:
    """The cells of a lane that begins at `start`. A show has at least one column; what lies beyond the end is cut off."""
    lane: list[Cell[T]] = []
    at = 0
    for show in sorted(shows, key=lambda one: one.starts_at):
        begin = min(max(at, _column(show.starts_at, start)), columns - 1)
        if begin < at:
            continue
        end = min(max(begin + 1, _column(show.film_ends_at, start)), columns)
        clean = min(max(end, _column(show.ends_at, start)), columns)
        parts = [("", begin - at, None), ("show", end - begin, show), ("clean", clean - end, None)]
        lane += [Cell(kind, span, one) for kind, span, one in parts if span]
        at = clean
    return lane + ([Cell("", columns - at)] if columns > at else [])


def _column(instant: dt.datetime, start: dt.datetime) -> int:
    return round((instant - start).total_seconds() / (60 * MINUTES))


def hours_needed(spans: Sequence[tuple[float, float]], first: int = 4, last: int = 18) -> tuple[int, int]:
    """From which hour to which hour after the days' beginning the table runs: what is usual, and more if shows need it.

    `spans`: hours from the beginning of a show's day to its start and its end.
    """
    begin = min([first, *(int(start) for start, _ in spans)])
    end = max([last, *(-int(-end // 1) for _, end in spans)])
    return max(begin, 0), min(end, 25)
