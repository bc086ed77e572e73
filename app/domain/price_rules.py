"""Which price list a show gets by when and where it begins. Days and times are those on the cinema's clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class PriceRule:
    """Shows that begin on one of `weekdays` (Monday is 1) from `from_time` until before `until_time` get the list.

    A time without a beginning begins with the day, one without an end ends with it. One that ends before it begins goes
    over midnight: what begins in its second part counts as on the day before. `first_day` and `last_day` are both
    included; `screen_id` None means every screen.
    """

    price_list_id: int
    weekdays: frozenset[int] = EVERY_DAY
    from_time: dt.time | None = None
    until_time: dt.time | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    screen_id: int | None = None

    @property
    def begins(self) -> int:
        """In minutes of the day."""
        return _minutes(self.from_time) if self.from_time else 0

    @property
    def ends(self) -> int:
        """In minutes of the day, not included; midnight is the end of a day and never its beginning."""
        return (_minutes(self.until_time) if self.until_time else 0) or DAY_MINUTES

    @property
    def over_midnight(self) -> bool:
        return self.begins > self.ends

    def fits(self, local: dt.datetime, screen_id: int | None) -> bool:
        """Whether a show that begins at this local time on this screen gets the list."""
        if self.screen_id is not None and self.screen_id != screen_id:
            return False
        day, minute = local.date(), _minutes(local.time())
        if not self.over_midnight:
            return self.begins <= minute < self.ends and self._on(day)
        if minute >= self.begins:
            return self._on(day)
        return minute < self.ends and self._on(day - dt.timedelta(days=1))

    def _on(self, day: dt.date) -> bool:
        since = self.first_day is None or self.first_day <= day
        until = self.last_day is None or day <= self.last_day
        return since and until and day.isoweekday() in self.weekdays


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute


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
