"""What a change of seats gives back bears the refund policy, unless the cinema says otherwise.

Bookings that are there were sold when all of it came back, and keep that; so does what old code sells meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("cinemas", "changes_in_full", "false")
    _add("bookings", "changes_in_full", "true")
    _add("booking_credits", "to_wallet", "false")


def _add(table: str, name: str, default: str) -> None:
    """A constant default: no row is written."""
    op.add_column(table, sa.Column(name, sa.Boolean(), server_default=default, nullable=False))


def downgrade() -> None:
    op.drop_column("booking_credits", "to_wallet")
    op.drop_column("bookings", "changes_in_full")
    op.drop_column("cinemas", "changes_in_full")
