"""Prices that change at the instant somebody buys, or somebody else changes them: one order of things, told to everybody."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from app.db import db
from app.domain.price_rules import PriceRule
from app.domain.staff import COMMAND
from app.errors import ConcurrentModification
from app.queries.price_pages import price_list_page, prices_page
from app.services.holds import hold_seats
from app.services.price_lists import NewVersion, change_list, make_list
from app.services.price_moves import Along
from app.services.price_rules import add_rule
from tests.builders import PRICES, a_cinema, a_show, seat_ids, the_booking
from tests.support.crowd import together

ROUNDS = 30
DEARER = {cell: minor + 250 for cell, minor in PRICES.items()}


def test_two_managers_who_change_one_list_and_one_is_told(crowd):
    cinema = a_cinema()
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    for place in range(ROUNDS):
        wanted = [{**PRICES, ("standard", "adult"): 2000 + 2 * place + who} for who in (0, 1)]
        tasks = [lambda p=prices, m=made: change_list(COMMAND, m, p, Along.ALL, "a race") for prices in wanted]
        results = together(crowd, tasks)
        done = [one for one in results if isinstance(one, NewVersion)]
        told = [one for one in results if isinstance(one, ConcurrentModification)]
        assert (len(done), len(told)) == (1, 1), results
        made = done[0].price_list_id
        assert price_list_page(made).prices == wanted[results.index(done[0])]
    assert len(price_list_page(made).versions) == ROUNDS + 1


def test_two_managers_who_add_a_rule_and_one_is_told(crowd):
    cinema = a_cinema()
    made = make_list(COMMAND, cinema.id, "Standard", PRICES)
    for place in range(ROUNDS):
        tasks = [lambda seen=place: add_rule(COMMAND, cinema.id, seen, PriceRule(made))] * 2
        kinds = Counter(type(one) for one in together(crowd, tasks))
        assert kinds == {int: 1, ConcurrentModification: 1}
    assert len(prices_page(cinema.id).rules) == ROUNDS


def test_a_hold_at_the_instant_of_the_change_is_wholly_before_or_wholly_after(crowd):
    """Before: the old price, and a show of which only untouched ones go along stays. After: the new price."""
    seen: Counter[str] = Counter()
    for place in range(ROUNDS):
        show = a_show()
        old, seats = show.price_list_id, seat_ids(show, "A1", "A2")
        along = Along.UNTOUCHED if place % 3 else Along.ALL
        tasks = [
            lambda s=show, w=seats: hold_seats(s.id, w, "s:buyer"),
            lambda o=old, a=along: change_list(COMMAND, o, DEARER, a, "a race"),
        ]
        hold, changed = together(crowd, tasks if place % 2 else tasks[::-1])[:: 1 if place % 2 else -1]
        assert isinstance(changed, NewVersion), changed
        booking = the_booking(show.id, hold.booking_id)
        has = db.session.execute(text("SELECT price_list_id FROM shows WHERE id = :id"), {"id": show.id}).scalar_one()
        db.session.commit()
        before = booking.price_list_id == old
        assert booking.total_minor == 2 * ((1000 if before else 1250) + 75)
        if along is Along.UNTOUCHED:
            assert has == (old if before else changed.price_list_id)
            assert set(changed.shows.kept or {}) == ({show.id} if before else set())
        else:
            assert has == changed.price_list_id
        seen["before" if before else "after"] += 1
    assert sum(seen.values()) == ROUNDS
