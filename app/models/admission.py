"""What the doors report: each time somebody was let in by a ticket, where, when, and what became of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.admission import Outcome
from app.models import columns as c


class AdmissionReport(Base):
    """One time that a door let somebody in. Of one ticket one at most stands as admitted; the others are doubles."""

    __tablename__ = "admission_reports"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "ticket_id"], ["tickets.show_id", "tickets.id"]),
        c.one_of("outcome", Outcome),
        CheckConstraint("undone_at IS NULL OR outcome = 'admitted'", name="only_admissions_are_undone"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_someone"),
        Index("uq_admission_reports_key", "show_id", "ticket_id", "key", unique=True),
        Index(
            "uq_admission_reports_standing",
            "show_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("outcome = 'admitted' AND undone_at IS NULL"),
        ),
        Index("ix_admission_reports_received_at", "received_at"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    ticket_id: Mapped[c.big]
    key: Mapped[str] = mapped_column(String(40))
    """The device's own number for it, so that what is sent twice counts once."""
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20), server_default="")
    """Why it should not have been, where the outcome is refused."""
    door: Mapped[str] = mapped_column(String(40), server_default="")
    device: Mapped[str] = mapped_column(String(40), server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """None = a command."""
    at: Mapped[c.instant]
    """When the person went in, by the device's clock where it had no connection."""
    received_at: Mapped[c.instant]
    offline: Mapped[bool] = mapped_column(Boolean, server_default="false")
    undone_at: Mapped[c.instant | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    undone_why: Mapped[str] = mapped_column(Text, server_default="")
