"""The staff pages in Chromium: axe in both themes and at three widths, boxes that ask first, tables that stay in the page."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from app import clock
from app.db import transaction
from app.domain.second_factor import code_at
from app.domain.staff import COMMAND, Role
from app.models import Cinema, User
from app.services.offers import NewCoupon, archive_coupon, create_coupon
from app.services.staff import make_staff_account, password_link
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_person, a_show
from tests.support.offers import a_gift_card
from tests.support.purse import Purse, a_booking
from tests.support.staff import signed_in, with_factor


def come_in(app: Flask, context: BrowserContext, base_url: str, user: User) -> None:
    """The browser has the session that this person is signed in with."""
    client = signed_in(app, user)
    cookie = client.get_cookie("session")
    assert cookie is not None
    context.add_cookies([{"name": "session", "value": cookie.value, "url": base_url}])


@pytest.fixture
def regent(app: Flask) -> Cinema:
    for name in ("The Lantern", "The Old Electric Picture House of Bedminster"):
        a_cinema(name=name)
    return a_cinema(name="The Regent")


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str, regent: Cinema) -> None:
    come_in(app, visitor.page.context, base_url, a_person(Role.ADMIN, name="Alma"))
    sam = with_factor(
        a_person(Role.MANAGER, regent, name="Samantha Featherstonehaugh", email="s" * 60 + "@example.org")
    )
    for number in range(3):
        a_person(Role.SCANNER, regent, name=f"Joe {number}")
    films = ("/films", "/films/new", "/films/import")
    for path in ("", "/people", "/people/new", f"/people/{sam.id}", "/audit", "/audit?person=zzz", "/me", *films):
        visitor.go(f"/staff{path}")
        visitor.look(f"/staff{path}", PHONE, SMALL)
    visitor.go(f"/staff/people/{sam.id}")
    visitor.page.get_by_text("Deactivate", exact=True).click()
    visitor.look("asked first", WIDE, SMALL)
    visitor.page.get_by_role("textbox", name="Reason").fill("left us")
    visitor.page.get_by_role("button", name="Deactivate the account").click()
    visitor.look("deactivated", WIDE)
    visitor.go("/staff/audit")
    visitor.look("audit with entries", SMALL)
    visitor.page.locator("summary").first.click()
    visitor.look("the menu", WIDE, SMALL)


def test_the_managers_desk_for_every_eye(
    app: Flask,
    visitor: Visitor,
    base_url: str,
    regent: Cinema,
) -> None:
    come_in(app, visitor.page.context, base_url, a_person(Role.ADMIN, name="Alma"))
    for path in ("/coupons", "/gift-cards", "/messages"):
        visitor.go(f"/staff{path}")
    long = "A-Code-That-Is-As-Long-As-A-Code-May-Be1"
    spring = create_coupon(NewCoupon("SPRING20", "Spring", percent=Decimal("12.5"), max_minor=750, currency="GBP"))
    create_coupon(NewCoupon(long, "Five pounds off for members of the film club", amount_minor=500, currency="GBP"))
    archive_coupon(long)
    card_id, code = a_gift_card(5000, recipient_name="Charles", recipient_email="c" * 60 + "@example.org")
    a_booking(a_show(cinema=regent), 2, Purse(coupons=["SPRING20"], cards=[code]))
    with transaction() as session:
        failed = "UPDATE messages SET state = 'failed', detail = '550 5.1.1 no such box here', attempts = 12"
        session.execute(text(failed))
    for path in (
        "/coupons",
        "/coupons?q=zzz",
        "/coupons/new",
        "/coupons/batch",
        f"/coupons/{spring}",
        f"/coupons/{spring}/change",
        "/gift-cards",
        f"/gift-cards/{card_id}",
        "/messages",
        "/messages?number=zzz",
    ):
        visitor.go(f"/staff{path}")
        visitor.look(f"/staff{path}", PHONE, SMALL)
    page = visitor.page
    visitor.go(f"/staff/gift-cards/{card_id}")
    page.get_by_text("Void it", exact=True).click()
    visitor.look("asked before voiding", WIDE, SMALL)
    page.get_by_role("textbox", name="Reason").fill("bought twice")
    page.get_by_role("button", name="Void the card").click()
    expect(page.locator("#flashes")).to_contain_text("The card is void")
    visitor.look("voided", WIDE)
    visitor.go("/staff/coupons/new")
    page.get_by_role("button", name="Make the coupon").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("a coupon with faults", WIDE, SMALL)


def test_the_second_factor_from_the_link_on(app: Flask, visitor: Visitor, regent: Cinema) -> None:
    made = make_staff_account(COMMAND, "Ruth", "ruth@example.org", Role.MANAGER, [regent.id])
    page = visitor.page
    visitor.go(re.sub(r"^https?://[^/]+", "", password_link(made.token)))
    visitor.look("choose a password", SMALL)
    page.get_by_label("New password").fill("correct horse")
    page.get_by_role("button", name="Keep it and go in").click()
    expect(page.locator("h1")).to_have_text("Set up a second factor")
    visitor.look("set up", WIDE, SMALL)
    page.get_by_label("Six digits").fill("000000")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("a wrong code", WIDE)
    key = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("Six digits").fill(code_at(key, clock.now()))
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator(".codes li")).to_have_count(10)
    visitor.look("recovery codes", WIDE, SMALL)
    one = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("h1")).to_have_text("The Regent")
    page.locator("summary", has_text="More").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/staff")
    page.get_by_label("E-mail").fill("ruth@example.org")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Second factor")
    visitor.look("second factor", WIDE, SMALL)
    page.get_by_label("Code from your app").fill(one)
    page.get_by_role("button", name="Go in").click()
    expect(page.locator("h1")).to_have_text("The Regent")


def test_a_box_that_asks_first_opens_and_closes_by_keyboard(app: Flask, page: Page, base_url: str, regent: Cinema):
    come_in(app, page.context, base_url, a_person(Role.ADMIN))
    joe = a_person(Role.SCANNER, regent, name="Joe")
    page.goto(f"/staff/people/{joe.id}")
    summary = page.locator("#deactivate summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Reason")).to_be_hidden()


def test_it_works_without_javascript(app: Flask, plain_page: Page, base_url: str, regent: Cinema):
    come_in(app, plain_page.context, base_url, a_person(Role.ADMIN))
    joe = a_person(Role.SCANNER, regent, name="Joe")
    plain_page.goto(f"/staff/people/{joe.id}")
    plain_page.locator("#deactivate summary").click()
    plain_page.get_by_label("Reason").fill("left us")
    plain_page.get_by_role("button", name="Deactivate the account").click()
    expect(plain_page.locator("#flashes")).to_contain_text("The account is deactivated")


def test_a_wide_table_scrolls_inside_itself(app: Flask, browser: Browser, base_url: str, regent: Cinema):
    context = browser.new_context(base_url=base_url, viewport={"width": SMALL, "height": 640})
    come_in(app, context, base_url, a_person(Role.ADMIN, name="Alma", email="a" * 50 + "@example.org"))
    page = context.new_page()
    page.goto("/staff/people")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    wrap = page.locator(".table-wrap")
    assert wrap.evaluate("box => box.scrollWidth > box.clientWidth")
    expect(wrap).to_have_attribute("tabindex", "0")
    context.close()


def test_a_form_that_is_sent_again_leads_to_what_it_made(app: Flask, page: Page, base_url: str):
    """By a double click; and by Back, which asks for the form anew since our pages are not stored."""
    come_in(app, page.context, base_url, a_person(Role.MANAGER, a_cinema(name="The Regent")))
    title, keep = page.get_by_label("Title", exact=True), page.get_by_role("button", name="Keep the film")
    page.goto("/staff/films/new")
    title.fill("Sunrise")
    keep.dblclick()
    expect(page).to_have_url(re.compile(r"/staff/films/\d+$"))
    page.goto("/staff/films/new")
    title.fill("Faust")
    keep.click()
    expect(page.locator("#flashes")).to_contain_text("Faust is kept.")
    page.go_back()
    title.fill("Faust")
    keep.click()
    expect(page.locator("#flashes")).to_contain_text("This form was sent before")
    expect(page.locator("h1")).to_have_text("Faust")
    page.goto("/staff/films")
    expect(page.locator("a.film-name")).to_have_count(2)
