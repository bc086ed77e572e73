"""Cinemas: the list, nearest first where the visitor's place is known, and each cinema's programme by day."""

from __future__ import annotations

import dataclasses
import math
from itertools import groupby
from typing import Any

from flask import Response, abort, request

from app import clock
from app.blueprints.browse import browse, cards
from app.blueprints.browse.city import current_city, link
from app.blueprints.browse.film import distance_words
from app.blueprints.browse.home import read_page
from app.queries.browsing.days import SHOWN, Day, name_of, read_day, today
from app.queries.browsing.films import films
from app.queries.browsing.home import soonest_day
from app.queries.browsing.showings import Showing, lowest_prices, seats_left, showings_at_cinema
from app.queries.browsing.venues import Venue, distance_km, venue, venues
from app.web.guards import public
from app.web.render import render

PER_PAGE = 20


@browse.get("/cinemas", endpoint="cinemas")
@public
def cinema_list() -> Response:
    here, page = read_place(), read_page()
    ordered = _ordered(venues(), here)
    shown = ordered[(page - 1) * PER_PAGE : page * PER_PAGE]
    if ordered and not shown:
        abort(404)
    place = {"lat": request.args["lat"], "lon": request.args["lon"]} if here else {}
    return render(
        "browse/cinemas.html",
        groups=_groups(shown, by_distance=here is not None),
        by_distance=here is not None,
        total=len(ordered),
        number=page,
        pages=-(-len(ordered) // PER_PAGE),
        page_href=lambda n: link("browse.cinemas", **place, **({"page": n} if n > 1 else {})),
    )


def read_place() -> tuple[float, float] | None:
    """The visitor's latitude and longitude in the address (lat, lon); None if they are no place on earth."""
    try:
        lat, lon = float(request.args.get("lat", "")), float(request.args.get("lon", ""))
    except ValueError:
        return None
    fine = math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180
    return (lat, lon) if fine else None


def _ordered(found: list[Venue], here: tuple[float, float] | None) -> list[Venue]:
    """Nearest first, those at unknown places last; without a place the visitor's own city first."""
    if here is None:
        city = current_city()
        return sorted(found, key=lambda v: (city is None or v.city_id != city.id, v.city, v.name))
    measured = [dataclasses.replace(v, km=_km(v, here)) for v in found]
    return sorted(measured, key=lambda v: (v.km is None, v.km or 0.0, v.name))


def _km(one: Venue, here: tuple[float, float]) -> float | None:
    if one.latitude is None or one.longitude is None:
        return None
    return distance_km(here, (one.latitude, one.longitude))


def _groups(shown: list[Venue], by_distance: bool) -> list[tuple[str, list[dict[str, Any]]]]:
    if by_distance:
        return [("Nearest first", [_about(one) for one in shown])] if shown else []
    return [(city, [_about(one) for one in same]) for city, same in groupby(shown, key=lambda v: v.city)]


def _about(one: Venue) -> dict[str, Any]:
    return {
        "venue": one,
        "href": link("browse.cinema", slug=one.slug),
        "distance": distance_words(one.km),
        "showings": f"{one.shows:,} show{'s' if one.shows != 1 else ''} on sale" if one.shows else "",
        "screens": f"{one.screens} screen{'s' if one.screens != 1 else ''}" if one.screens else "",
    }


@browse.get("/cinemas/<slug>")
@public
def cinema(slug: str) -> Response:
    found = venue(slug)
    if found is None:
        abort(404)
    now = clock.now()
    first = today(found.zone, now)
    asked = read_day(request.args.get("day", ""), found.zone, now)
    last = max(first.after(SHOWN), asked.after(1) if asked else first, key=lambda one: one.date)
    showings = showings_at_cinema(found.id, first.start, last.start)
    chosen = asked or Day(soonest_day(showings, found.zone) or first.date, found.zone)
    following = min((s.starts_at for s in showings if s.starts_at >= chosen.end), default=None)
    after = Day(following.astimezone(chosen.start.tzinfo).date(), found.zone) if following else None
    return render(
        "browse/cinema.html",
        bulbs=False,
        about=_about(found),
        tabs=cards.tabs(chosen, now, "browse.cinema", slug=slug),
        programme=_programme([s for s in showings if chosen.start <= s.starts_at < chosen.end]),
        when=name_of(chosen, now),
        next_day=after and {"words": f"{after.date:%A}", "href": link("browse.cinema", slug=slug, day=after.date)},
    )


def _programme(showings: list[Showing]) -> list[dict[str, Any]]:
    """The day's films in the order of their first show, each with its times."""
    facts = films({s.movie_id for s in showings})
    left, lowest = seats_left(s.id for s in showings), lowest_prices(showings)
    order = list(dict.fromkeys(s.movie_id for s in showings))
    return [
        {
            "card": cards.card(facts[film], ()),
            "groups": cards.groups((s for s in showings if s.movie_id == film), left, lowest),
        }
        for film in order
    ]
