"""Where shows happen: cinemas, their screens, the seats of each layout, and price lists."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.domain.pricing import TicketType
from app.models import columns as c
from app.models.catalogue import City


class Cinema(Base):
    __tablename__ = "cinemas"
    __table_args__ = (
        UniqueConstraint("slug"),
        UniqueConstraint("external_id"),
        CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        CheckConstraint("tax_percent BETWEEN 0 AND 100", name="tax_sane"),
        Index("ix_cinemas_city_id", "city_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    external_id: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[c.text]
    city_id: Mapped[int] = mapped_column(ForeignKey("cities.id"))
    address: Mapped[str] = mapped_column(Text, server_default="")
    postal_code: Mapped[str] = mapped_column(Text, server_default="")
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    timezone: Mapped[c.text]
    """IANA name; every time a visitor of this cinema reads is in it."""
    currency: Mapped[c.currency]
    fee_minor: Mapped[int] = mapped_column(Integer, server_default="0")
    """The booking fee per seat, in minor units."""
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2), server_default="0")
    """The tax that prices contain."""
    refund_steps: Mapped[list[dict[str, object]] | None] = mapped_column(JSONB)
    """Its refund policy, see domain/refund_policy.py; none = the setting REFUND_STEPS."""
    changes_in_full: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """Whether money that a change of seats gives back comes in full; else as much of it as of a cancellation."""
    pay_ways: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Ways to pay on offer, gateway:mode; none = all that GATEWAYS and the currency allow."""
    facilities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    website: Mapped[str | None] = mapped_column(Text)
    seller: Mapped[str] = mapped_column(Text, server_default="")
    """Name and address of who sells, as invoices say it; empty = the cinema's own."""
    tax_number: Mapped[str] = mapped_column(Text, server_default="")

    city: Mapped[City] = relationship()


class Screen(Base):
    __tablename__ = "screens"
    __table_args__ = (UniqueConstraint("cinema_id", "name"),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    name: Mapped[c.text]
    layout_id: Mapped[int | None] = mapped_column(ForeignKey("layouts.id", use_alter=True, name="fk_screens_layout_id"))
    """The layout that new shows get; shows keep the one they were published with."""
    closed_at: Mapped[c.instant | None]
    """Since when no new shows are put on it."""


class Layout(Base):
    """One version of a screen's seats. Never changed once made: what depends on it may be kept for ever."""

    __tablename__ = "layouts"
    __table_args__ = (UniqueConstraint("screen_id", "version"),)

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    screen_id: Mapped[int] = mapped_column(ForeignKey("screens.id"))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[c.text]
    seat_count: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(Text)
    """SHA-256 of the plan: importing the same plan twice changes nothing."""
    plan: Mapped[dict[str, object]] = mapped_column(JSONB)
    """The plan as imported, in the pretix format."""
    categories: Mapped[dict[str, str]] = mapped_column(JSONB)
    """Price category codes and their names, front to back."""


class LayoutDraft(Base):
    """The plan that is being drawn for a screen. One a screen: who draws sees what others drew, and is told of it."""

    __tablename__ = "layout_drafts"

    screen_id: Mapped[int] = mapped_column(ForeignKey("screens.id"), primary_key=True)
    base_layout_id: Mapped[int | None] = mapped_column(ForeignKey("layouts.id"))
    """The version that it began from; none for a screen without one."""
    revision: Mapped[c.big]
    """Rises by one with each change: who sends an older one has not seen the last."""
    plan: Mapped[dict[str, object]] = mapped_column(JSONB)
    """In the pretix format, perhaps unfinished."""
    updated_at: Mapped[c.instant]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Seat(Base):
    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("layout_id", "guid"),
        UniqueConstraint("layout_id", "line", "column"),
        CheckConstraint(
            "kind IN ('standard', 'premium', 'recliner', 'love', 'wheelchair', 'companion')",
            name="kind_known",
        ),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    layout_id: Mapped[int] = mapped_column(ForeignKey("layouts.id"))
    guid: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text, server_default="")
    row: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    label: Mapped[c.text]
    """What people call it: J10, Balcony A 13 bis. Unique in its layout."""
    kind: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    x: Mapped[float] = mapped_column(Float)
    y: Mapped[float] = mapped_column(Float)
    row_index: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int] = mapped_column(SmallInteger)
    run: Mapped[int] = mapped_column(SmallInteger)
    """Neighbours without an aisle between them share a run."""
    line: Mapped[int] = mapped_column(SmallInteger)
    column: Mapped[int] = mapped_column(SmallInteger)
    gap_before: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """A cross-aisle runs in front of this seat's line."""


class PriceList(Base):
    """One version of a price list of a cinema. Its prices never change once made: a new price is a new version."""

    __tablename__ = "price_lists"
    __table_args__ = (
        UniqueConstraint("cinema_id", "name", "version"),
        UniqueConstraint("cinema_id", "id"),
        UniqueConstraint("replaces_id"),
        CheckConstraint("(version = 1) = (replaces_id IS NULL)", name="replaces_another"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    name: Mapped[c.text]
    currency: Mapped[c.currency]
    created_at: Mapped[c.instant] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("price_lists.id"))
    """The version before it. The one that none replaces is the list as it stands."""
    archived_at: Mapped[c.instant | None]
    """Since when new shows don't get it; shows that have it keep it."""


class Price(Base):
    """What a ticket type costs in a price category, in minor units of the list's currency, fee apart."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        c.one_of("ticket_type", TicketType),
    )

    price_list_id: Mapped[int] = mapped_column(ForeignKey("price_lists.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True)
    ticket_type: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(Integer)
