"""Browsers that an account was logged in from: their tries are counted apart, so that nobody can lock the owner out."""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.config import settings

COOKIE = "device"
YEAR = 365 * 24 * 3600


def known_device(email: str) -> str | None:
    """This browser's random id, if the account with this address was logged in from it before."""
    try:
        device, account = _signer().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError, TypeError):
        return None
    return str(device) if account == _digest(email) else None


def remember_device(response: Response, email: str) -> None:
    """Note on this browser that the account was logged in from it; the address itself is not written down."""
    device = known_device(email) or secrets.token_urlsafe(12)
    value = str(_signer().dumps([device, _digest(email)]))
    response.set_cookie(
        COOKIE, value, max_age=YEAR, path="/login", httponly=True, samesite="Lax", secure=settings.production
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt="known-device")


def _digest(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()[:24]
