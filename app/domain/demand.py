"""Prices that follow demand: what a cinema's rules make of how full a show is and how soon it begins.

Rules give percents, never prices; what a percent makes of a price is pricing.py's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from app.domain.week_times import WHENEVER, WeekTimes, days_in_words

LEAST, MOST = -50, 100
"""Percents that any rule or limit may have, of the price in the list."""
LONGEST_HOURS = 24 * 60
"""How far from its show a rule may begin to count: sixty days."""


@dataclass(frozen=True, slots=True)
class About:
    """Which show it is, to a rule: its film, its format, and when it begins on its cinema's clocks (naive or local)."""

    movie_id: int
    format: str
    local: dt.datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """Counts for the shows that it is about, while the sold part of the house and the hours to the show are both within,
    lower ends included.

    `full_to` 100 takes in the full house; `hours_to` None has no end; `movie_id` None is every film, no `formats` are all.
    """

    reason: str
    """What buyers read of it beside the price: Popular show."""
    percent: int
    full_from: int = 0
    full_to: int = 100
    hours_from: int = 0
    hours_to: int | None = None
    movie_id: int | None = None
    formats: frozenset[str] = frozenset()
    """As shows have them: 2D, IMAX."""
    times: WeekTimes = WHENEVER
    """When its shows begin."""

    @property
    def about_all(self) -> bool:
        """It asks only how full and how soon."""
        return self.movie_id is None and not self.formats and self.times == WHENEVER

    def about(self, show: About) -> bool:
        """Whether it asks at all how full and how soon this show is."""
        if self.movie_id not in (None, show.movie_id) or (self.formats and show.format not in self.formats):
            return False
        return self.times.day_of(show.local) is not None

    def counts(self, full: int, left: dt.timedelta) -> bool:
        """At this percent of sold seats, and this long before the show."""
        filled = self.full_from <= full and (full < self.full_to or self.full_to == 100)
        soon = self.hours_to is None or left < dt.timedelta(hours=self.hours_to)
        return filled and soon and left >= dt.timedelta(hours=self.hours_from)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a cinema's prices may go from its lists, in percents, and the step (minor units) they come in."""

    lowest: int = -20
    highest: int = 30
    step_minor: int = 50


@dataclass(frozen=True, slots=True)
class Demand:
    """What the rules make of one moment: a signed percent within the limits, and why."""

    percent: int = 0
    reason: str = ""


def rules_about(rules: Iterable[Rule], show: About) -> list[Rule]:
    """Those that one show is judged by."""
    return [rule for rule in rules if rule.about(show)]


def judge(rules: Iterable[Rule], limits: Limits, full: int, left: dt.timedelta) -> Demand:
    """The percents of all rules that count, added up, and no further than the limits. The reasons are those of the
    rules that pull the way it went. A show that has begun is at its last moment. `rules` are those about the show."""
    left = max(left, dt.timedelta())
    counting = [rule for rule in rules if rule.counts(full, left)]
    percent = max(limits.lowest, min(limits.highest, sum(rule.percent for rule in counting)))
    if percent == 0:
        return Demand()
    reasons = dict.fromkeys(rule.reason for rule in counting if rule.percent * percent > 0)
    return Demand(percent, _listed(list(reasons)))


def _listed(reasons: list[str]) -> str:
    """Popular show, last seats. What is written in capitals stays so."""
    first, *others = reasons
    return ", ".join([first, *(one if one[1:2].isupper() else one[:1].lower() + one[1:] for one in others)])


def signed(percent: int) -> str:
    """+15 %, −10 %, which no line breaks."""
    return f"{'−' if percent < 0 else '+'}{abs(percent)}\N{NO-BREAK SPACE}%"


def why(percent: int, reason: str) -> str:
    """What stands beside a changed price: Popular show: +15 %. Empty for a price as it is in the list."""
    return f"{reason}: {signed(percent)}" if percent else ""


def which_words(rule: Rule, film: str = "") -> str:
    """The shows that a rule is about: Nosferatu, 3D or IMAX, Friday and Saturday, from 22:00. `film` is its title."""
    formats = sorted(rule.formats)
    kinds = " or ".join(filter(None, [", ".join(formats[:-1]), *formats[-1:]]))
    days = days_in_words(rule.times.weekdays) if rule.times.weekdays != WHENEVER.weekdays else ""
    return ", ".join(filter(None, [film, kinds, days, rule.times.hours_words])) or "every show"


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of one scale, from one edge of the rules to the next. `end` None has no end."""

    start: int
    end: int | None


def bands_of(rules: Iterable[Rule]) -> tuple[list[Band], list[Band]]:
    """Sold percents and hours to the show, cut where any rule begins or ends: in each the rules say one thing."""
    rules = list(rules)
    full = sorted({0, 100, *(rule.full_from for rule in rules), *(rule.full_to for rule in rules)})
    hours = sorted({0, *(rule.hours_from for rule in rules), *(rule.hours_to or 0 for rule in rules)})
    return _bands([*full]), _bands([*hours, None])


def _bands(edges: list[int | None]) -> list[Band]:
    return [Band(start, end) for start, end in pairwise(edges) if start is not None]


def preview(rules: Iterable[Rule], limits: Limits) -> list[tuple[Band, list[tuple[Band, Demand]]]]:
    """For each stretch of sold percents, what the rules that are about every show make of each stretch of hours."""
    rules = [rule for rule in rules if rule.about_all]
    full, hours = bands_of(rules)
    return [
        (one, [(left, judge(rules, limits, one.start, dt.timedelta(hours=left.start))) for left in hours])
        for one in full
    ]


def full_percent(sold: int, seats: int) -> int:
    """How full, in whole percents; full only when it is. Without seats it is empty."""
    return 100 * sold // seats if seats else 0
