"""Cinemas and screens on the staff pages: made and changed by whole forms without a script, errors at their fields."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.db import db
from app.domain.refund_policy import RefundStep
from app.domain.staff import Role
from app.models import Cinema, City, Layout, Screen
from app.queries.cinemas import cinema_facts
from app.web.opening import NOT_YET, STEPS
from tests.builders import a_cinema, a_city, a_movie, a_person, a_price_list, a_screen, a_show
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in

PLANS = Path(__file__).parents[2] / "demo" / "plans"
WHOLE = {
    "name": "The Regent",
    "slug": "",
    "city": "0",
    "new_city": "Bristol",
    "country_code": "GB",
    "address": "1 High Street",
    "postal_code": "BS1 1AA",
    "latitude": "51.4545",
    "longitude": "−2.5879",
    "facilities": ["hearing loop", "bar"],
    "more_facilities": "an organ of 1931\r\n\r\nlove seats",
    "website": "regent.example",
    "seller": "Regent Pictures Ltd\r\n2 Low Street",
    "tax_number": " GB 123 ",
    "timezone": "Europe/London",
    "currency": "GBP",
    "fee": "0.85",
    "tax": "20",
    "refunds": "own",
    "hours": ["24", "1:30", ""],
    "percent": ["100", "50", ""],
    "seat_fee": ["", "0.50", ""],
    "offer": "all",
}


@pytest.fixture
def alma(app: Flask) -> PageClient:
    return signed_in(app, a_person(Role.ADMIN, name="Alma"))


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(a_city("Bath"), name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent, name="Ruth"))


def make(client: PageClient, **changed: Any) -> Any:
    return client.post_form("/staff/cinemas/new", {**WHOLE, **changed}, page="/staff/cinemas/new")


def there(cinema: Cinema) -> str:
    return f"/staff/cinemas/{cinema.id}"


def typed(client: PageClient, address: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    found: dict[str, Any] = {}
    for field in soup(client.get(address)).select("form.house-form [name]"):
        name, kind = str(field["name"]), field.get("type")
        if field.name == "button" or name == "csrf_token":
            continue
        if kind in ("radio", "checkbox") and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True)
            found[name] = str(chosen["value"]) if chosen else ""
        else:
            value = field.get_text().lstrip("\n") if field.name == "textarea" else str(field.get("value", ""))
            found.setdefault(name, []).append(value)
    return found


def change(client: PageClient, cinema: Cinema, **changed: Any) -> Any:
    address = f"{there(cinema)}/change"
    return client.post_form(address, {**typed(client, address), **changed}, page=address)


def a_row(cinema: Cinema) -> Cinema:
    found = db.session.get_one(Cinema, cinema.id, populate_existing=True)
    db.session.commit()
    return found


def why(answer: Any, field: str) -> str:
    """The sentence at a field."""
    return str(soup(answer).select_one(f"#{field}-why, fieldset:has(#{field}) .why").get_text())  # type: ignore[union-attr]


# A cinema is made


def test_an_administrator_makes_a_cinema_with_everything(app: Flask, alma: PageClient):
    answer = make(alma)
    assert answer.status_code == 303
    made = db.session.query(Cinema).one()
    assert answer.location == f"/staff/cinemas/{made.id}"
    facts = cinema_facts(made.id)
    assert (facts.slug, facts.city, facts.country_code, facts.currency) == ("the-regent", "Bristol", "GB", "GBP")
    assert (facts.latitude, facts.longitude, facts.fee_minor, facts.tax_percent) == (51.4545, -2.5879, 85, Decimal(20))
    assert facts.facilities == ("hearing loop", "bar", "an organ of 1931", "love seats")
    assert facts.website == "http://regent.example"
    assert (facts.seller, facts.tax_number) == ("Regent Pictures Ltd\n2 Low Street", "GB 123")
    assert facts.refund_steps == (RefundStep(1440, Decimal(100)), RefundStep(90, Decimal(50), 50))
    assert facts.pay_ways is None
    assert "an organ of 1931" in words(alma.get("/cinemas/the-regent"))


def test_the_page_of_a_new_cinema_says_what_is_left_and_ticks_what_is_done(app: Flask, alma: PageClient):
    page = alma.get(make(alma).location)
    assert "0 of 5 done" in words(page)
    cinema = db.session.query(Cinema).one()
    a_movie()
    screen = a_screen(cinema)
    assert "3 of 5 done" in words(alma.get(there(cinema)))
    a_price_list(cinema)
    assert "4 of 5 done" in words(alma.get("/staff"))
    a_show(screen=screen)
    assert "Until tickets are on sale" not in words(alma.get(there(cinema)))
    assert "Until tickets are on sale" not in words(alma.get("/staff"))


def test_a_price_list_that_leaves_a_category_out_is_not_enough(app: Flask, alma: PageClient, regent: Cinema):
    a_screen(regent, kinds={"A1": "premium"})
    a_price_list(regent, {("standard", "adult"): 900})
    assert "2 of 5 done" in words(alma.get(there(regent)))


def test_every_step_leads_to_a_page_that_there_is(app: Flask):
    there_are = {endpoint for _, endpoint in STEPS.values() if endpoint in app.view_functions}
    assert there_are == {endpoint for _, endpoint in STEPS.values()} - set(NOT_YET)


def test_scanners_and_sellers_are_not_told_of_steps(app: Flask, regent: Cinema):
    sam = signed_in(app, a_person(Role.SCANNER, regent))
    assert "Until tickets are on sale" not in words(sam.get("/staff"))


def test_each_page_of_a_step_leads_to_the_next_one(app: Flask, alma: PageClient, regent: Cinema):
    a_screen(regent)
    a_price_list(regent)
    assert "Next, until tickets are on sale: Add the films" in words(alma.get("/staff/prices"))
    film = a_movie()
    page = alma.get(f"/staff/films/{film.id}")
    assert "Next, until tickets are on sale: Put shows on sale" in words(page)
    assert soup(page).select_one(f'a[href="/staff/shows/new?film={film.id}"]')
    a_show(screen=a_screen(regent))
    assert "Next, until" not in words(alma.get("/staff/prices"))


def test_a_new_city_has_the_zone_and_the_money_of_its_country(app: Flask, alma: PageClient):
    assert make(alma, timezone="", currency="").status_code == 303
    made = db.session.query(Cinema).one()
    assert (made.timezone, made.currency) == ("Europe/London", "GBP")


def test_a_country_of_several_zones_is_asked_for_one(app: Flask, alma: PageClient):
    answer = make(alma, new_city="Manaus", country_code="BR", timezone="", currency="")
    assert answer.status_code == 422
    assert "Write the time zone" in why(answer, "timezone")
    assert not soup(answer).select("#currency-why")


def test_what_is_left_empty_is_the_citys_and_the_houses(app: Flask, alma: PageClient):
    city = a_city("Lyon", "Europe/Paris", "EUR", "FR")
    assert make(alma, city=str(city.id), timezone="", currency="", fee="", tax="", refunds="house").status_code == 303
    made = db.session.query(Cinema).one()
    assert (made.timezone, made.currency, made.fee_minor, made.tax_percent) == (
        "Europe/Paris",
        "EUR",
        75,
        Decimal("5.5"),
    )
    assert (made.city_id, made.refund_steps) == (city.id, None)


def test_a_city_that_is_known_under_other_letters_is_not_made_twice(app: Flask, alma: PageClient):
    city = a_city("São Paulo", "America/Sao_Paulo", "BRL", "BR")
    answer = make(alma, new_city="SAO PAULO", country_code="BR", timezone="America/Sao_Paulo", currency="BRL")
    assert answer.status_code == 303
    assert db.session.query(Cinema).one().city_id == city.id


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"name": " "}, "name", "Write the cinema’s name."),
        ({"name": "x" * 121}, "name", "at most 120"),
        ({"slug": "The Regent"}, "slug", "Only a–z"),
        ({"new_city": ""}, "new_city", "Write the city."),
        ({"country_code": ""}, "country_code", "Choose the country."),
        ({"latitude": "91"}, "latitude", "between −90 and 90"),
        ({"latitude": "NaN"}, "latitude", "Write degrees"),
        ({"longitude": ""}, "longitude", "both or neither"),
        ({"timezone": "Mars/Olympus"}, "timezone", "This is no time zone."),
        ({"timezone": "", "country_code": ""}, "timezone", "Write the time zone"),
        ({"currency": "", "country_code": "PA"}, "currency", "Choose the currency."),
        ({"website": "javascript:alert(1)"}, "website", "This is no web address."),
        ({"fee": "-1"}, "fee", "Write an amount in GBP, such as 0.75."),
        ({"fee": "0.755"}, "fee", "Write an amount"),
        ({"fee": "1e9"}, "fee", "Write an amount"),
        ({"fee": "NaN"}, "fee", "Write an amount"),
        ({"tax": "101"}, "tax", "between 0 and 100"),
        ({"tax": "5.555"}, "tax", "two digits"),
        ({"more_facilities": "x" * 101}, "more_facilities", "at most"),
        ({"hours": ["", "", ""], "percent": ["", "", ""], "seat_fee": ["", "", ""]}, "steps", "at least one row"),
        ({"hours": ["24", "24", ""]}, "steps", "same time"),
        ({"hours": ["24", "soon", ""]}, "steps", "Row 2: write the hours"),
        ({"hours": ["0.001", "2", ""]}, "steps", "Row 1: write hours that come to whole minutes"),
        ({"hours": ["9000", "2", ""]}, "steps", "at most a year"),
        ({"percent": ["101", "50", ""]}, "steps", "Row 1: write how many percent"),
        ({"seat_fee": ["-1", "", ""]}, "steps", "Row 1: the fee"),
        ({"offer": "chosen"}, "pay_ways", "Tick at least one"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_written(
    app: Flask, alma: PageClient, changed: dict[str, Any], field: str, sentence: str
):
    answer = make(alma, **changed)
    assert answer.status_code == 422
    assert sentence in why(answer, field)
    assert db.session.query(Cinema).count() == db.session.query(City).count() == 0
    form = soup(answer)
    kept = form.select_one("#address")
    assert kept is not None
    assert kept["value"] == "1 High Street"
    assert len(form.select("[name=hours]")) == 3


def test_a_city_has_to_be_chosen_where_some_are_known(app: Flask, alma: PageClient):
    a_city()
    form = soup(alma.get("/staff/cinemas/new"))
    assert form.select_one("#city option")["value"] == "-1"  # type: ignore[index]
    assert "Choose the city." in why(make(alma, city="-1"), "city")
    assert make(alma, city="77").status_code == 422


def test_a_currency_without_cents_takes_whole_amounts(app: Flask, alma: PageClient):
    assert make(alma, currency="JPY", fee="75", refunds="house").status_code == 303
    assert db.session.query(Cinema).one().fee_minor == 75
    assert "such as 75." in why(make(alma, currency="JPY", fee="0.75", refunds="house"), "fee")


def test_two_cinemas_of_one_name_have_two_addresses(app: Flask, alma: PageClient):
    make(alma)
    assert make(alma).status_code == 303
    assert {one.slug for one in db.session.query(Cinema)} == {"the-regent", "the-regent-2"}
    assert "Another cinema has this name" in why(make(alma, slug="the-regent"), "slug")


def test_rows_of_the_policy_come_and_go_without_keeping_anything(app: Flask, alma: PageClient):
    more = make(alma, more="1")
    assert more.status_code == 200
    assert len(soup(more).select("[name=hours]")) == 4
    less = make(alma, less="0")
    assert [field["value"] for field in soup(less).select("[name=hours]")] == ["1:30", ""]
    assert len(soup(make(alma, less="99")).select("[name=hours]")) == 3
    assert db.session.query(Cinema).count() == 0


def test_only_administrators_make_cinemas(app: Flask, ruth: PageClient):
    assert ruth.get("/staff/cinemas/new").status_code == 403
    assert "New cinema" not in words(ruth.get("/staff/cinemas"))


def test_without_any_cinema_the_way_to_the_first_one_is_shown(app: Flask, alma: PageClient):
    assert "Make a cinema" in words(alma.get("/staff/cinemas"))
    assert "Make the first one." in words(alma.get("/staff"))
    answer = alma.get("/staff/layouts")
    assert (answer.status_code, answer.location) == (303, "/staff/cinemas/new")


# A cinema is changed


def test_the_form_as_it_stands_changes_nothing(app: Flask, alma: PageClient):
    make(alma)
    cinema = db.session.query(Cinema).one()
    before = cinema_facts(cinema.id)
    answer = change(alma, cinema)
    assert answer.status_code == 303
    assert "nothing was changed" in words(alma.get(answer.location))
    assert cinema_facts(cinema.id) == before


def test_a_manager_changes_the_terms_and_says_why(app: Flask, ruth: PageClient, regent: Cinema):
    assert "Write in a few words why" in why(change(ruth, regent, fee="1.25"), "reason")
    assert a_row(regent).fee_minor == 75
    assert change(ruth, regent, fee="1.25", tax="12.5", reason="the landlord").status_code == 303
    assert (a_row(regent).fee_minor, a_row(regent).tax_percent) == (125, Decimal("12.50"))
    audit = words(ruth.get("/staff/audit"))
    assert "Cinema: changed" in audit
    assert "the landlord" in audit


def test_a_name_or_an_address_needs_no_reason(app: Flask, ruth: PageClient, regent: Cinema):
    assert change(ruth, regent, name="The Regency", facilities=["bar"]).status_code == 303
    assert (a_row(regent).name, a_row(regent).facilities) == ("The Regency", ["bar"])


def test_the_second_of_two_who_change_it_is_told_and_loses_nothing_typed(app: Flask, ruth: PageClient, regent: Cinema):
    address = f"{there(regent)}/change"
    old = typed(ruth, address)
    joe = signed_in(app, a_person(Role.MANAGER, regent, name="Joe Gray"))
    change(joe, regent, name="Joe's")
    answer = ruth.post_form(address, {**old, "address": "2 Low Street"}, page=address)
    assert answer.status_code == 409
    assert "Joe Gray has changed this cinema" in words(answer)
    assert soup(answer).select_one("#address")["value"] == "2 Low Street"  # type: ignore[index]
    assert (a_row(regent).name, a_row(regent).address) == ("Joe's", "1 High Street")


def test_currency_and_zone_are_shown_as_fixed_and_kept_so(app: Flask, ruth: PageClient, regent: Cinema):
    assert "The currency is fixed" not in words(ruth.get(f"{there(regent)}/change"))
    a_show(cinema=regent)
    page = words(ruth.get(f"{there(regent)}/change"))
    assert "The currency is fixed, because something here counts in it: 1 price list." in page
    assert "The time zone is fixed while 1 show is coming" in page
    answer = change(ruth, regent, currency="EUR", timezone="Europe/Paris", reason="x")
    assert answer.status_code == 422
    told = [one.get_text() for one in soup(answer).select(".summary li")]
    assert [one.split(" fixed")[0].strip() for one in told] == ["The time zone is", "The currency is"]
    assert (a_row(regent).currency, a_row(regent).timezone) == ("GBP", "Europe/London")


def test_ways_to_pay_are_chosen_and_offered_all_again(app: Flask, ruth: PageClient, regent: Cinema):
    sent = {"offer": "chosen", "pay_ways": ["sandbox:card"], "reason": "cards only"}
    assert change(ruth, regent, **sent).status_code == 303
    assert a_row(regent).pay_ways == ["sandbox:card"]
    assert "Sandbox: cards" in words(ruth.get(there(regent)))
    assert change(ruth, regent, **{**sent, "pay_ways": ["nobody:card"]}).status_code == 422
    assert change(ruth, regent, offer="all", reason="all again").status_code == 303
    assert a_row(regent).pay_ways is None


def test_another_cinemas_pages_do_not_exist(app: Flask, ruth: PageClient):
    other = a_cinema()
    for path in ("", "/change"):
        assert ruth.get(f"{there(other)}{path}").status_code == 404
    screen = a_screen(other)
    for path in ("rename", "close", "reopen"):
        assert ruth.post_form(f"/staff/screens/{screen.id}/{path}", {}, page="/staff/people/new").status_code == 404


def test_who_looks_at_a_cinemas_page_goes_on_there(app: Flask, alma: PageClient, regent: Cinema):
    other = a_cinema(name="An Odeon")
    assert "An Odeon" in words(alma.get("/staff"))
    alma.get(there(regent))
    assert soup(alma.get("/staff")).h1.get_text() == "The Regent"  # type: ignore[union-attr]
    alma.get(there(other))
    assert soup(alma.get("/staff")).h1.get_text() == "An Odeon"  # type: ignore[union-attr]


def test_names_are_words_and_no_markup(app: Flask, alma: PageClient):
    name = "<b>{{7*7}}</b>"
    cinema = a_cinema(name=name, facilities=["<script>alert(1)</script>"])
    for path in ("", "/change"):
        page = alma.get(f"{there(cinema)}{path}").get_data(as_text=True)
        assert "<b>{{" not in page
        assert "<script>alert" not in page


# Screens


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
