"""Lists that are not of one day: search, and films that come later."""

from __future__ import annotations

from collections import defaultdict

from flask import Response, abort, request

from app import clock
from app.blueprints.browse import browse, cards
from app.blueprints.browse.city import current_city, link
from app.blueprints.browse.home import read_page
from app.domain.text import tidy
from app.queries.browsing.cities import CityFacts
from app.queries.browsing.days import SHOWN, today
from app.queries.browsing.films import FilmList, films_to_come, search_films
from app.queries.browsing.home import LOOKED_AT, PER_PAGE, first_with_seats
from app.queries.browsing.showings import Showing, seats_left, soonest_showings
from app.queries.browsing.wanted import LONGEST
from app.web.filters import day
from app.web.guards import public
from app.web.render import render


@browse.get("/search")
@public
def search() -> Response:
    city, page = current_city(), read_page()
    q = tidy(request.args.get("q", "")[:LONGEST])
    found = search_films(q, city.id if city else 0, PER_PAGE, (page - 1) * PER_PAGE)
    if page > 1 and not found.films:
        abort(404)
    return render(
        "browse/search.html",
        q=q,
        found=found,
        cards=_cards(found, city),
        number=page,
        pages=-(-found.total // PER_PAGE),
        page_href=lambda n: link("browse.search", q=q, **({"page": n} if n > 1 else {})),
    )


@browse.get("/coming-soon")
@public
def coming_soon() -> Response:
    city, page = current_city(), read_page()
    if city is None:
        return render("browse/no_cinemas.html")
    first = today(city.timezone, clock.now())
    found = films_to_come(city.id, first.after(SHOWN).start, first.date, PER_PAGE, (page - 1) * PER_PAGE)
    if page > 1 and not found.films:
        abort(404)
    return render(
        "browse/coming_soon.html",
        found=found,
        cards=_cards(found, city, coming=True),
        number=page,
        pages=-(-found.total // PER_PAGE),
        page_href=lambda n: link("browse.coming_soon", **({"page": n} if n > 1 else {})),
    )


def _cards(found: FilmList, city: CityFacts | None, coming: bool = False) -> list[cards.Card]:
    """Film cards with the next times in the city, whatever the day."""
    if city is None or not found.films:
        return [cards.card(film, ()) for film in found.films]
    showings = soonest_showings([film.id for film in found.films], city.id, LOOKED_AT)
    left = seats_left(s.id for s in showings)
    by_film: dict[int, list[Showing]] = defaultdict(list)
    for showing in showings:
        by_film[showing.movie_id].append(showing)
    here = today(city.timezone, clock.now()).date
    made = []
    for film in found.films:
        stubs = [cards.stub_any_day(s, film.title, here) for s in first_with_seats(by_film[film.id], left)]
        begins = _begins(found, film.id, film.release_date, city) if coming else ""
        made.append(cards.card(film, stubs, *([begins] if begins else [])))
    return made


def _begins(found: FilmList, film_id: int, released: object, city: CityFacts) -> str:
    first = found.first.get(film_id)
    if first is not None:
        return f"from {day(first, city.timezone)}"
    return f"released {released:%-d %B %Y}" if released else ""
