"""What a report is asked for: days, cinema, film, screen, within what the person may see."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.domain.staff import Reach


@dataclass(frozen=True, slots=True)
class Wanted:
    """Both days count; they are the cinema's own. `where` is what the person may see at all."""

    where: Reach
    start: dt.date
    end: dt.date
    cinema_id: int | None = None
    movie_id: int | None = None
    screen_id: int | None = None

    def conditions(self, day: str = "f.day") -> str:
        """For a statement that reads a table `f` of figures, its show as `s`; only what is asked for stands in it."""
        parts = [f"{day} BETWEEN :start AND :end"]
        parts += [] if self.where.everywhere else ["f.cinema_id = ANY(:ids)"]
        parts += [f"f.cinema_id = {int(self.cinema_id)}"] if self.cinema_id is not None else []
        parts += ["s.movie_id = :movie_id"] if self.movie_id is not None else []
        parts += ["s.screen_id = :screen_id"] if self.screen_id is not None else []
        return " AND ".join(parts)

    @property
    def values(self) -> dict[str, Any]:
        given = {
            "start": self.start,
            "end": self.end,
            "ids": None if self.where.everywhere else sorted(self.where.cinema_ids),
            "movie_id": self.movie_id,
            "screen_id": self.screen_id,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def of_shows(self) -> bool:
        """Whether only some shows count, so that what belongs to none is left out."""
        return self.movie_id is not None or self.screen_id is not None
