"""A film's page: what it is, and when it runs in the visitor's city, by day and cinema."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, request

from app import clock
from app.blueprints.browse import browse, cards
from app.blueprints.browse.city import current_city, link
from app.blueprints.browse.posters import poster_url
from app.queries.browsing.cities import CityFacts
from app.queries.browsing.days import SHOWN, Day, day_of, read_day, today
from app.queries.browsing.films import FilmPage, cities_showing, film_page
from app.queries.browsing.home import soonest_day
from app.queries.browsing.showings import (
    Showing,
    lowest_prices,
    seats_left,
    showings_of_movie,
    soonest_showings,
    wheelchair_spaces,
)
from app.queries.browsing.venues import Venue, venues_of_city
from app.web.filters import day
from app.web.guards import public
from app.web.render import render

PEOPLE = 6


@browse.get("/movies/<slug>")
@public
def movie(slug: str) -> Response:
    film = film_page(slug)
    if film is None:
        abort(404)
    city = current_city()
    times = _times(film, city) if city else {}
    return render("browse/film.html", bulbs=False, **_film(film), **times)


def _film(film: FilmPage) -> dict[str, Any]:
    facts = film.facts
    under = [str(facts.year) if facts.year else "", cards.minutes(facts), _sound(facts.sound)]
    return {
        "film": film,
        "poster": poster_url(facts.slug, facts.poster_hash),
        "under": [part for part in under if part],
        "red": ", ".join(film.directors[:2]) or None,
        "trailer": film.trailer_url if _is_web(film.trailer_url) else None,
    }


def _sound(sound: str | None) -> str:
    return "Silent" if sound and sound.startswith("silent") else ""


def _is_web(address: str | None) -> bool:
    return bool(address) and urlsplit(address or "").scheme in ("http", "https")


def _times(film: FilmPage, city: CityFacts) -> dict[str, Any]:
    now = clock.now()
    first = today(city.timezone, now)
    asked = read_day(request.args.get("day", ""), city.timezone, now)
    last = max(first.after(SHOWN), asked.after(1) if asked else first, key=lambda one: one.date)
    showings = showings_of_movie(film.facts.id, city.id, first.start, last.start)
    chosen = asked or Day(soonest_day(showings, city.timezone) or first.date, city.timezone)
    of_day = [s for s in showings if chosen.start <= s.starts_at < chosen.end]
    return {
        "tabs": cards.tabs(chosen, now, "browse.movie", slug=film.facts.slug),
        "venues": _venues(of_day, venues_of_city(city.id) if of_day else []),
        "facts": _facts(film, showings),
        "later": None if of_day else _later(film, city, chosen, showings),
        "elsewhere": [] if showings else cities_showing(film.facts.id, besides=city.id),
        "chosen": chosen,
    }


def _venues(showings: list[Showing], known: list[Venue]) -> list[dict[str, Any]]:
    """The day's times by cinema, in the order of their names."""
    left, lowest = seats_left(s.id for s in showings), lowest_prices(showings)
    about = {venue.id: venue for venue in known}
    ordered = sorted(showings, key=lambda s: (s.cinema, s.cinema_id))
    return [
        {
            "name": of_cinema[0].cinema,
            "href": link("browse.cinema", slug=of_cinema[0].cinema_slug),
            "note": venue_note(about[cinema_id]),
            "groups": cards.groups(of_cinema, left, lowest),
        }
        for cinema_id, of_cinema in _grouped(ordered)
    ]


def _grouped(ordered: list[Showing]) -> list[tuple[int, list[Showing]]]:
    return [(key, list(same)) for key, same in groupby(ordered, key=lambda s: s.cinema_id)]


def venue_note(venue: Venue) -> str:
    """Harbourside, 0.4 km. Step-free, hearing loop, bar."""
    place = ", ".join(part for part in (venue.address, distance_words(venue.km)) if part)
    facilities = ", ".join(venue.facilities)
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in (place.rstrip("."), facilities) if part)


def distance_words(km: float | None) -> str:
    if km is None:
        return ""
    return f"{km:.1f} km" if km < 10 else f"{km:,.0f} km"


def _facts(film: FilmPage, showings: Sequence[Showing]) -> list[tuple[str, str]]:
    spoken = {s.language for s in showings if s.language}
    rows = [
        ("Directors" if len(film.directors) > 1 else "Director", ", ".join(film.directors)),
        ("With", ", ".join(film.cast[:PEOPLE])),
        ("Original title", film.original_title if film.original_title != film.facts.title else ""),
        ("Genre", ", ".join(film.facts.genres)),
        ("Country", ", ".join(film.countries)),
        ("Language", ", ".join(cards.as_said(name) for name in film.facts.languages or sorted(spoken))),
        ("Captions", _marked(any(s.captions for s in showings), "CC")),
        ("Audio description", _marked(any(s.audio_description for s in showings), "AD")),
        ("Wheelchair", _wheelchair(showings)),
    ]
    return [(name, value) for name, value in rows if value]


def _marked(some: bool, mark: str) -> str:
    return f"shows marked {mark}" if some else "at no show this week"


def _wheelchair(showings: Sequence[Showing]) -> str:
    """7 spaces in Screen 1; 2 to 7 spaces at every show."""
    spaces = wheelchair_spaces({s.layout_id for s in showings})
    with_some = sorted(n for n in spaces.values() if n)
    if not with_some:
        return "no spaces this week" if spaces else ""
    span = f"{with_some[0]} to {with_some[-1]}" if with_some[0] != with_some[-1] else f"{with_some[0]}"
    words = f"{span} space{'' if span == '1' else 's'}"
    if len(spaces) == 1:
        return f"{words} in {showings[0].screen}"
    return f"{words} at every show" if len(with_some) == len(spaces) else f"{words} at some shows"


def _later(film: FilmPage, city: CityFacts, chosen: Day, showings: list[Showing]) -> dict[str, Any] | None:
    """The next show after an empty day: this week's, else any."""
    after = [s for s in showings if s.starts_at >= chosen.end] or soonest_showings([film.facts.id], city.id, 1)
    if not after:
        return None
    first = after[0]
    button = cards.time_button(first, seats_left([first.id]).get(first.id), lowest_prices([first])[first.id])
    date: dt.date = day_of(first.starts_at, city.timezone).date
    return {
        "button": cards.as_next(button, first.cinema, day(first.starts_at, first.zone)),
        "href": link("browse.movie", slug=film.facts.slug, day=date.isoformat()),
        "words": f"{date:%A}",
    }
