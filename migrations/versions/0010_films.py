"""Films: uploaded posters, and the tables of films that somebody is looking at before taking them in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "movie_posters",
        sa.Column("movie_id", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(content) <= 200000", name=op.f("ck_movie_posters_small")),
        sa.ForeignKeyConstraint(
            ["movie_id"], ["movies.id"], name=op.f("fk_movie_posters_movie_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("movie_id", "width", name=op.f("pk_movie_posters")),
    )
    op.create_table(
        "film_files",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(content) <= 2000000", name=op.f("ck_film_files_small")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_film_files_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_film_files")),
    )


def downgrade() -> None:
    op.drop_table("film_files")
    op.drop_table("movie_posters")
