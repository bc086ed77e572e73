"""Demand in Chromium: the manager's pages and a dearer show for every eye; an open map that learns of new prices."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from playwright.sync_api import Page, Route, expect

from app.domain.staff import COMMAND, Role
from app.models import Cinema, Show
from app.services.demand import judge_demand, switch_rule
from tests.browser.test_live_map import pick, slow_polls
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_demand_rule, a_movie, a_paid_booking, a_person, a_show, seat_ids

KINDS = {"A1": "wheelchair", "A2": "companion", "C1": "premium", "C2": "premium"}


def a_dear_show(cinema: Cinema) -> Show:
    """Its house is filling up, and a rule has seen it."""
    show = a_show(seats=60, cinema=cinema, movie=a_movie("Sunrise"), layout={"kinds": KINDS, "aisle_after": 5})
    for _ in range(4):
        a_paid_booking(show, 2)
    a_demand_rule(cinema, 15, "Popular show", full_from=10)
    a_demand_rule(cinema, 10, "Last seats", full_from=80)
    a_demand_rule(cinema, -10, "Quiet show", full_to=10, hours_to=24)
    switch_rule(COMMAND, a_demand_rule(cinema, -20, "Matinée week", hours_from=48), 0, False, "over")
    assert judge_demand() == 1
    return show


def test_every_page_of_demand_for_every_eye(app: Flask, visitor: Visitor, base_url: str) -> None:
    cinema = a_cinema(name="The Regent")
    come_in(app, visitor.page.context, base_url, a_person(Role.ADMIN, name="Alma"))
    visitor.go("/staff/demand")
    visitor.look("no rules yet", PHONE, SMALL)
    show = a_dear_show(cinema)
    a_show(cinema=cinema, starts_in=dt.timedelta(hours=9))
    judge_demand()
    visitor.go("/staff/demand")
    visitor.look("rules", PHONE, SMALL)
    page = visitor.page
    page.get_by_role("link", name="Popular show").click()
    page.locator(".confirm summary").click()
    visitor.look("a rule, and asked first", WIDE, PHONE)
    page.get_by_label("by percent").fill("20")
    page.get_by_role("button", name="See what it makes").click()
    expect(page.locator("#seen")).to_contain_text(
        "It is about 2 of 2 coming shows, and 1 would cost something else now."
    )
    visitor.look("what a rule would make", WIDE, PHONE, SMALL)
    page.get_by_label("by percent").fill("400")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("a rule with errors", WIDE, SMALL)
    visitor.go(f"/shows/{show.id}")
    expect(page.locator(".why-price")).to_have_text("Popular show: +15 %")
    visitor.look("a dearer show", PHONE, SMALL)
    visitor.go(f"/shows/{show.id}?view=list")


def test_an_open_map_learns_of_new_prices_and_says_so(page: Page) -> None:
    cinema = a_cinema()
    show = a_show(seats=60, cinema=cinema)
    seat = seat_ids(show, "C4")[0]
    page.goto(f"/shows/{show.id}")
    pick(page, seat)
    expect(page.locator("#total")).to_have_text("£10.75")
    a_demand_rule(cinema, 20)
    judge_demand()

    def as_if_half_a_minute_later(route: Route) -> None:
        """The server then looks whether prices are still what it knows them to be."""
        route.continue_(url=route.request.url.replace(f"&p={show.price_list_id}.0.1", "&p=0.0.1"))

    page.route("**/shows/*/seats?v=*", as_if_half_a_minute_later)
    expect(page.locator("#total")).to_have_text("£12.75")
    expect(page.locator("#orphan")).to_contain_text("The prices have changed meanwhile (Popular show: +20 %)")
    expect(page.locator("#seats :checked")).to_have_count(1)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    expect(page.locator(".to-pay")).to_contain_text("£12.75")
    expect(page.locator(".why-price")).to_have_text("Popular show: +20 %")


def test_a_map_that_heard_nothing_is_told_when_it_asks_for_seats(page: Page) -> None:
    cinema = a_cinema()
    show = a_show(seats=60, cinema=cinema)
    slow_polls(page)
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "C4", "C5"))
    a_demand_rule(cinema, 20)
    judge_demand()
    page.locator("#keep").click()
    expect(page.locator("[data-say]")).to_contain_text("C4 and C5 were £21.50 and are £25.50 now")
    expect(page.locator("#total")).to_have_text("£25.50")
    expect(page.locator(".why-price")).to_have_text("Popular show: +20 %")
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    expect(page.locator(".to-pay")).to_contain_text("£25.50")
