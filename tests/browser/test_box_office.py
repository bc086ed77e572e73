"""The counter in Chromium: six keys sell two tickets; a seller's whole shift by keyboard; every page for every eye."""

from __future__ import annotations

import datetime as dt

import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db import db, end_read
from app.domain.staff import Role
from app.models import Cinema, Show
from app.services.shifts import open_shift
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_hold, a_movie, a_paid_booking, a_person, a_show, seat_ids
from tests.support.staff import by


@pytest.fixture
def regent(app: Flask) -> Cinema:
    cinema = a_cinema(name="The Regent")
    for number, title in enumerate(("Safety Last!", "The General", "Metropolis"), start=1):
        layout = {"kinds": {"A1": "wheelchair", "A2": "companion"}}
        a_show(60, cinema=cinema, movie=a_movie(title), starts_in=dt.timedelta(minutes=20 * number), layout=layout)
    return cinema


@pytest.fixture
def next_show(regent: Cinema) -> Show:
    show = db.session.scalars(select(Show).where(Show.cinema_id == regent.id).order_by(Show.starts_at).limit(1)).one()
    end_read()
    return show


def sit_down(app: Flask, page: Page, base_url: str, cinema: Cinema, float_minor: int | None = 5000) -> None:
    person = a_person(Role.BOX_OFFICE, cinema, name="Maya")
    if float_minor is not None:
        open_shift(by(person), cinema.id, float_minor)
    come_in(app, page.context, base_url, person)


def test_two_adults_for_the_next_session_in_cash_take_six_actions(
    app: Flask, page: Page, base_url: str, regent: Cinema
) -> None:
    sit_down(app, page, base_url, regent)
    page.goto("/staff/box-office")
    expect(page.locator("#entry")).to_be_focused()
    actions = ["1", "a", "a", "3", "0", "Enter"]
    for key in actions[:-1]:
        page.keyboard.press(key)
    expect(page.locator("#change")).to_contain_text("£10.00")
    expect(page.locator("#notes button")).to_have_text(["£20", "£50", "£100"])
    page.keyboard.press(actions[-1])
    expect(page.locator("#h-sale")).to_have_text("Sold")
    expect(page.locator("#change")).to_contain_text("£10.00")
    expect(page.locator(".slip")).to_have_count(2)
    assert page.locator("#change b").evaluate("box => getComputedStyle(box).fontSize") == "80px"
    expect(page.locator("#entry")).to_be_focused()
    assert len(actions) <= 6


def test_a_sellers_whole_shift_by_keyboard(app: Flask, page: Page, base_url: str, regent: Cinema) -> None:
    sit_down(app, page, base_url, regent, None)
    page.goto("/staff/shifts")
    expect(page.get_by_label("Float")).to_be_focused()
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    expect(page.locator("#entry")).to_be_focused()
    page.keyboard.type("1 AC 20")
    page.keyboard.press("Enter")
    expect(page.locator(".slip")).to_have_count(2)
    expect(page.locator("#change")).to_contain_text("£3.00")
    expect(page.locator("#entry")).to_be_focused()
    page.keyboard.type("2 A T 4711")
    page.keyboard.press("Enter")
    expect(page.locator(".slip")).to_have_count(1)
    expect(page.locator("#entry")).to_be_focused()
    page.keyboard.type("3 W")
    page.keyboard.press("Enter")
    expect(page.locator(".the-sale")).to_contain_text("Companion, free")
    page.keyboard.press("F4")
    expect(page.locator("#h-sale")).to_have_text("Sold")
    page.keyboard.press("F7")
    expect(page.get_by_role("heading", name="Refund", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="All 2 tickets")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#refund-sum")).to_contain_text("back: £10.00")
    page.get_by_label("Reason").focus()
    page.keyboard.type("ill")
    page.keyboard.press("Enter")
    expect(page.locator("#flashes")).to_contain_text("Hand out £10.00 out of the drawer")
    page.goto("/staff/box-office")
    page.keyboard.press("F9")
    expect(page.get_by_label("Counted in the drawer")).to_be_focused()
    page.keyboard.type("67")
    page.keyboard.press("Enter")
    expect(page.locator("#flashes")).to_contain_text("The shift is closed")
    expect(page.locator(".sums")).to_contain_text("£0.00")


def test_a_seat_that_goes_while_the_seller_looks_is_told(
    app: Flask, page: Page, base_url: str, regent: Cinema, next_show: Show
) -> None:
    sit_down(app, page, base_url, regent)
    page.goto("/staff/box-office")
    page.keyboard.type("1 AA")
    page.keyboard.press("Enter")
    expect(page.locator("#seats :checked")).to_have_count(2)
    wanted = seat_ids(next_show, "F1", "F2")
    page.locator(f"#s{wanted[0]} input").click()
    a_hold(next_show, seats=wanted)
    expect(page.locator("#orphan")).to_contain_text("F1 has just been taken. You still have")
    expect(page.locator("#seats :checked")).to_have_count(2)
    expect(page.locator(f"#s{wanted[1]}.h")).to_have_count(1)


def test_it_sells_without_javascript(app: Flask, plain_page: Page, base_url: str, regent: Cinema) -> None:
    sit_down(app, plain_page, base_url, regent)
    plain_page.goto("/staff/box-office")
    plain_page.locator(".till-show").first.click()
    plain_page.get_by_label("Adult", exact=True).fill("2")
    plain_page.get_by_label("Cash given").fill("25")
    plain_page.get_by_role("button", name="Cash, print").click()
    expect(plain_page.locator("#change")).to_contain_text("£5.00")


@pytest.mark.parametrize(("paper", "size"), [("roll", (80, 150)), ("a6", (105, 148))])
def test_each_ticket_is_a_page_of_its_paper(
    app: Flask, page: Page, base_url: str, regent: Cinema, paper: str, size: tuple[int, int]
) -> None:
    seller = a_person(Role.BOX_OFFICE, regent, name="Maya")
    open_shift(by(seller), regent.id, 5000, paper)
    come_in(app, page.context, base_url, seller)
    page.goto("/staff/box-office")
    page.keyboard.type("1 AA 30")
    page.keyboard.press("Enter")
    expect(page.locator(".slip")).to_have_count(2)
    printed = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert [tuple(round(points / 72 * 25.4) for points in one.get_size()) for one in printed] == [size, size]


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str, regent: Cinema) -> None:
    sit_down(app, visitor.page, base_url, regent)
    booking = a_paid_booking(a_show(cinema=regent))
    visitor.go("/staff/box-office")
    visitor.look("counter", WIDE, PHONE, SMALL)
    visitor.page.keyboard.type("1 AA")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".the-sale")).to_be_visible()
    visitor.look("a sale", WIDE, SMALL)
    visitor.page.keyboard.press("F4")
    expect(visitor.page.locator("#h-sale")).to_have_text("Sold")
    visitor.look("sold", WIDE, SMALL)
    booked = f"/staff/bookings/{booking.code}"
    for path in ("/staff/shifts", "/staff/bookings?q=nobody", booked, f"{booked}/exchange"):
        visitor.go(path)
        visitor.look(path, WIDE, SMALL)
    visitor.page.get_by_role("button", name="Look at the new seats").click()
    expect(visitor.page.locator(".the-sale")).to_contain_text("In exchange for 2 tickets")
    visitor.look("an exchange", WIDE, SMALL)
    visitor.go("/staff/box-office")
    visitor.page.keyboard.press("F9")
    expect(visitor.page.get_by_label("Counted in the drawer")).to_be_visible()
    visitor.look("the sheet", WIDE, SMALL)
