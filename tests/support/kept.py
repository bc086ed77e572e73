"""All promises asked in one statement whose plan is kept; check_promises() asks each by itself, a tenth of a second long."""

from __future__ import annotations

import re

import psycopg

from app import clock
from app.config import settings
from app.embedded import Urls
from app.services.promises import PROMISES, check_promises
from tests.support.house import kept_connection

_NAME = re.compile(r"(?<!:):(now|most)\b")
_KIND = {"now": "%(now)s::timestamptz", "most": "%(most)s::bigint"}


def _asked(sql: str) -> str:
    return _NAME.sub(lambda name: _KIND[name[1]], sql.replace("%", "%%"))


_ALL = " UNION ALL ".join(
    f"SELECT {promise.number} WHERE EXISTS ({_asked(check.sql)})" for promise in PROMISES for check in promise.checks
)


def broken_numbers(connection: psycopg.Connection) -> set[int]:
    """The promises that some row breaks, as this connection sees the house."""
    values = {"now": clock.now(), "most": settings.max_seats}
    return {row[0] for row in connection.execute(_ALL, values, prepare=True)}


def broken_promises(urls: Urls) -> list[str]:
    """What is committed and breaks a promise, row by row in words. Wants an application's context."""
    numbers = broken_numbers(kept_connection(urls.database_url))
    told = [str(row) for row in check_promises(numbers)] if numbers else []
    assert bool(told) == bool(numbers), f"only one of two ways to ask sees promises {numbers} broken"
    return told
