"""What the house needs to be open, looked at one by one, and the figures that only the database knows."""

from __future__ import annotations

from collections.abc import Callable

import redis
from rq import Worker
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import clock
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
        db.session.rollback()
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


APPEND_ONLY = ("state_changes", "ledger_entries", "ledger_accounts", "audit_entries")
_MAY_REWRITE = text("""
SELECT name FROM unnest(CAST(:tables AS text[])) AS name
WHERE has_table_privilege(current_user, to_regclass(name), 'UPDATE, DELETE, TRUNCATE') ORDER BY name
""")


def missing_guards() -> list[str]:
    """What is less safe than it could be; no reason to close the house."""
    try:
        rewritable = db.session.execute(_MAY_REWRITE, {"tables": list(APPEND_ONLY)}).scalars().all()
        end_read()
    except SQLAlchemyError:
        db.session.rollback()
        return []
    return (
        [f"the application's database role can change what may only grow: {', '.join(rewritable)}"]
        if rewritable
        else []
    )


_FIGURES = text("""
SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL) AS outbox_waiting,
       (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(due_at)), 0) FROM outbox
         WHERE done_at IS NULL AND due_at <= :now) AS outbox_oldest_seconds,
       (SELECT count(*) FROM alerts WHERE resolved_at IS NULL) AS alerts_open,
       (SELECT count(*) FROM bookings WHERE state IN ('held', 'awaiting_payment')) AS bookings_unfinished,
       (SELECT count(*) FROM bookings WHERE state IN ('held', 'awaiting_payment') AND expires_at <= :now) AS holds_overdue,
       (SELECT count(*) FROM payments WHERE check_at IS NOT NULL) AS payments_watched
""")


def figures() -> dict[str, float]:
    """Gauges by name, as they are now."""
    row = db.session.execute(_FIGURES, {"now": clock.now()}).one()
    end_read()
    return {name: float(value) for name, value in row._mapping.items()}
