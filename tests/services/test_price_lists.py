"""Prices change by new versions; coming shows keep theirs or are taken along, and nobody pays more than they were told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.price_rules import PriceRule
from app.domain.staff import COMMAND, Role
from app.errors import ConcurrentModification, Conflict, Forbidden, Invalid
from app.models import Cinema, PriceList, Show
from app.queries.browsing.showings import lowest_prices, showings_at_cinema
from app.queries.price_lists import list_for
from app.queries.price_pages import price_list_page, prices_of, prices_page
from app.queries.seat_map import seat_map
from app.services.payments import settle_payment
from app.services.price_lists import (
    archive_list,
    change_list,
    make_list,
    rename_list,
    restore_list,
    take_shows_along,
)
from app.services.price_moves import Along
from app.services.price_rules import (
    add_rule,
    carry_out_rules,
    change_rule,
    choose_default,
    remove_rule,
    shift_rule,
)
from app.services.scheduling import NewShow, publish_show, schedule_show
from app.services.show_cancelling import cancel_show
from tests.builders import (
    PRICES,
    a_cinema,
    a_city,
    a_hold,
    a_movie,
    a_paid_booking,
    a_person,
    a_price_list,
    a_screen,
    a_show,
    a_started_payment,
    an_event,
    the_booking,
)
from tests.support.queries import counted_queries
from tests.support.staff import by

DEARER = {cell: minor + 250 for cell, minor in PRICES.items()}


@pytest.fixture
def cinema(app: Any) -> Cinema:
    return a_cinema()


def the_list(show: Show) -> int:
    found = db.session.execute(text("SELECT price_list_id FROM shows WHERE id = :id"), {"id": show.id}).scalar_one()
    db.session.commit()
    return int(found)


def change(show_or_id: Any, along: Along = Along.UNTOUCHED, prices: Any = None) -> Any:
    found = the_list(show_or_id) if isinstance(show_or_id, Show) else show_or_id
    return change_list(COMMAND, found, prices or DEARER, along, "the new year")


def audit_rows(action: str) -> list[Any]:
    rows = db.session.execute(text("SELECT * FROM audit_entries WHERE action = :a ORDER BY id"), {"a": action}).all()
    db.session.commit()
    return list(rows)


def test_a_first_list_serves_every_show(cinema: Cinema):
    assert list_for(cinema.id, clock.now()) is None
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    assert list_for(cinema.id, clock.now()) == made
    other = make_list(COMMAND, cinema.id, "Gala", DEARER)
    assert list_for(cinema.id, clock.now()) == made != other
    assert audit_rows("price_list.made")[0].after["standard adult"] == "1000 GBP"


def test_a_list_that_was_the_only_one_goes_on_serving_when_another_is_made(cinema: Cinema):
    only = a_price_list(cinema)
    assert list_for(cinema.id, clock.now()) == only.id
    make_list(COMMAND, cinema.id, "Gala", DEARER)
    assert list_for(cinema.id, clock.now()) == only.id


def test_two_lists_of_which_none_was_chosen_serve_nobody(cinema: Cinema):
    a_price_list(cinema)
    a_price_list(cinema)
    assert list_for(cinema.id, clock.now()) is None
    assert prices_page(cinema.id).picker.default is None


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {("standard", "child"): 700},
        {("standard", "adult"): 1250, ("premium", "adult"): 125_000},
        {(f"row-{number}", "adult"): 1000 for number in range(61)},
    ],
)
def test_a_list_that_can_not_be_sold_with_is_refused(cinema: Cinema, prices: Any):
    with pytest.raises(Invalid):
        make_list(COMMAND, cinema.id, "Standard", prices)
    assert prices_page(cinema.id).lists == ()


def test_a_name_is_given_once_in_a_cinema(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    for name in ("Standard", "", "x" * 81):
        with pytest.raises(Invalid):
            make_list(COMMAND, cinema.id, name, PRICES)
    archive = make_list(COMMAND, cinema.id, "Old", PRICES)
    archive_list(COMMAND, archive)
    with pytest.raises(Invalid, match="put away"):
        rename_list(COMMAND, made, "Old")
    rename_list(COMMAND, made, "Everyday")
    make_list(COMMAND, cinema.id, "Standard", PRICES)
    make_list(COMMAND, a_cinema().id, "Standard", PRICES)


def test_a_new_name_is_the_name_of_all_versions(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    second = change(made).price_list_id
    rename_list(COMMAND, second, "Everyday")
    assert [price_list_page(one).name for one in (made, second)] == ["Everyday", "Everyday"]
    assert [one.version for one in price_list_page(second).versions] == [2, 1]


def test_new_prices_are_a_new_version_and_the_old_one_stays_as_it_was(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    done = change(made)
    assert done.version == 2
    assert prices_of(made) == PRICES
    assert prices_of(done.price_list_id) == DEARER
    assert list_for(cinema.id, clock.now()) == done.price_list_id
    row = audit_rows("price_list.changed")[0]
    assert row.before["premium child"] == "1100 GBP"
    assert row.after["premium child"] == "1350 GBP"
    assert row.reason == "the new year"
    with pytest.raises(Invalid, match="stand already"):
        change(done.price_list_id)


def test_who_changes_an_older_version_is_told(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    change(made)
    for act in (
        lambda: change(made, prices={**PRICES, ("standard", "adult"): 900}),
        lambda: rename_list(COMMAND, made, "Another"),
        lambda: archive_list(COMMAND, made),
        lambda: restore_list(COMMAND, made),
        lambda: take_shows_along(COMMAND, made, Along.ALL, "why not"),
    ):
        with pytest.raises(ConcurrentModification, match="version 2"):
            act()


def test_shows_keep_their_prices_unless_they_are_taken_along(cinema: Cinema):
    show = a_show(cinema=cinema)
    old = the_list(show)
    done = change(show, Along.NONE)
    assert the_list(show) == old
    page = price_list_page(done.price_list_id)
    assert (page.coming, page.behind, page.untouched_behind) == (1, 1, 1)
    moved = take_shows_along(COMMAND, done.price_list_id, Along.UNTOUCHED, "as announced")
    assert moved.moved == (show.id,)
    assert the_list(show) == done.price_list_id
    row = audit_rows("show.moved_to_price_list")[0]
    assert (row.subject_id, row.reason) == (show.id, "as announced")
    assert (row.before["price_list"], row.after["price_list"]) == (old, done.price_list_id)


def test_only_untouched_shows_go_along_if_that_was_chosen(cinema: Cinema):
    free = a_show(cinema=cinema)
    prices, screen = the_list(free), a_screen(cinema)
    held, sold, past, off = (schedule(cinema, screen.id, prices, hours) for hours in (30, 34, -60, 40))
    for one in (held, sold, past, off):
        publish_show(one.id, "test")
    a_hold(held)
    a_paid_booking(sold)
    cancel_show(COMMAND, off.id, "the projector")
    done = change(free)
    assert done.shows.moved == (free.id,)
    assert set(done.shows.kept) == {held.id, sold.id}
    assert "2 shows kept the old ones" in done.shows.words
    assert [the_list(one) == prices for one in (free, held, sold, past, off)] == [False, True, True, True, True]


def schedule(cinema: Cinema, screen_id: int, prices: int, hours: int) -> Show:
    starts_at = (clock.now() + dt.timedelta(hours=hours)).replace(microsecond=0)
    new = NewShow(a_movie().id, screen_id, prices, starts_at, sales_open_at=starts_at - dt.timedelta(days=9))
    return db.session.get_one(Show, schedule_show(new, "test"))


def test_a_hold_before_pays_the_old_price_and_one_after_it_the_new(cinema: Cinema):
    show = a_show(cinema=cinema)
    before = a_hold(show, 2)
    change(show, Along.ALL)
    after = a_hold(show, 2)
    assert the_booking(show.id, before.id).total_minor == 2 * (1000 + 75)
    assert the_booking(show.id, after.id).total_minor == 2 * (1250 + 75)
    assert after.price_list_id == the_list(show) != before.price_list_id


def test_who_pays_while_the_prices_change_pays_what_they_were_told(cinema: Cinema):
    show = a_show(cinema=cinema)
    payment = a_started_payment(a_hold(show, 2))
    change(show, Along.ALL)
    assert payment.amount_minor == 2150
    assert settle_payment(an_event(payment)) == "confirmed"


def test_open_maps_are_drawn_anew_and_listings_show_the_new_price(cinema: Cinema):
    show = a_show(cinema=cinema)
    before = seat_map(show.id)
    a_hold(show, 2)
    change(show, Along.ALL)
    assert not seat_map(show.id).same_seats(before.version)
    showings = showings_at_cinema(cinema.id, clock.now(), clock.now() + dt.timedelta(days=1))
    assert lowest_prices(showings) == {show.id: 1250 + 75}
    db.session.commit()


def test_a_show_with_seats_that_the_new_list_does_not_price_keeps_the_old(cinema: Cinema):
    show = a_show(cinema=cinema)
    plain = a_show(screen=a_screen(cinema, kinds={"A1": "premium"}))
    prices = the_list(show)
    db.session.execute(text("UPDATE shows SET price_list_id = :new WHERE id = :id"), {"new": prices, "id": plain.id})
    db.session.commit()
    done = change(show, Along.ALL, {("standard", "adult"): 1100})
    assert done.shows.moved == (show.id,)
    assert done.shows.kept == {plain.id: "the new price list has no adult price for premium."}
    assert the_list(plain) == prices


def test_a_list_in_use_is_not_put_away(cinema: Cinema):
    first, second = (make_list(COMMAND, cinema.id, name, PRICES) for name in ("Standard", "Matinée"))
    with pytest.raises(Conflict, match="where no rule fits"):
        archive_list(COMMAND, first)
    rule = add_rule(COMMAND, cinema.id, 0, PriceRule(second, frozenset({1})))
    with pytest.raises(Conflict, match="one rule names it"):
        archive_list(COMMAND, second)
    remove_rule(COMMAND, rule, 1)
    archive_list(COMMAND, second)
    archive_list(COMMAND, second)
    assert [one.id for one in prices_page(cinema.id).lists] == [first]
    with pytest.raises(Invalid, match="put away"):
        change(second)
    with pytest.raises(Invalid):
        add_rule(COMMAND, cinema.id, 2, PriceRule(second, frozenset({1})))
    restore_list(COMMAND, second)
    assert len(prices_page(cinema.id).lists) == 2


def test_rules_pick_by_the_cinemas_clock_and_follow_a_list_to_its_new_version(app: Any):
    cinema = a_cinema(a_city(timezone="America/New_York", currency="USD"))
    standard, matinee = (make_list(COMMAND, cinema.id, name, PRICES) for name in ("Standard", "Matinée"))
    add_rule(COMMAND, cinema.id, 0, PriceRule(matinee, frozenset({5}), until_time=dt.time(17)))
    friday_noon, friday_night = (dt.datetime(2026, 11, 20, hour, tzinfo=dt.UTC) for hour in (17, 23))
    assert list_for(cinema.id, friday_noon) == matinee
    assert list_for(cinema.id, friday_night) == standard
    newer = change(matinee).price_list_id
    assert list_for(cinema.id, friday_noon) == newer
    changed = change(standard).price_list_id
    assert list_for(cinema.id, friday_night) == changed


def test_a_rule_for_a_screen_is_found_by_the_layout(cinema: Cinema):
    standard, gala = (make_list(COMMAND, cinema.id, name, PRICES) for name in ("Standard", "Gala"))
    imax, other = a_screen(cinema), a_screen(cinema)
    add_rule(COMMAND, cinema.id, 0, PriceRule(gala, screen_id=imax.id))
    found = [list_for(cinema.id, clock.now(), layout) for layout in (imax.layout_id, other.layout_id, None)]
    assert found == [gala, standard, standard]


def test_rules_change_their_order_and_who_saw_another_is_told(cinema: Cinema):
    lists = [make_list(COMMAND, cinema.id, name, PRICES) for name in "ABC"]
    ids = [add_rule(COMMAND, cinema.id, number, PriceRule(one)) for number, one in enumerate(lists)]
    shift_rule(COMMAND, ids[2], 3, up=True)
    shift_rule(COMMAND, ids[0], 4, up=True)
    page = prices_page(cinema.id)
    assert [row.id for row in page.rules] == [ids[0], ids[2], ids[1]]
    assert page.revision == 4, "nothing is above the first"
    shift_rule(COMMAND, ids[0], 4, up=False)
    assert list_for(cinema.id, clock.now()) == lists[2]
    for act in (
        lambda: add_rule(COMMAND, cinema.id, 4, PriceRule(lists[0])),
        lambda: change_rule(COMMAND, ids[0], 4, PriceRule(lists[0])),
        lambda: shift_rule(COMMAND, ids[0], 4, up=True),
        lambda: remove_rule(COMMAND, ids[0], 4),
        lambda: choose_default(COMMAND, cinema.id, 4, lists[1]),
        lambda: carry_out_rules(COMMAND, cinema.id, 4, "why not"),
    ):
        with pytest.raises(ConcurrentModification):
            act()


def test_a_rule_names_only_what_is_the_cinemas(cinema: Cinema):
    mine = make_list(COMMAND, cinema.id, "Standard", PRICES)
    elsewhere = a_cinema()
    theirs, screen = make_list(COMMAND, elsewhere.id, "Standard", PRICES), a_screen(elsewhere)
    for rule in (
        PriceRule(theirs),
        PriceRule(mine, screen_id=screen.id),
        PriceRule(mine, frozenset()),
        PriceRule(mine, frozenset({8})),
        PriceRule(mine, from_time=dt.time(9), until_time=dt.time(9)),
        PriceRule(mine, first_day=dt.date(2026, 12, 2), last_day=dt.date(2026, 12, 1)),
    ):
        with pytest.raises(Invalid):
            add_rule(COMMAND, cinema.id, 0, rule)
    with pytest.raises(Invalid):
        choose_default(COMMAND, cinema.id, 0, theirs)
    assert prices_page(cinema.id).rules == ()


def test_a_list_in_another_currency_serves_nobody(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    add_rule(COMMAND, cinema.id, 0, PriceRule(made))
    db.session.execute(text("UPDATE cinemas SET currency = 'EUR' WHERE id = :id"), {"id": cinema.id})
    db.session.commit()
    assert list_for(cinema.id, clock.now()) is None
    with pytest.raises(Invalid, match="GBP"):
        choose_default(COMMAND, cinema.id, 1, made)


def test_rules_change_no_show_until_they_are_carried_out(cinema: Cinema):
    show, sold = a_show(cinema=cinema), a_show(cinema=cinema)
    a_paid_booking(sold)
    gala = make_list(COMMAND, cinema.id, "Gala", DEARER)
    choose_default(COMMAND, cinema.id, 0, gala)
    assert the_list(show) != gala
    assert prices_page(cinema.id).unused == 1
    done = carry_out_rules(COMMAND, cinema.id, 1, "the new rules")
    assert done.moved == (show.id,)
    assert (the_list(show), the_list(sold) == gala) == (gala, False)
    assert prices_page(cinema.id).unused == 0


def test_who_is_of_another_cinema_changes_nothing(cinema: Cinema):
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    stranger = by(a_person(Role.MANAGER, a_cinema()))
    for act in (
        lambda: make_list(stranger, cinema.id, "Mine", PRICES),
        lambda: change_list(stranger, made, DEARER, Along.NONE, "mine"),
        lambda: rename_list(stranger, made, "Mine"),
        lambda: add_rule(stranger, cinema.id, 0, PriceRule(made)),
    ):
        with pytest.raises(Forbidden):
            act()
    assert [one.name for one in prices_page(cinema.id).lists] == ["Standard"]
    assert prices_of(made) == PRICES


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_currencies_without_and_with_three_decimals(app: Any, currency: str):
    cinema = a_cinema(a_city(currency=currency))
    made = make_list(COMMAND, cinema.id, "Standard", {("standard", "adult"): 1800})
    done = change(made, prices={("standard", "adult"): 2100})
    assert audit_rows("price_list.changed")[0].after["standard adult"] == f"2100 {currency}"
    found = db.session.get_one(PriceList, done.price_list_id)
    assert (found.currency, prices_of(found.id)) == (currency, {("standard", "adult"): 2100})
    db.session.commit()


def test_the_pages_ask_as_often_for_many_rows_as_for_few(cinema: Cinema):
    def asked(page: Callable[[], Any]) -> int:
        with counted_queries() as seen:
            page()
        return len(seen)

    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    a_show(cinema=cinema)
    few = asked(lambda: prices_page(cinema.id)), asked(lambda: price_list_page(made))
    for number in range(5):
        other = make_list(COMMAND, cinema.id, f"List {number}", PRICES)
        add_rule(COMMAND, cinema.id, number, PriceRule(other))
        made = change(made, prices={**PRICES, ("standard", "adult"): 1100 + number}).price_list_id
        a_show(cinema=cinema)
    assert (asked(lambda: prices_page(cinema.id)), asked(lambda: price_list_page(made))) == few
    assert few[0] <= 10
