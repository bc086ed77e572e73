"""Screens made, renamed, closed and reopened. Their seats are drawn in layouts_edit.py."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.staff import By
from app.domain.text import tidy
from app.errors import ConcurrentModification, Conflict, Invalid, NotFound
from app.models import Cinema, Screen
from app.queries.browse_cache import browse_changed
from app.services.audit import audit
from app.services.importing import new_layout, storable
from app.services.layouts_edit import read_plan

LONGEST_NAME = 60
_LOCK = text("SELECT id FROM screens WHERE id = :id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class MadeScreen:
    """A new screen; `unmapped` names price categories of its plan whose kind of seat nobody told."""

    id: int
    seats: int
    unmapped: tuple[str, ...] = ()


def make_screen(by: By, cinema_id: int, name: str, plan: bytes | None = None) -> MadeScreen:
    """Make a screen, with the seats of a plan's file or without any yet.

    Raises ScreenNameTaken, Invalid (the name), ImportRefused with the place in the file; then nothing is written.
    """
    name, read = _name(name), read_plan(plan) if plan is not None else None
    with transaction() as session:
        if session.get(Cinema, cinema_id) is None:
            raise NotFound("There is no such cinema.")
        screen = Screen(cinema_id=cinema_id, name=name)
        session.add(screen)
        session.flush()
        seats = read[1].seats if read else ()
        if read:
            document, digest = storable(*read)
            new_layout(session, screen, read[1], document, digest, 1)
        after = {"name": name, "seats": len(seats)}
        audit(session, by, Action.SCREEN_MADE, screen.id, cinema_id=cinema_id, after=after)
        on_commit(browse_changed)
    return MadeScreen(screen.id, len(seats), read[1].unmapped if read else ())


def rename_screen(by: By, screen_id: int, was: str, name: str) -> bool:
    """Give a screen another name, from the one that was seen; False if it is the same.

    Tickets printed already keep the old one. Raises ConcurrentModification, ScreenNameTaken, Invalid, NotFound.
    """
    name = _name(name)
    with transaction() as session:
        screen = _locked(session, screen_id)
        if screen.name != was:
            raise ConcurrentModification(f"Somebody has renamed this screen to {screen.name} meanwhile.")
        if name == was:
            return False
        screen.name = name
        session.flush()
        audit(
            session, by, Action.SCREEN_RENAMED, screen_id,
            cinema_id=screen.cinema_id, before={"name": was}, after={"name": name},
        )  # fmt: skip
        on_commit(browse_changed)
    return True


_COMING = text("""
SELECT count(*) FROM shows WHERE screen_id = :id AND state <> 'cancelled' AND ends_at > :now
""")


def close_screen(by: By, screen_id: int, reason: str) -> bool:
    """Put no new shows on a screen from now on; False if it is closed already.

    Raises Conflict while shows are coming, drafts too; Invalid without a reason; NotFound. Locks the screen's row, as
    whoever schedules does.
    """
    if not reason.strip():
        raise Invalid("Write in a few words why.", fields={"reason": "Write in a few words why."})
    with transaction() as session:
        screen = _locked(session, screen_id)
        if screen.closed_at is not None:
            return False
        coming = session.execute(_COMING, {"id": screen_id, "now": clock.now()}).scalar_one()
        if coming:
            shows = "1 show is" if coming == 1 else f"{coming} shows are"
            raise Conflict(f"{shows} still coming on {screen.name}. Cancel or move them first, then close the screen.")
        screen.closed_at = clock.now()
        audit(session, by, Action.SCREEN_CLOSED, screen_id, cinema_id=screen.cinema_id, reason=reason)
        on_commit(browse_changed)
    return True


def reopen_screen(by: By, screen_id: int) -> bool:
    """Let a closed screen have shows again; False if it is open. Raises NotFound."""
    with transaction() as session:
        screen = _locked(session, screen_id)
        if screen.closed_at is None:
            return False
        screen.closed_at = None
        audit(session, by, Action.SCREEN_REOPENED, screen_id, cinema_id=screen.cinema_id)
        on_commit(browse_changed)
    return True


def _locked(session: Session, screen_id: int) -> Screen:
    session.execute(_LOCK, {"id": screen_id})
    screen = session.get(Screen, screen_id, populate_existing=True)
    if screen is None:
        raise NotFound("There is no such screen.")
    return screen


def _name(typed: str) -> str:
    name = tidy(typed)
    if not name or len(name) > LONGEST_NAME:
        words = f"Write at most {LONGEST_NAME} letters." if name else "Write the screen’s name, such as Screen 1."
        raise Invalid(words, fields={"name": words})
    return name
