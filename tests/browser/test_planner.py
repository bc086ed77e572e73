"""The week planner in Chromium: a week by form, shows moved by pointer and by keyboard, refusals told, for every eye."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from app import clock
from app.db import db
from app.domain.film_week import FilmWeek, week_of
from app.domain.local_time import instants_of, programme_day
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Movie, PriceList, Screen, Show
from app.services.scheduling import NewShow, publish_shows, schedule_shows
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_movie, a_paid_booking, a_person, a_price_list, a_screen

FILMS = (
    ("Metropolis", 153),
    ("Safety Last!", 73),
    ("The General", 75),
    ("Charade", 113),
    ("Prince Achmed", 65),
    ("Nosferatu", 94),
)


@pytest.fixture
def regent(app: Flask) -> Cinema:
    cinema = a_cinema(name="The Regent")
    a_price_list(cinema)
    return cinema


@pytest.fixture
def screens(regent: Cinema) -> list[Screen]:
    return [a_screen(regent, 10), a_screen(regent, 30), a_screen(regent, 30)]


@pytest.fixture
def films(app: Flask) -> list[Movie]:
    return [a_movie(title, runtime_minutes=minutes) for title, minutes in FILMS]


def next_week(cinema: Cinema) -> FilmWeek:
    return week_of(programme_day(ZoneInfo(cinema.timezone), clock.now())).after


def at(cinema: Cinema, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return instants_of(
        ZoneInfo(cinema.timezone), next_week(cinema).start + dt.timedelta(days=day), dt.time(hour, minute)
    )[0]


def the_list(cinema: Cinema) -> int:
    found = db.session.query(PriceList.id).filter_by(cinema_id=cinema.id).scalar()
    db.session.commit()
    return int(found)


def a_draft(cinema: Cinema, screen: Screen, film: Movie, day: int, hour: int, minute: int = 0) -> int:
    prices = the_list(cinema)
    return schedule_shows(COMMAND, cinema.id, [NewShow(film.id, screen.id, prices, at(cinema, day, hour, minute))]).ids[
        0
    ]


def address(cinema: Cinema) -> str:
    return f"/staff/planner?week={next_week(cinema).start.isoformat()}"


def the_show(show_id: int) -> Show:
    found = db.session.get_one(Show, show_id, populate_existing=True)
    db.session.commit()
    return found


@pytest.fixture
def planner(app: Flask, page: Page, base_url: str, regent: Cinema, screens: list[Screen]) -> Callable[[], Page]:
    """Opens the week, as Ruth."""

    def opened() -> Page:
        come_in(app, page.context, base_url, a_person(Role.MANAGER, regent, name="Ruth"))
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(address(regent))
        return page

    return opened


def drag_to(page: Page, what: Locator, lane: Locator, hour: float, grip: int = 12) -> None:
    """Drag by the left end to an hour of a lane; the table begins at ten."""
    box, row = what.bounding_box(), lane.bounding_box()
    name = lane.locator(".w-name").bounding_box()
    columns = int(page.locator("table.week").get_attribute("data-columns") or 0)
    assert box is not None
    assert row is not None
    assert name is not None
    left, width = name["x"] + name["width"], row["x"] + row["width"] - name["x"] - name["width"]
    page.mouse.move(box["x"] + grip, box["y"] + 12)
    page.mouse.down()
    inside = grip if what.get_attribute("data-show") else 0
    page.mouse.move(left + 40, row["y"] + 20, steps=4)
    page.mouse.move(left + (hour - 10) * 12 * width / columns + inside, row["y"] + 20, steps=6)


def lane_of(page: Page, day: int, screen: int) -> Locator:
    return page.locator("table.week tbody").nth(day).locator("tr.lane").nth(screen)


def test_a_manager_plans_a_week_by_form(planner, regent, screens, films):
    page = planner()
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("New shows")
    page.get_by_label("Film", exact=True).select_option(label="Metropolis, 153 min")
    page.get_by_label(f"{screens[1].name}, 30 seats").check()
    page.get_by_label("To", exact=True).fill((next_week(regent).start + dt.timedelta(days=6)).isoformat())
    page.get_by_label("Times").fill("14:00, 19:30")
    page.get_by_label("Prices").select_option(index=1)
    page.get_by_role("button", name="See what would be made").click()
    expect(page.get_by_text("14 of 14 can be made")).to_be_visible()
    page.get_by_role("button", name="Make what is ticked").click()
    expect(page.locator("table.week .on.draft")).to_have_count(14)
    page.get_by_role("button", name="Publish 14 drafts").click()
    expect(page.locator("#flashes")).to_contain_text("14 shows are on sale now.")
    expect(page.locator("table.week .on.draft")).to_have_count(0)


def test_a_draft_is_moved_by_the_pointer_and_a_film_dragged_onto_a_lane(planner, regent, screens, films):
    show_id = a_draft(regent, screens[0], films[0], 0, 14)
    page = planner()
    drag_to(page, page.locator(f'.week [data-show="{show_id}"]'), lane_of(page, 2, 1), 17.5)
    expect(page.locator(".ghost")).to_contain_text(f"17:30 {screens[1].name}")
    page.mouse.up()
    expect(page.locator("#flashes")).to_contain_text("Metropolis is moved to")
    expect(page.locator("#announce")).to_contain_text("Metropolis is moved to")
    expect(page.locator(f'.week [data-show="{show_id}"]')).to_be_focused()
    assert (the_show(show_id).screen_id, the_show(show_id).starts_at) == (screens[1].id, at(regent, 2, 17, 30))
    drag_to(page, page.locator(f'[data-film="{films[3].id}"]'), lane_of(page, 4, 2), 20)
    page.mouse.up()
    expect(page.locator("#flashes")).to_contain_text("A draft was made")
    made = page.locator(".week .on.draft").filter(has_text="Charade")
    expect(made.locator("a")).to_be_focused()
    assert the_show(int(made.locator("a").get_attribute("data-show") or 0)).starts_at == at(regent, 4, 20)


def test_a_refusal_is_told_and_escape_leaves_a_show_where_it_is(planner, regent, screens, films):
    show_id = a_draft(regent, screens[0], films[0], 0, 14)
    a_draft(regent, screens[0], films[5], 1, 18)
    page = planner()
    link = page.locator(f'.week [data-show="{show_id}"]')
    drag_to(page, link, lane_of(page, 1, 0), 17)
    page.mouse.up()
    expect(page.locator("#flashes")).to_contain_text(f"Nosferatu is on {screens[0].name} from 18:00")
    expect(page.locator("#alert-live")).to_contain_text("Nosferatu is on")
    drawn, note = page.locator(".refused-move"), page.get_by_role("group", name="Refused: Metropolis")
    expect(drawn).to_have_text("Metropolis17:00 refused")
    expect(note).to_contain_text(f"Nosferatu is on {screens[0].name} from 18:00")
    lane, box = lane_of(page, 1, 0).bounding_box(), drawn.bounding_box()
    assert lane is not None
    assert box is not None
    assert lane["y"] <= box["y"] <= box["y"] + box["height"] <= lane["y"] + lane["height"]
    note.get_by_role("button", name="Take it away").click()
    expect(drawn).to_have_count(0)
    expect(link).to_be_focused()
    drag_to(page, link, lane_of(page, 3, 0), 17)
    expect(page.locator(".ghost")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    page.mouse.up()
    expect(page).to_have_url(re.compile("/staff/planner"))
    assert the_show(show_id).starts_at == at(regent, 0, 14)


def test_a_show_on_sale_is_moved_by_keyboard_with_a_reason(planner, regent, screens, films):
    show_id = a_draft(regent, screens[1], films[0], 0, 14)
    publish_shows(COMMAND, regent.id, [show_id])
    page = planner()
    link = page.locator(f'.week [data-show="{show_id}"]')
    link.focus()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_contain_text("Move Metropolis")
    begins = page.get_by_label("Begins")
    expect(begins).to_be_focused()
    begins.fill(f"{next_week(regent).start.isoformat()}T16:20")
    page.get_by_label("Reason").fill("projector")
    page.keyboard.press("Enter")
    expect(page.locator("#flashes")).to_contain_text("Metropolis is moved to")
    assert the_show(show_id).starts_at == at(regent, 0, 16, 20)
    link.focus()
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(link).to_be_focused()


def test_a_show_on_sale_asks_why_when_it_is_dropped(planner, regent, screens, films):
    show_id = a_draft(regent, screens[1], films[0], 0, 14)
    publish_shows(COMMAND, regent.id, [show_id])
    page = planner()
    drag_to(page, page.locator(f'.week [data-show="{show_id}"]'), lane_of(page, 0, 2), 18)
    page.mouse.up()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("a larger screen")
    page.get_by_role("button", name="Move it").click()
    expect(page.locator("#flashes")).to_contain_text("Metropolis is moved to")
    assert (the_show(show_id).screen_id, the_show(show_id).starts_at) == (screens[2].id, at(regent, 0, 18))


def test_a_move_that_is_refused_in_its_box_stands_in_the_week_until_escape(planner, regent, screens, films):
    show_id = a_draft(regent, screens[0], films[0], 0, 14)
    a_draft(regent, screens[0], films[5], 1, 18)
    page = planner()
    page.locator(f'.week [data-show="{show_id}"]').focus()
    page.keyboard.press("m")
    page.get_by_label("Begins").fill(f"{next_week(regent).start + dt.timedelta(days=1)}T17:00")
    page.keyboard.press("Enter")
    expect(page.locator("#move-refused")).to_contain_text("Nosferatu is on")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".refused-move")).to_have_text("Metropolis17:00 refused")
    page.keyboard.press("Escape")
    expect(page.locator(".refused-move")).to_have_count(0)


class Finger:
    """Touches of one finger, as the browser gets them from the glass."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def down(self, x: float, y: float) -> None:
        self._touch("touchStart", (x, y))

    def move(self, x: float, y: float) -> None:
        self._touch("touchMove", (x, y))

    def up(self) -> None:
        self._touch("touchEnd")


def test_a_finger_lifts_a_show_by_staying_and_scrolls_by_moving(
    app: Flask, browser: Browser, base_url: str, regent, screens, films
):
    show_id = a_draft(regent, screens[0], films[0], 0, 14)
    context = browser.new_context(
        base_url=base_url, viewport={"width": 900, "height": 700}, has_touch=True, reduced_motion="reduce"
    )
    come_in(app, context, base_url, a_person(Role.MANAGER, regent))
    page = context.new_page()
    page.goto(address(regent))
    link, lane = page.locator(f'.week [data-show="{show_id}"]'), lane_of(page, 1, 1)
    box, row = link.bounding_box(), lane.bounding_box()
    assert box is not None
    assert row is not None
    x, y, finger = box["x"] + 12, box["y"] + 12, Finger(page)
    before = page.evaluate("scrollY")
    finger.down(x, y)
    for step in range(1, 9):
        finger.move(x, y - 15 * step)
    finger.up()
    page.wait_for_function("before => scrollY > before", arg=before)
    expect(page.locator(".ghost")).to_have_count(0)
    page.goto(address(regent))  # a page that still rolls after a throw takes the next touch as a stop
    page.wait_for_function("scrollY === 0")
    finger.down(x, y)
    expect(page.locator(".ghost")).to_be_visible()
    assert page.locator(".ghost").evaluate("ghost => getComputedStyle(ghost).transitionDuration") in ("0s", "")
    for step in range(1, 6):
        finger.move(x, y + (row["y"] + 20 - y) * step / 5)
    expect(page.locator(".ghost")).to_contain_text(f"14:00 {screens[1].name}")
    assert page.evaluate("scrollY") == 0, "what is lifted is dragged; the page stays"
    finger.up()
    expect(page.locator("#flashes")).to_contain_text("Metropolis is moved to")
    expect(page).to_have_url(re.compile("/staff/planner"))
    assert (the_show(show_id).screen_id, the_show(show_id).starts_at) == (screens[1].id, at(regent, 1, 14))
    context.close()


def a_full_week(cinema: Cinema, screens: list[Screen], films: list[Movie]) -> list[int]:
    prices, wanted = the_list(cinema), []
    for day in range(7):
        for place, screen in enumerate(screens):
            for slot, hour in enumerate((11, 14, 17, 20, 22)):
                film = films[(day + 2 * place + slot) % len(films)]
                wanted.append(
                    NewShow(film.id, screen.id, prices, at(cinema, day, hour, 15 * place), cleaning_minutes=20)
                )
    made = schedule_shows(COMMAND, cinema.id, wanted, leave_out=True)
    publish_shows(COMMAND, cinema.id, made.ids[:-9])
    return list(made.ids)


def test_every_page_for_every_eye(app, visitor: Visitor, base_url, regent, screens, films, tmp_path):
    ids = a_full_week(regent, screens, films)
    first = the_show(ids[0])
    for _ in range(5):
        a_paid_booking(first, n=2)
    come_in(app, visitor.page.context, base_url, a_person(Role.MANAGER, regent, name="Ruth"))
    page = visitor.page
    visitor.go(address(regent))
    expect(page.locator("table.week .on.full")).to_have_count(1)
    visitor.look("the planner", WIDE, PHONE, SMALL)
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.locator("table.week .on a").first.focus()
    page.keyboard.press("m")
    visitor.look("the box", WIDE)
    visitor.go("/staff/shows/new")
    page.get_by_role("button", name="See what would be made").click()
    visitor.look("new shows, refused", WIDE, SMALL)
    page.get_by_label(f"{screens[0].name}, 10 seats").check()
    page.get_by_label("From").fill(next_week(regent).start.isoformat())
    page.get_by_label("Times").fill("12:00, 01:00, 03:40")
    page.get_by_label("Prices").select_option(index=1)
    page.get_by_role("button", name="See what would be made").click()
    expect(page.get_by_text("can be made")).to_be_visible()
    visitor.look("the preview", WIDE, SMALL)
    for number in (0, -1):
        visitor.go(f"/staff/shows/{ids[number]}")
        visitor.look(f"show {number}", WIDE, PHONE, SMALL)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_on_a_phone_the_week_is_a_list(app: Flask, browser: Browser, base_url: str, regent, screens, films):
    ids = a_full_week(regent, screens, films)
    context = browser.new_context(base_url=base_url, viewport={"width": PHONE, "height": 800}, has_touch=True)
    come_in(app, context, base_url, a_person(Role.MANAGER, regent))
    page = context.new_page()
    page.goto(address(regent))
    expect(page.locator("table.week")).to_be_hidden()
    expect(page.locator(".week-list li")).to_have_count(len(ids))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator(".week-list li a").first.click()
    expect(page.get_by_role("heading", name="Change it")).to_be_visible()
    context.close()
