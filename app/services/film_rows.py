"""What becomes of a good row: the facts of its film, new or changed, and the address that a new film gets for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.domain.films import FACTS, Facts, changed, folded
from app.domain.text import slugify
from app.models import Movie


def facts_of(movie: Movie) -> Facts:
    return {name: getattr(movie, name) for name in FACTS}


def slugs_taken(session: Session) -> set[str]:
    return set(session.scalars(select(Movie.slug)))


def free_slug(wanted: str, taken: set[str]) -> str:
    """An address part that nobody has; from then on it is taken."""
    base = slugify(wanted)
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    taken.add(slug)
    return slug


def new_film(session: Session, facts: Facts, slug: str, external_id: str | None = None) -> Movie:
    movie = Movie(external_id=external_id, slug=slug, updated_at=clock.now(), folded=folded(_whole(facts)), **facts)
    session.add(movie)
    return movie


def _whole(facts: Facts) -> Facts:
    empty: Facts = {"original_title": None, "directors": [], "cast": [], "genres": [], "synopsis": ""}
    return {**empty, **facts}


def write_facts(movie: Movie, facts: Mapping[str, Any]) -> Facts:
    """Give the film these facts; gives those that changed."""
    differing = changed(facts_of(movie), facts)
    for name, value in differing.items():
        setattr(movie, name, value)
    words = folded(facts_of(movie))
    if differing or movie.folded != words:
        movie.folded, movie.updated_at = words, clock.now()
    return differing
