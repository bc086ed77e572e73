"""Coming shows that get other prices. A booking keeps the list it was begun with, so nobody pays more than they were told.

Locks the shows in the order of their ids, then, where only untouched shows may go, all seats of these in order: a hold
judges a show's list under the locks of its seats, so it comes before the move and keeps the show back, or after it and
is made at the new prices. Where all shows go there is nothing to keep back, and no seat has to be locked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit
from app.domain.audit import Action
from app.domain.staff import By
from app.models import PriceList
from app.queries.browse_cache import browse_changed
from app.queries.layout_drafts import unpriced
from app.queries.layouts import forget_terms_of
from app.queries.seat_map import HALL, forget_seat_map
from app.services.audit import audit


class Along(StrEnum):
    """Which coming shows are taken along to new prices."""

    NONE = "none"
    UNTOUCHED = "untouched"
    """Those of which no seat is held or sold."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class MovedShows:
    """Shows that have the new prices now, and sentences on those that keep what they had."""

    moved: tuple[int, ...] = ()
    kept: Mapping[int, str] | None = None

    @property
    def words(self) -> str:
        """What became of them, in a sentence; empty if there were none."""
        parts = [f"{counted(len(self.moved), 'coming show')} got the new prices." if self.moved else ""]
        for why in sorted(set((self.kept or {}).values())):
            count = list((self.kept or {}).values()).count(why)
            parts.append(f"{counted(count, 'show')} kept the old ones: {why}")
        return " ".join(filter(None, parts))


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


_OLDER = text("""
SELECT s.id, s.layout_id, s.price_list_id, s.screen_id, s.starts_at FROM shows s
JOIN price_lists l ON l.id = s.price_list_id AND l.name = :name AND l.id <> :price_list_id
WHERE s.cinema_id = :cinema_id AND s.state <> 'cancelled' AND s.starts_at > :now ORDER BY s.id
FOR NO KEY UPDATE OF s
""")
_TOUCHED = text("SELECT DISTINCT show_id FROM show_seats WHERE show_id = ANY(:show_ids) AND state IN ('held', 'sold')")
_LOCK_SEATS = text("SELECT seat_id FROM show_seats WHERE show_id = ANY(:show_ids) ORDER BY show_id, seat_id FOR UPDATE")
_MOVE = text("UPDATE shows SET price_list_id = :price_list_id WHERE id = ANY(:show_ids)")
# Whoever has a map open gets all of it anew, as if the show had other seats: its prices are other ones.
_NEXT_MILLION = text("""
UPDATE show_seats z SET version = z.version + (of_show.total / :hall + 1) * :hall - of_show.total
FROM (SELECT show_id, min(seat_id) AS seat_id, sum(version) AS total FROM show_seats
      WHERE show_id = ANY(:show_ids) GROUP BY show_id) of_show
WHERE z.show_id = of_show.show_id AND z.seat_id = of_show.seat_id
""")


def move_older_shows(session: Session, by: By, newest: PriceList, along: Along, reason: str) -> MovedShows:
    """Take coming shows with an earlier version of this list along. The cinema's price plan is locked."""
    if along is Along.NONE:
        return MovedShows()
    values = {"name": newest.name, "price_list_id": newest.id, "cinema_id": newest.cinema_id, "now": clock.now()}
    shows = session.execute(_OLDER, values).all()
    wanted = {row.id: newest.id for row in shows}
    return give_lists(session, by, newest.cinema_id, shows, wanted, along, reason)


def give_lists(
    session: Session,
    by: By,
    cinema_id: int,
    shows: Collection[Row[Any]],
    wanted: Mapping[int, int],
    along: Along,
    reason: str,
) -> MovedShows:
    """Give these shows, whose rows are locked, the lists that `wanted` says."""
    kept = _unsellable(shows, wanted)
    if along is Along.UNTOUCHED:
        kept |= _touched(session, [row.id for row in shows if row.id not in kept])
    moved = [row for row in shows if row.id not in kept]
    for price_list_id in sorted({wanted[row.id] for row in moved}):
        ids = [row.id for row in moved if wanted[row.id] == price_list_id]
        session.execute(_MOVE, {"price_list_id": price_list_id, "show_ids": ids})
    ids = [row.id for row in moved]
    session.execute(_NEXT_MILLION, {"show_ids": ids, "hall": HALL})
    on_commit(lambda: _forget(ids))
    for row in moved:
        audit(
            session, by, Action.SHOW_MOVED_TO_PRICES, row.id, cinema_id=cinema_id, reason=reason,
            before={"price_list": row.price_list_id}, after={"price_list": wanted[row.id]},
        )  # fmt: skip
    return MovedShows(tuple(ids), kept)


def _unsellable(shows: Collection[Row[Any]], wanted: Mapping[int, int]) -> dict[int, str]:
    """Shows with seats that the new list has no adult price for."""
    pairs = {(row.layout_id, wanted[row.id]) for row in shows}
    missing = {pair: unpriced(*pair).replace("The show's", "the new", 1) for pair in pairs}
    return {row.id: why for row in shows if (why := missing[row.layout_id, wanted[row.id]])}


def _touched(session: Session, show_ids: list[int]) -> dict[int, str]:
    """Shows of which seats are held or sold, for certain: the seats of all others are locked."""
    before = set(session.execute(_TOUCHED, {"show_ids": show_ids}).scalars())
    session.execute(_LOCK_SEATS, {"show_ids": [one for one in show_ids if one not in before]})
    touched = before | set(session.execute(_TOUCHED, {"show_ids": show_ids}).scalars())
    return dict.fromkeys(touched, "seats of them are held or sold.")


def _forget(show_ids: Collection[int]) -> None:
    for show_id in show_ids:
        forget_terms_of(show_id)
        forget_seat_map(show_id)
    browse_changed()
