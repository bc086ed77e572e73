"""Security headers on every answer, and the refusal of writes that come from another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from app.config import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{form_targets}; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NO_DOCUMENTS = frozenset({"shows.live", "static"})
"""Answers that never stand in a window of their own, and should be small."""
MESSAGES_FROM_OUTSIDE = "webhooks"
"""The blueprint whose POSTs come from gateways: they carry a signature instead of an origin."""


def init_security(app: Flask, settings: Settings) -> None:
    headers = [
        ("Content-Security-Policy", CSP.format(form_targets="")),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.production:
        headers.append(("Strict-Transport-Security", "max-age=63072000; includeSubDomains"))
    headers.append(("Cache-Control", "no-store"))

    @app.after_request
    def harden(response: Response) -> Response:
        if request.endpoint in NO_DOCUMENTS:
            response.headers.add("X-Content-Type-Options", "nosniff")
            return response
        there = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in headers if name.lower() not in there])
        return response

    @app.before_request
    def refuse_foreign_writes() -> None:
        if request.method in SAFE or request.blueprint == MESSAGES_FROM_OUTSIDE:
            return
        if request.headers.get("Sec-Fetch-Site") == "cross-site" or _foreign_origin():
            abort(403, "This form came from another site.")


def _foreign_origin() -> bool:
    origin = request.headers.get("Origin")
    return bool(origin) and (origin == "null" or urlsplit(origin or "").netloc != request.host)
