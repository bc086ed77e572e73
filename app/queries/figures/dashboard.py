"""The first page of a cinema's day: the houses, and what needs somebody. Asked live, for one cinema."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db, end_read
from app.domain.staff import Reach
from app.queries.deliveries import ABOUT, NOT_REPEATED, OF_A_CARD, OF_CINEMA
from app.queries.figures.hours import midnight
from app.queries.groups import groups_waiting
from app.queries.health import readiness

HEADS = 20
"""What a house is drawn as."""


@dataclass(frozen=True, slots=True)
class House:
    """One show and how full it is now. `starts_at` is on the cinema's clocks."""

    id: int
    title: str
    screen: str
    starts_at: dt.datetime
    seats: int
    sold: int
    held: int
    free: int
    state: str

    @property
    def heads(self) -> int:
        """Of twenty: one for the first seat, all only when none is free to sell."""
        if not self.sold:
            return 0
        return HEADS if self.sold == self.seats else min(HEADS - 1, max(1, round(HEADS * self.sold / self.seats)))


_HOUSES = text("""
SELECT s.id, m.title, r.name AS screen, s.starts_at, s.state, count(*) FILTER (WHERE x.state <> 'blocked') AS seats,
       count(*) FILTER (WHERE x.state = 'sold') AS sold, count(*) FILTER (WHERE x.state = 'held') AS held,
       count(*) FILTER (WHERE x.state = 'free') AS free
FROM shows s JOIN movies m ON m.id = s.movie_id JOIN screens r ON r.id = s.screen_id
LEFT JOIN show_seats x ON x.show_id = s.id
WHERE s.cinema_id = :cinema_id AND s.state = 'published' AND s.starts_at >= :start AND s.starts_at < :end
GROUP BY s.id, m.title, r.name ORDER BY s.starts_at, s.id
""")


def houses(cinema_id: int, start: dt.date, days: int, zone: ZoneInfo) -> list[House]:
    """The shows of these days, as they stand this moment."""
    values = {"cinema_id": cinema_id, "start": midnight(start, zone)}
    values["end"] = midnight(start + dt.timedelta(days=days), zone)
    rows = db.session.execute(_HOUSES, values).all()
    end_read()
    return [House(**{**row._mapping, "starts_at": row.starts_at.astimezone(zone)}) for row in rows]


@dataclass(frozen=True, slots=True)
class AlertRow:
    id: int
    kind: str
    message: str
    at: dt.datetime
    show: str
    """The film it is about, if it is about a show."""
    show_id: int
    may_settle: bool

    @property
    def words(self) -> str:
        return _WORDS.get(self.kind, self.kind.replace("_", " ").capitalize())


_WORDS = {
    "refund_failed": "A refund was refused",
    "refund_refused": "A refund was refused",
    "refund_given_up": "A refund was refused again and again",
    "refund_came_back": "A refund came back",
    "outbox_given_up": "A task was given up",
    "promise_broken": "A promise is broken",
    "unknown_refund": "A refund that nobody here asked for",
}
_ALERTS = text("""
SELECT a.id, a.kind, a.message, a.at, coalesce(m.title, '') AS show, a.show_id, s.cinema_id
FROM alerts a LEFT JOIN shows s ON s.id = a.show_id LEFT JOIN movies m ON m.id = s.movie_id
WHERE a.resolved_at IS NULL AND (s.cinema_id = :cinema_id OR s.id IS NULL) ORDER BY a.at DESC, a.id DESC LIMIT 50
""")
_FAILED_MESSAGES = text(f"""
SELECT count(*) FROM messages m {ABOUT}
WHERE {NOT_REPEATED} AND ({OF_CINEMA} = :cinema_id OR {OF_A_CARD})
""")  # noqa: S608  our own words only
_OVERDUE = text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND due_at < :since")


def open_alerts(cinema_id: int, where: Reach) -> list[AlertRow]:
    """What stands open for a cinema and for the house as a whole, which only administrators settle."""
    rows = db.session.execute(_ALERTS, {"cinema_id": cinema_id}).all()
    end_read()
    return [
        AlertRow(
            row.id,
            row.kind,
            row.message,
            row.at,
            row.show,
            row.show_id,
            where.everywhere if row.cinema_id is None else row.cinema_id in where,
        )
        for row in rows
    ]


def standing_troubles(cinema_id: int, now: dt.datetime) -> list[tuple[str, str, str]]:
    """What is wrong as long as it lasts: words, more of them, and the page that says more, if one does.

    Nobody settles it by a click.
    """
    groups = groups_waiting(cinema_id)
    failed = db.session.execute(_FAILED_MESSAGES, {"cinema_id": cinema_id}).scalar_one()
    overdue = db.session.execute(_OVERDUE, {"since": now - dt.timedelta(minutes=5)}).scalar_one()
    end_read()
    found = [(f"{name.capitalize()} {state}", "flask and the log say more", "") for name, state in _not_ready()]
    if groups:
        words = f"{groups} {'group waits' if groups == 1 else 'groups wait'} for an answer"
        found.append((words, "What they ask for: the groups' requests", "staff.groups"))
    if failed:
        words = f"{failed} {'message' if failed == 1 else 'messages'} could not be sent"
        found.append((words, "Which, and why: the delivery log", "staff.messages"))
    if overdue:
        words = f"{overdue} {'task waits' if overdue == 1 else 'tasks wait'} longer than 5 minutes"
        found.append((words, "the worker", ""))
    return found


def _not_ready() -> list[tuple[str, str]]:
    return [(name, state) for name, state in readiness().items() if state != "ok"]


_SCREENS = text("SELECT id, name FROM screens WHERE cinema_id = :cinema_id AND layout_id IS NOT NULL ORDER BY name, id")


def screens_of(cinema_id: int) -> list[tuple[int, str]]:
    """Its screens that have seats: id and name."""
    rows = db.session.execute(_SCREENS, {"cinema_id": cinema_id}).all()
    end_read()
    return [(row.id, row.name) for row in rows]


def watched_screen(cinema_id: int) -> int | None:
    """The screen whose seats stand on the first page."""
    screens = screens_of(cinema_id)
    return screens[0][0] if screens else None
