"""Posters that are uploaded, the hostile ones among them, and their public addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from app.adapters.pictures import make_poster
from app.domain.poster_sizes import WIDTHS, is_upload
from app.domain.staff import Role
from app.models import Cinema, MoviePoster
from app.services.films import archive_film
from app.services.posters import upload_poster
from tests.builders import a_movie, a_person
from tests.support.client import PageClient, soup, words
from tests.support.films import count, file_of, page_of, send, the_film, upload
from tests.support.pictures import SCRIPT, a_bomb, a_picture
from tests.support.staff import by

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


def test_a_film_that_left_the_house_shows_its_poster_still(app: Flask, ruth: PageClient, regent: Cinema, client: Any):
    movie, person = a_movie("Sunrise"), by(a_person(Role.MANAGER, regent))
    upload_poster(person, movie.id, "", a_picture())
    archive_film(person, movie.id)
    name = the_film(movie.id).poster_hash
    assert is_upload(name)
    assert client.get(f"/posters/{movie.slug}-{name}-224.webp").status_code == 200
