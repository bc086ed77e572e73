"""The home page: what is on tonight and the films of a day, with filters. Kept for a minute as ready markup."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Response, abort, render_template, request
from markupsafe import Markup

from app import clock
from app.blueprints.browse import browse, cards
from app.blueprints.browse.city import current_city, link, named_city
from app.blueprints.browse.empty import NEED_LABELS, empty_words
from app.queries.browse_cache import kept_listing
from app.queries.browsing.cities import CityFacts
from app.queries.browsing.days import Day, name_of, read_day, today
from app.queries.browsing.home import PER_PAGE, BoardLine, DayList, Options, day_list
from app.queries.browsing.wanted import Wanted, read_wanted
from app.web.filters import clock_time, day
from app.web.guards import public
from app.web.render import render


class Parts(NamedTuple):
    """The listing as ready markup, in the order in which it is kept."""

    title: Markup
    board: Markup
    days: Markup
    filters: Markup
    results: Markup
    words: Markup


@browse.get("/")
@public
def home() -> Response:
    city = current_city()
    if city is None:
        return render("browse/no_cinemas.html")
    now = clock.now()
    chosen = read_day(request.args.get("day", ""), city.timezone, now) or today(city.timezone, now)
    wanted = read_wanted(request.args, request.args.getlist("need"))
    page = read_page()
    key = f"home:{city.id}:{chosen.date}:{page}:{bool(named_city())}:{wanted!r}"
    listing = kept_listing(key, lambda: json.dumps(_parts(city, chosen, wanted, page, now)))
    parts = Parts(*(Markup(part) for part in json.loads(listing)))  # noqa: S704  markup that we rendered
    return render("browse/home.html", fragment="browse/_home.html", bulbs=not parts.board, parts=parts)


def read_page() -> int:
    """The page number of the address, 1 if it is none."""
    text = request.args.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


def _parts(city: CityFacts, chosen: Day, wanted: Wanted, page: int, now: dt.datetime) -> list[str]:
    found = day_list(city, chosen, wanted, page)
    if found.film_count and not found.films:
        abort(404)
    when = name_of(chosen, now)
    call = "Tonight" if found.evening else when
    context = {
        "city": city,
        "title": f"{call} in {city.name}",
        "date": day(dt.datetime.combine(chosen.date, dt.time())),
        "lines": [_line(line, now) for line in found.board],
        "tabs": cards.tabs(chosen, now, "browse.home", **wanted.query()),
        "hidden": _hidden(chosen, wanted, now),
        "picks": _picks(found.options, wanted),
        "chips": [Chip(need, words, need in wanted.needs) for need, words in NEED_LABELS.items()],
        "heading": "Now showing" if when == "Today" else f"Showing {when.lower() if when == 'Tomorrow' else when}",
        "words": _words(found, when),
        "cards": [_card(film) for film in found.films],
        "number": page,
        "pages": -(-found.film_count // PER_PAGE),
        "page_href": lambda n: link(
            "browse.home", **wanted.query(), **cards.day_value(chosen, now), **({"page": n} if n > 1 else {})
        ),
        "empty": None if found.films else empty_words(city, chosen, wanted, found, now),
    }
    return [render_template(f"browse/parts/_{name}.html", **context).strip() for name in Parts._fields]


@dataclass(frozen=True, slots=True)
class Chip:
    value: str
    label: str
    checked: bool
    name: str = "need"


@dataclass(frozen=True, slots=True)
class Pick:
    name: str
    label: str
    value: str
    options: list[tuple[str, str]]


def _picks(options: Options, wanted: Wanted) -> list[Pick]:
    """The choices of the day; what is chosen stays a choice even when the day has none of it."""
    counted = {2: "Both", 3: "All three"}
    any_cinema = counted.get(len(options.cinemas), "All")
    cinemas = list(options.cinemas)
    if wanted.cinema and wanted.cinema not in dict(cinemas):
        cinemas.append((wanted.cinema, wanted.cinema.replace("-", " ").title()))
    picks = [Pick("cinema", "Cinema", wanted.cinema, [("", any_cinema), *cinemas])]
    plain = {"genre": options.genres, "format": options.formats, "language": options.languages}
    for name, known in plain.items():
        value = getattr(wanted, name)
        values = [*known, *([value] if value and value not in known else [])]
        if len(values) > 1 or value:
            picks.append(Pick(name, name.capitalize(), value, [("", "Any"), *((one, one) for one in values)]))
    return picks


def _hidden(chosen: Day, wanted: Wanted, now: dt.datetime) -> dict[str, str]:
    q = {"q": wanted.q} if wanted.q else {}
    return {**named_city(), **cards.day_value(chosen, now), **q}


@dataclass(frozen=True, slots=True)
class BoardTime:
    label: str
    href: str


def _line(line: BoardLine, now: dt.datetime) -> dict[str, Any]:
    """A film on the board: its main title, its cinema and, if all these shows share one, what is special."""
    first = line.showings[0]
    notes = {showing.note for showing in line.showings}
    label = f"{first.note} · {first.cinema}" if len(notes) == 1 and first.note else first.cinema
    times = [BoardTime(clock_time(s.starts_at, s.zone), cards.seats(s)) for s in line.showings]
    name = line.film.title.partition(":")[0].strip() or line.film.title
    return {"name": name, "href": link("browse.movie", slug=line.film.slug), "label": label, "times": times}


def _card(film: Any) -> cards.Card:
    stubs = [cards.stub(showing, film.film.title) for showing in film.showings]
    return cards.card(film.film, stubs, *([] if stubs else ["Sold out"]))


def _words(found: DayList, when: str) -> str:
    films = f"{found.film_count} film{'s' if found.film_count != 1 else ''}"
    left = " left today" if when == "Today" else ""
    return f"{films}, {found.showing_count} show{'s' if found.showing_count != 1 else ''}{left}"
