"""Security headers on every answer, and the refusal of writes that come from another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from app.adapters.payments import gateways
from app.config import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{form_targets}; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; "
    "worker-src 'self'"
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NO_DOCUMENTS = frozenset({"shows.live", "static"})
"""Answers that never stand in a window of their own, and should be small."""
MESSAGES_FROM_OUTSIDE = frozenset({"webhooks", "razorpay"})
"""The blueprints whose POSTs come from gateways: they carry a signature instead of an origin."""
LEADS_TO_GATEWAYS = frozenset({"booking", "gift_cards", "razorpay"})
"""The blueprints whose forms lead to a gateway's page: browsers count redirects after a form as part of it."""


def init_security(app: Flask, settings: Settings) -> None:
    headers = [
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
        response.headers.setdefault("Content-Security-Policy", CSP.format(form_targets=_form_targets()))
        there = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in headers if name.lower() not in there])
        return response

    @app.before_request
    def refuse_foreign_writes() -> None:
        if request.method in SAFE or request.blueprint in MESSAGES_FROM_OUTSIDE:
            return
        if request.headers.get("Sec-Fetch-Site") == "cross-site" or _foreign_origin():
            abort(403, "This form came from another site.")


def _form_targets() -> str:
    """The gateways' origins, on the pages alone that lead there."""
    if request.blueprint not in LEADS_TO_GATEWAYS:
        return ""
    return "".join(f" {origin}" for each in gateways().values() for origin in each.form_targets)


def _foreign_origin() -> bool:
    origin = request.headers.get("Origin")
    return bool(origin) and (origin == "null" or urlsplit(origin or "").netloc != request.host)
