"""Accounts as the pages see them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask_login import UserMixin
from sqlalchemy import text

from app import clock
from app.db import db


@dataclass(slots=True)
class Account(UserMixin):
    """Who is logged in, through which log-in."""

    id: int
    name: str
    email: str
    token: str

    def get_id(self) -> str:
        return self.token


_BY_TOKEN = text(
    "SELECT u.id, u.name, u.email FROM login_sessions s JOIN users u ON u.id = s.user_id "
    "WHERE s.token_hash = :hash AND s.expires_at > :now"
)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def account_of_token(token: str) -> Account | None:
    """The account a log-in's cookie names; None when the log-in has ended."""
    row = db.session.execute(_BY_TOKEN, {"hash": token_hash(token), "now": clock.now()}).one_or_none()
    return Account(row.id, row.name, row.email, token) if row else None
