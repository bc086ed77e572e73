"""Taking coming shows along to the newest version of their screen's seats. Nobody's seat vanishes or gets another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.layout_edit.moving import SeatName
from app.domain.staff import By
from app.domain.states import ShowState
from app.errors import NotFound
from app.models import Screen, Show
from app.queries.browse_cache import browse_changed
from app.queries.layout_drafts import buying, matched, unpriced
from app.queries.layouts import forget_terms_of
from app.queries.seat_map import HALL, forget_seat_map
from app.services.audit import audit
from app.services.blocking import settle_blocks

_LOCK_SCREEN = text("SELECT id FROM screens WHERE id = :id FOR SHARE")
_LOCK_SEATS = text("SELECT seat_id FROM show_seats WHERE show_id = ANY(:show_ids) ORDER BY show_id, seat_id FOR UPDATE")
_LOCK_TICKETS = text("SELECT id FROM tickets WHERE show_id = :show_id ORDER BY id FOR UPDATE")
_SUM = text("SELECT coalesce(sum(version), 0) FROM show_seats WHERE show_id = :show_id")
# The new rows first: tickets point at them. A seat that changes hands here counts as changed once.
_NEW_SEATS = text("""
INSERT INTO show_seats (show_id, seat_id, state, booking_id, held_until, version)
SELECT :show_id, seats.id, coalesce(old.state, 'free'), old.booking_id, old.held_until, coalesce(old.version + 1, 0)
FROM seats
LEFT JOIN unnest(CAST(:before AS bigint[]), CAST(:after AS bigint[])) AS same(was, is_now) ON same.is_now = seats.id
LEFT JOIN show_seats old ON old.show_id = :show_id AND old.seat_id = same.was
WHERE seats.layout_id = :layout_id ORDER BY seats.id
""")
_TICKETS = text("""
UPDATE tickets SET seat_id = same.is_now
FROM unnest(CAST(:before AS bigint[]), CAST(:after AS bigint[])) AS same(was, is_now)
WHERE tickets.show_id = :show_id AND tickets.seat_id = same.was
""")
_OLD_SEATS = text("""
DELETE FROM show_seats z USING seats WHERE z.show_id = :show_id AND seats.id = z.seat_id AND seats.layout_id <> :layout_id
""")
_NEXT_MILLION = text("""
UPDATE show_seats SET version = version + :more WHERE show_id = :show_id
  AND seat_id = (SELECT min(seat_id) FROM show_seats WHERE show_id = :show_id)
""")


@dataclass(frozen=True, slots=True)
class Moved:
    """Shows that have the newest version now, and those that could not follow with the reason."""

    shows: tuple[int, ...]
    kept: Mapping[int, str]


def move_shows(by: By, screen_id: int, show_ids: Sequence[int], reason: str) -> Moved:
    """Give these coming shows of a screen the newest version of its seats. Tickets go along to the seats of the same
    id; a show stays as it is where a booked seat would vanish or change its name, or where somebody is buying.

    Locks the screen (shared), the seats of the shows in order, the shows, their tickets. Raises NotFound.
    """
    with transaction() as session:
        session.execute(_LOCK_SCREEN, {"id": screen_id})
        screen = session.get(Screen, screen_id, populate_existing=True)
        if screen is None or screen.layout_id is None:
            raise NotFound("There is no such screen, or it has no seats yet.")
        wanted = sorted(set(show_ids))
        session.execute(_LOCK_SEATS, {"show_ids": wanted})
        names: dict[int, list[SeatName]] = {}
        kept = {show_id: _move(session, by, screen, show_id, names, reason) for show_id in wanted}
        moved = tuple(show_id for show_id, why_not in kept.items() if not why_not)
        on_commit(lambda: _forget(moved))
    return Moved(moved, {show_id: why_not for show_id, why_not in kept.items() if why_not})


def _forget(show_ids: Sequence[int]) -> None:
    for show_id in show_ids:
        forget_terms_of(show_id)
        forget_seat_map(show_id)
    browse_changed()


def _move(session: Session, by: By, screen: Screen, show_id: int, names: dict[int, list[SeatName]], reason: str) -> str:
    """Move one show; a sentence if it can't be. Its seats are locked."""
    show = session.get(Show, show_id, with_for_update=True, populate_existing=True)
    if show is None or show.screen_id != screen.id or screen.layout_id is None:
        return "There is no such show on this screen."
    if show.layout_id == screen.layout_id:
        return "It has the newest version already."
    if show.state == ShowState.CANCELLED or show.ends_at <= clock.now():
        return "It is over."
    session.execute(_LOCK_SEATS, {"show_ids": [show_id]})  # those of a show that was just published
    session.execute(_LOCK_TICKETS, {"show_id": show_id})
    match = matched(show_id, show.layout_id, screen.layout_id, names)
    held = session.execute(_HELD, {"show_id": show_id}).scalar_one()
    why_not = " ".join(filter(None, (match.why_not, unpriced(screen.layout_id, show.price_list_id)))) or buying(held)
    if why_not:
        return why_not
    before = {"layout": show.layout_id}
    show.layout_id = screen.layout_id
    session.flush()
    _swap_seats(session, show_id, screen.layout_id, match.successors)
    after = {"layout": screen.layout_id}
    audit(
        session, by, Action.SHOW_MOVED_TO_LAYOUT, show_id,
        cinema_id=screen.cinema_id, before=before, after=after, reason=reason,
    )  # fmt: skip
    return ""


def _swap_seats(session: Session, show_id: int, layout_id: int, successors: Mapping[int, int]) -> None:
    """Nothing for a draft, which has no seats of its own yet."""
    if not session.execute(_HAS_SEATS, {"show_id": show_id}).scalar_one():
        return
    same = {"show_id": show_id, "before": list(successors), "after": list(successors.values())}
    before = session.execute(_SUM, {"show_id": show_id}).scalar_one()
    session.execute(_NEW_SEATS, {**same, "layout_id": layout_id})
    session.execute(_TICKETS, same)
    session.execute(_OLD_SEATS, {"show_id": show_id, "layout_id": layout_id})
    settle_blocks(session, show_id)
    now = session.execute(_SUM, {"show_id": show_id}).scalar_one()
    more = (before // HALL + 1) * HALL - now
    session.execute(_NEXT_MILLION, {"show_id": show_id, "more": max(0, more)})


_HELD = text("SELECT count(*) FROM show_seats WHERE show_id = :show_id AND state = 'held'")
_HAS_SEATS = text("SELECT EXISTS (SELECT FROM show_seats WHERE show_id = :show_id)")
