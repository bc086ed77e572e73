"""A block of an auditorium that is changed: other seats, another time, another reason.

What was true of shows that are over stays true: the block ends at that instant, and another one that says which it
stands for begins at the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.staff import By
from app.domain.states import SeatState
from app.errors import Invalid
from app.models import Screen, SeatBlock
from app.services.audit import audit
from app.services.blocking import (
    check_words,
    labels_of,
    lift_all,
    living_block,
    locked_screen,
    named_seats,
    settle_coming,
    write_block,
)
from app.services.holds import again_if_locked


@dataclass(frozen=True, slots=True)
class BlockChange:
    """How a block of an auditorium is to be. Instants are UTC; without a beginning at once, without an end for good."""

    seat_ids: frozenset[int]
    reason: str
    from_at: dt.datetime | None = None
    until_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class BlockChanged:
    """What a change did to the seats of coming shows: taken out of use, put back, in how many shows."""

    block_id: int
    out: int
    back: int
    shows: int
    names: tuple[str, ...]
    """The seats of the block as it is now."""


def change_screen_block(by: By, screen_id: int, block_id: int, wanted: BlockChange) -> BlockChanged | None:
    """Change a block that stands; None if nothing is different. It gets another id.

    Free seats follow at once in all coming shows, held and sold ones when they are given up. Seats of the block that
    the version in use does not have stay in it. Raises Invalid (no seats, no reason, an end that is not after the
    beginning or is over), InvalidSeats, NotFound, ConcurrentModification if somebody else changed or ended it, Busy.
    Locks as block_screen() does.
    """
    return again_if_locked(lambda: _change_once(by, screen_id, block_id, wanted))


def _change_once(by: By, screen_id: int, block_id: int, wanted: BlockChange) -> BlockChanged | None:
    check_words(wanted.reason, wanted.seat_ids)
    with transaction() as session:
        screen = locked_screen(session, screen_id)
        block, guids = living_block(session, screen_id, block_id)
        _check_end(wanted)
        seats = named_seats(session, screen.layout_id or 0, sorted(wanted.seat_ids))
        fresh = {seat.guid for seat in seats} | _elsewhere(session, screen, guids)
        before, after = _facts(session, screen, block, guids), _facts(session, screen, wanted, fresh)
        if (before, set(guids)) == (after, fresh):
            return None
        now = clock.now()
        lift_all(session, by, block_id, guids, now)
        new = SeatBlock(
            screen_id=screen_id, from_at=wanted.from_at, until_at=wanted.until_at, reason=wanted.reason.strip(),
            replaces_id=block_id,
        )  # fmt: skip
        write_block(session, by, new, fresh, now)
        changed = settle_coming(session, screen_id, fresh.union(guids), *_both(block, wanted), now)
        audit(
            session, by, Action.SCREEN_BLOCK_CHANGED, screen_id,
            cinema_id=screen.cinema_id, before=before, after=after, reason=wanted.reason,
        )  # fmt: skip
    out, back = (sum(one[state] for one in changed.values()) for state in (SeatState.BLOCKED, SeatState.FREE))
    return BlockChanged(new.id, out, back, len(changed), tuple(after["seats"]))


def _check_end(wanted: BlockChange) -> None:
    now = clock.now()
    if wanted.until_at is not None and wanted.until_at <= max(now, wanted.from_at or now):
        raise Invalid("The end has to lie after the beginning, and ahead. To end the block now, press End it.")


_IN_USE = text("SELECT guid FROM seats WHERE layout_id = :layout_id AND guid = ANY(:guids)")


def _elsewhere(session: Session, screen: Screen, guids: Collection[str]) -> set[str]:
    """Seats of the block that the version in use does not have: nobody sees them on the map to take them away."""
    values = {"layout_id": screen.layout_id, "guids": list(guids)}
    return set(guids) - set(session.execute(_IN_USE, values).scalars())


def _facts(session: Session, screen: Screen, of: SeatBlock | BlockChange, guids: Collection[str]) -> dict[str, Any]:
    seats = labels_of(session, screen, guids)
    return {"seats": seats, "from": of.from_at, "until": of.until_at, "reason": of.reason.strip()}


def _both(one: SeatBlock, other: BlockChange) -> tuple[dt.datetime | None, dt.datetime | None]:
    """From where the first of the two begins until the last one ends."""
    starts, ends = (one.from_at, other.from_at), (one.until_at, other.until_at)
    known_starts, known_ends = [at for at in starts if at], [at for at in ends if at]
    return (
        min(known_starts) if len(known_starts) == 2 else None,
        max(known_ends) if len(known_ends) == 2 else None,
    )
