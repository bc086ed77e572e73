"""The price pages in Chromium: axe at three widths and in both themes, and a list made, changed and ruled by hand."""

from __future__ import annotations

import datetime as dt
import os

from flask import Flask
from playwright.sync_api import Page, expect

from app.domain.price_rules import PriceRule
from app.domain.staff import COMMAND, Role
from app.queries.price_pages import prices_of, prices_page
from app.services.price_lists import archive_list, change_list, make_list
from app.services.price_moves import Along
from app.services.price_rules import add_rule
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import PRICES, a_cinema, a_person, a_screen, a_show

WORKDAYS = frozenset(range(1, 6))
DEARER = {cell: minor + 250 for cell, minor in PRICES.items()}


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str) -> None:
    regent, bare = a_cinema(name="The Regent"), a_cinema(name="The Lantern")
    come_in(app, visitor.page.context, base_url, a_person(Role.MANAGER, regent))
    show = a_show(screen=a_screen(regent, kinds={"A1": "premium"}))
    standard = make_list(COMMAND, regent.id, "Standard", PRICES)
    matinee = make_list(COMMAND, regent.id, "Matinée", {("standard", "adult"): 800, ("standard", "child"): 550})
    gala = make_list(COMMAND, regent.id, "Gala evenings with an orchestra and a glass of wine", DEARER)
    archive_list(COMMAND, make_list(COMMAND, regent.id, "Nineties", PRICES))
    add_rule(COMMAND, regent.id, 0, PriceRule(matinee, WORKDAYS, until_time=dt.time(17)))
    add_rule(COMMAND, regent.id, 1, PriceRule(gala, frozenset({5, 6}), dt.time(22), dt.time(2)))
    newest = change_list(COMMAND, standard, DEARER, Along.NONE, "the new year").price_list_id
    rules = prices_page(regent.id).rules
    pages = {
        "prices": "/staff/prices",
        "new list": f"/staff/cinemas/{regent.id}/prices/new",
        "list": f"/staff/price-lists/{newest}",
        "older version": f"/staff/price-lists/{standard}",
        "with shows": f"/staff/price-lists/{show.price_list_id}",
        "filled": f"/staff/cinemas/{regent.id}/prices/new?adult=12.50&child=70&senior=80&student=80&extra=30",
        "with a warning": f"/staff/price-lists/{matinee}",
        "new rule": f"/staff/cinemas/{regent.id}/price-rules/new",
        "rule": f"/staff/price-rules/{rules[0].id}",
    }
    for name, path in pages.items():
        visitor.go(path)
        shoot(visitor.page, name)
        visitor.look(name, PHONE, SMALL)
    visitor.go(pages["new list"])
    visitor.page.get_by_role("button", name="Make the list").click()
    expect(visitor.page.locator("#summary")).to_be_focused()
    visitor.look("told at the field", WIDE, SMALL)
    shoot(visitor.page, "refused")
    visitor.go("/staff/prices")
    visitor.page.get_by_text("Remove", exact=True).first.click()
    visitor.look("asked first", WIDE, SMALL)
    come_in(app, visitor.page.context, base_url, a_person(Role.MANAGER, bare))
    visitor.go("/staff/prices")
    shoot(visitor.page, "empty")


def shoot(page: Page, name: str) -> None:
    """Pictures for people, where somebody asks for them."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.screenshot(path=f"{folder}/{name.replace(' ', '-')}-{width}-{theme}.png", full_page=True)


def test_a_list_is_made_from_one_price_and_ruled_without_javascript(
    app: Flask, plain_page: Page, base_url: str
) -> None:
    regent = a_cinema(name="The Regent")
    a_screen(regent)
    page = plain_page
    come_in(app, page.context, base_url, a_person(Role.MANAGER, regent))
    page.goto("/staff/prices")
    page.get_by_role("link", name="Make the first list").click()
    page.get_by_text("Fill the table from one price").click()
    page.get_by_label("Adults, standard seats").fill("12.50")
    page.get_by_role("button", name="Fill it in").click()
    expect(page.get_by_label("Premium, adult", exact=True)).to_have_value("15.60")
    page.get_by_label("Name").fill("Standard")
    page.get_by_label("Standard, student").fill("")
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#flashes")).to_contain_text("The list is made")
    (made,) = prices_page(regent.id).lists
    assert prices_of(made.id)["standard", "adult"] == 1250
    assert ("standard", "student") not in prices_of(made.id)
    page.goto("/staff/prices")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Saturday").uncheck()
    page.get_by_label("Sunday").uncheck()
    page.get_by_label("Until").fill("17:00")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.locator(".price-rules")).to_contain_text("Monday to Friday, until 17:00: Standard")
