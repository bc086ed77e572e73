"""Listings kept for a while: when the programme changes, one number in Valkey that every key carries goes up.

A key also carries the minute, so that a time that has passed leaves the page with the minute it passes in. Each
process keeps what it used in the last second. Without Valkey a listing is made afresh once a second and process.
"""

from __future__ import annotations

from collections.abc import Callable

from app import clock
from app.adapters.cache import cache

GENERATION = "browse:generation"
LIFE_MILLISECONDS = 60_000
PROCESS_SECONDS = 1.0
KEPT = 256

_kept: dict[str, tuple[float, str]] = {}


def browse_changed() -> None:
    """After a commit that changed films, cinemas or shows: every cached listing is out of date."""
    _kept.clear()
    cache.increase(GENERATION)


def kept_listing(key: str, make: Callable[[], str]) -> str:
    """The listing under this key, at most a minute old; `make` is called when nobody has it."""
    key = f"{int(clock.now().timestamp()) // 60}:{key}"
    known = _kept.get(key)
    if known is not None and clock.ticks() - known[0] < PROCESS_SECONDS:
        return known[1]
    found = _shared(key, make)
    if len(_kept) >= KEPT:
        _kept.clear()
    _kept[key] = (clock.ticks(), found)
    return found


def _shared(key: str, make: Callable[[], str]) -> str:
    # The generation is read before the database: what a change overtakes is stored where nobody looks any more.
    generation = (cache.get(GENERATION) or b"0").decode()
    name = f"browse:{generation}:{key}"
    stored = cache.get(name)
    if stored is not None:
        return stored.decode()
    made = make()
    cache.set(name, made, LIFE_MILLISECONDS)
    return made


def forget_listings() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _kept.clear()
