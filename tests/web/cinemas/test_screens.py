"""Screens: from a plan of the house, from a file, hostile files, renamed and closed."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask

from app.db import db
from app.models import Cinema, Layout, Screen
from tests.builders import a_screen, a_show
from tests.support.cinemas import PLANS, there, why
from tests.support.client import PageClient, soup, words


def new_screen(client: PageClient, cinema: Cinema, file: bytes | None = None, **sent: str) -> Any:
    data: dict[str, Any] = {"name": "Screen 1", "begin": "draw", **sent}
    if file is not None:
        data["file"] = (io.BytesIO(file), "plan.json")
    address = f"{there(cinema)}/screens"
    return client.post_form(address, data, page=there(cinema), content_type="multipart/form-data")


def test_a_screen_begins_with_a_plan_that_comes_with_the_house(app: Flask, ruth: PageClient, regent: Cinema):
    page = ruth.get(there(regent))
    assert "92 seats, yours to change" in words(page)
    answer = new_screen(ruth, regent, begin="village-92")
    assert answer.status_code == 303
    screen = db.session.query(Screen).one()
    layout = db.session.get_one(Layout, screen.layout_id)
    assert (layout.version, layout.seat_count, screen.name) == (1, 92, "Screen 1")
    assert answer.location == f"{there(regent)}#screen-{screen.id}"
    assert "92 seats, plan version 1" in words(ruth.get(there(regent)))


def test_a_screen_from_a_file_is_ready_at_once_and_goes_out_the_same(app: Flask, ruth: PageClient, regent: Cinema):
    data = (PLANS / "standard-300.json").read_bytes()
    assert new_screen(ruth, regent, data).status_code == 303
    screen = db.session.query(Screen).one()
    assert json.loads(ruth.get(f"/staff/layouts/{screen.layout_id}.json").data) == json.loads(data)
    a_show(
        screen=screen, prices={(code, "adult"): 900 for code in db.session.get_one(Layout, screen.layout_id).categories}
    )


def test_a_screen_to_be_drawn_leads_to_the_drawing(app: Flask, ruth: PageClient, regent: Cinema):
    answer = new_screen(ruth, regent, name="  The Long   Room ")
    screen = db.session.query(Screen).one()
    assert screen.name == "The Long Room"
    assert answer.location == f"/staff/screens/{screen.id}/layout"
    assert "Draw the seats" in words(ruth.get(there(regent)))


def _deep() -> bytes:
    return b'{"name":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def _altered(**changes: Any) -> bytes:
    return json.dumps(json.loads((PLANS / "village-92.json").read_text()) | changes).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<svg onload=alert(1)>", "This is not JSON"),
        (b"", "This is not JSON"),
        (b"\xff\xfe\x00", "This is not UTF-8"),
        (b"[]", "Must be an object"),
        (b"null", "Must be an object"),
        (_deep(), "nested too deeply"),
        (_altered(name="a\0b", categories=[{"name": "x\0y"}]), ""),
        (_altered(zones={"rows": 1}), "(at zones)"),
        (_altered(zones=[{"name": "A", "rows": [{"row_number": 7, "seats": []}]}]), "(at zones[0].rows[0].row_number)"),
        (_altered(size={"width": float("nan"), "height": 1}), "(at size.width)"),
        (_altered(zones=[]), ""),
        (_altered(name="x" * 5000), "(at name)"),
    ],
    ids=["svg", "empty", "not-utf8", "list", "null", "deep", "nul", "zones", "row", "nan", "no-seats", "long-name"],
)
def test_a_hostile_file_is_told_in_place_and_nothing_is_written(
    app: Flask, ruth: PageClient, regent: Cinema, data: bytes, sentence: str
):
    answer = new_screen(ruth, regent, data)
    assert answer.status_code == 422
    told = why(answer, "file")
    assert sentence in told
    assert told.endswith(".")
    assert soup(answer).select_one("#new-screen #name")["value"] == "Screen 1"  # type: ignore[index]
    assert db.session.query(Screen).count() == db.session.query(Layout).count() == 0


def test_fifty_megabytes_are_not_taken(app: Flask, ruth: PageClient, regent: Cinema):
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="plan.json"\r\n\r\n%b\r\n--x--\r\n'
    answer = ruth.post(
        f"{there(regent)}/screens",
        data=part % (b" " * 50_000_000),
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": ruth.token(there(regent))},
    )
    assert answer.status_code == 413
    assert "larger than we take" in words(answer)
    assert db.session.query(Screen).count() == 0


@pytest.mark.parametrize("key", ["../cinemas", "/etc/passwd", "village-92.json", "x\0"])
def test_only_plans_of_the_list_can_be_begun_with(app: Flask, ruth: PageClient, regent: Cinema, key: str):
    assert new_screen(ruth, regent, begin=key).status_code == 303
    assert db.session.query(Screen).one().layout_id is None


def test_a_screens_name_is_told_to_be_taken_or_missing(app: Flask, ruth: PageClient, regent: Cinema):
    new_screen(ruth, regent)
    assert "has a screen with this name" in why(new_screen(ruth, regent), "name")
    assert "Write the screen’s name" in why(new_screen(ruth, regent, name=" "), "name")
    assert "at most 60" in why(new_screen(ruth, regent, name="x" * 61), "name")


def test_a_screen_is_renamed_and_two_who_do_so_are_told(app: Flask, ruth: PageClient, regent: Cinema):
    screen, other = a_screen(regent), a_screen(regent)
    address = f"/staff/screens/{screen.id}/rename"
    sent = {"was": screen.name, "name": "The Blue Room"}
    assert ruth.post_form(address, sent, page=there(regent)).status_code == 303
    assert "The Blue Room" in words(ruth.get(there(regent)))
    again = ruth.post_form(address, {**sent, "name": "The Red Room"}, page=there(regent))
    assert again.status_code == 409
    assert "Somebody has renamed this screen to The Blue Room" in words(again)
    taken = ruth.post_form(address, {"was": "The Blue Room", "name": other.name}, page=there(regent))
    assert taken.status_code == 409
    assert "has a screen with this name" in words(taken)
    assert soup(taken).select_one(f"#name-{screen.id}")["value"] == other.name  # type: ignore[index]


def test_a_screen_is_closed_and_reopened(app: Flask, ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    address = f"/staff/screens/{screen.id}/close"
    assert ruth.post_form(address, {"reason": ""}, page=there(regent)).status_code == 422
    assert ruth.post_form(address, {"reason": "new chairs"}, page=there(regent)).status_code == 303
    page = words(ruth.get(there(regent)))
    assert "Closed since" in page
    assert f"{screen.name} closed" in words(ruth.get("/staff/layouts"))
    assert "Until tickets are on sale" in page
    assert ruth.post_form(f"/staff/screens/{screen.id}/reopen", page=there(regent)).status_code == 303
    assert "Closed since" not in words(ruth.get(there(regent)))


def test_a_screen_with_coming_shows_is_not_closed(app: Flask, ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    a_show(screen=screen, published=False)
    page = ruth.get(there(regent))
    assert soup(page).select_one(f"#close-{screen.id}") is None
    answer = ruth.post_form(f"/staff/screens/{screen.id}/close", {"reason": "x"}, page=there(regent))
    assert answer.status_code == 409
    assert "1 show is still coming" in words(answer)
