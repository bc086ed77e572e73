"""How many will come to a show that is still being sold: what it has sold, and what shows like it still gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST = 3
"""Shows that a forecast must rest on; with fewer there is none."""
MOST = 30


@dataclass(frozen=True, slots=True)
class Curve:
    """The bookings of one finished show: days before it → seats gained on that day, given-back ones taken off."""

    gained: Mapping[int, int]

    @property
    def final(self) -> int:
        return sum(self.gained.values())

    def sold_at(self, days_before: int) -> int:
        """Seats sold by the end of the day that is so many days before the show."""
        return sum(seats for days, seats in self.gained.items() if days >= days_before)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, and between what half of the shows like it would have ended; `like` is how many those are."""

    expected: int
    low: int
    high: int
    like: int


def forecast(sold: int, days_before: int, like: Sequence[Curve], seats: int, least: int = 0) -> Forecast | None:
    """Expected admissions of a show with `sold` of `seats` seats sold so many days before; None with too few like it.

    `least` is what is sold by now, if more days have begun. Each like show says how many it gained from that day on;
    the middle of them is added. The first MOST count.
    """
    ends = sorted(_within(sold + one.final - one.sold_at(days_before), max(sold, least), seats) for one in like[:MOST])
    if len(ends) < LEAST:
        return None
    quarter = len(ends) // 4
    return Forecast(_middle(ends), ends[quarter], ends[-1 - quarter], len(ends))


def _within(number: int, least: int, most: int) -> int:
    return max(min(least, most), min(number, most))


def _middle(ordered: Sequence[int]) -> int:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half] + 1) // 2
