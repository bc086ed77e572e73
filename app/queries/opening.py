"""What is left to do until a cinema has tickets on sale."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app import clock
from app.db import db, end_read


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether each step is done, in the order in which they are done."""

    screen: bool
    seats: bool
    """Some screen in use has a plan."""
    prices: bool
    """Some price list has an adult price for every category of some screen in use."""
    films: bool
    shows: bool
    """Some show to come is on sale, or will be."""

    @property
    def steps(self) -> tuple[tuple[str, bool], ...]:
        """Key and whether it is done."""
        return tuple((name, getattr(self, name)) for name in self.__slots__)

    @property
    def missing(self) -> bool:
        """Whether anything is left to do."""
        return not all(done for _, done in self.steps)


_STEPS = text("""
WITH own AS (SELECT id, layout_id FROM screens WHERE cinema_id = :cinema_id AND closed_at IS NULL)
SELECT EXISTS (SELECT FROM own) AS screen,
       EXISTS (SELECT FROM own WHERE layout_id IS NOT NULL) AS seats,
       EXISTS (SELECT FROM own, price_lists p WHERE p.cinema_id = :cinema_id AND own.layout_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM seats s WHERE s.layout_id = own.layout_id AND NOT EXISTS (
           SELECT FROM prices a WHERE a.price_list_id = p.id AND a.category = s.category AND a.ticket_type = 'adult')))
         AS prices,
       EXISTS (SELECT FROM movies WHERE archived_at IS NULL) AS films,
       EXISTS (SELECT FROM shows WHERE cinema_id = :cinema_id AND state = 'published' AND sales_close_at > :now) AS shows
""")


def left_to_do(cinema_id: int) -> Opening:
    """How far the cinema is from selling its first ticket, or its next one."""
    found = Opening(*db.session.execute(_STEPS, {"cinema_id": cinema_id, "now": clock.now()}).one())
    end_read()
    return found
