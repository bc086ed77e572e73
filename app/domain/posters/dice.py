"""Chance with a memory: the same seed always throws the same numbers, on every Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = 2**64 - 1


class Dice:
    """Numbers drawn from a seed (splitmix64); not for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        value = self._state
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        return value ^ (value >> 31)

    def share(self) -> float:
        """0 up to, not with, 1."""
        return (self._next() >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """Both ends can come."""
        return low + self._next() % (high - low + 1)

    def pick(self, things: Sequence[T]) -> T:
        return things[self._next() % len(things)]

    def chance(self, share: float) -> bool:
        return self.share() < share

    def heights(self, count: int, middle: float, swing: float) -> list[float]:
        """Heights round a middle, neighbours on different sides of it more often than not."""
        heights, side = [], self.pick((-1, 1))
        for _ in range(count):
            heights.append(middle + swing * side * self.between(0.05, 1))
            side = -side if self.chance(0.72) else side
        return heights
