"""Seats kept for a buyer: the private, non-committing half of a hold. A look, the locks, the judgement, one write.

It is the hot path: four statements, prebuilt. Time is read after the locks are taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import Hot, array_of
from app.domain.codes import new_booking_code
from app.domain.pricing import Tariff, TicketType
from app.domain.seating import check_companions, orphans
from app.domain.states import BookingState, SeatState
from app.errors import InvalidSeats, NotFound, OrphanSeat, PricesChanged, SeatsTaken, ShowMoved, ShowNotOnSale
from app.queries.layouts import LayoutFacts, Terms, forget_terms_of, price_table, terms_of_show
from app.seat_locking import seat_locking
from app.services.letting_go import let_go

ANY_NUMBER = 2**15 - 1
"""More seats than any hall has; as many as a booking can count."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page said that somebody chose seats by: at another price or time nothing is kept. None: it said nothing."""

    tariff: Tariff | None = None
    starts_at: dt.datetime | None = None
    """In whole seconds."""
    fee_minor: int | None = None
    """The booking fee of each seat."""


UNSEEN = Seen()
"""Chosen without such a page: at the counter, by command."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which seats of a show; `seat_ids` are in order and each is there once."""

    show_id: int
    seat_ids: list[int]
    owner_key: str
    user_id: int | None
    actor: str
    leaving: int = 0
    """Seats of this buyer's for the same show that go when these are bought: they don't count twice."""
    seen: Seen = UNSEEN
    until: dt.datetime | None = None
    """A group's: kept until then, whatever a hold's time and cap are, as many as the staff say, and of any published
    show that has not begun, whether or not it is booked online now (domain/groups.py)."""

    @property
    def most(self) -> int:
        """How many seats of the show its owner may have with these."""
        return settings.max_seats + self.leaving if self.until is None else ANY_NUMBER


@dataclass(frozen=True, slots=True)
class Hold:
    """Seats kept for one buyer: the booking that keeps them, and until when."""

    show_id: int
    booking_id: int
    code: str
    expires_at: dt.datetime


class RunOut(Exception):
    """Wanted seats are held by bookings whose time is over: expire those first, then try again."""

    def __init__(self, booking_ids: set[int]) -> None:
        self.booking_ids = booking_ids


class Moved(Exception):
    """The buyer's own hold, or what the show is sold with, changed between the look and the lock: try again."""


class _SeatBefore(NamedTuple):
    """A seat before the locks: of the neighbourhood, or, with the booking in `own_id`, of the buyer's own hold."""

    seat_id: int
    state: str
    held_until: dt.datetime | None
    own_id: int | None

    def free_at(self, now: dt.datetime) -> bool:
        run_out = self.state == SeatState.HELD and self.held_until is not None and self.held_until <= now
        return run_out or self.state == SeatState.FREE


@dataclass(frozen=True, slots=True)
class _Look:
    """The neighbourhood before the locks, and the buyer's own hold if there is one."""

    near: list[_SeatBefore]
    own_id: int | None
    own_seats: set[int]


_LOOK = Hot(
    """
SELECT ss.seat_id, ss.state, ss.held_until, NULL::bigint FROM show_seats ss
WHERE ss.show_id = :show_id AND ss.seat_id = ANY(CAST(:near AS bigint[]))
UNION ALL
SELECT t.seat_id, 'own', b.expires_at, b.id FROM bookings b
JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
WHERE b.show_id = :show_id AND b.owner_key = :owner_key AND b.state = 'held'
""",
    _SeatBefore,
)
_HELD_BY_OWNER = text("SELECT id FROM bookings WHERE show_id = :show_id AND owner_key = :owner_key AND state = 'held'")
_HAD = """
(SELECT coalesce(sum(b.seat_count), 0) FROM bookings b WHERE b.show_id = :show_id AND b.owner_key = :owner_key
  AND b.state IN ('awaiting_payment', 'confirmed'))
"""
_SHOW = text(
    f"SELECT s.state, s.starts_at, s.sales_open_at, s.sales_close_at, c.fee_minor, {_HAD} AS had "  # noqa: S608
    "FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id"
)
# The show is judged by the write itself, which begins after the locks; no row means that it was found wanting.
_HOLD = Hot(
    f"""
WITH show AS (
  SELECT c.currency, c.fee_minor, c.tax_percent, s.demand_reason FROM shows s JOIN cinemas c ON c.id = s.cinema_id
  WHERE s.id = :show_id AND s.state = 'published' AND (s.sales_open_at <= :now AND s.sales_close_at > :now
      OR CAST(:until AS timestamptz) IS NOT NULL AND s.starts_at > :now)
    AND coalesce(date_trunc('second', s.starts_at) = CAST(:starts_at AS timestamptz), true)
    AND c.fee_minor = coalesce(CAST(:fee_minor AS integer), c.fee_minor)
    AND s.layout_id = :layout_id AND s.price_list_id = :price_list_id
    AND s.demand_percent = :percent AND s.demand_step = :step AND {_HAD} + :seat_count <= :max_seats
), booking AS (
  INSERT INTO bookings (show_id, code, state, owner_key, user_id, seat_count, price_list_id, demand_percent,
                        demand_step, demand_reason, seat_fee_minor, tax_percent, currency, total_minor, held_at,
                        expires_at, cap_at)
  SELECT :show_id, :code, 'held', :owner_key, CAST(:user_id AS bigint), :seat_count, :price_list_id, :percent,
         :step, demand_reason, fee_minor, CAST(tax_percent AS text), currency, :seats_minor + :charged * fee_minor, :now,
         :expires_at, :cap_at
  FROM show
  RETURNING id
), reserved AS (
  INSERT INTO tickets (show_id, booking_id, seat_id, number, ticket_type, price_minor, state)
  SELECT :show_id, booking.id, wanted.seat_id, wanted.number, wanted.ticket_type, wanted.price_minor, 'reserved'
  FROM booking, unnest(CAST(:seat_ids AS bigint[]), CAST(:types AS text[]), CAST(:prices AS integer[]))
    WITH ORDINALITY AS wanted(seat_id, ticket_type, price_minor, number)
), seats AS (
  UPDATE show_seats SET state = 'held', booking_id = booking.id, held_until = :expires_at, version = version + 1
  FROM booking WHERE show_seats.show_id = :show_id AND show_seats.seat_id = ANY(CAST(:seat_ids AS bigint[]))
), logged AS (
  INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
  SELECT :show_id, 'booking', id, NULL, 'held', :now, :actor FROM booking
)
SELECT id FROM booking
""",  # noqa: S608
    int,
)


def keep_seats(session: Session, wish: Wish) -> Hold:
    """Lock, judge and keep the wanted seats, and let go of what the buyer held before.

    Raises RunOut and Moved to be tried again, and what hold_seats() says of refusals.
    """
    terms = _terms(wish)
    look = _look(session, wish, terms.layout)
    rows = seat_locking().lock(session, wish.show_id, sorted({*wish.seat_ids, *look.own_seats}))
    _judge_own(session, wish, look, rows)
    now = clock.now()
    _judge_seats(rows, wish, look, now)
    if refusal := _orphans(terms.layout, look, wish, now):
        _judge_show(session, wish, now)
        raise refusal
    if look.own_id is not None:
        own, held, released = sorted(look.own_seats), BookingState.HELD, BookingState.RELEASED
        let_go(session, wish.show_id, look.own_id, own, held, released, now, wish.actor)
    return _write(session, terms, wish, now)


def _terms(wish: Wish) -> Terms:
    """What the show is sold with; asked anew for seats or prices that these terms don't know.

    Raises ShowNotOnSale, InvalidSeats, PricesChanged.
    """
    terms = terms_of_show(wish.show_id)
    if terms is not None and not _serve(terms, wish):
        forget_terms_of(wish.show_id)
        terms = terms_of_show(wish.show_id)
    if terms is None:
        raise ShowNotOnSale
    if not _in_house(terms, wish):
        raise InvalidSeats("Some of these seats are not in this auditorium.")
    if not _as_seen(terms, wish):
        raise PricesChanged
    return terms


def _serve(terms: Terms, wish: Wish) -> bool:
    return _in_house(terms, wish) and _as_seen(terms, wish)


def _in_house(terms: Terms, wish: Wish) -> bool:
    return terms.layout.by_id.keys() >= set(wish.seat_ids)


def _as_seen(terms: Terms, wish: Wish) -> bool:
    return wish.seen.tariff in (None, terms.tariff)


def _look(session: Session, wish: Wish, layout: LayoutFacts) -> _Look:
    near = layout.near(wish.seat_ids)
    seen = _LOOK.rows(session, {"show_id": wish.show_id, "near": array_of(near), "owner_key": wish.owner_key})
    own = [seat for seat in seen if seat.own_id is not None]
    return _Look(seen, own[0].own_id if own else None, {seat.seat_id for seat in own})


def _judge_own(session: Session, wish: Wish, look: _Look, rows: Sequence[Any]) -> None:
    """Raises Moved if the buyer's hold is another one than before the locks: paid for meanwhile, run out, or just
    made by a second click. Asks only where there is a hold, or a seat is somebody's."""
    if look.own_id is None and all(row.booking_id is None for row in rows):
        return
    owner = {"show_id": wish.show_id, "owner_key": wish.owner_key}
    if session.execute(_HELD_BY_OWNER, owner).scalar_one_or_none() != look.own_id:
        raise Moved


def _judge_seats(rows: Sequence[Any], wish: Wish, look: _Look, now: dt.datetime) -> None:
    """Raises what the locked rows say against the hold."""
    found = {row.seat_id: row for row in rows}
    if any(seat_id not in found for seat_id in wish.seat_ids):
        raise InvalidSeats("Some of these seats are not in this auditorium.")
    if any(found[seat_id].booking_id != look.own_id for seat_id in look.own_seats):
        raise Moved
    run_out: set[int] = set()
    taken: list[int] = []
    for seat_id in wish.seat_ids:
        row = found[seat_id]
        if row.state == SeatState.FREE or (look.own_id is not None and row.booking_id == look.own_id):
            continue
        if row.state == SeatState.HELD and row.held_until <= now:
            run_out.add(row.booking_id)
        else:
            taken.append(seat_id)
    if taken:
        raise SeatsTaken(taken=taken)
    if run_out:
        raise RunOut(run_out)


def _orphans(layout: LayoutFacts, look: _Look, wish: Wish, now: dt.datetime) -> OrphanSeat | None:
    """Advisory: read without locks. The refusal where ORPHAN_SEATS is on and a seat would be left alone."""
    if settings.orphan_seats != "on" or wish.until is not None:
        return None
    free = {seat.seat_id for seat in look.near if seat.free_at(now)}
    verdict = orphans(layout.hall, free | look.own_seats, wish.seat_ids)
    if not verdict.refused:
        return None
    return OrphanSeat(orphans=list(verdict.orphans), shifts=[list(shift) for shift in verdict.shifts])


def _judge_show(session: Session, wish: Wish, now: dt.datetime) -> None:
    """Raises what the show, or what the buyer has of it already, says against the hold."""
    show = session.execute(_SHOW, {"show_id": wish.show_id, "owner_key": wish.owner_key}).one_or_none()
    if show is None:
        raise NotFound("There is no such show.")
    if show.state != "published" or not (
        show.sales_open_at <= now < show.sales_close_at or (wish.until is not None and now < show.starts_at)
    ):
        raise ShowNotOnSale
    if wish.seen.starts_at not in (None, show.starts_at.replace(microsecond=0)):
        raise ShowMoved
    if wish.seen.fee_minor not in (None, show.fee_minor):
        raise PricesChanged
    had = show.had - wish.leaving
    if show.had + len(wish.seat_ids) > wish.most:
        words = f"You already have {had} seats for this show"
        raise InvalidSeats(f"{words}; {settings.max_seats} are the most one person can book.")


def _write(session: Session, terms: Terms, wish: Wish, now: dt.datetime) -> Hold:
    code = new_booking_code(wish.show_id)
    expires_at = wish.until or now + dt.timedelta(minutes=settings.hold_minutes)
    types, prices = first_prices(terms, wish.seat_ids)
    values = {
        "show_id": wish.show_id,
        "layout_id": terms.layout.id,
        "price_list_id": terms.tariff.price_list_id,
        "percent": terms.tariff.percent,
        "step": terms.tariff.step_minor,
        "max_seats": wish.most,
        "until": wish.until,
        "starts_at": wish.seen.starts_at,
        "fee_minor": wish.seen.fee_minor,
        "code": code,
        "owner_key": wish.owner_key,
        "user_id": wish.user_id,
        "seat_count": len(wish.seat_ids),
        "seats_minor": sum(prices),
        "charged": sum(1 for kind in types if kind != TicketType.COMPANION),
        "now": now,
        "expires_at": expires_at,
        "cap_at": wish.until or now + dt.timedelta(minutes=settings.hold_cap_minutes),
        "seat_ids": array_of(wish.seat_ids),
        "types": types,
        "prices": array_of(prices),
        "actor": wish.actor,
    }
    made = _HOLD.rows(session, values)
    if not made:
        _judge_show(session, wish, now)
        forget_terms_of(wish.show_id)
        raise Moved
    return Hold(wish.show_id, made[0], code, expires_at)


def first_prices(terms: Terms, wanted: Sequence[int]) -> tuple[list[str], list[int]]:
    """Ticket type and price of each seat before anybody chose: adults, companions beside a wheelchair space free."""
    layout, table = terms.layout, price_table(terms.tariff)
    free = check_companions(layout.hall, wanted)
    types = [TicketType.COMPANION.value if seat in free else TicketType.ADULT.value for seat in wanted]
    prices = [
        0 if kind == TicketType.COMPANION else table[layout.by_id[seat].category, kind]
        for seat, kind in zip(wanted, types, strict=True)
    ]
    return types, prices
