"""The gift cards of an account are found by an index: its page lists them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_gift_cards_user_id", "gift_cards", ["user_id"], postgresql_where=sa.text("user_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_gift_cards_user_id", table_name="gift_cards")
