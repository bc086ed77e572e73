"""The price pages: lists typed into a table, rules as sentences, a week in words, what becomes of coming shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from app.domain.price_rules import PriceRule
from app.domain.staff import COMMAND, Role
from app.models import Cinema
from app.queries.price_pages import prices_of, prices_page
from app.services.price_lists import change_list, make_list
from app.services.price_moves import Along
from app.services.price_rules import add_rule
from tests.builders import PRICES, a_cinema, a_city, a_hold, a_person, a_price_list, a_screen, a_show
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in

PAGE = "/staff/prices"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


def new_page(cinema: Cinema) -> str:
    return f"/staff/cinemas/{cinema.id}/prices/new"


def rules_page(cinema: Cinema) -> str:
    return f"/staff/cinemas/{cinema.id}/price-rules/new"


def list_page(price_list_id: int) -> str:
    return f"/staff/price-lists/{price_list_id}"


def shown(response: Any) -> dict[str, str]:
    """Field → what stands in it."""
    fields = soup(response).select("main form:not([method=get]) input[name]")
    return {str(one["name"]): str(one.get("value", "")) for one in fields if one.get("type") != "radio"}


def why(response: Any) -> list[str]:
    return [one.get_text() for one in soup(response).select("main .why")]


def test_the_first_list_is_made_from_nothing(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    assert "No price list yet" in words(ruth.get(PAGE))
    fields = {
        "name": "Standard",
        "price-standard-adult": "12.50",
        "price-standard-child": "8",
        "price-premium-adult": "15,5",
    }
    done = ruth.post_form(new_page(regent), fields, page=new_page(regent))
    assert done.status_code == 303
    (made,) = prices_page(regent.id).lists
    wanted = {("standard", "adult"): 1250, ("standard", "child"): 800, ("premium", "adult"): 1550}
    assert prices_of(made.id) == wanted
    text = words(ruth.get(PAGE))
    assert "Standard" in text
    assert "£12.50 to £15.50" in text
    assert "every screen" in text
    assert "where no rule fits" in text


def test_mistakes_are_told_at_the_field_and_what_was_typed_stays(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    fields = {"name": "Standard", "price-standard-adult": "12.505", "price-premium-child": "7", "more-0-child": "5"}
    refused = ruth.post_form(new_page(regent), fields, page=new_page(regent))
    assert refused.status_code == 422
    assert "This is no price in GBP. Type it like 12.50." in why(refused)
    assert "Give the category a name, as it stands in the plan of the seats." in why(refused)
    assert fields.items() <= shown(refused).items()
    fields = {"name": "Standard", "price-premium-child": "7"}
    refused = ruth.post_form(new_page(regent), fields, page=new_page(regent))
    assert "Give adults a price too: seats are offered for adults first." in why(refused)
    refused = ruth.post_form(new_page(regent), {"name": "Standard"}, page=new_page(regent))
    assert "Write at least one price for adults." in why(refused)
    refused = ruth.post_form(new_page(regent), {"price-standard-adult": "9999999"}, page=new_page(regent))
    assert len(why(refused)) == 2
    assert prices_page(regent.id).lists == ()


def test_prices_in_a_row_without_a_name_are_told_at_the_name(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    fields = {"name": "Standard", "price-standard-adult": "12", "more-0-child": "8"}
    refused = ruth.post_form(new_page(regent), fields, page=new_page(regent))
    assert refused.status_code == 422
    assert why(refused) == ["Give the category a name, as it stands in the plan of the seats."]
    assert shown(refused)["more-0-child"] == "8"


def test_a_name_that_is_taken_is_told_at_the_field(ruth: PageClient, regent: Cinema):
    make_list(COMMAND, regent.id, "Standard", PRICES)
    fields = {"name": " Standard ", "more-0-name": "standard", "more-0-adult": "9"}
    refused = ruth.post_form(new_page(regent), fields, page=new_page(regent))
    assert refused.status_code == 422
    assert why(refused) == ["There is a list called Standard already, perhaps among those put away."]


def test_categories_for_plans_to_come_can_be_added(ruth: PageClient, regent: Cinema):
    fields = {
        "name": "Standard",
        "more-0-name": "Day bed",
        "more-0-adult": "30",
        "more-1-name": "Box",
        "more-1-adult": "40",
    }
    assert ruth.post_form(new_page(regent), fields, page=new_page(regent)).status_code == 303
    (made,) = prices_page(regent.id).lists
    assert prices_of(made.id) == {("day-bed", "adult"): 3000, ("box", "adult"): 4000}
    assert "Day bed" in words(ruth.get(list_page(made.id)))
    again = {"price-box-adult": "40", "more-0-name": "box", "more-0-adult": "30", "along": "none", "reason": "x"}
    refused = ruth.post_form(list_page(made.id), again, page=list_page(made.id))
    assert "There is a category of this name in the table already." in why(refused)


def test_one_price_fills_the_table_and_keeps_nothing(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    filled = shown(ruth.get(f"{new_page(regent)}?adult=12.50&child=70&senior=80&student=&extra=20"))
    assert filled["price-standard-adult"] == "12.50"
    assert filled["price-standard-child"] == "8.80"
    assert filled["price-premium-adult"] == "15.00"
    assert filled["price-premium-student"] == ""
    assert prices_page(regent.id).lists == ()
    assert "no price in GBP" in words(ruth.get(f"{new_page(regent)}?adult=much"))


def test_nobody_pays_more_for_a_wheelchair_or_for_who_comes_along(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    a_price_list(
        regent, {(one, "adult"): 900 for one in ("standard", "wheelchair-space", "companion-seat", "recliner")}
    )
    (held,) = prices_page(regent.id).lists
    filled = shown(ruth.get(f"{list_page(held.id)}?adult=10&extra=25"))
    prices = {
        one: filled[f"price-{one}-adult"] for one in ("standard", "wheelchair-space", "companion-seat", "recliner")
    }
    assert prices == {"standard": "10.00", "wheelchair-space": "10.00", "companion-seat": "10.00", "recliner": "12.50"}


def test_what_the_list_is_called_stays_when_its_table_is_filled(ruth: PageClient, regent: Cinema):
    a_screen(regent)
    assert shown(ruth.get(f"{new_page(regent)}?adult=10&name=Matin%C3%A9e"))["name"] == "Matinée"


def test_a_list_is_copied_from_a_cinema_within_reach_and_from_no_other(app: Flask, regent: Cinema):
    lantern, foreign = a_cinema(name="The Lantern"), a_cinema(a_city(currency="EUR"))
    ids = [make_list(COMMAND, one.id, "Gala", PRICES) for one in (lantern, a_cinema(), foreign)]
    client = signed_in(app, a_person(Role.MANAGER, regent, lantern, foreign))
    page = client.get(new_page(regent))
    assert [one["value"] for one in soup(page).select("#from option")] == [str(ids[0])]
    assert "The Lantern: Gala" in words(page)
    copied = [shown(client.get(f"{new_page(regent)}?from={one}")).get("price-premium-child") for one in ids]
    assert copied == ["11.00", None, None]


def test_new_prices_ask_about_coming_shows_in_numbers(ruth: PageClient, regent: Cinema):
    held = a_show(cinema=regent)
    made = held.price_list_id
    a_hold(held)
    page = ruth.get(list_page(made))
    assert "What about the 1 coming show with this list?" in words(page)
    assert "no seat is held or sold: 0 of 1" in words(page)
    fields = {**shown(page), "price-standard-adult": "11", "along": "untouched", "reason": "the new year"}
    done = ruth.post_form(list_page(made), fields, page=list_page(made), follow_redirects=True)
    assert "Version 2 holds for new shows from now on. 1 show kept the old ones" in words(done)
    assert "1 coming show of earlier versions" in words(done)
    (now,) = prices_page(regent.id).lists
    moved = ruth.post_form(
        f"{list_page(now.id)}/shows", {"along": "all", "reason": "told"}, page=list_page(now.id), follow_redirects=True
    )
    assert "1 coming show got the new prices." in words(moved)
    assert "replaced" in words(ruth.get(list_page(made)))


def test_new_prices_need_a_reason(ruth: PageClient, regent: Cinema):
    made = make_list(COMMAND, regent.id, "Standard", PRICES)
    fields = {"price-standard-adult": "11", "along": "none", "reason": " "}
    refused = ruth.post_form(list_page(made), fields, page=list_page(made))
    assert refused.status_code == 422
    assert "Write in a few words why." in why(refused)
    assert prices_page(regent.id).lists[0].version == 1


def test_who_types_into_a_version_that_was_replaced_is_told_and_loses_nothing(ruth: PageClient, regent: Cinema):
    made = make_list(COMMAND, regent.id, "Standard", PRICES)
    fields = {**shown(ruth.get(list_page(made))), "price-standard-adult": "11", "along": "none", "reason": "mine"}
    newer = change_list(COMMAND, made, {**PRICES, ("standard", "adult"): 1200}, Along.NONE, "theirs").price_list_id
    refused = ruth.post_form(list_page(made), fields, page=PAGE)
    assert refused.status_code == 409
    assert "Standard has got version 2 meanwhile" in words(refused)
    assert soup(refused).select(f'main a[href="{list_page(newer)}"]')
    assert prices_of(newer)["standard", "adult"] == 1200
    assert shown(refused)["price-standard-adult"] == "11"


def test_a_category_without_a_price_is_told_with_its_screens(ruth: PageClient, regent: Cinema):
    screen = a_screen(regent, kinds={"A1": "premium"})
    made = make_list(COMMAND, regent.id, "Standard", {("standard", "adult"): 1000})
    said = words(ruth.get(list_page(made)))
    assert f"No price for adults in Premium: a show in {screen.name} can't go on sale with this list." in said
    assert "no screen" in words(ruth.get(PAGE))


def test_lists_are_renamed_put_away_and_taken_up_again(ruth: PageClient, regent: Cinema):
    make_list(COMMAND, regent.id, "Standard", PRICES)
    gala = make_list(COMMAND, regent.id, "Gala", PRICES)
    ruth.post_form(f"{list_page(gala)}/name", {"name": "Premiere"}, page=list_page(gala))
    assert "Premiere" in words(ruth.get(PAGE))
    taken = ruth.post_form(f"{list_page(gala)}/name", {"name": "Standard"}, page=list_page(gala))
    assert taken.status_code == 422
    assert why(taken) == ["There is a list called Standard already, perhaps among those put away."]
    assert shown(taken)["price-standard-adult"] == "10.00"
    assert "No new show gets Premiere. 0 coming shows have it" in words(ruth.get(list_page(gala)))
    ruth.post_form(f"{list_page(gala)}/archive", page=list_page(gala))
    assert [one.name for one in prices_page(regent.id).archived] == ["Premiere"]
    assert "Put away" in words(ruth.get(PAGE))
    ruth.post_form(f"{list_page(gala)}/restore", page=list_page(gala))
    assert prices_page(regent.id).archived == ()


def test_a_list_that_serves_by_default_says_why_it_is_not_put_away(ruth: PageClient, regent: Cinema):
    made = make_list(COMMAND, regent.id, "Standard", PRICES)
    assert "It can't be put away: it serves where no rule fits" in words(ruth.get(list_page(made)))
    done = ruth.post_form(f"{list_page(made)}/archive", page=list_page(made), follow_redirects=True)
    assert "Choose another list for that first" in words(done)


def rule_fields(cinema: Cinema, price_list_id: int, **more: Any) -> dict[str, Any]:
    revision = str(prices_page(cinema.id).revision)
    return {"revision": revision, "price_list_id": str(price_list_id), "screen_id": "0", "weekdays": ["1"], **more}


def test_a_rule_is_made_changed_moved_and_removed_without_a_script(ruth: PageClient, regent: Cinema):
    standard, matinee = (make_list(COMMAND, regent.id, name, PRICES) for name in ("Standard", "Matinée"))
    fields = rule_fields(regent, matinee, weekdays=list("12345"), until_time="17")
    assert ruth.post_form(rules_page(regent), fields, page=rules_page(regent)).status_code == 303
    ruth.post_form(rules_page(regent), rule_fields(regent, standard, weekdays=["6"]), page=rules_page(regent))
    said = words(ruth.get(PAGE))
    assert "Monday to Friday, until 17:00: Matinée" in said
    assert "00:00 to 17:00" in said
    assert "17:00 to 24:00" in said
    first, second = prices_page(regent.id).rules
    one = f"/staff/price-rules/{first.id}"
    kept = {"until_time": "18.30", "weekdays": ["7"]}
    assert ruth.post_form(one, rule_fields(regent, matinee, **kept), page=one).status_code == 303
    assert prices_page(regent.id).rules[0].when == "Sunday, until 18:30"
    ruth.post_form(f"{one}/shift", {"way": "down", "revision": "3"}, page=PAGE)
    assert [row.id for row in prices_page(regent.id).rules] == [second.id, first.id]
    ruth.post_form(f"{one}/remove", {"revision": "4"}, page=PAGE)
    assert [row.id for row in prices_page(regent.id).rules] == [second.id]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"weekdays": []}, "Choose at least one day."),
        ({"from_time": "25:00"}, "Write a time like 17:00."),
        ({"from_time": "x"}, "Write a time like 17:00."),
        ({"until_time": "2147483648"}, "Write a time like 17:00."),
        ({"from_time": "9", "until_time": "09:00"}, "From and until are the same. Leave both empty for the whole day."),
        ({"first_day": "2026-12-02", "last_day": "2026-12-01"}, "The last day is before the first."),
    ],
)
def test_a_rule_that_means_nothing_is_told_at_the_field(ruth: PageClient, regent: Cinema, fields: Any, told: str):
    made = make_list(COMMAND, regent.id, "Standard", PRICES)
    refused = ruth.post_form(rules_page(regent), rule_fields(regent, made, **fields), page=rules_page(regent))
    assert refused.status_code == 422
    assert told in why(refused)
    assert prices_page(regent.id).rules == ()


def test_who_changes_rules_that_somebody_else_changed_is_told(ruth: PageClient, regent: Cinema):
    made = make_list(COMMAND, regent.id, "Standard", PRICES)
    fields = rule_fields(regent, made, weekdays=["3"], until_time="17:00")
    rule = add_rule(COMMAND, regent.id, 0, PriceRule(made))
    refused = ruth.post_form(rules_page(regent), fields, page=rules_page(regent))
    assert refused.status_code == 409
    assert "Somebody has changed the rules" in words(refused)
    assert shown(refused)["until_time"] == "17:00"
    moved = ruth.post_form(f"/staff/price-rules/{rule}/shift", {"way": "up", "revision": "0"}, page=PAGE)
    assert moved.status_code == 409
    unread = ruth.post_form(f"/staff/price-rules/{rule}/shift", {"way": "up", "revision": "x"}, page=PAGE)
    assert unread.status_code == 409


def test_the_list_for_the_rest_is_chosen_and_coming_shows_follow_when_told(ruth: PageClient, regent: Cinema):
    show = a_show(cinema=regent)
    gala = make_list(COMMAND, regent.id, "Gala", PRICES)
    where = f"/staff/cinemas/{regent.id}/price-rules"
    ruth.post_form(f"{where}/default", {"revision": "0", "price_list_id": str(gala)}, page=PAGE)
    page = prices_page(regent.id)
    assert page.picker.default == gala
    assert "1 coming show of which nothing is held or sold would get another list" in words(ruth.get(PAGE))
    ruth.post_form(f"{where}/carry-out", {"revision": "1", "reason": "as announced"}, page=PAGE)
    assert {one.name: one.coming for one in prices_page(regent.id).lists}["Gala"] == 1
    assert show.price_list_id != gala


def test_the_week_asked_for_is_shown_with_its_holidays(ruth: PageClient, regent: Cinema):
    make_list(COMMAND, regent.id, "Standard", PRICES)
    gala = make_list(COMMAND, regent.id, "Holidays", PRICES)
    christmas = dt.date(2026, 12, 26)
    add_rule(COMMAND, regent.id, 0, PriceRule(gala, first_day=christmas, last_day=christmas))

    def cells(week: str) -> list[str]:
        return [one.b.get_text() for one in soup(ruth.get(f"{PAGE}?week={week}")).select(".price-week tbody td")]

    assert cells("2026-12-23") == ["Standard"] * 5 + ["Holidays", "Standard"]
    assert cells("2026-12-30") == ["Standard"] * 7
    assert ruth.get(f"{PAGE}?week=never&screen=7").status_code == 200
    assert ruth.get(f"{PAGE}?week=9999-12-31").status_code == 200


@pytest.mark.parametrize(("currency", "typed", "minor"), [("JPY", "1800", 1800), ("KWD", "1.250", 1250)])
def test_currencies_without_and_with_three_decimals(app: Flask, currency: str, typed: str, minor: int):
    cinema = a_cinema(a_city(currency=currency))
    a_screen(cinema)
    client = signed_in(app, a_person(Role.MANAGER, cinema))
    fields = {"name": "Standard", "price-standard-adult": typed}
    assert client.post_form(new_page(cinema), fields, page=new_page(cinema)).status_code == 303
    (made,) = prices_page(cinema.id).lists
    assert made.lowest == minor
    assert shown(client.get(list_page(made.id)))["price-standard-adult"] == typed
    refused = client.post_form(new_page(cinema), {**fields, "price-standard-adult": "1.2505"}, page=new_page(cinema))
    assert "no price in" in why(refused)[-1]
