"""A manager takes seats out of use and calls a show off in Chromium, while a moviegoer looks; axe, phone, no JavaScript."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.domain.staff import COMMAND, Role
from app.models import Cinema, Show, User
from app.services.blocking import block_screen, block_seats
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_hold, a_movie, a_paid_booking, a_person, a_screen, a_show, seat_ids


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def show(regent: Cinema) -> Show:
    kinds = {"A1": "wheelchair", "A2": "companion", **{f"F{number}": "premium" for number in range(1, 13)}}
    screen = a_screen(regent, 96, 12, kinds, aisle_after=6)
    return a_show(screen=screen, movie=a_movie("Metropolis"))


@pytest.fixture
def ruth(regent: Cinema) -> User:
    return a_person(Role.MANAGER, regent, name="Ruth Miller")


def box(page: Page, seat_id: int):
    return page.locator(f"#s{seat_id} input")


def test_a_blocked_row_is_crossed_out_for_the_moviegoer_within_seconds(
    app: Flask, page: Page, second_page: Page, base_url: str, show: Show, ruth: User
) -> None:
    row = seat_ids(show, *(f"C{number}" for number in range(1, 13)))
    second_page.goto(f"/shows/{show.id}")
    come_in(app, page.context, base_url, ruth)
    page.goto(f"/staff/shows/{show.id}/seats")
    page.get_by_role("button", name="Row C: tick the free seats").click()
    expect(page.locator("#chosen-count")).to_have_text("12 free ticked")
    page.get_by_label("Reason").fill("The row has no light.")
    page.get_by_role("button", name="Block 12 seats").click()
    expect(page.locator("#flashes")).to_contain_text("12 seats are out of use now.")
    for seat_id in (row[0], row[-1]):
        expect(box(second_page, seat_id)).to_have_attribute("aria-disabled", "true")
    expect(second_page.locator("#n-b")).to_have_text("12")
    page.get_by_text("Put back into use", exact=True).click()
    page.locator("details[open]").get_by_label("Reason").fill("It burns again.")
    page.get_by_role("button", name="Put them back into use").last.click()
    expect(page.locator("#flashes")).to_contain_text("12 seats are back in use.")
    expect(box(second_page, row[0])).to_have_attribute("name", "seats")


def test_the_managers_map_follows_the_buyers_and_keeps_what_is_ticked(
    app: Flask, page: Page, base_url: str, show: Show, ruth: User
) -> None:
    come_in(app, page.context, base_url, ruth)
    page.goto(f"/staff/shows/{show.id}/seats")
    ticked, bought = seat_ids(show, "D1"), seat_ids(show, "B5", "B6")
    box(page, ticked[0]).click()
    box(page, bought[0]).click()
    expect(page.locator("#chosen-count")).to_have_text("2 free ticked")
    a_hold(show, seats=bought)
    expect(page.locator("#chosen-count")).to_have_text("1 free, 1 held ticked")
    expect(box(page, bought[0])).to_have_attribute("aria-label", "Row B seat 5, standard, held")
    expect(page.locator("#n-h")).to_have_text("2")
    page.get_by_label("Reason").fill("Cameras.")
    page.get_by_role("button", name="Block 1 seat").click()
    expect(page.locator("#problem")).to_contain_text("B5 held until")
    expect(box(page, ticked[0])).to_be_checked()


def test_shift_and_the_drawn_mouse_tick_many(app: Flask, page: Page, base_url: str, show: Show, ruth: User) -> None:
    come_in(app, page.context, base_url, ruth)
    page.goto(f"/staff/shows/{show.id}/seats")
    first, last, begin, over, end = seat_ids(show, "B2", "B5", "D2", "D3", "D4")
    box(page, first).click()
    box(page, last).click(modifiers=["Shift"])
    expect(page.locator("#chosen-count")).to_have_text("4 free ticked")
    box(page, begin).hover()
    page.mouse.down()
    for seat_id in (over, end):
        box(page, seat_id).hover()
    page.mouse.up()
    expect(page.locator("#chosen-count")).to_have_text("7 free ticked")


def test_blocking_without_javascript(app: Flask, plain_page: Page, base_url: str, show: Show, ruth: User) -> None:
    come_in(app, plain_page.context, base_url, ruth)
    plain_page.goto(f"/staff/shows/{show.id}/seats")
    box(plain_page, seat_ids(show, "D1")[0]).check()
    plain_page.get_by_label("Reason").first.fill("Cameras.")
    plain_page.get_by_role("button", name="Block the ticked seats").click()
    expect(plain_page.locator("#flashes")).to_contain_text("1 seat is out of use now.")


def test_a_show_is_called_off_and_its_refunds_followed_to_the_end(
    app: Flask, page: Page, base_url: str, show: Show, ruth: User
) -> None:
    for labels in (("B1", "B2"), ("B3", "B4"), ("B5", "B6")):
        a_paid_booking(show, seats=seat_ids(show, *labels))
    come_in(app, page.context, base_url, ruth)
    page.goto(f"/staff/shows/{show.id}/cancel")
    expect(page.locator(".figures-line")).to_have_text("6 sold seats will be refunded, £64.50.")
    page.get_by_label("What the buyers are told").fill("The projector broke. We are sorry.")
    page.get_by_role("button", name="Call the show off and refund 6 seats").click()
    expect(page.locator("h1")).to_have_text("Called off")
    expect(page.locator("#progress")).to_contain_text("All 3 bookings are refunded, £64.50.")
    assert page.locator("#refunded").evaluate("bar => bar.value === bar.max")


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str, show: Show, ruth: User) -> None:
    come_in(app, visitor.page.context, base_url, ruth)
    day = f"/staff/screens/{show.screen_id}/call-off?day={show.starts_at.date()}"
    page, seats, blocks = visitor.page, f"/staff/shows/{show.id}/seats", f"/staff/screens/{show.screen_id}/blocks"
    for path in (seats, blocks, f"/staff/shows/{show.id}/cancel", day):
        visitor.go(path)
        visitor.look(f"{path} empty", PHONE, SMALL)
    block_seats(COMMAND, show.id, seat_ids(show, "D1", "D2"), "Cameras.")
    a_paid_booking(show, seats=seat_ids(show, "B1", "B2"))
    a_hold(show, seats=seat_ids(show, "B3", "B4"))
    block_screen(COMMAND, show.screen_id, seat_ids(show, "B1", "B3", "E7", "E8", "E9"), "A leak in the roof.")
    for path in (seats, blocks):
        visitor.go(path)
        visitor.look(path, PHONE, SMALL)
    visitor.go(seats)
    for label in ("B1", "B3", "D1", "G4", "G5"):
        box(page, seat_ids(show, label)[0]).click()
    page.locator("#reason").fill("Guests.")
    page.locator("#do-block").click()
    visitor.look("refused", WIDE, SMALL)
    visitor.go(blocks)
    page.locator("#do-block").click()
    visitor.look("nothing ticked", WIDE, SMALL)
    page.get_by_text("End it", exact=True).first.click()
    visitor.look("asked first", WIDE, SMALL)
    visitor.go(f"/staff/shows/{show.id}/cancel")
    page.get_by_role("button", name="Call the show off").click()
    visitor.look("no words for the buyers", WIDE, SMALL)
    page.get_by_label("What the buyers are told").fill("The projector broke.")
    page.get_by_role("button", name="Call the show off").click()
    expect(page.locator("h1")).to_have_text("Called off")
    visitor.look("progress", WIDE, SMALL)
    expect(page.locator("#progress")).to_contain_text("The booking is refunded")
    visitor.look("done", WIDE, SMALL)
    visitor.go(day)
    visitor.look("a day with a show called off", WIDE, SMALL)
