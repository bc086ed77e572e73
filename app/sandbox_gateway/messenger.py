"""Delivers the provider's messages over HTTP: signed at each attempt, repeated with growing pauses for a day.

Runs in the worker right after the commit that wrote a message, and in each round of the schedule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Row, text

from app import clock
from app.config import settings
from app.db import transaction
from app.sandbox_gateway.sessions import capture_due
from app.sandbox_gateway.signing import HEADER, signature_header

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE = dt.timedelta(hours=6)
GIVE_UP_AFTER = dt.timedelta(days=1)
LEASE = dt.timedelta(minutes=2)
"""How long another worker leaves a message alone that one has taken up and not finished."""

Post = Callable[[str, bytes, Mapping[str, str], float], int]

_CLAIM = text("""
UPDATE sandbox_messages SET attempts = attempts + 1, due_at = :lease
WHERE id = (
  SELECT id FROM sandbox_messages WHERE due_at <= :now ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, body, attempts, created_at
""")
_TAKEN = text("UPDATE sandbox_messages SET taken_at = :now, due_at = NULL, failure = NULL WHERE id = :id")
_AGAIN = text("UPDATE sandbox_messages SET due_at = :due, failure = :failure WHERE id = :id AND taken_at IS NULL")


def http_post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
    """POST and give the status. Raises OSError or HTTPException when nobody answers properly."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=timeout_seconds)
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def deliver_due_messages(limit: int = 200, post: Post = http_post) -> int:
    """Capture what is due, then send the messages that are; gives how many were taken. Many may run."""
    capture_due()
    taken = 0
    for _ in range(limit):
        message = _claim()
        if message is None:
            break
        failure = _send(message, post)
        _note(message, failure)
        taken += failure is None
        if failure == NOBODY:
            break
    return taken


def _claim() -> Row[Any] | None:
    now = clock.now()
    with transaction() as db:
        return db.execute(_CLAIM, {"now": now, "lease": now + LEASE}).one_or_none()


NOBODY = "nobody answers"


def _send(message: Row[Any], post: Post) -> str | None:
    """None if it was taken, otherwise why not."""
    body = message.body.encode()
    seconds = int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sandbox-gateway",
        HEADER: signature_header(settings.sandbox_webhook_secret, seconds, body),
    }
    try:
        status = post(webhook_url(), body, headers, settings.gateway_timeout_seconds)
    except (OSError, HTTPException) as problem:
        log.warning("sandbox_message_waits", url=webhook_url(), problem=str(problem)[:200])
        return NOBODY
    return None if 200 <= status < 300 else f"status {status}"


def webhook_url() -> str:
    """Where the merchant wants its messages."""
    return settings.sandbox_webhook_url or f"{settings.base_url.rstrip('/')}/webhooks/sandbox"


def _note(message: Row[Any], failure: str | None) -> None:
    now = clock.now()
    due = next_attempt(message.created_at, now, message.attempts)
    with transaction() as db:
        if failure is None:
            db.execute(_TAKEN, {"now": now, "id": message.id})
        else:
            db.execute(_AGAIN, {"due": due, "failure": failure, "id": message.id})


def next_attempt(created_at: dt.datetime, now: dt.datetime, attempts: int) -> dt.datetime | None:
    """Twice as late each time; None a day after the message was written: the merchant has to ask then."""
    due = now + min(dt.timedelta(seconds=FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 20)), LONGEST_PAUSE)
    return due if due - created_at <= GIVE_UP_AFTER else None
