"""The whole booking, as people do it: by mouse, by keyboard alone, without JavaScript, on a small phone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests import builders

NO_SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth"


def fill_in(page: Page) -> None:
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("E-mail").fill("ada@example.org")


def pay_in_the_sandbox(page: Page) -> None:
    page.wait_for_url("**/pay/sandbox/**")
    page.locator("button[name=do][value=pay]").click()


def expect_tickets(page: Page, count: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("Admit")
    expect(page.locator("article.ticket")).to_have_count(count)
    box = page.locator(".qr svg").first.bounding_box()
    assert box is not None
    assert box["width"] >= 250


def test_a_booking_by_mouse_from_the_film_to_the_ticket(page: Page) -> None:
    show = builders.a_show(seats=60, movie=builders.a_movie("Metropolis"))
    page.goto(f"/movies/{show.movie.slug}")
    page.locator(f'a[href="/shows/{show.id}"]').first.click()
    page.get_by_label("Row C seat 4, standard, £10.75").click()
    page.get_by_label("Row C seat 5, standard, £10.75").click()
    expect(page.locator("#total")).to_have_text("£21.50")
    page.get_by_role("button", name="Keep these 2 seats").click()
    page.wait_for_url("**/checkout")
    page.get_by_label("Ticket for C4").select_option("child")
    expect(page.locator("#pay")).to_have_text("Pay £18.50")
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, 2)
    expect(page.get_by_role("link", name="Tickets as PDF")).to_be_visible()


def press_until(page: Page, what: str, key: str = "Tab") -> None:
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"{key} never reached {what}")


def test_a_booking_by_keyboard_alone(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    press_until(page, "#seats input")
    for key in ("End", "ArrowDown", "Home", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_label("Row B seat 2, standard, £10.75")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    press_until(page, "#keep")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout")
    press_until(page, "[name=name]")
    page.keyboard.type("Ada Byron")
    page.keyboard.press("Tab")
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pay/sandbox/**")
    press_until(page, "button[value=pay]")
    page.keyboard.press("Enter")
    expect_tickets(page, 2)


def test_the_map_is_one_tab_stop(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    press_until(page, "#seats input")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#seats')")


def test_a_booking_without_javascript(plain_page: Page) -> None:
    page, show = plain_page, builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    page.get_by_role("button", name="Best 2 seats").click()
    expect(page.locator("#seats :checked")).to_have_count(2)
    page.get_by_role("button", name="Keep these 2 seats").click()
    page.locator("select").first.select_option("child")
    page.get_by_role("button", name="Update the bill").click()
    expect(page.locator("#pay")).to_have_text("Pay £18.50")
    page.locator("#pay").click()
    expect(page.locator("#summary")).to_contain_text("Tell us your name")
    expect(page.locator("select").first).to_have_value("child")
    fill_in(page)
    page.locator("#pay").click()
    pay_in_the_sandbox(page)
    expect_tickets(page, 2)


def test_the_list_books_without_a_map_and_without_javascript(plain_page: Page) -> None:
    page, show = plain_page, builders.a_show(seats=20)
    page.goto(f"/shows/{show.id}")
    page.get_by_role("link", name="Choose from a list").click()
    page.get_by_label("Row A seat 1,").check()
    page.get_by_label("Row A seat 2,").check()
    page.locator("#keep").click()
    expect(page.locator(".seat-line")).to_have_count(2)


def test_a_booking_on_a_small_phone(phone_page: Page) -> None:
    page, show = phone_page, builders.a_show(seats=300, layout={"per_row": 20, "aisle_after": 10})
    page.goto(f"/shows/{show.id}")
    assert page.evaluate(NO_SIDEWAYS)
    seat = page.get_by_label("Row B seat 2,")
    assert (seat.bounding_box() or {})["width"] >= 24
    page.get_by_role("button", name="Larger seats").tap()
    assert (seat.bounding_box() or {})["width"] >= 44
    page.get_by_role("button", name="Best 2 seats").tap()
    page.get_by_role("button", name="Keep these 2 seats").tap()
    page.wait_for_url("**/checkout")
    assert page.evaluate(NO_SIDEWAYS)
    fill_in(page)
    page.locator("#pay").tap()
    pay_in_the_sandbox(page)
    expect_tickets(page, 2)
    assert page.evaluate(NO_SIDEWAYS)
    page.get_by_role("link", name="Only this one").first.tap()
    expect(page.locator("article.ticket")).to_have_count(1)


def test_a_wrong_form_keeps_its_entries_and_the_summary_takes_focus(page: Page) -> None:
    show = builders.a_show()
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    page.locator("#keep").click()
    page.get_by_label("Name").fill("Ada Byron")
    page.get_by_label("E-mail").fill("ada.example.org")
    page.locator("#pay").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("Ada Byron")
    expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")


def test_the_hold_survives_reload_and_back(page: Page) -> None:
    show = builders.a_show()
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    code = page.url.split("/")[-2]
    page.reload()
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"(10:00|9:\d\d)"))
    page.go_back()
    page.reload()
    expect(page.locator("#chosen li")).to_have_count(2)
    expect(page.get_by_role("link", name="Go on to pay")).to_have_attribute("href", f"/bookings/{code}/checkout")


def test_a_declined_payment_keeps_the_seats_and_says_until_when(page: Page) -> None:
    show = builders.a_show()
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    page.locator("#keep").click()
    fill_in(page)
    page.locator("#pay").click()
    page.wait_for_url("**/pay/sandbox/**")
    page.locator("button[name=do][value=decline]").click()
    page.wait_for_url("**/checkout")
    expect(page.locator("#flashes")).to_contain_text("Your seats are kept until")
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.org")


def test_the_clock_says_what_happened_and_one_click_keeps_the_seats_again(page: Page) -> None:
    show = builders.a_show()
    page.clock.install()
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    expect(page.locator("#chosen li")).to_have_count(2)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    first = page.url
    fill_in(page)
    page.clock.run_for(481_000)
    expect(page.locator("#announce")).to_contain_text("2 minutes left")
    page.clock.run_for(121_000)
    expect(page.locator("#alert-live")).to_contain_text("Time is up")
    expect(page.get_by_role("link", name="Show the map")).to_be_visible()
    page.locator("#leader").get_by_role("button").click()
    page.wait_for_url(lambda address: address.endswith("/checkout") and address != first)
    expect(page.get_by_label("Name")).to_have_value("Ada Byron")
