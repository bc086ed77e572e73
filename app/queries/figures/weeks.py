"""The film week as far as it has come: each film with its shows, admissions and gross."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read
from app.domain.film_week import FilmWeek


@dataclass(frozen=True, slots=True)
class FilmSoFar:
    """Seats sold for shows of these days, and what was paid for them, in minor units."""

    title: str
    shows: int
    seats: int
    admissions: int
    gross_minor: int
    currency: str

    @property
    def filled(self) -> float:
        return self.admissions / self.seats if self.seats else 0.0


_FILMS = text("""
WITH money AS (
  SELECT movie_id, sum(net_minor + fee_minor + tax_minor - discount_minor) AS gross FROM figures_sales
  WHERE cinema_id = :cinema_id AND show_day BETWEEN :start AND :end AND currency = (
    SELECT currency FROM cinemas WHERE id = :cinema_id)
  GROUP BY 1
)
SELECT m.title, count(*) AS shows, sum(coalesce(f.seats, l.seat_count)) AS seats, sum(coalesce(f.sold, 0)) AS admissions,
       coalesce(max(money.gross), 0) AS gross_minor, c.currency
FROM shows s JOIN cinemas c ON c.id = s.cinema_id JOIN movies m ON m.id = s.movie_id
JOIN layouts l ON l.id = s.layout_id LEFT JOIN figures_shows f ON f.show_id = s.id LEFT JOIN money ON money.movie_id = m.id
WHERE s.cinema_id = :cinema_id AND s.state = 'published'
  AND s.starts_at >= CAST(:start AS timestamp) AT TIME ZONE c.timezone
  AND s.starts_at < CAST(:after AS timestamp) AT TIME ZONE c.timezone
GROUP BY m.id, m.title, c.currency ORDER BY 4 DESC, 1 LIMIT 12
""")


def week_so_far(cinema_id: int, week: FilmWeek, today: dt.date) -> list[FilmSoFar]:
    """The films of a film week until today, today in; the most seen first."""
    values = {"cinema_id": cinema_id, "start": week.start, "end": today, "after": today + dt.timedelta(days=1)}
    rows = db.session.execute(_FILMS, values).all()
    end_read()
    return [
        FilmSoFar(row.title, row.shows, int(row.seats), int(row.admissions), int(row.gross_minor), row.currency)
        for row in rows
    ]
