"""Seats changed at the counter: the difference is paid into the drawer or handed out of it, and nothing is torn apart."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.counter import CounterTender
from app.domain.pricing import TicketType
from app.domain.staff import By, Role
from app.errors import InvalidSeats, NotExchangeable
from app.models import Cinema, Movie, Show
from app.queries.box_office import waiting_refunds
from app.services.box_office import Money, NotEnough, keep_best_seats, take_payment
from app.services.cancelling import cancel_seats
from app.services.counter_exchanges import change_of_sale, exchange_best_seats, exchange_for_seats
from app.services.counter_refunds import pay_out
from app.services.exchanging import Change
from app.services.shifts import open_shift
from tests.builders import PRICES, a_cinema, a_movie, a_paid_booking, a_person, a_show, seat_ids, the_booking
from tests.support.books import books, rows
from tests.support.staff import by

A = TicketType.ADULT
DEAR = {key: amount + 500 for key, amount in PRICES.items()}
CHEAP = {key: amount - 400 for key, amount in PRICES.items()}
EXACT = Money(CounterTender.CASH)


class House:
    """A cinema with one film at three prices, and a seller with an open shift."""

    def __init__(self) -> None:
        self.cinema: Cinema = a_cinema()
        self.movie: Movie = a_movie()
        self.by: By = by(a_person(Role.BOX_OFFICE, self.cinema))
        self.shift = open_shift(self.by, self.cinema.id, 10_000)

    def show(self, prices: dict[tuple[str, str], int] = PRICES) -> Show:
        return a_show(cinema=self.cinema, movie=self.movie, prices=prices)

    def sell(self, show: Show, *kinds: TicketType) -> Change:
        hold = keep_best_seats(self.by, self.shift, f"old{show.id}", show.id, kinds)
        take_payment(self.by, self.shift, show.id, hold.booking_id, EXACT)
        return Change(show.id, hold.booking_id, tuple(range(1, len(kinds) + 1)))

    def exchange(self, old: Change, show: Show, sale: str = "new") -> int:
        return exchange_best_seats(self.by, self.shift, sale, show.id, old).booking_id

    def pay(self, show: Show, booking_id: int, money: Money = EXACT) -> int:
        return take_payment(self.by, self.shift, show.id, booking_id, money).due_minor


@pytest.fixture
def house(app: Flask) -> House:
    return House()


def test_dearer_seats_are_paid_for_with_the_difference(house: House) -> None:
    old, dear = house.sell(house.show(), A, A), house.show(DEAR)
    new = house.exchange(old, dear)
    assert house.pay(dear, new, Money(CounterTender.CASH, 2000)) == 1000
    assert the_booking(old.show_id, old.booking_id).state == "cancelled"
    assert the_booking(dear.id, new).state == "confirmed"
    assert books()["cash_drawer"] == 3000
    assert not waiting_refunds(house.cinema.id)
    (entry,) = rows("SELECT subject_id, after FROM audit_entries WHERE action = 'booking.exchanged'")
    assert (entry.subject_id, entry.after["tickets"]) == (old.booking_id, 2)


def test_until_it_is_paid_the_old_seats_stay_good(house: House) -> None:
    old, dear = house.sell(house.show(), A), house.show(DEAR)
    new = house.exchange(old, dear)
    with pytest.raises(NotEnough):
        house.pay(dear, new, Money(CounterTender.CASH, 100))
    assert the_booking(old.show_id, old.booking_id).state == "confirmed"
    assert the_booking(dear.id, new).state == "held"


def test_cheaper_seats_leave_cash_to_hand_out(house: House) -> None:
    old, cheap = house.sell(house.show(), A, A), house.show(CHEAP)
    assert house.pay(cheap, house.exchange(old, cheap)) == 0
    (owed,) = waiting_refunds(house.cinema.id)
    assert (owed.amount_minor, owed.tender) == (720, "cash"), "by the policy, as of seats given back"
    assert pay_out(house.by, house.shift, house.cinema.id, owed.show_id, owed.id) == 720
    assert books()["cash_drawer"] == 1280


def test_what_was_paid_online_is_exchanged_at_the_till_and_keeps_its_buyer(house: House) -> None:
    booking = a_paid_booking(house.show())
    old, dear = Change(booking.show_id, booking.id, (1, 2)), house.show(DEAR)
    new = house.exchange(old, dear)
    # the booking fee that was paid online pays too: 21.50 of 30.00
    assert house.pay(dear, new) == 850
    kept = the_booking(dear.id, new)
    assert (kept.name, kept.email) == (booking.name, booking.email)


def test_some_tickets_of_a_booking_are_exchanged_with_their_kinds(house: House) -> None:
    old = house.sell(house.show(), A, TicketType.CHILD)
    dear = house.show(DEAR)
    some = Change(old.show_id, old.booking_id, (2,))
    new = house.exchange(some, dear)
    (ticket,) = rows("SELECT ticket_type FROM tickets WHERE booking_id = :id", id=new)
    assert ticket.ticket_type == "child"
    house.pay(dear, new)
    assert the_booking(old.show_id, old.booking_id).state == "confirmed"


def test_other_seats_of_the_same_sale_still_replace_the_old_ones(house: House) -> None:
    old, dear = house.sell(house.show(), A), house.show(DEAR)
    first = house.exchange(old, dear)
    replaced = change_of_sale(dear.id, first)
    assert replaced == old
    again = exchange_for_seats(house.by, house.shift, "new", dear.id, seat_ids(dear, "A1"), old)
    assert the_booking(dear.id, first).state == "released"
    assert house.pay(dear, again.booking_id) == 500


def test_as_many_seats_as_are_given_back(house: House) -> None:
    old, dear = house.sell(house.show(), A), house.show(DEAR)
    with pytest.raises(InvalidSeats, match="choose one seat"):
        exchange_for_seats(house.by, house.shift, "new", dear.id, seat_ids(dear, "A1", "A2"), old)
    with pytest.raises(NotExchangeable, match="Tick the tickets"):
        house.exchange(Change(old.show_id, old.booking_id, ()), dear)


def test_what_was_given_back_meanwhile_is_not_exchanged(house: House) -> None:
    booking = a_paid_booking(house.show())
    dear = house.show(DEAR)
    new = house.exchange(Change(booking.show_id, booking.id, (1, 2)), dear)
    cancel_seats(booking.show_id, booking.id, (1,), expected_minor=967)
    with pytest.raises(NotExchangeable, match="can't be changed"):
        house.pay(dear, new)
    assert the_booking(dear.id, new).state == "held"


def test_a_sale_that_replaces_nothing_says_so(house: House) -> None:
    show = house.show()
    hold = keep_best_seats(house.by, house.shift, "plain", show.id, [A])
    assert change_of_sale(show.id, hold.booking_id) is None
