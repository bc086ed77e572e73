"""Accounts and their log-ins."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class User(Base):
    __tablename__ = "users"
    __table_args__ = (Index("uq_users_email", text("lower(email)"), unique=True),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    email: Mapped[c.text]
    name: Mapped[c.text]
    phone: Mapped[str] = mapped_column(Text, server_default="")
    password_hash: Mapped[c.text]
    created_at: Mapped[c.instant]
    deactivated_at: Mapped[c.instant | None]
    """Nobody logs in to it from then on; only accounts of staff are deactivated."""


class LoginSession(Base):
    """One log-in on one device. The cookie carries the token, the table its hash; ending it kills the cookie."""

    __tablename__ = "login_sessions"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_login_sessions_user_id", "user_id"))

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[c.instant]
    expires_at: Mapped[c.instant]
    seen_at: Mapped[c.instant | None]
    """When a staff page was last asked for by it, to some minutes; staff that stay away are logged out."""
    confirmed_at: Mapped[c.instant | None]
    """When the second factor was shown; without it no staff page opens where one is set up or required."""
