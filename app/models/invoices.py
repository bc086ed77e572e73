"""Invoices and credit notes, numbered without a gap by cinema and year."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.invoices import PaperKind
from app.models import columns as c


class InvoiceCounter(Base):
    """The last number of a cinema's year. Its row is locked from the taking of a number to the commit."""

    __tablename__ = "invoice_counters"
    __table_args__ = (CheckConstraint("last > 0", name="has_numbers"),)

    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class Invoice(Base):
    """A paper as it was issued: an invoice, or a credit note that takes back all or a part of one. Append-only."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("cinema_id", "year", "number"),
        ForeignKeyConstraint(["show_id", "booking_id"], ["bookings.show_id", "bookings.id"]),
        c.one_of("kind", PaperKind),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="a_note_corrects"),
        CheckConstraint("number > 0 AND total_minor >= 0 AND tax_minor BETWEEN 0 AND total_minor", name="sane"),
        Index("ix_invoices_booking", "show_id", "booking_id"),
        Index("ix_invoices_group_id", "group_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(12))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("group_requests.id"))
    show_id: Mapped[int] = mapped_column(BigInteger)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[c.instant]
    currency: Mapped[c.currency]
    total_minor: Mapped[int] = mapped_column(Integer)
    """What an invoice asks for, what a credit note takes off again; never negative."""
    tax_minor: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What stands on it (domain/invoices.Content)."""
