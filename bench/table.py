"""The table: what a row is, when it misses its target, and how it is printed. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

Pair = tuple[float, float]
"""A figure and its floor, measured one after the other, both per second."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure against its floor. `least` is the ratio it must reach; without one the row is only told."""

    title: str
    floor: str
    pairs: Sequence[Pair]
    least: float | None = None
    seconds: Sequence[float] = field(default=(), repr=False)
    """How long each call or answer of the figure took."""

    @property
    def ratio(self) -> float:
        """The median of the paired ratios, not the ratio of the medians: both halves of a pair saw the same machine."""
        return median(figure / floor for figure, floor in self.pairs)

    @property
    def missed(self) -> bool:
        return self.least is not None and self.ratio < self.least

    def cells(self) -> list[str]:
        figure, floor = (median(side) for side in zip(*self.pairs, strict=True))
        least = "" if self.least is None else f"{self.least:.2f}"
        spent = [f"{milliseconds:.1f}" for milliseconds in percentiles(self.seconds)]
        mark = "MISSED" if self.missed else ""
        return [self.title, rate(figure), rate(floor), f"{self.ratio:.2f}", least, *spent, mark, self.floor]


HEAD = ["figure", "per second", "floor", "ratio", "at least", "p50 ms", "p95 ms", "", "floor is"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing measured beside the table, in words; `missed` when it has a limit and passed it."""

    title: str
    words: str
    missed: bool = False

    def __str__(self) -> str:
        return f"{self.title}: {self.words}{'  MISSED' if self.missed else ''}"


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    cuts = quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else [*seconds] * 19 or [0.0] * 19
    return cuts[9] * 1000, cuts[18] * 1000


def rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"


def table(rows: Iterable[Row]) -> str:
    """The rows in columns; numbers stand under each other."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    words = (0, len(HEAD) - 2, len(HEAD) - 1)
    return [
        cell.ljust(width) if place in words else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def exit_status(results: Iterable[Row | Fact]) -> int:
    """1 when anything misses its target."""
    return int(any(result.missed for result in results))
