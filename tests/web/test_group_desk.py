"""Groups at the desk: the list, the offer with its map and its price, taking it back, the till."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app import clock
from app.domain.groups import Standing
from app.domain.local_time import on_the_wall
from app.domain.staff import Role
from app.models import Cinema, Show
from app.queries.groups import group_of
from app.services import payments
from app.services.shifts import open_shift
from tests.builders import (
    a_cinema,
    a_group,
    a_hold,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
)
from tests.support.books import rows
from tests.support.client import PageClient, soup, words
from tests.support.groups import link, page_of, the_offer, year_of
from tests.support.staff import by, signed_in


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.BOX_OFFICE, regent))


def test_an_empty_list_says_how_groups_come(ruth: PageClient) -> None:
    assert "No group has asked yet" in words(ruth.get("/staff/groups"))


def test_the_list_has_what_nobody_answered_first(ruth: PageClient, regent: Cinema, show: Show) -> None:
    the_offer(regent, show)
    fresh = a_group(regent, organisation="The new ones")
    table = soup(ruth.get("/staff/groups")).select("table.rows tbody tr")
    assert [f"/staff/groups/{fresh}" in str(row) for row in table] == [True, False]
    assert "The new ones" not in words(ruth.get("/staff/groups?standing=offered"))
    assert "No request is paid now" in words(ruth.get("/staff/groups?standing=paid"))


def test_the_first_page_says_that_groups_wait(app: Flask, ruth: PageClient, regent: Cinema) -> None:
    assert "for an answer" not in words(ruth.get("/staff"))
    a_group(regent)
    a_group(a_cinema())
    assert "1 group waits for an answer" in words(ruth.get("/staff"))
    scanner = signed_in(app, a_person(Role.SCANNER, regent))
    assert "for an answer" not in words(scanner.get("/staff"))


def test_requests_that_nobody_answered_need_somebody_on_the_dashboard(app: Flask, regent: Cinema) -> None:
    manager = signed_in(app, a_person(Role.MANAGER, regent))
    needs = lambda: soup(manager.get("/staff/dashboard")).select_one(".alerts")  # noqa: E731
    a_group(a_cinema())
    assert "answer" not in needs().get_text()
    a_group(regent)
    assert "1 group waits for an answer" in needs().get_text()
    a_group(regent)
    assert "2 groups wait for an answer" in needs().get_text()
    assert needs().select_one('a[href^="/staff/groups"]')


def fields(client: PageClient, page: str) -> dict[str, Any]:
    """What the form of the page would send."""
    form = soup(client.get(page)).select_one("form.group-offer")
    assert form is not None
    one = {tag["name"]: tag.get("value", "") for tag in form.select("input[name]") if tag.get("type") != "checkbox"}
    ticked = [tag["value"] for tag in form.select("input[name=seats]") if tag.has_attr("checked")]
    return {**one, "seats": ticked, "kind": "adult", "mode": "list", "note": ""}


def send(client: PageClient, group_id: int, page: str = "", **typed: Any) -> Any:
    sent = {**fields(client, page or page_of(group_id)), **typed}
    return client.post_form(f"{page_of(group_id)}/offer", sent, page=page_of(group_id))


def test_the_best_seats_are_ticked_and_offered(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    answer = send(ruth, group_id, mode="per_seat", amount="6.55")
    assert answer.status_code == 303
    group = group_of(group_id)
    assert group.offer is not None
    assert (group.offer.seats, group.offer.total_minor) == (12, 7_860)
    assert "are kept" in words(ruth.get(page_of(group_id)))


CLASS = {
    "mode": "per_seat", "amount": "5.50", "kind": "child", "besides-count": ["3", "2", ""],
    "besides-kind": ["adult", "adult", "adult"], "besides-each": ["9", "0", ""],
}  # fmt: skip


def test_a_class_and_its_teachers_are_offered_and_stand_in_the_form_again(
    ruth: PageClient, regent: Cinema, show: Show
) -> None:
    group_id = a_group(regent, 33, show_id=show.id)
    assert send(ruth, group_id, **CLASS).status_code == 303
    page = ruth.get(page_of(group_id))
    assert "33: 28 child, 3 adult, 2 adult free of charge" in words(page)
    form = soup(page).select_one("form.group-offer")
    assert form is not None
    typed = [(str(one["name"]), str(one["value"])) for one in form.select("input[name^=besides]") if one["value"]]
    assert typed == [
        ("besides-count", "3"),
        ("besides-each", "9.00"),
        ("besides-count", "2"),
        ("besides-each", "0.00"),
    ]
    assert send(ruth, group_id, **{**CLASS, "besides-count": ["3", "1", ""]}, reason="one less").status_code == 303
    assert "29 child, 3 adult, 1 adult free of charge" in words(ruth.get(page_of(group_id)))


@pytest.mark.parametrize(
    ("column", "typed", "says"),
    [
        ("besides-count", "many", "Row 1: Write how many"),
        ("besides-count", "", "Row 1: Write how many"),
        ("besides-count", "13", "13 are named here, and there are 12 seats"),
        ("besides-kind", "companion", "Row 1: Choose a kind"),
        ("besides-each", "9.999", "Row 1:"),
    ],
)
def test_what_is_wrong_with_the_others_is_told_and_kept(
    ruth: PageClient, regent: Cinema, show: Show, column: str, typed: str, says: str
) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    one = {"besides-count": "3", "besides-kind": "adult", "besides-each": "9", column: typed}
    answer = send(ruth, group_id, **one)
    assert answer.status_code == 422
    page = soup(answer)
    assert says in page.find(id="besides-why").get_text()  # type: ignore[union-attr]
    assert page.select("input[name=besides-count]")[0]["value"] == one["besides-count"]
    assert group_of(group_id).standing is Standing.NEW


def test_words_to_a_group_keep_their_lines(ruth: PageClient, client: PageClient, regent: Cinema, show: Show) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    note = "Welcome!\nThe bar opens at six.\n\nYours, Ruth"
    assert send(ruth, group_id, note=note.replace("\n", "\r\n")).status_code == 303
    offer = group_of(group_id).offer
    assert offer is not None
    assert offer.note == note
    for page in (ruth.get(page_of(group_id)), client.get(link(group_id), follow_redirects=True)):
        said = soup(page).select_one("blockquote.said")
        assert said is not None
        assert said.get_text() == note


def test_a_show_not_booked_online_yet_is_there_for_managers(app: Flask, ruth: PageClient, regent: Cinema) -> None:
    opens = clock.now() + dt.timedelta(days=4)
    show = a_show(60, cinema=regent, starts_in=dt.timedelta(days=5), sales_open_at=opens)
    group_id = a_group(regent, 12, show_id=show.id)
    assert "No show of The Regent is on sale" in words(ruth.get(page_of(group_id)))
    manager = signed_in(app, a_person(Role.MANAGER, regent))
    assert "not booked online now" in words(manager.get(page_of(group_id)))
    assert send(manager, group_id).status_code == 303


def test_every_paper_of_a_group_is_there(ruth: PageClient, client: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    client.get(link(group_id))
    assert send(ruth, group_id, reason="fewer", seats=seat_ids(show)[:11]).status_code == 303
    page = ruth.get(page_of(group_id))
    number = f"{regent.id}-{year_of(regent)}-0000"
    assert f"Credit note {number}2 , −£100.01, takes back {number}1" in words(page)
    assert "carry no tax number yet" in words(page)
    papers = [str(one["href"]) for one in soup(page).select(".papers a")]
    assert len(papers) == 3
    assert ruth.get(papers[1]).mimetype == "application/pdf"
    assert ruth.get(f"{page_of(group_id)}/invoice.pdf?paper=0").status_code == 303
    note = papers[1].partition("?")[2]
    assert client.get(f"/bookings/{booking.code}/invoice.pdf?{note}").mimetype == "application/pdf"
    others = papers[2].partition("?")[2]
    assert client.get(f"/bookings/{booking.code}/invoice.pdf?{others}").status_code == 404


def test_forty_seats_and_the_whole_show_are_found(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id = a_group(regent, 40)
    assert len(fields(ruth, f"{page_of(group_id)}?show={show.id}&seats=40")["seats"]) == 40
    a_hold(show, 2)
    whole = f"{page_of(group_id)}?show={show.id}&seats=40&whole=1"
    assert len(fields(ruth, whole)["seats"]) == 58
    assert "2 seats of this show are sold" in words(ruth.get(whole))
    assert "not so many free seats: 58" in words(ruth.get(f"{page_of(group_id)}?show={show.id}&seats=70"))


def test_shows_of_the_day_that_was_asked_for_stand_first(ruth: PageClient, regent: Cinema) -> None:
    soon, asked, later = (a_show(60, cinema=regent, starts_in=dt.timedelta(days=days)) for days in (1, 3, 5))
    day = on_the_wall(asked.starts_at, ZoneInfo(regent.timezone)).date()
    page = ruth.get(page_of(a_group(regent, wanted_on=day)))
    listed = [int(str(one["value"])) for one in soup(page).select("#show option[value]") if one["value"]]
    assert listed == [asked.id, soon.id, later.id]


def test_without_a_show_one_is_to_be_chosen(ruth: PageClient, regent: Cinema) -> None:
    group_id = a_group(regent)
    assert "No show of The Regent is on sale" in words(ruth.get(page_of(group_id)))
    a_show(60, cinema=regent, starts_in=dt.timedelta(days=5))
    assert "Choose a show" in words(ruth.get(page_of(group_id)))


def test_only_the_row_that_is_wrong_is_marked(ruth: PageClient, regent: Cinema, show: Show):
    answer = send(ruth, a_group(regent, 12, show_id=show.id), **{**CLASS, "besides-each": ["9", "nothing", ""]})
    assert answer.status_code == 422
    marked = [one.select("input")[0]["value"] for one in soup(answer).select(".besides.bad")]
    assert marked == ["2"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mode": "total", "amount": "12.345"}, "amount"),
        ({"mode": "per_seat", "amount": ""}, "amount"),
        ({"mode": "per_seat", "amount": "-1"}, "amount"),
        ({"pay_until": ""}, "pay_until"),
        ({"pay_until": "2001-01-01T10:00"}, "pay_until"),
        ({"pay_until": "2100-01-01T10:00"}, "pay_until"),
        ({"kind": "companion"}, "kind"),
    ],
)
def test_a_wrong_offer_is_told_at_its_field(
    ruth: PageClient, regent: Cinema, show: Show, typed: dict[str, str], field: str
) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    answer = send(ruth, group_id, **{"note": "Welcome", **typed})
    assert answer.status_code == 422
    page = soup(answer)
    assert page.find(id=f"{field}-why") is not None
    assert page.find("textarea", attrs={"name": "note"}).get_text().strip() == "Welcome"  # type: ignore[union-attr]
    assert len(page.select("input[name=seats][checked]")) == 12
    assert group_of(group_id).standing is Standing.NEW


def test_a_seat_gone_meanwhile_is_told(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    sent = fields(ruth, page_of(group_id))
    a_hold(show, seats=[int(sent["seats"][0]), int(sent["seats"][1])])
    answer = ruth.post_form(f"{page_of(group_id)}/offer", sent, page=page_of(group_id))
    assert answer.status_code == 409
    assert len(soup(answer).select("input[name=seats][checked]")) == 10


@pytest.mark.parametrize("seats", [[], ["1; DROP"], ["9" * 15]])
def test_no_seats_or_wrong_ones_are_refused(ruth: PageClient, regent: Cinema, show: Show, seats: list[str]) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    assert send(ruth, group_id, seats=seats).status_code == 422
    assert group_of(group_id).standing is Standing.NEW


def test_a_second_offer_asks_why(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id, _ = the_offer(regent, show)
    answer = send(ruth, group_id)
    assert answer.status_code == 422
    assert soup(answer).find(id="reason-why") is not None
    assert send(ruth, group_id, reason="fewer", seats=seat_ids(show)[:11]).status_code == 303
    offer = group_of(group_id).offer
    assert offer is not None
    assert (offer.number, offer.seats) == (2, 11)


def test_who_looked_at_an_older_page_is_told(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id = a_group(regent, 12, show_id=show.id)
    old = fields(ruth, page_of(group_id))
    assert send(ruth, group_id).status_code == 303
    answer = ruth.post_form(f"{page_of(group_id)}/offer", {**old, "reason": "x"}, page=page_of(group_id))
    assert answer.status_code == 409
    assert "Somebody has changed this request" in words(answer)


def test_an_offer_is_taken_back_and_a_request_declined(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id, _ = the_offer(regent, show)
    page = page_of(group_id)
    assert "12 seats become free at once, £100.01" in words(ruth.get(page))
    for act, sent in (("withdraw", {"revision": "1"}), ("decline", {"revision": "x", "reason": "full"})):
        assert ruth.post_form(f"{page}/{act}", sent, page=page).status_code in (409, 422)
    assert ruth.post_form(f"{page}/withdraw", {"revision": "1", "reason": "broken"}, page=page).status_code == 303
    assert ruth.post_form(f"{page}/decline", {"revision": "2", "reason": "full"}, page=page).status_code == 303
    assert group_of(group_id).standing is Standing.DECLINED
    assert [row.action for row in rows("SELECT action FROM audit_entries ORDER BY id")] == [
        "group.offered",
        "group.offer_withdrawn",
        "group.declined",
    ]


def test_the_invoice_is_there_while_something_is_offered(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id, _ = the_offer(regent, show)
    assert ruth.get(f"{page_of(group_id)}/invoice.pdf").mimetype == "application/pdf"
    assert ruth.get(f"{page_of(a_group(regent))}/invoice.pdf").status_code == 303


def test_a_paid_group_has_no_offer_to_make(ruth: PageClient, regent: Cinema, show: Show) -> None:
    group_id, booking = the_offer(regent, show)
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    page = soup(ruth.get(page_of(group_id)))
    assert page.select_one("form.group-offer") is None
    assert page.select_one(f'a[href="/staff/bookings/{booking.code}"]') is not None


# At the till


def test_a_group_pays_at_the_till(app: Flask, regent: Cinema, show: Show) -> None:
    seller = a_person(Role.BOX_OFFICE, regent)
    client = signed_in(app, seller)
    group_id, booking = the_offer(regent, show)
    page = page_of(group_id)
    assert client.post_form(f"{page}/pay", {"pay": "cash"}, page=page).location == "/staff/shifts"
    shift = open_shift(by(seller), regent.id, 0)
    assert client.post_form(f"{page}/pay", {"pay": "terminal"}, page=page).status_code == 422, "without the slip"
    answer = client.post_form(f"{page}/pay", {"pay": "terminal", "reference": "77"}, page=page)
    assert (answer.status_code, answer.location) == (303, f"/staff/bookings/{booking.code}")
    (paid,) = rows(
        "SELECT p.amount_minor, p.shift_id, b.channel, b.email, b.state FROM payments p JOIN bookings b ON true"
    )
    assert tuple(paid) == (10_001, shift, "group", "charles@example.org", "confirmed")
    again = client.post_form(f"{page}/pay", {"pay": "cash"}, page=page)
    assert again.status_code == 303
    assert rows("SELECT count(*) AS n FROM payments")[0].n == 1


def test_a_group_of_sixty_gives_all_its_seats_back_at_the_desk_at_once(app: Flask, regent: Cinema) -> None:
    big = a_show(100, cinema=regent, layout={"per_row": 20})
    _, booking = the_offer(regent, big, 60)
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    client = signed_in(app, a_person(Role.BOX_OFFICE, regent))
    page = f"/staff/bookings/{booking.code}"
    ticked = {"tickets": [str(number) for number in range(1, 61)], "how": "full", "reason": "School is shut"}
    shown = soup(client.post_form(f"{page}/refund", ticked, page=page)).select_one("[name=shown]")["value"]  # type: ignore[index]
    done = client.post_form(f"{page}/cancel", ticked | {"shown": shown}, page=page)
    assert done.status_code == 303
    assert rows("SELECT state, seat_count FROM bookings")[0].state == "cancelled"
    assert rows("SELECT count(*) AS n FROM show_seats WHERE state <> 'free'")[0].n == 0


def test_what_is_being_paid_online_is_not_taken_at_the_till(app: Flask, regent: Cinema, show: Show) -> None:
    seller = a_person(Role.BOX_OFFICE, regent)
    client = signed_in(app, seller)
    open_shift(by(seller), regent.id, 0)
    group_id, booking = the_offer(regent, show)
    payment = a_started_payment(booking)
    answer = client.post_form(f"{page_of(group_id)}/pay", {"pay": "cash"}, page=page_of(group_id))
    assert answer.status_code == 409
    assert "begun online" in words(answer)
    assert payments.settle_payment(an_event(payment)) == "confirmed"


def test_nothing_offered_and_time_over_are_not_taken_at_the_till(
    app: Flask, regent: Cinema, show: Show, moved_clock: Any
) -> None:
    seller = a_person(Role.BOX_OFFICE, regent)
    client = signed_in(app, seller)
    open_shift(by(seller), regent.id, 0)
    fresh = a_group(regent)
    assert client.post_form(f"{page_of(fresh)}/pay", {"pay": "cash"}, page=page_of(fresh)).status_code == 404
    group_id, _ = the_offer(regent, show, pay_until=clock.now() + dt.timedelta(hours=5))
    moved_clock.forward(hours=6)
    assert client.post_form(f"{page_of(group_id)}/pay", {"pay": "cash"}, page=page_of(group_id)).status_code == 410
    assert rows("SELECT count(*) AS n FROM payments")[0].n == 0
