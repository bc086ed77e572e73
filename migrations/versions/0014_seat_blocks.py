"""Seats out of use: who took them out, for which show or auditorium, how long and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = "Out of use since before reasons were kept."


def upgrade() -> None:
    op.create_table(
        "seat_blocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("show_id", sa.BigInteger(), nullable=True),
        sa.Column("screen_id", sa.BigInteger(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(show_id, screen_id) = 1", name=op.f("ck_seat_blocks_one_place")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_seat_blocks_ends_after_start")),
        sa.CheckConstraint(
            "screen_id IS NOT NULL OR (from_at IS NULL AND until_at IS NULL)",
            name=op.f("ck_seat_blocks_times_of_screens"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_seat_blocks_says_why")),
        sa.ForeignKeyConstraint(["show_id"], ["shows.id"], name=op.f("fk_seat_blocks_show_id")),
        sa.ForeignKeyConstraint(["screen_id"], ["screens.id"], name=op.f("fk_seat_blocks_screen_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_seat_blocks_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_blocks")),
    )
    op.create_index("ix_seat_blocks_show_id", "seat_blocks", ["show_id"])
    op.create_index("ix_seat_blocks_screen_id", "seat_blocks", ["screen_id"])
    op.create_table(
        "seat_block_seats",
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["block_id"], ["seat_blocks.id"], name=op.f("fk_seat_block_seats_block_id")),
        sa.ForeignKeyConstraint(["lifted_by"], ["users.id"], name=op.f("fk_seat_block_seats_lifted_by")),
        sa.PrimaryKeyConstraint("block_id", "guid", name=op.f("pk_seat_block_seats")),
    )
    _give_reasons()


def _give_reasons() -> None:
    """Seats that are out of use already get a block of their show; a past show's stands from its beginning."""
    made = sa.text("""
        INSERT INTO seat_blocks (show_id, reason, made_at)
        SELECT h.id, :reason, least(now(), h.starts_at) FROM shows h
        WHERE EXISTS (SELECT FROM show_seats z WHERE z.show_id = h.id AND z.state = 'blocked') ORDER BY h.id
    """)
    op.get_bind().execute(made, {"reason": BEFORE})
    op.execute("""
        INSERT INTO seat_block_seats (block_id, guid)
        SELECT k.id, s.guid FROM seat_blocks k
        JOIN show_seats z ON z.show_id = k.show_id AND z.state = 'blocked' JOIN seats s ON s.id = z.seat_id
    """)


def downgrade() -> None:
    op.drop_table("seat_block_seats")
    op.drop_table("seat_blocks")
