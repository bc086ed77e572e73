"""Posters as SVG under an address that names their content, so that they are kept for ever."""

from __future__ import annotations

from functools import lru_cache

from flask import Response, abort, redirect, url_for

from app.blueprints.browse import browse
from app.domain.posters import PosterFilm, poster_svg
from app.queries.browsing.films import film_poster
from app.web.assets import YEAR
from app.web.guards import public

ANY = "now"
"""In place of a hash that isn't known: leads to the present poster."""


def poster_url(slug: str, digest: str | None) -> str:
    return url_for("browse.poster", slug=slug, digest=digest or ANY)


@browse.get("/posters/<slug>-<digest>.svg")
@public
def poster(slug: str, digest: str) -> Response:
    found = film_poster(slug)
    if found is None:
        abort(404)
    if digest != found.hash:
        response = redirect(poster_url(slug, found.hash), 302)
        response.headers["Cache-Control"] = "public, max-age=60"
        return response  # type: ignore[return-value]
    return Response(
        found.svg or _drawn(found.film),
        content_type="image/svg+xml; charset=utf-8",
        headers={
            "Cache-Control": f"public, max-age={YEAR}, immutable",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )


@lru_cache(maxsize=128)
def _drawn(film: PosterFilm) -> str:
    return poster_svg(film)
