"""What a poster is made from. Nothing else of a film reaches the generator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PosterFilm:
    """The facts of a film that shape and letter its poster."""

    id: str
    title: str
    year: int | None = None
    runtime_minutes: int | None = None
    directors: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    synopsis: str = ""
