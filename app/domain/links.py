"""Signed links: one opens a booking for whoever was mailed it, one lets a member of staff choose a password.

Who may open a booking otherwise is web/identity.py's.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

from itsdangerous import BadSignature, Signer, URLSafeSerializer


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="booking-link")


def link_key(secret: str, code: str) -> str:
    """What `?key=` carries in the mailed link to a booking."""
    return _signer(secret).get_signature(code).decode()


def link_is_valid(secret: str, code: str, key: str) -> bool:
    """Whether this key was made for this booking, compared in constant time."""
    return key.isascii() and _signer(secret).verify_signature(code.encode(), key)


def booking_link(base_url: str, secret: str, code: str) -> str:
    """The whole address, for mails and calendars."""
    return f"{base_url.rstrip('/')}/bookings/{code}?key={link_key(secret, code)}"


def _group_signer(secret: str) -> Signer:
    return Signer(secret, salt="group-link")


def group_link(base_url: str, secret: str, group_id: int) -> str:
    """The whole address of what a group is offered: whatever offer stands when it is opened."""
    key = _group_signer(secret).get_signature(str(group_id)).decode()
    return f"{base_url.rstrip('/')}/groups/{group_id}/offer?key={key}"


def group_link_is_valid(secret: str, group_id: int, key: str) -> bool:
    """Whether this key was made for this group, compared in constant time."""
    return key.isascii() and _group_signer(secret).verify_signature(str(group_id).encode(), key)


TOPIC_BYTES = 15
"""120 bits: nobody finds a topic by trying."""


def push_topic(secret: str, code: str) -> str:
    """What a phone listens to for news of one booking. Who has the code alone can't tell it."""
    digest = hmac.digest(secret.encode(), f"push-topic {code}".encode(), "sha256")
    return "tickets-" + base64.b32encode(digest[:TOPIC_BYTES]).decode().lower()


@dataclass(frozen=True, slots=True)
class PasswordToken:
    """What a link to choose a password says; `fits` is bound to the password it replaces, so it works once."""

    user_id: int
    expires_at: dt.datetime
    fits: str


def password_token(secret: str, user_id: int, password_hash: str, expires_at: dt.datetime) -> str:
    """What the link carries. It is worth nothing once the account has another password."""
    return str(_password_signer(secret).dumps([user_id, int(expires_at.timestamp()), _fits(password_hash)]))


def read_password_token(secret: str, token: str) -> PasswordToken | None:
    """The token, if we made it; whether it is still good is the caller's to judge."""
    try:
        user_id, expires, fits = _password_signer(secret).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return PasswordToken(user_id, dt.datetime.fromtimestamp(expires, dt.UTC), fits)


def fits_password(token: PasswordToken, password_hash: str) -> bool:
    return token.fits == _fits(password_hash)


def _password_signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="password-link", signer_kwargs={"digest_method": hashlib.sha256})


def _fits(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:24]
