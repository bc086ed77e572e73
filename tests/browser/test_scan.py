"""The door in Chromium: a camera, a scanner's keys, four answers, and two devices alone with one ticket."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from sqlalchemy import text

from app.db import db
from app.domain.staff import Role
from app.domain.ticket_payload import from_base45, to_base45
from app.models import Cinema, User
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_staff import come_in
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.builders import a_cinema, a_movie, a_paid_booking, a_person, a_show
from tests.support.camera import film_of
from tests.support.door import shown, typed

SOON = dt.timedelta(minutes=20)
SPY = """
self.heard = {buzzes: [], tones: 0};
navigator.vibrate = buzz => { heard.buzzes.push(buzz); return true; };
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { heard.tones += 1; return start.apply(this, when); };
AbortController.prototype.abort = () => {};
"""
"""Notes what is heard and felt; and a slow machine is no lost connection: answers are waited for."""


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def sam(regent: Cinema) -> User:
    return a_person(Role.SCANNER, regent, name="Sam")


def a_door(context: BrowserContext, name: str = "Door A") -> Page:
    """A page at a door that has its list, and its page kept for later."""
    context.add_init_script(SPY)
    page = context.new_page()
    page.goto("/staff/scan")
    expect(page.locator("#door")).to_have_attribute("data-ready", "yes")
    page.get_by_label("This door").fill(name)
    return page


def enter(page: Page, code: str) -> None:
    """As a scanner on a cable does it: letters and Enter into the field that has the focus."""
    page.locator("#words").focus()
    page.keyboard.insert_text(code)
    page.keyboard.press("Enter")


def says(page: Page, kind: str, *words: str) -> None:
    expect(page.locator("#answer")).to_have_class(re.compile(rf"\b{kind}\b"))
    for one in words:
        expect(page.locator("#answer")).to_contain_text(one)


@contextmanager
def alone(page: Page) -> Iterator[None]:
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


def admissions() -> list[Any]:
    found = list(db.session.execute(text("SELECT outcome, door, offline FROM admission_reports ORDER BY id")))
    db.session.commit()
    return found


def test_a_camera_sees_a_ticket_and_it_is_let_in_once(
    app: Flask, playwright: Playwright, base_url: str, regent: Cinema, sam: User, tmp_path: Path
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    film = film_of(shown(booking), tmp_path / "ticket.y4m")
    camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    args = [*QUIET, *camera, f"--use-file-for-fake-video-capture={film}"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
    context = browser.new_context(base_url=base_url, permissions=["camera"])
    come_in(app, context, base_url, sam)
    page = a_door(context)
    page.get_by_role("button", name="Start the camera").click()
    says(page, "admit", "Admit", "Row A seat 1")
    assert page.evaluate("heard.tones") > 0
    assert len(page.evaluate("heard.buzzes")) == 1
    expect(page.locator("#answer")).to_be_hidden()
    expect(page.locator("#door-last li")).to_have_count(1)
    expect(page.locator("#door-in")).to_have_text("1")
    browser.close()
    assert [tuple(one) for one in admissions()] == [("admitted", "Door A", False)]


def test_each_answer_has_its_own_word_shape_sound_and_buzz_and_bad_input_stops_nothing(
    app: Flask, page: Page, base_url: str, regent: Cinema, sam: User
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    elsewhere = a_paid_booking(a_show(starts_in=SOON))
    come_in(app, page.context, base_url, sam)
    door = a_door(page.context)
    door.locator("#words").focus()
    enter(door, typed(booking))
    says(door, "admit", "Admit", "Row A seat 1", "1 in, 1 to come")
    enter(door, f"{booking.code}-01")
    says(door, "used", "Already used", "Door A")
    enter(door, "???")
    says(door, "refused", "Not a ticket")
    enter(door, shown(elsewhere))
    says(door, "refused", "Wrong cinema")
    enter(door, shown(booking, 2))
    says(door, "admit", "Row A seat 2", "2 in, 0 to come")
    with alone(door):
        enter(door, "2F7K4XP2MD01")
        says(door, "unchecked", "Not checked")
    buzzes = door.evaluate("heard.buzzes.map(JSON.stringify)")
    assert len(buzzes) == 6
    assert len(set(buzzes)) == 4
    shapes = {door.locator(f"#mark-{kind}").evaluate("it => it.innerHTML") for kind in ("admit", "used", "refused")}
    assert len(shapes) == 3
    door.keyboard.press("Escape")
    expect(door.locator("#answer")).to_be_hidden()
    expect(door.locator("#words")).to_be_focused()
    expect(door.locator("#door-last li")).to_have_count(6)


def test_the_same_code_is_ignored_for_three_seconds(app: Flask, page: Page, base_url: str, regent: Cinema, sam: User):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    come_in(app, page.context, base_url, sam)
    page.clock.install()
    door = page
    door.goto("/staff/scan")
    expect(door.locator("#door")).to_have_attribute("data-ready", "yes")
    enter(door, typed(booking))
    says(door, "admit")
    enter(door, typed(booking))
    expect(door.locator("#door-last li")).to_have_count(1)
    door.clock.fast_forward(4000)
    enter(door, typed(booking))
    says(door, "used")


def test_two_devices_alone_let_one_ticket_in_and_it_is_shown_with_both_places(
    app: Flask, browser: Browser, base_url: str, regent: Cinema, sam: User
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    contexts = [browser.new_context(base_url=base_url) for _ in range(2)]
    for context in contexts:
        come_in(app, context, base_url, sam)
    one, two = a_door(contexts[0], "Door A"), a_door(contexts[1], "Door B")
    for device in (one, two):
        device.context.set_offline(True)
        enter(device, shown(booking))
        says(device, "admit", "Admit", "Offline")
        expect(device.locator("#door-offline")).to_contain_text("1 let in here, to be sent")
    enter(one, typed(booking))
    says(one, "used", "this device")
    assert not admissions()
    one.context.set_offline(False)
    expect(one.locator("#door-offline")).to_be_hidden()
    two.context.set_offline(False)
    expect(two.locator("#door-trouble")).to_contain_text("A1 was let in twice")
    expect(two.locator("#door-trouble")).to_contain_text("Door A")
    expect(two.locator("#door-trouble")).to_contain_text("Door B")
    assert [tuple(each) for each in admissions()] == [("admitted", "Door A", True), ("double", "Door B", True)]
    two.goto("/staff/scan/log")
    expect(two.get_by_role("region", name="Let in twice, or wrongly")).to_contain_text("Door A")
    for context in contexts:
        context.close()


@pytest.mark.parametrize("own", [True, False], ids=["the browser's Ed25519", "the library's Ed25519"])
def test_alone_nothing_is_admitted_that_was_not_verified(
    app: Flask, page: Page, base_url: str, regent: Cinema, sam: User, own: bool
):
    show = a_show(cinema=regent, starts_in=SOON)
    booking = a_paid_booking(show, 2)
    come_in(app, page.context, base_url, sam)
    if not own:
        page.context.add_init_script(
            "if (self.isSecureContext && crypto.subtle) crypto.subtle.importKey = () => Promise.reject(new Error('not here'));"
        )
    door = a_door(page.context)
    newer = a_paid_booking(show, 1)
    data = from_base45(shown(booking))
    forged = to_base45(data[:-1] + bytes([data[-1] ^ 1]))
    door.context.set_offline(True)
    for code, kind, word in (
        (forged, "refused", "Forged"),
        ("nothing of ours, and long enough to be a code", "refused", "Not a ticket"),
        (typed(newer), "unchecked", "newer than the list"),
        (shown(newer), "unchecked", "The code is genuine"),
        (shown(booking, 1), "admit", "Row A seat 1"),
    ):
        enter(door, code)
        says(door, kind, word)
    expect(door.locator("#door-offline")).to_contain_text("1 let in here")
    enter(door, f"{shown(newer)}\t")
    door.get_by_role("button", name="Note it, scan next").click()
    expect(door.locator("#door-offline")).to_contain_text("2 let in here")
    door.context.set_offline(False)
    expect(door.locator("#door-offline")).to_be_hidden()
    assert [each.outcome for each in admissions()] == ["admitted", "admitted"]


def test_the_page_opens_without_a_connection_and_keeps_its_queue(
    app: Flask, page: Page, base_url: str, regent: Cinema, sam: User
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    come_in(app, page.context, base_url, sam)
    door = a_door(page.context)
    expect(door.locator("#door")).to_have_attribute("data-installed", "yes")
    door.context.set_offline(True)
    door.reload()
    expect(door.locator("#door")).to_have_attribute("data-ready", "yes")
    expect(door.locator("#door-offline")).to_be_visible()
    enter(door, shown(booking))
    says(door, "admit", "Offline")
    door.reload()
    expect(door.locator("#door")).to_have_attribute("data-ready", "yes")
    enter(door, shown(booking))
    says(door, "used", "this device")
    door.context.set_offline(False)
    expect(door.locator("#door-offline")).to_be_hidden()
    assert [each.outcome for each in admissions()] == ["admitted"]


def test_the_door_for_every_eye(app: Flask, visitor: Visitor, base_url: str, regent: Cinema):
    show = a_show(cinema=regent, starts_in=SOON, movie=a_movie("The Cabinet of Dr. Caligari"))
    booking = a_paid_booking(show, 3)
    come_in(app, visitor.page.context, base_url, a_person(Role.MANAGER, regent, name="Ruth"))
    page = visitor.page
    visitor.go("/staff/scan")
    visitor.look("door", WIDE, PHONE, SMALL)
    expect(page.locator("#door")).to_have_attribute("data-ready", "yes")
    for code, kind in ((typed(booking), "admit"), (f"{booking.code}-01", "used"), ("what?", "refused")):
        enter(page, code)
        says(page, kind)
        page.evaluate("for (let n = setTimeout(() => {}); n; n--) clearTimeout(n)")
        visitor.look(kind, WIDE, SMALL)
    page.keyboard.press("Escape")
    visitor.go("/staff/scan/log")
    visitor.look("log", WIDE, PHONE, SMALL)
