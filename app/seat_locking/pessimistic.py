"""Row locks: SELECT … FOR UPDATE, rows taken in the order of seat ids, so that two buyers never wait for each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.db import Hot, array_of


class LockedSeat(NamedTuple):
    """A seat as it is under its lock."""

    seat_id: int
    state: str
    booking_id: int | None
    held_until: dt.datetime | None


# Joins nothing: a joined table would be read from the snapshot of before the wait.
_LOCK = Hot(
    "SELECT seat_id, state, booking_id, held_until FROM show_seats "
    "WHERE show_id = :show_id AND seat_id = ANY(CAST(:seat_ids AS bigint[])) ORDER BY seat_id FOR UPDATE",
    LockedSeat,
)


class RowLocks:
    def lock(self, session: Session, show_id: int, seat_ids: Sequence[int]) -> Sequence[LockedSeat]:
        return _LOCK.rows(session, {"show_id": show_id, "seat_ids": array_of(seat_ids)})
