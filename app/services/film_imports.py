"""Films from a table, in two steps: somebody looks at what it would do, and takes in exactly that.

The file waits in the database, under the person who uploaded it, so that nothing that comes back from a browser has to
be believed: the second step names only the plan that was shown, and is refused if the table would do something else now.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, on_commit, transaction
from app.domain.audit import Action
from app.domain.csv_import import ImportResult, MovieRow, RowError, parse_movies
from app.domain.films import FACTS, Facts, changed, facts_of_row
from app.domain.staff import By
from app.errors import ConcurrentModification, ImportRefused, NotFound
from app.models import FilmFile, Movie
from app.queries.browse_cache import browse_changed
from app.services.audit import audit_many
from app.services.film_rows import facts_of, free_slug, new_film, slugs_taken, write_facts

MOST_BYTES = 2_000_000
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FilmChange:
    """What one row would do: `movie_id` is None for a new film. `fields`: name, from what, to what."""

    line: int
    title: str
    movie_id: int | None
    fields: tuple[tuple[str, object, object], ...]


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """What a table would do. `digest` names all of it, values included."""

    file_name: str
    digest: str
    added: tuple[FilmChange, ...]
    changed: tuple[FilmChange, ...]
    unchanged: int
    errors: tuple[RowError, ...]
    notes: tuple[RowError, ...]
    ignored_columns: tuple[str, ...]


@dataclass(slots=True)
class _Steps:
    """Row, its film (None if new), and the facts to write: in the order of the file."""

    steps: list[tuple[MovieRow, Movie | None, Facts]] = field(default_factory=list)
    unchanged: int = 0
    notes: list[RowError] = field(default_factory=list)


def keep_file(by: By, name: str, data: bytes) -> None:
    """Keep a table to look at, in place of the one this person had. Raises ImportRefused where nothing can be read from it."""
    if len(data) > MOST_BYTES:
        raise ImportRefused(
            f"This file has {len(data) / 1_000_000:.1f} MB. A table may have at most 2 MB; cut it in two."
        )
    result = parse_movies(data)
    if not result.rows and result.errors and result.errors[0].line <= 1:
        raise ImportRefused(f"Line {result.errors[0].line}: {result.errors[0].reason}.")
    values = {"name": name[:200], "content": data, "uploaded_at": clock.now()}
    with transaction() as session:
        session.execute(delete(FilmFile).where(FilmFile.uploaded_at < clock.now() - KEPT))
        row = insert(FilmFile).values(user_id=by.user_id, **values)
        session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=values))


def look_at_file(by: By) -> FilmPlan | None:
    """What this person's table would do now; None if they have none. Writes nothing."""
    session = db.session()
    file = session.get(FilmFile, by.user_id, populate_existing=True)
    if file is None:
        end_read()
        return None
    result = parse_movies(file.content)
    steps = _steps(session, result, lock=False)
    plan = _plan(file.name, result, steps)
    end_read()
    return plan


def take_in(by: By, digest: str) -> FilmPlan:
    """Do what the plan of this digest says. Raises ConcurrentModification if it would be another one now, NotFound.

    Locks the file, then the films that it names, by id. Each film that is made or changed has its own line in the audit.
    """
    with transaction() as session:
        file = session.get(FilmFile, by.user_id, with_for_update=True, populate_existing=True)
        if file is None:
            raise NotFound("There is no table to take in. Upload it again.")
        result = parse_movies(file.content)
        steps = _steps(session, result, lock=True)
        plan = _plan(file.name, result, steps)
        if plan.digest != digest:
            raise ConcurrentModification("Films were changed since you looked. This is what the table would do now.")
        _write(session, by, steps)
        session.delete(file)
        on_commit(browse_changed)
    return plan


def discard_file(by: By) -> None:
    """Forget this person's table."""
    with transaction() as session:
        session.execute(delete(FilmFile).where(FilmFile.user_id == by.user_id))


def _steps(session: Session, result: ImportResult[MovieRow], lock: bool) -> _Steps:
    wanted = select(Movie).where(Movie.external_id.in_([row.id for row in result.rows])).order_by(Movie.id)
    locking = wanted.with_for_update() if lock else wanted
    known = {movie.external_id: movie for movie in session.scalars(locking.execution_options(populate_existing=True))}
    named = {(title, year) for title, year in session.execute(select(Movie.title, Movie.year))}
    found = _Steps()
    for row in result.rows:
        facts = facts_of_row(row, result.columns)
        movie = known.get(row.id)
        if movie is None and (row.title, row.release_year) in named:
            found.notes.append(
                RowError(row.line, "title", f"there is a film “{row.title}” already; this makes a second one")
            )
        after = changed(facts_of(movie), facts) if movie else facts
        if movie is None or after:
            found.steps.append((row, movie, after))
        else:
            found.unchanged += 1
    return found


def _plan(name: str, result: ImportResult[MovieRow], steps: _Steps) -> FilmPlan:
    told = [_change(row, movie, after) for row, movie, after in steps.steps]
    exact = [
        (row.id, row.slug, movie.id if movie else None, _fields(movie, after)) for row, movie, after in steps.steps
    ]
    return FilmPlan(
        file_name=name,
        digest=hashlib.sha256(repr(exact).encode()).hexdigest(),
        added=tuple(one for one in told if one.movie_id is None),
        changed=tuple(one for one in told if one.movie_id is not None),
        unchanged=steps.unchanged,
        errors=result.errors,
        notes=(*result.notes, *steps.notes),
        ignored_columns=result.ignored_columns,
    )


def _change(row: MovieRow, movie: Movie | None, after: Facts) -> FilmChange:
    return FilmChange(row.line, movie.title if movie else row.title, movie.id if movie else None, _fields(movie, after))


def _fields(movie: Movie | None, after: Mapping[str, object]) -> tuple[tuple[str, object, object], ...]:
    before = facts_of(movie) if movie else {}
    return tuple((FACTS[name][0], before.get(name), value) for name, value in after.items() if movie or value)


def _write(session: Session, by: By, steps: _Steps) -> None:
    slugs = slugs_taken(session)
    made: list[tuple[Movie, Facts, Facts]] = []
    for row, movie, after in steps.steps:
        if movie is None:
            made.append((new_film(session, after, free_slug(row.slug or row.title, slugs), row.id), {}, after))
        else:
            before = facts_of(movie)
            made.append((movie, {name: before[name] for name in after}, write_facts(movie, after)))
    session.flush()
    audit_many(session, by, Action.FILM_IMPORTED, [(film.id, before, after) for film, before, after in made])
