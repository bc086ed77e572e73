"""How seats are reserved against everyone else who wants them at the same instant.

A strategy locks the rows of the wanted seats; the hold then judges them and writes. Whatever the strategy does, the
unique index over live tickets is the last line. `seat_locking()` gives the one that SEAT_LOCKING names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.config import BadSetting, settings
from app.seat_locking.pessimistic import RowLocks


class SeatLocking(Protocol):
    """One way to make seats ours for the length of a transaction."""

    def lock(self, session: Session, show_id: int, seat_ids: Sequence[int]) -> Sequence[Any]:
        """The rows of these seats of the show, in seat order, nobody else able to change them until we commit.

        Each row has seat_id, state, booking_id, held_until. Seats that the show has not are missing.
        """


STRATEGIES: dict[str, SeatLocking] = {"pessimistic": RowLocks()}


def seat_locking() -> SeatLocking:
    """The strategy in force. Raises BadSetting for a name nobody knows."""
    try:
        return STRATEGIES[settings.seat_locking]
    except KeyError:
        raise BadSetting(f"SEAT_LOCKING is one of {', '.join(STRATEGIES)}") from None
