"""The staff: accounts made, roles given and taken away, accounts deactivated, links to choose a password.

An admin may do all of it; a manager gives box-office and scanner roles at their own cinemas. Nobody changes their own
roles, so there is always one admin left. Whoever's account is changed is locked, and who changes it, in the order of ids.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.config import settings
from app.db import db, end_read, transaction
from app.domain.audit import Action
from app.domain.links import fits_password, password_token, read_password_token
from app.domain.staff import COMMAND, By, Grant, Role, may_manage
from app.errors import BadPasswordLink, Forbidden, Invalid, NotFound
from app.models import Cinema, LoginSession, StaffRole, User
from app.queries.people import token_hash
from app.services.accounts import begin_log_in, hash_password
from app.services.audit import audit
from app.services.staffing import (
    a_cinema,
    all_grants,
    check_gives,
    end_log_ins,
    live_grants,
    lock_live_roles,
    lock_people,
    not_oneself,
)

LINK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Invited:
    """An account and what the link to choose its password carries."""

    user_id: int
    token: str


def make_staff_account(by: By, name: str, email: str, role: Role, cinema_ids: Sequence[int]) -> Invited:
    """Make an account with one role at these cinemas; nobody knows its password, the link chooses one.

    Raises EmailTaken: an address that a customer registered proves nothing, so their account is not made staff.
    """
    hashed = _nobodys_password()
    with transaction() as session:
        user = User(name=name, email=email, password_hash=hashed, created_at=clock.now())
        session.add(user)
        session.flush()
        lock_people(session, by, user.id)
        places = _places(role, cinema_ids)
        audit(session, by, Action.PERSON_MADE, user.id, cinema_id=places[0], after={"name": name, "email": email})
        for cinema_id in places:
            _give(session, by, user.id, role, cinema_id)
        return _invitation(user)


def _nobodys_password() -> str:
    return hash_password(secrets.token_urlsafe(32))


def _places(role: Role, cinema_ids: Sequence[int]) -> list[int | None]:
    """Where the role is to hold: each cinema, or everywhere for an admin."""
    if role is Role.ADMIN:
        return [None]
    if not cinema_ids:
        raise Invalid("Choose at least one cinema.", fields=["cinemas"])
    return list(dict.fromkeys(cinema_ids))


def grant_role(by: By, user_id: int, role: Role, cinema_id: int | None) -> None:
    """Give somebody of the staff one more role. Giving it twice changes nothing.

    Raises Forbidden if it is not theirs to give, Invalid for an account that is deactivated, NotFound.
    """
    with transaction() as session:
        user = lock_people(session, by, user_id)
        not_oneself(by, user_id)
        if not all_grants(session, user_id):
            raise NotFound("This person is not of the staff.")
        if user.deactivated_at is not None:
            raise Invalid("This account is deactivated. Reactivate it first.")
        _give(session, by, user_id, role, *_places(role, [cinema_id] if cinema_id is not None else []))


def _give(session: Session, by: By, user_id: int, role: Role, cinema_id: int | None) -> None:
    check_gives(session, by, role, cinema_id)
    if cinema_id is not None and session.get(Cinema, cinema_id) is None:
        raise NotFound("There is no such cinema.")
    if Grant(role, cinema_id) in live_grants(session, user_id):
        return
    now = clock.now()
    given = {"user_id": user_id, "role": role.value, "cinema_id": cinema_id}
    session.add(StaffRole(**given, granted_by=by.user_id, granted_at=now))
    session.flush()
    audit(session, by, Action.ROLE_GIVEN, user_id, cinema_id=cinema_id, after={"role": role})


def revoke_role(by: By, user_id: int, role: Role, cinema_id: int | None, reason: str = "") -> None:
    """Take a role away; it is gone at that person's next request. Nothing happens if it is gone already.

    Raises Forbidden, NotFound, Invalid.
    """
    with transaction() as session:
        lock_people(session, by, user_id)
        not_oneself(by, user_id)
        check_gives(session, by, role, cinema_id)
        for row in lock_live_roles(session, user_id):
            if (row.role, row.cinema_id) == (role.value, cinema_id):
                _end(session, by, row, reason)


def _end(session: Session, by: By, row: StaffRole, reason: str) -> None:
    row.revoked_at, row.revoked_by = clock.now(), by.user_id
    session.flush()
    was = {"role": row.role}
    audit(session, by, Action.ROLE_TAKEN, row.user_id, cinema_id=row.cinema_id, before=was, reason=reason)


def deactivate(by: By, user_id: int, reason: str) -> None:
    """Take all roles away and let nobody log in: its log-ins end now. Raises Forbidden, NotFound, Invalid."""
    with transaction() as session:
        user = _lock_manageable(session, by, user_id)
        if user.deactivated_at is not None:
            return
        cinema_id = a_cinema(session, user_id)
        user.deactivated_at = clock.now()
        audit(session, by, Action.PERSON_DEACTIVATED, user_id, cinema_id=cinema_id, reason=reason)
        for row in lock_live_roles(session, user_id):
            _end(session, by, row, reason)
        end_log_ins(session, user_id)


def reactivate(by: By, user_id: int) -> Invited:
    """Let the account be used again, with a new password and no role yet. Raises Forbidden, NotFound, Invalid."""
    hashed = _nobodys_password()
    with transaction() as session:
        user = _lock_manageable(session, by, user_id)
        user.deactivated_at, user.password_hash = None, hashed
        audit(session, by, Action.PERSON_REACTIVATED, user_id, cinema_id=a_cinema(session, user_id))
        return _invitation(user)


def new_password_link(by: By, user_id: int) -> Invited:
    """A link to choose a new password; the old password and all log-ins end now. Raises Forbidden, NotFound, Invalid."""
    hashed = _nobodys_password()
    with transaction() as session:
        user = _lock_manageable(session, by, user_id)
        if user.deactivated_at is not None:
            raise Invalid("This account is deactivated. Reactivate it first.")
        user.password_hash = hashed
        end_log_ins(session, user_id)
        audit(session, by, Action.PASSWORD_LINK_MADE, user_id, cinema_id=a_cinema(session, user_id))
        return _invitation(user)


def _lock_manageable(session: Session, by: By, user_id: int) -> User:
    """The account, locked, if the whole of it is theirs to manage."""
    user = lock_people(session, by, user_id)
    not_oneself(by, user_id)
    if by.user_id is None:
        return user
    theirs = all_grants(session, user_id)
    if not theirs:
        raise NotFound("This person is not of the staff.")
    if not may_manage(live_grants(session, by.user_id), live_grants(session, user_id), theirs):
        raise Forbidden("This person has roles that are not yours to manage. Ask an administrator.")
    return user


def whole_account_is_theirs(by: By, user_id: int) -> bool:
    """Whether deactivate() and new_password_link() would be refused for this person's roles."""
    session = db.session()
    answer = by.user_id is None or may_manage(
        live_grants(session, by.user_id), live_grants(session, user_id), all_grants(session, user_id)
    )
    end_read()
    return answer


def password_link(token: str) -> str:
    """The address to hand over."""
    return f"{settings.base_url.rstrip('/')}/staff/welcome?key={token}"


def who_is_invited(token: str) -> str:
    """The e-mail address of the account a link is for. Raises BadPasswordLink."""
    read = read_password_token(settings.secret_key, token)
    user = db.session.get(User, read.user_id) if read else None
    end_read()
    if read is None or user is None or read.expires_at <= clock.now() or not fits_password(read, user.password_hash):
        raise BadPasswordLink
    return user.email


def choose_password(token: str, password: str, address: str) -> str:
    """Set the password by a link and log in; gives the log-in's token. Raises BadPasswordLink; the link works once."""
    who_is_invited(token)
    hashed = hash_password(password)
    read = read_password_token(settings.secret_key, token)
    assert read is not None
    with transaction() as session:
        user = session.get(User, read.user_id, with_for_update={"key_share": True}, populate_existing=True)
        now = clock.now()
        usable = user is not None and user.deactivated_at is None and fits_password(read, user.password_hash)
        if user is None or not usable or not live_grants(session, user.id):
            raise BadPasswordLink
        user.password_hash = hashed
        end_log_ins(session, user.id)
        audit(session, By(user.id, address), Action.PASSWORD_CHOSEN, user.id, cinema_id=a_cinema(session, user.id))
        return begin_log_in(session, user.id, now)


def _invitation(user: User) -> Invited:
    expires = clock.now() + dt.timedelta(days=LINK_DAYS)
    return Invited(user.id, password_token(settings.secret_key, user.id, user.password_hash, expires))


def staff_by_command(email: str, name: str, role: Role, slugs: Sequence[str]) -> Invited | None:
    """Make the account, or give the role to the one with this address; None if its password stays as it is.

    An account that was a customer's loses its password: nobody has shown that the address is theirs.
    Raises NotFound for a cinema that there is not.
    """
    found, cinema_ids = find_user(email), [_cinema_by_slug(slug) for slug in slugs]
    if found is None:
        return make_staff_account(COMMAND, name or email.partition("@")[0], email, role, cinema_ids)
    return _make_staff_of(found, role, cinema_ids)


def staff_with_password(email: str, role: Role, slugs: Sequence[str]) -> None:
    """Give a role to an account whose password is known to be its owner's: the demo's. Raises NotFound."""
    found, cinema_ids = find_user(email), [_cinema_by_slug(slug) for slug in slugs]
    if found is None:
        raise NotFound(f"There is no account with the address {email}.")
    with transaction() as session:
        lock_people(session, COMMAND, found)
        for cinema_id in _places(role, cinema_ids):
            _give(session, COMMAND, found, role, cinema_id)


def find_user(email: str) -> int | None:
    """The account with this address, whatever its capitals."""
    found = db.session.execute(select(User.id).where(func.lower(User.email) == email.lower())).scalar()
    end_read()
    return found


def _cinema_by_slug(slug: str) -> int:
    found = db.session.execute(select(Cinema.id).where(Cinema.slug == slug)).scalar()
    end_read()
    if found is None:
        raise NotFound(f"There is no cinema {slug!r}. Its name here is the last part of its page's address.")
    return found


def _make_staff_of(user_id: int, role: Role, cinema_ids: Sequence[int]) -> Invited | None:
    hashed = _nobodys_password()
    with transaction() as session:
        user = lock_people(session, COMMAND, user_id)
        known = bool(all_grants(session, user_id)) and user.deactivated_at is None
        for cinema_id in _places(role, cinema_ids):
            _give(session, COMMAND, user_id, role, cinema_id)
        if known:
            return None
        user.password_hash, user.deactivated_at = hashed, None
        end_log_ins(session, user_id)
        audit(session, COMMAND, Action.PASSWORD_LINK_MADE, user_id, cinema_id=a_cinema(session, user_id))
        return _invitation(user)


def seen(token: str) -> None:
    """Note that this log-in is being used."""
    with transaction() as session:
        log_in = session.scalar(select(LoginSession).where(LoginSession.token_hash == token_hash(token)))
        if log_in is not None:
            log_in.seen_at = clock.now()
