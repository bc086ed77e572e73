"""A house with nothing in it: its manager opens a cinema with the pages alone, and a visitor finds a seat."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, expect

from app.domain.staff import Role
from tests.browser.test_staff import come_in
from tests.builders import a_person
from tests.support.pictures import a_picture


def test_a_manager_puts_a_new_film_on_sale_from_nothing(
    app: Flask, page: Page, second_page: Page, base_url: str, tmp_path: Path
) -> None:
    come_in(app, page.context, base_url, a_person(Role.ADMIN))
    page.goto("/staff")
    page.get_by_role("link", name="Make the first one.").click()
    make_the_cinema(page)
    for step, do in (
        ("Make a price list", make_a_price_list),
        ("Add the films", add_the_film),
        ("Put shows on sale", put_shows_on_sale),
    ):
        page.goto("/staff")
        page.get_by_role("link", name=step).click()
        do(page, tmp_path)
    page.goto("/staff")
    expect(page.get_by_role("heading", name="Until tickets are on sale")).to_have_count(0)
    a_visitor_reaches_the_seats(second_page)


def make_the_cinema(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("The Regent")
    page.get_by_label("Name of the city").fill("Bristol")
    page.get_by_label("Country").select_option(label="United Kingdom")
    page.get_by_role("button", name="Make the cinema").click()
    page.get_by_role("link", name="Make a screen").click()
    page.get_by_label("Name", exact=True).fill("Screen 1")
    page.get_by_label("Village single screen").check()
    page.get_by_role("button", name="Make the screen").click()
    expect(page.locator("#flashes")).to_contain_text("Screen 1 is made with 92 seats")


def make_a_price_list(page: Page, _folder: Path) -> None:
    page.get_by_role("link", name="Make the first list").click()
    page.get_by_label("Name", exact=True).fill("Standard")
    page.get_by_text("Fill the table from one price").click()
    page.get_by_label("Adults, standard seats").fill("10")
    page.get_by_role("button", name="Fill it in").click()
    expect(page.get_by_label("Standard, adult")).to_have_value("10.00")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Standard")
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#flashes")).to_contain_text("The list is made")


def add_the_film(page: Page, folder: Path) -> None:
    (poster := folder / "poster.png").write_bytes(a_picture("PNG"))
    page.locator("main").get_by_role("link", name="New film").first.click()
    page.get_by_label("Title", exact=True).fill("Safety Last!")
    page.get_by_label("Running time in minutes").fill("73")
    page.get_by_role("button", name="Keep the film").click()
    page.get_by_label("A picture in its place").set_input_files(poster)
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("#flashes")).to_contain_text("The poster is there")


def put_shows_on_sale(page: Page, _folder: Path) -> None:
    page.get_by_role("link", name="New shows").click()
    page.get_by_label("Screen 1").check()
    first_day = page.get_by_label("From")
    first_day.fill(f"{dt.date.fromisoformat(first_day.input_value()) + dt.timedelta(days=1)}")
    page.get_by_label("Times").fill("20:00")
    page.get_by_role("button", name="See what would be made").click()
    page.get_by_role("button", name="Make what is ticked").click()
    page.get_by_role("button", name="Publish 1 draft").click()
    expect(page.locator("#flashes")).to_contain_text("is on sale now")


def a_visitor_reaches_the_seats(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Tomorrow").click()
    page.get_by_role("link", name="Safety Last!").first.click()
    expect(page.get_by_role("img", name="Safety Last!").first).to_be_visible()
    page.get_by_role("link", name="20:00").first.click()
    expect(page.locator("main")).to_contain_text("92 of 92 free")
    page.get_by_role("button", name="Best 2 seats").click()
    page.get_by_role("button", name="Keep these 2 seats").last.click()
    page.wait_for_url("**/checkout")
