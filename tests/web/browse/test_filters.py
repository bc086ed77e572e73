"""Filters that live in the address, and the search."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import clock
from app.models import Cinema
from app.queries.browsing.wanted import search_words
from tests.builders import a_cinema, a_city, a_movie, a_show
from tests.support.browse import HOUR, fresh
from tests.support.client import soup, words
from tests.support.clock import MovedClock

# Filters


def a_filtered_house() -> tuple[Cinema, Cinema]:
    city = a_city("Bristol")
    regent, scala = a_cinema(city, name="Regent"), a_cinema(city, name="Scala")
    a_show(
        cinema=regent,
        movie=a_movie("Vampyr", genres=["Horror"], languages=["German (intertitles)"]),
        layout={"kinds": {"A1": "wheelchair"}},
        language="Silent",
    )
    a_show(
        cinema=scala,
        movie=a_movie("Top Hat", genres=["Comedy"], languages=["English"]),
        format="IMAX",
        captions=True,
        audio_description=True,
        language="English",
    )
    fresh()
    return regent, scala


def titles(client: FlaskClient, address: str) -> list[str]:
    return [h.get_text().strip() for h in soup(client.get(address)).select("article h3")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("genre=Horror", ["Vampyr"]),
        ("format=IMAX", ["Top Hat"]),
        ("language=German", ["Vampyr"]),
        ("language=English", ["Top Hat"]),
        ("need=captions", ["Top Hat"]),
        ("need=audio-description&need=captions", ["Top Hat"]),
        ("need=wheelchair", ["Vampyr"]),
        ("q=top", ["Top Hat"]),
        ("need=nonsense", ["Top Hat", "Vampyr"]),
    ],
)
def test_filters_live_in_the_address(client: FlaskClient, noon: MovedClock, query: str, found: list[str]) -> None:
    a_filtered_house()
    assert sorted(titles(client, f"/?{query}")) == found


def test_a_cinema_is_filtered_by_its_slug_and_stays_chosen(client: FlaskClient, noon: MovedClock) -> None:
    regent, _ = a_filtered_house()
    page = soup(client.get(f"/?cinema={regent.slug}"))
    assert [h.get_text().strip() for h in page.select("article h3")] == ["Vampyr"]
    assert page.select_one("select[name=cinema] option[selected]")["value"] == regent.slug  # type: ignore[index]


def test_filters_are_a_form_that_works_without_scripts(client: FlaskClient, noon: MovedClock) -> None:
    a_filtered_house()
    form = soup(client.get("/?day=2026-11-21")).select_one("form.filters")
    assert form
    assert form["method"] == "get"
    assert form["action"] == "/"
    assert form.select_one("button")
    assert form.select_one("input[name=day]")["value"] == "2026-11-21"  # type: ignore[index]


def test_htmx_gets_the_films_and_the_day_tabs_only(client: FlaskClient, noon: MovedClock) -> None:
    a_filtered_house()
    answer = client.get("/?genre=Horror", headers={"HX-Request": "true"})
    text_ = answer.get_data(as_text=True)
    assert "<html" not in text_
    assert "Vampyr" in text_
    assert 'id="days" hx-swap-oob="true"' in text_
    assert "genre=Horror&amp;day=2026-11-21" in text_
    assert "HX-Request" in answer.headers["Vary"]


def test_an_empty_list_names_the_filters_and_offers_ways_on(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema(a_city("Bristol"))
    a_show(cinema=cinema, movie=a_movie("Vampyr", genres=["Horror"]))
    film = a_movie("Jaws", genres=["Horror"])
    following = a_show(cinema=cinema, movie=film, starts_in=48 * HOUR, format="IMAX", captions=True)
    page = soup(client.get("/?genre=Horror&format=IMAX&need=captions"))
    empty = page.select_one(".empty")
    assert empty
    assert empty.h2
    assert empty.h2.get_text() == "No Horror film today in IMAX with captions"
    assert empty.select_one("a.time-button")["href"] == f"/shows/{following.id}"  # type: ignore[index]
    assert "Jaws" in empty.get_text()
    ways = {a.get_text(): a["href"] for a in empty.select(".acts a")}
    assert ways["Go to Sunday"].startswith("/?day=2026-11-22&")  # type: ignore[union-attr]
    assert ways["Drop “Captions”"] == "/?genre=Horror&format=IMAX"
    assert ways["Clear all"] == "/"


def test_an_empty_list_with_nothing_to_come_says_so(client: FlaskClient, noon: MovedClock) -> None:
    a_show()
    page = words(client.get("/?format=4DX"))
    assert "Nothing today in 4DX" in page
    assert "Nothing of the kind is on sale yet." in page


def test_what_stands_in_an_address_is_only_text(client: FlaskClient, noon: MovedClock) -> None:
    a_show()
    page = client.get("/?genre=<script>{{7*7}}").get_data(as_text=True)
    assert "<script>{{" not in page
    assert "&lt;script&gt;{{7*7}}" in page


# Search


def test_accents_and_beginnings_find_a_film(client: FlaskClient) -> None:
    from app.domain.text import fold

    a_cinema()
    a_movie("Amélie", folded=fold("Amélie Jean-Pierre Jeunet a shy waitress"))
    a_movie("Alien", folded="alien ridley scott")
    for q in ("amel", "AMÉLIE", "jeun", "shy wait", "jean-pierre"):
        assert "1 film for “" in words(client.get("/search", query_string={"q": q})), q
    assert "Nothing for “amelia”" in words(client.get("/search?q=amelia"))


def test_odd_searches_do_no_harm(client: FlaskClient) -> None:
    a_cinema()
    for q in ("", " ", "'", "a & !b | (", "%_\\", "\x00", "<b>", "ß" * 300, ":*"):
        assert client.get("/search", query_string={"q": q}).status_code == 200, q


def test_search_shows_the_next_times_of_any_day(client: FlaskClient, noon: MovedClock) -> None:
    show = a_show(movie=a_movie("Vertigo"), starts_in=72 * HOUR)
    card = soup(client.get("/search?q=vert")).select_one("article")
    assert card
    assert card.select_one(".stubs a")["href"] == f"/shows/{show.id}"
    assert "Mon 23 Nov" in card.get_text()


def test_words_become_prefixes() -> None:
    assert search_words("Le Jour!") == "le:* & jour:*"
    assert search_words("'); DROP") == "drop:*"
    assert search_words("—") == ""


def test_an_archived_film_is_not_found(client: FlaskClient) -> None:
    a_cinema()
    film = a_movie("Gone", archived_at=clock.now())
    assert client.get(f"/movies/{film.slug}").status_code == 404
    assert "Nothing for" in words(client.get("/search?q=gone"))
