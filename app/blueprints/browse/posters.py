"""Posters under addresses that name their content, so that they are kept for ever: drawn ones as SVG, uploaded ones as WebP
in three widths."""

from __future__ import annotations

import re
from functools import lru_cache

from flask import Response, abort, redirect, url_for

from app.blueprints.browse import browse
from app.domain.poster_sizes import MIDDLE, WIDTHS, is_upload
from app.domain.posters import PosterFilm, poster_svg
from app.queries.browsing.films import film_poster
from app.queries.films import uploaded_poster
from app.web.assets import YEAR
from app.web.guards import public

ANY = "now"
"""In place of a hash that isn't known: leads to the present poster."""


_OF_AN_UPLOAD = re.compile(r"-u[0-9a-f]{15}-(\d+)\.webp$")


def poster_url(slug: str, digest: str | None) -> str:
    """The poster's address; of an uploaded one in the middle width, the others by poster_srcset()."""
    if digest and is_upload(digest):
        return url_for("browse.uploaded", slug=slug, digest=digest, width=MIDDLE)
    return url_for("browse.poster", slug=slug, digest=digest or ANY)


def poster_srcset(src: str) -> str:
    """All widths of an uploaded poster, from the address of one; empty for a drawn one, which fits every width."""
    if not _OF_AN_UPLOAD.search(src):
        return ""
    base = src.rpartition("-")[0]
    return ", ".join(f"{base}-{width}.webp {width}w" for width in WIDTHS)


@browse.get("/posters/<slug>-<digest>.svg")
@public
def poster(slug: str, digest: str) -> Response:
    found = film_poster(slug)
    if found is None:
        abort(404)
    if digest != found.hash:
        return _present(slug, found.hash)
    return _kept_for_ever(found.svg or _drawn(found.film), "image/svg+xml; charset=utf-8")


@browse.get("/posters/<slug>-<digest>-<int:width>.webp")
@public
def uploaded(slug: str, digest: str, width: int) -> Response:
    content = uploaded_poster(slug, digest, width) if width in WIDTHS and is_upload(digest) else None
    if content is not None:
        return _kept_for_ever(content, "image/webp")
    found = film_poster(slug)
    if found is None:
        abort(404)
    return _present(slug, found.hash)


def _present(slug: str, digest: str) -> Response:
    response = redirect(poster_url(slug, digest), 302)
    response.headers["Cache-Control"] = "public, max-age=60"
    return response  # type: ignore[return-value]


def _kept_for_ever(content: str | bytes, content_type: str) -> Response:
    headers = {
        "Cache-Control": f"public, max-age={YEAR}, immutable",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, content_type=content_type, headers=headers)


@lru_cache(maxsize=128)
def _drawn(film: PosterFilm) -> str:
    return poster_svg(film)
