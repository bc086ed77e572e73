"""Shows: put on a screen, put on sale. Cancelling them comes with the money that must go back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import on_commit, transaction
from app.domain.states import ShowState
from app.errors import Invalid, NotFound
from app.models import Movie, Screen, Show
from app.queries.browse_cache import browse_changed
from app.services.blocking import settle_blocks


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


DEFAULT_RUNTIME = 120
_LOCK_SCREEN = text("SELECT id FROM screens WHERE id = :id FOR UPDATE")


def schedule_show(new: NewShow, actor: str) -> int:
    """Put a show on a screen as a draft; gives its id. Raises ScreenBusy, NotFound, Invalid.

    Locks the screen's row first: without it, concurrent schedulers of one screen deadlock in the exclusion.
    """
    with transaction() as session:
        session.execute(_LOCK_SCREEN, {"id": new.screen_id})
        screen = session.get(Screen, new.screen_id)
        movie = session.get(Movie, new.movie_id)
        if screen is None or movie is None:
            raise NotFound("There is no such screen or film.")
        if screen.layout_id is None:
            raise Invalid(f"{screen.name} has no seating plan yet.")
        show = _draft(new, screen, movie)
        session.add(show)
        session.flush()
        show.log_birth(clock.now(), actor)
    return show.id


def _draft(new: NewShow, screen: Screen, movie: Movie) -> Show:
    minutes = (movie.runtime_minutes or DEFAULT_RUNTIME) + settings.cleaning_minutes
    return Show(
        movie_id=movie.id,
        cinema_id=screen.cinema_id,
        screen_id=screen.id,
        layout_id=screen.layout_id,
        price_list_id=new.price_list_id,
        state=ShowState.DRAFT.value,
        starts_at=new.starts_at,
        ends_at=new.starts_at + dt.timedelta(minutes=minutes),
        sales_open_at=new.sales_open_at or min(clock.now(), new.starts_at - dt.timedelta(hours=1)),
        sales_close_at=new.starts_at + dt.timedelta(minutes=settings.sales_close_minutes),
        format=new.format,
        language=new.language,
        subtitles=new.subtitles,
        note=new.note,
        captions=new.captions,
        audio_description=new.audio_description,
        relaxed=new.relaxed,
    )


_LOCK_SCREEN_OF = text("SELECT id FROM screens WHERE id = (SELECT screen_id FROM shows WHERE id = :show_id) FOR SHARE")
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
    """Put a draft on sale: one seat row per seat of its layout. False if it is on sale already.

    Seats that a block names come out of use. Raises NotFound, and Invalid if some seat has no adult price. Locks the
    screen (shared: nobody blocks its seats meanwhile), then the show.
    """
    with transaction() as session:
        session.execute(_LOCK_SCREEN_OF, {"show_id": show_id})
        show = session.get(Show, show_id, with_for_update=True, populate_existing=True)
        if show is None:
            raise NotFound("There is no such showing.")
        if not show.move_to(ShowState.PUBLISHED, clock.now(), actor):
            return False
        unpriced = session.execute(_UNPRICED, {"show_id": show_id}).scalars().all()
        if unpriced:
            raise Invalid(f"The price list has no adult price for {', '.join(unpriced)}.")
        session.execute(_OPEN_SEATS, {"show_id": show_id, "layout_id": show.layout_id})
        settle_blocks(session, show_id)
        on_commit(browse_changed)
    return True
