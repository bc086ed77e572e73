"""Row locks: SELECT … FOR UPDATE, rows taken in the order of seat ids, so that two buyers never wait for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

# Joins nothing: a joined table would be read from the snapshot of before the wait.
_LOCK = text(
    "SELECT seat_id, state, booking_id, held_until FROM show_seats "
    "WHERE show_id = :show_id AND seat_id = ANY(:seat_ids) ORDER BY seat_id FOR UPDATE"
)


class RowLocks:
    def lock(self, session: Session, show_id: int, seat_ids: Sequence[int]) -> Sequence[Row[Any]]:
        return session.execute(_LOCK, {"show_id": show_id, "seat_ids": list(seat_ids)}).all()
