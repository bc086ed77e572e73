"""Seats out of use: which, for which show or auditorium, how long and why. show_seats.state says that they are; this says why."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class SeatBlock(Base):
    """One act of taking seats out of use, for one show or for an auditorium while it lasts."""

    __tablename__ = "seat_blocks"
    __table_args__ = (
        CheckConstraint("num_nonnulls(show_id, screen_id) = 1", name="one_place"),
        CheckConstraint("until_at > from_at", name="ends_after_start"),
        CheckConstraint("screen_id IS NOT NULL OR (from_at IS NULL AND until_at IS NULL)", name="times_of_screens"),
        CheckConstraint("reason <> ''", name="says_why"),
        Index("ix_seat_blocks_show_id", "show_id"),
        Index("ix_seat_blocks_screen_id", "screen_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    show_id: Mapped[int | None] = mapped_column(ForeignKey("shows.id"))
    screen_id: Mapped[int | None] = mapped_column(ForeignKey("screens.id"))
    from_at: Mapped[c.instant | None]
    until_at: Mapped[c.instant | None]
    """An auditorium's block holds for the shows that run between the two; without an end, for all to come."""
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[c.instant]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("seat_blocks.id"), unique=True)
    """The one that this is a change of. Its seats were lifted in the same instant: for shows that were over it counts on."""


class SeatBlockSeat(Base):
    """A seat of a block by its guid, which is the same in every version of the auditorium."""

    __tablename__ = "seat_block_seats"

    block_id: Mapped[int] = mapped_column(ForeignKey("seat_blocks.id"), primary_key=True)
    guid: Mapped[str] = mapped_column(Text, primary_key=True)
    lifted_at: Mapped[c.instant | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
