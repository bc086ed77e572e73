"""Browsing in a real browser: filters that swap and come back, a booking's way without scripts, phones, themes."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import Page, expect

from app.queries.browse_cache import browse_changed
from tests.builders import a_cinema, a_city, a_movie, a_show


def a_programme() -> tuple[int, int]:
    """Two films in one city, an hour from now: a horror film, and a comedy with captions."""
    cinema = a_cinema(a_city("Bristol"), name="Regent")
    soon = dt.timedelta(minutes=50)
    horror = a_show(cinema=cinema, movie=a_movie("Vampyr", genres=["Horror"]), starts_in=soon)
    comedy = a_show(cinema=cinema, movie=a_movie("Top Hat", genres=["Comedy"]), captions=True, starts_in=soon)
    browse_changed()
    return horror.id, comedy.id


def first_day(page: Page) -> None:
    """Go where the programme is: close to midnight it is tomorrow's."""
    page.goto("/")
    if page.locator("article").count() == 0:
        page.get_by_role("link", name=re.compile("^Tomorrow")).click()


def test_a_filter_swaps_the_films_and_back_brings_them_again(page: Page) -> None:
    a_programme()
    first_day(page)
    expect(page.locator("article")).to_have_count(2)
    page.get_by_label("Genre").focus()
    page.get_by_label("Genre").select_option("Horror")
    expect(page.locator("article")).to_have_count(1)
    expect(page).to_have_url(re.compile("genre=Horror"))
    expect(page.locator("#announce")).to_have_text(re.compile("1 film, 1 show"))
    expect(page.get_by_label("Genre")).to_be_focused()
    assert "genre=Horror" in str(page.get_by_role("link", name=re.compile("^Tomorrow")).get_attribute("href"))
    page.go_back()
    expect(page.locator("article")).to_have_count(2)
    expect(page.get_by_label("Genre")).to_have_value("")
    page.go_forward()
    expect(page.locator("article")).to_have_count(1)
    expect(page.get_by_label("Genre")).to_have_value("Horror")


def test_filters_work_without_scripts(plain_page: Page) -> None:
    a_programme()
    first_day(plain_page)
    plain_page.get_by_label("Captions").check()
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page.locator("article h3")).to_have_text(["Top Hat"])
    expect(plain_page.get_by_label("Captions")).to_be_checked()


def test_from_the_list_to_the_seats_in_two_pages(plain_page: Page) -> None:
    horror, _ = a_programme()
    first_day(plain_page)
    plain_page.locator("article").filter(has_text="Vampyr").locator(".stub").first.click()
    expect(plain_page).to_have_url(re.compile(f"/shows/{horror}$"))


def test_a_film_is_found_and_shows_its_times(page: Page) -> None:
    a_programme()
    page.goto("/search")
    page.get_by_role("searchbox").fill("vamp")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Vampyr", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vampyr")
    expect(page.locator("a.time-button")).to_have_count(1)


def test_the_city_is_chosen_once(page: Page) -> None:
    a_programme()
    a_show(cinema=a_cinema(a_city("Leeds")))
    page.goto("/cinemas")
    page.get_by_role("link", name="Bristol · change").click()
    page.get_by_role("button", name=re.compile("Leeds")).click()
    expect(page).to_have_url(re.compile("/cinemas$"))
    page.goto("/")
    expect(page.get_by_role("link", name="Leeds · change")).to_be_visible()


def test_no_page_scrolls_sideways_on_a_small_phone(phone_page: Page) -> None:
    a_programme()
    for address in ("/", "/cinemas", "/cities", "/search?q=vampyr", "/?format=4DX", "/login", "/register", "/nowhere"):
        phone_page.goto(address)
        over = phone_page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over == 0, address


def test_a_refused_form_gives_its_summary_the_focus(page: Page) -> None:
    page.goto("/register")
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("Ada")
    page.get_by_role("link", name="Write your e-mail address.").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
