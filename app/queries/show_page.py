"""What the seat page needs: the show with its film and place, and what this visitor keeps there already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.demand import why
from app.domain.pricing import Shown, Tariff
from app.domain.states import BookingState, ShowState

PROCESS_SECONDS = 1.0
KEPT_SHOWS = 4096


@dataclass(frozen=True, slots=True)
class ShowPage:
    """One show as its seat page presents it. Instants are UTC; `fee_minor` is per seat, in minor units."""

    id: int
    state: str
    starts_at: dt.datetime
    sales_open_at: dt.datetime
    sales_close_at: dt.datetime
    layout_id: int
    price_list_id: int
    demand_percent: int
    demand_step: int
    demand_reason: str
    format: str
    language: str
    subtitles: str
    note: str
    captions: bool
    audio_description: bool
    relaxed: bool
    title: str
    slug: str
    certificate: str | None
    cinema: str
    cinema_slug: str
    timezone: str
    currency: str
    fee_minor: int
    screen: str

    @property
    def tariff(self) -> Tariff:
        """What its seats are sold at."""
        return Tariff(self.price_list_id, self.demand_percent, self.demand_step)

    @property
    def why_changed(self) -> str:
        """Why its prices are not those of the list, in words; empty when they are."""
        return why(self.demand_percent, self.demand_reason)

    @property
    def shown(self) -> Shown:
        """What its prices are shown by."""
        return Shown(self.tariff, self.fee_minor)

    @property
    def local_start(self) -> dt.datetime:
        """The start on the cinema's clocks."""
        return self.starts_at.astimezone(ZoneInfo(self.timezone))

    def why_over(self, now: dt.datetime) -> str | None:
        """Why seats can no longer be bought, in a sentence; None while they can, or will be."""
        if self.state == ShowState.CANCELLED:
            return "This show has been cancelled."
        if self.state != ShowState.PUBLISHED:
            return "This show is not on sale."
        if now >= self.sales_close_at:
            return "This show has begun: its seats are no longer sold here."
        return None


_SHOW = text("""
SELECT s.id, s.state, s.starts_at, s.sales_open_at, s.sales_close_at, s.layout_id, s.price_list_id,
       s.demand_percent, s.demand_step, s.demand_reason, s.format, s.language,
       s.subtitles, s.note, s.captions, s.audio_description, s.relaxed, m.title, m.slug, m.certificate,
       c.name AS cinema, c.slug AS cinema_slug, c.timezone, c.currency, c.fee_minor, screen.name AS screen
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN cinemas c ON c.id = s.cinema_id
JOIN screens screen ON screen.id = s.screen_id WHERE s.id = :show_id
""")


_kept: dict[int, tuple[float, ShowPage]] = {}


def show_page(show_id: int) -> ShowPage | None:
    """The show, at most a second old: whoever sells its seats judges it again under the locks."""
    kept = _kept.get(show_id)
    if kept is not None and clock.ticks() - kept[0] < PROCESS_SECONDS:
        return kept[1]
    row = db.session.execute(_SHOW, {"show_id": show_id}).one_or_none()
    if row is None:
        return None
    if len(_kept) >= KEPT_SHOWS:
        _kept.clear()
    _kept[show_id] = (clock.ticks(), ShowPage(*row))
    return _kept[show_id][1]


def forget_show(show_id: int) -> None:
    """Read it afresh the next time, for a page that tells what has just changed of it."""
    _kept.pop(show_id, None)


def forget_shows() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _kept.clear()


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """Seats that this visitor keeps for the show until `expires_at` (UTC)."""

    code: str
    state: str
    expires_at: dt.datetime
    seat_ids: frozenset[int]
    shown: Shown
    """What they are kept at."""

    @property
    def paying(self) -> bool:
        """A payment has begun: a new hold does not replace it."""
        return self.state == BookingState.AWAITING_PAYMENT


_OWN = text("""
SELECT b.code, b.state, b.expires_at, b.price_list_id, b.demand_percent, b.demand_step, b.seat_fee_minor, ARRAY(
  SELECT t.seat_id FROM tickets t WHERE t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void') AS seat_ids
FROM bookings b WHERE b.show_id = :show_id AND b.owner_key = ANY(:owner_keys)
  AND b.state IN ('held', 'awaiting_payment') AND b.expires_at > :now ORDER BY b.id
""")


def own_bookings(show_id: int, owner_keys: Sequence[str]) -> list[OwnBooking]:
    """The visitor's live bookings of this show; asks nothing for a visitor without a key."""
    if not owner_keys:
        return []
    rows = db.session.execute(_OWN, {"show_id": show_id, "owner_keys": list(owner_keys), "now": clock.now()})
    return [
        OwnBooking(
            row.code,
            row.state,
            row.expires_at.astimezone(dt.UTC),
            frozenset(row.seat_ids),
            Shown(Tariff(*row[3:6]), row.seat_fee_minor),
        )
        for row in rows
    ]


_PRICED = text(
    "SELECT s.layout_id, s.price_list_id, s.demand_percent, s.demand_step, c.fee_minor, c.currency "
    "FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id"
)


def prices_key(show_id: int) -> tuple[int, Tariff, int, str]:
    """What names a show's cells: layout, tariff, fee in minor units, currency."""
    layout_id, *tariff, fee_minor, currency = db.session.execute(_PRICED, {"show_id": show_id}).one()
    return layout_id, Tariff(*tariff), fee_minor, currency
