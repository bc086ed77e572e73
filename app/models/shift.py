"""Shifts at the box office: whose drawer it was, what it began with, what was counted at the end."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class Shift(Base):
    """One person's drawer at one cinema, from the float to the cash-up. Its takings are the ledger's, by its id."""

    __tablename__ = "shifts"
    __table_args__ = (
        CheckConstraint("paper IN ('roll', 'a6')", name="paper_known"),
        CheckConstraint(
            "float_minor >= 0 AND (counted_minor IS NULL OR counted_minor >= 0)", name="amounts_not_negative"
        ),
        CheckConstraint(
            "(closed_at IS NULL) = (counted_minor IS NULL) AND (closed_at IS NULL) = (expected_minor IS NULL)",
            name="closed_is_counted",
        ),
        Index("uq_shifts_open", "user_id", "cinema_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_shifts_cinema_id", "cinema_id", "opened_at"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[c.currency]
    paper: Mapped[str] = mapped_column(String(10), server_default="roll")
    """What tickets are printed on: an 80 mm roll, or A6."""
    float_minor: Mapped[int] = mapped_column(Integer)
    """The change that was in the drawer at the beginning; it is no movement of the ledger."""
    opened_at: Mapped[c.instant]
    closed_at: Mapped[c.instant | None]
    expected_minor: Mapped[int | None] = mapped_column(Integer)
    """Float and cash movements of the ledger, at the moment of closing."""
    counted_minor: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(Text, server_default="")
