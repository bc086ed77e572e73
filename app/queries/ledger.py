"""The books as people look at them: the trial balance, what does not add up, and the entries of one booking."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account in one currency, in minor units: the sums of its debits and of its credits, both positive."""

    currency: str
    account: str
    kind: str
    name: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debits less credits."""
        return self.debit_minor - self.credit_minor


_TRIAL = text("""
SELECT e.currency, a.code AS account, a.kind, a.name, e.debit, e.credit FROM (
  SELECT currency, account, coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS debit,
         coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS credit
  FROM ledger_entries GROUP BY currency, account
) AS e JOIN ledger_accounts a ON a.code = e.account
ORDER BY e.currency, array_position(ARRAY['asset', 'liability', 'income', 'expense'], a.kind::text), a.code
""")


def trial_balance() -> list[AccountBalance]:
    """Every account that was ever moved, by currency: assets, liabilities, income, expenses."""
    rows = db.session.execute(_TRIAL).all()
    end_read()
    return [
        AccountBalance(row.currency, row.account, row.kind, row.name, int(row.debit), int(row.credit)) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One side of one movement of a booking; debits positive, credits negative, in minor units."""

    at: dt.datetime
    show_id: int
    key: str
    account: str
    party: str
    amount_minor: int
    currency: str


_OF_BOOKING = text("""
SELECT at, show_id, key, account, party, amount_minor, currency FROM ledger_entries
WHERE show_id = :show_id AND booking_id = :booking_id ORDER BY id
""")


def entries_of_booking(show_id: int, booking_id: int) -> list[LedgerLine]:
    """Everything that was booked for one booking, in the order it was written."""
    rows = db.session.execute(_OF_BOOKING, {"show_id": show_id, "booking_id": booking_id}).all()
    end_read()
    return [LedgerLine(row.at.astimezone(dt.UTC), *row[1:]) for row in rows]
