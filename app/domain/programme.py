"""Putting shows on a programme: a wish (screens × days × times) becomes slots, and each slot is judged against what is on."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.domain.local_time import calendar_day, instants_of

MOST = 200
"""Shows that are scheduled in one go."""
UNPLANNED_RUNTIME = 120
"""Minutes that a show gets of a film whose running time nobody knows."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A screen that is taken: by a show with its cleaning."""

    screen_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    screen: str
    show_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One film on these screens, on these days of the programme, at these times. Minutes: the film, and the cleaning."""

    screen_ids: tuple[int, ...]
    days: tuple[dt.date, ...]
    times: tuple[dt.time, ...]
    minutes: int
    cleaning: int

    @property
    def count(self) -> int:
        return len(self.screen_ids) * len(self.days) * len(self.times)


@dataclass(frozen=True, slots=True)
class Slot:
    """A screen from an instant to another, cleaning included."""

    screen_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime

    def hits(self, busy: Busy) -> bool:
        return self.screen_id == busy.screen_id and self.starts_at < busy.ends_at and busy.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wished time: its slot, or none where the clocks leap over it; `again`: the clocks show it a second time."""

    screen_id: int
    day: dt.date
    """On the calendar."""
    time: dt.time
    slot: Slot | None
    again: bool = False


def candidates(wish: Wish, zone: ZoneInfo) -> list[Candidate]:
    """All that is wished, by day and time, then screen."""
    found: list[Candidate] = []
    length = dt.timedelta(minutes=wish.minutes + wish.cleaning)
    for day, time in itertools.product(sorted(set(wish.days)), _in_the_order_of_a_day(wish.times)):
        date = calendar_day(day, time)
        instants = instants_of(zone, date, time)
        for screen_id in dict.fromkeys(wish.screen_ids):
            found += [
                Candidate(screen_id, date, time, Slot(screen_id, at, at + length), place > 0)
                for place, at in enumerate(instants)
            ] or [Candidate(screen_id, date, time, None)]
    return found


def _in_the_order_of_a_day(times: Iterable[dt.time]) -> list[dt.time]:
    return sorted(set(times), key=lambda time: (calendar_day(dt.date.min, time), time))


def first_hit(slot: Slot, busy: Iterable[Busy]) -> Busy | None:
    """What is on the slot's screen meanwhile."""
    return next((one for one in busy if slot.hits(one)), None)


def judge(slots: Sequence[tuple[Slot, str]], busy: Sequence[Busy], now: dt.datetime) -> list[Busy | str]:
    """For each slot, with its film's title: "" if it can be, else what is in the way or a sentence.

    The first of two that are in each other's way gets the screen.
    """
    taken, verdicts = list(busy), list[Busy | str]()
    for slot, title in slots:
        hit = first_hit(slot, taken)
        over = "This time has passed already." if slot.starts_at <= now else ""
        verdicts.append(over or hit or "")
        if not over and hit is None:
            taken.append(Busy(slot.screen_id, slot.starts_at, slot.ends_at, title, ""))
    return verdicts


def in_the_way(hit: Busy, zone: ZoneInfo) -> str:
    """Metropolis is there from 14:15 to 17:03."""
    start, end = (one.astimezone(zone) for one in (hit.starts_at, hit.ends_at))
    where = hit.screen if hit.show_id is not None else "there by this same list"
    there = f"on {where}" if hit.show_id is not None else where
    return f"{hit.title} is {there} from {start:%H:%M} to {end:%H:%M} on {start:%a} {start.day} {start:%b}, cleaning included."
