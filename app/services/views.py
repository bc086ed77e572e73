"""How often a show's seats are looked at: counted in Valkey by show and hour, and written down by a regular job.

Nothing about who looked is kept. Without Valkey nothing is counted, and nothing else suffers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import text

from app import clock
from app.adapters.cache import cache
from app.db import transaction

COUNTED = "views"
HOUR = 3600
_ADD = text(
    "INSERT INTO show_views (show_id, hour, seen) SELECT :show_id, :hour, :seen WHERE EXISTS "
    "(SELECT FROM shows WHERE id = :show_id) "
    "ON CONFLICT (show_id, hour) DO UPDATE SET seen = show_views.seen + excluded.seen"
)


def count_view(show_id: int) -> None:
    """Somebody has opened the seats of this show."""
    cache.count(COUNTED, f"{show_id}:{int(clock.now().timestamp()) // HOUR}")


def flush_views() -> int:
    """Write down what was counted since the last time; gives how many looks. If the process dies between the commit
    and the forgetting, those of one turn count twice."""
    found = cache.set_aside(COUNTED)
    rows = [_row(field, seen) for field, seen in sorted(found.items())]
    if rows:
        with transaction() as session:
            session.execute(_ADD, rows)
    cache.forget_aside(COUNTED)
    return sum(found.values())


def note_views(show_id: int, hours: Mapping[dt.datetime, int]) -> None:
    """Write down looks that were counted elsewhere: the beginning of each hour, and how many."""
    with transaction() as session:
        session.execute(_ADD, [{"show_id": show_id, "hour": hour, "seen": seen} for hour, seen in hours.items()])


def _row(field: str, seen: int) -> dict[str, object]:
    show_id, hour = map(int, field.split(":"))
    return {"show_id": show_id, "hour": dt.datetime.fromtimestamp(hour * HOUR, dt.UTC), "seen": seen}
