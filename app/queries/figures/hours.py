"""Takings by hour of a cinema's day and of the same weekday a week ago: equal to the ledger at every moment.

The hours of shows are summed up by the job (services/rollups.py). A show for which something was booked since it was
summed up for good is read from the ledger and the tickets themselves; so are the shows that sold something a week ago in
the hour that it is now, of which only a part counts. These are few, however many bookings a house has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, BindParameter, bindparam, text

from app.db import db, end_read

WEEK = dt.timedelta(days=7)
USUAL = (10, 23)
"""The hours between which there is always something to see."""
INCOME = ("ticket_revenue", "fee_revenue", "tax_payable", "discounts", "cancellation_revenue")
"""The accounts that a sale or a cancellation books besides what is paid and given back."""
SOURCES = ("ledger_entries", "state_changes")
"""The logs that tell for which shows something has happened."""
REBUILD = "rebuild"
"""The mark of a rebuild that is not finished: the last show it has done."""
SHAPE = "shape-2"
"""The mark of figures in the shape that this code reads; without it they are made anew."""

MOVES = f"""
SELECT show_id, at, currency, 0 AS sold, 0 AS back,
       CASE WHEN key LIKE 'cancel-%' THEN 0 ELSE -amount_minor END AS taken_minor,
       CASE WHEN key LIKE 'cancel-%' THEN amount_minor ELSE 0 END AS back_minor
FROM ledger_entries WHERE show_id = ANY(:shows) AND show_id <> 0 AND at >= :since
  AND account IN ({", ".join(f"'{name}'" for name in INCOME)})
UNION ALL
SELECT t.show_id, t.issued_at, b.currency, 1, 0, 0, 0
FROM tickets t JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
WHERE t.show_id = ANY(:shows) AND t.issued_at >= :since
UNION ALL
SELECT t.show_id, c.at, b.currency, 0, 1, 0, 0
FROM tickets t JOIN cancellations c ON c.show_id = t.show_id AND c.id = t.cancellation_id
JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
WHERE t.show_id = ANY(:shows) AND c.at >= :since
"""  # noqa: S608  our own words only
"""Everything that was sold and given back for `:shows` since an instant, one by one."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Seats and money (minor units) that came in, and that went back again."""

    sold: int = 0
    back: int = 0
    taken_minor: int = 0
    back_minor: int = 0

    @property
    def seats(self) -> int:
        return self.sold - self.back

    @property
    def minor(self) -> int:
        return self.taken_minor - self.back_minor


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of today, and of the same weekday last week."""

    hour: int
    today: Sales
    before: Sales


@dataclass(frozen=True, slots=True)
class Takings:
    """Today, and a week ago until this time of day: by hour, and together. `before` is all of that day in `hours` alone."""

    currency: str
    hours: tuple[Hour, ...]
    today: Sales
    before: Sales


def newer_than(mark: str) -> BindParameter[int]:
    """A mark in a statement: written into it, for a plan made without knowing how little lies behind it reads the whole log."""
    return bindparam(mark, type_=BigInteger, literal_execute=True)


_MARKS = text("SELECT source, settled_id FROM figures_marks WHERE source = ANY(:sources)")
_LIVE = text("""
WITH live AS (
  SELECT show_id AS id FROM ledger_entries WHERE id > :ledger_entries
  UNION SELECT show_id FROM state_changes WHERE id > :state_changes
  UNION SELECT show_id FROM figures_hours WHERE day = :week_ago AND cinema_id = :cinema_id AND hour = :cut
  UNION SELECT id FROM shows WHERE id > :rebuilt
)
SELECT s.id FROM live JOIN shows s ON s.id = live.id WHERE s.cinema_id = :cinema_id
""").bindparams(*(newer_than(mark) for mark in (*SOURCES, "rebuilt")))
_ALL = text("SELECT id FROM shows WHERE cinema_id = :cinema_id")
_SUMS = text(f"""
SELECT day = :day AS now, hour, day = :day OR hour < :cut AS so_far, sum(sold) AS sold, sum(back) AS back,
       sum(taken_minor) AS taken_minor, sum(back_minor) AS back_minor
FROM figures_hours WHERE day IN (:day, :week_ago) AND cinema_id = :cinema_id AND currency = :currency
  AND show_id <> ALL(:shows) GROUP BY 1, 2, 3
UNION ALL
SELECT at >= :today, extract(hour FROM at AT TIME ZONE :zone)::int, at >= :today OR at < :limit, sum(sold), sum(back),
       sum(taken_minor), sum(back_minor)
FROM ({MOVES}) moves WHERE ((at >= :today AND at < :tomorrow) OR at < :week_ago_end) AND currency = :currency
GROUP BY 1, 2, 3
""")  # noqa: S608  our own words only


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The instant at which a day begins there."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def takings(cinema_id: int, currency: str, now: dt.datetime, zone: ZoneInfo) -> Takings:
    """By hour of the cinema's day. `now` is on its clocks."""
    values = {"cinema_id": cinema_id, "currency": currency, **_times(now, zone)}
    values["shows"] = _live_shows(values)
    rows = db.session.execute(_SUMS, values).all()
    end_read()
    today = [row for row in rows if row.now]
    before = [row for row in rows if not row.now]
    return Takings(currency, _hours(today, before), _sum(today), _sum([row for row in before if row.so_far]))


def _times(now: dt.datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The two days, and the instants they begin, end and are cut at."""
    day, week_ago = now.date(), now.date() - WEEK
    limit = (now.replace(tzinfo=None) - WEEK).replace(tzinfo=zone).astimezone(dt.UTC)
    return {
        "zone": zone.key,
        "day": day,
        "week_ago": week_ago,
        "limit": limit,
        "cut": limit.astimezone(zone).hour,
        "since": midnight(week_ago, zone),
        "week_ago_end": midnight(week_ago + dt.timedelta(days=1), zone),
        "today": midnight(day, zone),
        "tomorrow": midnight(day + dt.timedelta(days=1), zone),
    }


def _live_shows(values: dict[str, Any]) -> list[int]:
    """The shows of the cinema whose sums by hour can't be used as they stand."""
    found = db.session.execute(_MARKS, {"sources": [*SOURCES, REBUILD, SHAPE]}).all()
    marks = {row.source: row.settled_id for row in found}
    if not marks.keys() >= {*SOURCES, SHAPE}:
        return list(db.session.execute(_ALL, values).scalars())
    done = {"rebuilt": marks.get(REBUILD, 2**62), **{source: marks[source] for source in SOURCES}}
    return list(db.session.execute(_LIVE, {**values, **done}).scalars())


def _sum(rows: Sequence[Any]) -> Sales:
    return Sales(*(int(sum(getattr(row, name) for row in rows)) for name in Sales.__slots__))


def _hours(today: Sequence[Any], before: Sequence[Any]) -> tuple[Hour, ...]:
    """The hours of an ordinary day, and all in which something was sold or given back."""
    known = [*USUAL, *(row.hour for row in (*today, *before))]
    return tuple(
        Hour(hour, *(_sum([row for row in rows if row.hour == hour]) for rows in (today, before)))
        for hour in range(min(known), max(known) + 1)
    )
