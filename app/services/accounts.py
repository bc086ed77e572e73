"""Accounts: made, logged in to, logged out of; and a guest's bookings taken along into a new one.

Passwords are hashed outside the transaction: that takes 20 ms and would hold a connection for nothing.
"""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, transaction
from app.domain.audit import Action
from app.domain.staff import By
from app.errors import DomainError, NotFound
from app.models import LoginSession, User
from app.queries.people import token_hash
from app.services.audit import audit
from app.services.staffing import a_cinema

LOGIN_DAYS = 30
TOKEN_BYTES = 32
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class WrongPassword(DomainError):
    """The same for an unknown address and a wrong password."""

    code, status, default = "WRONG_PASSWORD", 422, "This e-mail address and password don't belong together."


@dataclass(frozen=True, slots=True)
class Claim:
    """Bookings that go to a new account: one that its visitor has opened, and all of the visitor's own keys."""

    show_id: int
    booking_id: int
    owner_keys: Sequence[str] = ()


_CLAIM = text("""
UPDATE bookings SET user_id = :user_id
WHERE user_id IS NULL AND ((show_id = :show_id AND id = :booking_id) OR owner_key = ANY(:owner_keys))
""")
_USER = text("SELECT id, password_hash FROM users WHERE lower(email) = :email AND deactivated_at IS NULL")


def register(name: str, email: str, password: str, claim: Claim | None = None) -> str:
    """Make an account and log in to it; gives the log-in's token. Raises EmailTaken.

    That an address is taken can't be hidden while addresses are not verified by mail: the caller throttles.
    """
    hashed = hash_password(password)
    with transaction() as session:
        now = clock.now()
        user = User(name=name, email=email, password_hash=hashed, created_at=now)
        session.add(user)
        session.flush()
        if claim:
            _claim(session, user.id, claim)
        return begin_log_in(session, user.id, now)


def _claim(session: Session, user_id: int, claim: Claim) -> None:
    session.execute(
        _CLAIM,
        {
            "user_id": user_id,
            "show_id": claim.show_id,
            "booking_id": claim.booking_id,
            "owner_keys": list(claim.owner_keys),
        },
    )


def log_in(email: str, password: str) -> str:
    """A new log-in's token. Raises WrongPassword, after the same time whether the account exists or not."""
    user = db.session.execute(_USER, {"email": email.lower()}).one_or_none()
    end_read()
    right = verify(user.password_hash if user else _nobodys_hash(), password)
    if user is None or not right:
        raise WrongPassword
    renewed = hash_password(password) if _hasher.check_needs_rehash(user.password_hash) else None
    with transaction() as session:
        if renewed:
            session.get_one(User, user.id).password_hash = renewed
        return begin_log_in(session, user.id, clock.now())


def begin_log_in(session: Session, user_id: int, now: dt.datetime) -> str:
    """One more row for this device; run-out ones of the account are swept on the way."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.expires_at <= now))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        LoginSession(
            user_id=user_id,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + dt.timedelta(days=LOGIN_DAYS),
        )
    )
    return token


def log_out(token: str) -> None:
    """End this log-in: its cookie is dead, also a copy of it."""
    with transaction() as session:
        session.execute(delete(LoginSession).where(LoginSession.token_hash == token_hash(token)))


def change_password(user_id: int, old: str, new: str, log_in: str, by: By | None = None) -> str:
    """Choose another password for one's own account; gives this log-in's new token, and ends all others.

    `log_in` is the token that it was asked with; a second factor that it has shown stays shown. Written in the audit
    where the staff asks (`by`). Raises WrongPassword, NotFound if the log-in is over. Locks the account, then the log-in.
    """
    known = db.session.execute(_HASH_OF, {"id": user_id}).scalar_one_or_none()
    end_read()
    if not verify(known or _nobodys_hash(), old):
        raise WrongPassword("This is not the password that you have now.")
    hashed = hash_password(new)
    with transaction() as session:
        user = session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
        if user is None or user.password_hash != known or user.deactivated_at is not None:
            raise WrongPassword("Your password was changed a moment ago. Sign in with the new one.")
        user.password_hash = hashed
        token = _only_log_in(session, user_id, log_in)
        if by is not None:
            audit(session, by, Action.PASSWORD_CHANGED, user_id, cinema_id=a_cinema(session, user_id))
    return token


_HASH_OF = text("SELECT password_hash FROM users WHERE id = :id AND deactivated_at IS NULL")
_END_OTHERS = text("DELETE FROM login_sessions WHERE user_id = :user_id AND token_hash <> :kept")
_RENEW = text(
    "UPDATE login_sessions SET token_hash = :new WHERE user_id = :user_id AND token_hash = :kept RETURNING id"
)


def _only_log_in(session: Session, user_id: int, log_in: str) -> str:
    """End every other log-in; this one goes on under a new token, so that a copy of its cookie is worth nothing."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kept = {"user_id": user_id, "kept": token_hash(log_in)}
    session.execute(_END_OTHERS, kept)
    if session.execute(_RENEW, {**kept, "new": token_hash(token)}).one_or_none() is None:
        raise NotFound("This log-in is over. Sign in again.")
    return token


def hash_password(password: str) -> str:
    return _hasher.hash(_normal(password))


def verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    # The same letters typed on two keyboards may differ in their code points (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """What a password is checked against when there is no account, so that it takes as long."""
    return _hasher.hash(secrets.token_urlsafe(TOKEN_BYTES))
