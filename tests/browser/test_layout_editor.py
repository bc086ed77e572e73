"""The layout editor in Chromium: drawn by mouse and by keyboard, taken back, kept, told of others, for every eye."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect

from app.db import db
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Layout, LayoutDraft, Screen
from app.queries.layout_drafts import drawing_of
from app.services.layouts_edit import change_draft, upload_draft
from tests.browser.test_live_map import wait_until
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_person, a_screen, a_show

PLAN = (Path(__file__).parents[2] / "demo" / "plans" / "standard-300.json").read_bytes()


@pytest.fixture
def screen(app: Flask) -> Screen:
    return a_screen(a_cinema(name="The Regent"), 30, 10)


@pytest.fixture
def editor(app: Flask, page: Page, base_url: str, screen: Screen) -> Page:
    """Open at the plan, which the script has taken over."""
    come_in(app, page.context, base_url, a_person(Role.MANAGER, db.session.get_one(Cinema, screen.cinema_id)))
    page.goto(f"/staff/screens/{screen.id}/layout")
    expect(page.locator("#editor.drawn")).to_be_visible()
    return page


def place(page: Page, guid: str) -> str:
    return page.locator(f'.ps[data-g="{guid}"]').get_attribute("transform") or ""


def kept(page: Page) -> None:
    """What was just done is kept: until then the page says “Not kept yet”, from the very moment of the deed."""
    expect(page.locator("[data-saved]")).to_contain_text("Kept as a draft at")


def test_every_page_for_every_eye(app: Flask, visitor: Visitor, base_url: str) -> None:
    cinema = a_cinema(name="The Regent")
    screen = a_screen(cinema)
    a_show(screen=screen)
    come_in(app, visitor.page.context, base_url, a_person(Role.MANAGER, cinema))
    upload_draft(COMMAND, screen.id, drawing_of(screen.id).revision, PLAN)
    visitor.go("/staff/layouts")
    visitor.look("the screens", WIDE, SMALL)
    visitor.go(f"/staff/screens/{screen.id}/layout")
    expect(visitor.page.locator("#editor.drawn")).to_be_visible()
    visitor.page.locator("#do-number summary").click()
    visitor.look("the editor", WIDE, PHONE, SMALL)
    visitor.page.locator("#use summary").click()
    visitor.page.get_by_label("Reason").fill("a new hall")
    visitor.page.get_by_role("button", name="Put it into use").click()
    visitor.look("shows with an older version", WIDE, SMALL)


def test_a_double_click_takes_the_row(editor: Page):
    editor.locator('.ps[data-g="A1"]').dblclick()
    expect(editor.locator("[data-chosen]")).to_have_text("10 seats of 1 row chosen")


def test_seats_are_dragged_taken_back_and_kept(editor: Page, screen: Screen):
    before = place(editor, "A1")
    seat = editor.locator('.ps[data-g="A1"]').bounding_box()
    assert seat is not None
    x, y = seat["x"] + seat["width"] / 2, seat["y"] + seat["height"] / 2
    editor.mouse.move(x, y)
    editor.mouse.down()
    editor.mouse.move(x + 20, y + 12)
    editor.mouse.move(x + 40, y + 12)
    editor.mouse.up()
    moved = place(editor, "A1")
    assert moved != before
    kept(editor)
    editor.get_by_role("button", name="Undo").click()
    assert place(editor, "A1") == before
    editor.get_by_role("button", name="Redo").click()
    assert place(editor, "A1") == moved
    kept(editor)
    editor.reload()
    expect(editor.locator("#editor.drawn")).to_be_visible()
    assert place(editor, "A1") == moved


def test_a_frame_takes_many_and_a_form_changes_them(editor: Page, screen: Screen):
    first = editor.locator('.ps[data-g="B1"]').bounding_box()
    last = editor.locator('.ps[data-g="C10"]').bounding_box()
    assert first is not None
    assert last is not None
    editor.mouse.move(first["x"] - 6, first["y"] - 3)
    editor.mouse.down()
    editor.mouse.move(first["x"] + 50, first["y"] + 20)
    editor.mouse.move(last["x"] + last["width"] + 4, last["y"] + last["height"] + 4)
    editor.mouse.up()
    expect(editor.locator("[data-chosen]")).to_have_text("20 seats of 2 rows chosen")
    editor.locator("#do-number summary").click()
    editor.get_by_label("From the").first.select_option("right")
    editor.get_by_role("button", name="Number them").click()
    expect(editor.locator('.ps[data-g="B1"] text')).to_have_text("10")
    expect(editor.locator('.ps[data-g="A1"] text')).to_have_text("1")
    kept(editor)


def test_a_hall_is_changed_by_keyboard_alone(editor: Page, screen: Screen):
    editor.locator(".sheet").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "Space"):
        editor.keyboard.press(key)
    expect(editor.locator("#announce")).to_have_text("Row B seat 2, Standard, chosen")
    editor.keyboard.press("r")
    expect(editor.locator("[data-chosen]")).to_have_text("10 seats of 1 row chosen")
    before = place(editor, "B2")
    editor.keyboard.press("Alt+ArrowDown")
    assert place(editor, "B2") != before
    editor.keyboard.press("Control+z")
    assert place(editor, "B2") == before
    editor.keyboard.press("Delete")
    expect(editor.locator('.ps[data-g="B2"]')).to_have_count(0)
    editor.keyboard.press("Control+z")
    expect(editor.locator('.ps[data-g="B2"]')).to_have_count(1)
    kept(editor)
    editor.locator("#use summary").press("Enter")
    expect(editor.get_by_label("Reason")).to_be_focused()
    editor.keyboard.type("new chairs")
    expect(editor.get_by_label("Reason")).to_have_value("new chairs")


def test_the_second_of_two_is_told_and_can_take_theirs_along(editor: Page, screen: Screen):
    change_draft(COMMAND, screen.id, drawing_of(screen.id).revision, "rename", {"name": "Other"}, ())
    editor.locator(".sheet").focus()
    for key in ("ArrowRight", "Space", "Alt+ArrowDown"):
        editor.keyboard.press(key)
    expect(editor.locator("#flashes")).to_contain_text("has changed this plan since you opened it")
    with editor.expect_download() as found:
        editor.get_by_role("link", name="Take yours along as a file").click()
    assert json.loads(Path(found.value.path()).read_text())["name"] == "Plain"
    db.session.expire_all()
    assert db.session.get_one(LayoutDraft, screen.id).plan["name"] == "Other"
    db.session.commit()


def test_what_was_just_dragged_is_in_what_is_put_into_use(editor: Page, screen: Screen):
    editor.locator(".sheet").focus()
    for key in ("ArrowRight", "Space", "Alt+ArrowDown"):
        editor.keyboard.press(key)
    kept(editor)
    editor.locator("#use summary").click()
    editor.get_by_label("Reason").fill("more room")
    editor.locator(".sheet").focus()
    editor.keyboard.press("Alt+ArrowDown")
    editor.get_by_role("button", name="Put it into use").click()
    expect(editor.locator("#flashes")).to_contain_text("Version 2 is in use")
    db.session.expire_all()
    layout = db.session.query(Layout).filter_by(screen_id=screen.id, version=2).one()
    seat = layout.plan["zones"][0]["rows"][0]["seats"][0]  # type: ignore[index]
    assert seat["position"]["y"] == 16, "12 is the edge that a seat is kept inside of, 4 is a step"
    db.session.commit()


def test_a_change_on_its_way_is_waited_for_before_the_plan_is_put_into_use(editor: Page, screen: Screen):
    """Otherwise the form names the revision before it, and the manager is told that she has changed the plan herself."""
    editor.locator(".sheet").focus()
    for key in ("ArrowRight", "Space", "Alt+ArrowDown"):
        editor.keyboard.press(key)
    kept(editor)
    editor.locator("#use summary").click()
    editor.get_by_label("Reason").fill("more room")
    on_its_way: list[Route] = []
    save = editor.locator("[data-save]").get_attribute("data-save")
    editor.route(f"**{save}", lambda route: on_its_way.append(route))
    editor.locator(".sheet").focus()
    editor.keyboard.press("Alt+ArrowDown")
    wait_until(lambda: bool(on_its_way), editor)
    editor.get_by_role("button", name="Put it into use").click()
    on_its_way.pop().continue_()
    expect(editor.locator("#flashes")).to_contain_text("Version 2 is in use")


def test_two_thousand_seats_stay_usable(app: Flask, page: Page, base_url: str, screen: Screen):
    come_in(app, page.context, base_url, a_person(Role.ADMIN))
    revision = drawing_of(screen.id).revision
    everything = drawing_of(screen.id).document
    assert everything is not None
    guids = [seat["seat_guid"] for row in everything["zones"][0]["rows"] for seat in row["seats"]]
    revision, _ = change_draft(COMMAND, screen.id, revision, "delete", {}, guids)
    change_draft(COMMAND, screen.id, revision, "add-rows", {"rows": "40", "seats_each": "50", "first": "A"}, ())
    page.goto(f"/staff/screens/{screen.id}/layout")
    expect(page.locator("#editor.drawn")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("[data-chosen]")).to_have_text("2000 seats of 40 rows chosen")
    page.locator(".sheet").focus()
    took = (
        "() => { const begun = performance.now(); document.querySelector('.sheet').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowDown', altKey: true})); return performance.now() - begun; }"
    )
    assert min(page.evaluate(took) for _ in range(5)) < 500
    kept(page)
    page.locator("#do-curve summary").click()
    page.get_by_role("button", name="Bend them").click()
    expect(page.locator("#announce")).to_have_text("Done. 2000 seats in the plan.")


def test_it_works_without_javascript(app: Flask, plain_page: Page, base_url: str, screen: Screen):
    come_in(app, plain_page.context, base_url, a_person(Role.ADMIN))
    plain_page.goto(f"/staff/screens/{screen.id}/layout")
    plain_page.locator("#do-length summary").click()
    plain_page.locator("#in-length-rows").fill("C")
    plain_page.locator("#length-seats").fill("12")
    plain_page.get_by_role("button", name="Make them this long").click()
    expect(plain_page.locator("#flashes")).to_contain_text("It is kept as a draft")
    expect(plain_page.locator(".ps")).to_have_count(32)
