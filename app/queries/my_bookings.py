"""The list of a visitor's bookings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app import clock
from app.db import db
from app.domain.states import BookingState

LISTED = 200
"""Bookings that one list shows at most."""


@dataclass(frozen=True, slots=True)
class BookingSummary:
    """One booking in a list; `starts_at` is on the cinema's clocks. Cancelled ones have no seats left."""

    show_id: int
    id: int
    code: str
    state: str
    title: str
    movie_slug: str
    certificate: str | None
    poster_hash: str | None
    cinema: str
    city: str
    screen: str
    starts_at: dt.datetime
    show_state: str
    seats: tuple[str, ...]
    seat_count: int
    currency: str
    total_minor: int
    expires_at: dt.datetime
    cancelled_seats: int
    returned_minor: int
    """What came of seats that were given back, exchanges apart."""

    @property
    def live(self) -> bool:
        """Held or being paid, so that it can still run out."""
        return self.state in (BookingState.HELD, BookingState.AWAITING_PAYMENT)


@dataclass(frozen=True, slots=True)
class MyBookings:
    """Upcoming soonest first, past latest first; a film that runs is still upcoming."""

    upcoming: tuple[BookingSummary, ...]
    past: tuple[BookingSummary, ...]


_MINE = text("""
SELECT b.show_id, b.id, b.code, b.state, m.title, m.slug AS movie_slug, m.certificate, m.poster_hash,
       c.name AS cinema, city.name AS city, screen.name AS screen, s.starts_at, s.state AS show_state,
       ARRAY(SELECT seat.label FROM tickets t JOIN seats seat ON seat.id = t.seat_id
             WHERE t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
             ORDER BY t.number) AS seats,
       b.seat_count, b.currency, b.total_minor, b.expires_at, back.seats AS cancelled_seats,
       back.returned AS returned_minor, c.timezone, s.ends_at
FROM bookings b
CROSS JOIN LATERAL (
  SELECT coalesce(sum(seat_count), 0) AS seats, coalesce(sum(returned_minor), 0) AS returned FROM cancellations
  WHERE show_id = b.show_id AND booking_id = b.id AND reason <> 'exchange') back
JOIN shows s ON s.id = b.show_id
JOIN movies m ON m.id = s.movie_id
JOIN cinemas c ON c.id = s.cinema_id
JOIN cities city ON city.id = c.city_id
JOIN screens screen ON screen.id = s.screen_id
WHERE (b.owner_key = ANY(:owner_keys) OR b.user_id = :user_id)
  AND (b.state IN ('confirmed', 'cancelled')
       OR (b.state IN ('held', 'awaiting_payment') AND b.expires_at > :now))
ORDER BY s.starts_at DESC, b.id DESC
LIMIT :listed
""")


def my_bookings(owner_keys: Sequence[str], user_id: int | None) -> MyBookings:
    """What this visitor has booked or is booking now; run-out and released bookings are left out."""
    now = clock.now()
    rows = db.session.execute(
        _MINE, {"owner_keys": list(owner_keys), "user_id": user_id, "now": now, "listed": LISTED}
    ).all()
    upcoming = [_summary(row) for row in reversed(rows) if row.ends_at > now]
    past = [_summary(row) for row in rows if row.ends_at <= now]
    return MyBookings(tuple(upcoming), tuple(past))


def _summary(row: Row[Any]) -> BookingSummary:
    facts = dict(row._mapping)
    zone = ZoneInfo(facts.pop("timezone"))
    del facts["ends_at"]
    return BookingSummary(
        **{
            **facts,
            "seats": tuple(row.seats),
            "starts_at": row.starts_at.astimezone(zone),
            "expires_at": row.expires_at.astimezone(dt.UTC),
        }
    )
