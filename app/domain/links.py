"""The signed link that opens a booking for whoever was mailed it. Who may open one otherwise is web/identity.py's."""

from __future__ import annotations

import base64
import hmac

from itsdangerous import Signer


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


TOPIC_BYTES = 15
"""120 bits: nobody finds a topic by trying."""


def push_topic(secret: str, code: str) -> str:
    """What a phone listens to for news of one booking. Who has the code alone can't tell it."""
    digest = hmac.digest(secret.encode(), f"push-topic {code}".encode(), "sha256")
    return "tickets-" + base64.b32encode(digest[:TOPIC_BYTES]).decode().lower()
