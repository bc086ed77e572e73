"""Each request's frame: the proxies in front of us, an id for the logs, how long it took."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, Response, abort, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app import clock
from app.config import Settings
from app.metrics import REQUEST_SECONDS, REQUESTS


def init_requests(app: Flask, settings: Settings) -> None:
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_measure)


def _begin() -> None:
    if "\0" in request.path:
        abort(404)  # no text in the database holds it, so nothing has such a name
    g.began = clock.ticks()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=secrets.token_hex(6), path=request.path[:200])


def _measure(response: Response) -> Response:
    if "began" in g:
        endpoint = request.endpoint or "none"
        REQUESTS.labels(endpoint, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(endpoint).observe(clock.ticks() - g.began)
    return response
