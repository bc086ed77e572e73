"""Shows, and the seats of each show: one row per seat, written when a show is published. These rows are what is locked."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, UTCDateTime
from app.domain.pricing import Tariff
from app.domain.states import SeatState, ShowState
from app.models import columns as c
from app.models.catalogue import Movie
from app.models.moves import Moves
from app.models.venue import Cinema, Screen


class Show(Moves, Base):
    __tablename__ = "shows"
    SUBJECT, STATES = "show", ShowState
    __table_args__ = (
        c.one_of("state", ShowState),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("sales_open_at < sales_close_at", name="sales_window"),
        c.demand(),
        ExcludeConstraint(
            (text("int8range(screen_id, screen_id, '[]')"), "&&"),
            (text("during"), "&&"),
            where=text("state <> 'cancelled'"),
            name="ex_shows_screen_during",
            using="gist",
        ),
        Index("ix_shows_starts_at", "starts_at"),
        Index("ix_shows_movie_id", "movie_id", "starts_at"),
        Index("ix_shows_cinema_id", "cinema_id", "starts_at"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    movie_id: Mapped[int] = mapped_column(ForeignKey("movies.id"))
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    screen_id: Mapped[int] = mapped_column(ForeignKey("screens.id"))
    layout_id: Mapped[int] = mapped_column(ForeignKey("layouts.id"))
    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_lists.id"))
    state: Mapped[str] = mapped_column(String(20), server_default=ShowState.DRAFT.value)
    starts_at: Mapped[c.instant]
    ends_at: Mapped[c.instant]
    """When the screen is free again, cleaning included."""
    during: Mapped[Range[object]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at)", persisted=True), deferred=True
    )
    sales_open_at: Mapped[c.instant]
    sales_close_at: Mapped[c.instant]
    format: Mapped[str] = mapped_column(Text, server_default="2D")
    language: Mapped[str] = mapped_column(Text, server_default="")
    subtitles: Mapped[str] = mapped_column(Text, server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    """What is special about it: live organ, 35 mm print, relaxed show."""
    captions: Mapped[bool] = mapped_column(Boolean, server_default="false")
    audio_description: Mapped[bool] = mapped_column(Boolean, server_default="false")
    relaxed: Mapped[bool] = mapped_column(Boolean, server_default="false")
    demand_percent: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """What demand does to its list's prices now; see domain/demand.py. Judged anew each minute while it sells."""
    demand_step: Mapped[int] = mapped_column(Integer, server_default="1")
    """What a changed price is a multiple of, minor units."""
    demand_reason: Mapped[str] = mapped_column(Text, server_default="")
    reminded_at: Mapped[c.instant | None]
    """When the last of its reminders was queued; from then on nobody looks for more."""

    @property
    def tariff(self) -> Tariff:
        """What its seats are sold at now."""
        return Tariff(self.price_list_id, self.demand_percent, self.demand_step)

    movie: Mapped[Movie] = relationship()
    cinema: Mapped[Cinema] = relationship()
    screen: Mapped[Screen] = relationship()


class ShowSeat(Base):
    __tablename__ = "show_seats"
    __table_args__ = (
        c.one_of("state", SeatState),
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        CheckConstraint("(state IN ('held', 'sold')) = (booking_id IS NOT NULL)", name="taken_by_someone"),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held_has_end"),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    show_id: Mapped[int] = mapped_column(ForeignKey("shows.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), server_default=SeatState.FREE.value)
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    held_until: Mapped[c.instant | None] = mapped_column(UTCDateTime)
    """A copy of its booking's expires_at, written in the same transaction."""
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    """Rises by one with each change; the sum over a show names the state of its map."""


class ShowCancellation(Base):
    """That a show was called off, by whom, and how far refunding its bookings has come."""

    __tablename__ = "show_cancellations"

    show_id: Mapped[int] = mapped_column(ForeignKey("shows.id"), primary_key=True)
    started_at: Mapped[c.instant]
    finished_at: Mapped[c.instant | None]
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """What the buyers are told."""
    bookings: Mapped[int] = mapped_column(Integer)
    """Confirmed bookings to refund when it began."""
