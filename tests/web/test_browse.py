"""Browsing: what is offered where and when, in the city's own time, by few queries, without JavaScript."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import clock
from app.db import transaction
from app.models import Cinema, Movie
from app.queries.browse_cache import browse_changed, kept_listing
from app.queries.browsing.cities import cities, forget_cities
from app.queries.browsing.days import Day, days_to_offer, read_day
from app.queries.browsing.showings import SeatsLeft, forget_prices, seats_left
from app.queries.browsing.venues import distance_km
from app.queries.browsing.wanted import read_wanted, search_words
from tests.builders import a_cinema, a_city, a_hold, a_movie, a_paid_booking, a_screen, a_show
from tests.support.client import soup, words
from tests.support.clock import MovedClock
from tests.support.queries import counted_queries

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def noon(moved_clock: MovedClock) -> MovedClock:
    """It is Friday 20 November, twelve o'clock in London."""
    moved_clock.stop_at(NOON)
    return moved_clock


def fresh() -> None:
    browse_changed()
    forget_cities()


# Cities


def test_the_city_with_most_coming_shows_is_the_first(client: FlaskClient) -> None:
    a_show(cinema=a_cinema(a_city("Leeds")))
    busy = a_cinema(a_city("York"))
    a_show(cinema=busy)
    a_show(cinema=busy)
    assert [city.name for city in cities()] == ["York", "Leeds"]
    assert "York · change" in words(client.get("/"))


def test_a_chosen_city_is_remembered(client: FlaskClient) -> None:
    a_show(cinema=a_cinema(a_city("York")))
    leeds = a_city("Leeds")
    a_cinema(leeds)
    answer = client.post_form("/cities", {"city": leeds.slug, "next": "/cinemas"}, page="/cities")
    assert (answer.status_code, answer.location) == (303, "/cinemas")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Leeds · change" in words(client.get("/"))


def test_a_city_without_a_cinema_is_refused(client: FlaskClient) -> None:
    a_cinema(a_city("York"))
    assert client.post_form("/cities", {"city": "atlantis"}, page="/cities").status_code == 422


def test_choosing_a_city_leads_nowhere_else(client: FlaskClient) -> None:
    city = a_city("York")
    a_cinema(city)
    answer = client.post_form("/cities", {"city": city.slug, "next": "//evil.example"}, page="/cities")
    assert answer.location == "/"


def test_an_address_may_name_the_city(client: FlaskClient) -> None:
    a_show(cinema=a_cinema(a_city("York")))
    leeds = a_city("Leeds")
    film = a_movie("Night Mail")
    a_show(cinema=a_cinema(leeds), movie=film)
    page = soup(client.get(f"/?city={leeds.slug}"))
    link = page.find("a", string="Night Mail")
    assert link
    assert link["href"] == f"/movies/{film.slug}?city={leeds.slug}"


def test_a_house_without_cinemas_says_so(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "No cinema yet" in words(answer)


# The day's films


def test_a_card_has_the_next_three_times_straight_to_the_seats(client: FlaskClient, noon: MovedClock) -> None:
    cinema, film = a_cinema(), a_movie("Nosferatu", certificate="PG")
    shows = [a_show(cinema=cinema, movie=film, starts_in=n * HOUR) for n in (2, 4, 6, 8)]
    card = soup(client.get("/")).find("article")
    assert card is not None
    assert [link["href"] for link in card.select(".stubs a")] == [f"/shows/{show.id}" for show in shows[:3]]
    assert [b.get_text() for b in card.select(".stubs b")] == ["14:00", "16:00", "18:00"]
    assert "Certificate PG 90 min" in " ".join(card.get_text(" ").split())
    picture = card.find("img")
    assert picture
    assert picture["width"]
    assert picture["height"]


def test_a_sold_out_time_gives_its_place_to_the_next(client: FlaskClient) -> None:
    cinema, film = a_cinema(), a_movie()
    gone = a_show(2, cinema=cinema, movie=film, starts_in=HOUR)
    a_paid_booking(gone, 2)
    later = a_show(cinema=cinema, movie=film, starts_in=2 * HOUR)
    fresh()
    assert [a["href"] for a in soup(client.get("/")).select("article .stubs a")] == [f"/shows/{later.id}"]


def test_past_unpublished_and_not_yet_sold_shows_are_not_offered(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema()
    begun = a_show(cinema=cinema, starts_in=HOUR)
    a_show(cinema=cinema, starts_in=3 * HOUR, published=False)
    a_show(cinema=cinema, starts_in=3 * HOUR, sales_open_at=NOON + 2 * HOUR)
    there = a_show(cinema=cinema, starts_in=4 * HOUR)
    noon.forward(minutes=60)
    page = client.get("/").get_data(as_text=True)
    assert f"/shows/{there.id}" in page
    assert page.count('class="film"') == 1
    assert f"/shows/{begun.id}" not in page


def test_a_time_leaves_the_kept_page_with_the_minute_it_begins_in(client: FlaskClient, noon: MovedClock) -> None:
    show = a_show(starts_in=HOUR)
    assert f"/shows/{show.id}" in client.get("/").get_data(as_text=True)
    noon.forward(minutes=60)
    assert f"/shows/{show.id}" not in client.get("/").get_data(as_text=True)


def test_a_day_is_the_citys_own(client: FlaskClient, moved_clock: MovedClock) -> None:
    moved_clock.stop_at(dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC))
    kolkata = a_cinema(a_city("Kolkata", timezone="Asia/Kolkata", currency="INR", country="IN"))
    a_show(cinema=kolkata, starts_in=2 * HOUR)
    page = soup(client.get("/"))
    current = page.select_one(".days [aria-current]")
    assert current
    assert "Sat 21" in current.get_text()
    assert page.select_one("article .stubs b").get_text() == "07:00"  # type: ignore[union-attr]


def test_day_tabs_are_links_for_today_and_six_days(client: FlaskClient, noon: MovedClock) -> None:
    show = a_show(starts_in=24 * HOUR)
    tabs = soup(client.get("/?need=captions")).select(".days a")
    assert len(tabs) == 7
    assert [tab.get("aria-current") for tab in tabs] == ["date", *[None] * 6]
    assert tabs[1]["href"] == "/?need=captions&day=2026-11-21"
    assert f"/shows/{show.id}" in client.get("/?day=2026-11-21").get_data(as_text=True)


def test_a_day_that_is_none_or_past_means_today(noon: MovedClock) -> None:
    for text_ in ("", "yesterday", "2026-11-19", "2026-02-30", "2031-01-01"):
        assert read_day(text_, "Europe/London", clock.now()) is None


def test_a_day_far_away_brings_its_own_week(noon: MovedClock) -> None:
    days = days_to_offer(Day(dt.date(2026, 12, 24), "Europe/London"), clock.now())
    assert [day.date.isoformat() for day in days[:3]] == ["2026-11-20", "2026-12-24", "2026-12-25"]


def test_a_day_of_the_clock_change_has_its_own_length() -> None:
    day = Day(dt.date(2026, 10, 25), "Europe/London")
    assert day.end - day.start == dt.timedelta(hours=25)


def test_the_board_shows_the_evenings_busiest_films(client: FlaskClient, noon: MovedClock) -> None:
    cinema = a_cinema(a_city("Bristol"), name="Regent")
    afternoon, busy = a_movie("Matinee"), a_movie("Sunrise: A Song of Two Humans")
    for n in (1, 2, 3):
        a_show(cinema=cinema, movie=afternoon, starts_in=n * HOUR)
    evening = [a_show(cinema=cinema, movie=busy, starts_in=n * HOUR, note="live organ") for n in (7, 9)]
    page = soup(client.get("/"))
    assert page.h1
    assert page.h1.get_text(" ").strip().startswith("Tonight in Bristol")
    lines = page.select(".board .line")
    assert len(lines) == 1
    assert "Sunrise" in lines[0].get_text()
    assert "Humans" not in lines[0].get_text()
    assert "live organ · Regent" in lines[0].get_text()
    assert [a["href"] for a in lines[0].select(".times a")] == [f"/shows/{show.id}" for show in evening]


def test_twenty_films_stand_on_a_page(client: FlaskClient) -> None:
    cinema = a_cinema()
    screens = [a_screen(cinema, 2, 2) for _ in range(21)]
    for screen in screens:
        a_show(screen=screen, starts_in=HOUR)
    fresh()
    first, second = soup(client.get("/")), soup(client.get("/?page=2"))
    assert (len(first.select("article")), len(second.select("article"))) == (20, 1)
    assert "21 films" in words(client.get("/"))
    assert first.select_one(".pages a[rel=next]")["href"] == "/?page=2"  # type: ignore[index]
    assert client.get("/?page=3").status_code == 404


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


# Cost


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
