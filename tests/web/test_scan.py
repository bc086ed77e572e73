"""The door's pages in a browser without JavaScript, and what its script asks for."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from flask import Flask

from app.db import db
from app.domain.staff import Role
from app.models import AdmissionReport, Cinema
from tests.builders import a_cinema, a_paid_booking, a_person, a_show
from tests.support.client import PageClient, soup, words
from tests.support.door import shown, typed
from tests.support.staff import signed_in

SOON = dt.timedelta(minutes=30)
JSON = {"Accept": "application/json"}


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def sam(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.SCANNER, regent, name="Sam"))


def post(client: PageClient, cinema: Cinema, code: str, **more: Any) -> Any:
    return client.post_form(f"/staff/scan/{cinema.id}", {"words": code, "door": "Door A", **more}, page="/staff/scan")


def test_a_code_is_checked_without_javascript(sam: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    first = post(sam, regent, typed(booking), key="one")
    block = soup(first).select_one(".answer.admit")
    assert block is not None
    assert "Admit Row A seat 1 Adult, standard. 1 of 2 in." in " ".join(block.get_text(" ").split())
    assert soup(first).select_one("#door-in").get_text() == "1"  # type: ignore[union-attr]
    second = post(sam, regent, typed(booking), key="two")
    block = soup(second).select_one(".answer.used")
    assert block is not None
    assert "Already used" in block.get_text()
    assert ", Door A" in block.get_text()
    assert soup(second).select_one("#door-name")["value"] == "Door A"  # type: ignore[index]
    third = post(sam, regent, "nonsense", key="three")
    assert third.status_code == 200
    assert soup(third).select_one(".answer.refused")


def test_the_page_names_its_files_and_none_of_another_host(sam: PageClient, regent: Cinema):
    a_show(cinema=regent, starts_in=SOON)
    page = soup(sam.get("/staff/scan"))
    scripts = [tag["src"] for tag in page.find_all("script")]
    assert any("jsqr" in src for src in scripts)
    assert all(src.startswith("/static/") for src in scripts)
    elsewhere = soup(sam.get("/staff/scan/log"))
    assert not [tag for tag in elsewhere.find_all("script") if "vendor" in tag["src"]]


def test_the_script_is_answered_in_json_with_the_counts(sam: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    fields = {"words": shown(booking), "key": "one", "csrf_token": sam.token("/staff/scan")}
    answer = sam.post(f"/staff/scan/{regent.id}", data=fields, headers=JSON)
    said = answer.get_json()
    assert (said["kind"], said["word"], said["seat"]) == ("admit", "Admit", "A1")
    assert [(one["admitted"], one["sold"]) for one in said["counts"]] == [(1, 2)]


def test_the_list_has_keys_shows_and_tickets_and_is_not_sent_twice(sam: PageClient, regent: Cinema):
    show = a_show(cinema=regent, starts_in=SOON)
    booking = a_paid_booking(show, 2)
    address = f"/staff/scan/{regent.id}/list"
    said = sam.get(address).get_json()
    assert list(said["keys"])
    assert said["shows"][0]["id"] == show.id
    assert [line[1] for line in said["tickets"]] == [typed(booking, 1), typed(booking, 2)]
    again = sam.get(f"{address}?since={said['version']}").get_json()
    assert "tickets" not in again
    assert again["version"] == said["version"]
    post(sam, regent, typed(booking), key="one")
    assert "tickets" in sam.get(f"{address}?since={said['version']}").get_json()
    assert sam.get(f"{address}?show={show.id + 1}").get_json()["tickets"] == []
    assert "tickets" not in sam.get(f"{address}?counts=1").get_json()


def send(client: PageClient, cinema: Cinema, reports: Any) -> Any:
    token = client.token("/staff/scan")
    return client.post(f"/staff/scan/{cinema.id}/queue", json={"reports": reports}, headers={"X-CSRFToken": token})


def test_a_queue_is_taken_in_one_by_one_and_bad_entries_stop_no_other(sam: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    at = int(time.time() * 1000)
    reports = [
        {"key": "bad", "words": "nonsense", "at": "yesterday", "door": 7},
        {"key": "k" * 100, "words": "x"},
        {"key": "a", "words": shown(booking, 1), "at": at, "door": "Door A", "device": "device 1"},
        {"key": "b", "words": shown(booking, 1), "at": at, "door": "Door B", "device": "device 2"},
        {"key": "c", "words": shown(booking, 2), "at": 1e99, "door": "Door A", "device": "device 1"},
        None,
    ]
    taken = send(sam, regent, reports).get_json()["taken"]
    assert [one["outcome"] for one in taken] == ["lost", "lost", "admitted", "double", "admitted"]
    assert taken[3]["door"] == "Door A"
    assert taken[3]["first"]
    assert taken[3]["seat"] == "A1"
    page = words(sam.get("/staff/scan/log"))
    assert "Let in twice, or wrongly" in page
    assert "Door B (device 2)" in page
    assert "Door A (device 1)" in page


@pytest.mark.parametrize("body", [None, [], {"reports": 7}, {"reports": {"a": 1}}, "words"])
def test_a_queue_that_is_none_is_empty(sam: PageClient, regent: Cinema, body: Any):
    token = sam.token("/staff/scan")
    answer = sam.post(f"/staff/scan/{regent.id}/queue", json=body, headers={"X-CSRFToken": token})
    assert answer.get_json() == {"taken": []}


def test_a_manager_undoes_an_admission_with_a_reason_and_a_scanner_does_not(
    app: Flask, sam: PageClient, regent: Cinema
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    post(sam, regent, typed(booking), key="one")
    number = db.session.query(AdmissionReport.id).scalar()
    db.session.commit()
    address = f"/staff/shows/{booking.show_id}/admissions/{number}/undo"
    assert "Undo" not in words(sam.get("/staff/scan/log"))
    assert sam.post_form(address, {"reason": "because"}, page="/staff/scan").status_code == 403
    ruth = signed_in(app, a_person(Role.MANAGER, regent))
    assert "Undo it" in words(ruth.get("/staff/scan/log"))
    ruth.post_form(address, {"reason": ""}, page="/staff/scan/log")
    assert "write in a few words why" in words(ruth.get("/staff/scan/log"))
    ruth.post_form(address, {"reason": "wrong telephone"}, page="/staff/scan/log")
    page = words(ruth.get("/staff/scan/log"))
    assert "Undone. This ticket lets in once more." in page
    assert "wrong telephone" in page


def test_the_worker_may_serve_the_door_and_nothing_else(sam: PageClient):
    worker = sam.get("/staff/scan/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/staff/scan"
    assert worker.mimetype == "text/javascript"
    for address in worker.get_data(as_text=True).split('"')[1::2]:
        assert sam.get(address).status_code == 200, address
    manifest = sam.get("/staff/scan/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert manifest.get_json()["scope"] == "/staff/scan"


def test_a_house_without_cinema_leads_to_the_making_of_one(app: Flask):
    answer = signed_in(app, a_person(Role.ADMIN)).get("/staff/scan")
    assert (answer.status_code, answer.location) == (303, "/staff/cinemas/new")


def test_the_log_is_searched_and_taken_along_as_a_file(sam: PageClient, regent: Cinema):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    post(sam, regent, typed(booking), door="=Door A", key="one")

    def found(query: str) -> int:
        return len(soup(sam.get(f"/staff/scan/log?{query}")).select("tbody tr"))

    assert found("") == found("q=door+a") == found(f"q={booking.code}") == found("hours=720") == 1
    assert found("q=balcony") == 0
    assert "has the words “balcony”" in words(sam.get("/staff/scan/log?q=balcony"))
    file = sam.get("/staff/scan/log.csv?hours=12").get_data(as_text=True)
    assert "'=Door A" in file
    assert "A1" in file.splitlines()[1]
    assert len(sam.get("/staff/scan/log.csv?q=balcony").get_data(as_text=True).splitlines()) == 1


def test_the_door_can_be_installed(sam: PageClient):
    manifest = sam.get("/staff/scan/manifest.webmanifest").get_json()
    sizes = {icon["sizes"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= sizes
    for icon in manifest["icons"]:
        answer = sam.get(icon["src"])
        assert (answer.status_code, answer.mimetype) == (200, icon["type"])
    assert manifest["start_url"].startswith(manifest["scope"])
    assert manifest["display"] == "standalone"
