"""Who works here: roles at cinemas, second factors, and the audit of what they did."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.staff import Role
from app.models import columns as c


class StaffRole(Base):
    """One role of one person at one cinema. A row stays when the role is taken away: who might what, and when."""

    __tablename__ = "staff_roles"
    __table_args__ = (
        c.one_of("role", Role),
        CheckConstraint("(role = 'admin') = (cinema_id IS NULL)", name="admins_are_everywhere"),
        CheckConstraint("revoked_at >= granted_at", name="revoked_after_granted"),
        Index(
            "uq_staff_roles_live",
            "user_id",
            "role",
            "cinema_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_staff_roles_user_id", "user_id"),
        Index("ix_staff_roles_cinema_id", "cinema_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(20))
    cinema_id: Mapped[int | None] = mapped_column(ForeignKey("cinemas.id"))
    """None = every cinema, which only an admin has."""
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """None = a command."""
    granted_at: Mapped[c.instant]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[c.instant | None]


class SecondFactor(Base):
    """The authenticator app of one person. The key is sealed (domain/sealing.py)."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_key: Mapped[c.text]
    made_at: Mapped[c.instant]
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The time step of the last code that was taken: none up to it is taken again."""
    failures: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """Wrong codes since the last right one."""
    failed_at: Mapped[c.instant | None]


class RecoveryCode(Base):
    """One of the codes for a lost telephone, as a keyed hash."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[c.instant | None]


class SentForm(Base):
    """The key of a form at its address that did its work, so that it does so once. Written in the transaction of that work."""

    __tablename__ = "sent_forms"
    __table_args__ = (Index("ix_sent_forms_sent_at", "sent_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    sent_at: Mapped[c.instant]
    made_id: Mapped[c.big | None]
    """What it made: the subject of the audit's entry about it."""


class AuditEntry(Base):
    """One thing that somebody of the staff did. Append-only; it points at nothing, so it outlives what it tells of."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_at", "at"),
        Index("ix_audit_entries_cinema_id", "cinema_id", "id"),
        Index("ix_audit_entries_user_id", "user_id", "id"),
        Index("ix_audit_entries_subject", "subject", "subject_id", "id"),
        Index("ix_audit_entries_action", "action", "id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    at: Mapped[c.instant]
    user_id: Mapped[c.big | None]
    """None = a command of the house."""
    address: Mapped[str] = mapped_column(String(45), server_default="")
    cinema_id: Mapped[c.big | None]
    """None = about no cinema in particular."""
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[c.big | None]
    before: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")
    after: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")
    reason: Mapped[str] = mapped_column(Text, server_default="")
