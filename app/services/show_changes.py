"""Changing what is scheduled: moved, edited, taken off sale, thrown away, a week copied.

What a show is (film, screen, time) changes only while nobody has a part in it: its screens, its row and all its seats
are locked first, so that a hold of the same instant comes before the change, and stops it, or after it, and reads it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.film_week import FilmWeek
from app.domain.local_time import LEAPT, day_start, instants_of
from app.domain.marks import mark
from app.domain.programme import MOST, UNPLANNED_RUNTIME, in_the_way
from app.domain.staff import By
from app.domain.states import ShowState
from app.errors import Conflict, Invalid, NotFound, ScreenBusy
from app.models import Movie, Screen, Show
from app.queries.browse_cache import browse_changed
from app.queries.layouts import forget_terms_of
from app.queries.price_lists import price_picker
from app.queries.programme import busy_on
from app.queries.seat_map import HALL, forget_seat_map
from app.services.audit import audit
from app.services.blocking import blocks_of_show, forget_blocks, settle_blocks
from app.services.films import offered_film
from app.services.holds import again_if_locked
from app.services.scheduling import (
    Made,
    NewShow,
    check_lists,
    check_open,
    lock_screens,
    make_all,
    slot_of,
    told,
    unpriced,
    zone_of,
)
from app.services.seen import check_seen


@dataclass(frozen=True, slots=True)
class Wanted:
    """A show as it shall be from now on."""

    show: NewShow
    sales_close_at: dt.datetime
    """Aware, as all instants; `show.sales_open_at` is given too, `show.close_minutes` means nothing here."""


def move_show(by: By, show_id: int, screen_id: int, starts_at: dt.datetime, reason: str = "", seen: str = "") -> None:
    """Give a show another time or screen of its cinema; its bookings open and close as long before and after as they did.

    Raises ScreenBusy naming what is in the way, Conflict if somebody has a part in it, Invalid (in the past; a reason
    is missing for one that is on sale), ConcurrentModification if it is not what was `seen`, NotFound. Locks both
    screens, the show, its seats.
    """
    again_if_locked(lambda: _move_once(by, show_id, screen_id, starts_at, reason, seen))


def _move_once(by: By, show_id: int, screen_id: int, starts_at: dt.datetime, reason: str, seen: str) -> None:
    with transaction() as session:
        show, screens = _lock(session, show_id, screen_id, seen)
        before, later = told(show), starts_at - show.starts_at
        show.sales_close_at += later
        if show.sales_open_at > clock.now():
            show.sales_open_at += later
        show.starts_at, show.ends_at = starts_at, show.ends_at + later
        _settle(session, by, show, before, screens[screen_id], Action.SHOW_MOVED, reason)


def edit_show(by: By, show_id: int, wanted: Wanted, reason: str = "", seen: str = "") -> None:
    """Change a show. With seats held or sold only its note, its marks and the time it is booked in.

    Raises as move_show. Locks both screens, the show, its seats.
    """
    again_if_locked(lambda: _edit_once(by, show_id, wanted, reason, seen))


_FACTS = ("format", "language", "subtitles", "note", "captions", "audio_description", "relaxed", "price_list_id")


def _edit_once(by: By, show_id: int, wanted: Wanted, reason: str, seen: str) -> None:
    with transaction() as session:
        new = wanted.show
        show, screens = _lock(session, show_id, new.screen_id, seen)
        before = told(show)
        stays = new.movie_id == show.movie_id
        movie = session.get_one(Movie, new.movie_id) if stays else offered_film(session, new.movie_id)
        check_lists(session, show.cinema_id, {new.price_list_id})
        for name in _FACTS:
            setattr(show, name, getattr(new, name))
        show.movie_id, show.starts_at = new.movie_id, new.starts_at
        show.ends_at = slot_of(new, screens[new.screen_id], movie).ends_at
        show.sales_open_at = new.sales_open_at or before["sales_open_at"]
        show.sales_close_at = wanted.sales_close_at
        _settle(session, by, show, before, screens[new.screen_id], Action.SHOW_CHANGED, reason)


def _lock(session: Session, show_id: int, screen_id: int, seen: str) -> tuple[Show, dict[int, Screen]]:
    """The show with its seats and both screens, locked. Raises NotFound, Conflict for one that is over or called off."""
    now_on = session.scalar(select(Show.screen_id).where(Show.id == show_id))
    if now_on is None:
        raise NotFound("There is no such show any more.")
    screens = lock_screens(session, [now_on, screen_id])
    show = _lock_show(session, show_id)
    check_seen((show.screen_id, mark(told(show))), (now_on, seen or mark(told(show))), "this show")
    if screen_id not in screens or screens[screen_id].cinema_id != show.cinema_id:
        raise NotFound("There is no such screen at this cinema.")
    return show, screens


def _lock_show(session: Session, show_id: int) -> Show:
    """FOR NO KEY UPDATE, as calling off does: whoever writes a booking meanwhile refers to the show."""
    show = session.get(Show, show_id, populate_existing=True, with_for_update={"key_share": True})
    if show is None:
        raise NotFound("There is no such show any more.")
    if show.state == ShowState.CANCELLED:
        raise Conflict("This show was called off. Schedule a new one.")
    session.execute(_LOCK_SEATS, {"show_id": show_id})
    return show


_LOCK_SEATS = text("SELECT seat_id FROM show_seats WHERE show_id = :show_id ORDER BY seat_id FOR UPDATE")
_PARTS = text("""
SELECT count(*) AS bookings, count(*) FILTER (WHERE state IN ('held', 'awaiting_payment')) AS held,
       count(*) FILTER (WHERE state = 'confirmed') AS sold,
       count(*) FILTER (WHERE state = 'cancelled' OR EXISTS (
         SELECT FROM payments p WHERE p.show_id = bookings.show_id AND p.booking_id = bookings.id)) AS paid
FROM bookings WHERE show_id = :show_id
""")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What people have in a show: bookings at all; held and being paid; sold; ever paid for or begun to be."""

    bookings: int
    held: int
    sold: int
    paid: int

    @property
    def living(self) -> str:
        """A sentence if somebody has seats."""
        if self.sold:
            return f"{_count(self.sold, 'booking')} of this show {'is' if self.sold == 1 else 'are'} sold."
        return f"{_count(self.held, 'booking')} of this show {'is' if self.held == 1 else 'are'} being made." * (
            self.held > 0
        )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _parts(session: Session, show_id: int) -> _Parts:
    return _Parts(*session.execute(_PARTS, {"show_id": show_id}).one())


_WHAT_IT_IS = ("movie_id", "screen_id", "starts_at", "ends_at")
_WHAT_WAS_BOUGHT = ("price_list_id", "format", "language", "subtitles")


def _settle(
    session: Session, by: By, show: Show, before: Mapping[str, Any], screen: Screen, action: Action, reason: str
) -> None:
    """Judge the show as it was changed, write it and tell the audit."""
    show.screen_id = screen.id
    after = told(show)
    changed = {name for name in after if after[name] != before[name]}
    if not changed:
        return
    with session.no_autoflush:
        _check_parts(session, show.id, changed)
        _check_times(session, show, before, changed)
        if show.state == ShowState.PUBLISHED and not reason.strip():
            raise Invalid("This show is on sale: write in a few words why it changes.", fields=["reason"])
    if before["screen_id"] != screen.id:
        _other_seats(session, show, screen)
    session.flush()
    if show.state == ShowState.PUBLISHED and (why_not := unpriced(session, show.id)):
        raise Invalid(why_not, fields=["price_list_id"])
    settle_blocks(session, show.id)
    audit(session, by, action, show.id, cinema_id=show.cinema_id, before=before, after=after, reason=reason)
    show_id = show.id
    on_commit(lambda: _forget(show_id))


def _forget(show_id: int) -> None:
    forget_terms_of(show_id)
    forget_seat_map(show_id)
    browse_changed()


def _check_parts(session: Session, show_id: int, changed: set[str]) -> None:
    """Raises Conflict if what changes is what somebody bought, or may still have bought by late money."""
    parts = _parts(session, show_id)
    if parts.living and changed & {*_WHAT_IT_IS, *_WHAT_WAS_BOUGHT}:
        raise Conflict(f"{parts.living} Only its note, its access marks and when it can be booked may change now.")
    if parts.paid and changed & {*_WHAT_IT_IS} - {"ends_at"}:
        raise Conflict(
            "Seats of this show were bought or being paid for before, and what was bought keeps its film, time and "
            "screen. Call this show off and schedule another one."
        )


def _check_times(session: Session, show: Show, before: Mapping[str, Any], changed: set[str]) -> None:
    """Raises Invalid for times that can't be, ScreenBusy for a time that is taken."""
    moved = bool(changed & {*_WHAT_IT_IS})
    if moved and min(before["starts_at"], show.starts_at) <= clock.now():
        over = "This show has begun already." if before["starts_at"] <= clock.now() else "This time has passed already."
        raise Invalid(over, fields=["starts_at"])
    if show.sales_open_at >= show.sales_close_at:
        raise Invalid("Bookings must open before they close.", fields=["sales_close_at"])
    busy = busy_on([show.screen_id], show.starts_at, show.ends_at, but=show.id) if moved else []
    if busy:
        raise ScreenBusy(in_the_way(busy[0], zone_of(session, show.cinema_id)), show_id=busy[0].show_id)


_SEATS_NOW = text("""
SELECT count(*) AS rows, coalesce(sum(version), 0) AS versions,
       (SELECT count(*) FROM tickets WHERE show_id = :show_id) AS tickets
FROM show_seats WHERE show_id = :show_id
""")
_NO_SEATS = text("DELETE FROM show_seats WHERE show_id = :show_id")
_NEW_SEATS = text("""
INSERT INTO show_seats (show_id, seat_id, version)
SELECT :show_id, id, CASE WHEN id = min(id) OVER () THEN CAST(:version AS integer) ELSE 0 END
FROM seats WHERE layout_id = :layout_id ORDER BY id
""")


def _other_seats(session: Session, show: Show, screen: Screen) -> None:
    """The seats of another screen. Raises Conflict where the old ones are on record or out of use, Invalid without any."""
    show.layout_id = layout_id = check_open(screen)
    now = session.execute(_SEATS_NOW, {"show_id": show.id}).one()
    if now.tickets:
        raise Conflict("Seats of this screen were held for this show before. Throw it away or call it off instead.")
    if blocked := blocks_of_show(session, show.id):
        are = "is" if blocked == 1 else "are"
        raise Conflict(f"{_count(blocked, 'seat')} of this show {are} out of use. Put them back into use first.")
    if not now.rows:
        return
    session.execute(_NO_SEATS, {"show_id": show.id})
    # another million names another hall to whoever looks at the map
    values = {"show_id": show.id, "layout_id": layout_id, "version": (now.versions // HALL + 1) * HALL}
    session.execute(_NEW_SEATS, values)


def unpublish_show(by: By, show_id: int, reason: str) -> None:
    """Take a show off sale: a draft again, as long as nobody has a seat. Seats out of use stay so.

    Raises Conflict if seats are held or sold, Invalid without a reason, NotFound. Locks the show and its seats.
    """
    again_if_locked(lambda: _unpublish_once(by, show_id, reason))


def _unpublish_once(by: By, show_id: int, reason: str) -> None:
    with transaction() as session:
        show = _lock_show(session, show_id)
        if show.state == ShowState.DRAFT:
            return
        if not reason.strip():
            raise Invalid("Write in a few words why.", fields=["reason"])
        parts = _parts(session, show_id)
        if parts.living:
            raise Conflict(f"{parts.living} It can only be called off now.")
        if show.starts_at <= clock.now():
            raise Conflict("This show has begun already.")
        show.move_to(ShowState.DRAFT, clock.now(), by.actor)
        before, after = {"state": ShowState.PUBLISHED}, {"state": ShowState.DRAFT}
        session.flush()
        audit(
            session, by, Action.SHOW_UNPUBLISHED, show_id,
            cinema_id=show.cinema_id, before=before, after=after, reason=reason,
        )  # fmt: skip
        on_commit(lambda: _forget(show_id))


def delete_draft(by: By, show_id: int) -> None:
    """Throw a draft away. Raises Conflict if it is on sale or bookings of it are on record, NotFound. Locks as above."""
    again_if_locked(lambda: _delete_once(by, show_id))


def _delete_once(by: By, show_id: int) -> None:
    with transaction() as session:
        show = _lock_show(session, show_id)
        if show.state != ShowState.DRAFT:
            raise Conflict("This show is on sale. Take it off sale first, or call it off.")
        if _parts(session, show_id).bookings:
            raise Conflict("Bookings of this show are on record. Call it off instead; it then leaves the planner.")
        before, cinema_id = told(show), show.cinema_id
        session.execute(_NO_SEATS, {"show_id": show_id})
        forget_blocks(session, show_id)
        session.delete(show)
        try:
            session.flush()
        except IntegrityError as problem:
            raise Conflict("Something else still belongs to this show. Call it off instead.") from problem
        audit(session, by, Action.SHOW_DELETED, show_id, cinema_id=cinema_id, before=before)


# A week from the one before


def copy_week(by: By, cinema_id: int, week: FilmWeek) -> Made:
    """Make drafts like the shows of the week before, at the same times on the cinema's clocks; what can't be is left out.

    Prices are those that the rules give now, else those of the show that is copied. Raises Invalid if there is nothing
    to copy. Locks the screens in order of id.
    """
    return again_if_locked(lambda: _copy_once(by, cinema_id, week))


def _copy_once(by: By, cinema_id: int, week: FilmWeek) -> Made:
    with transaction() as session:
        zone = zone_of(session, cinema_id)
        shows = _shows_of(session, cinema_id, week.before, zone)
        if not shows:
            raise Invalid("There is no show in the week before: nothing to copy.")
        pick = price_picker(cinema_id)
        made, left = list[NewShow](), list[tuple[NewShow, str]]()
        for show in shows:
            new = _a_week_later(show, zone)
            if new is None:
                left.append((_like(show), LEAPT))
            else:
                prices = pick.list_for(new.starts_at, new.screen_id) or show.price_list_id
                made.append(dataclasses.replace(new, price_list_id=prices))
        if not made:
            return Made((), tuple(left))
        done = make_all(session, by, cinema_id, made, leave_out=True)
        return Made(done.ids, (*left, *done.left_out))


def _shows_of(session: Session, cinema_id: int, week: FilmWeek, zone: ZoneInfo) -> Sequence[Show]:
    start, end = day_start(zone, week.start), day_start(zone, week.after.start)
    wanted = select(Show).where(
        Show.cinema_id == cinema_id,
        Show.state != ShowState.CANCELLED.value,
        Show.starts_at >= start,
        Show.starts_at < end,
    )
    return session.scalars(wanted.order_by(Show.starts_at, Show.id).limit(MOST)).all()


def _like(show: Show) -> NewShow:
    """The same once more: cleaning and the end of booking too."""
    runtime = show.movie.runtime_minutes or UNPLANNED_RUNTIME
    cleaning = round((show.ends_at - show.starts_at).total_seconds() / 60) - runtime
    names = [field.name for field in dataclasses.fields(NewShow)]
    same = {name: getattr(show, name) for name in names if hasattr(show, name) and name != "sales_open_at"}
    closes = round((show.sales_close_at - show.starts_at).total_seconds() / 60)
    return NewShow(**same, cleaning_minutes=max(0, cleaning), close_minutes=closes)


def _a_week_later(show: Show, zone: ZoneInfo) -> NewShow | None:
    """None where the clocks do not show its time; the first of two."""
    local = show.starts_at.astimezone(zone)
    instants = instants_of(zone, local.date() + dt.timedelta(days=7), local.time())
    if not instants:
        return None
    opens = show.sales_open_at + dt.timedelta(days=7)
    later = opens if opens > clock.now() else None
    return dataclasses.replace(_like(show), starts_at=instants[0], sales_open_at=later)
