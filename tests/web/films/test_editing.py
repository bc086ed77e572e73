"""The staff's list of films; a film made, changed and archived."""

from __future__ import annotations

import datetime as dt

import pytest

from app.models import Cinema, Movie
from tests.builders import a_movie, a_show
from tests.support.client import PageClient, soup, words
from tests.support.films import count, entries, file_of, page_of, the_film
from tests.support.pictures import a_picture
from tests.support.queries import counted_queries

# The list


def test_an_empty_house_is_told_how_to_begin(ruth: PageClient):
    page = ruth.get("/staff/films")
    assert "No films yet" in words(page)
    links = {link["href"] for link in soup(page).select("main a")}
    assert {"/staff/films/new", "/staff/films/import"} <= links


def test_films_are_listed_with_what_is_to_come_of_them(ruth: PageClient, regent: Cinema):
    running, alone = a_movie("Sunrise"), a_movie("Nosferatu")
    a_show(movie=running, cinema=regent)
    a_show(movie=running, cinema=regent, starts_in=dt.timedelta(days=3))
    page = soup(ruth.get("/staff/films"))
    rows = [" ".join(row.get_text(" ").split()) for row in page.select("tbody tr")]
    assert rows[0].startswith("Sunrise 1927 90")
    assert " 2 " in rows[0]
    assert "none" in rows[1]
    assert len(page.select("tbody img")) == 2
    tabs = " ".join(page.select_one(".tabs-row").get_text(" ").split())  # type: ignore[union-attr]
    assert tabs == "All 2 Now showing 1 Coming 0 Without shows 1 Archived 0"
    assert "Nosferatu" not in words(ruth.get("/staff/films?show=now"))
    assert alone.title in words(ruth.get("/staff/films?show=without&q=nosf"))


@pytest.mark.parametrize(
    "address", ["?q=zzz", "?show=archived", "?show=now", "?show=without&q=zz", "?q=%21%21", "?page=99", "?page=x"]
)
def test_what_finds_nothing_leads_back(ruth: PageClient, address: str):
    page = ruth.get(f"/staff/films{address}")
    assert page.status_code == 200
    assert soup(page).select_one("main a[href='/staff/films'], main a[href='/staff/films/new']")


def test_the_list_asks_the_database_the_same_however_long_it_is(ruth: PageClient, regent: Cinema):
    def asked() -> int:
        with counted_queries() as seen:
            assert ruth.get("/staff/films").status_code == 200
        return len(seen)

    a_show(cinema=regent)
    asked()
    few = asked()
    for number in range(30):
        a_movie(f"Film {number}")
    a_show(cinema=regent)
    assert asked() == few <= 10


def test_a_long_list_has_pages(ruth: PageClient):
    for number in range(51):
        a_movie(f"Film {number:02}")
    assert len(soup(ruth.get("/staff/films")).select("tbody tr")) == 50
    last = ruth.get("/staff/films?page=2")
    assert len(soup(last).select("tbody tr")) == 1
    assert "Film 50" in words(last)


# A new film, and a changed one


def test_a_film_is_written_down_and_can_be_seen(ruth: PageClient):
    sent = {
        "title": "Sunrise",
        "kind": "film",
        "runtime_minutes": "94",
        "directors": "F. W. Murnau",
        "genres": "Drama, Romance",
        "cast": "George O'Brien\r\nJanet Gaynor",
        "trailer_url": "https://video.example/sunrise",
        "synopsis": "{{7*7}} <script>alert(1)</script>",
    }
    done = ruth.post_form("/staff/films/new", sent, page="/staff/films/new")
    assert done.status_code == 303
    public = ruth.get("/movies/sunrise")
    assert public.status_code == 200
    assert "{{7*7}} <script>alert(1)</script>" in words(public)
    kept = entries(ruth, done.location)
    assert (kept["genres"], kept["cast"], kept["runtime_minutes"]) == (
        "Drama\nRomance",
        "George O'Brien\nJanet Gaynor",
        "94",
    )


def test_wrong_entries_are_told_at_their_fields_and_kept(ruth: PageClient):
    sent = {
        "title": "",
        "kind": "film",
        "runtime_minutes": "ninety",
        "trailer_url": "javascript:alert(1)",
        "cast": "Janet Gaynor",
    }
    answer = ruth.post_form("/staff/films/new", sent, page="/staff/films/new")
    assert answer.status_code == 422
    page = soup(answer)
    told = {one.parent.find("label").get_text(): one.get_text() for one in page.select(".field .why")}  # type: ignore[union-attr]
    assert told["Title"] == "Title is empty."
    assert told["Running time in minutes"] == 'Running time in minutes: "ninety" is not a number.'
    assert "http" in told["Trailer"]
    assert page.select_one("#cast").get_text().strip() == "Janet Gaynor"  # type: ignore[union-attr]
    assert page.select_one("#runtime_minutes")["value"] == "ninety"  # type: ignore[index]
    assert len(page.select("#summary li")) == 3
    assert count(Movie) == 0


def test_a_form_can_not_set_what_it_does_not_ask(ruth: PageClient):
    movie = a_movie("Sunrise")
    sent = entries(ruth, page_of(movie)) | {"slug": "x", "archived_at": "2020-01-01", "poster_hash": "x", "id": "9"}
    assert ruth.post_form(page_of(movie), sent | {"certificate": "U"}, page=page_of(movie)).status_code == 303
    kept = the_film(movie.id)
    assert (kept.slug, kept.archived_at, kept.poster_hash, kept.certificate) == (movie.slug, None, None, "U")


def test_a_kind_that_does_not_exist_is_refused(ruth: PageClient):
    answer = ruth.post_form("/staff/films/new", {"title": "X", "kind": "circus"}, page="/staff/films/new")
    assert answer.status_code == 422


def test_the_second_of_two_is_told_keeps_their_entries_and_may_insist(ruth: PageClient, joe: PageClient):
    movie = a_movie("Sunrise", certificate="U", cast=["Janet Gaynor"])
    mine = entries(ruth, page_of(movie))
    joe.post_form(page_of(movie), entries(joe, page_of(movie)) | {"certificate": "PG"}, page=page_of(movie))
    answer = ruth.post_form(page_of(movie), mine | {"certificate": "15", "cast": "George O'Brien"}, page=page_of(movie))
    assert answer.status_code == 409
    assert the_film(movie.id).certificate == "PG"
    page = soup(answer)
    assert page.select_one("#certificate")["value"] == "15"  # type: ignore[index]
    assert "Kept now: PG." in page.select_one("#certificate-hint").get_text()  # type: ignore[union-attr]
    assert "Kept now: Janet Gaynor." in page.select_one("#cast-hint").get_text()  # type: ignore[union-attr]
    assert "Kept now" not in page.select_one("#title").parent.get_text()  # type: ignore[union-attr]
    again = {"seen": page.select_one("#seen")["value"], "certificate": "15"}  # type: ignore[index]
    assert ruth.post_form(page_of(movie), mine | again, page=page_of(movie)).status_code == 303
    assert the_film(movie.id).certificate == "15"


def test_any_manager_edits_and_every_manager_sees_what_was_changed(ruth: PageClient, joe: PageClient):
    movie = a_movie("Sunrise")
    ruth.post_form(page_of(movie), entries(ruth, page_of(movie)) | {"certificate": "PG"}, page=page_of(movie))
    link = soup(joe.get(page_of(movie))).find("a", string="What was changed")["href"]  # type: ignore[index]
    log = words(joe.get(str(link)))
    assert "Ruth" in log
    assert "Certificate: PG" in log


def test_shows_with_an_old_length_are_told_on_the_page(ruth: PageClient, regent: Cinema):
    movie = a_movie("Sunrise", runtime_minutes=90)
    a_show(movie=movie, cinema=regent)
    assert "another length" not in words(ruth.get(page_of(movie)))
    ruth.post_form(page_of(movie), entries(ruth, page_of(movie)) | {"runtime_minutes": "120"}, page=page_of(movie))
    page = words(ruth.get(page_of(movie)))
    assert "The film takes 120 minutes now" in page
    assert "The Regent 1 105 minutes, cleaning included" in page


def test_a_film_is_archived_and_brought_back(ruth: PageClient):
    movie = a_movie("Sunrise")
    ruth.post_form(f"{page_of(movie)}/archive", page=page_of(movie))
    assert ruth.get(f"/movies/{movie.slug}").status_code == 404
    assert "Archived on" in words(ruth.get(page_of(movie)))
    ruth.post_form(f"{page_of(movie)}/restore", page=page_of(movie))
    assert ruth.get(f"/movies/{movie.slug}").status_code == 200


def test_a_film_with_shows_can_not_be_archived_and_the_page_says_why(ruth: PageClient, regent: Cinema):
    movie = a_movie("Sunrise")
    a_show(movie=movie, cinema=regent)
    assert "It can be archived when its 1 show is over" in words(ruth.get(page_of(movie)))
    answer = ruth.post_form(f"{page_of(movie)}/archive", page=page_of(movie), follow_redirects=True)
    assert "1 show of it is still to come" in words(answer)
    assert the_film(movie.id).archived_at is None


def test_a_film_that_is_not_there_is_not_found(ruth: PageClient):
    token = ruth.token("/staff/films/new")
    assert ruth.get("/staff/films/2147483647").status_code == 404
    for way in ("", "/poster", "/poster/remove", "/archive", "/restore"):
        sent = {"csrf_token": token, "title": "X", "kind": "film", "picture": file_of(a_picture())}
        assert ruth.post(f"/staff/films/2147483647{way}", data=sent).status_code == 404, way
