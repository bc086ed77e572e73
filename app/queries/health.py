"""What the house needs to be open, looked at one by one."""

from __future__ import annotations

from collections.abc import Callable

import redis
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.cache import cache
from app.db import db, end_read
from app.extensions import queue


def readiness() -> dict[str, str]:
    """Each part and "ok" or what is wrong with it."""
    return {"database": _look(_database), "cache": _look(_cache), "worker": _look(_worker)}


def _look(part: Callable[[], str]) -> str:
    try:
        return part()
    except (SQLAlchemyError, redis.RedisError, OSError) as problem:
        return f"gone ({type(problem).__name__})"


def _database() -> str:
    db.session.execute(text("SELECT 1"))
    end_read()
    return "ok"


def _cache() -> str:
    cache.client.ping()
    return "ok"


def _worker() -> str:
    return "ok" if Worker.count(queue=queue) else "none is running"
