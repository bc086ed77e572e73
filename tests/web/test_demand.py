"""Demand as managers set it and as buyers meet it: the reason beside the price, and never another price than shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import db, transaction
from app.domain.demand import Limits
from app.domain.pricing import Shown, Tariff
from app.domain.staff import COMMAND, Role
from app.domain.week_times import WeekTimes
from app.models import Booking, Cinema, Show
from app.queries.browsing.showings import forget_prices
from app.queries.demand import demand_page
from app.queries.show_page import forget_shows
from app.services.demand import judge_demand, set_limits, switch_rule
from app.services.payments import settle_payment
from app.web.seat_cells import SHOW_SECONDS
from tests.builders import (
    a_cinema,
    a_city,
    a_demand_rule,
    a_hold,
    a_movie,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
)
from tests.support.client import PageClient, soup, words
from tests.support.staff import signed_in
from tests.web.buyer import Buyer, a_buyer, ticked, total

HTMX = {"HX-Request": "true"}
WHY = "Popular show: +15 %"


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent))


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def show(regent: Cinema) -> Show:
    return a_show(cinema=regent, layout={"kinds": {"A1": "premium"}})


def raise_prices(regent: Cinema) -> int:
    """By 15 % in steps of 5 pence, from now on; gives the rule's id. The page's second is over."""
    set_limits(COMMAND, regent.id, 0, Limits(-20, 30, 5), "finer")
    rule = a_demand_rule(regent)
    judge_demand()
    forget_shows()
    return rule


def prices(page: Any) -> str:
    field = soup(page).select_one("input[name=prices]")
    assert field is not None
    return str(field["value"])


def hold_at(buyer: Buyer, show: Show, label: str, shown: str, **kwargs: Any) -> Any:
    """Hold a seat by a form that showed these prices."""
    return buyer.post_form(f"/shows/{show.id}/hold", {"seats": seat_ids(show, label), "prices": shown}, **kwargs)


# The buyer


def test_the_seat_page_shows_the_changed_prices_and_why(buyer: Buyer, regent: Cinema, show: Show):
    raise_prices(regent)
    page = buyer.get(f"/shows/{show.id}")
    assert WHY in words(page)
    assert "Standard £12.25" in words(page), "10.00 and 15 % is 11.50, and the fee"
    assert 'aria-label="Row A seat 1, premium, £16.85"' in page.get_data(as_text=True)
    assert prices(page) == f"{show.price_list_id}.15.5.75"
    assert WHY in words(buyer.get(f"/shows/{show.id}?view=list"))


def test_an_ordinary_show_says_nothing_of_demand(buyer: Buyer, show: Show):
    page = buyer.get(f"/shows/{show.id}")
    assert not soup(page).select(".why-price")
    assert prices(page) == Shown(Tariff(show.price_list_id), 75).token


def test_the_films_page_says_from_what_a_seat_costs_now(buyer: Buyer, regent: Cinema, show: Show):
    raise_prices(regent)
    forget_prices()
    buyer.get(f"/cinemas/{regent.slug}")
    assert f"from £12.25 {WHY}" in words(buyer.get(f"/cinemas/{regent.slug}"))


def test_checkout_says_why_and_keeps_the_price_that_was_shown(buyer: Buyer, regent: Cinema, show: Show):
    rule = raise_prices(regent)
    shown = prices(buyer.get(f"/shows/{show.id}"))
    held = hold_at(buyer, show, "C1", shown)
    assert held.status_code == 303
    switch_rule(COMMAND, rule, 0, False, "enough")
    judge_demand()
    forget_shows()
    page = buyer.get(held.location)
    assert WHY in words(page)
    assert "£12.25" in words(page)
    seats = buyer.get(f"/shows/{show.id}")
    assert "at the prices they had then" in words(seats)
    assert "Standard £10.75" in words(seats)


def test_prices_that_changed_since_the_page_are_told_and_nothing_is_kept(buyer: Buyer, regent: Cinema, show: Show):
    shown = prices(buyer.get(f"/shows/{show.id}"))
    raise_prices(regent)
    page = hold_at(buyer, show, "C1", shown)
    assert page.status_code == 409
    assert f"The prices have changed meanwhile: C1 was £10.75 and is £12.25 now ({WHY})." in words(page)
    assert (ticked(page), total(page)) == (seat_ids(show, "C1"), "£12.25")
    assert "Standard £12.25" in words(page)
    assert hold_at(buyer, show, "C1", prices(page)).status_code == 303


def test_the_refusal_for_htmx_brings_the_new_prices_along(buyer: Buyer, regent: Cinema, show: Show):
    shown = prices(buyer.get(f"/shows/{show.id}"))
    raise_prices(regent)
    part = hold_at(buyer, show, "C1", shown, headers=HTMX)
    assert part.status_code == 409
    assert prices(part) == f"{show.price_list_id}.15.5.75"
    box = soup(part).select_one("#prices")
    assert box is not None
    assert box["hx-swap-oob"] == "true"
    assert "£12.25" in part.get_data(as_text=True)


@pytest.mark.parametrize("token", ["", "junk", "999999.0.1.75", "1.-999.1.75"])
def test_prices_that_nobody_showed_keep_nothing(buyer: Buyer, show: Show, token: str):
    page = hold_at(buyer, show, "C1", token)
    assert page.status_code == 409
    assert "The prices have changed meanwhile" in words(page)


def test_a_hold_that_says_nothing_of_prices_is_at_todays(buyer: Buyer, regent: Cinema, show: Show):
    raise_prices(regent)
    assert buyer.hold(show, seat_ids(show, "C1")).status_code == 303


def test_the_same_seats_again_after_the_time_was_up_are_not_quietly_dearer(
    buyer: Buyer, regent: Cinema, show: Show, moved_clock: Any
):
    held = hold_at(buyer, show, "C1", prices(buyer.get(f"/shows/{show.id}")))
    moved_clock.forward(minutes=31)
    over = buyer.get(held.location)
    assert over.status_code == 410
    raise_prices(regent)
    assert hold_at(buyer, show, "C1", prices(over)).status_code == 409


def test_a_process_with_older_terms_finds_the_prices_that_another_showed(buyer: Buyer, regent: Cinema, show: Show):
    a_hold(show, seats=seat_ids(show, "B1"))  # the process keeps the terms
    raise_prices(regent)
    assert hold_at(buyer, show, "C1", prices(buyer.get(f"/shows/{show.id}"))).status_code == 303


# The fee is a part of what was shown


def raise_fee(regent: Cinema, fee_minor: int = 100) -> None:
    """From 75 pence a seat. The page's second is over."""
    with transaction() as session:
        session.get_one(Cinema, regent.id).fee_minor = fee_minor
    forget_shows()


def test_a_fee_that_changed_since_the_page_is_told_and_nothing_is_kept(buyer: Buyer, regent: Cinema, show: Show):
    shown = prices(buyer.get(f"/shows/{show.id}"))
    raise_fee(regent)
    page = hold_at(buyer, show, "C1", shown)
    assert page.status_code == 409
    why = "the booking fee was £0.75 a seat and is £1.00 now"
    assert f"The prices have changed meanwhile: C1 was £10.75 and is £11.00 now ({why})." in words(page)
    assert (ticked(page), total(page)) == (seat_ids(show, "C1"), "£11.00")
    assert hold_at(buyer, show, "C1", prices(page)).status_code == 303


def test_a_fee_and_a_price_that_changed_are_both_told(buyer: Buyer, regent: Cinema, show: Show):
    shown = prices(buyer.get(f"/shows/{show.id}"))
    raise_prices(regent)
    raise_fee(regent, 0)
    told = words(hold_at(buyer, show, "C1", shown))
    assert f"C1 was £10.75 and is £11.50 now ({WHY}, the booking fee was £0.75 a seat and is £0.00 now)" in told


def test_a_fee_that_changed_after_the_hold_is_not_the_buyers(buyer: Buyer, regent: Cinema, show: Show):
    """It stands on the booking from the hold on: the checkout asks for it, and so does the payment."""
    held = hold_at(buyer, show, "C1", prices(buyer.get(f"/shows/{show.id}")))
    raise_fee(regent, 500)
    page = words(buyer.get(held.location))
    assert "£10.75" in page
    assert "£15.00" not in page
    booking = db.session.scalars(select(Booking)).one()
    payment = a_started_payment(booking)
    assert payment.amount_minor == 1075
    assert settle_payment(an_event(payment)) == "confirmed"


def test_seats_kept_at_another_fee_say_so_on_the_map(buyer: Buyer, regent: Cinema, show: Show):
    hold_at(buyer, show, "C1", prices(buyer.get(f"/shows/{show.id}")))
    raise_fee(regent)
    assert "at the prices they had then" in words(buyer.get(f"/shows/{show.id}"))


def test_an_open_map_gets_the_new_fee_with_the_poll(buyer: Buyer, regent: Cinema, show: Show, moved_clock: Any):
    page = buyer.get(f"/shows/{show.id}")
    address = f"/shows/{show.id}/seats?v={seen(page)}&p={prices(page)}"
    assert buyer.get(address).status_code == 204
    raise_fee(regent)
    moved_clock.forward(seconds=SHOW_SECONDS + 1)
    answer = buyer.get(address)
    assert answer.status_code == 200
    assert prices(answer) == f"{show.price_list_id}.0.1.100"
    assert "£11.00" in answer.get_data(as_text=True)


# The open map


def seen(page: Any) -> str:
    mark = soup(page).select_one("#v")
    assert mark is not None
    return str(mark["data-v"])


def test_an_open_map_gets_new_prices_with_the_poll(buyer: Buyer, regent: Cinema, show: Show, moved_clock: Any):
    page = buyer.get(f"/shows/{show.id}")
    address = f"/shows/{show.id}/seats?v={seen(page)}&p={prices(page)}"
    assert buyer.get(address).status_code == 204
    raise_prices(regent)
    moved_clock.forward(seconds=SHOW_SECONDS + 1)
    answer = buyer.get(address)
    assert answer.status_code == 200
    assert prices(answer) == f"{show.price_list_id}.15.5.75"
    assert "£12.25" in answer.get_data(as_text=True)
    assert WHY in words(answer)
    assert buyer.get(f"/shows/{show.id}/seats?v={seen(page)}&p={prices(answer)}").status_code == 204


def test_a_map_opened_after_the_change_gets_no_cells_from_before(buyer: Buyer, regent: Cinema, show: Show):
    """The process keeps the cells of a show for half a minute."""
    before = buyer.get(f"/shows/{show.id}")
    buyer.get(f"/shows/{show.id}/seats?v={seen(before)}&p={prices(before)}")
    raise_prices(regent)
    after = buyer.get(f"/shows/{show.id}")
    a_hold(show, seats=seat_ids(show, "C1"))
    answer = buyer.get(f"/shows/{show.id}/seats?v={seen(after)}&p={prices(after)}").get_data(as_text=True)
    assert "£12.25, someone is paying" in answer
    assert "£10.75" not in answer


# The manager


def rule_fields(**values: Any) -> dict[str, Any]:
    plain = {"reason": "Popular show", "way": "raise", "percent": "15", "full_from": "60", "full_to": "100"}
    week = [str(day) for day in range(1, 8)]
    return {**plain, "hours_from": "0", "hours_to": "", "movie_id": "0", "weekdays": week, **values}


def test_from_no_rule_to_a_changed_price(ruth: PageClient, buyer: Buyer, regent: Cinema, show: Show):
    page = ruth.get("/staff/demand")
    assert "Every show is sold at its price list" in words(page)
    new = f"/staff/cinemas/{regent.id}/demand/rules/new"
    made = ruth.post_form(new, rule_fields(full_from="0"), page=new)
    assert made.status_code == 303
    judge_demand()
    page = words(ruth.get("/staff/demand"))
    assert "Popular show +15 % Every show always in use" in page
    assert "1 of 1 coming show is not sold at its list’s prices" in page
    assert "£10.00 £11.50 Popular show: +15 %" in page


def test_what_is_wrong_with_a_rule_is_told_at_its_field_and_entries_stay(ruth: PageClient, regent: Cinema):
    new = f"/staff/cinemas/{regent.id}/demand/rules/new"
    bad = rule_fields(reason=" ", way="lower", percent="60", full_from="50", full_to="40", hours_to="2", hours_from="5")
    page = ruth.post_form(new, bad, page=new)
    assert page.status_code == 422
    told = {str(one["id"]) for one in soup(page).select(".why")}
    assert told == {"reason-why", "percent-why", "full_to-why", "hours_from-why"}
    field = soup(page).select_one("#percent")
    assert field is not None
    assert field["value"] == "60"
    assert not demand_page(regent.id).rules


@pytest.mark.parametrize(("field", "value"), [("percent", "0"), ("percent", "x"), ("full_to", "101"), ("way", "wild")])
def test_nonsense_is_no_rule(ruth: PageClient, regent: Cinema, field: str, value: str):
    new = f"/staff/cinemas/{regent.id}/demand/rules/new"
    assert ruth.post_form(new, rule_fields(**{field: value}), page=new).status_code == 422


def test_a_rule_is_changed_by_who_saw_its_last_state(ruth: PageClient, regent: Cinema):
    address = f"/staff/demand/rules/{a_demand_rule(regent)}"
    assert 'value="15"' in ruth.get(address).get_data(as_text=True)
    change = rule_fields(percent="20", revision="0")
    assert ruth.post_form(address, change, page=address).status_code == 422, "it does not say why"
    assert ruth.post_form(address, {**change, "why": "it sells out"}, page=address).status_code == 303
    second = ruth.post_form(address, {**change, "why": "me too", "percent": "25"}, page=address)
    assert second.status_code == 409
    assert "Somebody has changed this rule" in words(second)
    assert 'value="25"' in second.get_data(as_text=True)
    assert [row.rule.percent for row in demand_page(regent.id).rules] == [20]


def test_a_rule_is_switched_off_and_on_with_a_reason(ruth: PageClient, regent: Cinema):
    address = f"/staff/demand/rules/{a_demand_rule(regent)}"
    assert ruth.post_form(f"{address}/switch-off", {"revision": "0"}, page="/staff/demand").status_code == 422
    assert (
        ruth.post_form(
            f"{address}/switch-off", {"revision": "0", "reason": "complaints"}, page="/staff/demand"
        ).status_code
        == 303
    )
    assert "off" in words(ruth.get("/staff/demand"))
    assert (
        ruth.post_form(f"{address}/switch-on", {"revision": "0", "reason": "again"}, page="/staff/demand").status_code
        == 409
    )
    assert (
        ruth.post_form(f"{address}/switch-on", {"revision": "1", "reason": "again"}, page="/staff/demand").status_code
        == 303
    )


def some_shows(regent: Cinema) -> tuple[Show, Show]:
    """In 3D tonight and in 2D tomorrow, of two films."""
    return (
        a_show(cinema=regent, movie=a_movie("Nosferatu"), format="3D", starts_in=dt.timedelta(days=1)),
        a_show(cinema=regent, movie=a_movie("Sunrise"), format="2D", starts_in=dt.timedelta(days=2)),
    )


def test_a_rule_for_some_shows_is_seen_before_it_is_kept(ruth: PageClient, regent: Cinema):
    three_d, _ = some_shows(regent)
    new = f"/staff/cinemas/{regent.id}/demand/rules/new"
    wish = rule_fields(full_from="0", movie_id=str(three_d.movie_id), formats=["3D", "IMAX"])
    page = ruth.post_form(new, {**wish, "look": "1"}, page=new)
    assert page.status_code == 200
    told = words(page)
    assert "Nothing is kept yet. It is about 1 of 2 coming shows, and 1 would cost something else now." in told
    assert "Nosferatu £10.00 £11.50 Popular show: +15 % 3D" in told
    assert "0 of 30, 0 %" in told
    assert not demand_page(regent.id).rules
    chosen = [box["value"] for box in soup(page).select("#formats input[checked]")]
    assert chosen == ["3D", "IMAX"], "what was typed stays"
    assert ruth.post_form(new, wish, page=new).status_code == 303
    judge_demand()
    told = words(ruth.get("/staff/demand"))
    assert "Nosferatu, 3D or IMAX always in use" in told
    assert "1 of 2 coming shows is not sold at its list’s prices" in told


def test_looking_at_a_changed_rule_needs_no_reason_and_changes_nothing(ruth: PageClient, regent: Cinema):
    some_shows(regent)
    address = f"/staff/demand/rules/{a_demand_rule(regent, formats=frozenset({'3D'}))}"
    wish = rule_fields(full_from="0", percent="20", revision="0", formats=["2D"], look="1")
    page = ruth.post_form(address, wish, page=address)
    assert page.status_code == 200
    assert "and 2 would cost something else now" in words(page), "one that it leaves, one that it takes up"
    assert "£11.50 £10.00 nothing" in words(page)
    assert "£10.00 £12.00 Popular show: +20 %" in words(page)
    (row,) = demand_page(regent.id).rules
    assert (row.rule.percent, row.rule.formats, row.revision) == (15, {"3D"}, 0)


def test_the_form_of_a_rule_shows_which_shows_it_is_about(ruth: PageClient, regent: Cinema):
    show, _ = some_shows(regent)
    late = WeekTimes(frozenset({5, 6}), dt.time(22), dt.time(2))
    rule = a_demand_rule(regent, movie_id=show.movie_id, formats=frozenset({"70 mm"}), times=late)
    page = soup(ruth.get(f"/staff/demand/rules/{rule}"))
    assert [one.get_text() for one in page.select("#movie_id option[selected]")] == ["Nosferatu"]
    assert [box["value"] for box in page.select("#formats input")] == ["2D", "3D", "70 mm", "IMAX"]
    assert [box["value"] for box in page.select("input[checked]")] == ["70 mm", "5", "6"]
    assert [page.select_one(one)["value"] for one in ("#from_time", "#until_time")] == ["22:00", "02:00"]
    listed = words(ruth.get("/staff/demand"))
    assert "Nosferatu, 70 mm, Friday and Saturday, from 22:00 until 02:00 on the next day" in listed


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["8"]}, "weekdays"),
        ({"from_time": "18:00", "until_time": "18"}, "until_time"),
        ({"from_time": "25:00"}, "from_time"),
        ({"movie_id": "999999"}, "movie_id"),
        ({"formats": ["made up"]}, "formats"),
    ],
)
def test_shows_that_no_rule_can_be_about_are_told_at_their_field(
    ruth: PageClient, regent: Cinema, wrong: dict[str, Any], field: str
):
    new = f"/staff/cinemas/{regent.id}/demand/rules/new"
    page = ruth.post_form(new, rule_fields(**wrong), page=new)
    assert page.status_code == 422
    assert [str(one["id"]) for one in soup(page).select(".why")] == [f"{field}-why"]


def test_what_the_rules_make_of_any_show_leaves_out_rules_for_some(ruth: PageClient, regent: Cinema):
    a_demand_rule(regent, 5, "IMAX", formats=frozenset({"IMAX"}))
    assert "What the rules make of any show" not in words(ruth.get("/staff/demand"))
    a_demand_rule(regent, 10, "Popular", full_from=60)
    table = words(ruth.get("/staff/demand"))
    assert "Rules for some shows only come on top of this: IMAX." in table
    assert "60 % and more +10 % Popular" in table


def limit_fields(**values: str) -> dict[str, str]:
    return {"revision": "0", "lowest": "10", "highest": "25", "step": "0.25", "why": "a quiet month", **values}


def test_limits_are_typed_as_the_currency_writes_them(ruth: PageClient, regent: Cinema):
    address = f"/staff/cinemas/{regent.id}/demand/limits"
    assert ruth.post_form(address, limit_fields(), page="/staff/demand").status_code == 303
    assert demand_page(regent.id).limits == Limits(-10, 25, 25)
    assert 'value="0.25"' in ruth.get("/staff/demand").get_data(as_text=True)
    again = ruth.post_form(address, limit_fields(step="0.30"), page="/staff/demand")
    assert again.status_code == 409
    assert "Somebody has changed how far rules may go" in words(again)


@pytest.mark.parametrize(
    ("field", "value"),
    [("step", "0"), ("step", "0.005"), ("step", "much"), ("lowest", "51"), ("highest", "-1"), ("why", "")],
)
def test_limits_that_are_none_are_told_at_their_field(ruth: PageClient, regent: Cinema, field: str, value: str):
    page = ruth.post_form(
        f"/staff/cinemas/{regent.id}/demand/limits", limit_fields(**{field: value}), page="/staff/demand"
    )
    assert page.status_code == 422
    assert [str(one["id"]) for one in soup(page).select(".why")] == [f"{field}-why"]
    assert demand_page(regent.id).limits == Limits()


def test_a_cinema_whose_money_has_no_cents_has_limits_too(app: Flask):
    kyoto = a_cinema(a_city("Kyoto", "Asia/Tokyo", "JPY", "JP"))
    client = signed_in(app, a_person(Role.MANAGER, kyoto))
    address = f"/staff/cinemas/{kyoto.id}/demand/limits"
    assert client.post_form(address, limit_fields(step="10.5"), page="/staff/demand").status_code == 422
    assert client.post_form(address, limit_fields(step="10"), page="/staff/demand").status_code == 303
    a_show(cinema=kyoto)
    a_demand_rule(kyoto)
    judge_demand()
    assert "JP¥1,150" in words(client.get("/staff/demand"))
