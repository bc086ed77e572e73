"""Films that two people change at one instant: one of them is told, nothing is lost, no show of an archived film is there."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from app import clock
from app.db import db
from app.domain.csv_import import read_film
from app.domain.staff import COMMAND
from app.errors import ConcurrentModification, Conflict, Invalid
from app.models import Movie, MoviePoster
from app.queries.films import staff_film
from app.services.films import add_film, archive_film, change_film
from app.services.posters import upload_poster
from app.services.scheduling import NewShow, schedule_show
from tests.builders import a_cinema, a_movie, a_price_list, a_screen
from tests.support.crowd import together
from tests.support.pictures import a_picture

ROUNDS = 20


def a_row(**told: str):
    row, _ = read_film({"id": "form", "title": "Sunrise", **told})
    assert row is not None
    return row


def fresh(movie_id: int) -> Movie:
    movie = db.session.get_one(Movie, movie_id, populate_existing=True)
    db.session.commit()
    return movie


def test_a_film_is_archived_or_shown_and_never_both(crowd):
    cinema = a_cinema()
    screen, prices = a_screen(cinema), a_price_list(cinema)
    seen: Counter[str] = Counter()
    for place in range(ROUNDS):
        movie = a_movie()
        new = NewShow(movie.id, screen.id, prices.id, clock.now() + dt.timedelta(days=1 + place))
        tasks = [lambda m=movie: archive_film(COMMAND, m.id), lambda n=new: schedule_show(n, "test")]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        archived, planned = results if place % 2 else results[::-1]
        if fresh(movie.id).archived_at is None:
            assert isinstance(archived, Conflict), archived
            assert isinstance(planned, int), planned
            seen["planned"] += 1
        else:
            assert archived is None, archived
            assert isinstance(planned, Invalid), planned
            seen["archived"] += 1
    assert sum(seen.values()) == ROUNDS


def test_of_two_changes_at_one_instant_one_is_kept_and_the_other_told(crowd):
    for _ in range(ROUNDS):
        movie_id = add_film(COMMAND, a_row())
        seen = staff_film(movie_id).seen
        tasks = [
            lambda c=c, m=movie_id, s=seen: change_film(COMMAND, m, s, a_row(certificate=c)) for c in ("U", "PG", "15")
        ]
        results = together(crowd, tasks)
        assert sorted(type(one).__name__ for one in results) == [
            "ConcurrentModification",
            "ConcurrentModification",
            "bool",
        ]
        assert fresh(movie_id).certificate == ("U", "PG", "15")[results.index(True)]


def test_films_of_one_name_made_at_one_instant_have_addresses_of_their_own(crowd):
    results = together(crowd, [lambda: add_film(COMMAND, a_row(title="Aurora"))] * 4)
    made = [one for one in results if isinstance(one, int)]
    assert made
    assert all(isinstance(one, int | ConcurrentModification) for one in results), results
    assert len({fresh(one).slug for one in made}) == len(made)


def test_of_two_posters_at_one_instant_one_is_whole_and_the_other_told(crowd):
    pictures = [a_picture(color=(200, 0, 0)), a_picture(color=(0, 0, 200))]
    for _ in range(5):
        movie = a_movie()
        results = together(crowd, [lambda p=p, m=movie: upload_poster(COMMAND, m.id, "", p) for p in pictures])
        assert sorted(type(one).__name__ for one in results) == ["ConcurrentModification", "bool"]
        kept = db.session.query(MoviePoster).filter_by(movie_id=movie.id).count()
        db.session.commit()
        assert kept == 3
