"""One way to answer with HTML: a page, or for htmx the fragment inside it, from one context."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from app.web.extensions import htmx


def render(page: str, fragment: str | None = None, status_code: int = 200, **context: Any) -> Response:
    """The page; or its fragment if htmx asks for a part. The page includes the same fragment."""
    wanted = fragment if fragment and htmx and not htmx.history_restore_request else page
    response = make_response(render_template(wanted, **context), status_code)
    if fragment:
        response.vary.add("HX-Request")
    return response


def htmx_redirect(address: str) -> Response:
    """Send the whole browser page elsewhere from inside a fragment request."""
    response = make_response("", 204)
    response.headers["HX-Redirect"] = address
    return response
