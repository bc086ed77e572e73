"""The films of the day, by city."""

from __future__ import annotations

import datetime as dt

from flask.testing import FlaskClient

from app import clock
from app.queries.browsing.cities import cities
from app.queries.browsing.days import Day, days_to_offer, read_day
from tests.builders import a_cinema, a_city, a_movie, a_paid_booking, a_screen, a_show
from tests.support.browse import HOUR, NOON, fresh
from tests.support.client import soup, words
from tests.support.clock import MovedClock

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


def test_an_address_may_name_the_city(client: FlaskClient, noon: MovedClock) -> None:
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


def test_a_sold_out_time_gives_its_place_to_the_next(client: FlaskClient, noon: MovedClock) -> None:
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
