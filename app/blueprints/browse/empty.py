"""What the home page says when nothing fits: the filters named, the next show, each filter to drop."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.blueprints.browse import cards
from app.blueprints.browse.city import link
from app.queries.browsing.cities import CityFacts
from app.queries.browsing.days import Day, day_of, name_of
from app.queries.browsing.home import DayList
from app.queries.browsing.showings import lowest_prices, seats_left
from app.queries.browsing.wanted import NEEDS, Wanted
from app.web.filters import day

NEED_LABELS = {need: words.removeprefix("a ").capitalize() for need, words in NEEDS.items()}


@dataclass(frozen=True, slots=True)
class Drop:
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Empty:
    """Why a list is empty, and the ways on."""

    title: str
    words: str
    next: cards.TimeButton | None
    go: Drop | None
    drops: list[Drop]
    clear: str | None


def empty_words(city: CityFacts, chosen: Day, wanted: Wanted, found: DayList, now: dt.datetime) -> Empty:
    """Nothing on a day: names the filters, and offers the next show, each filter dropped, and none at all."""
    when = name_of(chosen, now)
    on = when.lower() if when in ("Today", "Tomorrow") else f"on {when}"
    cinema = dict(found.options.cinemas).get(wanted.cinema, wanted.cinema.replace("-", " ").title())
    values = cards.day_value(chosen, now)
    there = f"{city.name} shows {found.films_that_day} film{'s' if found.films_that_day != 1 else ''} {on}"
    words = f"{there}, none that fits." if found.films_that_day else f"{city.name} shows no film {on}."
    return Empty(
        title=f"{f'No {wanted.genre} film' if wanted.genre else 'Nothing'} {on} {_named(wanted, cinema)}".strip(),
        words=f"{words} {_next_words(found, now)}".strip(),
        next=_next_button(found),
        go=_go(found, wanted, city),
        drops=[
            Drop(_filter_words(name, wanted, cinema), link("browse.home", **wanted.without(name).query(), **values))
            for name in wanted.names()
        ]
        if len(wanted.names()) > 1
        else [],
        clear=link("browse.home", **values) if wanted else None,
    )


def _named(wanted: Wanted, cinema: str) -> str:
    """The filters in words: for “moon” at Scala in IMAX with audio description."""
    needs = " and ".join(NEEDS[need] for need in wanted.needs)
    parts = (
        wanted.q and f"for “{wanted.q}”",
        wanted.cinema and f"at {cinema}",
        wanted.format and f"in {wanted.format}",
        wanted.language and f"in {wanted.language}",
        needs and f"with {needs}",
    )
    return " ".join(part for part in parts if part)


def _filter_words(name: str, wanted: Wanted, cinema: str) -> str:
    if name.startswith("need:"):
        return NEED_LABELS[name[5:]]
    return cinema if name == "cinema" else str(getattr(wanted, name))


def _next_words(found: DayList, now: dt.datetime) -> str:
    if found.next is None:
        return "Nothing of the kind is on sale yet."
    if name_of(day_of(found.next.starts_at, found.next.zone), now) == "Tomorrow":
        return "The next one is tomorrow:"
    return f"The next one is on {day(found.next.starts_at, found.next.zone)}:"


def _next_button(found: DayList) -> cards.TimeButton | None:
    if found.next is None or found.next_film is None:
        return None
    left = seats_left([found.next.id]).get(found.next.id)
    button = cards.time_button(found.next, left, lowest_prices([found.next])[found.next.id])
    return cards.as_next(button, found.next_film.title, day(found.next.starts_at, found.next.zone))


def _go(found: DayList, wanted: Wanted, city: CityFacts) -> Drop | None:
    if found.next is None:
        return None
    there = day_of(found.next.starts_at, city.timezone)
    return Drop(f"Go to {there.date:%A}", link("browse.home", day=there.date.isoformat(), **wanted.query()))
