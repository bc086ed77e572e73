"""A cinema is changed: terms with a reason, currency and zone never, two at once told."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask

from app.db import db
from app.domain.staff import Role
from app.models import Cinema
from app.queries.cinemas import cinema_facts
from tests.builders import a_cinema, a_person, a_screen, a_show
from tests.support.cinemas import a_row, change, make, there, typed, why
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in


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
