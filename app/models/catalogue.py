"""What can be seen and where people live: movies (and other events) and cities."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.db import Base
from app.models import columns as c


class City(Base):
    __tablename__ = "cities"
    __table_args__ = (UniqueConstraint("slug"), UniqueConstraint("country_code", "name"))

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    slug: Mapped[c.text]
    name: Mapped[c.text]
    country_code: Mapped[str] = mapped_column(String(2))
    timezone: Mapped[c.text]
    currency: Mapped[c.currency]


class Movie(Base):
    """A film, or another event that is sold the same way (`kind`)."""

    __tablename__ = "movies"
    __table_args__ = (
        UniqueConstraint("slug"),
        UniqueConstraint("external_id"),
        CheckConstraint("runtime_minutes BETWEEN 1 AND 1440", name="runtime_sane"),
        CheckConstraint(
            "kind IN ('film', 'event', 'concert', 'talk', 'theatre', 'opera', 'ballet', 'sport', 'other')",
            name="kind_known",
        ),
        Index("ix_movies_search", "search", postgresql_using="gin"),
        Index("ix_movies_title", "title"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    external_id: Mapped[str | None] = mapped_column(Text)
    """The id in the file it was imported from; a second import finds the film by it."""
    slug: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20), server_default="film")
    title: Mapped[c.text]
    original_title: Mapped[str | None] = mapped_column(Text)
    release_date: Mapped[dt.date | None]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    runtime_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    certificate: Mapped[str | None] = mapped_column(Text)
    advice: Mapped[str | None] = mapped_column(Text)
    """What the certificate warns of, e.g. mild violence."""
    sound: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    genres: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    directors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    cast: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    synopsis: Mapped[str] = mapped_column(Text, server_default="")
    trailer_url: Mapped[str | None] = mapped_column(Text)
    poster_svg: Mapped[str | None] = deferred(mapped_column(Text))
    """A poster drawn for this film; without one, a generated poster is shown."""
    poster_hash: Mapped[str | None] = mapped_column(String(16))
    """Names the poster's content in its address, so that it can be cached for ever. An uploaded one's begins with u."""
    folded: Mapped[str] = mapped_column(Text, server_default="")
    """Title, people and synopsis without accents and case: what the search reads."""
    search: Mapped[str] = deferred(
        mapped_column(TSVECTOR, Computed("to_tsvector('simple'::regconfig, folded)", persisted=True))
    )
    archived_at: Mapped[c.instant | None]
    updated_at: Mapped[c.instant] = mapped_column(server_default=text("now()"))


class MoviePoster(Base):
    """An uploaded poster in one of its widths (domain/poster_sizes.py), as WebP: decoded and encoded by us."""

    __tablename__ = "movie_posters"
    __table_args__ = (CheckConstraint("octet_length(content) <= 200000", name="small"),)

    movie_id: Mapped[int] = mapped_column(ForeignKey("movies.id", ondelete="CASCADE"), primary_key=True)
    width: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class FilmFile(Base):
    """A table of films that somebody has looked at and not yet taken in: one a person, the newest."""

    __tablename__ = "film_files"
    __table_args__ = (CheckConstraint("octet_length(content) <= 2000000", name="small"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_at: Mapped[c.instant]
