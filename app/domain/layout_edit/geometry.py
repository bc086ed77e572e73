"""Where the seats of a row stand: evenly, with aisles, on an arc. Points are absolute and go from left to right."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise
from statistics import median_low

Point = tuple[float, float]
AISLE = 1.45
"""A gap this many times the usual one is an aisle, as for the import (plan_layout.py)."""


def gaps_of(points: Sequence[Point]) -> list[float]:
    return [math.dist(one, other) for one, other in pairwise(points)]


def straight(seats: int, pitch: float, aisles: Collection[int] = (), width: float = 0.0) -> list[Point]:
    """A row from the origin to the right; an aisle of this width stands behind each of these places (the first is 1)."""
    steps = [pitch + (width if place in aisles else 0.0) for place in range(1, seats)]
    return [(x, 0.0) for x in accumulate(steps, initial=0.0)][:seats]


def curved(points: Sequence[Point], depth: float) -> list[Point]:
    """The row on an arc: its ends come forward by `depth` (or go back, below zero), distances along it stay.

    The middle keeps its place, so the same depth twice changes nothing, and none makes the row straight.
    """
    if len(points) < 2:
        return list(points)
    along = list(accumulate(gaps_of(points), initial=0.0))
    length = along[-1]
    depth = max(-length / 4, min(length / 4, depth))  # a short row bent further would curl up
    middle_x = (points[0][0] + points[-1][0]) / 2
    middle_y = points[len(points) // 2][1] if len(points) % 2 else _between(points)
    if not depth or not length:
        return [(middle_x + one - length / 2, middle_y) for one in along]
    radius = length * length / (8 * depth)
    angles = [(one - length / 2) / radius for one in along]
    lift = radius * (1 - math.cos(angles[len(points) // 2]))
    return [(middle_x + radius * math.sin(angle), middle_y + lift - radius * (1 - math.cos(angle))) for angle in angles]


def _between(points: Sequence[Point]) -> float:
    place = len(points) // 2
    return (points[place - 1][1] + points[place][1]) / 2


def spread(points: Sequence[Point], pitch: float) -> list[Point]:
    """Neighbours this far apart; aisles stay as wide as they are; the row's middle stays where it is.

    A curve is kept in its shape: every step goes the way it went.
    """
    if len(points) < 2:
        return list(points)
    gaps = gaps_of(points)
    usual = usual_gap(points)
    new = [(points[0][0], points[0][1])]
    for (one, other), gap in zip(pairwise(points), gaps, strict=True):
        wanted = pitch + (gap - usual if gap > AISLE * usual else 0.0)
        share = wanted / gap if gap else 0.0
        new.append((new[-1][0] + (other[0] - one[0]) * share, new[-1][1] + (other[1] - one[1]) * share))
    shift_x = (points[0][0] + points[-1][0] - new[0][0] - new[-1][0]) / 2
    shift_y = (points[0][1] + points[-1][1] - new[0][1] - new[-1][1]) / 2
    return [(x + shift_x, y + shift_y) for x, y in new]


def usual_gap(points: Sequence[Point], otherwise: float = 26.0) -> float:
    """How far apart neighbours usually are."""
    gaps = [gap for gap in gaps_of(points) if gap > 0]
    return median_low(gaps) if gaps else otherwise


def with_aisle(points: Sequence[Point], after: int, width: float) -> list[Point]:
    """An aisle of this width behind that place (the first is 1), or none with 0; both halves give way alike."""
    if not 0 < after < len(points):
        return list(points)
    gaps = gaps_of(points)
    others = [gap for place, gap in enumerate(gaps, 1) if place != after and gap > 0] or [26.0]
    wider = median_low(others) + width - gaps[after - 1]
    return [(x + (wider / 2 if place >= after else -wider / 2), y) for place, (x, y) in enumerate(points)]
