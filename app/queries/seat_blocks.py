"""What the pages about seats out of use show: who took which out, when and why, and who has seats that a block waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app import clock
from app.db import db, end_read
from app.domain.states import ShowState
from app.errors import NotFound
from app.queries.seat_map import fresh_seat_map


@dataclass(frozen=True, slots=True)
class BlockHead:
    """The show, or the auditorium, whose seats a page is about. Instants are UTC."""

    show_id: int | None
    title: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    state: str
    screen_id: int
    screen: str
    cinema: str
    timezone: str
    layout_id: int | None
    price_list_id: int | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def over(self) -> str:
        """Why nothing can be blocked any more, in a sentence; empty while it can."""
        if self.state == ShowState.CANCELLED:
            return "This show was called off: nothing of it is sold any more."
        return "This show is over." if self.ends_at and self.ends_at <= clock.now() else ""


_SHOW = text("""
SELECT h.id, m.title, h.starts_at, h.ends_at, h.state, s.id, s.name, c.name, c.timezone, h.layout_id, h.price_list_id
FROM shows h JOIN movies m ON m.id = h.movie_id JOIN screens s ON s.id = h.screen_id
JOIN cinemas c ON c.id = h.cinema_id WHERE h.id = :id
""")
_SCREEN = text("""
SELECT CAST(NULL AS bigint), '', CAST(NULL AS timestamptz), CAST(NULL AS timestamptz), '', s.id, s.name, c.name,
       c.timezone, s.layout_id, CAST(NULL AS bigint)
FROM screens s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :id
""")


def head_of_show(show_id: int) -> BlockHead:
    """Raises NotFound. Does not end the read."""
    return _head(_SHOW, show_id)


def head_of_screen(screen_id: int) -> BlockHead:
    """Raises NotFound. Does not end the read."""
    return _head(_SCREEN, screen_id)


def _head(statement: Any, key: int) -> BlockHead:
    row = db.session.execute(statement, {"id": key}).one_or_none()
    if row is None:
        raise NotFound
    return BlockHead(*row)


# Letters


@dataclass(frozen=True, slots=True)
class Letters:
    """One letter a seat in the order of seat ids, as queries/seat_map.py writes them, and a name of that content."""

    version: str
    states: str


_DRAFTED = text("""
SELECT string_agg(CASE WHEN EXISTS (
    SELECT FROM seat_blocks k JOIN seat_block_seats g ON g.block_id = k.id AND g.guid = s.guid AND g.lifted_at IS NULL
    WHERE (CAST(:show_id AS bigint) IS NOT NULL AND k.show_id = :show_id) OR (k.screen_id = :screen_id
      AND (CAST(:ends_at AS timestamptz) IS NULL OR k.from_at IS NULL OR k.from_at < :ends_at)
      AND (k.until_at IS NULL OR k.until_at > coalesce(:starts_at, :now)))
  ) THEN 'b' ELSE 'f' END, '' ORDER BY s.id) FROM seats s WHERE s.layout_id = :layout_id
""")


def letters_of_show(head: BlockHead) -> Letters:
    """As the show's seats are now; a draft's as they would open."""
    assert head.show_id is not None
    found = fresh_seat_map(head.show_id)
    if found.states:
        return Letters(found.version, found.states)
    return Letters("", _would_be(head))


def letters_of_screen(head: BlockHead) -> Letters:
    """Seats that some block of the auditorium names, now or later."""
    return Letters("", _would_be(head))


def _would_be(head: BlockHead) -> str:
    values = {
        "show_id": head.show_id, "screen_id": head.screen_id, "layout_id": head.layout_id,
        "starts_at": head.starts_at, "ends_at": head.ends_at, "now": clock.now(),
    }  # fmt: skip
    states = db.session.execute(_DRAFTED, values).scalar_one() or ""
    end_read()
    return states


# Blocks


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A living block; `seats` are labels, in the order people sit."""

    id: int
    of_screen: bool
    seat_ids: tuple[int, ...]
    seats: tuple[str, ...]
    reason: str
    made_at: dt.datetime
    by: str
    from_at: dt.datetime | None
    until_at: dt.datetime | None

    @property
    def names(self) -> str:
        return ", ".join(self.seats)


_BLOCKS = """
SELECT k.id, k.screen_id IS NOT NULL AS of_screen, array_agg(s.id ORDER BY s.line, s."column") AS ids,
       array_agg(s.label ORDER BY s.line, s."column") AS labels, k.reason, k.made_at,
       coalesce(u.name, 'a command') AS by, k.from_at, k.until_at
FROM seat_blocks k JOIN seat_block_seats g ON g.block_id = k.id AND g.lifted_at IS NULL
JOIN seats s ON s.layout_id = :layout_id AND s.guid = g.guid LEFT JOIN users u ON u.id = k.made_by
WHERE {where} GROUP BY k.id, u.name ORDER BY k.made_at DESC, k.id DESC
"""
_OF_SHOW = text(
    _BLOCKS.format(
        where="k.show_id = :show_id OR (k.screen_id = :screen_id AND (k.from_at IS NULL OR k.from_at < :ends_at) "
        "AND (k.until_at IS NULL OR k.until_at > :starts_at) AND k.made_at < :ends_at)"
    )
)
_OF_SCREEN = text(_BLOCKS.format(where="k.screen_id = :screen_id AND (k.until_at IS NULL OR k.until_at > :now)"))


def blocks_of(head: BlockHead) -> tuple[BlockRow, ...]:
    """The blocks that hold for a show, the auditorium's too; or an auditorium's own that are not over. Newest first."""
    values = {
        "show_id": head.show_id, "screen_id": head.screen_id, "layout_id": head.layout_id,
        "starts_at": head.starts_at, "ends_at": head.ends_at, "now": clock.now(),
    }  # fmt: skip
    found = db.session.execute(_OF_SHOW if head.show_id else _OF_SCREEN, values).all()
    end_read()
    return tuple(BlockRow(row.id, row.of_screen, tuple(row.ids), tuple(row.labels), *row[4:]) for row in found)


def block_of_screen(head: BlockHead, block_id: int) -> BlockRow | None:
    """One of an auditorium's blocks, if it stands and is not over."""
    return next((block for block in blocks_of(head) if block.id == block_id), None)


# Who has the seats


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that somebody has: sold, or held until an instant (UTC)."""

    show_id: int
    title: str
    starts_at: dt.datetime
    seat: str
    state: str
    held_until: dt.datetime | None
    code: str


_TAKEN = """
SELECT h.id, m.title, h.starts_at, s.label, z.state, z.held_until, b.code FROM show_seats z
JOIN seats s ON s.id = z.seat_id JOIN shows h ON h.id = z.show_id JOIN movies m ON m.id = h.movie_id
JOIN bookings b ON b.show_id = z.show_id AND b.id = z.booking_id
WHERE {where} ORDER BY h.starts_at, h.id, s.line, s."column"
"""
_OF_SEATS = text(_TAKEN.format(where="z.show_id = :show_id AND z.seat_id = ANY(:seat_ids)"))
_WAITING = text(
    _TAKEN.format(
        where="h.screen_id = :screen_id AND h.ends_at > :now AND z.state IN ('held', 'sold') AND EXISTS ("
        "SELECT FROM seat_blocks k JOIN seat_block_seats g ON g.block_id = k.id AND g.guid = s.guid "
        "AND g.lifted_at IS NULL WHERE k.screen_id = h.screen_id AND (k.from_at IS NULL OR k.from_at < h.ends_at) "
        "AND (k.until_at IS NULL OR k.until_at > h.starts_at))"
    )
)


def who_has(show_id: int, seat_ids: Collection[int]) -> tuple[Taken, ...]:
    """Which of these seats of a show somebody has."""
    return _taken(_OF_SEATS, show_id=show_id, seat_ids=list(seat_ids))


def waiting_for(screen_id: int) -> tuple[Taken, ...]:
    """Seats of coming shows that somebody has although the auditorium's blocks name them: they follow when given up."""
    return _taken(_WAITING, screen_id=screen_id, now=clock.now())


def _taken(statement: Any, **values: Any) -> tuple[Taken, ...]:
    rows = db.session.execute(statement, values).all()
    end_read()
    return tuple(Taken(*row) for row in rows)


_REACH = text("""
SELECT count(*) FROM shows WHERE screen_id = :screen_id AND state = 'published' AND ends_at > :now
""")


def coming_shows(screen_id: int) -> int:
    """How many published shows of the screen are not over."""
    found = db.session.execute(_REACH, {"screen_id": screen_id, "now": clock.now()}).scalar_one()
    end_read()
    return int(found)


@dataclass(frozen=True, slots=True)
class DayShow:
    """A show of a screen's day, as the page that calls several off lists it."""

    id: int
    title: str
    starts_at: dt.datetime
    state: str


_OF_DAY = text("""
SELECT h.id, m.title, h.starts_at, h.state FROM shows h JOIN movies m ON m.id = h.movie_id
WHERE h.screen_id = :screen_id AND h.starts_at >= :start AND h.starts_at < :end AND h.ends_at > :now
  AND h.state <> 'draft' ORDER BY h.starts_at, h.id
""")


def shows_of_day(head: BlockHead, day: dt.date) -> tuple[DayShow, ...]:
    """The screen's shows that begin on this day of the cinema's and are not over; called-off ones too, drafts not."""
    start, end = (
        dt.datetime.combine(day + dt.timedelta(days=more), dt.time(), head.zone).astimezone(dt.UTC) for more in (0, 1)
    )
    values = {"screen_id": head.screen_id, "start": start, "end": end, "now": clock.now()}
    rows = db.session.execute(_OF_DAY, values).all()
    end_read()
    return tuple(DayShow(*row) for row in rows)
