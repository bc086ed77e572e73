"""Films: made, changed, archived, brought back. They belong to every cinema of the house.

The film's row is locked first; who puts on a show of it locks it too (`offered_film`), so that no film is archived
while a show of it is being planned.
"""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.csv_import import MovieRow
from app.domain.films import facts_of_row
from app.domain.marks import mark
from app.domain.staff import By
from app.errors import Conflict, Invalid, NotFound
from app.models import Movie
from app.queries.browse_cache import browse_changed
from app.services.audit import audit
from app.services.film_rows import facts_of, free_slug, new_film, slugs_taken, write_facts
from app.services.seen import check_seen

_COMING = text("SELECT count(*) FROM shows WHERE movie_id = :movie_id AND state <> 'cancelled' AND ends_at > :now")


def add_film(by: By, row: MovieRow) -> int:
    """A new film from a good row (`read_film`); gives its id. Raises ConcurrentModification if its address was just taken."""
    with transaction() as session:
        facts = facts_of_row(row)
        movie = new_film(session, facts, free_slug(row.title, slugs_taken(session)))
        session.flush()
        on_commit(browse_changed)
        audit(session, by, Action.FILM_MADE, movie.id, after=facts)
    return movie.id


def change_film(by: By, movie_id: int, seen: str, row: MovieRow) -> bool:
    """Give a film the facts of a good row; False if they are its own. Its address stays, and so do shows that exist.

    `seen` is the mark of the facts that this person began from. Raises ConcurrentModification, NotFound. Locks the film.
    """
    with transaction() as session:
        movie = locked_film(session, movie_id)
        before = facts_of(movie)
        check_seen(mark(before), seen, "this film")
        after = write_facts(movie, facts_of_row(row))
        if after:
            on_commit(browse_changed)
            audit(
                session, by, Action.FILM_CHANGED, movie_id, before={name: before[name] for name in after}, after=after
            )
    return bool(after)


def archive_film(by: By, movie_id: int) -> None:
    """Take a film out of all lists; nothing happens if it is out. Raises Conflict while shows of it are to come, NotFound."""
    with transaction() as session:
        movie = locked_film(session, movie_id)
        if movie.archived_at is not None:
            return
        coming = session.execute(_COMING, {"movie_id": movie_id, "now": clock.now()}).scalar_one()
        if coming:
            shows = "1 show of it is" if coming == 1 else f"{coming} shows of it are"
            raise Conflict(f"{shows} still to come. Cancel or finish them, then archive the film.")
        movie.archived_at = clock.now()
        on_commit(browse_changed)
        audit(session, by, Action.FILM_ARCHIVED, movie_id, after={"title": movie.title})


def restore_film(by: By, movie_id: int) -> None:
    """Put an archived film back into the lists; nothing happens if it is there. Raises NotFound."""
    with transaction() as session:
        movie = locked_film(session, movie_id)
        if movie.archived_at is None:
            return
        movie.archived_at = None
        on_commit(browse_changed)
        audit(session, by, Action.FILM_RESTORED, movie_id, after={"title": movie.title})


def locked_film(session: Session, movie_id: int) -> Movie:
    """The film, locked against everybody else. Raises NotFound."""
    movie = session.get(Movie, movie_id, with_for_update=True, populate_existing=True)
    if movie is None:
        raise NotFound("There is no such film.")
    return movie


def offered_film(session: Session, movie_id: int) -> Movie:
    """A film that new shows may have, locked (shared) against being archived. Raises NotFound, Invalid for an archived one."""
    movie = shared_film(session, movie_id)
    if movie.archived_at is not None:
        raise Invalid(f"{movie.title} is archived. Bring it back before you plan shows of it.")
    return movie


def shared_film(session: Session, movie_id: int) -> Movie:
    """A film, archived or not, locked (shared) against being archived. Raises NotFound."""
    wanted = select(Movie).where(Movie.id == movie_id).with_for_update(read=True)
    movie = session.scalar(wanted.execution_options(populate_existing=True))
    if movie is None:
        raise NotFound("There is no such film.")
    return movie
