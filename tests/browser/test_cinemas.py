"""Cinemas and screens in Chromium: an administrator opens a house from nothing, also on a telephone; axe everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.domain.staff import Role
from app.models import Cinema
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_city, a_person, a_screen, a_show

PLANS = Path(__file__).parents[2] / "demo" / "plans"


def make_a_cinema(page: Page) -> None:
    page.goto("/staff/cinemas/new")
    page.get_by_label("Name", exact=True).fill("The Regent")
    page.get_by_label("City", exact=True).select_option("Another city, named here")
    page.get_by_label("Name of the city").fill("Bristol")
    page.get_by_label("Country").select_option("United Kingdom")
    page.get_by_label("Street and number").fill("1 High Street")
    page.get_by_label("Time zone").fill("Europe/London")
    page.get_by_label("Currency", exact=True).select_option("GBP")
    page.get_by_label("hearing loop").check()
    page.get_by_label("Booking fee per seat").fill("0.85")
    page.get_by_label("Its own policy").check()
    page.get_by_label("Until hours before").fill("24")
    page.get_by_label("Percent back").fill("90")
    page.get_by_role("button", name="Make the cinema").click()
    expect(page.locator("h1")).to_have_text("The Regent")
    expect(page.locator("#flashes")).to_contain_text("The cinema is made")


def make_a_screen(page: Page) -> None:
    page.get_by_role("link", name="Make a screen").click()
    page.locator("#new-screen").get_by_label("Name").fill("Screen 1")
    page.get_by_label("Or a plan of your own").set_input_files(PLANS / "village-92.json")
    page.get_by_role("button", name="Make the screen").click()
    expect(page.locator(".screens")).to_contain_text("92 seats, plan version 1")
    expect(page.locator(".todo")).to_contain_text("2 of 5 done")


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_an_administrator_opens_a_house_from_nothing(app: Flask, browser: Browser, base_url: str, width: int):
    context = browser.new_context(base_url=base_url, viewport={"width": width, "height": 800})
    come_in(app, context, base_url, a_person(Role.ADMIN, name="Alma"))
    page = context.new_page()
    page.goto("/staff")
    page.get_by_role("link", name="Make the first one.").click()
    expect(page.locator("h1")).to_have_text("New cinema")
    make_a_cinema(page)
    make_a_screen(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()


def test_it_works_without_javascript(app: Flask, plain_page: Page, base_url: str):
    come_in(app, plain_page.context, base_url, a_person(Role.ADMIN))
    make_a_cinema(plain_page)
    make_a_screen(plain_page)


def test_the_city_suggests_zone_and_currency_and_keeps_what_was_written(app: Flask, page: Page, base_url: str):
    come_in(app, page.context, base_url, a_person(Role.ADMIN))
    a_city("Bristol")
    a_city("Lyon", "Europe/Paris", "EUR", "FR")
    page.goto("/staff/cinemas/new")
    expect(page.locator("#timezone")).to_have_value("")
    page.get_by_label("City", exact=True).select_option("Lyon, France")
    expect(page.locator("#timezone")).to_have_value("Europe/Paris")
    expect(page.locator("#currency")).to_have_value("EUR")
    page.locator("#timezone").fill("Indian/Reunion")
    page.get_by_label("City", exact=True).select_option("Bristol, United Kingdom")
    expect(page.locator("#timezone")).to_have_value("Indian/Reunion")
    expect(page.locator("#currency")).to_have_value("GBP")


@pytest.fixture
def regent(app: Flask) -> Cinema:
    regent = a_cinema(a_city("Bristol"), name="The Regent", facilities=["bar"], latitude=51.45, longitude=-2.59)
    a_show(screen=a_screen(regent, 92))
    a_screen(regent)
    return regent


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str, regent: Cinema) -> None:
    come_in(app, visitor.page.context, base_url, a_person(Role.ADMIN, name="Alma"))
    page, here = visitor.page, f"/staff/cinemas/{regent.id}"
    a_cinema(name="The Old Electric Picture House of Bedminster")
    for path in ("/staff/cinemas", "/staff/cinemas/new", here, f"{here}/change"):
        visitor.go(path)
        visitor.look(path, PHONE, SMALL)
    page.get_by_label("Its own policy").check()
    page.get_by_label("Only these").check()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Until hours before").first.fill("soon")
    page.get_by_label("Booking fee per seat").fill("much")
    page.get_by_role("button", name="Keep it").last.click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("a form with mistakes", WIDE, SMALL)
    visitor.go(here)
    page.locator("summary", has_text="Rename").first.click()
    page.locator("summary", has_text="Close").first.click()
    visitor.look("asked first", WIDE, SMALL)
    page.locator("#new-screen").get_by_label("Name").fill("Screen X")
    page.get_by_label("Or a plan of your own").set_input_files(
        {"name": "p.json", "mimeType": "application/json", "buffer": b"[]"}
    )
    page.get_by_role("button", name="Make the screen").click()
    expect(page.locator("#file-why")).to_contain_text("Must be an object")
    visitor.look("a bad file", WIDE, SMALL)
    page.goto("/staff/cinemas")
    page.get_by_role("link", name="The Old Electric Picture House of Bedminster", exact=True).click()
    visitor.look("a new cinema", WIDE, SMALL)
    visitor.go("/staff")
    visitor.look("what is left to do", WIDE, SMALL)
