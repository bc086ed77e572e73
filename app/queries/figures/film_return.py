"""What a distributor is told of a film and a film week at one cinema: shows, admissions by ticket type, gross, tax, net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db, end_read
from app.domain.film_week import FilmWeek
from app.domain.pricing import TYPE_NAMES, TicketType


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One ticket type of one price category. Admissions are tickets sold and not given back; amounts minor units."""

    category: str
    ticket_type: str
    admissions: int
    gross_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class FilmReturn:
    """`gross` is what was paid for seats: fee in, discounts off; what is kept of cancelled seats is told apart."""

    movie_id: int
    title: str
    currency: str
    shows: int
    rows: tuple[TypeRow, ...]
    kept_minor: int

    @property
    def admissions(self) -> int:
        return sum(row.admissions for row in self.rows)

    @property
    def gross_minor(self) -> int:
        return sum(row.gross_minor for row in self.rows)

    @property
    def tax_minor(self) -> int:
        return sum(row.tax_minor for row in self.rows)

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.tax_minor


_ROWS = text("""
SELECT f.movie_id, f.currency, f.category, f.ticket_type, sum(f.sold - f.back) AS admissions,
       sum(f.net_minor + f.fee_minor + f.tax_minor - f.discount_minor) AS gross, sum(f.tax_minor) AS tax,
       sum(f.kept_minor + f.kept_tax_minor) AS kept
FROM figures_sales f
WHERE f.cinema_id = :cinema_id AND f.show_day BETWEEN :start AND :end
  AND (CAST(:movie_id AS bigint) IS NULL OR f.movie_id = :movie_id)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""")
_SHOWN = text("""
SELECT m.id, m.title, count(*) AS shows, c.currency FROM shows s JOIN movies m ON m.id = s.movie_id
JOIN cinemas c ON c.id = s.cinema_id
WHERE s.cinema_id = :cinema_id AND s.state <> 'draft' AND (s.starts_at AT TIME ZONE c.timezone)::date BETWEEN :start AND :end
  AND s.starts_at >= CAST(:start AS timestamp) AT TIME ZONE 'UTC' - interval '1 day'
  AND s.starts_at < CAST(:end AS timestamp) AT TIME ZONE 'UTC' + interval '2 days'
  AND (CAST(:movie_id AS bigint) IS NULL OR m.id = :movie_id) AND s.state = 'published'
GROUP BY m.id, m.title, c.currency ORDER BY m.title, m.id
""")
_TITLES = text("SELECT id, title FROM movies WHERE id = ANY(:ids)")


def film_returns(cinema_id: int, week: FilmWeek, movie_id: int | None = None) -> list[FilmReturn]:
    """One for each film (or this one) that was shown, or that money moved for, in a film week; by title."""
    values = {"cinema_id": cinema_id, "start": week.start, "end": week.end, "movie_id": movie_id}
    shown = {row.id: row for row in db.session.execute(_SHOWN, values)}
    rows = db.session.execute(_ROWS, values).all()
    by_film: dict[tuple[int, str], list[Any]] = {(one.id, one.currency): [] for one in shown.values()}
    for row in rows:
        by_film.setdefault((row.movie_id, row.currency), []).append(row)
    found_titles = db.session.execute(_TITLES, {"ids": [film for film, _ in by_film]})
    titles = {row.id: row.title for row in found_titles}
    end_read()
    found = [
        _one(film, titles[film], currency, shown[film].shows if film in shown else 0, parts)
        for (film, currency), parts in by_film.items()
    ]
    return sorted(found, key=lambda one: (one.title, one.movie_id))


def _one(movie_id: int, title: str, currency: str, shows: int, rows: Sequence[Any]) -> FilmReturn:
    parts = [
        TypeRow(row.category.capitalize(), _type(row.ticket_type), int(row.admissions), int(row.gross), int(row.tax))
        for row in rows
        if row.admissions or row.gross
    ]
    return FilmReturn(movie_id, title, currency, shows, tuple(parts), sum(int(row.kept) for row in rows))


def _type(name: str) -> str:
    return TYPE_NAMES[TicketType(name)] if name in set(TicketType) else "Not known"
