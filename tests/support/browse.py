"""What the tests of the public programme share."""

from __future__ import annotations

import datetime as dt

from app.queries.browse_cache import browse_changed
from app.queries.browsing.cities import forget_cities

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)

HOUR = dt.timedelta(hours=1)


def fresh() -> None:
    browse_changed()
    forget_cities()
