"""The pages of coupons: found, made, changed by two at once, stopped, their uses, the files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.domain.staff import Role
from app.models import Cinema
from app.services import extras, offers
from app.services.offers import NewCoupon, create_coupon
from app.web.csv_files import BOM
from tests.builders import a_cinema, a_city, a_hold, a_movie, a_person, a_show
from tests.support.books import rows
from tests.support.client import PageClient, soup, words
from tests.support.clock import MovedClock
from tests.support.purse import Purse, a_booking
from tests.support.staff import signed_in

TEN = {"code": "spring20", "name": "Spring", "kind": "percent", "percent": "20"}


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


@pytest.fixture
def alma(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.ADMIN))


def listed(client: PageClient, query: str = "") -> list[list[str]]:
    page = client.get(f"/staff/coupons{query}")
    assert page.status_code == 200
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row(["th", "td"])]
        for row in soup(page).select(".rows tbody tr")
    ]


def send(client: PageClient, address: str, values: dict[str, Any]) -> Any:
    """The form of a page as a browser would send it, with these values typed in."""
    form = soup(client.get(address)).select_one("main form.sheet-form")
    assert form is not None
    sent: dict[str, Any] = {
        one["name"]: one.get("value", "")
        for one in form.select("input[name]:not([disabled])")
        if one.get("type") != "checkbox"
    }
    for choice in form.select("select:not([disabled])"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        assert chosen is not None
        sent[str(choice["name"])] = chosen["value"]
    return client.post(address, data={**sent, **values})


def make(client: PageClient, **values: Any) -> Any:
    return send(client, "/staff/coupons/new", {**TEN, **values})


def the_row() -> Any:
    return rows("SELECT * FROM coupons ORDER BY id DESC LIMIT 1")[0]


def test_a_coupon_with_everything_is_made_as_typed(ruth: PageClient, regent: Cinema):
    film = a_movie("Metropolis")
    answer = make(
        ruth, cinema=regent.slug, film=film.slug, percent="12,5 %", max="7.50", minimum="15", currency="GBP",
        starts="2027-06-01T10:00", until="2027-06-30T18:00", limit="100", per_person="2", weekdays=["1", "2"],
        types=["adult", "child"], stackable="y",
    )  # fmt: skip
    assert answer.status_code == 303
    made = the_row()
    assert (made.code, made.percent, made.max_minor, made.min_minor) == ("SPRING20", Decimal("12.5"), 750, 1500)
    assert made.starts_at == dt.datetime(2027, 6, 1, 9, tzinfo=dt.UTC), "on the clocks of the cinema"
    assert (made.total_limit, made.person_limit, made.movie_id, made.cinema_id) == (100, 2, film.id, regent.id)
    assert (made.weekdays, made.ticket_types, made.stackable) == ([1, 2], ["adult", "child"], True)
    page = words(ruth.get(answer.location))
    for part in ("12.5 %, at most £7.50", "0 of 100, 2 by each person", "The Regent, Metropolis", "Mon, Tue", "£15.00"):
        assert part in page
    (row,) = listed(ruth)
    assert row[:4] == ["SPRING20", "Spring", "12.5 %, at most £7.50", "0 of 100"]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"code": "A"}, "code", "3 to 40 letters"),
        ({"code": ""}, "code", "Write the code"),
        ({"name": ""}, "name", "Write what the bill"),
        ({"percent": "ten"}, "percent", "such as 10 or 12.5"),
        ({"percent": "101"}, "percent", "at most 100"),
        ({"percent": "1e1"}, "percent", "such as 10"),
        ({"max": "0", "currency": "GBP"}, "max", "more than 0"),
        ({"max": "5", "currency": ""}, "currency", "needs its currency"),
        ({"max": "5.005", "currency": "GBP"}, "max", "such as 12.50"),
        ({"kind": "fixed", "amount": "", "currency": "GBP"}, "amount", "an amount of GBP"),
        ({"kind": "fixed", "amount": "-5", "currency": "GBP"}, "amount", "an amount of GBP"),
        ({"limit": "0"}, "limit", "at least 1"),
        ({"limit": "many"}, "limit", "whole number"),
        ({"starts": "soon"}, "starts", "such as 2026"),
        ({"starts": "2027-03-28T01:30"}, "starts", "leap over this time"),
        ({"starts": "2027-06-02T10:00", "until": "2027-06-01T10:00"}, "until", "before it begins"),
        ({"cinema": ""}, "cinema", "valid choice"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    ruth: PageClient, regent: Cinema, values: dict[str, str], field: str, said: str
):
    answer = make(ruth, **{"cinema": regent.slug, "per_person": "3", **values})
    assert answer.status_code == 422
    page = soup(answer)
    why = page.select_one(f"#{field}-why")
    assert why
    assert said in why.get_text()
    assert page.select_one("#per_person")["value"] == "3"
    assert rows("SELECT FROM coupons") == []


def test_a_code_is_used_once(alma: PageClient):
    assert make(alma, cinema="").status_code == 303
    again = make(alma, cinema="")
    assert again.status_code == 422
    assert "Codes are never used twice" in words(again)


def test_of_a_time_the_clocks_show_twice_an_end_is_the_later_and_what_is_not_touched_stays(
    app: Flask, alma: PageClient
):
    first = dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)
    coupon_id = create_coupon(NewCoupon("AUTUMN", "Autumn", percent=Decimal(10), ends_at=first))
    page = soup(alma.get(f"/staff/coupons/{coupon_id}/change"))
    assert page.select_one("#until")["value"] == "2027-10-31T01:30"
    form = {**TEN, "code": "", "name": "Leaves", "percent": "10", "until": "2027-10-31T01:30"}
    assert send(alma, f"/staff/coupons/{coupon_id}/change", form).status_code == 303
    assert (the_row().name, the_row().ends_at) == ("Leaves", first)
    assert make(alma, starts="2027-10-31T01:30", until="2027-10-31T01:30").status_code == 303
    assert the_row().starts_at == first
    assert the_row().ends_at == first + dt.timedelta(hours=1)


def test_a_manager_sees_their_own_and_the_houses_and_opens_their_own(ruth: PageClient, regent: Cinema):
    for code, cinema in (("MINE", regent.slug), ("HOUSE", None), ("THEIRS", a_cinema().slug)):
        create_coupon(NewCoupon(code, "Off", percent=Decimal(10), cinema=cinema))
    assert [row[0] for row in listed(ruth)] == ["HOUSE", "MINE"]
    links = [str(link["href"]) for link in soup(ruth.get("/staff/coupons")).select(".rows a")]
    assert len(links) == 1
    house = rows("SELECT id FROM coupons WHERE code = 'HOUSE'")[0].id
    assert ruth.get(f"/staff/coupons/{house}").status_code == 404


def test_they_are_found_by_words_and_state(app: Flask, regent: Cinema, moved_clock: MovedClock):
    moved_clock.stop_at(now := dt.datetime(2027, 1, 5, 12, tzinfo=dt.UTC))
    alma = signed_in(app, a_person(Role.ADMIN))
    hour = dt.timedelta(hours=1)
    for code, values in {
        "RUNNING": {},
        "TOCOME": {"starts_at": now + hour},
        "OVER": {"ends_at": now},
        "USEDUP": {"total_limit": 1},
        "STOPPED": {},
    }.items():
        create_coupon(NewCoupon(code, f"Name {code}", percent=Decimal(10), **values))
    offers.archive_coupon("STOPPED")
    a_booking(a_show(), 2, Purse(coupons=["USEDUP"]))
    states = {row[0]: row[-1].split(" ", 1)[1] for row in listed(alma)}
    assert states == {
        "RUNNING": "running", "TOCOME": "to come", "OVER": "over", "USEDUP": "used up", "STOPPED": "stopped",
    }  # fmt: skip
    for query, found in {
        "?state=used_up": ["USEDUP"],
        "?state=to_come": ["TOCOME"],
        "?state=nonsense&q=name+o": ["OVER"],
        "?q=stop": ["STOPPED"],
        "?page=99999999999999999999": ["STOPPED", "USEDUP", "OVER", "TOCOME", "RUNNING"],
    }.items():
        assert [row[0] for row in listed(alma, query)] == found, query
    assert "Show all coupons" in words(alma.get("/staff/coupons?q=zzz"))


def test_an_empty_list_says_what_to_do(alma: PageClient):
    assert "No coupons yet" in words(alma.get("/staff/coupons"))


def test_the_second_of_two_who_change_it_is_told(app: Flask, alma: PageClient):
    coupon_id = create_coupon(NewCoupon("TEN", "Ten", percent=Decimal(10)))
    other = signed_in(app, a_person(Role.ADMIN, email="other@example.org"))
    page = soup(other.get(f"/staff/coupons/{coupon_id}/change"))
    seen = {name: page.select_one(f"[name={name}]")["value"] for name in ("seen", "csrf_token")}
    form = {"kind": "percent", "percent": "10", "cinema": "", "film": "", "currency": ""}
    assert send(alma, f"/staff/coupons/{coupon_id}/change", {**form, "name": "First"}).status_code == 303
    answer = other.post(
        f"/staff/coupons/{coupon_id}/change", data={**form, **seen, "name": "Second"}, follow_redirects=True
    )
    assert "Somebody has changed TEN since you opened the page" in words(answer)
    assert the_row().name == "First"


def test_what_was_entered_keeps_its_promise_whatever_the_form_says(alma: PageClient):
    coupon_id = create_coupon(
        NewCoupon("TEN", "Ten", percent=Decimal(10), weekdays=list(range(1, 8)), ticket_types=["adult"])
    )
    booking = a_hold(a_show())
    extras.add_coupon(booking.show_id, booking.id, "TEN")
    address = f"/staff/coupons/{coupon_id}/change"
    page = soup(alma.get(address))
    assert page.select_one("#percent").has_attr("disabled")
    answer = send(alma, address, {"name": "Tenth", "percent": "99", "limit": "5"})
    assert answer.status_code == 303
    kept = the_row()
    assert (kept.name, kept.percent, kept.total_limit, kept.ticket_types) == ("Tenth", Decimal(10), 5, ["adult"])


def test_a_limit_below_what_is_used_is_refused_at_its_field(alma: PageClient):
    coupon_id = create_coupon(NewCoupon("TEN", "Ten", percent=Decimal(10)))
    show = a_show()
    for _ in range(2):
        a_booking(show, 2, Purse(coupons=["TEN"]))
    answer = send(alma, f"/staff/coupons/{coupon_id}/change", {"name": "Ten", "limit": "1"})
    assert answer.status_code == 422
    assert "used 2 times already" in soup(answer).select_one("#limit-why").get_text()


def test_its_uses_are_shown_with_their_bookings_and_taken_along(ruth: PageClient, alma: PageClient, regent: Cinema):
    coupon_id = create_coupon(NewCoupon("TEN", "Ten", percent=Decimal(10), cinema=regent.slug))
    film = a_movie("=HYPERLINK(1)")
    booking = a_booking(a_show(cinema=regent, movie=film), 2, Purse(coupons=["TEN"]))
    page = ruth.get(f"/staff/coupons/{coupon_id}")
    assert soup(page).select_one(f'.rows a[href="/staff/bookings/{booking.code}"]')
    assert "£2.00" in words(page)
    answer = ruth.get(f"/staff/coupons/{coupon_id}/uses.csv")
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix(BOM)))
    assert (row["film"], row["amount"], row["e-mail"]) == ("'=HYPERLINK(1)", "2.00", "ada@example.org")


def test_it_is_stopped_and_started_on_its_page(ruth: PageClient, regent: Cinema):
    coupon_id = create_coupon(NewCoupon("TEN", "Ten", percent=Decimal(10), cinema=regent.slug))
    address = f"/staff/coupons/{coupon_id}"
    assert "It was used 0 times" in words(ruth.get(address))
    assert ruth.post(f"{address}/stop", data={"csrf_token": ruth.token(address)}).status_code == 422, "why is asked"
    for _ in range(2):
        stop = {"csrf_token": ruth.token(address), "reason": "leaked"}
        assert ruth.post(f"{address}/stop", data=stop).status_code == 303
    assert "stopped already" in words(ruth.get(address))
    assert ruth.post(f"{address}/start", data={"csrf_token": ruth.token(address)}).status_code == 303
    assert "running" in words(ruth.get(address))


def test_many_codes_come_as_a_file(ruth: PageClient, regent: Cinema):
    form = {**TEN, "code": "mail", "name": "=1+1", "count": "30", "cinema": regent.slug}
    answer = send(ruth, "/staff/coupons/batch", form)
    assert answer.mimetype == "text/csv"
    table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix(BOM))))
    assert len({row["code"] for row in table}) == 30
    assert {row["name"] for row in table} == {"'=1+1"}
    assert {row.code for row in rows("SELECT code FROM coupons")} == {row["code"] for row in table}
    refused = send(ruth, "/staff/coupons/batch", {**form, "count": "5000"})
    assert refused.status_code == 422
    assert "Make 1 to 1000" in soup(refused).select_one("#count-why").get_text()


def test_yen_are_typed_whole(app: Flask, alma: PageClient):
    a_cinema(a_city(currency="JPY", timezone="Asia/Tokyo"))
    assert make(alma, kind="fixed", amount="500", currency="JPY").status_code == 303
    assert the_row().amount_minor == 500
    assert make(alma, code="HALF", kind="fixed", amount="5.50", currency="JPY").status_code == 422
