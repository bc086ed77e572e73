"""The books: double entry, append-only. The application's role may add rows and read them, nothing else."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class LedgerAccount(Base):
    """One account of the chart. A new kind of business adds rows here; domain/ledger.py names those in use."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (CheckConstraint("kind IN ('asset', 'liability', 'income', 'expense')", name="kind_known"),)

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(Text)


class LedgerEntry(Base):
    """One side of one movement. Entries of one (show_id, key) are one transaction and sum to 0 per currency.

    `amount_minor` is signed: debits positive, credits negative. The unique key makes booking a thing twice impossible.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("show_id", "key", "account", "party"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        Index("ix_ledger_entries_booking", "show_id", "booking_id"),
        Index("ix_ledger_entries_account", "account", "party"),
        Index("ix_ledger_entries_at", "at"),
        Index("ix_ledger_entries_id", "id", postgresql_using="brin"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[c.serial] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60))
    """What was booked: capture-12, sale-7, cancel-3, refund-4 …"""
    account: Mapped[str] = mapped_column(ForeignKey("ledger_accounts.code"))
    party: Mapped[str] = mapped_column(String(60), server_default="")
    """Whose part of the account: the gateway, the gift card's or the user's id."""
    amount_minor: Mapped[c.big]
    currency: Mapped[c.currency]
    booking_id: Mapped[c.big | None]
    at: Mapped[c.instant]
