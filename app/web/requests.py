"""Each request's frame: the proxies in front of us, an id for the logs, and the connection given back at the end."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config import Settings


def init_requests(app: Flask, settings: Settings) -> None:
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(_begin)


def _begin() -> None:
    if request.endpoint == "shows.live":
        return
    g.request_id = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id, path=request.path[:200])
