"""The pages that take seats out of use: a map with boxes, reasons at the field, and whose seat it is when one is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.db import transaction
from app.domain.staff import COMMAND, Role
from app.models import Cinema, Screen, Show, User
from app.services.blocking import block_screen, block_seats, put_back
from tests.builders import a_cinema, a_hold, a_movie, a_paid_booking, a_person, a_screen, a_show, seat_ids
from tests.support.calling_off import rows
from tests.support.client import PageClient, soup, words
from tests.support.forms import filled, form_for
from tests.support.staff import signed_in


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def manager(regent: Cinema) -> User:
    return a_person(Role.MANAGER, regent, name="Ruth Miller")


@pytest.fixture
def ruth(app: Flask, manager: User) -> PageClient:
    return signed_in(app, manager)


@pytest.fixture
def show(regent: Cinema) -> Show:
    return a_show(screen=a_screen(regent, 30, 10), movie=a_movie("Metropolis"))


def at(show: Show) -> str:
    return f"/staff/shows/{show.id}/seats"


def of(screen_id: int) -> str:
    return f"/staff/screens/{screen_id}/blocks"


def send(client: PageClient, address: str, page: str | None = None, **fields: Any) -> Any:
    return client.post_form(address, fields, page=page or address)


def seen(client: PageClient, address: str) -> str:
    found = soup(client.get(address)).find("input", attrs={"name": "seen"})
    return str(found["value"])  # type: ignore[index]


def box(answer: Any, seat_id: int) -> Any:
    return soup(answer).find("input", attrs={"name": "seats", "value": str(seat_id)})


def test_seats_are_blocked_without_javascript_and_the_page_says_who_and_why(ruth: PageClient, show: Show):
    a1, a2 = seat_ids(show, "A1", "A2")
    assert "Every seat is in use" in words(ruth.get(at(show)))
    done = send(ruth, at(show), seats=[str(a1), str(a2)], reason="Broken chairs.", do="block")
    assert done.status_code == 303
    page = ruth.get(done.location)
    said = words(page)
    assert "2 seats are out of use now." in said
    assert "A1, A2" in said
    assert "Broken chairs." in said
    assert "Ruth Miller" in said
    assert "out of use" in box(page, a1)["aria-label"]
    public = soup(ruth.get(f"/shows/{show.id}")).find(id=f"s{a1}")
    assert "b" in public["class"], "the public map crosses it out"


def test_a_refusal_says_whose_seat_it_is_and_keeps_what_was_ticked(ruth: PageClient, show: Show):
    a1, b1, c1, c2 = seat_ids(show, "A1", "B1", "C1", "C2")
    sold, held = a_paid_booking(show, seats=seat_ids(show, "B1", "B2")), a_hold(show, seats=[c1, c2])
    answer = send(ruth, at(show), seats=[str(a1), str(b1), str(c1)], reason="Cameras.", do="block")
    assert answer.status_code == 409
    told = soup(answer).find(id="problem")
    assert told is not None
    said = " ".join(told.get_text(" ").split())
    assert "nothing was changed" in said
    assert "B1 sold, booking" in said
    assert "C1 held until" in said
    links = {link["href"] for link in told.find_all("a")}
    assert links == {f"/staff/bookings/{sold.code}", f"/staff/bookings/{held.code}"}
    assert box(answer, a1).has_attr("checked")
    assert box(answer, b1).has_attr("checked")
    assert soup(answer).find(id="reason")["value"] == "Cameras."  # type: ignore[index]
    assert rows("SELECT id FROM seat_blocks") == []


@pytest.mark.parametrize(("fields", "told"), [
    ({"reason": ""}, "Write in a few words why."),
    ({"reason": "x" * 301}, "Write at most 300 letters."),
    ({"seats": []}, "Choose at least one seat."),
    ({"seats": ["999999"]}, "not in this auditorium any more"),
])  # fmt: skip
def test_what_is_missing_is_told(ruth: PageClient, show: Show, fields: dict[str, Any], told: str):
    (a1,) = seat_ids(show, "A1")
    answer = send(ruth, at(show), **{"seats": [str(a1)], "reason": "Cameras.", "do": "block", **fields})
    assert answer.status_code == 422
    assert told in words(answer)


def test_seats_are_put_back_by_their_block_or_by_the_map(ruth: PageClient, show: Show):
    a1, a2 = seat_ids(show, "A1", "A2")
    block_seats(COMMAND, show.id, [a1, a2], "Broken chairs.")
    done = send(ruth, at(show), seats=[str(a1)], reason="Mended.", do="back", seen=seen(ruth, at(show)))
    assert "1 seat is back in use." in words(ruth.get(done.location))
    answer = send(ruth, at(show), seats=[str(a1)], reason="Mended.", do="back")
    assert answer.status_code == 422
    assert "None of these seats is out of use." in words(answer)


def test_the_second_of_two_managers_is_told(ruth: PageClient, show: Show):
    (a1,) = seat_ids(show, "A1")
    block_seats(COMMAND, show.id, [a1], "Broken chair.")
    old = seen(ruth, at(show))
    put_back(COMMAND, show.id, [a1], "mended")
    block_seats(COMMAND, show.id, [a1], "Water comes in.")
    answer = send(ruth, at(show), seats=[str(a1)], reason="Mended.", do="back", seen=old)
    assert answer.status_code == 409
    assert "Water comes in." in words(answer)


def test_the_script_is_told_what_changed(ruth: PageClient, show: Show):
    first = ruth.get(f"{at(show)}/now").json
    assert first["states"] == "f" * 30
    assert ruth.get(f"{at(show)}/now?v={first['v']}").status_code == 204
    block_seats(COMMAND, show.id, seat_ids(show, "A1"), "Broken chair.")
    assert ruth.get(f"{at(show)}/now?v={first['v']}").json["states"].startswith("b")


def test_a_draft_shows_how_it_will_open(ruth: PageClient, regent: Cinema):
    draft = a_show(screen=a_screen(regent, 30, 10), published=False)
    a1, a2 = seat_ids(draft, "A1", "A2")
    block_screen(COMMAND, draft.screen_id, [a2], "A leak.")
    assert send(ruth, at(draft), seats=[str(a1)], reason="For the speaker.", do="block").status_code == 303
    page = ruth.get(at(draft))
    assert all("out of use" in box(page, seat)["aria-label"] for seat in (a1, a2))
    assert "the whole screen" in words(page)
    assert ruth.get(f"{at(draft)}/now").status_code == 204


def test_of_a_show_that_is_over_nothing_is_changed(ruth: PageClient, show: Show):
    with transaction() as session:
        past = session.get_one(Show, show.id, populate_existing=True)
        past.starts_at, past.ends_at = clock.now() - dt.timedelta(hours=3), clock.now() - dt.timedelta(hours=1)
    assert "This show is over." in words(ruth.get(at(show)))
    answer = send(
        ruth, at(show), page="/staff/people/new", seats=[str(seat_ids(show, "A1")[0])], reason="x", do="block"
    )
    assert answer.status_code == 422


# An auditorium


def test_an_auditoriums_seats_are_blocked_for_a_time_on_the_cinemas_clocks(ruth: PageClient, show: Show):
    (a1,) = seat_ids(show, "A1")
    begins = clock.now().astimezone().replace(tzinfo=None, microsecond=0)
    ends = (clock.now() + dt.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    done = send(ruth, of(show.screen_id), seats=[str(a1)], reason="A leak.", begins="", ends=ends)
    assert done.status_code == 303
    said = words(ruth.get(done.location))
    assert "1 seat is out of use now in 1 coming show" in said
    assert "A leak." in said
    (row,) = rows("SELECT from_at, until_at FROM seat_blocks")
    assert row.from_at is None
    assert row.until_at.replace(tzinfo=None) > begins
    assert "A1" in words(ruth.get(at(show)))


@pytest.mark.parametrize(("fields", "told"), [
    ({"begins": "2026-03-29T01:30"}, "The clocks leap over this time"),
    ({"ends": "tomorrow"}, "Write day and time"),
    ({"ends": "2001-01-01T10:00"}, "The end has to lie after the beginning, and ahead."),
    ({"reason": ""}, "Write in a few words why."),
    ({"seats": []}, "Choose at least one seat."),
])  # fmt: skip
def test_what_is_wrong_with_an_auditoriums_block_is_told(
    ruth: PageClient, show: Show, fields: dict[str, Any], told: str
):
    (a1,) = seat_ids(show, "A1")
    answer = send(ruth, of(show.screen_id), **{"seats": [str(a1)], "reason": "A leak.", **fields})
    assert answer.status_code == 422
    assert told in words(answer)
    assert box(answer, a1).has_attr("checked") == ("seats" not in fields)


def test_who_has_blocked_seats_all_the_same_is_listed_with_the_bookings(ruth: PageClient, show: Show):
    booking = a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    block_screen(COMMAND, show.screen_id, seat_ids(show, "A1"), "A leak.")
    page = ruth.get(of(show.screen_id))
    assert "Sold or held all the same" in words(page)
    assert "A1 Metropolis" in words(page)
    assert soup(page).find("a", href=f"/staff/bookings/{booking.code}")


def test_a_block_is_ended_and_the_second_who_ends_it_is_told(ruth: PageClient, show: Show):
    done = block_screen(COMMAND, show.screen_id, seat_ids(show, "A1"), "A leak.")
    fields = {"block": str(done.block_id), "reason": "The roof is tight."}
    answer = send(ruth, f"{of(show.screen_id)}/lift", page=of(show.screen_id), **fields)
    assert "1 seat is free again in 1 coming show." in words(ruth.get(answer.location))
    again = send(ruth, f"{of(show.screen_id)}/lift", page=of(show.screen_id), **fields)
    assert again.status_code == 409
    assert "already" in words(again)
    reasonless = send(ruth, f"{of(show.screen_id)}/lift", page=of(show.screen_id), block=str(done.block_id))
    assert reasonless.status_code == 422


def test_a_block_is_changed_on_its_page_and_what_is_sold_is_named(ruth: PageClient, show: Show):
    a_paid_booking(show, seats=seat_ids(show, "B1", "B2"))
    a1, a2, b1 = seat_ids(show, "A1", "A2", "B1")
    until = (clock.now() + dt.timedelta(days=3)).replace(microsecond=123)
    done = block_screen(COMMAND, show.screen_id, [a1], "A leak.", until_at=until)
    page = f"{of(show.screen_id)}/{done.block_id}"
    assert soup(ruth.get(of(show.screen_id))).find("a", href=page)
    form = form_for(ruth.get(page), page)
    assert form.find("input", attrs={"name": "reason"})["value"] == "A leak."  # type: ignore[index]
    assert [one["value"] for one in form.select("input[name=seats][checked]")] == [str(a1)]
    answer = ruth.post(page, data=filled(form, {"seats": [str(a2), str(b1)], "reason": "Another leak."}))
    assert answer.status_code == 303
    said = words(ruth.get(answer.location))
    assert "The block is changed: 1 seat is out of use and 1 seat is free now in 1 coming show." in said
    assert "B1 is somebody's, see below." in said
    assert "Another leak." in said
    (row,) = rows("SELECT until_at FROM seat_blocks WHERE replaces_id IS NOT NULL")
    assert row.until_at == until, "a time that nobody touched stays to its seconds"
    assert "Nothing was different." not in said
    again = f"{of(show.screen_id)}/{rows('SELECT max(id) AS id FROM seat_blocks')[0].id}"
    same = ruth.post(again, data=filled(form_for(ruth.get(again), again), {}), follow_redirects=True)
    assert "Nothing was different." in words(same)


@pytest.mark.parametrize(("fields", "told"), [
    ({"ends": "tomorrow"}, "Write day and time"),
    ({"ends": "2001-01-01T10:00"}, "The end has to lie after the beginning, and ahead."),
    ({"reason": ""}, "Write in a few words why."),
    ({"seats": []}, "Choose at least one seat."),
])  # fmt: skip
def test_what_is_wrong_with_a_change_is_told_and_what_was_typed_stays(
    ruth: PageClient, show: Show, fields: dict[str, Any], told: str
):
    a1, a2 = seat_ids(show, "A1", "A2")
    page = f"{of(show.screen_id)}/{block_screen(COMMAND, show.screen_id, [a1], 'A leak.').block_id}"
    answer = send(ruth, page, **{"seats": [str(a2)], "reason": "Two leaks.", **fields})
    assert answer.status_code == 422
    assert told in words(answer)
    assert box(answer, a2).has_attr("checked") == ("seats" not in fields)
    assert rows("SELECT FROM seat_blocks WHERE replaces_id IS NOT NULL") == []


def test_who_opens_or_changes_a_block_that_is_another_by_now_is_told(ruth: PageClient, show: Show):
    a1, a2 = seat_ids(show, "A1", "A2")
    page = f"{of(show.screen_id)}/{block_screen(COMMAND, show.screen_id, [a1], 'A leak.').block_id}"
    mine = filled(form_for(ruth.get(page), page), {"seats": [str(a2)]})
    theirs = filled(form_for(ruth.get(page), page), {"reason": "A flood."})
    assert ruth.post(page, data=theirs).status_code == 303
    late = ruth.post(page, data=mine)
    assert late.status_code == 409
    assert "Somebody has changed this block since you opened the page" in words(late)
    assert "A flood." in words(late)
    assert "That block was ended or changed meanwhile" in words(ruth.get(page, follow_redirects=True))


def test_another_auditoriums_block_is_not_ended_from_here(ruth: PageClient, regent: Cinema, show: Show):
    done = block_screen(COMMAND, show.screen_id, seat_ids(show, "A1"), "A leak.")
    other = a_screen(regent)
    fields = {"block": str(done.block_id), "reason": "x"}
    assert send(ruth, f"{of(other.id)}/lift", page=of(other.id), **fields).status_code == 404


def test_a_screen_without_seats_says_where_to_draw_them(ruth: PageClient, regent: Cinema):
    with transaction() as session:
        screen = Screen(cinema_id=regent.id, name="The Long Room")
        session.add(screen)
    page = ruth.get(of(screen.id))
    assert soup(page).find("a", href=f"/staff/screens/{screen.id}/layout")


def test_the_list_of_screens_leads_there(ruth: PageClient, show: Show):
    assert soup(ruth.get("/staff/layouts")).find("a", href=of(show.screen_id))


def test_reasons_are_words_and_no_markup(ruth: PageClient, show: Show):
    block_seats(COMMAND, show.id, seat_ids(show, "A1"), "<b>{{7*7}}</b>")
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in ruth.get(at(show)).get_data(as_text=True)
