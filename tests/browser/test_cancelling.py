"""Cancelling in a real browser: two of four seats, the sum that follows the boxes, and the refund that arrives."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.models import Show
from tests import builders
from tests.browser.test_booking import expect_tickets, fill_in, pay_in_the_sandbox
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.support.purse import a_house


@pytest.fixture
def show() -> Show:
    return builders.a_show(seats=60, movie=builders.a_movie("Metropolis"), cinema=a_house("240:100:50,120:90:50"))


def buy_four(page: Page, show: Show) -> None:
    page.goto(f"/shows/{show.id}")
    for number in (3, 4, 5, 6):
        page.get_by_label(f"Row C seat {number}, standard, £10.75").click()
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    expect(page.locator("#bill")).to_contain_text("all of it, less £0.50 a seat, comes back")
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, 4)


def test_two_of_four_seats_are_cancelled_and_the_refund_arrives(visitor: Visitor, show: Show) -> None:
    page = visitor.page
    buy_four(page, show)
    page.get_by_role("link", name="Cancel seats").click()
    expect(page.locator("#sum")).to_contain_text("Choose at least one seat.")
    expect(page.locator("#sum button")).to_have_count(0)
    visitor.look("nothing chosen", WIDE, PHONE)
    page.get_by_role("button", name="All 4 seats").click()
    expect(page.locator("#sum")).to_contain_text("£41.00")
    visitor.look("cancel", WIDE, PHONE, SMALL)
    page.get_by_label("C4").uncheck()
    page.get_by_label("C5").uncheck()
    expect(page.locator("#sum")).to_contain_text("£20.50")
    expect(page.get_by_role("button", name="Cancel C3, C6: £20.50 back")).to_be_visible()
    visitor.look("cancel two", WIDE, PHONE)
    page.get_by_role("button", name="Cancel C3, C6").click()
    expect_tickets(page, 2)
    expect(page.locator("#given-back")).to_contain_text("Cancelled: C3, C6")
    expect(page.locator("#given-back")).to_contain_text("sent back; banks take up to ten days")
    expect(page.locator("#given-back[hx-get]")).to_have_count(0)
    visitor.look("some cancelled", WIDE, PHONE, SMALL)
    page.get_by_role("link", name="Cancel seats").click()
    page.get_by_role("button", name="All 2 seats").click()
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.locator("h2").first).to_have_text("This booking is cancelled")
    expect(page.locator("#given-back .ok")).to_have_count(2)
    visitor.look("all cancelled", WIDE, PHONE, SMALL)


def test_cancelling_without_javascript(plain_page: Page, show: Show) -> None:
    page = plain_page
    page.goto(f"/shows/{show.id}")
    page.get_by_role("button", name="Best 2 seats").click()
    page.get_by_role("button", name="Keep these 2 seats").click()
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, 2)
    page.get_by_role("link", name="Cancel seats").click()
    page.get_by_role("button", name="All 2 seats").click()
    page.locator("[name=ticket]").first.uncheck()
    page.get_by_role("button", name="Update what comes back").click()
    expect(page.locator("#sum")).to_contain_text("£10.25")
    page.locator("#sum button").click()
    expect_tickets(page, 1)
    expect(page.locator("#given-back")).to_contain_text("£10.25")
