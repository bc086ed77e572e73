"""Seats out of use, with a reason: for one show, or for an auditorium while something is mended.

A block names seats by guid, so it stays right when a show gets another version of its auditorium. show_seats.state is
what maps and holds read; settle_blocks() makes it say what the blocks say. A held or sold seat that is given up
during a block becomes blocked in that same statement (block_sql.FREED).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.staff import By
from app.domain.states import SeatState
from app.errors import ConcurrentModification, Invalid, InvalidSeats, NotFound, SeatsTaken
from app.models import Screen, SeatBlock, SeatBlockSeat, Show
from app.queries.seat_map import forget_seat_map
from app.seat_locking import seat_locking
from app.services.audit import audit
from app.services.block_sql import BLOCKED
from app.services.holds import again_if_locked
from app.services.seen import check_seen

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Named:
    """A seat of the version that a page showed."""

    id: int
    guid: str
    label: str


# One show


def block_seats(by: By, show_id: int, seat_ids: Collection[int], reason: str) -> int:
    """Take free seats of one show out of use; gives how many. Seats that are out of use already stay as they are.

    Raises SeatsTaken (details: `taken`) if one is held or sold, Invalid (no reason, no seats, the show is over),
    InvalidSeats, NotFound, Busy. Locks the show (shared) and the seats in order.
    """
    return again_if_locked(lambda: _block_once(by, show_id, sorted(set(seat_ids)), reason))


def _block_once(by: By, show_id: int, seat_ids: list[int], reason: str) -> int:
    with transaction() as session:
        show, seats, states = _locked(session, show_id, seat_ids, reason)
        taken = [one for one, state in states.items() if state in (SeatState.HELD, SeatState.SOLD)]
        if taken:
            raise SeatsTaken("Some of these seats are held or sold.", taken=taken)
        out = {row.guid for row in _living(session, show, seats)}
        fresh = [seat for seat in seats if seat.guid not in out]
        if fresh:
            block, guids = SeatBlock(show_id=show_id, reason=reason.strip()), [seat.guid for seat in fresh]
            write_block(session, by, block, guids, clock.now())
            _settle(session, show_id, [seat.id for seat in fresh])
            audit(
                session, by, Action.SEATS_BLOCKED, show_id,
                cinema_id=show.cinema_id, after={"seats": labels(fresh)}, reason=reason,
            )  # fmt: skip
            on_commit(lambda: forget_seat_map(show_id))
    return len(fresh)


def put_back(by: By, show_id: int, seat_ids: Collection[int], reason: str, seen: Collection[int] | None = None) -> int:
    """Put seats of one show back into use; gives how many. `seen` are the blocks that the page showed.

    Raises Invalid (they are not out of use, or an auditorium's block keeps them so), ConcurrentModification if a
    block that was not seen holds one of them, and what block_seats() raises. Locks the same.
    """
    return again_if_locked(lambda: _put_back_once(by, show_id, sorted(set(seat_ids)), reason, seen))


def _put_back_once(by: By, show_id: int, seat_ids: list[int], reason: str, seen: Collection[int] | None) -> int:
    with transaction() as session:
        show, seats, _ = _locked(session, show_id, seat_ids, reason)
        living = _living(session, show, seats)
        unseen = [row for row in living if seen is not None and row.block_id not in seen]
        if unseen:
            raise ConcurrentModification(
                f"{unseen[0].label} was taken out of use by somebody else meanwhile: {unseen[0].reason} Look again."
            )
        if any(row.screen_id is not None for row in living):
            labels = ", ".join(sorted({row.label for row in living if row.screen_id is not None}))
            raise Invalid(f"{labels}: out of use on the whole screen. Put back there what can be used again.")
        if not living:
            raise Invalid("None of these seats is out of use.")
        _lift(session, by, living)
        _settle(session, show_id, seat_ids)
        back = sorted({row.label for row in living})
        audit(
            session, by, Action.SEATS_PUT_BACK, show_id,
            cinema_id=show.cinema_id, before={"seats": back}, reason=reason,
        )  # fmt: skip
        on_commit(lambda: forget_seat_map(show_id))
    return len(back)


def _locked(
    session: Session, show_id: int, seat_ids: list[int], reason: str
) -> tuple[Show, list[Named], dict[int, str]]:
    """The show, these seats of its layout and the states of those that it has opened; the show shared, seats locked."""
    check_words(reason, seat_ids)
    show = session.get(Show, show_id, populate_existing=True, with_for_update={"read": True})
    if show is None:
        raise NotFound("There is no such show.")
    if show.ends_at <= clock.now():
        raise Invalid("This show is over.")
    seats = named_seats(session, show.layout_id, seat_ids)
    rows = seat_locking().lock(session, show_id, seat_ids)
    return show, seats, {row.seat_id: row.state for row in rows}


def check_words(reason: str, seat_ids: Collection[int]) -> None:
    """Raises Invalid without seats, without a reason, and for one that is too long."""
    if not seat_ids:
        raise Invalid("Choose at least one seat.")
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(f"Write in a few words why, in at most {LONGEST_REASON} letters.")


_NAMED = text("SELECT id, guid, label FROM seats WHERE layout_id = :layout_id AND id = ANY(:ids) ORDER BY id")


def named_seats(session: Session, layout_id: int, seat_ids: list[int]) -> list[Named]:
    """These seats of a version. Raises InvalidSeats if one is not in it."""
    rows = session.execute(_NAMED, {"layout_id": layout_id, "ids": seat_ids}).all()
    if len(rows) != len(seat_ids):
        raise InvalidSeats("Some of these seats are not in this auditorium any more. Look at its seats again.")
    return [Named(*row) for row in rows]


_LIVING = text("""
SELECT k.id AS block_id, k.screen_id, k.reason, g.guid, x.label FROM seat_blocks k
JOIN seat_block_seats g ON g.block_id = k.id AND g.lifted_at IS NULL
JOIN seats x ON x.layout_id = :layout_id AND x.guid = g.guid
WHERE x.id = ANY(:seat_ids) AND (k.show_id = :show_id OR (k.screen_id = :screen_id
  AND (k.from_at IS NULL OR k.from_at < :ends_at) AND (k.until_at IS NULL OR k.until_at > :starts_at)))
ORDER BY k.id, x.id
""")


def _living(session: Session, show: Show, seats: Sequence[Named]) -> Sequence[Row[Any]]:
    """Each block that holds for one of these seats, the auditorium's too."""
    return session.execute(
        _LIVING,
        {
            "layout_id": show.layout_id,
            "seat_ids": [seat.id for seat in seats],
            "show_id": show.id,
            "screen_id": show.screen_id,
            "starts_at": show.starts_at,
            "ends_at": show.ends_at,
        },
    ).all()


def labels(seats: Iterable[Named]) -> list[str]:
    """A1, A2: as the audit names them."""
    return [seat.label for seat in seats]


def write_block(session: Session, by: By, block: SeatBlock, guids: Iterable[str], now: dt.datetime) -> None:
    """Keep a new block with its seats."""
    block.made_at, block.made_by = now, by.user_id
    session.add(block)
    session.flush()
    session.add_all(SeatBlockSeat(block_id=block.id, guid=guid) for guid in sorted(set(guids)))
    session.flush()


_LIFT = text("""
UPDATE seat_block_seats SET lifted_at = :now, lifted_by = :user_id
WHERE block_id = :block_id AND guid = :guid AND lifted_at IS NULL
""")


def _lift(session: Session, by: By, living: Iterable[Row[Any]]) -> None:
    values = {"now": clock.now(), "user_id": by.user_id}
    session.execute(_LIFT, [{**values, "block_id": row.block_id, "guid": row.guid} for row in living])


# Making the seats say what the blocks say

_SETTLE = text(f"""
UPDATE show_seats SET state = CASE state WHEN 'free' THEN 'blocked' ELSE 'free' END, version = version + 1
WHERE show_id = :show_id AND seat_id = ANY(:seat_ids) AND state = CASE WHEN {BLOCKED} THEN 'free' ELSE 'blocked' END
RETURNING state
""")  # noqa: S608
_SEATS = text("SELECT seat_id FROM show_seats WHERE show_id = :show_id ORDER BY seat_id")


def _settle(session: Session, show_id: int, seat_ids: Collection[int]) -> Counter[str]:
    """Block what is free and should not be, free what is blocked and need not be; gives how many became which."""
    changed = session.execute(_SETTLE, {"show_id": show_id, "seat_ids": list(seat_ids)})
    return Counter(changed.scalars())


def settle_blocks(session: Session, show_id: int) -> int:
    """Do so for every seat of a show whose seats, screen or times were just changed; gives how many changed.

    The caller has locked the screen (at least shared) and calls forget_seat_map() after its commit. Locks the seats.
    """
    seat_ids = list(session.execute(_SEATS, {"show_id": show_id}).scalars())
    seat_locking().lock(session, show_id, seat_ids)
    return _settle(session, show_id, seat_ids).total()


_LIVING_IN = text("""
SELECT count(DISTINCT g.guid) FROM seat_blocks k JOIN seat_block_seats g ON g.block_id = k.id AND g.lifted_at IS NULL
WHERE k.show_id = :show_id
""")
_FORGET = (
    text("DELETE FROM seat_block_seats WHERE block_id IN (SELECT id FROM seat_blocks WHERE show_id = :show_id)"),
    text("DELETE FROM seat_blocks WHERE show_id = :show_id"),
)


def blocks_of_show(session: Session, show_id: int) -> int:
    """How many seats are out of use in this show alone: they mean seats of its auditorium, so it can't leave that."""
    return int(session.execute(_LIVING_IN, {"show_id": show_id}).scalar_one())


def forget_blocks(session: Session, show_id: int) -> None:
    """Delete the blocks of a draft that is thrown away; the audit keeps who made them."""
    for statement in _FORGET:
        session.execute(statement, {"show_id": show_id})


# An auditorium


@dataclass(frozen=True, slots=True)
class ScreenBlocked:
    """What a block of an auditorium did: free seats of coming shows taken out of use, in how many shows."""

    block_id: int
    seats: int
    shows: int


def block_screen(
    by: By,
    screen_id: int,
    seat_ids: Collection[int],
    reason: str,
    from_at: dt.datetime | None = None,
    until_at: dt.datetime | None = None,
) -> ScreenBlocked:
    """Take seats of the version in use out of use in every show that runs between two instants (UTC), or from now on.

    Shows published later open with them out of use; held and sold ones follow when they are given up. Raises
    Invalid (no seats, no reason, an end that is not after the beginning or is over), InvalidSeats, NotFound, Busy.
    Locks the screen, then the seats of its coming shows by show and seat.
    """
    return again_if_locked(lambda: _block_screen_once(by, screen_id, sorted(set(seat_ids)), reason, from_at, until_at))


def _block_screen_once(
    by: By,
    screen_id: int,
    seat_ids: list[int],
    reason: str,
    from_at: dt.datetime | None,
    until_at: dt.datetime | None,
) -> ScreenBlocked:
    check_words(reason, seat_ids)
    with transaction() as session:
        screen = locked_screen(session, screen_id)
        now = clock.now()
        if until_at is not None and until_at <= max(now, from_at or now):
            raise Invalid("The end has to lie after the beginning, and ahead.")
        seats = named_seats(session, screen.layout_id or 0, seat_ids)
        guids = [seat.guid for seat in seats]
        block = SeatBlock(screen_id=screen_id, from_at=from_at, until_at=until_at, reason=reason.strip())
        write_block(session, by, block, guids, now)
        changed = settle_coming(session, screen_id, guids, from_at, until_at, now)
        after = {"seats": labels(seats), "from": from_at, "until": until_at}
        audit(
            session, by, Action.SCREEN_SEATS_BLOCKED, screen_id,
            cinema_id=screen.cinema_id, after=after, reason=reason,
        )  # fmt: skip
    return ScreenBlocked(block.id, sum(map(Counter.total, changed.values())), len(changed))


def lift_screen_block(by: By, screen_id: int, block_id: int, reason: str) -> ScreenBlocked:
    """End a block of an auditorium: its seats are free at once in all coming shows where no other block holds.

    Raises Invalid (no reason), NotFound, ConcurrentModification (somebody else ended it), Busy. Locks as
    block_screen() does.
    """
    return again_if_locked(lambda: _lift_screen_once(by, screen_id, block_id, reason))


def _lift_screen_once(by: By, screen_id: int, block_id: int, reason: str) -> ScreenBlocked:
    check_words(reason, [block_id])
    with transaction() as session:
        screen = locked_screen(session, screen_id)
        block, guids = living_block(session, screen_id, block_id)
        now = clock.now()
        lift_all(session, by, block_id, guids, now)
        changed = settle_coming(session, screen_id, guids, block.from_at, block.until_at, now)
        names = labels_of(session, screen, guids)
        before = {"seats": names, "from": block.from_at, "until": block.until_at}
        audit(
            session, by, Action.SCREEN_SEATS_PUT_BACK, screen_id,
            cinema_id=screen.cinema_id, before=before, reason=reason,
        )  # fmt: skip
    return ScreenBlocked(block_id, sum(map(Counter.total, changed.values())), len(changed))


_LOCK_SCREEN = text("SELECT id FROM screens WHERE id = :id FOR UPDATE")
_LIVING_OF = text("SELECT guid FROM seat_block_seats WHERE block_id = :block_id AND lifted_at IS NULL ORDER BY guid")
_CHANGED = text("SELECT EXISTS (SELECT FROM seat_blocks WHERE replaces_id = :id)")
_LABELS = text("SELECT label FROM seats WHERE layout_id = :layout_id AND guid = ANY(:guids) ORDER BY id")
# Shows of other versions too: a guid is the same seat in all of them.
_COMING = text("""
SELECT h.id, ARRAY(SELECT z.seat_id FROM show_seats z JOIN seats x ON x.id = z.seat_id
                   WHERE z.show_id = h.id AND x.guid = ANY(:guids) ORDER BY z.seat_id) AS seat_ids
FROM shows h WHERE h.screen_id = :screen_id AND h.ends_at > :now
  AND (CAST(:from_at AS timestamptz) IS NULL OR h.ends_at > :from_at)
  AND (CAST(:until_at AS timestamptz) IS NULL OR h.starts_at < :until_at) ORDER BY h.id
""")


def locked_screen(session: Session, screen_id: int) -> Screen:
    """Against who publishes, schedules or blocks here at this moment. Raises NotFound."""
    session.execute(_LOCK_SCREEN, {"id": screen_id})
    screen = session.get(Screen, screen_id, populate_existing=True)
    if screen is None or screen.layout_id is None:
        raise NotFound("There is no such screen, or it has no seats yet.")
    return screen


def living_block(session: Session, screen_id: int, block_id: int) -> tuple[SeatBlock, list[str]]:
    """A block of this auditorium and the guids of its seats, under the screen's lock.

    Raises NotFound, ConcurrentModification if somebody else ended or changed it.
    """
    block = session.get(SeatBlock, block_id, populate_existing=True)
    if block is None or block.screen_id != screen_id:
        raise NotFound("There is no such block in this auditorium.")
    guids = list(session.execute(_LIVING_OF, {"block_id": block_id}).scalars())
    if not guids:
        changed = session.execute(_CHANGED, {"id": block_id}).scalar_one()
        check_seen(changed, False, "this block")
        raise ConcurrentModification("These seats were put back into use already.")
    return block, guids


def lift_all(session: Session, by: By, block_id: int, guids: Iterable[str], now: dt.datetime) -> None:
    """These seats of a block need no longer be out of use for its sake."""
    values = {"block_id": block_id, "now": now, "user_id": by.user_id}
    session.execute(_LIFT, [{**values, "guid": one} for one in guids])


def labels_of(session: Session, screen: Screen, guids: Collection[str]) -> list[str]:
    """The names of these seats in the version in use."""
    values = {"layout_id": screen.layout_id, "guids": list(guids)}
    return list(session.execute(_LABELS, values).scalars())


def settle_coming(
    session: Session,
    screen_id: int,
    guids: Collection[str],
    from_at: dt.datetime | None,
    until_at: dt.datetime | None,
    now: dt.datetime,
) -> dict[int, Counter[str]]:
    """Settle these seats in every show between two instants that is not over; gives how many became which, where any did.

    Locks the seats by show and seat.
    """
    values = {"screen_id": screen_id, "guids": list(guids), "from_at": from_at, "until_at": until_at, "now": now}
    coming = session.execute(_COMING, values).all()
    for row in coming:
        seat_locking().lock(session, row.id, row.seat_ids)
    found = {row.id: _settle(session, row.id, row.seat_ids) for row in coming}
    changed = {show_id: counts for show_id, counts in found.items() if counts}
    on_commit(lambda: _forget(changed))
    return changed


def _forget(show_ids: Iterable[int]) -> None:
    for show_id in show_ids:
        forget_seat_map(show_id)
