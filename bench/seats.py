"""Which seats the measured buyers want: pairs that never leave a single seat, whatever the order they are taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from sqlalchemy import text

from app.db import db, end_read
from app.domain.seating import orphans
from app.queries.layouts import LayoutFacts, layout_facts

Pair = tuple[int, int]


def layout_of(show_id: int) -> LayoutFacts:
    layout_id = db.session.execute(text("SELECT layout_id FROM shows WHERE id = :id"), {"id": show_id}).scalar_one()
    layout = layout_facts(layout_id)
    end_read()
    return layout


def a_show_of(seats: int) -> int:
    """The first show in a hall of so many seats."""
    found = text("SELECT s.id FROM shows s JOIN layouts l ON l.id = s.layout_id WHERE l.seat_count = :seats ORDER BY 1")
    show_id: int = db.session.execute(found, {"seats": seats}).scalars().first()  # type: ignore[assignment]
    end_read()
    return show_id


def pairs_of(layout: LayoutFacts) -> list[Pair]:
    """Neighbours throughout the hall, of stretches that divide evenly into pairs."""
    stretches = [stretch for run in layout.hall.of_run.values() for stretch in run]
    even = [stretch for stretch in stretches if len(stretch) % 2 == 0]
    found = [(left.id, right.id) for seats in even for left, right in zip(seats[::2], seats[1::2], strict=True)]
    everything = {seat.id for seat in layout.seats}
    ordinary = {seat.id for seat in layout.seats} - layout.hall.exempt
    return [pair for pair in found if ordinary.issuperset(pair) and not orphans(layout.hall, everything, pair).refused]


def places(shows: Sequence[int], pairs: Sequence[Pair]) -> Iterator[tuple[int, Pair]]:
    """Every pair of every show, one show after the other."""
    return product(shows, pairs)


def threes_of(layout: LayoutFacts) -> list[tuple[int, ...]]:
    """Three seats at either end of each long row, from the front of the hall to its back."""
    stretches = [stretch for run in layout.hall.of_run.values() for stretch in run]
    long = [[seat.id for seat in stretch] for stretch in stretches if len(stretch) >= 10]
    ordinary = [ids for ids in long if not layout.hall.exempt.intersection(ids)]
    return [tuple(three) for ids in ordinary for three in (ids[:3], ids[-3:])]
