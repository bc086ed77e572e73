"""Whether what buyers were told fits what the database did: every seat is a register, its writes have one order."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import text

from app.config import settings
from app.db import db, end_read
from tests.support.buyers import Answer

ENDS = {"expired", "released", "cancelled"}


@dataclass(frozen=True)
class Stay:
    """The time from `start` until `end` (None: still) for which a seat was one booking's."""

    seat_id: int
    booking_id: int
    start: dt.datetime
    end: dt.datetime | None


def stays(show_id: int) -> list[Stay]:
    """Every stay of every booking on every seat of the show, from the log of state changes."""
    changes = defaultdict(list)
    for row in _rows(_CHANGES, show_id):
        changes[row.subject_id].append(row)
    found = []
    for row in _rows(_SEATS_HAD, show_id):
        found += [Stay(row.seat_id, row.booking_id, *span) for span in _spans(changes[row.booking_id])]
    return sorted(found, key=lambda stay: (stay.seat_id, stay.start, stay.end is None, stay.end or stay.start))


def _spans(changes: Sequence[Any]) -> Iterable[tuple[dt.datetime, dt.datetime | None]]:
    start: dt.datetime | None = None
    for change in changes:
        if change.after in ENDS:
            assert start is not None
            yield start, change.at
            start = None
        elif start is None:
            start = change.at
    if start is not None:
        yield start, None


_CHANGES = text(
    "SELECT subject_id, before, after, at FROM state_changes WHERE show_id = :show_id AND subject = 'booking' ORDER BY id"
)
_SEATS_HAD = text("SELECT DISTINCT seat_id, booking_id FROM tickets WHERE show_id = :show_id")
_VERSIONS = text("""
SELECT s.seat_id, s.version, s.state, s.booking_id, coalesce(sum(
         (t.number <= b.seat_count)::int + (t.state = 'void')::int
         + (t.state IN ('issued', 'admitted') OR b.state = 'cancelled')::int
         + CASE WHEN t.number > b.seat_count THEN 0 ELSE (b.extended_at IS NOT NULL)::int + (
             b.payment_started_at IS NOT NULL
             AND b.expires_at <> b.held_at + make_interval(mins => :hold)
             + CASE WHEN b.extended_at IS NULL THEN interval '0' ELSE make_interval(mins => :extension) END)::int END
       ), 0) AS writes
FROM show_seats s
LEFT JOIN tickets t ON t.show_id = s.show_id AND t.seat_id = s.seat_id
LEFT JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
WHERE s.show_id = :show_id GROUP BY s.show_id, s.seat_id
""")


def _rows(statement: Any, show_id: int, **values: object) -> Sequence[Any]:
    rows = db.session.execute(statement, {"show_id": show_id, **values}).all()
    end_read()
    return rows


def overlaps(show_id: int) -> list[str]:
    """Seats that two bookings had at once, by the clock read under the locks."""
    wrong = []
    for one, next_one in pairwise(stays(show_id)):
        if one.seat_id == next_one.seat_id and (one.end is None or next_one.start < one.end):
            wrong.append(f"seat {one.seat_id}: bookings {one.booking_id} and {next_one.booking_id} at once")
    return wrong


def miscounted(show_id: int) -> list[str]:
    """Seats whose version is not the number of writes that their bookings' lives explain.

    A hold, its end, its prolonging and its sale are one write each; a late sale takes a free seat with one write. For
    shows in which nothing was moved by hand.
    """
    rows = _rows(_VERSIONS, show_id, hold=settings.hold_minutes, extension=settings.extension_minutes)
    return [
        f"seat {row.seat_id}: version {row.version}, {row.writes} writes" for row in rows if row.version != row.writes
    ]


def untrue_refusals(show_id: int, refused: Iterable[tuple[Sequence[int], Answer]]) -> list[str]:
    """Buyers who were told "taken" although nobody else had any of their seats between the question and the answer."""
    by_seat = defaultdict(list)
    for stay in stays(show_id):
        by_seat[stay.seat_id].append(stay)
    wrong = []
    for seats, answer in refused:
        if not any(_during(stay, answer) for seat in seats for stay in by_seat[seat]):
            wrong.append(f"refused {seats} with {answer.status}, but nobody had them")
    return wrong


def _during(stay: Stay, answer: Answer) -> bool:
    sent, answered = (dt.datetime.fromtimestamp(at, dt.UTC) for at in (answer.sent, answer.answered))
    return stay.start <= answered and (stay.end is None or stay.end >= sent)


def live_seats(show_id: int) -> dict[str, list[int]]:
    """The seats of every live booking of the show, by its code."""
    found = defaultdict(list)
    for row in _rows(_LIVE, show_id):
        found[row.code].append(row.seat_id)
    return dict(found)


_LIVE = text("""
SELECT b.code, t.seat_id FROM bookings b
JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
WHERE b.show_id = :show_id AND b.state IN ('held', 'awaiting_payment', 'confirmed') ORDER BY t.seat_id
""")
