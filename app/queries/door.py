"""What the door needs: its shows, the ticket that a code names, the list that a device keeps, and what the doors did."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Row, text

from app.config import settings
from app.db import db, end_read
from app.domain.admission import Occasion, Opening
from app.domain.codes import normal_code, ticket_code
from app.domain.pricing import TYPE_NAMES, TicketType
from app.domain.ticket_payload import read_keyring

LOGGED = 100
"""Admissions that the log shows at most."""
end_looking = end_read


@dataclass(frozen=True, slots=True)
class TicketAtDoor:
    """A ticket as the door's answer names it. Times are on the cinema's clocks."""

    show_id: int
    ticket_id: int
    seat_id: int
    booking_code: str
    number: int
    place: str
    """Row J seat 10, with the level where the hall has several."""
    seat: str
    kind: str
    """Adult, premium."""
    party: int
    """The number of live tickets of its booking."""
    title: str
    starts_at: dt.datetime
    screen: str
    cinema: str
    city: str
    occasion: Occasion

    @property
    def code(self) -> str:
        return ticket_code(self.booking_code, self.number)


_TICKET = text("""
SELECT t.show_id, t.id AS ticket_id, t.seat_id, b.code AS booking_code, t.number, t.ticket_type, seat.label, seat.row,
       seat.number AS seat_number, seat.level, seat.category, layout.categories, b.seat_count, m.title, s.starts_at,
       s.state AS show_state, s.cinema_id, screen.name AS screen, c.name AS cinema, city.name AS city, c.timezone,
       EXISTS (SELECT FROM seats o WHERE o.layout_id = seat.layout_id AND o.level <> seat.level) AS levels
FROM bookings b
JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id
JOIN seats seat ON seat.id = t.seat_id
JOIN layouts layout ON layout.id = seat.layout_id
JOIN shows s ON s.id = b.show_id
JOIN movies m ON m.id = s.movie_id
JOIN screens screen ON screen.id = s.screen_id
JOIN cinemas c ON c.id = s.cinema_id
JOIN cities city ON city.id = c.city_id
WHERE b.show_id = :show_id AND b.code = :code AND (CAST(:number AS integer) IS NULL OR t.number = :number)
ORDER BY t.number
""")


def ticket_at_door(show_id: int, code: str, number: int | None) -> list[TicketAtDoor]:
    """The ticket of this booking with this number; without a number all of them. Empty if there is none."""
    if number is not None and number > 32_767:
        return []
    rows = db.session.execute(_TICKET, {"show_id": show_id, "code": code, "number": number})
    return [_ticket(row) for row in rows]


def _ticket(row: Row[Any]) -> TicketAtDoor:
    starts_at = row.starts_at.astimezone(ZoneInfo(row.timezone))
    return TicketAtDoor(
        show_id=row.show_id,
        ticket_id=row.ticket_id,
        seat_id=row.seat_id,
        booking_code=row.booking_code,
        number=row.number,
        place=_place(row),
        seat=row.label,
        kind=_kind(row),
        party=row.seat_count,
        title=row.title,
        starts_at=starts_at,
        screen=row.screen,
        cinema=row.cinema,
        city=row.city,
        occasion=Occasion(row.show_id, row.cinema_id, starts_at, row.show_state == "cancelled"),
    )


def _place(row: Row[Any]) -> str:
    words = f"row {row.row} seat {row.seat_number}" if row.row else f"seat {row.seat_number}"
    return f"{row.level}, {words}" if row.levels and row.level else words[0].upper() + words[1:]


def _kind(row: Row[Any]) -> str:
    category = str(row.categories.get(row.category, row.category)).lower()
    return f"{TYPE_NAMES[TicketType(row.ticket_type)]}, {category}"


_INSIDE = text("""
SELECT count(*) FROM tickets t JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
WHERE b.show_id = :show_id AND b.code = :code AND t.state = 'admitted'
""")


def party_inside(show_id: int, code: str) -> int:
    """How many of a booking's tickets have let somebody in."""
    found = db.session.execute(_INSIDE, {"show_id": show_id, "code": code}).scalar_one()
    end_read()
    return int(found)


# The shows of a door


@dataclass(frozen=True, slots=True)
class DoorShow:
    """A show that a door may choose; `now` if "any show now" takes it in."""

    id: int
    title: str
    starts_at: dt.datetime
    screen: str
    admitted: int
    sold: int
    now: bool

    @property
    def to_come(self) -> int:
        return self.sold - self.admitted


_SHOWS = text("""
SELECT s.id, m.title, s.starts_at, screen.name AS screen, n.admitted, n.sold
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state = 'admitted') AS admitted, count(*) AS sold FROM tickets t
  WHERE t.show_id = s.id AND t.state IN ('issued', 'admitted')) n
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.starts_at >= :start AND s.starts_at < :end
ORDER BY s.starts_at, screen.name, s.id
""")


def shows_at_door(cinema_id: int, zone: ZoneInfo, now: dt.datetime) -> tuple[DoorShow, ...]:
    """The published shows of today on the cinema's clocks, and those that are let in now though they are of another day."""
    opening = Opening(
        dt.timedelta(minutes=settings.door_before_minutes), dt.timedelta(minutes=settings.door_after_minutes)
    )
    midnight = dt.datetime.combine(now.astimezone(zone).date(), dt.time(), zone)
    tomorrow = dt.datetime.combine(midnight.date() + dt.timedelta(days=1), dt.time(), zone)
    start, end = min(midnight, now - opening.after), max(tomorrow, now + opening.before)
    rows = db.session.execute(_SHOWS, {"cinema_id": cinema_id, "start": start, "end": end}).all()
    end_read()
    return tuple(
        DoorShow(
            row.id,
            row.title,
            row.starts_at.astimezone(zone),
            row.screen,
            row.admitted,
            row.sold,
            opening.holds(row.starts_at, now),
        )
        for row in rows
    )


# What a device keeps


def public_keys() -> dict[str, str]:
    """The keys that tickets are verified with, by id, as base64 of 32 bytes. With these nobody can sign one."""
    keys = read_keyring(settings.ticket_signing_keys).public_keys
    return {
        str(n): base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode() for n, key in keys.items()
    }


_LIST = text("""
SELECT t.show_id, b.code, t.number, seat.label, seat.row, seat.number AS seat_number, seat.level, seat.category,
       layout.categories, t.ticket_type, t.state, t.admitted_at, t.seat_id,
       EXISTS (SELECT FROM seats o WHERE o.layout_id = seat.layout_id AND o.level <> seat.level) AS levels,
       coalesce((SELECT r.door FROM admission_reports r WHERE r.show_id = t.show_id AND r.ticket_id = t.id
                 AND r.outcome = 'admitted' AND r.undone_at IS NULL), '') AS door
FROM tickets t
JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
JOIN seats seat ON seat.id = t.seat_id
JOIN layouts layout ON layout.id = seat.layout_id
WHERE t.show_id = ANY(:shows) AND t.issued_at IS NOT NULL
ORDER BY t.show_id, b.code, t.number
""")


def door_list(shows: Sequence[int], zone: ZoneInfo) -> list[list[Any]]:
    """Every ticket that was ever sold for these shows: show, code, seat id, place, kind, state, since when, which door.

    The state is 0 sold, 1 admitted, 2 cancelled. No names: who holds a ticket is nobody's business at the door.
    """
    rows = db.session.execute(_LIST, {"shows": list(shows)}).all()
    end_read()
    return [_line(row, zone) for row in rows]


def _line(row: Row[Any], zone: ZoneInfo) -> list[Any]:
    state = {"issued": 0, "admitted": 1}.get(row.state, 2)
    since = f"{row.admitted_at.astimezone(zone):%H:%M}" if state == 1 else ""
    code = ticket_code(row.code, row.number)
    return [row.show_id, code, row.seat_id, _place(row), _kind(row), state, since, row.door if state == 1 else ""]


# What the doors did


@dataclass(frozen=True, slots=True)
class LoggedAdmission:
    """One report. `first_…` are the standing admission's, where this is a double."""

    show_id: int
    id: int
    outcome: str
    reason: str
    code: str
    seat: str
    title: str
    starts_at: dt.datetime
    screen: str
    at: dt.datetime
    door: str
    device: str
    offline: bool
    person: str
    undone_at: dt.datetime | None
    undone_why: str
    first_at: dt.datetime | None
    first_door: str
    first_device: str
    may_undo: bool


_LOG = """
SELECT r.show_id, r.id, r.outcome, r.reason, b.code, t.number, seat.label AS seat, m.title, s.starts_at,
       screen.name AS screen, r.at, r.door, r.device, r.offline, coalesce(u.name, '') AS person, r.undone_at,
       r.undone_why, f.at AS first_at, coalesce(f.door, '') AS first_door, coalesce(f.device, '') AS first_device,
       (r.outcome = 'admitted' AND r.undone_at IS NULL AND t.state = 'admitted') AS may_undo
FROM admission_reports r
JOIN shows s ON s.id = r.show_id
JOIN movies m ON m.id = s.movie_id
JOIN screens screen ON screen.id = s.screen_id
JOIN tickets t ON t.show_id = r.show_id AND t.id = r.ticket_id
JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
JOIN seats seat ON seat.id = t.seat_id
LEFT JOIN users u ON u.id = r.user_id
LEFT JOIN admission_reports f ON r.outcome = 'double' AND f.show_id = r.show_id AND f.ticket_id = r.ticket_id
  AND f.outcome = 'admitted' AND f.undone_at IS NULL
WHERE s.cinema_id = :cinema_id AND r.received_at >= :since AND {which}
  AND (:words = '' OR strpos(lower(concat_ws(' ', seat.label, m.title, screen.name, r.door, r.device, u.name)), :words) > 0
       OR strpos(b.code, :code) > 0)
ORDER BY r.received_at DESC, r.id DESC LIMIT :most
"""
_ADMITTED = text(_LOG.format(which="r.outcome = 'admitted'"))
_DISPUTED = text(_LOG.format(which="r.outcome <> 'admitted'"))


LEAST_OF_CODE = 5
"""Fewer letters are found by chance in many codes."""
NO_CODE = "-"
"""Stands in none."""


@dataclass(frozen=True, slots=True)
class DoorLog:
    """Newest first: who came in, and what two devices let in twice or a cancelled ticket let in."""

    admitted: tuple[LoggedAdmission, ...]
    disputed: tuple[LoggedAdmission, ...]


def door_log(cinema_id: int, zone: ZoneInfo, since: dt.datetime, words: str = "") -> DoorLog:
    """What the doors of a cinema reported since then; with `words` only what they are found in, ticket codes too."""
    code = normal_code(words) if len(words) >= LEAST_OF_CODE else NO_CODE
    values = {"cinema_id": cinema_id, "since": since, "most": LOGGED, "words": words.lower(), "code": code}
    both = [tuple(_logged(row, zone) for row in db.session.execute(one, values)) for one in (_ADMITTED, _DISPUTED)]
    end_read()
    return DoorLog(*both)


def _logged(row: Row[Any], zone: ZoneInfo) -> LoggedAdmission:
    facts = dict(row._mapping)
    facts["code"] = ticket_code(facts["code"], facts.pop("number"))
    for name in ("starts_at", "at", "undone_at", "first_at"):
        facts[name] = facts[name] and facts[name].astimezone(zone)
    return LoggedAdmission(**facts)
