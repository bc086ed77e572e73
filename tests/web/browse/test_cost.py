"""What the public programme costs the database, and what is kept of it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.db import transaction
from app.queries.browse_cache import kept_listing
from app.queries.browsing.showings import forget_prices
from app.queries.browsing.wanted import read_wanted
from tests.builders import a_cinema, a_city, a_movie, a_show
from tests.support.browse import HOUR, fresh
from tests.support.queries import counted_queries


def test_the_number_of_queries_does_not_grow_with_the_programme(client: FlaskClient) -> None:
    city = a_city()
    cinema, film = a_cinema(city), a_movie("Vertigo", genres=["Thriller"])
    a_show(cinema=cinema, movie=film)
    addresses = {
        "/": 5,
        "/?genre=Horror": 6,
        f"/movies/{film.slug}": 7,
        f"/cinemas/{cinema.slug}": 5,
        "/cinemas": 2,
        "/search?q=v": 4,
        "/coming-soon": 4,
    }
    small = {address: _cost(client, address) for address in addresses}
    for _ in range(4):
        other = a_cinema(city)
        for _ in range(2):
            a_show(cinema=other, movie=a_movie("Vertigo again"))
            a_show(cinema=other, movie=film)
        a_show(cinema=cinema)
    large = {address: _cost(client, address) for address in addresses}
    assert all(large[address] <= max(small[address], most) for address, most in addresses.items()), (small, large)


def _cost(client: FlaskClient, address: str) -> int:
    fresh()
    forget_prices()
    with counted_queries() as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_a_kept_home_page_asks_the_database_nothing(client: FlaskClient) -> None:
    a_show()
    client.get("/")
    with counted_queries() as seen:
        client.get("/")
    assert seen == []


def test_a_changed_programme_is_seen_at_once(client: FlaskClient) -> None:
    cinema = a_cinema()
    a_show(cinema=cinema)
    client.get("/")
    show = a_show(cinema=cinema, starts_in=2 * HOUR)
    assert f"/shows/{show.id}" in client.get("/").get_data(as_text=True)


def test_a_listing_survives_without_the_cache(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["cache"], "_rest_until", float("inf"))
    assert kept_listing("x", lambda: "made") == "made"
    assert kept_listing("x", lambda: "again") == "made"


def test_a_guest_gets_no_cookie_from_looking_around(client: FlaskClient) -> None:
    show = a_show()
    for address in ("/", f"/movies/{show.movie.slug}", "/cinemas", "/search?q=a", "/coming-soon", "/help"):
        answer = client.get(address)
        assert "Set-Cookie" not in answer.headers, address
        assert answer.status_code == 200


def test_filters_are_read_and_written_alike() -> None:
    wanted = read_wanted({"q": " le  jour ", "genre": "Horror", "role": "admin"}, ["wheelchair", "captions", "x"])
    assert wanted.query() == {"q": "le jour", "genre": "Horror", "need": ["captions", "wheelchair"]}
    assert wanted.without("need:captions").needs == ("wheelchair",)
    assert not wanted.without("q").without("genre").without("need:captions").without("need:wheelchair")


def test_the_database_finds_films_by_the_words_index(app: Flask) -> None:
    for n in range(300):
        a_movie(f"Film number {n}")
    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text("EXPLAIN SELECT 1 FROM movies m WHERE m.search @@ to_tsquery('simple', 'film:*')")
        ).scalars()
        assert "ix_movies_search" in " ".join(plan)
