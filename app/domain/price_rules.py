"""Which price list a show gets by when and where it begins. Days and times are those on the cinema's clocks."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.domain.week_times import DAY_MINUTES, EVERY_DAY, WeekTimes, days_in_words


@dataclass(frozen=True, slots=True)
class PriceRule:
    """Shows that begin at these times of the week (WeekTimes) get the list.

    `first_day` and `last_day` are both included; `screen_id` None means every screen.
    """

    price_list_id: int
    weekdays: frozenset[int] = EVERY_DAY
    from_time: dt.time | None = None
    until_time: dt.time | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    screen_id: int | None = None

    @property
    def times(self) -> WeekTimes:
        return WeekTimes(self.weekdays, self.from_time, self.until_time)

    def fits(self, local: dt.datetime, screen_id: int | None) -> bool:
        """Whether a show that begins at this local time on this screen gets the list."""
        if self.screen_id is not None and self.screen_id != screen_id:
            return False
        day = self.times.day_of(local)
        return day is not None and self._in_season(day)

    def _in_season(self, day: dt.date) -> bool:
        since = self.first_day is None or self.first_day <= day
        return since and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class PricePicker:
    """A cinema's rules in their order, and the list for what none of them fits."""

    zone: ZoneInfo
    rules: Sequence[PriceRule]
    default: int | None

    def list_for(self, starts_at: dt.datetime, screen_id: int | None = None) -> int | None:
        """The price list of a show that begins then (aware); None only where no rule fits and there is no default."""
        return self.at(starts_at.astimezone(self.zone), screen_id)

    def at(self, local: dt.datetime, screen_id: int | None = None) -> int | None:
        """The same by what the cinema's clocks show."""
        return first_fit(self.rules, local, screen_id, self.default)


def first_fit(rules: Iterable[PriceRule], local: dt.datetime, screen_id: int | None, default: int | None) -> int | None:
    return next((rule.price_list_id for rule in rules if rule.fits(local, screen_id)), default)


def in_words(rule: PriceRule, screen: str = "") -> str:
    """When the rule fits, in a sentence without its end: "Monday to Friday, until 17:00, in Screen 2"."""
    parts = [days_in_words(rule.weekdays), rule.times.hours_words, _dates_in_words(rule)]
    words = ", ".join(filter(None, [*parts, f"in {screen}" if screen else ""]))
    return words[:1].upper() + words[1:]


def _dates_in_words(rule: PriceRule) -> str:
    first, last = (f"{day.day} {day:%B %Y}" if day else "" for day in (rule.first_day, rule.last_day))
    if first and last:
        return f"on {first}" if first == last else f"{first} to {last}"
    return f"since {first}" if first else f"up to {last}" if last else ""


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the day in which, on each day of a week, nothing changes. `lists` are seven, Monday first."""

    begins: dt.time
    ends: dt.time
    lists: tuple[int | None, ...]


def week_of(picker: PricePicker, monday: dt.date, screen_id: int | None = None) -> list[Band]:
    """What a show that begins in this week would get, by parts of the day."""
    cuts = sorted({0, DAY_MINUTES} | {cut for rule in picker.rules for cut in (rule.times.begins, rule.times.ends)})
    days = [monday + dt.timedelta(days=number) for number in range(7)]
    bands: list[Band] = []
    for begins, ends in itertools.pairwise(cuts):
        lists = tuple(picker.at(dt.datetime.combine(day, _time(begins)), screen_id) for day in days)
        if bands and bands[-1].lists == lists:
            bands[-1] = Band(bands[-1].begins, _time(ends), lists)
        else:
            bands.append(Band(_time(begins), _time(ends), lists))
    return bands


def _time(minutes: int) -> dt.time:
    return dt.time(minutes // 60 % 24, minutes % 60)
