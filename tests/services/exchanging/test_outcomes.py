"""Changing paid seats for others of the same film: what comes of it, and what is offered."""

from __future__ import annotations

import datetime as dt

import pytest

from app.db import db
from app.domain.tenders import TenderKind
from app.errors import (
    InvalidSeats,
)
from app.models import Booking, Show
from app.queries.exchange_page import changes_of, exchangeable, offered_showings
from app.services import exchanging, payments
from app.services.ways_back import WayBack
from tests.builders import (
    PRICES,
    a_cinema,
    a_city,
    a_hold,
    a_paid_booking,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.books import books, rows
from tests.support.exchanges import (
    ME,
    a_change,
    finish,
    refunds,
    seat_states,
    sound,
    state_of,
)

# The three ways it can come out


def test_dearer_seats_cost_the_difference_and_free_the_old_ones_in_the_same_commit(old, dearer):
    new = a_change(old, dearer)
    assert (new.state, seat_states(old)) == ("held", {"sold": 2})
    payment = a_started_payment(new)
    assert payment.amount_minor == 1000
    assert (state_of(old), seat_states(old)) == ("confirmed", {"sold": 2}), "until it is paid, nothing has changed"
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert (state_of(old), seat_states(old)) == ("cancelled", {"free": 2})
    assert (state_of(new), seat_states(new)) == ("confirmed", {"sold": 2})
    after = the_booking(new.show_id, new.id)
    assert (after.total_minor, after.credit_minor) == (3150, 2150)
    assert refunds() == []
    assert books()["gateway_clearing"] == 3150
    sound()


def test_cheaper_seats_send_the_difference_back_to_what_paid_the_old_ones(old, cheaper):
    new = a_change(old, cheaper)
    assert finish(new) == "confirmed"
    assert (state_of(old), state_of(new)) == ("cancelled", "confirmed")
    assert refunds() == [(720, "exchange")], "90 % of the £8.00 that they cost less"
    assert books()["refunds_payable"] == -720
    sound()


def test_seats_that_cost_the_same_need_no_gateway(old, alike):
    new = a_change(old, alike)
    assert finish(new) == "confirmed"
    assert rows("SELECT id FROM payments WHERE booking_id = :id", id=new.id) == []
    assert (state_of(old), refunds()) == ("cancelled", [])
    sound()


def test_other_seats_of_the_same_showing(old):
    show = db.session.get_one(Show, old.show_id)
    new = a_change(old, show)
    assert finish(new) == "confirmed"
    assert (seat_states(old), seat_states(new)) == ({"free": 2}, {"sold": 2})
    sound()


def test_one_of_two_seats_is_changed_and_the_other_stays(old, dearer):
    new = a_change(old, dearer, 1)
    assert finish(new) == "confirmed"
    kept = the_booking(old.show_id, old.id)
    assert (kept.state, kept.seat_count, seat_states(old)) == ("confirmed", 1, {"free": 1, "sold": 1})
    assert [ticket.number for ticket in exchangeable(old.show_id, old.id).tickets] == [2]
    documents = rows("SELECT kind FROM outbox WHERE booking_id = :id AND kind = 'render_tickets'", id=old.id)
    assert len(documents) == 2, "what stays gets a new PDF"
    sound()


def test_one_seat_of_the_same_row_moves_by_one(app, film, set_setting):
    set_setting(orphan_seats="off")
    show = a_show(movie=film)
    old = a_paid_booking(show, owner=ME)
    assert finish(a_change(old, show, 1, labels=("A3",))) == "confirmed"
    sound()


def test_ten_seats_of_one_showing_are_changed_for_ten_others(app, film):
    show = a_show(seats=60, movie=film)
    old = a_paid_booking(show, 10, owner=ME)
    new = a_change(old, show)
    assert finish(new) == "confirmed"
    assert (seat_states(old), seat_states(new)) == ({"free": 10}, {"sold": 10})
    with pytest.raises(InvalidSeats, match="You already have 10 seats"):
        a_hold(show, 1, owner=ME)
    sound()


def test_seats_that_cost_nothing_are_changed_too(app, film):
    free = dict.fromkeys(PRICES, 0)
    cinema = a_cinema(fee_minor=0)
    old = a_hold(a_show(movie=film, prices=free, cinema=cinema), owner=ME)
    assert finish(old) == "confirmed"
    new = a_change(old, a_show(movie=film, prices=free, cinema=cinema))
    assert finish(new) == "confirmed"
    assert (state_of(old), state_of(new)) == ("cancelled", "confirmed")
    sound()


def test_the_buyer_need_not_type_anything_again(old, dearer):
    new = a_change(old, dearer)
    assert (new.name, new.email) == ("Ada Byron", "ada@example.org")


def test_the_change_is_confirmed_by_one_mail_and_no_cancellation_is_told(old, dearer):
    new = a_change(old, dearer)
    finish(new)
    told = rows("SELECT kind, booking_id FROM messages ORDER BY id")
    assert [tuple(row) for row in told] == [("confirmation", old.id), ("confirmation", new.id)]


def test_each_booking_tells_of_the_other(old, cheaper):
    new = a_change(old, cheaper)
    assert changes_of(old.show_id, old.id).changed_to == (), "a wish is no change"
    finish(new)
    (to,) = changes_of(old.show_id, old.id).changed_to
    (of,) = changes_of(new.show_id, new.id).instead_of
    assert (to.code, to.seats, to.moved_minor, to.kept_minor, to.back_minor) == (new.code, 2, 1350, 80, 720)
    assert (of.code, of.seats, of.moved_minor, of.kept_minor, of.back_minor) == (old.code, 2, 1350, 80, 720)


def test_the_bill_says_what_is_paid_already_and_what_comes_back(old, dearer, cheaper):
    def shown(booking: Booking):
        return exchanging.preview_exchange(db.session(), booking, booking.total_minor)

    paid = shown(a_change(old, dearer))
    assert (paid.code, paid.paid_minor, paid.back_minor) == (old.code, 2150, 0)
    paid = shown(a_change(old, cheaper))
    assert (paid.paid_minor, paid.back) == (1350, (WayBack(TenderKind.PAYMENT, 720, "card"),))
    assert shown(a_hold(dearer, owner="s:other", seats=seat_ids(dearer, "B1", "B2"))) is None


# What is offered


def test_the_page_offers_the_same_film_in_the_same_money_its_own_showing_apart(old, dearer, film, app):
    a_show()
    a_show(movie=film, published=False)
    a_show(movie=film, cinema=a_cinema(a_city("Paris", currency="EUR")))
    offered = offered_showings(exchangeable(old.show_id, old.id))
    assert offered.here is not None
    assert offered.here.id == old.show_id
    assert [one.id for one in offered.others] == [dearer.id]
    assert offered.other_currencies == (("Paris", "EUR"),)
    assert not offered.cut


def test_showings_of_the_own_city_come_first(app, film):
    city = a_city("Leeds")
    cinema = a_cinema(city)
    far = a_show(movie=film, starts_in=dt.timedelta(hours=4))
    near = a_show(movie=film, starts_in=dt.timedelta(hours=8), cinema=cinema)
    old = a_paid_booking(a_show(movie=film, cinema=cinema), owner=ME)
    offered = offered_showings(exchangeable(old.show_id, old.id))
    assert [one.id for one in offered.others] == [near.id, far.id]
    assert offered.cities[near.cinema_id] == (True, "Leeds")
    assert offered.cities[far.cinema_id][0] is False
