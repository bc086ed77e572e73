"""The only place that reads time, so that tests can move it. Instants are aware UTC."""

import datetime as dt
import time

UTC = dt.UTC


def now() -> dt.datetime:
    """The present instant, aware UTC."""
    return dt.datetime.now(UTC)


def ticks() -> float:
    """Seconds that only go forward, for the age of things kept in this process."""
    return time.monotonic()
