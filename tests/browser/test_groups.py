"""A group in Chromium: it asks, the cinema answers, it pays in the sandbox and has its tickets; on a phone, and for axe."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.config import settings
from app.domain.groups import PriceMode
from app.domain.staff import Role
from app.models import Cinema, Show
from app.services.groups import decline_group
from tests.browser.test_booking import pay_in_the_sandbox
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_group, a_movie, a_person, a_show, an_offer, seat_ids
from tests.support.groups import link
from tests.support.staff import by


@pytest.fixture
def show(regent: Cinema) -> Show:
    return a_show(
        120,
        cinema=regent,
        movie=a_movie("Metropolis", certificate="PG"),
        starts_in=dt.timedelta(days=5),
        layout={"per_row": 15, "aisle_after": 7},
    )


def keep_picture(page: Page, name: str) -> None:
    """For who looks at them: PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_from_the_request_to_the_tickets(
    app: Flask, page: Page, second_page: Page, base_url: str, regent: Cinema, show: Show
) -> None:
    page.goto(f"/shows/{show.id}")
    page.get_by_role("link", name="Ask for a group").click()
    page.get_by_label("How many people").fill("40")
    page.get_by_label("Your name").fill("Charles Babbage")
    page.get_by_label("School, club or company").fill("Analytical Society")
    page.get_by_label("E-mail").fill("charles@example.org")
    page.get_by_role("button", name="Ask for seats").click()
    expect(page.locator("h1")).to_have_text("We have your request")
    ruth = second_page
    come_in(app, ruth.context, base_url, a_person(Role.BOX_OFFICE, regent))
    ruth.goto("/staff/groups")
    ruth.get_by_role("link", name="Analytical Society").click()
    expect(ruth.locator("#picked")).to_have_text("40 seats ticked")
    one = ruth.locator("input[name=seats]:checked").first
    one.uncheck()
    expect(ruth.locator("#picked")).to_have_text("39 seats ticked")
    ruth.get_by_label("An amount in all").check()
    ruth.get_by_label("Amount, GBP").fill("300.01")
    ruth.get_by_role("button", name="Keep the seats and mail the offer").click()
    expect(ruth.locator("#flashes")).to_contain_text("39 seats are kept")
    mailed = ruth.get_by_label("The group’s link").input_value()
    page.goto(mailed.removeprefix(settings.base_url.rstrip("/")))
    expect(page.locator("#kept h2")).to_contain_text("Kept for your group until")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Charles Babbage")
    expect(page.locator("#pay")).to_have_text("Pay £300.01")
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    page.wait_for_url("**/bookings/*")
    expect(page.locator(".ticket")).to_have_count(39)
    expect(page.locator("h1")).to_contain_text("Admit 39")
    ruth.reload()
    expect(ruth.locator(".stand.paid")).to_have_text("Paid")


def test_a_phone_asks_without_javascript_too(plain_page: Page, regent: Cinema, show: Show) -> None:
    plain_page.set_viewport_size({"width": PHONE, "height": 800})
    plain_page.goto("/groups")
    plain_page.get_by_role("button", name="Ask for seats").click()
    expect(plain_page.locator("#summary")).to_contain_text("things to put right")
    plain_page.get_by_label("Day").fill("2100-01-01")
    plain_page.get_by_label("How many people").fill("40")
    plain_page.get_by_label("Your name").fill("Charles Babbage")
    plain_page.get_by_label("E-mail").fill("charles@example.org")
    plain_page.get_by_role("button", name="Ask for seats").click()
    expect(plain_page.locator("h1")).to_have_text("We have your request")


def test_every_page_of_a_group_for_every_eye(
    app: Flask,
    browser: Browser,
    visitor: Visitor,
    base_url: str,
    regent: Cinema,
    show: Show,
) -> None:
    page, who = visitor.page, a_person(Role.MANAGER, regent, name="Ruth")
    come_in(app, page.context, base_url, who)
    visitor.go("/staff/groups")
    visitor.look("no groups", SMALL)
    wish = {"show_id": show.id, "message": "Two of us come in wheelchairs.\nWe would like to sit together."}
    group_id = a_group(regent, 40, phone="+44 117 496 0000", **wish)
    a_group(regent, 25, organisation="", film="Something with ships in it", wanted_time="in the morning")
    no = a_group(regent, 90, organisation="The Society for the Preservation of Mechanical Notation")
    decline_group(by(who), no, 0, "The house is closed that week.")
    visitor.go(f"/staff/groups/{group_id}")
    visitor.look("a request", PHONE, SMALL)
    keep_picture(page, "request-small")
    page.set_viewport_size({"width": WIDE, "height": 900})
    keep_picture(page, "request-wide")
    page.get_by_label("An amount in all").check()
    page.get_by_role("button", name="Keep the seats and mail the offer").click()
    expect(page.locator("#summary")).to_contain_text("no amount of money")
    visitor.look("a wrong offer", WIDE, SMALL)
    an_offer(
        group_id, by(who), show, seat_ids(show)[45:85], PriceMode.TOTAL, 30_001, note="The bar opens for you at six."
    )
    visitor.go(f"/staff/groups/{group_id}")
    page.locator("#withdraw summary").click()
    visitor.look("an offer", WIDE, PHONE)
    keep_picture(page, "offer-phone")
    visitor.go(f"/staff/groups/{no}")
    visitor.go("/staff/groups")
    visitor.look("groups", WIDE, PHONE)
    keep_picture(page, "groups-phone")
    page.set_viewport_size({"width": WIDE, "height": 900})
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto("/staff/groups")
        keep_picture(page, f"groups-{theme}")
        page.goto(f"/staff/groups/{group_id}")
        keep_picture(page, f"offer-{theme}")
    for path in ("/groups", f"/groups?show={show.id}", "/groups/thanks", link(no)):
        visitor.go(path)
        visitor.look(path, PHONE, SMALL)
        keep_picture(page, f"public{path.split('?')[0].replace('/', '-')}")
    visitor.go(link(group_id))
    visitor.look("a group's checkout", WIDE, PHONE)
    keep_picture(page, "checkout-phone")
    page.set_viewport_size({"width": WIDE, "height": 900})
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        keep_picture(page, f"checkout-{theme}")
        page.goto("/groups")
        keep_picture(page, f"ask-{theme}")
        page.goto(link(group_id))
