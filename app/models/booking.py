"""Bookings, their tickets, and the lines of their bill. Keys begin with the show, so that one show stays together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.counter import Channel
from app.domain.pricing import LineKind, Shown, Tariff, TicketType
from app.domain.refund_policy import CancellationReason
from app.domain.states import BookingState, TicketState
from app.models import columns as c
from app.models.moves import Moves


class Booking(Moves, Base):
    __tablename__ = "bookings"
    SUBJECT, STATES = "booking", BookingState
    __table_args__ = (
        UniqueConstraint("show_id", "code"),
        c.one_of("state", BookingState),
        c.one_of("channel", Channel),
        CheckConstraint("expires_at <= cap_at", name="within_cap"),
        CheckConstraint("total_minor >= 0 AND fee_minor >= 0 AND tax_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("discount_minor >= 0", name="discount_not_negative"),
        CheckConstraint("credit_minor BETWEEN 0 AND total_minor", name="credit_within_total"),
        CheckConstraint("seat_count > 0", name="has_seats"),
        c.demand(),
        Index(
            "uq_bookings_live_owner",
            "show_id",
            "owner_key",
            unique=True,
            postgresql_where=text("state = 'held'"),
        ),
        Index(
            "ix_bookings_expires_at",
            "expires_at",
            postgresql_where=text("state IN ('held', 'awaiting_payment')"),
        ),
        Index("ix_bookings_user_id", "user_id"),
        Index("ix_bookings_email", text("lower(email)")),
        Index("ix_bookings_owner_key", "owner_key"),
    )

    show_id: Mapped[int] = mapped_column(ForeignKey("shows.id"), primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    owner_key: Mapped[str] = mapped_column(String(64))
    """The account (u:12) or a random id of the browser's session (s:…)."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    seat_count: Mapped[int] = mapped_column(SmallInteger)
    """Seats it has now: fewer once some are cancelled; the last number of one that ended."""
    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_lists.id"))
    """The list at the time of the hold: the first price shown is the price paid."""
    demand_percent: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    demand_step: Mapped[int] = mapped_column(Integer, server_default="1")
    demand_reason: Mapped[str] = mapped_column(Text, server_default="")
    """What demand did to the list's prices at the time of the hold: it stays, whatever the show's becomes."""
    seat_fee_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    tax_percent: Mapped[str] = mapped_column(String(8), server_default="0")
    currency: Mapped[c.currency]
    fee_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    tax_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """The tax that the total contains; not added to it."""
    total_minor: Mapped[int] = mapped_column(Integer)
    """What the seats cost: the server's own quote, kept. What is charged is this less `credit_minor`."""
    discount_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    credit_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """What gift cards, the wallet and an exchanged booking pay of the total."""
    refund_steps: Mapped[list[dict[str, object]] | None] = mapped_column(JSONB)
    """The cinema's refund policy as it was when the quote was kept: what was promised then, holds."""
    changes_in_full: Mapped[bool] = mapped_column(Boolean, server_default="true")
    """The same of what a change gives back. What was sold before cinemas could say so, was sold so."""
    name: Mapped[str] = mapped_column(Text, server_default="")
    email: Mapped[str] = mapped_column(Text, server_default="")
    phone: Mapped[str] = mapped_column(Text, server_default="")
    language: Mapped[str] = mapped_column(String(10), server_default="en")
    wants_sms: Mapped[bool] = mapped_column(Boolean, server_default="false")
    wants_push: Mapped[bool] = mapped_column(Boolean, server_default="false")
    held_at: Mapped[c.instant]
    expires_at: Mapped[c.instant]
    cap_at: Mapped[c.instant]
    extended_at: Mapped[c.instant | None]
    payment_started_at: Mapped[c.instant | None]
    confirmed_at: Mapped[c.instant | None]
    channel: Mapped[str] = mapped_column(String(20), server_default=Channel.WEB.value)
    sold_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Who sold it at the counter."""

    @property
    def tariff(self) -> Tariff:
        """What its seats are priced by, from its hold to its end."""
        return Tariff(self.price_list_id, self.demand_percent, self.demand_step)

    @property
    def shown(self) -> Shown:
        """What its prices are shown by."""
        return Shown(self.tariff, self.seat_fee_minor)


class Ticket(Base):
    """One seat of a booking. The unique index over live tickets is the last line under every locking strategy."""

    __tablename__ = "tickets"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        ForeignKeyConstraint(["show_id", "seat_id"], ["show_seats.show_id", "show_seats.seat_id"]),
        UniqueConstraint("show_id", "booking_id", "number"),
        c.one_of("state", TicketState),
        c.one_of("ticket_type", TicketType),
        ForeignKeyConstraint(["show_id", "cancellation_id"], ["cancellations.show_id", "cancellations.id"]),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        CheckConstraint("fee_minor >= 0 AND tax_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("discount_minor BETWEEN 0 AND price_minor", name="discount_within_price"),
        CheckConstraint("cancellation_id IS NULL OR state = 'void'", name="cancelled_is_void"),
        Index(
            "uq_tickets_live_seat",
            "show_id",
            "seat_id",
            unique=True,
            postgresql_where=text("state <> 'void'"),
        ),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    booking_id: Mapped[c.big]
    seat_id: Mapped[c.big]
    number: Mapped[int] = mapped_column(SmallInteger)
    """Within its booking; the ticket's code is the booking's code and this number."""
    ticket_type: Mapped[str] = mapped_column(String(20))
    price_minor: Mapped[int] = mapped_column(Integer)
    fee_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    discount_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    tax_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """Its shares of the booking's fee, discount and contained tax; those of all tickets add up to the booking's."""
    state: Mapped[str] = mapped_column(String(10))
    cancellation_id: Mapped[c.big | None]
    """What voided it after it was sold; a ticket voided before that has none."""
    issued_at: Mapped[c.instant | None]
    admitted_at: Mapped[c.instant | None]


class BookingLine(Base):
    """One line of a bill, as quoted. The lines of a booking add up to its total; tax lines are contained in it."""

    __tablename__ = "booking_lines"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        c.one_of("kind", LineKind),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[c.text]
    quantity: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    amount_minor: Mapped[int] = mapped_column(Integer)


class Cancellation(Base):
    """Seats of a confirmed booking given back, and what came of their money. Written once, with the tickets it voids."""

    __tablename__ = "cancellations"
    __table_args__ = (
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        c.one_of("reason", CancellationReason),
        CheckConstraint("value_minor = kept_minor + returned_minor", name="adds_up"),
        CheckConstraint("kept_minor >= 0 AND returned_minor >= 0", name="amounts_not_negative"),
        Index("ix_cancellations_booking", "show_id", "booking_id"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    booking_id: Mapped[c.big]
    reason: Mapped[str] = mapped_column(String(20))
    seat_count: Mapped[int] = mapped_column(SmallInteger)
    value_minor: Mapped[int] = mapped_column(Integer)
    """What these seats had cost, fee in and discount off."""
    kept_minor: Mapped[int] = mapped_column(Integer)
    returned_minor: Mapped[int] = mapped_column(Integer)
    to_wallet: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """The buyer chose the wallet over the way it was paid."""
    at: Mapped[c.instant]
    actor: Mapped[str] = mapped_column(String(80))


class BookingDocument(Base):
    """A rendered file of a booking (its tickets as PDF), kept in the database so that any host can serve it."""

    __tablename__ = "booking_documents"
    __table_args__ = (ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[c.instant]
