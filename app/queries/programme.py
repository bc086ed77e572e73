"""What is on the screens of a cinema, and what a new show can be made of: films, screens with seats, price lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read
from app.domain.programme import Busy
from app.queries.price_lists import OFFERED

_BUSY = text("""
SELECT s.screen_id, s.starts_at, s.ends_at, m.title, r.name AS screen, s.id FROM shows s
JOIN movies m ON m.id = s.movie_id JOIN screens r ON r.id = s.screen_id
WHERE s.screen_id = ANY(:screens) AND s.state <> 'cancelled' AND s.during && tstzrange(:start, :end)
  AND s.id <> :but ORDER BY s.starts_at, s.id
""")


def busy_on(screen_ids: Collection[int], start: dt.datetime, end: dt.datetime, but: int = 0) -> list[Busy]:
    """The shows on these screens in this time, drafts too, one of them left out. Part of whatever transaction is open."""
    values = {"screens": list(screen_ids), "start": start, "end": end, "but": but}
    return [Busy(*row) for row in db.session.execute(_BUSY, values)]


@dataclass(frozen=True, slots=True)
class FilmChoice:
    id: int
    title: str
    runtime_minutes: int | None

    @property
    def words(self) -> str:
        return f"{self.title}, {self.runtime_minutes} min" if self.runtime_minutes else self.title


@dataclass(frozen=True, slots=True)
class ScreenChoice:
    id: int
    name: str
    seats: int
    """0: it has no plan yet, and nothing can be put on."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the forms offer. `lists` are the cinema's price lists as they stand: id → name."""

    films: tuple[FilmChoice, ...]
    screens: tuple[ScreenChoice, ...]
    lists: dict[int, str]

    def film(self, movie_id: int) -> FilmChoice | None:
        return next((one for one in self.films if one.id == movie_id), None)

    def screen_name(self, screen_id: int) -> str:
        return next((one.name for one in self.screens if one.id == screen_id), "another screen")


_FILMS = text(
    "SELECT id, title, runtime_minutes FROM movies WHERE archived_at IS NULL OR id = :also ORDER BY title, id"
)
_SCREENS = text("""
SELECT r.id, r.name, coalesce(l.seat_count, 0) FROM screens r LEFT JOIN layouts l ON l.id = r.layout_id
WHERE r.cinema_id = :cinema_id ORDER BY length(r.name), r.name, r.id
""")
_LISTS = text(f"""
SELECT l.id, l.name, l.version FROM price_lists l
WHERE l.cinema_id = :cinema_id AND ({OFFERED} OR l.id = :also) ORDER BY l.name, l.version
""")  # noqa: S608  nothing from outside


def choices_of(cinema_id: int, movie_id: int = 0, price_list_id: int = 0) -> Choices:
    """Films that are not archived, screens, lists in use; the film and the list of a show are offered in any case."""
    films = tuple(FilmChoice(*row) for row in db.session.execute(_FILMS, {"also": movie_id}))
    screens = tuple(ScreenChoice(*row) for row in db.session.execute(_SCREENS, {"cinema_id": cinema_id}))
    rows = db.session.execute(_LISTS, {"cinema_id": cinema_id, "also": price_list_id}).all()
    names = [row.name for row in rows]
    lists = {row.id: f"{row.name}, version {row.version}" if names.count(row.name) > 1 else row.name for row in rows}
    end_read()
    return Choices(films, screens, lists)
