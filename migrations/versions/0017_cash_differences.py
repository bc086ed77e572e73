"""What was missing or over when shifts were cashed up stands in the books, for shifts closed before too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ACCOUNT = {"code": "cash_differences", "kind": "expense", "name": "Cash missing from drawers, or over, by shift"}
BOOK = """
INSERT INTO ledger_entries (show_id, key, account, party, amount_minor, currency, booking_id, at)
SELECT 0, 'cash-up-' || s.id, side.account, CAST(s.id AS text), side.sign * (s.counted_minor - s.expected_minor),
       s.currency, NULL, s.closed_at
FROM shifts s CROSS JOIN (VALUES ('cash_drawer', 1), ('cash_differences', -1)) AS side (account, sign)
WHERE s.closed_at IS NOT NULL AND s.counted_minor <> s.expected_minor
"""


def upgrade() -> None:
    accounts = sa.table("ledger_accounts", sa.column("code"), sa.column("kind"), sa.column("name"))
    op.bulk_insert(accounts, [ACCOUNT])
    op.execute(BOOK)


def downgrade() -> None:
    op.execute("DELETE FROM ledger_entries WHERE key LIKE 'cash-up-%'")
    op.execute("DELETE FROM ledger_accounts WHERE code = 'cash_differences'")
