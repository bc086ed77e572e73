"""Requests of groups, and what they are offered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.groups import KINDS, PriceMode
from app.domain.pricing import TicketType
from app.domain.states import GroupState
from app.models import columns as c
from app.models.moves import Moves


class GroupRequest(Moves, Base):
    """Somebody asks for many seats. What stands offered is a booking; offering anew makes another booking of it."""

    __tablename__ = "group_requests"
    SUBJECT, STATES = "group", GroupState
    __table_args__ = (
        UniqueConstraint("key"),
        c.one_of("state", GroupState),
        c.one_of("price_mode", PriceMode),
        CheckConstraint(f"ticket_type IN ({', '.join(repr(kind.value) for kind in KINDS)})", name="ticket_type_known"),
        CheckConstraint("people > 0", name="has_people"),
        CheckConstraint("amount_minor >= 0 AND total_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("state <> 'offered' OR booking_id IS NOT NULL", name="offered_has_booking"),
        CheckConstraint(
            "(booking_id IS NULL) = (offer_show_id IS NULL) AND (booking_id IS NULL) = (pay_until IS NULL)",
            name="offer_is_whole",
        ),
        ForeignKeyConstraint(["offer_show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        Index("ix_group_requests_cinema_id", "cinema_id", "created_at"),
        Index("uq_group_requests_booking", "offer_show_id", "booking_id", unique=True),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    """Names the very form it came by, so that sent twice it is one request."""
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    wish_show_id: Mapped[int | None] = mapped_column(ForeignKey("shows.id"))
    film: Mapped[str] = mapped_column(Text, server_default="")
    wanted_on: Mapped[dt.date | None] = mapped_column(Date)
    wanted_time: Mapped[str] = mapped_column(Text, server_default="")
    people: Mapped[int] = mapped_column(Integer)
    whole_show: Mapped[bool] = mapped_column(Boolean, server_default="false")
    name: Mapped[c.text]
    organisation: Mapped[str] = mapped_column(Text, server_default="")
    email: Mapped[c.text]
    phone: Mapped[str] = mapped_column(Text, server_default="")
    message: Mapped[str] = mapped_column(Text, server_default="")
    language: Mapped[str] = mapped_column(String(10), server_default="en")
    state: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer, server_default="0")
    """Counts what the staff did with it: who acts on an older one is told."""
    created_at: Mapped[c.instant]
    declined_why: Mapped[str] = mapped_column(Text, server_default="")

    offers: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How many it has had; the number of the last one."""
    offer_show_id: Mapped[int | None] = mapped_column(BigInteger)
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    """The booking that the last offer keeps the seats with."""
    seats: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    price_mode: Mapped[str] = mapped_column(String(10), server_default=PriceMode.LIST.value)
    amount_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """Of a seat or of all, as `price_mode` says."""
    total_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    ticket_type: Mapped[str] = mapped_column(String(20), server_default=TicketType.ADULT.value)
    """What most of them come on."""
    parties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """Who comes on all its seats (domain/groups.Party); empty for offers from before that was kept."""
    note: Mapped[str] = mapped_column(Text, server_default="")
    """What the offer's mail says besides."""
    offered_at: Mapped[c.instant | None]
    pay_until: Mapped[c.instant | None]
    reminded_at: Mapped[c.instant | None]
