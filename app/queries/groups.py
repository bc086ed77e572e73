"""Groups' requests as their pages, mails and papers show them: what was asked for, what is offered, where it stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from app import clock
from app.db import db, end_read
from app.domain.groups import Party, PriceMode, Standing, standing
from app.domain.pricing import TicketType
from app.domain.states import BookingState, GroupState
from app.errors import NotFound

LISTED = 200


@dataclass(frozen=True, slots=True)
class GroupCinema:
    id: int
    name: str
    address: str
    postal_code: str
    city: str
    zone: str
    currency: str
    tax_percent: str


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """A show in words; `starts_at` is on its cinema's clocks."""

    id: int
    title: str
    slug: str
    screen: str
    starts_at: dt.datetime


@dataclass(frozen=True, slots=True)
class GroupOffer:
    """The last offer. Instants are on the cinema's clocks; `booking_state` is what became of it."""

    number: int
    show: ShowFacts
    show_id: int
    booking_id: int
    code: str
    booking_state: BookingState
    seats: int
    mode: PriceMode
    amount_minor: int
    total_minor: int
    kind: TicketType
    parties: tuple[Party, ...]
    note: str
    offered_at: dt.datetime
    pay_until: dt.datetime

    @property
    def who(self) -> str:
        """28 child, 3 adult, 2 adult free of charge."""
        return ", ".join(party.words for party in self.parties)

    @property
    def besides(self) -> tuple[Party, ...]:
        """Those that were named beside the kind that most of them are."""
        named = [party for party in self.parties if party.kind is not TicketType.COMPANION]
        return tuple(named[1:] if named and (named[0].kind, named[0].each_minor) == (self.kind, None) else named)


@dataclass(frozen=True, slots=True)
class Group:
    """One request with its last offer. `standing` counts a time that is over, whether or not that was noted yet."""

    id: int
    state: GroupState
    standing: Standing
    revision: int
    cinema: GroupCinema
    wish: ShowFacts | None
    film: str
    wanted_on: dt.date | None
    wanted_time: str
    people: int
    whole_show: bool
    name: str
    organisation: str
    email: str
    phone: str
    message: str
    created_at: dt.datetime
    declined_why: str
    offer: GroupOffer | None

    @property
    def title(self) -> str:
        """Whom it is about."""
        return self.organisation or self.name

    @property
    def number(self) -> str:
        """What stands on its papers: the request and the offer."""
        return f"G{self.id}-{self.offer.number if self.offer else 0}"

    @property
    def stands(self) -> bool:
        """Whether the offer can be paid now."""
        return self.standing is Standing.OFFERED


_COLUMNS = """
SELECT g.id, g.state, g.revision, g.film, g.wanted_on, g.wanted_time, g.people, g.whole_show, g.name, g.organisation,
       g.email, g.phone, g.message, g.created_at, g.declined_why, g.offers, g.offer_show_id, g.booking_id, g.seats,
       g.price_mode, g.amount_minor, g.total_minor, g.ticket_type, g.parties, g.note, g.offered_at, g.pay_until,
       b.code, b.state AS booking_state,
       c.id AS cinema_id, c.name AS cinema, c.address, c.postal_code, city.name AS city, c.timezone, c.currency,
       c.tax_percent,
       w.id AS wish_id, wm.title AS wish_title, wm.slug AS wish_slug, ws.name AS wish_screen, w.starts_at AS wish_starts,
       s.id AS offer_id, m.title, m.slug, screen.name AS screen, s.starts_at
FROM group_requests g JOIN cinemas c ON c.id = g.cinema_id JOIN cities city ON city.id = c.city_id
LEFT JOIN shows w ON w.id = g.wish_show_id LEFT JOIN movies wm ON wm.id = w.movie_id
LEFT JOIN screens ws ON ws.id = w.screen_id
LEFT JOIN bookings b ON b.show_id = g.offer_show_id AND b.id = g.booking_id
LEFT JOIN shows s ON s.id = g.offer_show_id LEFT JOIN movies m ON m.id = s.movie_id
LEFT JOIN screens screen ON screen.id = s.screen_id
"""
_ONE = text(f"{_COLUMNS} WHERE g.id = :id")
_LIST = text(
    f"{_COLUMNS} WHERE g.cinema_id = :cinema_id "
    "ORDER BY (g.state <> 'new'), coalesce(g.pay_until, g.created_at) DESC, g.id DESC LIMIT :listed"
)


def group_of(group_id: int) -> Group:
    """One request. Raises NotFound. Ends no read: pages go on asking."""
    row = db.session.execute(_ONE, {"id": group_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such request.")
    return _group(row, clock.now())


def groups_of(cinema_id: int) -> list[Group]:
    """The requests of a cinema: those nobody answered first, then those that have to be paid latest."""
    now = clock.now()
    rows = db.session.execute(_LIST, {"cinema_id": cinema_id, "listed": LISTED}).all()
    end_read()
    return [_group(row, now) for row in rows]


_WAITING = text("SELECT count(*) FROM group_requests WHERE cinema_id = :cinema_id AND state = 'new'")


def groups_waiting(cinema_id: int) -> int:
    """How many requests nobody has answered."""
    waiting = int(db.session.execute(_WAITING, {"cinema_id": cinema_id}).scalar_one())
    end_read()
    return waiting


def _group(row: Row[Any], now: dt.datetime) -> Group:
    zone = ZoneInfo(row.timezone)
    offer = _offer(row, zone) if row.booking_id is not None else None
    over = row.pay_until is not None and row.pay_until <= now
    state = GroupState(row.state)
    return Group(
        id=row.id,
        state=state,
        standing=standing(state, offer.booking_state if offer else None, over=over),
        revision=row.revision,
        cinema=GroupCinema(
            row.cinema_id,
            row.cinema,
            row.address,
            row.postal_code,
            row.city,
            row.timezone,
            row.currency,
            f"{row.tax_percent.normalize():f}",
        ),
        wish=_show(row.wish_id, row.wish_title, row.wish_slug, row.wish_screen, row.wish_starts, zone),
        film=row.film,
        wanted_on=row.wanted_on,
        wanted_time=row.wanted_time,
        people=row.people,
        whole_show=row.whole_show,
        name=row.name,
        organisation=row.organisation,
        email=row.email,
        phone=row.phone,
        message=row.message,
        created_at=row.created_at.astimezone(zone),
        declined_why=row.declined_why,
        offer=offer,
    )


def _show(
    show_id: int | None, title: str, slug: str, screen: str, starts_at: dt.datetime | None, zone: ZoneInfo
) -> ShowFacts | None:
    if show_id is None or starts_at is None:
        return None
    return ShowFacts(show_id, title, slug, screen, starts_at.astimezone(zone))


def _offer(row: Row[Any], zone: ZoneInfo) -> GroupOffer:
    show = _show(row.offer_id, row.title, row.slug, row.screen, row.starts_at, zone)
    assert show is not None, "what is offered is a show's"
    return GroupOffer(
        number=row.offers,
        show=show,
        show_id=row.offer_show_id,
        booking_id=row.booking_id,
        code=row.code,
        booking_state=BookingState(row.booking_state),
        seats=row.seats,
        mode=PriceMode(row.price_mode),
        amount_minor=row.amount_minor,
        total_minor=row.total_minor,
        kind=TicketType(row.ticket_type),
        parties=tuple(map(Party.read, row.parties)) or (Party(TicketType(row.ticket_type), row.seats),),
        note=row.note,
        offered_at=row.offered_at.astimezone(zone),
        pay_until=row.pay_until.astimezone(zone),
    )


# What can be offered

_SHOWS = text("""
SELECT s.id, m.title, m.slug, screen.name AS screen, s.starts_at, count(ss.seat_id) FILTER (
         WHERE ss.state = 'free' OR (ss.state = 'held' AND ss.held_until <= :now)) AS free,
       count(ss.seat_id) AS total, s.sales_open_at <= :now AND s.sales_close_at > :now AS open
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
JOIN show_seats ss ON ss.show_id = s.id
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.starts_at > :now AND s.starts_at < :until
  AND (:any_time OR s.sales_open_at <= :now AND s.sales_close_at > :now)
GROUP BY s.id, m.id, screen.id ORDER BY s.starts_at, s.id LIMIT 500
""")
AHEAD = dt.timedelta(days=120)


@dataclass(frozen=True, slots=True)
class ShowToOffer:
    """A show that a group can be offered; `starts_at` is on the cinema's clocks."""

    id: int
    title: str
    screen: str
    starts_at: dt.datetime
    free: int
    total: int
    open: bool
    """Whether it is booked online now."""


def shows_to_offer(cinema_id: int, zone: str, *, any_time: bool) -> list[ShowToOffer]:
    """Published shows of the cinema that have not begun, soonest first: those booked online now, or at `any_time`."""
    now = clock.now()
    rows = db.session.execute(_SHOWS, {"cinema_id": cinema_id, "now": now, "until": now + AHEAD, "any_time": any_time})
    return [
        ShowToOffer(
            row.id, row.title, row.screen, row.starts_at.astimezone(ZoneInfo(zone)), row.free, row.total, row.open
        )
        for row in rows
    ]


_CINEMAS = text("""
SELECT c.id, c.name, city.name AS city FROM cinemas c JOIN cities city ON city.id = c.city_id ORDER BY city.name, c.name
""")


def cinemas_to_ask() -> list[tuple[int, str]]:
    """Every cinema, with its city."""
    return [(row.id, f"{row.city}: {row.name}") for row in db.session.execute(_CINEMAS)]


_WISHED = text("""
SELECT s.id, m.title, m.slug, screen.name AS screen, s.starts_at, c.timezone, c.id AS cinema_id, c.name AS cinema
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id
JOIN cinemas c ON c.id = s.cinema_id
WHERE s.id = :id AND s.state = 'published' AND s.starts_at > :now
""")


@dataclass(frozen=True, slots=True)
class Wished:
    """The show whose page led to the request."""

    show: ShowFacts
    cinema_id: int
    cinema: str


def wished_show(show_id: int) -> Wished | None:
    """A show that has not begun; None for any other."""
    row = db.session.execute(_WISHED, {"id": show_id, "now": clock.now()}).one_or_none()
    if row is None:
        return None
    show = ShowFacts(row.id, row.title, row.slug, row.screen, row.starts_at.astimezone(ZoneInfo(row.timezone)))
    return Wished(show, row.cinema_id, row.cinema)
