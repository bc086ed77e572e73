"""From seats scattered on a plane to rows, runs between aisles, and a grid of table cells. Knows no file
format."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low

AISLE = 1.45
"""A gap this many times the usual pitch of its row is an aisle."""
PAIR_AISLE = 1.85
"""The same over the smaller pitch of a row whose seats come in pairs with a table between."""
CROSS_AISLE = 1.45
SAME_LINE = 0.4
"""Rows beside each other share a table line when they differ by less than this part of the distance
between rows."""
EMPTY_COLUMNS = 2
"""Columns that no seat uses are squeezed to this many, so that a far-away box makes no endless table."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A seat on the plane. `row` names its row within its zone; `wide` spaces (wheelchairs) stand further
    apart."""

    x: float
    y: float
    zone: int
    row: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    line: int
    column: int
    row_index: int
    position: int
    run: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; `gap_before` says that people can walk across before it."""

    index: int
    y: float
    gap_before: bool


@dataclass(frozen=True, slots=True)
class Layout:
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    columns: int


@dataclass(slots=True)
class _Row:
    spots: list[int]
    runs: list[list[int]]
    steep: bool


@dataclass(slots=True)
class _Block:
    """Seats that stand in one table line without an empty column between them, unless `step` is above 1."""

    spots: list[int]
    left: float
    right: float
    step: int = 1

    @property
    def length(self) -> int:
        return (len(self.spots) - 1) * self.step + 1


@dataclass(slots=True)
class _OpenLine:
    y: float
    blocks: list[_Block] = field(default_factory=list)
    rows: int = 0


Points = Sequence[tuple[float, float]]


def arrange(spots: Sequence[Spot], rows: Iterable[Sequence[int]], front: tuple[float, float] | None = None) -> Layout:
    """Places every seat; `rows` lists the seats of each row in the file's order, `front` is the screen's
    middle."""
    groups = [list(row) for row in rows if row]
    points = [(spot.x, spot.y) for spot in spots]
    if _sideways(points, groups):
        points = [(y, x) for x, y in points]
        front = front and (front[1], front[0])
    ordered = [_in_order(points, row) for row in groups]
    placed = _with_runs(spots, points, _join_halves(spots, points, ordered))
    pitch = _column_pitch(points, placed)
    row_pitch = _row_pitch(spots, points, placed, pitch)
    lines = _lines(points, placed, pitch, row_pitch)
    columns = _columns(points, lines, pitch)
    line_of = {spot: index for index, line in enumerate(lines) for block in line.blocks for spot in block.spots}
    backwards = front is not None and front[1] > sum(y for _, y in points) / len(points)
    position_of = {spot: position for row in placed for position, spot in enumerate(row.spots)}
    places: dict[int, Place] = {}
    for run, row, seats in _numbered_runs(placed, line_of, columns):
        depth = line_of[row.spots[len(row.spots) // 2]]
        depth = len(lines) - 1 - depth if backwards else depth
        for spot in seats:
            places[spot] = Place(line_of[spot], columns[spot], depth, position_of[spot], run)
    return Layout(
        places=tuple(places[index] for index in range(len(spots))),
        lines=tuple(_described(lines, row_pitch)),
        columns=max(columns.values()) + 1,
    )


def _numbered_runs(
    rows: list[_Row], line_of: dict[int, int], columns: dict[int, int]
) -> Iterable[tuple[int, _Row, list[int]]]:
    runs = [(row, run) for row in rows for run in row.runs]
    runs.sort(key=lambda each: (line_of[each[1][0]], columns[each[1][0]]))
    return ((number, row, run) for number, (row, run) in enumerate(runs))


def _distance(points: Points, one: int, other: int) -> float:
    return math.dist(points[one], points[other])


def _extent(points: Points, row: Sequence[int], axis: int) -> float:
    values = [points[spot][axis] for spot in row]
    return max(values) - min(values)


def _steep(points: Points, row: Sequence[int]) -> bool:
    return len(row) > 1 and _extent(points, row, 1) > 2 * _extent(points, row, 0)


def _sideways(points: Points, rows: list[list[int]]) -> bool:
    """Whether the hall is drawn with its rows from top to bottom."""
    long_rows = [row for row in rows if len(row) > 2]
    steep = sum(len(row) for row in long_rows if _steep(points, row))
    return 2 * steep > sum(map(len, long_rows)) > 0


def _in_order(points: Points, row: list[int]) -> list[int]:
    """The row's seats from left to right, or along the way the file goes where that is the shorter walk (a
    horseshoe)."""
    axis = 1 if _steep(points, row) else 0
    by_axis = sorted(row, key=lambda spot: (points[spot][axis], points[spot][1 - axis]))
    if _walk(points, row) < 0.9 * _walk(points, by_axis):
        return row if points[row[0]][axis] <= points[row[-1]][axis] else row[::-1]
    return by_axis


def _walk(points: Points, row: Sequence[int]) -> float:
    return sum(_distance(points, one, other) for one, other in pairwise(row))


def _join_halves(spots: Sequence[Spot], points: Points, rows: list[list[int]]) -> list[list[int]]:
    """Rows of one name in one zone that lie beside each other become one row with an aisle in it."""
    by_name: dict[tuple[int, str], list[list[int]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: points[row[0]][0]):
        parts = by_name[(spots[row[0]].zone, spots[row[0]].row)]
        if parts and _beside(points, parts[-1], row):
            parts[-1].extend(row)
        else:
            parts.append(list(row))
    return [row for parts in by_name.values() for row in parts]


def _beside(points: Points, left: list[int], right: list[int]) -> bool:
    if max(points[spot][0] for spot in left) >= min(points[spot][0] for spot in right):
        return False
    level_left, level_right = [points[spot][1] for spot in left], [points[spot][1] for spot in right]
    slack = max(_walk(points, left) / max(1, len(left) - 1), _walk(points, right) / max(1, len(right) - 1)) / 2
    return min(level_left) <= max(level_right) + slack and min(level_right) <= max(level_left) + slack


def _with_runs(spots: Sequence[Spot], points: Points, rows: list[list[int]]) -> list[_Row]:
    gaps_of_zone: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        gaps_of_zone[spots[row[0]].zone] += _gaps(points, row)
    everywhere = [gap for gaps in gaps_of_zone.values() for gap in gaps]
    result = []
    for row in rows:
        gaps = _gaps(points, row)
        limit = _aisle_limit(gaps, gaps_of_zone[spots[row[0]].zone] or everywhere) if gaps else 0.0
        runs = [[row[0]]]
        for spot, gap in zip(row[1:], gaps, strict=True):
            roomy = 1.3 if spots[spot].wide or spots[runs[-1][-1]].wide else 1.0
            if gap > limit * roomy:
                runs.append([])
            runs[-1].append(spot)
        result.append(_Row(row, runs, _steep(points, row)))
    return result


def _gaps(points: Points, row: Sequence[int]) -> list[float]:
    return [_distance(points, one, other) for one, other in pairwise(row)]


def _aisle_limit(gaps: list[float], zone: list[float]) -> float:
    """The gap from which on it is an aisle: from the row itself if it is long or even, otherwise from its
    zone."""
    even = len(gaps) > 1 and max(gaps) < 1.25 * min(gaps)
    if even and max(gaps) < 2.5 * median_low(zone):
        return AISLE * max(gaps)
    if len(gaps) >= 5:
        return _limit(gaps)
    return min(_limit(zone), PAIR_AISLE * min(gaps)) if min(gaps) < median_low(zone) else _limit(zone)


def _limit(gaps: list[float]) -> float:
    # Seats in pairs have two usual gaps: the value above the middle is the larger one, if that is frequent.
    ordered = sorted(gaps)
    return min(AISLE * ordered[int(0.6 * len(ordered))], PAIR_AISLE * median_low(ordered))


def _column_pitch(points: Points, rows: list[_Row]) -> float:
    """The usual distance of neighbours, pairs with tables averaged: what one column of the table stands
    for."""
    pitches: list[float] = []
    for row in rows:
        for run in row.runs:
            if len(run) > 1:
                pitches += [_walk(points, run) / (len(run) - 1)] * (len(run) - 1)
    if pitches:
        return median_low(pitches)
    lefts = sorted({x for x, _ in points})
    return min((b - a for a, b in pairwise(lefts)), default=1.0)


def _middle(points: Points, seats: Sequence[int]) -> float:
    return sum(points[spot][1] for spot in seats) / len(seats)


def _row_pitch(spots: Sequence[Spot], points: Points, rows: list[_Row], pitch: float) -> float:
    by_zone: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        if not row.steep:
            by_zone[spots[row.spots[0]].zone].append(_middle(points, row.spots))
    steps = []
    for levels in by_zone.values():
        levels.sort()
        steps += [b - a for a, b in pairwise(levels) if b - a > 0.3 * pitch]
    return median_low(steps) if steps else 1.2 * pitch


def _lines(points: Points, rows: list[_Row], pitch: float, row_pitch: float) -> list[_OpenLine]:
    """Table lines from top to bottom. A row that runs downwards (a side box) gives each of its seats to
    its own line."""
    items: list[tuple[float, list[_Block]]] = []
    for row in rows:
        if row.steep:
            items += [(points[spot][1], [_block(points, [spot], pitch)]) for spot in row.spots]
        else:
            items.append((_middle(points, row.spots), [_block(points, run, pitch) for run in row.runs]))
    items.sort(key=lambda item: (item[0], item[1][0].left))
    lines: list[_OpenLine] = []
    for y, blocks in items:
        fitting = [
            line for line in lines[-4:] if abs(line.y - y) <= SAME_LINE * row_pitch and _room(line, blocks, 0.5 * pitch)
        ]
        line = min(fitting, key=lambda each: abs(each.y - y)) if fitting else _OpenLine(y)
        if not fitting:
            lines.append(line)
        line.blocks += blocks
        line.y = (line.y * line.rows + y) / (line.rows + 1)
        line.rows += 1
    return sorted(lines, key=lambda line: line.y)


def _block(points: Points, seats: list[int], pitch: float) -> _Block:
    lefts = [points[spot][0] for spot in seats]
    own = _walk(points, seats) / (len(seats) - 1) if len(seats) > 1 else pitch
    step = max(1, round(own / pitch)) if own > 1.6 * pitch else 1
    return _Block(seats, min(lefts), max(lefts), step)


def _room(line: _OpenLine, blocks: list[_Block], margin: float) -> bool:
    return all(
        mine.left > theirs.right + margin or mine.right < theirs.left - margin
        for mine in blocks
        for theirs in line.blocks
    )


class _Ruler:
    """Which column a place from left to right belongs to, learnt from the lines that are placed already."""

    def __init__(self, pitch: float) -> None:
        self.pitch = pitch
        self.places: list[float] = []
        self.columns: list[int] = []

    def column(self, place: float) -> float:
        if not self.places:
            return place / self.pitch
        right = bisect_left(self.places, place)
        if right == 0:
            return self.columns[0] + (place - self.places[0]) / self.pitch
        if right == len(self.places):
            return self.columns[-1] + (place - self.places[-1]) / self.pitch
        before, after = self.places[right - 1], self.places[right]
        share = (place - before) / (after - before)
        return self.columns[right - 1] + share * (self.columns[right] - self.columns[right - 1])

    def learn(self, place: float, column: int) -> None:
        right = bisect_left(self.places, place)
        near = [self.places[index] for index in (right - 1, right) if 0 <= index < len(self.places)]
        if any(abs(known - place) < 0.75 * self.pitch for known in near):
            return
        if (right == 0 or self.columns[right - 1] < column) and (
            right == len(self.columns) or column < self.columns[right]
        ):
            self.places.insert(right, place)
            self.columns.insert(right, column)


def _columns(points: Points, lines: list[_OpenLine], pitch: float) -> dict[int, int]:
    ruler = _Ruler(pitch)
    columns: dict[int, int] = {}
    for line in sorted(lines, key=lambda line: (-sum(len(block.spots) for block in line.blocks), line.y)):
        line.blocks.sort(key=lambda block: (block.left + block.right, block.left))
        for block, start in zip(line.blocks, _starts(points, line.blocks, ruler), strict=True):
            for offset, spot in enumerate(block.spots):
                columns[spot] = start + offset * block.step
                ruler.learn(points[spot][0], columns[spot])
    return _squeezed(columns)


def _starts(points: Points, blocks: list[_Block], ruler: _Ruler) -> list[int]:
    """First columns, as near to where the blocks stand as they can be without touching (least squares by
    pooling)."""
    room = 0
    pools: list[tuple[float, float, int]] = []
    rooms = []
    for index, block in enumerate(blocks):
        if index:
            empty = round((block.left - blocks[index - 1].right) / ruler.pitch) - 1
            single = len(block.spots) == len(blocks[index - 1].spots) == 1
            room += blocks[index - 1].length + max(0 if single else 1, min(1, empty))
        rooms.append(room)
        wishes = sorted(ruler.column(points[spot][0]) - k * block.step for k, spot in enumerate(block.spots))
        wish = (wishes[(len(wishes) - 1) // 2] + wishes[len(wishes) // 2]) / 2
        pools.append((wish - room, float(len(block.spots)), 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, weight_a, count_a), (b, weight_b, count_b) = pools[-2:]
            weight = weight_a + weight_b
            pools[-2:] = [((a * weight_a + b * weight_b) / weight, weight, count_a + count_b)]
    wished = [value for value, _, count in pools for _ in range(count)]
    return [math.floor(value + 0.5 + 1e-9) + room for value, room in zip(wished, rooms, strict=True)]


def _squeezed(columns: dict[int, int]) -> dict[int, int]:
    new: dict[int, int] = {}
    last = at = 0
    for index, column in enumerate(sorted(set(columns.values()))):
        at += min(column - last, EMPTY_COLUMNS + 1) if index else 0
        new[column], last = at, column
    return {spot: new[column] for spot, column in columns.items()}


def _described(lines: list[_OpenLine], row_pitch: float) -> Iterable[Line]:
    before: float | None = None
    for index, line in enumerate(lines):
        yield Line(index, line.y, before is not None and line.y - before > CROSS_AISLE * row_pitch)
        before = line.y
