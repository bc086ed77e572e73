"""Prices that follow demand: judged each minute, never for seats that somebody holds."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.demand import Limits, Rule
from app.domain.pricing import Tariff, TicketType
from app.domain.staff import COMMAND, Role
from app.domain.week_times import WeekTimes
from app.errors import ConcurrentModification, Forbidden, Invalid, NotFound, PricesChanged
from app.models import Cinema, Movie, Show
from app.queries.box_office import sessions_of_day
from app.queries.layouts import terms_of_show
from app.services import box_office, checkout, holds, payments, shifts
from app.services.blocking import block_seats
from app.services.demand import add_rule, change_rule, judge_demand, set_limits, switch_rule
from app.services.holding import Seen
from app.services.quoting import quote_booking
from tests.builders import (
    A_BUYER,
    a_cinema,
    a_city,
    a_demand_rule,
    a_hold,
    a_movie,
    a_paid_booking,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.staff import by

STEP = 50
"""The step of a cinema that never said one, minor units."""


@pytest.fixture
def cinema(app: Flask) -> Cinema:
    return a_cinema()


@pytest.fixture
def show(cinema: Cinema) -> Show:
    return a_show(cinema=cinema)


def the_show(show: Show) -> Show:
    found = db.session.get_one(Show, show.id, populate_existing=True)
    db.session.commit()
    return found


def raised(show: Show, percent: int = 20) -> Tariff:
    """The show's prices are raised from now on."""
    a_demand_rule(db.session.get_one(Cinema, show.cinema_id), percent)
    assert judge_demand() == 1
    return the_show(show).tariff


def prices_of(show: Show, booking_id: int) -> list[int]:
    rows = db.session.execute(
        text(
            "SELECT price_minor FROM tickets WHERE show_id = :show_id AND booking_id = :id AND state <> 'void' "
            "ORDER BY number"
        ),
        {"show_id": show.id, "id": booking_id},
    )
    found = list(rows.scalars())
    db.session.commit()
    return found


# Judging


def test_a_show_that_fills_up_gets_dearer_and_says_why(cinema: Cinema):
    show = a_show(seats=10, cinema=cinema)
    a_demand_rule(cinema, 15, full_from=20)
    assert judge_demand() == 0
    a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    assert judge_demand() == 1
    now = the_show(show)
    assert (now.tariff, now.demand_reason) == (Tariff(show.price_list_id, 15, STEP), "Popular show")
    assert judge_demand() == 0, "nothing is written where nothing changes"


def test_held_seats_make_nothing_dearer(cinema: Cinema):
    show = a_show(seats=10, cinema=cinema)
    a_demand_rule(cinema, 15, full_from=20)
    a_hold(show, seats=seat_ids(show, "A1", "A2", "A3"))
    assert judge_demand() == 0


def test_blocked_seats_are_no_part_of_the_house(cinema: Cinema):
    show = a_show(seats=10, cinema=cinema)
    a_demand_rule(cinema, 15, full_from=50)
    a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    block_seats(COMMAND, show.id, seat_ids(show, "A5", "A6", "A7", "A8", "A9", "A10"), "The row is mended.")
    assert judge_demand() == 1


def test_time_makes_a_quiet_show_cheaper(cinema: Cinema, moved_clock: Any):
    show = a_show(cinema=cinema, starts_in=dt.timedelta(hours=5))
    a_demand_rule(cinema, -10, "Quiet show", full_to=50, hours_to=3)
    assert judge_demand() == 0
    moved_clock.forward(hours=2, minutes=1)
    assert judge_demand() == 1
    assert the_show(show).demand_percent == -10


def test_a_rule_is_judged_on_the_clocks_of_the_cinema(app: Flask):
    """Half past nine in the evening in New York is the next morning in UTC."""
    cinema = a_cinema(a_city("New York", "America/New_York", "USD", "US"))
    tonight = dt.datetime.combine(clock.now() + dt.timedelta(days=2), dt.time(21, 30), ZoneInfo("America/New_York"))
    until = tonight - clock.now()
    late, early = (a_show(cinema=cinema, starts_in=until - dt.timedelta(hours=hours)) for hours in (0, 6))
    night = WeekTimes(frozenset({tonight.isoweekday()}), dt.time(21), dt.time(23))
    a_demand_rule(cinema, -10, "Late show", times=night)
    assert judge_demand() == 1
    assert [the_show(one).demand_percent for one in (late, early)] == [-10, 0]


def test_a_rule_for_a_film_and_a_format_leaves_the_others(cinema: Cinema):
    three_d = a_show(cinema=cinema, format="3D")
    flat = a_show(cinema=cinema, movie=db.session.get_one(Movie, three_d.movie_id))
    other = a_show(cinema=cinema, format="3D")
    a_demand_rule(cinema, 10, "In 3D", movie_id=three_d.movie_id, formats=frozenset({"3D"}))
    a_demand_rule(cinema, 5, "Popular")
    assert judge_demand() == 3
    found = {(the_show(one).demand_percent, the_show(one).demand_reason) for one in (flat, other)}
    assert found == {(5, "Popular")}
    assert (the_show(three_d).demand_percent, the_show(three_d).demand_reason) == (15, "In 3D, popular")


def test_prices_come_back_when_the_rule_is_switched_off(show: Show, cinema: Cinema):
    rule = a_demand_rule(cinema)
    judge_demand()
    switch_rule(COMMAND, rule, 0, False, "enough")
    assert judge_demand() == 1
    now = the_show(show)
    assert (now.tariff, now.demand_reason) == (Tariff(show.price_list_id), "")


def test_a_changed_step_reaches_the_shows(show: Show, cinema: Cinema):
    raised(show)
    set_limits(COMMAND, cinema.id, 0, Limits(-20, 30, 5), "finer")
    assert judge_demand() == 1
    assert the_show(show).demand_step == 5


def test_a_percent_that_changes_no_price_is_not_said(cinema: Cinema):
    """−3 % of 10.00 in steps of 0.50 is 10.00: nobody reads that the show is cheaper."""
    show = a_show(cinema=cinema, prices={("standard", "adult"): 1000})
    a_demand_rule(cinema, -3, "Late show")
    assert judge_demand() == 0
    assert the_show(show).tariff == Tariff(show.price_list_id)
    set_limits(COMMAND, cinema.id, 0, Limits(-20, 30, 5), "finer")
    assert judge_demand() == 1
    assert (the_show(show).demand_percent, the_show(show).demand_reason) == (-3, "Late show")


def test_other_cinemas_shows_and_those_no_longer_sold_are_left_alone(cinema: Cinema):
    long_ago = clock.now() - dt.timedelta(days=1)
    over = a_show(cinema=cinema, starts_in=-dt.timedelta(hours=3), sales_open_at=long_ago)
    draft, theirs = a_show(cinema=cinema, published=False), a_show()
    a_demand_rule(cinema)
    assert judge_demand() == 0
    assert {the_show(one).demand_percent for one in (over, draft, theirs)} == {0}


def test_a_show_that_somebody_works_on_waits_for_the_next_minute(app: Flask, show: Show, cinema: Cinema):
    a_demand_rule(cinema)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM shows WHERE id = :id FOR UPDATE"), {"id": show.id})
        assert judge_demand() == 0
        other.rollback()
    assert judge_demand() == 1


# What is held keeps its price


def test_a_held_price_stays_through_checkout_and_paying(show: Show):
    booking = a_hold(show, 2)
    raised(show)
    first = seat_ids(show)[0]
    bill = quote_booking(db.session(), booking, {first: TicketType.CHILD}).bill
    assert [seat.price_minor for seat in bill.seats] == [700, 1000]
    payment = a_started_payment(booking, {first: TicketType.CHILD})
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert prices_of(show, booking.id) == [700, 1000]


def test_a_raised_hold_stays_raised_when_prices_fall_again(show: Show, cinema: Cinema):
    rule = a_demand_rule(cinema, 20)
    judge_demand()
    booking = a_hold(show, 1)
    assert (booking.tariff, booking.demand_reason) == (Tariff(show.price_list_id, 20, STEP), "Popular show")
    switch_rule(COMMAND, rule, 0, False, "enough")
    judge_demand()
    begun = checkout.begin_payment(
        show.id, booking.id, A_BUYER, {seat_ids(show)[0]: TicketType.CHILD}, "sandbox", "card", "guest"
    )
    assert begun is not None
    assert prices_of(show, booking.id) == [800], "7.00 and 20 % is 8.40, in whole steps 8.00"
    assert the_booking(show.id, booking.id).total_minor == 800 + 75


def test_a_hold_after_the_change_costs_what_the_show_costs_now(show: Show):
    terms_of_show(show.id)  # kept by this process before the change
    tariff = raised(show)
    booking = a_hold(show, 2)
    assert prices_of(show, booking.id) == [1200, 1200]
    assert (booking.tariff, booking.total_minor) == (tariff, 2 * 1275)


@pytest.mark.parametrize(("percent", "price"), [(-7, 950), (-20, 800), (3, 1000), (13, 1100)])
def test_every_percent_is_charged_as_promised(show: Show, cinema: Cinema, percent: int, price: int):
    """At the end of the test the promises look at it."""
    a_demand_rule(cinema, percent)
    judge_demand()
    assert prices_of(show, a_paid_booking(show, 1).id) == [price]


def test_a_free_companion_stays_free(cinema: Cinema):
    show = a_show(cinema=cinema, layout={"kinds": {"A1": "wheelchair", "A2": "companion"}})
    raised(show)
    booking = a_hold(show, seats=seat_ids(show, "A1", "A2"))
    assert prices_of(show, booking.id) == [1200, 0]


def test_the_counter_bills_a_sale_at_its_holds_prices(show: Show, cinema: Cinema):
    seller = by(a_person(Role.BOX_OFFICE, cinema))
    shift = shifts.open_shift(seller, cinema.id, 0)
    hold = box_office.keep_best_seats(seller, shift, "one", show.id, [TicketType.ADULT])
    raised(show)
    box_office.price_sale(seller, shift, show.id, hold.booking_id, {})
    assert prices_of(show, hold.booking_id) == [1000]
    again = box_office.keep_best_seats(seller, shift, "two", show.id, [TicketType.CHILD])
    assert prices_of(show, again.booking_id) == [800]


def test_the_counter_lists_what_a_seat_costs_now(show: Show, cinema: Cinema):
    raised(show)
    (session,) = sessions_of_day(
        cinema.id, cinema.timezone, show.starts_at.astimezone(ZoneInfo(cinema.timezone)).date()
    )
    assert (session.prices["A"], session.marks) == (1200, "+20\N{NO-BREAK SPACE}%")


# What was shown is what is held, or nothing is


def test_seats_are_not_kept_at_other_prices_than_were_shown(show: Show):
    shown = Tariff(show.price_list_id)
    assert holds.hold_seats(show.id, seat_ids(show, "A1"), "s:one", seen=Seen(shown))
    now = raised(show)
    with pytest.raises(PricesChanged):
        holds.hold_seats(show.id, seat_ids(show, "C1"), "s:two", seen=Seen(shown))
    assert holds.hold_seats(show.id, seat_ids(show, "C1"), "s:two", seen=Seen(now))


def test_seats_are_not_kept_at_another_fee_than_was_shown(show: Show, cinema: Cinema):
    shown = Seen(Tariff(show.price_list_id), fee_minor=75)
    holds.hold_seats(show.id, seat_ids(show, "A1"), "s:one", seen=shown)
    with transaction() as session:
        session.get_one(Cinema, cinema.id).fee_minor = 0
    with pytest.raises(PricesChanged):
        holds.hold_seats(show.id, seat_ids(show, "C1"), "s:two", seen=shown)
    free = Seen(Tariff(show.price_list_id), fee_minor=0)
    hold = holds.hold_seats(show.id, seat_ids(show, "C1"), "s:two", seen=free)
    assert the_booking(show.id, hold.booking_id).total_minor == 1000


def test_a_refused_hold_leaves_the_earlier_one(show: Show):
    booking = a_hold(show, owner="s:one", seats=seat_ids(show, "A1"))
    raised(show)
    with pytest.raises(PricesChanged):
        holds.hold_seats(show.id, seat_ids(show, "C1"), "s:one", seen=Seen(booking.tariff))
    assert the_booking(show.id, booking.id).state == "held"


def test_prices_that_change_between_look_and_write_are_found_by_the_write(
    show: Show, cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    """The hold has judged what was shown; then the minute's task commits; then it writes."""
    from app.services import holding

    a_demand_rule(cinema, 20)
    judge, changed = holding._judge_seats, []

    def meanwhile(*args: Any) -> None:
        judge(*args)
        if not changed:
            changed.append(_change_by_another(show))

    monkeypatch.setattr(holding, "_judge_seats", meanwhile)
    with pytest.raises(PricesChanged):
        holds.hold_seats(show.id, seat_ids(show, "A1"), "s:one", seen=Seen(Tariff(show.price_list_id)))
    assert changed
    booking = a_hold(show, seats=seat_ids(show, "A1"))
    assert prices_of(show, booking.id) == [1200]


def _change_by_another(show: Show) -> bool:
    with db.engine.begin() as other:
        other.execute(
            text(
                "UPDATE shows SET demand_percent = 20, demand_step = 50, demand_reason = 'Popular show' WHERE id = :id"
            ),
            {"id": show.id},
        )
    return True


# Managing


def test_what_managers_change_is_in_the_audit(cinema: Cinema):
    manager = by(a_person(Role.MANAGER, cinema))
    rule = add_rule(manager, cinema.id, Rule("Popular show", 15, 50))
    change_rule(manager, rule, 0, Rule("Popular show", 20, 50), "it sells out")
    switch_rule(manager, rule, 1, False, "complaints")
    switch_rule(manager, rule, 2, False, "complaints")
    set_limits(manager, cinema.id, 0, Limits(0, 25, 10), "never cheaper")
    rows = db.session.execute(text("SELECT action, before, after, reason FROM audit_entries ORDER BY id")).all()
    db.session.commit()
    assert [row.action for row in rows] == [
        "demand_rule.made",
        "demand_rule.changed",
        "demand_rule.switched_off",
        "cinema.demand_limits_changed",
    ]
    assert (rows[1].before, rows[1].after, rows[1].reason) == ({"percent": 15}, {"percent": 20}, "it sells out")


def test_the_audit_says_in_words_which_shows_a_rule_is_about(cinema: Cinema):
    manager = by(a_person(Role.MANAGER, cinema))
    film = a_movie("Nosferatu")
    rule = add_rule(manager, cinema.id, Rule("Popular", 15))
    some = Rule("Popular", 15, movie_id=film.id, formats=frozenset({"3D"}), times=WeekTimes(frozenset({6, 7})))
    change_rule(manager, rule, 0, some, "only that one fills up")
    rows = db.session.execute(text("SELECT before, after FROM audit_entries ORDER BY id")).all()
    db.session.commit()
    assert rows[0].after["shows"] == "every show"
    assert rows[1].after == {"shows": "Nosferatu, 3D, Saturday and Sunday"}


def test_the_second_of_two_editors_is_told(cinema: Cinema):
    rule = a_demand_rule(cinema)
    change_rule(COMMAND, rule, 0, Rule("Popular show", 20), "one")
    with pytest.raises(ConcurrentModification):
        change_rule(COMMAND, rule, 0, Rule("Popular show", 25), "two")
    with pytest.raises(ConcurrentModification):
        switch_rule(COMMAND, rule, 0, False, "three")
    set_limits(COMMAND, cinema.id, 0, Limits(), "one")
    with pytest.raises(ConcurrentModification):
        set_limits(COMMAND, cinema.id, 0, Limits(0, 0, 1), "two")


def test_another_cinemas_rules_are_not_theirs(cinema: Cinema):
    stranger = by(a_person(Role.MANAGER, a_cinema()))
    rule = a_demand_rule(cinema)
    with pytest.raises(Forbidden):
        change_rule(stranger, rule, 0, Rule("Mine", 50), "why not")
    with pytest.raises(Forbidden):
        set_limits(stranger, cinema.id, 0, Limits(), "why not")
    with pytest.raises(Forbidden):
        add_rule(stranger, cinema.id, Rule("Mine", 50))


def test_a_rule_that_is_sent_twice_is_one_rule(cinema: Cinema):
    rule = a_demand_rule(cinema)
    with pytest.raises(Invalid, match="in use already"):
        a_demand_rule(cinema)
    switch_rule(COMMAND, rule, 0, False, "Quiet weeks")
    assert a_demand_rule(cinema) > rule


def test_what_is_not_there_and_what_is_too_much(cinema: Cinema, monkeypatch: pytest.MonkeyPatch):
    from app.services import demand

    monkeypatch.setattr(demand, "MOST_RULES", 1)
    rule = a_demand_rule(cinema)
    with pytest.raises(Invalid):
        add_rule(COMMAND, cinema.id, Rule("One too many", 5))
    switch_rule(COMMAND, rule, 0, False, "room")
    a_demand_rule(cinema)
    with pytest.raises(Invalid):
        switch_rule(COMMAND, rule, 1, True, "both")
    with pytest.raises(NotFound):
        switch_rule(COMMAND, 999_999, 0, True, "nothing")
    with pytest.raises(NotFound):
        add_rule(COMMAND, 999_999, Rule("Nowhere", 5))
