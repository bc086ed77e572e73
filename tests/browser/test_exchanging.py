"""Seats changed by people: by mouse with the difference paid, and without JavaScript for seats that cost the same."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.models import Show
from tests import builders
from tests.browser.test_booking import expect_tickets, fill_in, pay_in_the_sandbox
from tests.browser.visitor import PHONE, WIDE, Visitor

DEAR = {key: amount + 500 for key, amount in builders.PRICES.items()}


@pytest.fixture
def film() -> builders.Movie:
    return builders.a_movie("Metropolis")


def look(visitor: Visitor, name: str) -> None:
    visitor.look(name, WIDE, PHONE)
    if folder := os.environ.get("SCREENSHOTS"):
        for width in (WIDE, PHONE):
            visitor.page.set_viewport_size({"width": width, "height": 800})
            visitor.page.screenshot(path=Path(folder) / f"exchange-{name}-{width}.png", full_page=True)
    visitor.page.set_viewport_size({"width": WIDE, "height": 800})


def book(page: Page, show: Show, *labels: str) -> None:
    page.goto(f"/shows/{show.id}")
    choose(page, *labels)
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, len(labels))


def choose(page: Page, *labels: str) -> None:
    for label in labels:
        page.get_by_label(f"Row {label[0]} seat {label[1:]}, standard").click()
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")


def test_two_seats_are_changed_for_a_later_showing_and_the_difference_is_paid(visitor: Visitor, film) -> None:
    page, city = visitor.page, builders.a_city("Leeds")
    cinema = builders.a_cinema(city, "The Regent")
    first = builders.a_show(movie=film, cinema=cinema)
    late = builders.a_show(60, movie=film, cinema=cinema, prices=DEAR, starts_in=dt.timedelta(hours=8))
    for place, hours in enumerate((26, 29, 32, 53)):
        where = cinema if place < 3 else builders.a_cinema(builders.a_city("York"), "The Picture House")
        builders.a_show(movie=film, cinema=where, starts_in=dt.timedelta(hours=hours))
    book(page, first, "A1", "A2")
    old = page.url
    page.get_by_role("link", name="Change seats or time").click()
    look(visitor, "choice")
    page.locator(f"button[name=show][value='{late.id}']").click()
    expect(page.locator(".flash.note")).to_contain_text("Changing A1 and A2 of booking")
    for label in ("C4", "C5", "C6"):
        page.get_by_label(f"Row C seat {label[1:]}, standard").click()
    expect(page.locator("#bar")).to_contain_text("To change A1 and A2, choose 2 seats.")
    expect(page.locator("#chosen li")).to_have_count(2)
    look(visitor, "map")
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    expect(page.get_by_label("Name")).to_have_value("Ada Byron")
    expect(page.locator("#bill")).to_contain_text("Already paid by booking")
    expect(page.locator("#pay")).to_have_text("Pay £10.00")
    page.get_by_label("Ticket for C4").select_option("child")
    expect(page.locator("#pay")).to_have_text("Pay £7.00")
    look(visitor, "checkout")
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, 2)
    expect(page.locator("main")).to_contain_text("Instead of 2 seats of booking")
    look(visitor, "new")
    page.goto(old)
    expect(page.get_by_role("heading", name="This booking was changed")).to_be_visible()
    look(visitor, "old")


def test_one_seat_moves_without_javascript_and_without_paying(plain_page: Page, film) -> None:
    page, show = plain_page, builders.a_show(movie=film)
    page.goto(f"/shows/{show.id}")
    choose(page, "A1", "A2")
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    page.get_by_role("link", name="Change seats or time").click()
    page.get_by_label("A1").uncheck()
    page.get_by_role("button", name="Choose other seats").click()
    expect(page.locator(".flash.note")).to_contain_text("Changing A2 of booking")
    for label in ("C1", "C2"):
        page.get_by_label(f"Row C seat {label[1:]}, standard").check()
    page.locator("#keep").click()
    expect(page.locator("#bar")).to_contain_text("A2 can be changed for just as many: choose one seat.")
    page.get_by_label("Row C seat 2, standard").uncheck()
    page.locator("#keep").click()
    expect(page.locator("#pay")).to_have_text("Confirm the change")
    page.locator("#pay").click()
    expect_tickets(page, 1)


def test_a_change_is_given_up_and_the_old_seats_stay(page: Page, film) -> None:
    show = builders.a_show(movie=film)
    book(page, show, "A1", "A2")
    old = page.url
    page.get_by_role("link", name="Change seats or time").click()
    page.get_by_role("button", name="Choose other seats").click()
    choose(page, "C1", "C2")
    page.get_by_role("button", name="Give the seats up").click()
    expect(page.locator(".flash.note")).to_contain_text("Changing A1 and A2")
    page.get_by_role("button", name="Keep the old seats").click()
    page.wait_for_url(old)
    expect_tickets(page, 2)
