"""Who manages what a change is about, judged in its transaction: a cinema's things are its managers', the house's admins'."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.staff import By, Reach, Role, reach
from app.errors import Forbidden
from app.services.staffing import live_grants

_LOCK = text("SELECT id FROM staff_roles WHERE user_id = :user_id AND revoked_at IS NULL ORDER BY id FOR SHARE")


def check_manages(session: Session, by: By, cinema_id: int | None, words: str) -> None:
    """Raises Forbidden with these words unless they manage this cinema; without a cinema only an administrator does.

    A command may do everything. Locks the person's roles (shared), so it comes after all other locks.
    """
    managed = _managed(session, by)
    if not (managed.everywhere if cinema_id is None else cinema_id in managed):
        raise Forbidden(words)


def check_manages_somewhere(session: Session, by: By) -> None:
    """For what belongs to the house and is any manager's to look after. Raises Forbidden; locks as check_manages()."""
    if not _managed(session, by):
        raise Forbidden


def _managed(session: Session, by: By) -> Reach:
    if by.user_id is None:
        return Reach(True)
    session.execute(_LOCK, {"user_id": by.user_id})
    return reach(live_grants(session, by.user_id), {Role.MANAGER})
