"""Posters that staff upload: made small by adapters/pictures.py, kept in the database, in front of the drawn ones."""

from __future__ import annotations

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.poster_sizes import drawing_name, is_upload, upload_hash
from app.domain.staff import By
from app.models import Movie, MoviePoster
from app.queries.browse_cache import browse_changed
from app.services.audit import audit
from app.services.films import locked_film
from app.services.seen import check_seen


def upload_poster(by: By, movie_id: int, seen: str | None, data: bytes) -> bool:
    """Make the picture the film's poster; False if it is already. `seen` is the poster's name that this person saw.

    Raises BadPicture with a sentence, ConcurrentModification, NotFound. The picture is decoded before anything is locked.
    """
    # Imported here: few web processes ever take a picture, and its library is large.
    from app.adapters.pictures import make_poster

    contents = make_poster(data)
    name = upload_hash(contents)
    with transaction() as session:
        movie = _seen(session, movie_id, seen)
        if movie.poster_hash == name:
            return False
        before = movie.poster_hash
        session.execute(delete(MoviePoster).where(MoviePoster.movie_id == movie_id))
        rows = [{"movie_id": movie_id, "width": width, "content": content} for width, content in contents.items()]
        session.execute(insert(MoviePoster), rows)
        _name(session, movie, name)
        audit(session, by, Action.FILM_POSTER_UPLOADED, movie_id, before={"poster": before}, after={"poster": name})
    return True


def remove_poster(by: By, movie_id: int, seen: str | None) -> bool:
    """Take the uploaded poster away, so that the drawn one comes back; False if there is none.

    Raises ConcurrentModification, NotFound. Locks the film.
    """
    with transaction() as session:
        movie = _seen(session, movie_id, seen)
        if not is_upload(movie.poster_hash):
            return False
        before = movie.poster_hash
        session.execute(delete(MoviePoster).where(MoviePoster.movie_id == movie_id))
        _name(session, movie, drawing_name(movie.poster_svg))
        audit(session, by, Action.FILM_POSTER_REMOVED, movie_id, before={"poster": before}, after={"poster": None})
    return True


def _seen(session: Session, movie_id: int, seen: str | None) -> Movie:
    movie = locked_film(session, movie_id)
    check_seen(movie.poster_hash or "", seen or "", "the poster")
    return movie


def _name(session: Session, movie: Movie, name: str | None) -> None:
    movie.poster_hash, movie.updated_at = name, clock.now()
    session.flush()
    on_commit(browse_changed)
