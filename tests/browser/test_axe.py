"""axe-core over every public page and state, in both themes, with the policy on; and what axe does not look at: test_looks.py."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from app.config import Settings
from app.domain.links import booking_link
from app.models import Show
from app.queries.browse_cache import browse_changed
from app.services.holds import release_booking
from app.services.payments import settle_payment
from tests import builders
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import seat_ids

SUBMIT = """seats => {
  const form = document.querySelector("#hold");
  form.querySelectorAll("[name=seats]").forEach(input => input.remove());
  seats.forEach(id => form.append(Object.assign(document.createElement("input"), {name: "seats", value: id})));
  form.submit();
}"""


def a_programme() -> str:
    """A city with a film on every one of the next days; its title, which is its address too."""
    cinema = builders.a_cinema(builders.a_city("Bristol"), name="Regent", facilities=["step_free"])
    movie = builders.a_movie("Metropolis", genres=["Drama"], certificate="PG", synopsis="A city of two halves.")
    other = builders.a_movie("Vampyr", genres=["Horror"])
    for hours in (1, 25, 49):
        builders.a_show(cinema=cinema, movie=movie, captions=True, starts_in=dt.timedelta(hours=hours))
    builders.a_show(cinema=cinema, movie=other, starts_in=dt.timedelta(hours=1))
    browse_changed()
    return f"/movies/{movie.slug}"


def test_pages_to_browse(visitor: Visitor) -> None:
    film = a_programme()
    visitor.go("/")
    visitor.look("home on a phone", PHONE, SMALL)
    visitor.go("/?genre=Horror&captions=1")
    visitor.go(film)
    visitor.look("film on a phone", SMALL)
    visitor.go("/cinemas")
    visitor.page.locator(".venue h3 a").first.click()
    visitor.look("cinema", WIDE, SMALL)
    for path in ("/coming-soon", "/cities", "/search?q=metro", "/search?q=zzz"):
        visitor.go(path)


def test_pages_of_help_and_errors(visitor: Visitor) -> None:
    shut = builders.a_show(published=False)
    for path in ("/help", "/help/access", "/help/refunds", "/nowhere", f"/shows/{shut.id}"):
        visitor.go(path)
        visitor.look(path, SMALL)


def test_pages_of_the_account(visitor: Visitor) -> None:
    visitor.go("/account/bookings")
    for path in ("/login", "/register"):
        visitor.go(path)
        visitor.page.locator("main button.btn").click()
        expect(visitor.page.locator("#summary")).to_be_focused()
        visitor.look(f"{path} with errors", WIDE, SMALL)


KINDS = {"A1": "wheelchair", "A2": "companion", "C1": "premium", "C2": "premium"}


def a_busy_house() -> Show:
    """Every kind of seat and every state."""
    film = builders.a_movie("Sunrise: A Song of Two Humans")
    show = builders.a_show(seats=60, movie=film, captions=True, layout={"kinds": KINDS, "aisle_after": 5})
    builders.a_hold(show, seats=seat_ids(show, "D4", "D5"))
    builders.a_paid_booking(show, seats=seat_ids(show, "E1", "E2"))
    return show


def test_the_seat_map_and_the_list(visitor: Visitor) -> None:
    show = a_busy_house()
    visitor.go(f"/shows/{show.id}")
    visitor.page.locator("#best").click()
    expect(visitor.page.locator("#chosen li")).to_have_count(2)
    visitor.page.locator("[data-zoom=in]").click()
    visitor.look("chosen and zoomed", WIDE, PHONE, SMALL)
    visitor.go(f"/shows/{show.id}?view=list")
    visitor.look("list on a phone", PHONE, SMALL)


def without_polls(page: Page) -> None:
    page.route("**/shows/*/seats?v=*", lambda route: route.fulfill(status=204))


@pytest.mark.parametrize(("labels", "status"), [("C3,C4", 409), ("F2,F3", 422)])
def test_refused_seats(visitor: Visitor, labels: str, status: int) -> None:
    """Somebody was faster; or a single seat would be left alone: told beside the map, and by a page of its own."""
    page, show = visitor.page, a_busy_house()
    first, second = seat_ids(show, *labels.split(","))
    without_polls(page)
    page.goto(f"/shows/{show.id}?choose={first},{second}")
    if status == 409:
        builders.a_hold(show, seats=seat_ids(show, "C4", "C5"))
    page.locator("#keep").click()
    expect(page.locator("#orphan p")).to_contain_text("taken" if status == 409 else "alone")
    visitor.look(f"{status} beside the map", WIDE, PHONE)
    page.goto(f"/shows/{show.id}?choose={first},{second}")
    with page.expect_navigation() as answer:
        page.evaluate(SUBMIT, [first, second])
    assert answer.value.status == status
    visitor.look(f"{status} as a page")


def keep_two(page: Page, show: Show) -> str:
    """Hold the best two; gives the checkout's address."""
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    expect(page.locator("#chosen li")).to_have_count(2)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    return page.url


def test_the_way_from_checkout_to_the_ticket(visitor: Visitor) -> None:
    page, show = visitor.page, a_busy_house()
    checkout = keep_two(page, show)
    visitor.look("checkout", WIDE, PHONE, SMALL)
    page.locator("#pay").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("checkout with errors", WIDE, SMALL)
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.locator("#pay").click()
    page.wait_for_url("**/pay/sandbox/**")
    page.locator("summary").click()
    visitor.look("sandbox", WIDE, SMALL)
    provider = page.url
    visitor.go(checkout)
    visitor.go(checkout.removesuffix("/checkout"))
    expect(page.locator("h2").first).to_have_text("Waiting for the payment")
    page.goto(provider)
    page.locator("button[name=do][value=pay]").click()
    expect(page.get_by_role("link", name="Tickets as PDF")).to_be_visible()
    visitor.look("confirmed", WIDE, PHONE, SMALL)
    page.locator(".tickets a").first.click()
    visitor.look("ticket", WIDE, SMALL)
    visitor.go("/account/bookings")
    visitor.look("my tickets", SMALL)


def test_seats_given_up_and_money_too_late(visitor: Visitor, settings: Settings) -> None:
    page, show = visitor.page, builders.a_show()
    checkout = keep_two(page, show)
    page.get_by_role("button", name="Give the seats up").click()
    visitor.go(checkout)
    expect(page.locator("#leader")).to_be_visible()
    late = builders.a_hold(show)
    payment = builders.a_started_payment(late)
    release_booking(late.show_id, late.id)
    builders.a_hold(show, seats=seat_ids(show)[:4])
    settle_payment(builders.an_event(payment))
    page.goto(booking_link("", settings.secret_key, late.code))
    expect(page.locator("h2").first).to_contain_text("too late")
    visitor.look("too late", WIDE, SMALL)
