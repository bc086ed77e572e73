"""The door's rules: which show a ticket must be for, what an answer says, and what a device reports afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.domain.codes import RANDOM_LENGTH, normal_code, show_of

LONGEST_TYPED = 30
"""A code that is longer than this was not typed: it is the text of a QR code."""
LONGEST_NAME = 40
"""Letters of a door's and a device's name."""
LONGEST_KEY = 40


class Verdict(StrEnum):
    """What the door says. A device without a connection has a fourth: not checked."""

    ADMIT = "admit"
    USED = "used"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why somebody is not let in."""

    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN = "unknown"
    WHICH = "which"
    CINEMA = "cinema"
    DAY = "day"
    SHOW = "show"
    TIME = "time"
    SHOW_CANCELLED = "show_cancelled"
    CANCELLED = "cancelled"
    UNPAID = "unpaid"

    @property
    def word(self) -> str:
        return _WORDS[self]


_WORDS = {
    Refusal.UNREADABLE: "Not a ticket",
    Refusal.FORGED: "Forged",
    Refusal.UNKNOWN_KEY: "Not ours",
    Refusal.UNKNOWN: "Unknown",
    Refusal.WHICH: "Which seat?",
    Refusal.CINEMA: "Wrong cinema",
    Refusal.DAY: "Wrong day",
    Refusal.SHOW: "Wrong show",
    Refusal.TIME: "Not now",
    Refusal.SHOW_CANCELLED: "Show cancelled",
    Refusal.CANCELLED: "Cancelled",
    Refusal.UNPAID: "Not paid",
}


class Outcome(StrEnum):
    """What became of a report that somebody was let in."""

    ADMITTED = "admitted"
    DOUBLE = "double"
    """The ticket had let somebody in already."""
    REFUSED = "refused"
    """It should not have opened the door: cancelled meanwhile, or never paid."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a ticket is shown. Without a show, any show of the cinema that is let in now."""

    cinema_id: int
    show_id: int | None = None
    name: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """How long before and after its start a show counts as now."""

    before: dt.timedelta
    after: dt.timedelta

    def holds(self, starts_at: dt.datetime, now: dt.datetime) -> bool:
        return starts_at - self.before <= now <= starts_at + self.after


@dataclass(frozen=True, slots=True)
class Occasion:
    """The show of a ticket, as far as the door judges it; `starts_at` is on the cinema's clocks."""

    show_id: int
    cinema_id: int
    starts_at: dt.datetime
    cancelled: bool


def judge(ticket: Occasion, door: Door, opening: Opening, now: dt.datetime) -> Refusal | None:
    """Why this ticket is not for this door now, by its show alone; None if it is."""
    if ticket.cinema_id != door.cinema_id:
        return Refusal.CINEMA
    if ticket.cancelled:
        return Refusal.SHOW_CANCELLED
    if ticket.show_id == door.show_id or (door.show_id is None and opening.holds(ticket.starts_at, now)):
        return None
    if ticket.starts_at.date() != now.astimezone(ticket.starts_at.tzinfo).date():
        return Refusal.DAY
    return Refusal.TIME if door.show_id is None else Refusal.SHOW


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A booking's code and the number of one of its tickets; without a number, whichever it is."""

    show_id: int
    code: str
    number: int | None


def readings(words: str) -> list[TypedCode]:
    """What a typed code can mean: a ticket (two digits at its end, or three), or a whole booking."""
    code = normal_code(words)
    if not code.isascii():
        return []
    splits = [(code[:-digits], code[-digits:]) for digits in (2, 3)]
    numbers = [(head, int(tail)) for head, tail in splits if tail.isdecimal() and len(head) > RANDOM_LENGTH]
    wanted: list[tuple[str, int | None]] = [*numbers, (code, None)]
    shows = [(show_of(head), head, number) for head, number in wanted]
    return [TypedCode(show, head, number) for show, head, number in shows if show is not None]


def believed(at: dt.datetime | None, issued_at: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """A device's time as far as it can be true: not before the ticket was issued, not in the future."""
    if at is None or at.tzinfo is None or at > now:
        return now
    return max(at, issued_at) if issued_at else at
