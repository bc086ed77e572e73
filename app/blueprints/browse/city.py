"""The visitor's city: read from the address or a cookie, chosen on a page of its own."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from babel import Locale
from flask import Response, redirect, request, url_for

from app import clock
from app.blueprints.browse import browse
from app.config import settings
from app.errors import Invalid
from app.queries.browsing.cities import CityFacts, choose_city, cities, known_cities
from app.web.filters import day
from app.web.guards import public
from app.web.links import local_path
from app.web.render import render

COOKIE = "city"
YEAR = 365 * 24 * 3600


def current_city() -> CityFacts | None:
    """The city of the address, else of the cookie, else the one with most coming shows."""
    return choose_city(cities(), _asked())


def remembered_city() -> CityFacts | None:
    """The same, without asking the database."""
    return choose_city(known_cities(), _asked())


def date_words() -> str:
    """The date on the clocks of the visitor's city, without asking the database."""
    city = remembered_city()
    return day(clock.now(), city.timezone if city else "UTC")


def _asked() -> str:
    return request.args.get("city") or request.cookies.get(COOKIE, "")


def link(endpoint: str, **values: Any) -> str:
    """An address of ours that stays in the city which this address names."""
    return url_for(endpoint, **{**named_city(), **values})


def named_city() -> dict[str, str]:
    """The argument that keeps an address in the city it names; empty when the cookie or nothing names it."""
    city = current_city() if "city" in request.args else None
    return {"city": city.slug} if city else {}


@browse.get("/cities", endpoint="cities")
@public
def choose() -> Response:
    by_country = groupby(sorted(cities(), key=lambda c: (c.country_code, c.name)), key=lambda c: c.country_code)
    countries = [(_country(code), list(group)) for code, group in by_country]
    return render("browse/cities.html", countries=countries, next=local_path(request.args.get("next")))


@browse.post("/cities", endpoint="choose_city")
@public
def chosen() -> Response:
    slug = request.form.get("city", "")
    if all(city.slug != slug for city in cities()):
        raise Invalid("We have no cinema in that city.")
    response = redirect(local_path(request.form.get("next")), 303)
    response.set_cookie(COOKIE, slug, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.production)
    return response  # type: ignore[return-value]


def _country(code: str) -> str:
    return Locale("en").territories.get(code, code)
