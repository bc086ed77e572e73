"""The seats of a screen on the staff pages: drawn by forms and by what the script sends, files, versions, shows moved."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.db import db, transaction
from app.domain.seating_plan import parse_plan
from app.domain.staff import Role
from app.models import Cinema, Layout, Screen
from app.services.importing import import_plan
from tests.builders import a_cinema, a_paid_booking, a_person, a_screen, a_show, seat_ids
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in

PLANS = Path(__file__).parents[2] / "demo" / "plans"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


def page_of(screen: Screen) -> str:
    return f"/staff/screens/{screen.id}/layout"


def revision(client: PageClient, screen: Screen) -> str:
    return str(soup(client.get(page_of(screen))).find("input", attrs={"name": "revision"})["value"])  # type: ignore[index]


def change(client: PageClient, screen: Screen, what: str, /, **fields: str) -> Any:
    sent = {"change": what, "revision": revision(client, screen), **fields}
    return client.post_form(f"{page_of(screen)}/change", sent, page=page_of(screen))


def plan_of(client: PageClient, screen: Screen) -> dict[str, Any]:
    return json.loads(client.get(f"{page_of(screen)}.json").data)


def numbers(plan: dict[str, Any], row: str) -> list[str]:
    return [
        seat["seat_number"]
        for zone in plan["zones"]
        for one in zone["rows"]
        if one["row_number"] == row
        for seat in one["seats"]
    ]


def put_into_use(client: PageClient, screen: Screen) -> Any:
    sent = {"revision": revision(client, screen), "reason": "new chairs"}
    return client.post_form(f"{page_of(screen)}/use", sent, page=page_of(screen))


def test_a_hall_is_drawn_from_nothing_and_put_into_use(ruth: PageClient, regent: Cinema):
    with transaction() as session:
        screen = Screen(cinema_id=regent.id, name="The Long Room")
        session.add(screen)
    assert "No seats yet" in words(ruth.get(page_of(screen)))
    done = change(ruth, screen, "add-rows", rows="8", seats_each="12", first="A", curve="24", aisles="4, 8")
    assert done.status_code == 303
    change(ruth, screen, "screen")
    assert "96 seats" in words(ruth.get(page_of(screen)))
    assert put_into_use(ruth, screen).status_code == 303
    layout = db.session.get_one(Layout, db.session.get_one(Screen, screen.id, populate_existing=True).layout_id)
    assert (layout.version, layout.seat_count) == (1, 96)
    assert "96" in words(ruth.get("/staff/layouts"))


def test_a_form_names_rows_and_seats_and_numbers_them(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent, 30, 10)
    change(ruth, screen, "number", picks="1", rows_named="B-C", start="1", side="right", skip="13")
    plan = plan_of(ruth, screen)
    assert numbers(plan, "A") == [str(one) for one in range(1, 11)]
    assert numbers(plan, "B") == [str(one) for one in range(10, 0, -1)]
    guids = {seat["seat_guid"] for zone in plan["zones"] for row in zone["rows"] for seat in row["seats"]}
    assert {"A1", "B1", "C10"} <= guids


def test_a_change_that_can_not_be_made_is_told_in_a_sentence(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    answer = change(ruth, screen, "number", picks="1", rows_named="Q")
    assert answer.status_code == 422
    assert "There is no row “Q” there." in words(answer)
    assert "There is no such change." in words(change(ruth, screen, "explode"))
    assert "Choose seats first." in words(change(ruth, screen, "delete"))


def test_the_second_of_two_who_draw_is_told(app: Flask, ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    old = revision(ruth, screen)
    joe = signed_in(app, a_person(Role.MANAGER, regent, name="Joe Gray"))
    change(joe, screen, "rename", name="Joe's hall")
    sent = {"change": "rename", "name": "Ruth's hall", "revision": old}
    answer = ruth.post_form(f"{page_of(screen)}/change", sent, page=page_of(screen))
    assert answer.status_code == 409
    assert "Joe Gray has changed this plan" in words(answer)
    assert plan_of(ruth, screen)["name"] == "Joe's hall"


def draw(client: PageClient, screen: Screen, **sent: Any) -> Any:
    token = client.token(page_of(screen))
    return client.post(f"{page_of(screen)}/draft", json=sent, headers={"X-CSRFToken": token})


def test_the_script_keeps_the_whole_plan_and_is_told_what_is_unfinished(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    plan, begun = plan_of(ruth, screen), int(revision(ruth, screen))
    seats = plan["zones"][0]["rows"][0]["seats"]
    seats[1]["seat_number"] = seats[0]["seat_number"]
    kept = draw(ruth, screen, revision=begun, plan=plan)
    assert kept.status_code == 200
    assert "already has a seat" in kept.json["problem"]
    assert put_into_use(ruth, screen).status_code == 422
    assert draw(ruth, screen, revision=begun, plan=plan).status_code == 409
    answer = draw(
        ruth, screen, revision=kept.json["revision"], change="number",
        words={"start": "1"}, chosen=[seat["seat_guid"] for seat in seats],
    )  # fmt: skip
    assert answer.json["problem"] == ""
    assert numbers(answer.json["plan"], "A")[:2] == ["1", "2"]


@pytest.mark.parametrize(
    "sent",
    [
        {"revision": "x"},
        {"revision": 0, "plan": {"name": "x"}},
        {"plan": {}},
        {"revision": True, "plan": []},
    ],
)
def test_what_is_no_plan_is_not_kept(ruth: PageClient, regent: Cinema, sent: dict[str, Any]):
    screen = a_screen(regent)
    if isinstance(sent.get("revision"), int) and "plan" in sent:
        sent = {**sent, "revision": int(revision(ruth, screen))} if sent["plan"] else {"revision": "no"}
    answer = draw(ruth, screen, **sent)
    assert answer.status_code == 422
    assert answer.json["error"]["message"].endswith(".")


def test_a_letter_that_no_text_can_hold_is_refused(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    plan = plan_of(ruth, screen)
    plan["zones"][0]["areas"] = [{"text": "a\0b"}]
    answer = draw(ruth, screen, revision=int(revision(ruth, screen)), plan=plan)
    assert answer.status_code == 422
    assert "NUL" in answer.json["error"]["message"]


def upload(client: PageClient, screen: Screen, data: bytes) -> Any:
    sent = {"revision": revision(client, screen), "file": (io.BytesIO(data), "plan.json")}
    return client.post_form(f"{page_of(screen)}/upload", sent, page=page_of(screen), content_type="multipart/form-data")


@pytest.mark.parametrize("name", ["standard-300", "village-92", "boutique-46"])
def test_a_plan_goes_out_as_it_came_in(ruth: PageClient, regent: Cinema, name: str):
    screen, data = a_screen(regent), (PLANS / f"{name}.json").read_bytes()
    assert upload(ruth, screen, data).status_code == 303
    assert plan_of(ruth, screen) == json.loads(data)
    assert put_into_use(ruth, screen).status_code == 303
    layout_id = db.session.get_one(Screen, screen.id, populate_existing=True).layout_id
    out = ruth.get(f"/staff/layouts/{layout_id}.json").data
    assert parse_plan(out) == parse_plan(data)
    assert json.loads(out) == json.loads(data)


def test_kinds_that_were_told_beside_the_file_go_out_in_it(ruth: PageClient, regent: Cinema):
    data = (PLANS / "village-92.json").read_bytes()
    done = import_plan(data, cinema=regent.slug, screen="Screen 9", kinds={"Standard": "recliner"})
    out = ruth.get(f"/staff/layouts/{done.layout_id}.json").data
    assert parse_plan(out) == parse_plan(data, {"Standard": "recliner"})
    assert import_plan(out, cinema=regent.slug, screen="Screen 9").layout_id == done.layout_id


def test_a_version_that_an_older_release_took_in_says_its_kinds_too(ruth: PageClient, regent: Cinema):
    data = (PLANS / "village-92.json").read_bytes()
    done = import_plan(data, cinema=regent.slug, screen="Screen 9", kinds={"Standard": "recliner"})
    with transaction() as session:
        session.get_one(Layout, done.layout_id).plan = json.loads(data)
    assert parse_plan(ruth.get(f"/staff/layouts/{done.layout_id}.json").data) == parse_plan(
        data, {"Standard": "recliner"}
    )


def test_a_bad_file_is_refused_with_its_place_and_nothing_changes(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    plan = json.loads((PLANS / "village-92.json").read_text())
    plan["zones"][0]["rows"][3]["seats"][2]["category"] = "Throne"
    answer = upload(ruth, screen, json.dumps(plan).encode())
    assert answer.status_code == 422
    assert "zones[0].rows[3].seats[2].category" in words(answer)
    assert "version 1" in words(ruth.get(page_of(screen))).lower()
    assert upload(ruth, screen, b"<script>").status_code == 422


def test_the_largest_plan_with_all_that_pretix_writes_fits_into_a_request(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    more = {"uuid": "868f5564-645c-5b83-9fd9-8fdae55ab947", "radius": 16, "category": "Standard"}
    rows = [
        {
            "row_number": str(row), "row_number_position": "both", "position": {"x": 0, "y": 30 * row}, "uuid": more["uuid"],
            "seats": [
                {"seat_guid": f"{more['uuid']}-{row}-{one}", "seat_number": str(one), "position": {"x": 26 * one, "y": 0}, **more}
                for one in range(50)
            ],
        }
        for row in range(40)
    ]  # fmt: skip
    plan = {"name": "Arena", "categories": [{"name": "Standard"}], "zones": [{"name": "Hall", "rows": rows}]}
    assert upload(ruth, screen, json.dumps(plan).encode()).status_code == 303
    again = draw(ruth, screen, revision=int(revision(ruth, screen)), plan=plan_of(ruth, screen))
    assert (again.status_code, again.json["seats"], again.json["problem"]) == (200, 2000, "")


def test_names_in_a_plan_are_words_and_no_markup(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    plan = json.loads((PLANS / "village-92.json").read_text())
    plan["zones"][0]["rows"][0]["row_number"] = "<b>{{7*7}}"
    plan["categories"][2]["color"] = '"><script>'
    upload(ruth, screen, json.dumps(plan).encode())
    page = ruth.get(page_of(screen)).get_data(as_text=True)
    assert "<b>{{" not in page
    assert "49" not in page.split("&lt;b&gt;")[1][:8]
    assert "<script>" not in page


def test_shows_with_nothing_sold_follow_and_a_vanishing_seat_keeps_its_show(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    empty = a_show(screen=screen)
    sold = a_show(screen=screen, starts_in=dt.timedelta(hours=10))
    a_paid_booking(sold, seats=seat_ids(sold, "C9", "C10"))
    change(ruth, screen, "length", picks="1", rows_named="C", seats_each="8")
    done = put_into_use(ruth, screen)
    assert done.location.endswith("/layout/shows")
    page = words(ruth.get(done.location))
    assert "Yes: nothing is sold." in page
    assert "C9, C10 would vanish" in page
    sent = {"show": [str(empty.id), str(sold.id)], "reason": "new chairs"}
    answer = ruth.post_form(done.location, sent, page=done.location)
    assert answer.status_code == 303
    page = words(ruth.get(done.location))
    assert "1 show has the newest version now." in page
    assert "It keeps version 1." in page


def test_moving_nothing_is_told(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    there = f"{page_of(screen)}/shows"
    assert "Every coming show" in words(ruth.get(there))
    change(ruth, screen, "rename", name="Other")
    a_show(screen=screen)
    put_into_use(ruth, screen)
    assert "Choose the shows" in words(ruth.post_form(there, {"reason": "x"}, page=there))


def test_a_draft_is_thrown_away(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent)
    change(ruth, screen, "rename", name="Other")
    sent = {"revision": revision(ruth, screen)}
    assert ruth.post_form(f"{page_of(screen)}/discard", sent, page=page_of(screen)).status_code == 303
    assert plan_of(ruth, screen)["name"] == "Plain"
    assert ruth.post_form(f"{page_of(screen)}/discard", sent, page=page_of(screen)).status_code == 409
