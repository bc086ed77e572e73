"""Shows: put on a screen, one or many at once, copied from the week before, put on sale. What changes them later is
show_changes.py's; calling them off comes with the money that must go back (show_cancelling.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.programme import MOST, UNPLANNED_RUNTIME, Busy, Slot, first_hit, in_the_way, judge
from app.domain.staff import By
from app.domain.states import ShowState
from app.errors import ConcurrentModification, Invalid, NotFound, ScreenBusy
from app.models import Cinema, Movie, PriceList, Screen, Show
from app.queries.browse_cache import browse_changed
from app.queries.programme import busy_on
from app.services.audit import audit
from app.services.blocking import settle_blocks
from app.services.films import offered_film, shared_film
from app.services.holds import again_if_locked


@dataclass(frozen=True, slots=True)
class NewShow:
    """A show as it is put on: instants are aware; `ends_at` is computed from the film and the cleaning."""

    movie_id: int
    screen_id: int
    price_list_id: int
    starts_at: dt.datetime
    format: str = "2D"
    language: str = ""
    subtitles: str = ""
    note: str = ""
    captions: bool = False
    audio_description: bool = False
    relaxed: bool = False
    sales_open_at: dt.datetime | None = None
    """None: at once."""
    cleaning_minutes: int | None = None
    close_minutes: int | None = None
    """Minutes after its start that it can still be booked, before it when negative. None, as above: the setting."""


_LOCK_SCREENS = text("SELECT id FROM screens WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")


def schedule_show(new: NewShow, actor: str) -> int:
    """Put a show on a screen as a draft, without a person: for commands. Gives its id.

    Raises ScreenBusy, NotFound, Invalid. Locks the screen's row first: without it, concurrent schedulers of one screen
    deadlock in the exclusion. Then the film's (shared), so that it is not archived meanwhile.
    """
    with transaction() as session:
        screen = lock_screens(session, [new.screen_id]).get(new.screen_id)
        if screen is None:
            raise NotFound("There is no such screen.")
        movie = offered_film(session, new.movie_id)
        slot = slot_of(new, screen, movie)
        hit = first_hit(slot, busy_on([screen.id], slot.starts_at, slot.ends_at))
        if hit is not None:
            raise ScreenBusy(in_the_way(hit, zone_of(session, screen.cinema_id)), show_id=hit.show_id)
        return _put_on(session, new, screen, movie, actor).id


def lock_screens(session: Session, screen_ids: Sequence[int]) -> dict[int, Screen]:
    """Lock these screens' rows in order of id: nobody else schedules on them until we commit."""
    session.execute(_LOCK_SCREENS, {"ids": sorted(set(screen_ids))})
    found = session.scalars(
        select(Screen).where(Screen.id.in_(set(screen_ids))).execution_options(populate_existing=True)
    )
    return {screen.id: screen for screen in found}


def zone_of(session: Session, cinema_id: int) -> ZoneInfo:
    return ZoneInfo(session.get_one(Cinema, cinema_id).timezone)


def slot_of(new: NewShow, screen: Screen, movie: Movie) -> Slot:
    """The time on its screen. Raises Invalid for a screen that is closed or has no seats."""
    check_open(screen)
    return _slot(new, screen, movie)


def _slot(new: NewShow, screen: Screen, movie: Movie) -> Slot:
    minutes = (movie.runtime_minutes or UNPLANNED_RUNTIME) + cleaning_of(new)
    return Slot(screen.id, new.starts_at, new.starts_at + dt.timedelta(minutes=minutes))


def check_open(screen: Screen) -> int:
    """The layout that its new shows get. Raises Invalid for a screen that takes none."""
    why_not = _why_shut(screen)
    if why_not or screen.layout_id is None:
        raise Invalid(why_not, fields=["screen_id"])
    return screen.layout_id


def _why_shut(screen: Screen) -> str:
    if screen.layout_id is None:
        return f"{screen.name} has no seating plan yet."
    closed = f"{screen.name} is closed. Reopen it on its cinema's page, or take another screen."
    return closed if screen.closed_at is not None else ""


def cleaning_of(new: NewShow) -> int:
    return settings.cleaning_minutes if new.cleaning_minutes is None else new.cleaning_minutes


def _put_on(session: Session, new: NewShow, screen: Screen, movie: Movie, actor: str) -> Show:
    show = _draft(new, screen, movie)
    session.add(show)
    session.flush()
    show.log_birth(clock.now(), actor)
    return show


def _draft(new: NewShow, screen: Screen, movie: Movie) -> Show:
    after = settings.sales_close_minutes if new.close_minutes is None else new.close_minutes
    closes = new.starts_at + dt.timedelta(minutes=after)
    return Show(
        movie_id=movie.id,
        cinema_id=screen.cinema_id,
        screen_id=screen.id,
        layout_id=screen.layout_id,
        price_list_id=new.price_list_id,
        state=ShowState.DRAFT.value,
        starts_at=new.starts_at,
        ends_at=slot_of(new, screen, movie).ends_at,
        sales_open_at=new.sales_open_at or min(clock.now(), closes - dt.timedelta(hours=1)),
        sales_close_at=closes,
        format=new.format,
        language=new.language,
        subtitles=new.subtitles,
        note=new.note,
        captions=new.captions,
        audio_description=new.audio_description,
        relaxed=new.relaxed,
    )


# Many at once, by a person


@dataclass(frozen=True, slots=True)
class Made:
    """The drafts that were made, and what was left out with the reason."""

    ids: tuple[int, ...]
    left_out: tuple[tuple[NewShow, str], ...]


def schedule_shows(by: By, cinema_id: int, wanted: Sequence[NewShow], leave_out: bool = False) -> Made:
    """Put shows on the screens of a cinema as drafts, all in one transaction; in the order given where two collide.

    `leave_out`: make those that can be and tell of the others. Otherwise all or none: raises ScreenBusy, which names
    what is in the way, or Invalid. Raises NotFound for what is not this cinema's. Locks the screens in order of id.
    """
    return again_if_locked(lambda: _schedule_once(by, cinema_id, wanted, leave_out))


def _schedule_once(by: By, cinema_id: int, wanted: Sequence[NewShow], leave_out: bool) -> Made:
    with transaction() as session:
        return make_all(session, by, cinema_id, wanted, leave_out)


def make_all(session: Session, by: By, cinema_id: int, wanted: Sequence[NewShow], leave_out: bool) -> Made:
    """What schedule_shows does, within a transaction."""
    if not 0 < len(wanted) <= MOST:
        raise Invalid(f"Choose between 1 and {MOST} shows." if wanted else "Choose at least one show.")
    screens = lock_screens(session, [new.screen_id for new in wanted])
    movies = _the_films(session, wanted, leave_out)
    _check_place(session, cinema_id, screens, wanted)
    measure = _slot if leave_out else slot_of
    slots = [measure(new, screens[new.screen_id], movies[new.movie_id]) for new in wanted]
    never = [_why_never(screens[new.screen_id], movies[new.movie_id]) for new in wanted]
    reasons = _reasons(session, cinema_id, slots, [movies[new.movie_id].title for new in wanted], never)
    if any(reasons) and not leave_out:
        first = next(reason for reason in reasons if reason)
        raise (ScreenBusy if first.busy else Invalid)(f"{first.words} Nothing was made.")
    good = [new for new, reason in zip(wanted, reasons, strict=True) if not reason]
    shows = [_put_on(session, new, screens[new.screen_id], movies[new.movie_id], by.actor) for new in good]
    for show in shows:
        audit(session, by, Action.SHOW_SCHEDULED, show.id, cinema_id=cinema_id, after=told(show))
    left = tuple((new, reason.words) for new, reason in zip(wanted, reasons, strict=True) if reason)
    return Made(tuple(show.id for show in shows), left)


def _the_films(session: Session, wanted: Sequence[NewShow], leave_out: bool) -> dict[int, Movie]:
    """Locked, shared and in order of id. Raises NotFound, and Invalid for an archived one that is not left out."""
    look = shared_film if leave_out else offered_film
    return {movie_id: look(session, movie_id) for movie_id in sorted({new.movie_id for new in wanted})}


def _check_place(session: Session, cinema_id: int, screens: Mapping[int, Screen], wanted: Sequence[NewShow]) -> None:
    """Raises NotFound for a screen or a price list that is not this cinema's."""
    if any(new.screen_id not in screens or screens[new.screen_id].cinema_id != cinema_id for new in wanted):
        raise NotFound("There is no such screen at this cinema.")
    check_lists(session, cinema_id, {new.price_list_id for new in wanted})


def check_lists(session: Session, cinema_id: int, price_list_ids: set[int]) -> None:
    """Raises NotFound for a price list that is not this cinema's."""
    theirs = select(PriceList.id).where(PriceList.id.in_(price_list_ids), PriceList.cinema_id == cinema_id)
    if set(session.scalars(theirs)) != price_list_ids:
        raise NotFound("There is no such price list at this cinema.")


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a show can't be made; false if it can."""

    words: str = ""
    busy: bool = False

    def __bool__(self) -> bool:
        return bool(self.words)


def _why_never(screen: Screen, movie: Movie) -> str:
    """What no other time would mend; empty if nothing."""
    return _why_shut(screen) or (f"{movie.title} is archived." if movie.archived_at is not None else "")


def _reasons(
    session: Session, cinema_id: int, slots: Sequence[Slot], titles: Sequence[str], never: Sequence[str]
) -> list[_Reason]:
    zone = zone_of(session, cinema_id)
    start, end = min(one.starts_at for one in slots), max(one.ends_at for one in slots)
    busy = busy_on({one.screen_id for one in slots}, start, end)
    thinkable = [(slot, title) for slot, title, why in zip(slots, titles, never, strict=True) if not why]
    rest = iter(judge(thinkable, busy, clock.now()))
    return [_Reason(why) if why else _reason(next(rest), zone) for why in never]


def _reason(verdict: Busy | str, zone: ZoneInfo) -> _Reason:
    return _Reason(verdict) if isinstance(verdict, str) else _Reason(in_the_way(verdict, zone), busy=True)


TOLD = (
    "movie_id", "screen_id", "price_list_id", "starts_at", "ends_at", "sales_open_at", "sales_close_at", "format",
    "language", "subtitles", "note", "captions", "audio_description", "relaxed",
)  # fmt: skip


def told(show: Show) -> dict[str, Any]:
    """What the audit says of a show."""
    return {name: getattr(show, name) for name in TOLD}


# On sale

_SHARE_SCREENS = text("""
SELECT id FROM screens WHERE id IN (SELECT screen_id FROM shows WHERE id = ANY(:show_ids)) ORDER BY id FOR SHARE
""")
_OPEN_SEATS = text("""
INSERT INTO show_seats (show_id, seat_id)
SELECT :show_id, id FROM seats WHERE layout_id = :layout_id ORDER BY id ON CONFLICT DO NOTHING
""")
_UNPRICED = text("""
SELECT DISTINCT seats.category FROM shows JOIN seats ON seats.layout_id = shows.layout_id
WHERE shows.id = :show_id AND NOT EXISTS (
  SELECT FROM prices p WHERE p.price_list_id = shows.price_list_id AND p.category = seats.category
    AND p.ticket_type = 'adult')
ORDER BY 1
""")


def publish_show(show_id: int, actor: str) -> bool:
    """Put a draft on sale, without a person: for commands. One seat row per seat of its layout; False if it is already.

    Seats that a block names come out of use. Raises NotFound, ConcurrentModification, and Invalid if some seat has no
    adult price. Locks the screen (shared: nobody blocks its seats meanwhile), then the show.
    """
    with transaction() as session:
        screen_ids = _share_screens(session, [show_id])
        show = session.get(Show, show_id, with_for_update=True, populate_existing=True)
        if show is None:
            raise NotFound("There is no such show.")
        if show.screen_id not in screen_ids:
            raise ConcurrentModification
        why_not = unpriced(session, show_id)
        if show.state == ShowState.DRAFT and why_not:
            raise Invalid(why_not)
        return _open(session, show, actor)


def _share_screens(session: Session, show_ids: Sequence[int]) -> set[int]:
    """Lock the screens of these shows against who blocks their seats; gives their ids."""
    return set(session.execute(_SHARE_SCREENS, {"show_ids": list(show_ids)}).scalars())


def unpriced(session: Session, show_id: int) -> str:
    """A sentence if some seat of the show has no adult price."""
    missing = session.execute(_UNPRICED, {"show_id": show_id}).scalars().all()
    return f"The price list has no adult price for {', '.join(missing)}." if missing else ""


def _open(session: Session, show: Show, actor: str) -> bool:
    if not show.move_to(ShowState.PUBLISHED, clock.now(), actor):
        return False
    session.execute(_OPEN_SEATS, {"show_id": show.id, "layout_id": show.layout_id})
    settle_blocks(session, show.id)
    on_commit(browse_changed)
    return True


@dataclass(frozen=True, slots=True)
class Published:
    """The shows that are on sale now, and the sentence of each that could not be."""

    ids: tuple[int, ...]
    kept: Mapping[int, str]


def publish_shows(by: By, cinema_id: int, show_ids: Sequence[int]) -> Published:
    """Put drafts of a cinema on sale: those that can be, all in one transaction. Locks their screens
    (shared), then them, in order of id."""
    return again_if_locked(lambda: _publish_once(by, cinema_id, sorted(set(show_ids))))


def _publish_once(by: By, cinema_id: int, show_ids: Sequence[int]) -> Published:
    with transaction() as session:
        kept: dict[int, str] = {}
        ready: list[Show] = []
        screen_ids = _share_screens(session, show_ids)
        for show_id in show_ids:
            show = session.get(Show, show_id, with_for_update=True, populate_existing=True)
            why_not = _why_not_on_sale(session, show, cinema_id)
            if show is not None and show.screen_id not in screen_ids:
                why_not = "Somebody moved it to another screen at this moment. Look at it again."
            if show is None or why_not:
                kept[show_id] = why_not
            else:
                ready.append(show)
        for show in ready:
            _open(session, show, by.actor)
        session.flush()
        for show in ready:
            audit(session, by, Action.SHOW_PUBLISHED, show.id, cinema_id=cinema_id, after={"state": show.state})
        return Published(tuple(show.id for show in ready), kept)


def _why_not_on_sale(session: Session, show: Show | None, cinema_id: int) -> str:
    if show is None or show.cinema_id != cinema_id:
        return "There is no such show at this cinema any more."
    if show.state != ShowState.DRAFT:
        return "It is on sale already." if show.state == ShowState.PUBLISHED else "It was called off."
    if show.starts_at <= clock.now():
        return "It has begun already."
    return unpriced(session, show.id)
