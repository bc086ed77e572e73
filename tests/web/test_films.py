"""The films' pages: the list, forms that keep what was typed, posters and their addresses, tables looked at and taken in."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.adapters.pictures import make_poster
from app.db import db
from app.domain.poster_sizes import WIDTHS, is_upload
from app.domain.staff import Role
from app.models import AuditEntry, Cinema, FilmFile, Movie, MoviePoster
from app.services.films import archive_film
from app.services.posters import upload_poster
from tests.builders import a_cinema, a_movie, a_person, a_show
from tests.support.client import PageClient, soup, words
from tests.support.pictures import SCRIPT, a_bomb, a_picture
from tests.support.queries import counted_queries
from tests.support.staff import by, signed_in

TABLE = "id,title,runtime_min,genres\nm1,Amélie,122,Comedy;Romance\nm2,Safety Last!,73,Comedy\n"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent, name="Ruth"))


@pytest.fixture
def joe(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, a_cinema(name="The Lantern"), name="Joe"))


def the_film(movie_id: int) -> Movie:
    found = db.session.get_one(Movie, movie_id, populate_existing=True)
    db.session.commit()
    return found


def count(model: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.commit()
    return found


def page_of(movie: Movie) -> str:
    return f"/staff/films/{movie.id}"


def entries(client: PageClient, page: str) -> dict[str, str]:
    """What the form of the facts would send if nobody touched it."""
    form = soup(client.get(page)).select_one("form.film-form")
    assert form is not None
    sent = {one["name"]: one.get("value", "") for one in form.select("input[name]")}
    sent |= {one["name"]: one.get_text().removeprefix("\r\n") for one in form.select("textarea")}
    sent |= {one["name"]: one.select_one("option[selected]")["value"] for one in form.select("select")}
    return {str(name): str(value) for name, value in sent.items() if name != "csrf_token"}


def file_of(data: bytes, name: str = "poster.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(data), name, content_type="image/jpeg")


def send(client: PageClient, address: str, fields: dict[str, Any]) -> Any:
    """Post files as a browser would. Flask's client would leave a large body in a file that nobody closes."""
    boundary, body = encode_multipart(fields)
    return client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def upload(client: PageClient, movie: Movie, data: bytes, name: str = "poster.jpg", seen: str | None = None) -> Any:
    sent = {"picture": file_of(data, name), "seen": movie.poster_hash or "" if seen is None else seen}
    return send(client, f"{page_of(movie)}/poster", {**sent, "csrf_token": client.token(page_of(movie))})


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
    assert "certificate" in log


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
    assert ruth.get("/staff/films/999").status_code == 404
    for way in ("", "/poster", "/poster/remove", "/archive", "/restore"):
        sent = {"csrf_token": token, "title": "X", "kind": "film", "picture": file_of(a_picture())}
        assert ruth.post(f"/staff/films/999{way}", data=sent).status_code == 404, way


# Posters


def test_an_uploaded_poster_is_on_the_public_page_in_three_widths(ruth: PageClient, client: Any):
    movie = a_movie("Sunrise")
    assert upload(ruth, movie, a_picture()).status_code == 303
    name = the_film(movie.id).poster_hash
    picture = soup(client.get(f"/movies/{movie.slug}")).select_one("img.poster")
    assert picture is not None
    assert picture["src"] == f"/posters/{movie.slug}-{name}-320.webp"
    widths = dict(re.findall(r"(/posters/\S+) (\d+)w", str(picture["srcset"])))
    assert sorted(map(int, widths.values())) == sorted(WIDTHS)
    for address, width in widths.items():
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert answer.data == make_poster(a_picture())[int(width)]


def test_an_old_address_leads_to_the_poster_of_today(ruth: PageClient, client: Any):
    movie = a_movie("Sunrise")
    drawn = soup(client.get(f"/movies/{movie.slug}")).select_one("img.poster")["src"]  # type: ignore[index]
    upload(ruth, movie, a_picture())
    first = the_film(movie.id).poster_hash
    old = f"/posters/{movie.slug}-{first}-224.webp"
    assert client.get(str(drawn)).location == f"/posters/{movie.slug}-{first}-320.webp"
    upload(ruth, movie, a_picture("PNG", color=(0, 0, 0)), seen=first)
    second = the_film(movie.id).poster_hash
    assert client.get(old).location == f"/posters/{movie.slug}-{second}-320.webp"
    assert "immutable" not in client.get(old).headers["Cache-Control"]
    removed = ruth.post_form(f"{page_of(movie)}/poster/remove", {"seen": second}, page=page_of(movie))
    assert removed.status_code == 303
    assert client.get(old).location == drawn
    assert client.get(str(drawn)).mimetype == "image/svg+xml"
    assert count(MoviePoster) == 0


@pytest.mark.parametrize("digest", ["x", "u", "u" + "0" * 15, "now", "0" * 16])
def test_other_names_and_widths_show_nothing_that_is_kept_for_ever(client: Any, ruth: PageClient, digest: str):
    movie = a_movie("Sunrise")
    upload(ruth, movie, a_picture())
    name = the_film(movie.id).poster_hash
    assert client.get(f"/posters/{movie.slug}-{digest}-224.webp").status_code == 302
    assert client.get(f"/posters/{movie.slug}-{name}-225.webp").status_code == 302
    assert client.get(f"/posters/no-such-film-{name}-224.webp").status_code == 404
    assert client.get(f"/posters/{movie.slug}-{name}-99999999999999999999.webp").status_code == 302


ATTACKS = {
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "poster.svg"),
    "an SVG with the name of a picture": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "poster.jpg"),
    "HTML with the name of a picture": (b"<html>" + SCRIPT, "poster.jpg"),
    "a GIF that is a script": (b"GIF89a=1;" + SCRIPT, "poster.gif"),
    "a zip": (b"PK\x03\x04" + bytes(100), "poster.jpg"),
    "nothing": (b"", "poster.jpg"),
    "one pixel": (a_picture("PNG", (1, 1)), "poster.png"),
    "a bomb": (a_bomb(), "poster.png"),
    "half a picture": (a_picture(quality=95)[:2000], "poster.jpg"),
    "too many bytes": (a_picture() + bytes(12 * 1024 * 1024), "poster.jpg"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_bad_picture_is_refused_at_its_field(ruth: PageClient, name: str):
    movie = a_movie("Sunrise")
    answer = upload(ruth, movie, *ATTACKS[name])
    assert answer.status_code == 422
    why = soup(answer).select_one("#picture-why")
    assert why is not None
    assert why.get_text().endswith(".")
    assert (the_film(movie.id).poster_hash, count(MoviePoster)) == (None, 0)


def test_a_picture_with_a_wrong_name_and_a_script_behind_it_is_made_harmless(ruth: PageClient, client: Any):
    movie = a_movie("Sunrise")
    assert upload(ruth, movie, a_picture("PNG") + SCRIPT, "../../x.php").status_code == 303
    name = the_film(movie.id).poster_hash
    for width in WIDTHS:
        assert b"script" not in client.get(f"/posters/{movie.slug}-{name}-{width}.webp").data


def test_no_file_at_all_is_told(ruth: PageClient):
    movie = a_movie("Sunrise")
    answer = ruth.post_form(f"{page_of(movie)}/poster", {"seen": ""}, page=page_of(movie))
    assert answer.status_code == 422
    assert "Choose a picture first." in words(answer)


def test_the_second_of_two_who_change_a_poster_is_told_on_the_page(ruth: PageClient, joe: PageClient):
    movie = a_movie("Sunrise")
    upload(joe, movie, a_picture())
    answer = upload(ruth, movie, a_picture("PNG", color=(0, 0, 0)), seen="")
    assert answer.status_code == 409
    assert "Somebody has changed the poster" in words(answer)


def test_more_than_a_view_takes_is_refused_before_it_is_read(ruth: PageClient, client: Any):
    movie = a_movie("Sunrise")
    answer = upload(ruth, movie, bytes(21 * 1024 * 1024))
    assert answer.status_code == 413
    assert "at most 20 are taken here" in words(answer)
    other = send(ruth, page_of(movie), {"picture": file_of(bytes(1_100_000))})
    assert other.status_code == 413, "elsewhere a megabyte stays the limit"
    stranger = send(client, f"{page_of(movie)}/poster", {"picture": file_of(bytes(2 * 1024 * 1024))})
    assert stranger.status_code == 413, "a stranger does not send large files"


def test_a_poster_needs_the_token_of_the_form(ruth: PageClient):
    movie = a_movie("Sunrise")
    assert ruth.post(f"{page_of(movie)}/poster", data={"picture": file_of(a_picture()), "seen": ""}).status_code == 403
    assert the_film(movie.id).poster_hash is None


# Tables


def send_table(client: PageClient, table: str | bytes, name: str = "films.csv") -> Any:
    data = table.encode() if isinstance(table, str) else table
    token = client.token("/staff/films/import")
    return send(client, "/staff/films/import", {"file": file_of(data, name), "csrf_token": token})


def take_in(client: PageClient, plan: str | None = None) -> Any:
    page = soup(client.get("/staff/films/import"))
    shown = page.find("input", attrs={"name": "plan"})
    sent = {"plan": plan if plan is not None else str(shown["value"])}  # type: ignore[index]
    return client.post_form("/staff/films/import/take-in", sent, page="/staff/films/import")


def test_a_table_is_looked_at_and_then_taken_in(ruth: PageClient):
    assert send_table(ruth, TABLE).status_code == 303
    page = words(ruth.get("/staff/films/import"))
    assert "2 new, 0 changed, 0 as they are, 0 left out. Nothing is written yet." in page
    assert count(Movie) == 0
    assert take_in(ruth).status_code == 303
    assert count(Movie) == 2
    assert count(FilmFile) == 0
    assert count(AuditEntry) == 2


def test_changes_are_shown_from_what_to_what(ruth: PageClient):
    send_table(ruth, TABLE)
    take_in(ruth)
    send_table(ruth, TABLE.replace("122", "125").replace("Comedy;Romance", "Comedy"))
    page = words(ruth.get("/staff/films/import"))
    assert "0 new, 1 changed, 1 as they are" in page
    assert "Running time: from 122 → to 125" in page
    assert "Genres: from Comedy; Romance → to Comedy" in page


def test_a_table_is_not_taken_in_as_something_else_than_was_shown(ruth: PageClient, joe: PageClient):
    send_table(ruth, TABLE)
    shown = str(soup(ruth.get("/staff/films/import")).find("input", attrs={"name": "plan"})["value"])  # type: ignore[index]
    send_table(joe, TABLE)
    take_in(joe)
    answer = take_in(ruth, shown)
    assert answer.status_code == 409
    assert "0 new, 0 changed, 2 as they are" in words(answer)
    assert count(Movie) == 2


@pytest.mark.parametrize("plan", ["", "0" * 64, "x"])
def test_a_plan_that_was_never_shown_is_refused(ruth: PageClient, plan: str):
    send_table(ruth, TABLE)
    assert take_in(ruth, plan).status_code == 409
    assert count(Movie) == 0


def test_a_bad_row_is_told_by_line_column_and_reason(ruth: PageClient):
    send_table(ruth, TABLE + "m3,,90,\n")
    page = soup(ruth.get("/staff/films/import"))
    rows = [[cell.get_text() for cell in row.select("td")] for row in page.select("table")[0].select("tbody tr")]
    assert rows == [["4", "title", "is empty", "left out"]]
    take_in(ruth)
    assert count(Movie) == 2


def test_the_errors_come_as_a_file_whose_cells_run_nothing(ruth: PageClient):
    rows = '=cmd|"/C calc"!A0,X,90\n+1+1,Y,90\nm1,Z,=1+1\n@SUM(A1),Q,90\n'.replace('"', "'")
    send_table(ruth, f"id,title,runtime_min\n{rows}m9,Good,90\n")
    answer = ruth.get("/staff/films/import/errors.csv")
    assert answer.mimetype == "text/csv"
    table = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert table[0] == ["line", "column", "reason"]
    assert [row[:2] for row in table[1:]] == [["2", "id"], ["3", "id"], ["4", "runtime_min"], ["5", "id"]]
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_a_formula_in_a_column_s_name_is_defused(ruth: PageClient):
    send_table(ruth, "id,title,id\nx,y,z\n=1,Film,\n")
    send_table(ruth, "id,title,=HYPERLINK(1)\nm1,Good,x\n")
    page = words(ruth.get("/staff/films/import"))
    assert "Columns that mean nothing here: =HYPERLINK(1)." in page


def test_formulas_in_cells_are_kept_as_words_and_shown_as_words(ruth: PageClient):
    send_table(ruth, "id,title,synopsis\nm1,=1+1,<script>alert(1)</script>\n")
    assert "Synopsis: <script>alert(1)</script>" in words(ruth.get("/staff/films/import"))
    take_in(ruth)
    assert "=1+1" in words(ruth.get("/staff/films"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"name,year\nx,1\n", 'lacks the column "id"'),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "lacks the column"),
        (b"id,title\n" + b"x" * 2_000_001, "at most 2 MB"),
    ],
)
def test_what_is_no_table_is_refused_at_its_field(ruth: PageClient, data: bytes, said: str):
    answer = send_table(ruth, data)
    assert answer.status_code == 422
    assert said in soup(answer).select_one("#file-why").get_text()  # type: ignore[union-attr]
    assert count(FilmFile) == 0


def test_no_table_at_all_is_told_and_one_too_many_bytes_too(ruth: PageClient):
    nothing = ruth.post_form("/staff/films/import", {}, page="/staff/films/import")
    assert nothing.status_code == 422
    assert "Choose a file first." in words(nothing)
    assert send_table(ruth, b"x" * (5 * 1024 * 1024)).status_code == 413
    gone = ruth.get("/staff/films/import/errors.csv", follow_redirects=True)
    assert "There is no table any more." in words(gone)


def test_a_table_is_put_away(ruth: PageClient):
    send_table(ruth, TABLE)
    ruth.post_form("/staff/films/import/discard", page="/staff/films/import")
    assert count(FilmFile) == count(Movie) == 0
    assert "Nothing is written yet" not in words(ruth.get("/staff/films/import"))


def test_a_table_that_was_taken_in_is_not_taken_in_again(ruth: PageClient):
    send_table(ruth, TABLE)
    plan = str(soup(ruth.get("/staff/films/import")).find("input", attrs={"name": "plan"})["value"])  # type: ignore[index]
    take_in(ruth)
    again = ruth.post_form("/staff/films/import/take-in", {"plan": plan}, page="/staff/films/import")
    assert again.status_code == 404
    assert "Upload it again" in words(again)
    assert count(Movie) == 2


def test_nobody_sees_the_table_of_another(ruth: PageClient, joe: PageClient):
    send_table(ruth, TABLE)
    assert "Amélie" not in words(joe.get("/staff/films/import"))


def test_the_empty_table_can_be_filled_and_taken_in(ruth: PageClient):
    header = ruth.get("/staff/films/import/empty.csv").get_data(as_text=True).strip()
    columns = header.removeprefix("\ufeff").split(",")
    assert columns[:2] == ["id", "title"]
    row = ["m1", "Sunrise", *("" for _ in columns[2:])]
    send_table(ruth, f"{header}\n{','.join(row)}\n")
    page = words(ruth.get("/staff/films/import"))
    assert "1 new" in page
    assert "Columns that mean nothing" not in page


def test_a_film_that_left_the_house_shows_its_poster_still(app: Flask, ruth: PageClient, regent: Cinema, client: Any):
    movie, person = a_movie("Sunrise"), by(a_person(Role.MANAGER, regent))
    upload_poster(person, movie.id, "", a_picture())
    archive_film(person, movie.id)
    name = the_film(movie.id).poster_hash
    assert is_upload(name)
    assert client.get(f"/posters/{movie.slug}-{name}-224.webp").status_code == 200
