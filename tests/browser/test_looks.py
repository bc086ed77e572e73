"""What axe does not look at: sideways scroll, focus, the skip link, live regions, large text, stillness, names and order."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from app.models import Show
from tests import builders
from tests.builders import seat_ids

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
RING = """() => {
  const seen = element => { const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && !/rgba\\(.*, 0\\)/.test(style.outlineColor); };
  const at = document.activeElement, around = at.closest("label");
  return seen(at) || Boolean(around && (seen(around) || [...around.children].some(seen)));
}"""
STOP = """() => {
  const at = document.activeElement;
  return at.getAttribute("aria-label") || at.labels?.[0]?.textContent.trim() || at.textContent.trim();
}"""
PAGES = ("/", "/cinemas", "/cities", "/coming-soon", "/help", "/login", "/register", "/account/bookings", "/nowhere")


def a_hall() -> Show:
    """A wide hall, a long title, every kind of seat; the wheelchair space is taken."""
    film = builders.a_movie("The Cabinet of Doctor Caligari", certificate="PG", synopsis="A hypnotist and a sleeper.")
    kinds = {"A1": "wheelchair", "A2": "companion", "C5": "premium", "D5": "premium"}
    show = builders.a_show(seats=120, movie=film, captions=True, layout={"per_row": 20, "kinds": kinds})
    builders.a_paid_booking(show, seats=seat_ids(show, "C5"))
    builders.a_hold(show, seats=seat_ids(show, "C8"))
    return show


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(page: Page, width: int) -> None:
    show = a_hall()
    page.set_viewport_size({"width": width, "height": 800})
    for path in (*PAGES, f"/movies/{show.movie.slug}", f"/shows/{show.id}", f"/shows/{show.id}?view=list"):
        page.goto(path)
        assert page.evaluate(SIDEWAYS) <= 0, path


@pytest.mark.parametrize("width", [390, 1280])
def test_text_of_twice_the_size_still_fits(page: Page, width: int) -> None:
    show = a_hall()
    page.set_viewport_size({"width": width, "height": 800})
    days = [f"/?day={(show.starts_at + dt.timedelta(days=n)).date()}" for n in (0, 2)]  # with a film, and with none
    for path in (*PAGES, *days, f"/movies/{show.movie.slug}", f"/shows/{show.id}", f"/shows/{show.id}?view=list"):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(SIDEWAYS) <= 0, path


def test_the_skip_link_comes_first_and_leads_to_the_page(page: Page) -> None:
    for path in ("/", "/cinemas", f"/shows/{a_hall().id}"):
        page.goto(path)
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        expect(skip).to_have_text("Skip to the page")
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()


def test_whatever_has_focus_shows_it(page: Page) -> None:
    show = a_hall()
    for path in ("/", f"/movies/{show.movie.slug}", f"/shows/{show.id}", "/login"):
        page.goto(path)
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            assert page.evaluate(RING), f"{path}: {page.evaluate(STOP)}"


def test_live_regions_are_there_and_empty_when_the_page_loads(page: Page) -> None:
    for path in ("/", f"/shows/{a_hall().id}"):
        page.goto(path)
        page.wait_for_timeout(300)
        for region, role in (("#announce", "status"), ("#alert-live", "alert")):
            expect(page.locator(region)).to_have_attribute("role", role)
            expect(page.locator(region)).to_be_empty()


def test_nothing_moves_for_who_asks_for_stillness(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/shows/{a_hall().id}")
    assert page.evaluate("document.getAnimations().length") == 0
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.evaluate(moving) == 0


def test_the_sign_flickers_for_everybody_else(page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.goto("/help")
    assert page.evaluate("getComputedStyle(document.querySelector('.sign')).animationName") == "flicker"


def test_seats_are_called_by_place_kind_price_and_state(page: Page) -> None:
    page.goto(f"/shows/{a_hall().id}")
    for name in (
        "Row C seat 5, premium, £14.75, taken",
        "Row C seat 8, standard, £10.75, someone is paying",
        "Row D seat 5, premium, £14.75",
        "Row A seat 1, wheelchair space, £10.75",
    ):
        expect(page.get_by_role("checkbox", name=name, exact=True)).to_have_count(1)


def stops(page: Page, count: int) -> list[str]:
    names = []
    for _ in range(count):
        page.keyboard.press("Tab")
        names.append(str(page.evaluate(STOP)))
    return names


def test_the_seat_page_is_walked_in_its_order(page: Page) -> None:
    page.goto(f"/shows/{a_hall().id}")
    page.locator("#main").focus()
    assert stops(page, 9) == [
        "Choose from a list",
        "2",
        "Best 2 seats",
        "Step-free",
        "Where",
        "Key to the seats",
        "Larger seats",
        "Smaller seats",
        "Row A seat 1, wheelchair space, £10.75",
    ]
    assert "seat" not in stops(page, 1)[0].lower().replace("choose seats", "")


def test_focus_walks_over_taken_seats_and_stays_on_the_way_back(page: Page) -> None:
    page.goto(f"/shows/{a_hall().id}")
    page.get_by_label("Row C seat 4,").focus()
    page.keyboard.press("ArrowRight")
    taken = page.get_by_label("Row C seat 5,")
    expect(taken).to_be_focused()
    page.keyboard.press("Space")
    expect(taken).not_to_be_checked()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Row C seat 6,")).to_be_focused()


def test_a_choice_is_announced_with_its_total(page: Page) -> None:
    page.goto(f"/shows/{a_hall().id}")
    page.get_by_label("Row B seat 1,").check()
    page.get_by_label("Row B seat 2,").check()
    expect(page.locator("#announce")).to_have_text("2 seats, £21.50.")
    page.get_by_role("button", name="Give up seat B1").click()
    expect(page.locator("#announce")).to_contain_text("B2 chosen, £10.75")


def test_the_map_of_a_wide_hall_starts_in_its_middle_on_a_phone(phone_page: Page) -> None:
    phone_page.goto(f"/shows/{a_hall().id}")
    off = "(map => Math.abs(map.scrollLeft * 2 + map.clientWidth - map.scrollWidth))(document.querySelector('#map'))"
    phone_page.wait_for_function(f"{off} < 4")
