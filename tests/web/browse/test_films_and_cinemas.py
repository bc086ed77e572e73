"""The pages of a film and of a cinema, and posters."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.db import transaction
from app.models import Movie
from app.queries.browsing.showings import SeatsLeft, seats_left
from app.queries.browsing.venues import distance_km
from tests.builders import a_cinema, a_city, a_hold, a_movie, a_paid_booking, a_show
from tests.support.browse import HOUR
from tests.support.client import soup, words
from tests.support.clock import MovedClock

# A film


def test_a_film_page_tells_everything_and_shows_times_at_once(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema(a_city("Bristol"), name="Regent")
    film = a_movie(
        "Metropolis",
        synopsis="A city split in two.",
        cast=["Brigitte Helm"],
        directors=["Fritz Lang"],
        certificate="PG",
        advice="mild threat",
        sound="silent",
        languages=["German (intertitles)"],
        trailer_url="https://example.org/t",
    )
    show = a_show(
        cinema=cinema,
        movie=film,
        captions=True,
        language="Silent",
        subtitles="German titles",
        layout={"kinds": {"A1": "wheelchair", "A2": "wheelchair"}},
    )
    answer = client.get(f"/movies/{film.slug}")
    page = words(answer)
    for part in ("A city split in two.", "Brigitte Helm", "Fritz Lang", "mild threat", "1927", "90 min"):
        assert part in page
    assert "2D, silent, German titles" in page
    assert "shows marked CC" in page
    assert "2 spaces in Screen" in page
    assert "Bristol time" in page
    button = soup(answer).select_one("a.time-button")
    assert button
    assert button["href"] == f"/shows/{show.id}"
    assert "from £10.75" in button.get_text()
    assert "captions" in button.get_text()


def test_the_trailer_is_a_link_and_nothing_more(client: FlaskClient) -> None:
    a_cinema()
    film = a_movie(trailer_url="https://video.example/watch")
    answer = client.get(f"/movies/{film.slug}")
    link = soup(answer).find("a", string="Watch the trailer")
    assert link
    assert "noreferrer" in link["rel"]
    assert not soup(answer).find_all("iframe")
    script = a_movie(trailer_url="javascript:alert(1)")
    assert "javascript:" not in client.get(f"/movies/{script.slug}").get_data(as_text=True)


def test_few_and_no_seats_are_told_in_words(client: FlaskClient, noon: MovedClock) -> None:
    cinema, film = a_cinema(), a_movie()
    few = a_show(12, cinema=cinema, movie=film, starts_in=HOUR, layout={"per_row": 12})
    a_paid_booking(few, 3)
    gone = a_show(2, cinema=cinema, movie=film, starts_in=2 * HOUR)
    a_paid_booking(gone, 2)
    buttons = soup(client.get(f"/movies/{film.slug}")).select(".time-button")
    assert "Only 9 left" in buttons[0].get_text()
    assert "Sold out" in buttons[1].get_text()
    assert buttons[1].name == "span"


def test_a_run_out_hold_counts_as_free(app: Flask, noon: MovedClock) -> None:
    show = a_show(10)
    a_hold(show, 4)
    assert seats_left([show.id])[show.id] == SeatsLeft(6, 10)
    noon.forward(minutes=11)
    assert seats_left([show.id])[show.id] == SeatsLeft(10, 10)


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [(0, 300, "sold_out"), (9, 20, "few"), (10, 20, "free"), (29, 300, "few"), (30, 300, "free"), (0, 0, "sold_out")],
)
def test_few_is_under_ten_seats_or_a_tenth(free: int, total: int, state: str) -> None:
    assert SeatsLeft(free, total).state == state


def test_a_film_opens_on_its_first_day(client: FlaskClient, noon: MovedClock) -> None:
    film = a_movie()
    show = a_show(movie=film, starts_in=50 * HOUR)
    page = soup(client.get(f"/movies/{film.slug}"))
    assert "Sun 22" in page.select_one(".days [aria-current]").get_text()  # type: ignore[union-attr]
    assert page.select_one("a.time-button")["href"] == f"/shows/{show.id}"  # type: ignore[index]


def test_an_empty_day_of_a_film_offers_the_next(client: FlaskClient, noon: MovedClock) -> None:
    film = a_movie()
    a_show(movie=film, starts_in=50 * HOUR)
    page = words(client.get(f"/movies/{film.slug}?day=2026-11-21"))
    assert "Not on this day" in page
    assert "Go to Sunday" in page


def test_a_film_that_runs_elsewhere_names_the_cities(client: FlaskClient) -> None:
    film = a_movie()
    york, leeds = a_cinema(a_city("York")), a_city("Leeds")
    a_show(cinema=york)
    a_show(cinema=york)
    a_show(cinema=a_cinema(leeds), movie=film)
    page = soup(client.get(f"/movies/{film.slug}"))
    assert page.find("a", string="Leeds")["href"] == f"/movies/{film.slug}?city={leeds.slug}"  # type: ignore[index]


def test_what_comes_later_is_coming_soon(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema()
    a_show(cinema=cinema, movie=a_movie("Now"))
    a_show(cinema=cinema, movie=a_movie("Next month"), starts_in=dt.timedelta(days=30))
    a_movie("In spring", release_date=dt.date(2027, 4, 1))
    a_movie("Long ago", release_date=dt.date(1927, 4, 1))
    page = soup(client.get("/coming-soon"))
    assert [h.get_text().strip() for h in page.select("article h2")] == ["Next month", "In spring"]
    assert "from Sun 20 Dec" in page.get_text()
    assert "released 1 April 2027" in page.get_text()


# Cinemas


def test_a_cinema_page_has_address_map_facilities_and_programme(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema(
        a_city("Bristol"), "Regent", latitude=51.4, longitude=-2.6, facilities=["step-free", "hearing loop"]
    )
    show = a_show(cinema=cinema, movie=a_movie("Vertigo"), note="70 mm print")
    answer = client.get(f"/cinemas/{cinema.slug}")
    page = words(answer)
    assert "1 High Street, Bristol" in page
    assert "Step-free, hearing loop" in page
    assert "70 mm print" in page
    assert "Vertigo" in page
    links = [a["href"] for a in soup(answer).find_all("a")]
    assert f"/shows/{show.id}" in links
    assert any(str(href).startswith("https://www.openstreetmap.org/?mlat=51.4") for href in links)


def test_cinemas_come_nearest_first_where_the_visitor_is_known(client: FlaskClient) -> None:
    city = a_city()
    a_cinema(city, "Nowhere")
    a_cinema(city, "Far", latitude=48.85, longitude=2.35)
    a_cinema(city, "Near", latitude=51.46, longitude=-2.6)
    page = soup(client.get("/cinemas?lat=51.45&lon=-2.58"))
    assert [h.get_text().strip() for h in page.select(".venue h3")] == ["Near", "Far", "Nowhere"]
    assert "1.8 km" in page.get_text()
    assert "455 km" in page.get_text()


def test_a_place_that_is_none_is_passed_over(client: FlaskClient) -> None:
    a_cinema(name="Regent")
    for place in ("lat=x&lon=1", "lat=nan&lon=1", "lat=91&lon=1", "lat=1", "lat=inf&lon=2"):
        answer = client.get(f"/cinemas?{place}")
        assert answer.status_code == 200
        assert "Nearest first" not in words(answer)


def test_a_distance_is_measured_over_the_globe() -> None:
    assert distance_km((51.5, -0.1), (48.85, 2.35)) == pytest.approx(342, abs=3)
    assert distance_km((0, 179.5), (0, -179.5)) == pytest.approx(111, abs=1)


@pytest.mark.parametrize(
    "address", ["/movies/nothing", "/cinemas/nothing", "/posters/nothing-0.svg", "/cinemas?page=9"]
)
def test_what_is_unknown_is_a_404_with_a_way_on(client: FlaskClient, address: str) -> None:
    a_cinema()
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Tonight’s films" in words(answer)


# Posters


def test_a_poster_is_kept_for_ever_under_its_hash(client: FlaskClient) -> None:
    a_cinema()
    film = a_movie("Vertigo", poster_svg="<svg xmlns='http://www.w3.org/2000/svg'/>", poster_hash="0123456789abcdef")
    answer = client.get(f"/posters/{film.slug}-0123456789abcdef.svg")
    assert answer.data.startswith(b"<svg")
    assert answer.mimetype == "image/svg+xml"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers


def test_another_hash_leads_to_the_present_poster(client: FlaskClient) -> None:
    film = a_movie("Vertigo", poster_svg="<svg/>", poster_hash="0123456789abcdef")
    answer = client.get(f"/posters/{film.slug}-now.svg")
    assert (answer.status_code, answer.location) == (302, f"/posters/{film.slug}-0123456789abcdef.svg")
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_film_without_a_poster_gets_a_drawn_one(client: FlaskClient) -> None:
    a_cinema()
    film = a_movie("Some <Film>")
    source = soup(client.get(f"/movies/{film.slug}")).select_one("img.poster")["src"]  # type: ignore[index]
    answer = client.get(str(source))
    assert answer.status_code == 200
    assert b"Some &lt;Film&gt;" in answer.data
    with transaction() as session:
        session.get_one(Movie, film.id).title = "Other"
    assert client.get(str(source)).status_code == 302
