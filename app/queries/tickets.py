"""A booking as its page, tickets, mails and calendar file show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app.db import db
from app.domain.codes import ticket_code
from app.domain.pricing import TYPE_NAMES, TicketType
from app.errors import NotFound

DOORS_BEFORE = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the bill; `kind` is ticket, discount (taken off), fee, or tax, which the others contain."""

    kind: str
    label: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class MovieView:
    id: int
    title: str
    slug: str
    certificate: str | None
    runtime_minutes: int | None
    languages: str
    poster_hash: str | None
    """With the slug it makes the poster's address."""


@dataclass(frozen=True, slots=True)
class CinemaView:
    name: str
    slug: str
    address: str
    postal_code: str
    city: str
    timezone: str
    latitude: float | None
    longitude: float | None

    @property
    def zone_name(self) -> str:
        """Whose time the times are, e.g. Rennes time."""
        return f"{self.city} time"

    @property
    def street(self) -> str:
        """Address, postal code and city in one line, each once."""
        parts = [self.address]
        if self.postal_code and self.postal_code not in self.address:
            parts.append(self.postal_code)
        if self.city not in self.address:
            parts.append(self.city)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class TicketView:
    """One live ticket. `code` is what the door types; `seat` is the whole label, J10 or Balcony A 13 bis."""

    show_id: int
    booking_id: int
    seat_id: int
    number: int
    code: str
    seat: str
    level: str
    row: str
    seat_number: str
    kind: str
    category_name: str
    ticket_type: str
    type_name: str
    price_minor: int
    fee_minor: int
    discount_minor: int
    tax_minor: int
    """Its shares of the booking's fee and discount, and the tax that is in what was paid for it."""
    state: str
    issued_at: dt.datetime | None

    @property
    def value_minor(self) -> int:
        """What was paid for the seat."""
        return self.price_minor + self.fee_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class PaymentView:
    """The capture, else the last attempt; `refund_*` is the booking's last refund, in minor units."""

    mode: str
    state: str
    refund_state: str | None
    refund_minor: int | None
    refund_currency: str | None


@dataclass(frozen=True, slots=True)
class BookingView:
    """Everything about a booking that its reader may see. The show's times are on its clocks, others UTC."""

    show_id: int
    id: int
    code: str
    state: str
    name: str
    email: str
    currency: str
    total_minor: int
    credit_minor: int
    """What of the total gift cards, the wallet and exchanged seats paid."""
    fee_minor: int
    tax_minor: int
    seat_count: int
    held_at: dt.datetime
    expires_at: dt.datetime
    confirmed_at: dt.datetime | None
    lines: tuple[BillLine, ...]
    movie: MovieView
    cinema: CinemaView
    screen: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    """When the film is over; without a running time, when the screen is free again."""
    doors_at: dt.datetime
    format: str
    language: str
    subtitles: str
    note: str
    show_state: str
    payment: PaymentView | None
    pdf_ready: bool
    mail_state: str | None
    """queued, sent or failed (it will be tried again); None if no confirmation was ever asked for."""
    tickets: tuple[TicketView, ...]
    phone: str
    wants_push: bool


_HEAD = text("""
SELECT b.id, b.code, b.state, b.name, b.email, b.phone, b.wants_push, b.currency, b.total_minor, b.credit_minor,
       b.fee_minor, b.tax_minor,
       b.seat_count, b.held_at, b.expires_at, b.confirmed_at,
       s.starts_at, s.ends_at, s.format, s.language, s.subtitles, s.note, s.state AS show_state,
       m.id AS movie_id, m.title, m.slug AS movie_slug, m.certificate, m.runtime_minutes, m.languages,
       m.poster_hash,
       c.name AS cinema, c.slug AS cinema_slug, c.address, c.postal_code, city.name AS city, c.timezone,
       c.latitude, c.longitude, screen.name AS screen, layout.categories,
       p.mode, p.state AS payment_state, r.state AS refund_state, r.amount_minor AS refund_minor,
       r.currency AS refund_currency, mail.state AS mail_state,
       EXISTS (SELECT FROM booking_documents d
               WHERE d.show_id = b.show_id AND d.booking_id = b.id AND d.kind = 'tickets') AS pdf_ready
FROM bookings b
JOIN shows s ON s.id = b.show_id
JOIN movies m ON m.id = s.movie_id
JOIN cinemas c ON c.id = s.cinema_id
JOIN cities city ON city.id = c.city_id
JOIN screens screen ON screen.id = s.screen_id
JOIN layouts layout ON layout.id = s.layout_id
LEFT JOIN LATERAL (
  SELECT mode, state FROM payments WHERE show_id = b.show_id AND booking_id = b.id
  ORDER BY (captured_at IS NOT NULL) DESC, id DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (
  SELECT refunds.state, refunds.amount_minor, refunds.currency
  FROM refunds JOIN payments ON payments.show_id = refunds.show_id AND payments.id = refunds.payment_id
  WHERE refunds.show_id = b.show_id AND payments.booking_id = b.id ORDER BY refunds.id DESC LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT state FROM messages
  WHERE show_id = b.show_id AND booking_id = b.id AND kind = 'confirmation' AND channel = 'email'
  ORDER BY id DESC LIMIT 1) mail ON true
WHERE b.show_id = :show_id AND b.id = :booking_id
""")
_LINES = text(
    "SELECT kind, label, quantity, amount_minor FROM booking_lines "
    "WHERE show_id = :show_id AND booking_id = :booking_id ORDER BY position"
)
_TICKETS = text("""
SELECT t.seat_id, t.number, t.ticket_type, t.price_minor, t.fee_minor, t.discount_minor, t.tax_minor, t.state,
       t.issued_at,
       seat.label, seat.row,
       CASE WHEN EXISTS (SELECT FROM seats o WHERE o.layout_id = seat.layout_id AND o.level <> seat.level)
         THEN seat.level ELSE '' END AS level,
       seat.number AS seat_number, seat.kind, seat.category
FROM tickets t JOIN seats seat ON seat.id = t.seat_id
WHERE t.show_id = :show_id AND t.booking_id = :booking_id AND t.state <> 'void'
ORDER BY t.number
""")


def booking_view(show_id: int, booking_id: int) -> BookingView:
    """The booking with its show, bill and live tickets, by three queries. Raises NotFound."""
    key = {"show_id": show_id, "booking_id": booking_id}
    head = db.session.execute(_HEAD, key).one_or_none()
    if head is None:
        raise NotFound("There is no such booking.")
    lines = tuple(BillLine(*row) for row in db.session.execute(_LINES, key))
    tickets = tuple(_ticket(show_id, head, row) for row in db.session.execute(_TICKETS, key))
    zone = ZoneInfo(head.timezone)
    starts_at = head.starts_at.astimezone(zone)
    return BookingView(
        show_id=show_id,
        id=head.id,
        code=head.code,
        state=head.state,
        name=head.name,
        email=head.email,
        currency=head.currency,
        total_minor=head.total_minor,
        credit_minor=head.credit_minor,
        fee_minor=head.fee_minor,
        tax_minor=head.tax_minor,
        seat_count=head.seat_count,
        held_at=_utc(head.held_at),
        expires_at=_utc(head.expires_at),
        confirmed_at=head.confirmed_at and _utc(head.confirmed_at),
        lines=lines,
        movie=_movie(head),
        cinema=_cinema(head),
        screen=head.screen,
        starts_at=starts_at,
        ends_at=_end(head).astimezone(zone),
        doors_at=(head.starts_at - DOORS_BEFORE).astimezone(zone),
        format=head.format,
        language=head.language,
        subtitles=head.subtitles,
        note=head.note,
        show_state=head.show_state,
        payment=_payment(head),
        pdf_ready=head.pdf_ready,
        mail_state=head.mail_state,
        tickets=tickets,
        phone=head.phone,
        wants_push=head.wants_push,
    )


def _utc(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(dt.UTC)


def _end(head: Row[Any]) -> dt.datetime:
    if head.runtime_minutes is None:
        return _utc(head.ends_at)
    return _utc(head.starts_at) + dt.timedelta(minutes=head.runtime_minutes)


def _movie(head: Row[Any]) -> MovieView:
    return MovieView(
        head.movie_id,
        head.title,
        head.movie_slug,
        head.certificate,
        head.runtime_minutes,
        ", ".join(head.languages),
        head.poster_hash,
    )


def _cinema(head: Row[Any]) -> CinemaView:
    return CinemaView(
        head.cinema,
        head.cinema_slug,
        head.address,
        head.postal_code,
        head.city,
        head.timezone,
        head.latitude,
        head.longitude,
    )


def _payment(head: Row[Any]) -> PaymentView | None:
    if head.payment_state is None:
        return None
    refund = (head.refund_state, head.refund_minor, head.refund_currency)
    return PaymentView(head.mode, head.payment_state, *refund)


def _ticket(show_id: int, head: Row[Any], row: Row[Any]) -> TicketView:
    return TicketView(
        show_id=show_id,
        booking_id=head.id,
        seat_id=row.seat_id,
        number=row.number,
        code=ticket_code(head.code, row.number),
        seat=row.label,
        level=row.level,
        row=row.row,
        seat_number=row.seat_number,
        kind=row.kind,
        category_name=head.categories.get(row.category, row.category),
        ticket_type=row.ticket_type,
        type_name=TYPE_NAMES[TicketType(row.ticket_type)],
        price_minor=row.price_minor,
        fee_minor=row.fee_minor,
        discount_minor=row.discount_minor,
        tax_minor=row.tax_minor,
        state=row.state,
        issued_at=row.issued_at and _utc(row.issued_at),
    )
