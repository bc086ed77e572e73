"""Posters drawn from a film's facts, for films that bring none. No files, no clock, no web."""

from app.domain.posters.film import PosterFilm
from app.domain.posters.poster import poster_svg

__all__ = ["PosterFilm", "poster_svg"]
