"""What the templates of browsing print: queries' rows as cards, stubs, time buttons and day tabs with addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import url_for

from app.blueprints.browse.city import link
from app.blueprints.browse.posters import poster_url
from app.money import format_money
from app.queries.browsing.days import Day, days_to_offer, name_of
from app.queries.browsing.films import FilmFacts
from app.queries.browsing.showings import NONE_LEFT, SeatsLeft, Showing
from app.queries.browsing.wanted import TITLES
from app.web.filters import clock_time, day

Mark = tuple[str, str]
CAPTIONS: Mark = ("CC", "captions")
AUDIO: Mark = ("AD", "audio description")


@dataclass(frozen=True, slots=True)
class Tab:
    href: str
    label: str
    date: str
    month: str
    current: bool


@dataclass(frozen=True, slots=True)
class Stub:
    time: str
    place: str
    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    href: str
    poster: str
    certificate: str | None
    facts: str
    times: Sequence[Stub]


@dataclass(frozen=True, slots=True)
class TimeButton:
    """One show on a film's or cinema's page; `price` is the lowest with its fee."""

    time: str
    href: str
    state: str
    left: int
    price: str
    note: str
    marks: Sequence[Mark]
    title: str = ""
    join_href: str | None = None
    why: str = ""
    """Why the price is not the list's, if it is not."""


@dataclass(frozen=True, slots=True)
class Group:
    """Shows that are shown the same way: format, language, subtitles, what is special."""

    heading: str
    times: Sequence[TimeButton]


def tabs(chosen: Day, now: dt.datetime, endpoint: str, **values: object) -> list[Tab]:
    """Day tabs; today's address has no date, so that it stays right tomorrow."""
    return [
        Tab(
            link(endpoint, **values, **day_value(one, now)),
            name_of(one, now),
            f"{one.date:%a} {one.date.day}",
            f"{one.date:%b}",
            one == chosen,
        )
        for one in days_to_offer(chosen, now)
    ]


def day_value(one: Day, now: dt.datetime) -> dict[str, str]:
    return {} if name_of(one, now) == "Today" else {"day": one.date.isoformat()}


def card(film: FilmFacts, stubs: Sequence[Stub], *more: str) -> Card:
    return Card(
        film.title,
        link("browse.movie", slug=film.slug),
        poster_url(film.slug, film.poster_hash),
        film.certificate,
        " · ".join([part for part in (minutes(film), spoken(film)) if part] + list(more)),
        stubs,
    )


def minutes(film: FilmFacts) -> str:
    return f"{film.runtime_minutes} min" if film.runtime_minutes else ""


def spoken(film: FilmFacts) -> str:
    """Silent, German titles; or the languages."""
    languages = ", ".join(as_said(name) for name in film.languages[:2])
    if film.sound and film.sound.startswith("silent"):
        return ", ".join(part for part in ("Silent", languages) if part)
    return languages[:1].upper() + languages[1:]


def as_said(language: str) -> str:
    """German titles for German (intertitles)."""
    return (
        f"{language.removesuffix(TITLES)} titles"
        if language.endswith(TITLES)
        else language.replace("No dialogue", "no dialogue")
    )


def stub(showing: Showing, title: str, place: str | None = None) -> Stub:
    place = showing.cinema if place is None else place
    time = clock_time(showing.starts_at, showing.zone)
    return Stub(time, place, seats(showing), f"{time} {place}, {title}")


def stub_any_day(showing: Showing, title: str, today: dt.date) -> Stub:
    """A stub that says the day, unless it is today."""
    there = showing.starts_at.astimezone(ZoneInfo(showing.zone))
    return stub(showing, title, showing.cinema if there.date() == today else day(there))


def seats(showing: Showing) -> str:
    return url_for("shows.show", show_id=showing.id)


def time_button(showing: Showing, left: SeatsLeft | None, lowest_minor: int | None, title: str = "") -> TimeButton:
    left = left or NONE_LEFT
    marks = marks_of(showing)
    return TimeButton(
        clock_time(showing.starts_at, showing.zone),
        seats(showing),
        left.state,
        left.free,
        "" if lowest_minor is None else format_money(lowest_minor, showing.currency),
        "" if marks else showing.screen,
        marks,
        title,
        why=showing.why_changed,
    )


def marks_of(showing: Showing) -> list[Mark]:
    return [mark for mark, there in ((CAPTIONS, showing.captions), (AUDIO, showing.audio_description)) if there]


def groups(showings: Iterable[Showing], left: dict[int, SeatsLeft], lowest: dict[int, int | None]) -> list[Group]:
    """Shows by the way they are shown, each group by time, the plainest group first."""
    ordered = sorted(showings, key=lambda s: (bool(s.note), s.relaxed, heading(s), s.starts_at, s.id))
    return [
        Group(words, [time_button(s, left.get(s.id), lowest[s.id], s.screen) for s in same])
        for words, same in groupby(ordered, key=heading)
    ]


def heading(showing: Showing) -> str:
    """35 mm print, live piano, 2D, German with English subtitles."""
    relaxed = "relaxed show" if showing.relaxed and "relaxed" not in showing.note.lower() else ""
    words = ", ".join(part for part in (showing.note, relaxed, showing.format, _language(showing)) if part)
    return words[:1].upper() + words[1:]


def _language(showing: Showing) -> str:
    """Silent, German titles; or English with French subtitles."""
    language, subtitles = as_said(showing.language).replace("Silent", "silent"), showing.subtitles
    if not subtitles or subtitles == language:
        return language
    if "titles" in subtitles.lower():
        return f"{language}, {subtitles}" if language else subtitles
    return f"{language} with {subtitles} subtitles" if language else f"{subtitles} subtitles"


def as_next(button: TimeButton, title: str, date: str) -> TimeButton:
    """The button of a show on another day: film and date in place of price and screen."""
    return replace(button, state="free", price="", title=title, note=date)
