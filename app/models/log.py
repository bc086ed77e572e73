"""What happened and what is still to be done: state changes, the outbox, alerts for staff, the schedule's marks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class StateChange(Base):
    """One move of one booking, payment, refund, show or admission. Append-only."""

    __tablename__ = "state_changes"
    __table_args__ = (
        Index("ix_state_changes_subject", "show_id", "subject", "subject_id"),
        Index("ix_state_changes_id", "id", postgresql_using="brin"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[c.big]
    before: Mapped[str | None] = mapped_column(String(20))
    """None where the thing came into being."""
    after: Mapped[str] = mapped_column(String(20))
    at: Mapped[c.instant]
    actor: Mapped[str] = mapped_column(String(80))
    """An id such as user:12, guest, gateway:sandbox, clock; never a name."""


class Outbox(Base):
    """What must happen after a commit. Written in the transaction it belongs to; done at least once."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due_at", "due_at", postgresql_where=text("done_at IS NULL")),
        Index("ix_outbox_booking", "show_id", "booking_id"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    booking_id: Mapped[c.big | None]
    subject_id: Mapped[c.big | None]
    """The refund or payment it is about, where there is one."""
    payload: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[c.instant]
    due_at: Mapped[c.instant]
    """Not before; moved on after a failed attempt."""
    done_at: Mapped[c.instant | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    failure: Mapped[str | None] = mapped_column(Text)


class Alert(Base):
    """Something staff should look at."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_open", "at", postgresql_where=text("resolved_at IS NULL")),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    show_id: Mapped[c.big]
    message: Mapped[c.text]
    at: Mapped[c.instant]
    resolved_at: Mapped[c.instant | None]


class ScheduleMark(Base):
    """When a scheduled task last began. Its row lock is what keeps two schedulers from running it twice."""

    __tablename__ = "schedule_marks"

    task: Mapped[str] = mapped_column(String(40), primary_key=True)
    last_at: Mapped[c.instant | None]
