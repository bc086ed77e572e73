"""The live state of a show's seats: one letter a seat, and a version that names the content.

v = <sum of the seats' versions>.<holds that have run out>, both from the one SELECT that gives the letters. Letters, in
the order of seat ids: f free, h held, s sold, b blocked; a hold that has run out is free. In Valkey: seats:<show>:now
lives until the earlier of a second and the next end of a hold, and is deleted after a commit; seats:<show>:<v> is
immutable and lives a minute. Each process keeps `now` for 250 ms more. Without Valkey everything comes from the
database: slower, never wrong.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import text

from app import clock
from app.adapters.cache import cache
from app.db import db, end_read

PROCESS_SECONDS = 0.25
NOW_MILLISECONDS = 1000
VERSION_MILLISECONDS = 60_000
KEPT_VERSIONS = 4096
HALL = 1_000_000
"""Sums of versions in the same million are of the same seats: a show that gets other seats begins the next million."""


@dataclass(frozen=True, slots=True)
class SeatMap:
    """The map of one show: `states` has one letter per seat in the order of seat ids."""

    version: str
    states: str

    def changed(self, older: str) -> list[int]:
        """Places whose letter differs from an older map's."""
        return [place for place, pair in enumerate(zip(older, self.states, strict=True)) if pair[0] != pair[1]]

    def same_seats(self, version: str) -> bool:
        """Whether a version, as a browser names it, is of the seats that the show has now."""
        theirs, mine = version.partition(".")[0], self.version.partition(".")[0]
        return theirs.isdecimal() and int(theirs[:15]) // HALL == int(mine) // HALL

    def count(self, letter: str) -> int:
        return self.states.count(letter)


_SELECT = text("""
SELECT coalesce(string_agg(
         CASE WHEN state = 'held' AND held_until <= :now THEN 'f' ELSE substr(state, 1, 1) END, '' ORDER BY seat_id
       ), '') AS states,
       coalesce(sum(version), 0) AS changes,
       count(*) FILTER (WHERE state = 'held' AND held_until <= :now) AS run_out,
       min(held_until) FILTER (WHERE held_until > :now) AS next_end
FROM show_seats WHERE show_id = :show_id
""")

_now: dict[int, tuple[float, SeatMap]] = {}
_versions: OrderedDict[tuple[int, str], str] = OrderedDict()


def seat_map(show_id: int) -> SeatMap:
    """The map as it is now, at most a second old."""
    kept = _now.get(show_id)
    if kept is not None and clock.ticks() - kept[0] < PROCESS_SECONDS:
        return kept[1]
    found = _from_cache(show_id) or _from_database(show_id)
    if len(_now) > KEPT_VERSIONS:
        _now.clear()
    _now[show_id] = (clock.ticks(), found)
    _remember(show_id, found)
    return found


def fresh_seat_map(show_id: int) -> SeatMap:
    """The map straight from the database, for a page that answers a change of its own."""
    found = _from_database(show_id)
    _remember(show_id, found)
    return found


def states_of_version(show_id: int, version: str) -> str | None:
    """The letters of an older version, or None if nobody remembers them."""
    known = _versions.get((show_id, version))
    if known is not None:
        return known
    stored = cache.get(f"seats:{show_id}:{version}")
    return stored.decode() if stored else None


def forget_seat_map(show_id: int) -> None:
    """After a commit that changed the show's seats: the next asker reads afresh."""
    _now.pop(show_id, None)
    cache.delete(f"seats:{show_id}:now")


def _from_cache(show_id: int) -> SeatMap | None:
    stored = cache.get(f"seats:{show_id}:now")
    if not stored:
        return None
    version, _, states = stored.decode().partition(" ")
    return SeatMap(version, states)


def _from_database(show_id: int) -> SeatMap:
    now = clock.now()
    row = db.session.execute(_SELECT, {"show_id": show_id, "now": now}).one()
    end_read()
    found = SeatMap(f"{row.changes}.{row.run_out}", row.states)
    cache.set(f"seats:{show_id}:now", f"{found.version} {found.states}", _life(row.next_end, now))
    cache.set(f"seats:{show_id}:{found.version}", found.states, VERSION_MILLISECONDS)
    return found


def _life(next_end: dt.datetime | None, now: dt.datetime) -> int:
    if next_end is None:
        return NOW_MILLISECONDS
    return min(NOW_MILLISECONDS, int((next_end - now).total_seconds() * 1000))


def _remember(show_id: int, found: SeatMap) -> None:
    _versions[show_id, found.version] = found.states
    if len(_versions) > KEPT_VERSIONS:
        _versions.popitem(last=False)


def forget_kept_maps() -> None:
    """Drop what this process remembers; tests do so when they swap databases."""
    _now.clear()
    _versions.clear()
