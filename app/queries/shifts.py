"""Shifts as their sheet shows them: the figures are the ledger's."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read
from app.domain.codes import spoken


@dataclass(frozen=True, slots=True)
class Takings:
    """One tender of a shift: what came in, what went out, in minor units, and how often."""

    tender: str
    taken_minor: int
    taken_count: int
    paid_out_minor: int
    paid_out_count: int

    @property
    def left_minor(self) -> int:
        return self.taken_minor - self.paid_out_minor


@dataclass(frozen=True, slots=True)
class Movement:
    at: dt.datetime
    tender: str
    code: str
    amount_minor: int
    """Negative: paid out."""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as it was begun and, once closed, counted."""

    id: int
    cinema_id: int
    user_id: int
    person: str
    currency: str
    paper: str
    float_minor: int
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    counted_minor: int | None
    note: str


@dataclass(frozen=True, slots=True)
class ShiftSheet(ShiftRow):
    """One shift from its float to its cash-up."""

    cash: Takings
    terminal: Takings
    movements: tuple[Movement, ...]

    @property
    def expected_minor(self) -> int:
        """What the drawer should hold now."""
        return self.float_minor + self.cash.left_minor

    @property
    def difference_minor(self) -> int | None:
        return None if self.counted_minor is None else self.counted_minor - self.expected_minor


_HEAD = """
SELECT s.id, s.cinema_id, s.user_id, u.name AS person, s.currency, s.paper, s.float_minor, s.opened_at, s.closed_at,
       s.counted_minor, s.note FROM shifts s JOIN users u ON u.id = s.user_id
"""
_ONE = text(f"{_HEAD} WHERE s.id = :id")
_OF_CINEMA = text(f"{_HEAD} WHERE s.cinema_id = :cinema_id ORDER BY s.opened_at DESC, s.id DESC LIMIT :most")
_MOVES = text("""
SELECT e.at, CASE e.account WHEN 'cash_drawer' THEN 'cash' ELSE 'terminal' END AS tender, b.code, e.amount_minor
FROM ledger_entries e LEFT JOIN bookings b ON b.show_id = e.show_id AND b.id = e.booking_id
WHERE e.account IN ('cash_drawer', 'card_terminal') AND e.party = :party AND e.at >= :since
  AND e.key <> 'cash-up-' || e.party ORDER BY e.id
""")


def shift_sheet(shift_id: int) -> ShiftSheet:
    """The whole sheet; that there is such a shift was asked by the guard."""
    head = db.session.execute(_ONE, {"id": shift_id}).one()
    rows = db.session.execute(_MOVES, {"party": str(shift_id), "since": head.opened_at}).all()
    end_read()
    moves = tuple(Movement(row.at, row.tender, spoken(row.code) if row.code else "", row.amount_minor) for row in rows)
    cash, terminal = (_takings(tender, moves) for tender in ("cash", "terminal"))
    return ShiftSheet(**head._mapping, cash=cash, terminal=terminal, movements=moves)


def _takings(tender: str, moves: tuple[Movement, ...]) -> Takings:
    own = [move.amount_minor for move in moves if move.tender == tender]
    taken, out = [minor for minor in own if minor > 0], [-minor for minor in own if minor < 0]
    return Takings(tender, sum(taken), len(taken), sum(out), len(out))


def shifts_of(cinema_id: int, most: int = 60) -> list[ShiftRow]:
    """The newest shifts of a cinema."""
    rows = db.session.execute(_OF_CINEMA, {"cinema_id": cinema_id, "most": most}).all()
    end_read()
    return [ShiftRow(*row) for row in rows]
