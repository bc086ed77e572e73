"""An administrator makes a cinema, and is told what is left to do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.db import db
from app.domain.refund_policy import RefundStep
from app.domain.staff import Role
from app.models import Cinema, City
from app.queries.cinemas import cinema_facts
from app.web.opening import NOT_YET, STEPS
from tests.builders import a_city, a_movie, a_person, a_price_list, a_screen, a_show
from tests.support.cinemas import make, there, why
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in


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
    assert make(alma, city="2147483647").status_code == 422


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
