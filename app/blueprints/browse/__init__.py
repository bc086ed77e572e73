"""Browsing: the day's films, a film, cinemas, search, what comes, cities, posters and help. Seats are shows'."""

from __future__ import annotations

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.local import LocalProxy

browse = Blueprint("browse", __name__)

from app.blueprints.browse import cinemas, city, film, help, home, lists, posters  # noqa: E402, F401


@browse.record_once
def _give_templates_the_city(state: BlueprintSetupState) -> None:
    """`city` costs nothing until a template looks at it; error pages set their own, as the database may be gone."""
    state.app.jinja_env.globals.update(
        city=LocalProxy(city.current_city),
        remembered_city=city.remembered_city,
        date_words=city.date_words,
        poster_url=posters.poster_url,
        poster_srcset=posters.poster_srcset,
    )
