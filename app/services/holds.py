"""Holding seats, which is the heart: hold, extend, release, expire. See "The hold" in docs/patterns.md.

Lock order everywhere: show_seats by seat_id, then bookings, then payments. Time is read after the locks are taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Row, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import db as database
from app.db import end_read, on_commit, transaction
from app.domain.codes import new_booking_code
from app.domain.pricing import TicketType
from app.domain.seating import check_companions, orphans
from app.domain.states import LIVE_BOOKING, BookingState, SeatState
from app.errors import (
    AlreadyExtended,
    Busy,
    ConcurrentModification,
    HoldExpired,
    InvalidSeats,
    NotFound,
    OrphanSeat,
    PaymentStarted,
    SeatsTaken,
    ShowNotOnSale,
)
from app.queries.layouts import LayoutFacts, forget_layout_of, layout_of_show, price_table
from app.queries.seat_map import forget_seat_map
from app.seat_locking import seat_locking
from app.services.letting_go import let_go, lock_booking, seats_of

log = structlog.get_logger(__name__)
T = TypeVar("T")
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Hold:
    """Seats kept for one buyer: the booking that keeps them, and until when."""

    show_id: int
    booking_id: int
    code: str
    expires_at: dt.datetime


class _RunOut(Exception):
    """Wanted seats are held by bookings whose time is over: expire those first, then try again."""

    def __init__(self, booking_ids: set[int]) -> None:
        self.booking_ids = booking_ids


class _Grew(Exception):
    """The buyer's own hold, or the show's layout, changed between the look and the lock."""


_LOOK = text("""
SELECT ss.seat_id, ss.state, ss.held_until, NULL::bigint AS own FROM show_seats ss
WHERE ss.show_id = :show_id AND ss.seat_id = ANY(:near)
UNION ALL
SELECT t.seat_id, 'own', b.expires_at, b.id FROM bookings b
JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
WHERE b.show_id = :show_id AND b.owner_key = :owner_key AND b.state = 'held'
""")
_SHOW = text("""
SELECT s.state, s.sales_open_at, s.sales_close_at, s.layout_id, s.price_list_id, c.currency, c.fee_minor, c.tax_percent,
       (SELECT coalesce(sum(b.seat_count), 0) FROM bookings b WHERE b.show_id = s.id AND b.owner_key = :owner_key
         AND b.state IN ('awaiting_payment', 'confirmed')) AS had
FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id
""")
_HOLD = text("""
WITH booking AS (
  INSERT INTO bookings (show_id, code, state, owner_key, user_id, seat_count, price_list_id, seat_fee_minor,
                        tax_percent, currency, total_minor, held_at, expires_at, cap_at)
  VALUES (:show_id, :code, 'held', :owner_key, :user_id, :seat_count, :price_list_id, :fee_minor, :tax_percent,
          :currency, :total_minor, :now, :expires_at, :cap_at)
  RETURNING id
), reserved AS (
  INSERT INTO tickets (show_id, booking_id, seat_id, number, ticket_type, price_minor, state)
  SELECT :show_id, booking.id, wanted.seat_id, wanted.number, wanted.ticket_type, wanted.price_minor, 'reserved'
  FROM booking, unnest(CAST(:seat_ids AS bigint[]), CAST(:types AS text[]), CAST(:prices AS integer[]))
    WITH ORDINALITY AS wanted(seat_id, ticket_type, price_minor, number)
), seats AS (
  UPDATE show_seats SET state = 'held', booking_id = booking.id, held_until = :expires_at, version = version + 1
  FROM booking WHERE show_seats.show_id = :show_id AND show_seats.seat_id = ANY(:seat_ids)
), logged AS (
  INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
  SELECT :show_id, 'booking', id, NULL, 'held', :now, :actor FROM booking
)
SELECT id FROM booking
""")


def hold_seats(
    show_id: int, seat_ids: Sequence[int], owner_key: str, *, user_id: int | None = None, actor: str = "guest"
) -> Hold:
    """Keep these seats of the show for this buyer, all or nothing, and give up what the buyer held there before.

    Raises InvalidSeats (none, too many, doubled, not of this show), OrphanSeat, SeatsTaken (details: `taken`; the
    buyer's earlier hold stays), ShowNotOnSale, NotFound, Busy. Locks the wanted seats and the buyer's own ones.
    """
    wanted = _checked(seat_ids)
    for _ in range(ATTEMPTS):
        try:
            return _again_if_locked(lambda: _hold_once(show_id, wanted, owner_key, user_id, actor))
        except _RunOut as over:
            for booking_id in sorted(over.booking_ids):
                expire_booking(show_id, booking_id)
        except (_Grew, ConcurrentModification):
            continue
    raise Busy


def _checked(seat_ids: Sequence[int]) -> list[int]:
    wanted = sorted(set(seat_ids))
    if not wanted:
        raise InvalidSeats("Choose at least one seat.")
    if len(wanted) != len(seat_ids):
        raise InvalidSeats("The same seat was chosen twice.")
    if len(wanted) > settings.max_seats:
        raise InvalidSeats(f"One booking has at most {settings.max_seats} seats.")
    return wanted


def _again_if_locked(attempt: Callable[[], T]) -> T:
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


def _hold_once(show_id: int, wanted: list[int], owner_key: str, user_id: int | None, actor: str) -> Hold:
    layout = _layout_of(show_id)
    near = layout.near(wanted)
    with transaction() as session:
        look = session.execute(_LOOK, {"show_id": show_id, "near": near, "owner_key": owner_key}).all()
        own_id = next((row.own for row in look if row.own is not None), None)
        own_seats = {row.seat_id for row in look if row.own is not None}
        rows = seat_locking().lock(session, show_id, sorted({*wanted, *own_seats}))
        _judge_own(session, show_id, owner_key, own_id, rows)
        now = clock.now()
        _judge_seats(rows, wanted, own_id, own_seats, now)
        show = _show_on_sale(session, show_id, owner_key, len(wanted), now)
        if show.layout_id != layout.id:
            forget_layout_of(show_id)
            raise _Grew
        _judge_orphans(layout, look, wanted, own_seats, now)
        if own_id is not None:
            let_go(
                session,
                show_id,
                own_id,
                sorted(own_seats),
                BookingState.HELD,
                BookingState.RELEASED,
                now,
                actor,
            )
        hold = _write(session, show, show_id, layout, wanted, owner_key, user_id, actor, now)
        on_commit(lambda: forget_seat_map(show_id))
    return hold


def _layout_of(show_id: int) -> LayoutFacts:
    layout = layout_of_show(show_id)
    if layout is None:
        end_read()
        raise ShowNotOnSale
    return layout


_HELD_BY_OWNER = text("SELECT id FROM bookings WHERE show_id = :show_id AND owner_key = :owner_key AND state = 'held'")


def _judge_own(session: Session, show_id: int, owner_key: str, own_id: int | None, rows: Sequence[Row[Any]]) -> None:
    """Raises _Grew if the buyer's hold is another one than before the locks: paid for meanwhile, run out, or just
    made by a second click. Asks only where there is a hold, or a seat is somebody's."""
    if own_id is None and all(row.booking_id is None for row in rows):
        return
    held = session.execute(_HELD_BY_OWNER, {"show_id": show_id, "owner_key": owner_key}).scalar_one_or_none()
    if held != own_id:
        raise _Grew


def _judge_seats(
    rows: Sequence[Row[Any]], wanted: list[int], own_id: int | None, own_seats: set[int], now: dt.datetime
) -> None:
    """Raises what the locked rows say against the hold."""
    found = {row.seat_id: row for row in rows}
    if any(seat_id not in found for seat_id in wanted):
        raise InvalidSeats("Some of these seats are not in this auditorium.")
    if any(found[seat_id].booking_id != own_id for seat_id in own_seats):
        raise _Grew
    run_out: set[int] = set()
    taken: list[int] = []
    for seat_id in wanted:
        row = found[seat_id]
        if row.state == SeatState.FREE or (own_id is not None and row.booking_id == own_id):
            continue
        if row.state == SeatState.HELD and row.held_until <= now:
            run_out.add(row.booking_id)
        else:
            taken.append(seat_id)
    if taken:
        raise SeatsTaken(taken=taken)
    if run_out:
        raise _RunOut(run_out)


def _show_on_sale(session: Session, show_id: int, owner_key: str, seats: int, now: dt.datetime) -> Row[Any]:
    show = session.execute(_SHOW, {"show_id": show_id, "owner_key": owner_key}).one_or_none()
    if show is None:
        raise NotFound("There is no such showing.")
    if show.state != "published" or not show.sales_open_at <= now < show.sales_close_at:
        raise ShowNotOnSale
    if show.had + seats > settings.max_seats:
        raise InvalidSeats(
            f"You already have {show.had} seats for this showing; {settings.max_seats} are the most one person can book."
        )
    return show


def _judge_orphans(
    layout: LayoutFacts, look: Sequence[Row[Any]], wanted: list[int], own_seats: set[int], now: dt.datetime
) -> None:
    """Advisory: read without locks. Raises OrphanSeat where ORPHAN_SEATS is on."""
    if settings.orphan_seats != "on":
        return
    free = {
        row.seat_id
        for row in look
        if row.state == SeatState.FREE or (row.state == SeatState.HELD and row.held_until <= now)
    }
    verdict = orphans(layout.hall, free | own_seats, wanted)
    if verdict.refused:
        raise OrphanSeat(orphans=list(verdict.orphans), shifts=[list(shift) for shift in verdict.shifts])


def _write(
    session: Session,
    show: Row[Any],
    show_id: int,
    layout: LayoutFacts,
    wanted: list[int],
    owner_key: str,
    user_id: int | None,
    actor: str,
    now: dt.datetime,
) -> Hold:
    code = new_booking_code(show_id)
    expires_at = now + dt.timedelta(minutes=settings.hold_minutes)
    types, prices = first_prices(layout, show.price_list_id, wanted)
    charged = sum(1 for kind in types if kind != TicketType.COMPANION)
    booking_id = session.execute(
        _HOLD,
        {
            "show_id": show_id,
            "code": code,
            "owner_key": owner_key,
            "user_id": user_id,
            "seat_count": len(wanted),
            "price_list_id": show.price_list_id,
            "fee_minor": show.fee_minor,
            "tax_percent": str(show.tax_percent),
            "currency": show.currency,
            "total_minor": sum(prices) + charged * show.fee_minor,
            "now": now,
            "expires_at": expires_at,
            "cap_at": now + dt.timedelta(minutes=settings.hold_cap_minutes),
            "seat_ids": wanted,
            "types": types,
            "prices": prices,
            "actor": actor,
        },
    ).scalar_one()
    return Hold(show_id, booking_id, code, expires_at)


def first_prices(layout: LayoutFacts, price_list_id: int, wanted: Sequence[int]) -> tuple[list[str], list[int]]:
    """Ticket type and price of each seat before anybody chose: adults, companions beside a wheelchair space free."""
    table = price_table(price_list_id)
    free = check_companions(layout.hall, wanted)
    types = [TicketType.COMPANION.value if seat in free else TicketType.ADULT.value for seat in wanted]
    prices = [
        0 if kind == TicketType.COMPANION else table[layout.by_id[seat].category, kind]
        for seat, kind in zip(wanted, types, strict=True)
    ]
    return types, prices


def extend_hold(show_id: int, booking_id: int, actor: str = "guest") -> dt.datetime:
    """Once, before the end: EXTENSION_MINUTES from the old end, never past the cap. Gives the new end.

    Raises HoldExpired, AlreadyExtended, PaymentStarted. Locks the booking's seats, then the booking.
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
        seat_ids = seats_of(session, show_id, booking_id)
        let_go(session, show_id, booking_id, seat_ids, state, BookingState.RELEASED, clock.now(), actor)
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
    "PaymentStarted",
    "expire_booking",
    "expire_holds",
    "extend_hold",
    "hold_seats",
    "release_booking",
]
