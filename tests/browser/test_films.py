"""Films in Chromium: a manager makes one with a poster and sees it in public, takes in a table; axe; what a home page weighs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.domain.staff import Role
from app.models import Cinema
from app.queries.films import staff_film
from app.services.films import change_film
from app.services.posters import upload_poster
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_city, a_movie, a_person, a_show
from tests.services.test_films import a_row
from tests.support.pictures import a_picture, saved
from tests.support.staff import by

TABLE = (
    "id,title,runtime_min,genres\nm1,Amélie,122,Comedy;Romance\nm2,Safety Last!,ninety,Comedy\nm3,The Kid,68,Drama\n"
)
HOME = 250_000
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of the pages, for who looks at them."""


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(a_city("Bristol"), name="The Regent")


def shoot(visitor: Visitor, name: str) -> None:
    for width, theme in ((WIDE, "light"), (WIDE, "dark"), (PHONE, "light")) if SHOTS else ():
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        visitor.page.screenshot(path=f"{SHOTS}/{name}-{width}-{theme}.png", full_page=True)


def a_busy_picture(number: int) -> bytes:
    """As hard to squeeze as a photograph: shapes, shades and grain."""
    grain = Image.effect_noise((300, 450), 60 + number).resize((1000, 1500)).convert("RGB")
    shades = Image.radial_gradient("L").resize((1000, 1500)).rotate(number * 10).convert("RGB")
    return saved(Image.blend(grain, shades, 0.5), "JPEG", quality=92)


def test_a_manager_makes_a_film_with_a_poster_and_sees_it_in_public(
    app: Flask, page: Page, browser: Browser, base_url: str, regent: Cinema, tmp_path: Path
):
    come_in(app, page.context, base_url, a_person(Role.MANAGER, regent))
    picture = tmp_path / "poster.png"
    picture.write_bytes(a_picture("PNG"))
    page.goto("/staff")
    page.get_by_role("navigation", name="Staff").get_by_role("link", name="Films").click()
    page.get_by_role("link", name="New film").first.click()
    page.get_by_role("button", name="Keep the film").click()
    expect(page.locator("#summary")).to_be_focused()
    page.get_by_label("Title", exact=True).fill("Sunrise")
    page.get_by_label("Running time in minutes").fill("94")
    page.get_by_label("Directors").fill("F. W. Murnau")
    page.get_by_label("Synopsis").fill("A man, a wife and a woman from the city.")
    page.get_by_role("button", name="Keep the film").click()
    expect(page.locator("h1")).to_have_text("Sunrise")
    page.get_by_label("A picture in its place").set_input_files(picture)
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("#flashes")).to_contain_text("The poster is there")
    page.get_by_role("link", name="Public page", exact=True).click()
    expect(page.locator("h1")).to_have_text("Sunrise")
    poster = page.locator("img.poster")
    expect(poster).to_have_js_property("complete", True)
    assert poster.evaluate("img => img.naturalWidth > 0")
    assert poster.evaluate("img => img.currentSrc").endswith("-320.webp")
    phone = browser.new_context(base_url=base_url, viewport={"width": PHONE, "height": 800})
    there = phone.new_page()
    there.goto("/movies/sunrise")
    poster = there.locator("img.poster")
    expect(poster).to_have_js_property("complete", True)
    assert poster.evaluate("img => img.currentSrc").endswith("-224.webp")
    assert poster.evaluate("img => img.getBoundingClientRect().width") == 120
    phone.close()


def test_a_file_that_is_too_large_is_told_before_it_is_sent(
    app: Flask, page: Page, base_url: str, regent: Cinema, tmp_path: Path
):
    come_in(app, page.context, base_url, a_person(Role.MANAGER, regent))
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(13 * 1024 * 1024))
    page.goto(f"/staff/films/{a_movie('Sunrise').id}")
    page.get_by_label("A picture in its place").set_input_files(large)
    expect(page.locator("#picture-why")).to_have_text("This file has 13.0 MB. A poster may have at most 12 MB.")
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("#flashes")).to_be_empty()


def test_a_table_is_looked_at_and_taken_in_without_javascript(
    app: Flask, plain_page: Page, base_url: str, regent: Cinema, tmp_path: Path
):
    come_in(app, plain_page.context, base_url, a_person(Role.MANAGER, regent))
    table = tmp_path / "films.csv"
    table.write_text(TABLE)
    plain_page.goto("/staff/films/import")
    plain_page.get_by_label("A CSV file").set_input_files(table)
    plain_page.get_by_role("button", name="Look at it").click()
    expect(plain_page.locator("main")).to_contain_text("2 new, 0 changed, 0 as they are, 1 left out")
    plain_page.get_by_role("button", name="Take in 2 films").click()
    expect(plain_page.locator("h1")).to_have_text("Films")
    expect(plain_page.locator("tbody tr")).to_have_count(2)


def test_every_page_for_every_eye(
    app: Flask,
    visitor: Visitor,
    base_url: str,
    regent: Cinema,
    tmp_path: Path,
) -> None:
    ruth = a_person(Role.MANAGER, regent, name="Ruth")
    come_in(app, visitor.page.context, base_url, ruth)
    visitor.go("/staff/films")
    movie = a_movie("Sunrise", runtime_minutes=90, certificate="U", synopsis="A man, a wife and a woman from the city.")
    long = a_movie("The Life and Death of Colonel Blimp, or How I Learned to Stop Worrying and Love Very Long Titles")
    a_show(cinema=regent, movie=movie)
    upload_poster(by(ruth), movie.id, "", a_busy_picture(1))
    change_film(by(ruth), movie.id, staff_film(movie.id).seen, a_row(runtime_min="94", certificate="U"))
    a_movie("Nosferatu", archived_at=movie.updated_at)
    for path in ("", "?show=archived", "?q=zzz", "/new", f"/{movie.id}", f"/{long.id}", "/import"):
        visitor.go(f"/staff/films{path}")
        visitor.look(path, PHONE, SMALL)
        shoot(visitor, f"films{path.replace('/', '-').replace('?', '-')}")
    page = visitor.page
    page.goto("/staff/films/new")
    page.get_by_label("Running time in minutes").fill("ninety")
    page.get_by_role("button", name="Keep the film").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("errors", WIDE, SMALL)
    shoot(visitor, "errors")
    table = tmp_path / "films.csv"
    table.write_text(TABLE)
    page.goto("/staff/films/import")
    page.get_by_label("A CSV file").set_input_files(table)
    page.get_by_role("button", name="Look at it").click()
    visitor.look("looked at", WIDE, SMALL)
    shoot(visitor, "looked-at")
    page.get_by_role("button", name="Take in 2 films").click()
    table.write_text(TABLE.replace("122", "125").replace("Drama", "Comedy"))
    page.goto("/staff/films/import")
    page.get_by_label("A CSV file").set_input_files(table)
    page.get_by_role("button", name="Look at it").click()
    visitor.look("changes", WIDE, PHONE)
    shoot(visitor, "changes")
    visitor.go(f"/movies/{movie.slug}")
    visitor.look("in public", PHONE)
    shoot(visitor, "public")


def test_a_home_page_full_of_uploaded_posters_stays_light(app: Flask, browser: Browser, base_url: str, regent: Cinema):
    """Fifteen films as hard to squeeze as photographs, on a wide screen and on a phone of three pixels a point."""
    ruth = by(a_person(Role.MANAGER, regent))
    for number in range(15):
        show = a_show(cinema=regent, movie=a_movie(f"Film {number:02}"))
        upload_poster(ruth, show.movie_id, "", a_busy_picture(number))
    day = show.starts_at.astimezone(ZoneInfo(regent.timezone)).date()
    wide: dict[str, Any] = {"viewport": {"width": WIDE, "height": 900}}
    phone: dict[str, Any] = {"viewport": {"width": PHONE, "height": 844}, "device_scale_factor": 3}
    for look in (wide, phone):
        context = browser.new_context(base_url=base_url, **look)
        page = context.new_page()
        weights: list[int] = []
        page.on("requestfinished", lambda request, into=weights: into.append(request.sizes()["responseBodySize"]))
        page.goto(f"/?day={day}", wait_until="networkidle")
        assert page.locator("img.poster[srcset]").count() == 15
        assert sum(weights) <= HOME, f"{look}: {sum(weights)} bytes"
        context.close()
