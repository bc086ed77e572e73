"""A seller's shift: opened with a float, closed with what was counted. Its takings are what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.ledger import cashed_up
from app.domain.staff import By, Role, reach
from app.errors import Invalid, NoShift, NotFound
from app.models import Cinema, Shift
from app.services.audit import audit
from app.services.ledger import post
from app.services.staffing import live_grants

PAPERS = ("roll", "a6")
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class CashUp:
    """What a drawer should hold and what it held, in minor units."""

    shift_id: int
    expected_minor: int
    counted_minor: int

    @property
    def difference_minor(self) -> int:
        """Negative: something is missing."""
        return self.counted_minor - self.expected_minor


def open_shift(by: By, cinema_id: int, float_minor: int, paper: str = "roll") -> int:
    """Begin a shift with this much change in the drawer; gives its id. Raises ShiftOpen, Invalid."""
    if by.user_id is None:
        raise Invalid("A shift is somebody's: sign in to open one.")
    if paper not in PAPERS or not 0 <= float_minor < 10**9:
        raise Invalid("Say what is in the drawer and what tickets are printed on.")
    with transaction() as session:
        cinema = session.get(Cinema, cinema_id)
        if cinema is None:
            raise NotFound("There is no such cinema.")
        shift = Shift(
            cinema_id=cinema_id,
            user_id=by.user_id,
            currency=cinema.currency,
            paper=paper,
            float_minor=float_minor,
            opened_at=clock.now(),
        )
        session.add(shift)
        session.flush()
        after = {"float_minor": float_minor, "currency": shift.currency}
        audit(session, by, Action.SHIFT_OPENED, shift.id, cinema_id=cinema_id, after=after)
    return shift.id


_LOCK = text("SELECT cinema_id, user_id, closed_at FROM shifts WHERE id = :id FOR SHARE")


def join_shift(session: Session, by: By, shift_id: int, cinema_id: int) -> None:
    """Money is about to move through this drawer: it must be the person's own, at this cinema, and open.

    Raises NoShift. Locks the shift against being closed; comes after all other locks but the audit's.
    """
    row = session.execute(_LOCK, {"id": shift_id}).one_or_none()
    if row is None or row.user_id != by.user_id or row.cinema_id != cinema_id or row.closed_at is not None:
        raise NoShift


_IN_DRAWER = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE account = 'cash_drawer' AND party = :party"
)


def close_shift(by: By, shift_id: int, counted_minor: int, note: str = "") -> CashUp:
    """Cash up: what was counted beside what the ledger expects. A difference needs a note, and is booked as one.

    A manager closes what somebody left open. Raises NoShift (closed already, somebody else's), Invalid. Locks the
    shift, so that no sale is under way.
    """
    with transaction() as session:
        shift = session.get(Shift, shift_id, populate_existing=True, with_for_update=True)
        if shift is None or shift.closed_at is not None or not _may_close(session, by, shift):
            raise NoShift("This shift is closed already, or it is not yours.")
        cash = session.execute(_IN_DRAWER, {"party": str(shift_id)}).scalar_one()
        done = CashUp(shift_id, shift.float_minor + int(cash), counted_minor)
        _check(done, note)
        shift.closed_at, shift.note = clock.now(), note.strip()
        shift.expected_minor, shift.counted_minor = done.expected_minor, counted_minor
        after = {"expected_minor": done.expected_minor, "counted_minor": counted_minor, "currency": shift.currency}
        entries = cashed_up(done.difference_minor, shift_id)
        post(session, f"cash-up-{shift_id}", entries, shift.currency, shift.closed_at, show_id=0, booking_id=None)
        audit(session, by, Action.SHIFT_CLOSED, shift_id, cinema_id=shift.cinema_id, after=after, reason=note)
    return done


def _may_close(session: Session, by: By, shift: Shift) -> bool:
    if shift.user_id == by.user_id:
        return True
    return by.user_id is not None and shift.cinema_id in reach(live_grants(session, by.user_id), {Role.MANAGER})


def _check(done: CashUp, note: str) -> None:
    if not 0 <= done.counted_minor < 10**9 or len(note) > LONGEST_NOTE:
        raise Invalid("Write what was counted, and a note of at most 500 letters.")
    if done.difference_minor and not note.strip():
        raise Invalid("What was counted is not what was expected. Count again, or write a note that says why.")
