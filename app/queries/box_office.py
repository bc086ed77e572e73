"""What the counter's page shows: the sessions that can be sold, the shift, the last sales, bookings that are looked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app import clock
from app.config import settings
from app.db import db, end_read
from app.domain.codes import RANDOM_LENGTH, normal_code
from app.domain.counter import LETTERS
from app.domain.demand import signed
from app.domain.pricing import Tariff
from app.domain.staff import Reach
from app.domain.ticket_payload import BadTicket, read_keyring, verify
from app.queries.bookings import find_booking

LATE = dt.timedelta(hours=4)
"""After midnight the night's shows are still today's."""


@dataclass(frozen=True, slots=True)
class Session:
    """One show as the counter lists it; `prices` has the lowest price for each letter, minor units."""

    number: int
    id: int
    starts_at: dt.datetime
    title: str
    screen: str
    marks: str
    free: int
    total: int
    prices: dict[str, int]
    wheelchairs: bool

    @property
    def taken(self) -> int:
        """In tenths, for the bar."""
        return round(10 * (self.total - self.free) / self.total) if self.total else 10


_SESSIONS = text("""
SELECT s.id, s.starts_at, m.title, screen.name AS screen, s.captions, s.audio_description, s.relaxed, s.price_list_id,
       s.demand_percent, s.demand_step, s.layout_id, free.free, free.total
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
CROSS JOIN LATERAL (
  SELECT count(*) AS total,
         count(*) FILTER (WHERE ss.state = 'free' OR (ss.state = 'held' AND ss.held_until <= :now)) AS free
  FROM show_seats ss WHERE ss.show_id = s.id
) AS free
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.sales_open_at <= :now AND s.sales_close_at > :now
  AND s.starts_at >= :start AND s.starts_at < :end
ORDER BY s.starts_at, screen.name, s.id LIMIT 99
""")
_PRICES = text("""
SELECT p.price_list_id, p.ticket_type, min(p.amount_minor) AS minor FROM prices p
WHERE p.price_list_id = ANY(:lists) GROUP BY p.price_list_id, p.ticket_type
""")
_WHEELCHAIRS = text("SELECT DISTINCT layout_id FROM seats WHERE layout_id = ANY(:layouts) AND kind = 'wheelchair'")


def sessions_of_day(cinema_id: int, zone: str, day: dt.date | None = None) -> list[Session]:
    """The cinema's shows of that day (or of today, till late) that are on sale now, numbered as the seller types them."""
    now, there = clock.now(), ZoneInfo(zone)
    date = day or now.astimezone(there).date()
    start, end = (dt.datetime.combine(date + dt.timedelta(days=more), dt.time(), there) for more in (0, 1))
    late = LATE if day is None else dt.timedelta()
    values = {"cinema_id": cinema_id, "now": now, "start": start - late, "end": end + late}
    rows = db.session.execute(_SESSIONS, values).all()
    prices = _lowest({row.price_list_id for row in rows})
    found = db.session.execute(_WHEELCHAIRS, {"layouts": [row.layout_id for row in rows]})
    spaces = {row.layout_id for row in found}
    end_read()
    return [
        Session(
            number,
            row.id,
            row.starts_at.astimezone(there),
            row.title,
            row.screen,
            _marks(row),
            row.free,
            row.total,
            _at(prices.get(row.price_list_id, {}), row),
            row.layout_id in spaces,
        )
        for number, row in enumerate(rows, start=1)
    ]


def _marks(row: Row[Any]) -> str:
    marks = (("CC", row.captions), ("AD", row.audio_description), ("relaxed", row.relaxed))
    words = [mark for mark, there in marks if there]
    return " ".join([*words, *([signed(row.demand_percent)] if row.demand_percent else [])])


def _at(prices: dict[str, int], row: Row[Any]) -> dict[str, int]:
    """What a show with these lowest prices of its list sells at."""
    tariff = Tariff(row.price_list_id, row.demand_percent, row.demand_step)
    return {letter: tariff.of(minor) for letter, minor in prices.items()}


def _lowest(lists: set[int]) -> dict[int, dict[str, int]]:
    letters = {kind.value: letter for letter, kind in LETTERS.items()}
    prices: dict[int, dict[str, int]] = {}
    for row in db.session.execute(_PRICES, {"lists": sorted(lists)}):
        if row.ticket_type in letters:
            prices.setdefault(row.price_list_id, {})[letters[row.ticket_type]] = row.minor
    return prices


@dataclass(frozen=True, slots=True)
class OpenShift:
    id: int
    currency: str
    paper: str
    opened_at: dt.datetime


_OPEN = text(
    "SELECT id, currency, paper, opened_at FROM shifts "
    "WHERE user_id = :user_id AND cinema_id = :cinema_id AND closed_at IS NULL"
)


def open_shift_of(user_id: int, cinema_id: int) -> OpenShift | None:
    """The shift that this person has open at this cinema."""
    row = db.session.execute(_OPEN, {"user_id": user_id, "cinema_id": cinema_id}).one_or_none()
    return OpenShift(*row) if row else None


@dataclass(frozen=True, slots=True)
class LastSale:
    code: str
    at: dt.datetime
    seats: str
    title: str
    starts_at: dt.datetime
    tender: str
    amount_minor: int
    state: str


_LAST = text("""
SELECT b.code, p.captured_at AS at, m.title, s.starts_at, p.provider, p.amount_minor, b.state, (
  SELECT string_agg(seat.label, ' ' ORDER BY seat.id) FROM tickets t JOIN seats seat ON seat.id = t.seat_id
  WHERE t.show_id = b.show_id AND t.booking_id = b.id AND t.issued_at IS NOT NULL) AS seats
FROM payments p JOIN bookings b ON b.show_id = p.show_id AND b.id = p.booking_id
JOIN shows s ON s.id = b.show_id JOIN movies m ON m.id = s.movie_id
WHERE p.shift_id = :shift_id ORDER BY p.captured_at DESC, p.id DESC LIMIT 5
""")


def last_sales(shift_id: int) -> list[LastSale]:
    """The newest sales of a shift that money was taken for."""
    rows = db.session.execute(_LAST, {"shift_id": shift_id}).all()
    end_read()
    return [
        LastSale(row.code, row.at, row.seats or "", row.title, row.starts_at, row.provider, row.amount_minor, row.state)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Done:
    """The booking that a sale became; perhaps all of it was given back or changed since."""

    code: str
    is_over: bool


_SALE = text("""
SELECT code, state = 'cancelled' AS is_over FROM bookings
WHERE owner_key = :key AND state IN ('confirmed', 'cancelled') ORDER BY is_over, id LIMIT 1
""")


def sold_as(owner_key: str) -> Done | None:
    """The booking that this sale became, if it is done already."""
    row = db.session.execute(_SALE, {"key": owner_key}).one_or_none()
    return Done(*row) if row else None


_BEGUN = text("SELECT code FROM bookings WHERE owner_key = :key AND state IN ('held', 'confirmed') LIMIT 1")


def begun_as(owner_key: str) -> str | None:
    """The code of the booking that this sale keeps seats by, or became."""
    code: str | None = db.session.execute(_BEGUN, {"key": owner_key}).scalar_one_or_none()
    return code


_PAID = text("""
SELECT provider, amount_minor, tendered_minor, reference, shift_id FROM payments
WHERE show_id = :show_id AND booking_id = :id AND applied_at IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class PaidAtCounter:
    tender: str
    amount_minor: int
    change_minor: int
    reference: str


def paid_at_counter(show_id: int, booking_id: int) -> PaidAtCounter | None:
    """What was handed over for a booking, if it was sold at a counter for money."""
    row = db.session.execute(_PAID, {"show_id": show_id, "id": booking_id}).one_or_none()
    if row is None or row.shift_id is None:
        return None
    change = (row.tendered_minor or row.amount_minor) - row.amount_minor
    return PaidAtCounter(row.provider, row.amount_minor, change, row.reference)


# Looking for a booking


@dataclass(frozen=True, slots=True)
class Found:
    code: str
    state: str
    name: str
    email: str
    phone: str
    title: str
    starts_at: dt.datetime
    zone: str
    cinema: str
    seat_count: int
    total_minor: int
    currency: str
    channel: str


_COLUMNS = """
SELECT b.code, b.state, b.name, b.email, b.phone, m.title, s.starts_at, c.timezone AS zone, c.name AS cinema,
       b.seat_count, b.total_minor, b.currency, b.channel
FROM bookings b JOIN shows s ON s.id = b.show_id JOIN movies m ON m.id = s.movie_id JOIN cinemas c ON c.id = s.cinema_id
WHERE (:everywhere OR s.cinema_id = ANY(:cinemas))
"""
_ONE = text(f"{_COLUMNS} AND b.show_id = :show_id AND b.id = :id")
_BY_WORDS = text(f"""
{_COLUMNS} AND b.state IN ('confirmed', 'cancelled') AND s.starts_at > :since AND (
  lower(b.email) = :words OR strpos(lower(b.name), :words) > 0 OR strpos(lower(b.email), :words) > 0
  OR (:digits <> '' AND strpos(regexp_replace(b.phone, '[^0-9]', '', 'g'), :digits) > 0))
ORDER BY (s.starts_at < :now), abs(extract(epoch FROM s.starts_at - :now)), b.id LIMIT 50
""")
BACK = dt.timedelta(days=60)
LEAST_DIGITS = 4


def find_for_counter(where: Reach, typed: str) -> list[Found]:
    """Bookings of these cinemas by number, ticket number, scanned code, name, e-mail or phone; the nearest show first."""
    words = typed.strip()
    values = {"everywhere": where.everywhere, "cinemas": sorted(where.cinema_ids)}
    key = _named(typed) if words else None
    rows = db.session.execute(_ONE, {**values, "show_id": key[0], "id": key[1]}).all() if key else []
    if not rows and len(words) >= 2:
        now, digits = clock.now(), "".join(letter for letter in words if letter.isascii() and letter.isdigit())
        digits = digits if len(digits) >= LEAST_DIGITS and not any(letter.isalpha() for letter in words) else ""
        search = {"words": words.lower(), "digits": digits.lstrip("0"), "now": now, "since": now - BACK}
        rows = db.session.execute(_BY_WORDS, {**values, **search}).all()
    end_read()
    return [Found(*row) for row in rows]


def _named(typed: str) -> tuple[int, int] | None:
    """The booking that a scanned code, a booking's number or a ticket's number names."""
    try:
        payload = verify(typed, read_keyring(settings.ticket_signing_keys).public_keys)
        return payload.show_id, payload.booking_id
    except BadTicket:
        pass
    code = normal_code(typed)
    for one in (code, code[:-2]):
        found = find_booking(one) if len(one) > RANDOM_LENGTH else None
        if found is not None:
            return found.show_id, found.id
    return None


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing the staff did to a booking."""

    at: dt.datetime
    person: str
    action: str
    reason: str


_HAPPENED = text("""
SELECT a.at, coalesce(u.name, 'a command') AS person, a.action, a.reason FROM audit_entries a
LEFT JOIN users u ON u.id = a.user_id WHERE a.subject = 'booking' AND a.subject_id = :id ORDER BY a.id DESC LIMIT 50
""")


def what_staff_did(booking_id: int) -> list[Happened]:
    """Newest first."""
    rows = db.session.execute(_HAPPENED, {"id": booking_id}).all()
    end_read()
    return [Happened(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """Money that somebody has to hand out at the counter."""

    show_id: int
    id: int
    code: str
    name: str
    tender: str
    amount_minor: int
    currency: str
    requested_at: dt.datetime


_WAITING = text("""
SELECT r.show_id, r.id, b.code, b.name, p.provider AS tender, r.amount_minor, r.currency, r.requested_at
FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
JOIN bookings b ON b.show_id = p.show_id AND b.id = p.booking_id JOIN shows s ON s.id = r.show_id
WHERE r.state = 'requested' AND p.shift_id IS NOT NULL AND s.cinema_id = :cinema_id
  AND (CAST(:code AS text) IS NULL OR b.code = :code)
ORDER BY r.requested_at, r.id LIMIT 100
""")


def waiting_refunds(cinema_id: int, code: str | None = None) -> list[WaitingRefund]:
    """Refunds of counter sales that nobody has paid out, oldest first; of one booking, if named."""
    rows = db.session.execute(_WAITING, {"cinema_id": cinema_id, "code": code}).all()
    end_read()
    return [WaitingRefund(*row) for row in rows]


_ENTERED = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM booking_credits "
    "WHERE show_id = :show_id AND booking_id = :id AND state = 'entered'"
)


def credits_entered(show_id: int, booking_id: int) -> int:
    """What gift cards and exchanged seats of a sale hold, which pay first; minor units."""
    return int(db.session.execute(_ENTERED, {"show_id": show_id, "id": booking_id}).scalar_one())
