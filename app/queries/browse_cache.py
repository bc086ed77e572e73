"""Listings kept for a while: when the programme changes, one number in Valkey that every key carries goes up.

A key also carries the minute, so that a time that has passed leaves the page with the minute it passes in. Each
process asks for the number four times a second. Without Valkey a listing is made afresh once a second and process.
"""

from __future__ import annotations

from collections.abc import Callable

from app import clock
from app.adapters.cache import cache

GENERATION = "browse:generation"
LIFE_MILLISECONDS = 60_000
PROCESS_SECONDS = 0.25
KEPT = 256

_kept: dict[str, str] = {}
_generation: list[tuple[float, str]] = []


def browse_changed() -> None:
    """After a commit that changed films, cinemas or shows: every cached listing is out of date."""
    _generation.clear()
    cache.increase(GENERATION)


def moment() -> str:
    """Names the present programme: what was read under the same moment may be shown again. Changes every minute."""
    if not _generation or clock.ticks() - _generation[0][0] > PROCESS_SECONDS:
        _generation[:] = [(clock.ticks(), _ask())]
    return f"{_generation[0][1]}:{int(clock.now().timestamp()) // 60}"


def _ask() -> str:
    stored = cache.get(GENERATION)
    if stored is not None:
        return stored.decode()
    return f"alone-{int(clock.ticks())}" if cache.resting else "0"


def kept_listing(key: str, make: Callable[[], str]) -> str:
    """The listing under this key, at most a minute old; `make` is called when nobody has it."""
    # The moment is asked before the database: what a change overtakes is stored where nobody looks any more.
    name = f"browse:{moment()}:{key}"
    found = _kept.get(name)
    if found is None:
        found = _shared(name, make)
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[name] = found
    return found


def _shared(name: str, make: Callable[[], str]) -> str:
    stored = cache.get(name)
    if stored is not None:
        return stored.decode()
    made = make()
    cache.set(name, made, LIFE_MILLISECONDS)
    return made


def forget_listings() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _kept.clear()
    _generation.clear()
