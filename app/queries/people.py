"""Accounts as the pages see them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from flask_login import UserMixin
from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import db


@dataclass(slots=True)
class Account(UserMixin):
    """Who is logged in, through which log-in."""

    id: int
    name: str
    email: str
    token: str
    is_staff: bool
    confirmed: bool
    """Whether this log-in has shown the second factor."""
    seen_at: dt.datetime
    """When it last asked for a staff page, to some minutes; when it began, if it never did."""

    def get_id(self) -> str:
        return self.token


_BY_TOKEN = text("""
SELECT u.id, u.name, u.email, s.confirmed_at IS NOT NULL AS confirmed, coalesce(s.seen_at, s.created_at) AS seen_at,
       EXISTS (SELECT FROM staff_roles r WHERE r.user_id = u.id AND r.revoked_at IS NULL) AS is_staff
FROM login_sessions s JOIN users u ON u.id = s.user_id
WHERE s.token_hash = :hash AND s.expires_at > :now AND u.deactivated_at IS NULL
""")


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def account_of_token(token: str) -> Account | None:
    """The account a log-in's cookie names; None when the log-in has ended, or staff stayed away too long."""
    now = clock.now()
    row = db.session.execute(_BY_TOKEN, {"hash": token_hash(token), "now": now}).one_or_none()
    if row is None or (row.is_staff and row.seen_at <= now - dt.timedelta(hours=settings.staff_idle_hours)):
        return None
    return Account(row.id, row.name, row.email, token, row.is_staff, row.confirmed, row.seen_at)
