"""Holding seats, which is the heart: hold, extend, release, expire. See "The hold" in docs/patterns.md.

Lock order everywhere: show_seats by seat_id, then bookings, then payments. Time is read after the locks are taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import by_the_way, end_read, on_commit, transaction
from app.db import db as database
from app.domain.messages import MessageKind
from app.domain.states import LIVE_BOOKING, BookingState
from app.errors import (
    AlreadyExtended,
    Busy,
    ConcurrentModification,
    DomainError,
    HoldExpired,
    InvalidSeats,
)
from app.metrics import HOLDS
from app.queries.seat_map import forget_seat_map
from app.services.group_endings import tell_of_end
from app.services.holding import UNSEEN, Hold, Moved, RunOut, Seen, Wish, keep_seats
from app.services.invoices import credit_rest
from app.services.letting_go import let_go, lock_booking, seats_of

log = structlog.get_logger(__name__)
T = TypeVar("T")
ATTEMPTS = 3


def hold_seats(
    show_id: int,
    seat_ids: Sequence[int],
    owner_key: str,
    *,
    user_id: int | None = None,
    actor: str = "guest",
    seen: Seen = UNSEEN,
) -> Hold:
    """Keep these seats of the show for this buyer, all or nothing, and give up what the buyer held there before.

    Raises InvalidSeats (none, too many, doubled, not of this show), OrphanSeat, SeatsTaken (details: `taken`; the
    buyer's earlier hold stays), PricesChanged and ShowMoved (not as `seen`), ShowNotOnSale, NotFound, Busy. Locks the
    wanted seats and the buyer's own ones.
    """

    def wish() -> Wish:
        return Wish(show_id, checked(seat_ids), owner_key, user_id, actor, seen=seen)

    return keep_trying(show_id, lambda: _hold_once(wish()))


def keep_trying(show_id: int, attempt: Callable[[], Hold]) -> Hold:
    """What one attempt keeps, tried again where others' holds had run out or somebody was in the way; counted.

    Raises what the attempt raises, and Busy.
    """
    try:
        hold = _kept(show_id, attempt)
    except DomainError as refusal:
        HOLDS.labels(refusal.code).inc()
        raise
    HOLDS.labels("HELD").inc()
    return hold


def _kept(show_id: int, attempt: Callable[[], Hold]) -> Hold:
    for _ in range(ATTEMPTS):
        try:
            return again_if_locked(attempt)
        except RunOut as over:
            with by_the_way():
                for booking_id in sorted(over.booking_ids):
                    expire_booking(show_id, booking_id)
        except (Moved, ConcurrentModification):
            continue
    raise Busy


def checked(seat_ids: Sequence[int]) -> list[int]:
    """The wanted seats in order. Raises InvalidSeats for none, too many, or one twice."""
    wanted = sorted(set(seat_ids))
    if not wanted:
        raise InvalidSeats("Choose at least one seat.")
    if len(wanted) != len(seat_ids):
        raise InvalidSeats("The same seat was chosen twice.")
    if len(wanted) > settings.max_seats:
        raise InvalidSeats(f"One booking has at most {settings.max_seats} seats.")
    return wanted


def again_if_locked(attempt: Callable[[], T]) -> T:
    """Try once more after a deadlock or a wait that was too long. Raises Busy the second time."""
    for last in (False, True):
        try:
            return attempt()
        except OperationalError as problem:
            if not isinstance(problem.orig, DeadlockDetected | LockNotAvailable):
                raise
            log.warning("hold_waited_too_long", problem=type(problem.orig).__name__)
            if last:
                raise Busy from problem
    raise AssertionError


def _hold_once(wish: Wish) -> Hold:
    with transaction() as session:
        hold = keep_seats(session, wish)
        on_commit(lambda: forget_seat_map(wish.show_id))
    return hold


def extend_hold(show_id: int, booking_id: int, actor: str = "guest") -> dt.datetime:
    """Once, before the end: EXTENSION_MINUTES from the old end, never past the cap. Gives the new end.

    Raises HoldExpired, AlreadyExtended, ConcurrentModification once paid. Locks the booking's seats, then the booking.
    """
    with transaction() as session:
        state, expires_at = lock_booking(session, show_id, booking_id)
        now = clock.now()
        _alive(state, expires_at, now)
        row = session.execute(_EXTENT, {"show_id": show_id, "booking_id": booking_id}).one()
        if row.extended_at is not None:
            raise AlreadyExtended
        until = min(expires_at + dt.timedelta(minutes=settings.extension_minutes), row.cap_at)
        prolong(session, show_id, booking_id, until)
        session.execute(_MARK_EXTENDED, {"show_id": show_id, "booking_id": booking_id, "now": now})
        on_commit(lambda: forget_seat_map(show_id))
    return until


_EXTENT = text("SELECT extended_at, cap_at FROM bookings WHERE show_id = :show_id AND id = :booking_id")
_MARK_EXTENDED = text("UPDATE bookings SET extended_at = :now WHERE show_id = :show_id AND id = :booking_id")
_PROLONG = text("""
WITH seats AS (
  UPDATE show_seats SET held_until = :until, version = version + 1
  WHERE show_id = :show_id AND seat_id = ANY(:seat_ids) AND booking_id = :booking_id AND state = 'held'
)
UPDATE bookings SET expires_at = :until WHERE show_id = :show_id AND id = :booking_id
""")


def prolong(session: Session, show_id: int, booking_id: int, until: dt.datetime) -> None:
    """Move the end of a hold, on the booking and on its seats. Commits nothing; the caller holds the locks."""
    seat_ids = seats_of(session, show_id, booking_id)
    session.execute(_PROLONG, {"show_id": show_id, "booking_id": booking_id, "seat_ids": seat_ids, "until": until})


def _alive(state: BookingState, expires_at: dt.datetime, now: dt.datetime) -> None:
    if state is BookingState.CONFIRMED:
        raise ConcurrentModification("This booking is already paid.")
    if state not in LIVE_BOOKING or expires_at <= now:
        raise HoldExpired


def release_booking(show_id: int, booking_id: int, actor: str = "guest") -> bool:
    """Give the seats up at once. False if there was nothing left to give. Raises ConcurrentModification once paid."""
    with transaction() as session:
        state, _ = lock_booking(session, show_id, booking_id)
        if state not in LIVE_BOOKING:
            if state is BookingState.CONFIRMED:
                raise ConcurrentModification("This booking is already paid; cancel it instead.")
            return False
        seat_ids, now = seats_of(session, show_id, booking_id), clock.now()
        let_go(session, show_id, booking_id, seat_ids, state, BookingState.RELEASED, now, actor)
        credit_rest(session, show_id, booking_id, now)
        on_commit(lambda: forget_seat_map(show_id))
    return True


def expire_booking(show_id: int, booking_id: int, actor: str = "clock") -> bool:
    """Free all seats of a booking whose time is over. False if it is not over, or was settled meanwhile."""
    with transaction() as session:
        state, expires_at = lock_booking(session, show_id, booking_id)
        now = clock.now()
        if state not in LIVE_BOOKING or expires_at > now:
            return False
        seat_ids = seats_of(session, show_id, booking_id)
        let_go(session, show_id, booking_id, seat_ids, state, BookingState.EXPIRED, now, actor)
        tell_of_end(session, MessageKind.GROUP_EXPIRED, now, show_id, booking_id)
        credit_rest(session, show_id, booking_id, now)
        on_commit(lambda: forget_seat_map(show_id))
    return True


_OVERDUE = text(
    "SELECT show_id, id FROM bookings WHERE state IN ('held', 'awaiting_payment') AND expires_at <= :now "
    "ORDER BY expires_at LIMIT :limit"
)


def expire_holds(limit: int = 1000) -> int:
    """Expire every booking whose time is over, one transaction each; gives how many. Safe beside any number of
    others doing the same."""
    rows = database.session.execute(_OVERDUE, {"now": clock.now(), "limit": limit}).all()
    end_read()
    return sum(_expired_quietly(row.show_id, row.id) for row in rows)


def _expired_quietly(show_id: int, booking_id: int) -> bool:
    try:
        return expire_booking(show_id, booking_id)
    except OperationalError as problem:
        if not isinstance(problem.orig, DeadlockDetected | LockNotAvailable):
            raise
        log.warning("expiry_waits", show_id=show_id, booking_id=booking_id)
        return False


__all__ = [
    "Hold",
    "expire_booking",
    "expire_holds",
    "extend_hold",
    "hold_seats",
    "release_booking",
]
