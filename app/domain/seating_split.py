"""Seats for a party that can't sit side by side: as few parts as the hall allows, near each other, nobody
alone."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass

from app.domain.hall import Hall, Seat, Window, parts_of, windows
from app.domain.orphan_rule import orphans

ANCHORS = 12
"""From how many of the best places a split is tried; more makes a full hall slow and the answer hardly
better."""
NEAREST = 60


@dataclass(frozen=True, slots=True)
class _Piece:
    """Free seats side by side, as many as there are."""

    seats: tuple[Seat, ...]
    x: float
    y: float
    cost: float

    @property
    def length(self) -> int:
        return len(self.seats)


def split_parties(
    hall: Hall, free: set[int], usable: set[int], size: int, cost: dict[int, float], top: int
) -> list[tuple[int, ...]]:
    """Up to `top` ways to seat the party in parts, the best first; empty if the seats don't suffice."""
    pieces = _pieces(hall, usable, cost)
    parts = _fewest_parts(pieces, size)
    if parts == 0:
        return []
    pairs = [piece for piece in pieces if piece.length > 1]
    if size >= 2 * parts and _fewest_parts(pairs, size) == parts:
        pieces = pairs
    ranked = []
    for anchor in heapq.nsmallest(ANCHORS, pieces, key=lambda piece: (piece.cost, piece.seats[0].id)):
        chosen = _gathered(anchor, pieces, parts, size)
        if chosen:
            ranked.append(_seated(hall, free, usable, chosen, _sizes(chosen, size), cost))
    best = sorted(set(ranked))
    allowed = [each for each in best if not each[0]] or best
    return [ids for *_, ids in allowed[:top]]


def _pieces(hall: Hall, usable: Collection[int], cost: dict[int, float]) -> list[_Piece]:
    pieces = []
    for stretch in hall.stretches:
        for first, end in parts_of(stretch, usable):
            seats = tuple(stretch[first:end])
            count = len(seats)
            pieces.append(
                _Piece(
                    seats,
                    sum(seat.x for seat in seats) / count,
                    sum(seat.y for seat in seats) / count,
                    round(sum(cost[seat.id] for seat in seats) / count, 9),
                )
            )
    return pieces


def _fewest_parts(pieces: list[_Piece], size: int) -> int:
    """How many pieces are needed at least; 0 if all of them don't suffice."""
    for parts, piece in enumerate(sorted(pieces, key=lambda piece: -piece.length), 1):
        size -= piece.length
        if size <= 0:
            return parts
    return 0


def _gathered(anchor: _Piece, pieces: list[_Piece], parts: int, size: int) -> list[_Piece]:
    """The anchor and the nearest pieces to it that together, in so few parts, have room for all."""
    longest = heapq.nlargest(parts, pieces, key=lambda piece: piece.length)
    chosen = [anchor]
    missing = size - anchor.length
    if missing > _room(longest, chosen, parts - 1):
        return []
    around = heapq.nsmallest(
        max(NEAREST, 2 * parts),
        (piece for piece in pieces if piece is not anchor),
        key=lambda piece: ((piece.x - anchor.x) ** 2 + (piece.y - anchor.y) ** 2, piece.seats[0].id),
    )
    for piece in [*around, *longest]:
        if missing <= 0:
            break
        if any(piece is each for each in chosen):
            continue
        if missing - piece.length <= _room(longest, [*chosen, piece], parts - len(chosen) - 1):
            chosen.append(piece)
            missing -= piece.length
    return chosen if missing <= 0 else []


def _room(longest: list[_Piece], chosen: list[_Piece], parts: int) -> int:
    left = [piece.length for piece in longest if not any(piece is each for each in chosen)]
    return sum(left[:parts])


def _sizes(pieces: list[_Piece], size: int) -> list[int]:
    """How many sit in each piece: evened out, so that one is left alone only where the pieces force it."""
    sizes = [piece.length for piece in pieces]
    for _ in range(sum(sizes) - size):
        largest = max(range(len(sizes)), key=lambda index: (sizes[index], index))
        sizes[largest] -= 1
    return sizes


Ranked = tuple[bool, int, int, float, float, tuple[int, ...]]


def _seated(
    hall: Hall,
    free: set[int],
    usable: set[int],
    pieces: list[_Piece],
    sizes: list[int],
    cost: dict[int, float],
) -> Ranked:
    """The parts put as near to each other as they go, with what ranks them among other splits."""
    x = sum(piece.x for piece in pieces) / len(pieces)
    y = sum(piece.y for piece in pieces) / len(pieces)
    parts: list[Window] = []
    for piece, size in zip(pieces, sizes, strict=True):
        near = {seat.id: (seat.x - x) ** 2 + (seat.y - y) ** 2 for seat in piece.seats}
        stretch = hall.stretch_of[piece.seats[0].id]
        here = {seat.id for seat in piece.seats} & usable
        parts.append(min(windows(hall, stretch, free, here, size, near)))
    ids = tuple(one for part in sorted(parts, key=lambda part: _place(hall, part.ids[0])) for one in part.ids)
    return (
        orphans(hall, free, ids).refused,
        sizes.count(1),
        sum(part.alone for part in parts),
        round(sum(part.cost for part in parts), 6),
        round(sum(cost[one] for one in ids), 6),
        ids,
    )


def _place(hall: Hall, one: int) -> tuple[int, int, int]:
    seat = hall.by_id[one]
    return seat.row_index, seat.run, seat.position
