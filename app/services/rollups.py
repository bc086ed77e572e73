"""Keeping the figures: whole shows are summed up anew whenever something was booked or happened for them.

Which shows those are is read from the ledger and the log of state changes, by id, from a mark on. Ids are given out
before their transactions commit, so what is younger than SETTLED is looked at again, until no transaction that old can
be open. Summing up a show twice gives the same, so nothing is counted twice and nothing is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, transaction
from app.queries.figures.hours import REBUILD, SHAPE, SOURCES, newer_than
from app.services.rollup_sql import DAILY, EMPTIED, FILLED, FORGOTTEN, TOUCHED

SETTLED = dt.timedelta(minutes=10)
"""Longer than any transaction lives: they wait 3 s for a lock and never for a network."""
HOURS_KEPT = dt.timedelta(days=15)
"""How long the hours of a day are kept: today is compared with a week ago, and clocks differ around the world."""
BATCH = 200
"""Shows that are summed up in one transaction."""

_TOUCHED, _FORGOTTEN = text(TOUCHED), text(FORGOTTEN)
_MARKS = text("SELECT source FROM figures_marks")
_LOCK_MARKS = text(
    "SELECT source, settled_id FROM figures_marks WHERE source = ANY(:sources) ORDER BY source FOR UPDATE"
)
_KEEP_MARK = text(
    "INSERT INTO figures_marks (source, settled_id) VALUES (:source, :id) "
    "ON CONFLICT (source) DO UPDATE SET settled_id = excluded.settled_id"
)
_TAKE_REBUILD = text("SELECT settled_id FROM figures_marks WHERE source = :source FOR UPDATE SKIP LOCKED")
_END_REBUILD = text("DELETE FROM figures_marks WHERE source = :source")
_NEXT_SHOWS = text(
    "SELECT id FROM (SELECT 0 AS id UNION ALL SELECT id FROM shows) AS shows WHERE id > :after ORDER BY id LIMIT :most"
)


def roll_up() -> int:
    """Bring the figures up to date; gives how many shows were summed up. The first time, and when they have the shape of
    an older version, it makes all of them, and it goes on with a rebuild that was broken off."""
    marks = set(db.session.execute(_MARKS).scalars())
    end_read()
    if not marks.issuperset({*SOURCES, SHAPE}):
        return rebuild()
    done = _go_on() if REBUILD in marks else 0
    with transaction() as session:
        marked = _lock_marks(session)
        shows = sorted({show for source in SOURCES for show in _stirred(session, source, marked[source])})
        for start in range(0, len(shows), BATCH):
            _sum_up(session, shows[start : start + BATCH])
        session.execute(_FORGOTTEN, {"oldest": _oldest()})
    return done + len(shows)


def rebuild() -> int:
    """Make all figures anew, a few shows in each transaction; gives how many shows. Views of shows stay as they are."""
    with transaction() as session:
        marks = {source: _settled(session, source, 0) for source in SOURCES}
        marks |= {REBUILD: -1, SHAPE: 0}
        session.execute(_KEEP_MARK, [{"source": name, "id": mark} for name, mark in marks.items()])
    return _go_on()


def ask_for_rebuild(session: Session) -> None:
    """Have all figures made anew by the next roll_up(): days are other days than they were. Non-committing."""
    session.execute(_KEEP_MARK, {"source": REBUILD, "id": -1})


def _go_on() -> int:
    done = 0
    while count := _next_batch():
        done += count
    return max(0, done - 1)


def _next_batch() -> int:
    """How many shows were done, "no show" counted; 0 if none is left, or somebody else is at it."""
    with transaction() as session:
        after = session.execute(_TAKE_REBUILD, {"source": REBUILD}).scalar_one_or_none()
        if after is None:
            return 0
        shows = list(session.execute(_NEXT_SHOWS, {"after": after, "most": BATCH}).scalars())
        if not shows:
            session.execute(_END_REBUILD, {"source": REBUILD})
            return 0
        _lock_marks(session)
        _sum_up(session, shows)
        session.execute(_KEEP_MARK, {"source": REBUILD, "id": shows[-1]})
    return len(shows)


def _lock_marks(session: Session) -> dict[str, int]:
    """Whoever has them is alone in writing figures."""
    return {row.source: row.settled_id for row in session.execute(_LOCK_MARKS, {"sources": list(SOURCES)})}


def _stirred(session: Session, source: str, mark: int) -> list[int]:
    """The shows with something newer than the mark, which moves on."""
    statement = text(f"SELECT DISTINCT show_id FROM {source} WHERE id > :mark")  # noqa: S608  our own words only
    shows = list(session.execute(statement.bindparams(newer_than("mark")), {"mark": mark}).scalars())
    session.execute(_KEEP_MARK, {"source": source, "id": _settled(session, source, mark)})
    return shows


def _settled(session: Session, source: str, mark: int) -> int:
    """The last id below which nothing can appear any more."""
    statement = f"""
      SELECT coalesce(min(id) FILTER (WHERE at >= :young) - 1, max(id), :mark) FROM {source} WHERE id > :mark
    """  # noqa: S608  our own words only
    values = {"mark": mark, "young": clock.now() - SETTLED}
    return int(session.execute(text(statement).bindparams(newer_than("mark")), values).scalar_one())


def _sum_up(session: Session, shows: Sequence[int]) -> None:
    """Replace all figures of these shows (0 = what belongs to none), and those of the days that they are on."""
    oldest = _oldest()
    since = dt.datetime.combine(oldest, dt.time(), dt.UTC) - dt.timedelta(days=1)
    values = {"shows": list(shows), "oldest": oldest, "since": since}
    days = _days_of(session, shows)
    for table, fill in FILLED.items():
        session.execute(text(f"DELETE FROM {table} WHERE show_id = ANY(:shows)"), values)  # noqa: S608
        session.execute(text(fill), values)
    days |= _days_of(session, shows)
    _sum_up_days(session, sorted(days))


def _oldest() -> dt.date:
    """The first day whose hours are kept."""
    return (clock.now() - HOURS_KEPT).date()


def _days_of(session: Session, shows: Sequence[int]) -> set[tuple[int, dt.date]]:
    return {(row.cinema_id, row.day) for row in session.execute(_TOUCHED, {"shows": list(shows)})}


def _sum_up_days(session: Session, days: Sequence[tuple[int, dt.date]]) -> None:
    """Replace the sums over all shows on these days of cinemas."""
    if not days:
        return
    cinemas, dates = map(list, zip(*days, strict=True))
    for table, fill in DAILY.items():
        for statement in (EMPTIED.format(table=table), fill):
            session.execute(text(statement), {"cinemas": cinemas, "days": dates})
