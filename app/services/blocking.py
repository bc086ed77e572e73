"""Seats out of use for one show: broken, kept for guests, in front of a camera."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.db import on_commit, transaction
from app.domain.states import SeatState
from app.errors import SeatsTaken
from app.queries.seat_map import forget_seat_map
from app.seat_locking import seat_locking

_BLOCK = text(
    "UPDATE show_seats SET state = 'blocked', version = version + 1 WHERE show_id = :show_id AND seat_id = ANY(:seat_ids)"
)


def block_seats(show_id: int, seat_ids: Sequence[int]) -> int:
    """Take free seats out of use; gives how many. Raises SeatsTaken (details: `taken`) if one is not free."""
    with transaction() as session:
        rows = seat_locking().lock(session, show_id, seat_ids)
        taken = [row.seat_id for row in rows if row.state not in (SeatState.FREE, SeatState.BLOCKED)]
        if taken:
            raise SeatsTaken("Some of these seats are held or sold.", taken=taken)
        fresh = [row.seat_id for row in rows if row.state == SeatState.FREE]
        session.execute(_BLOCK, {"show_id": show_id, "seat_ids": fresh})
        on_commit(lambda: forget_seat_map(show_id))
    return len(fresh)
