"""What changes of the staff are made of, inside a use case's transaction: who is locked, who holds what, who may."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.domain.staff import By, Grant, Role, may_give
from app.errors import Forbidden, Invalid, NotFound
from app.models import StaffRole, User

_LOCK_USERS = text("SELECT id FROM users WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_END_LOG_INS = text("DELETE FROM login_sessions WHERE user_id = :user_id")


def lock_people(session: Session, by: By, user_id: int) -> User:
    """Lock who changes and who is changed, in one order; gives the latter. Raises NotFound."""
    ids = [one for one in (by.user_id, user_id) if one is not None]
    session.execute(_LOCK_USERS, {"ids": ids})
    user = session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotFound("There is no such person.")
    return user


def not_oneself(by: By, user_id: int) -> None:
    """Raises Invalid for one's own account, so nobody raises or locks out themselves."""
    if by.user_id == user_id:
        raise Invalid("This is your own account. Somebody else has to change it.")


def check_gives(session: Session, by: By, role: Role, cinema_id: int | None) -> None:
    """Raises Forbidden if the role there is not theirs to give or take away."""
    if by.user_id is not None and not may_give(live_grants(session, by.user_id), role, cinema_id):
        raise Forbidden(f"The role {role.words} is not yours to give or take away here. Ask an administrator.")


def live_grants(session: Session, user_id: int) -> frozenset[Grant]:
    """The roles somebody has now."""
    return _grants(session, user_id, StaffRole.revoked_at.is_(None))


def all_grants(session: Session, user_id: int) -> frozenset[Grant]:
    """The roles somebody has or had."""
    return _grants(session, user_id)


def _grants(session: Session, user_id: int, *only: object) -> frozenset[Grant]:
    wanted = select(StaffRole.role, StaffRole.cinema_id).where(StaffRole.user_id == user_id, *only)  # type: ignore[arg-type]
    return frozenset(Grant(Role(role), cinema_id) for role, cinema_id in session.execute(wanted))


def lock_live_roles(session: Session, user_id: int) -> Sequence[StaffRole]:
    """The rows of the roles somebody has now, locked: what is being done by them is committed first."""
    wanted = select(StaffRole).where(StaffRole.user_id == user_id, StaffRole.revoked_at.is_(None))
    wanted = wanted.order_by(StaffRole.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(wanted).all()


def a_cinema(session: Session, user_id: int) -> int | None:
    """The cinema under which a change of the whole account is written down: the first that it has a role at."""
    grants = live_grants(session, user_id) or all_grants(session, user_id)
    return min((grant.cinema_id for grant in grants if grant.cinema_id is not None), default=None)


def end_log_ins(session: Session, user_id: int) -> None:
    """Log the account out everywhere."""
    session.execute(_END_LOG_INS, {"user_id": user_id})
