"""Cancelling some or all seats of a booking: what comes of it, and by what way the money goes back."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.tenders import TenderKind
from app.errors import AmountChanged, Invalid
from app.models import GiftCard, Payment, Refund
from app.services.cancelling import cancel_seats
from app.services.outbox import Task
from app.services.refund_policies import set_refund_policy
from tests.builders import a_paid_booking, a_show, seat_ids, the_booking
from tests.support.cancels import cancel, free_seats, preview, rows_of, tickets
from tests.support.money import a_coupon, a_gift_card, an_account
from tests.support.purse import Purse, a_booking, a_house, a_wallet, balance, books, tasks

# What comes of it


def test_some_seats_are_free_again_and_their_money_is_on_its_way(app):
    show = a_show(seats=30)
    booking = a_paid_booking(show, 4)
    done = cancel(booking, 1, 3)
    assert (done.returned_minor, done.repeated) == (1935, False)
    assert tickets(booking) == {1: "void", 2: "issued", 3: "void", 4: "issued"}
    now = the_booking(booking.show_id, booking.id)
    assert (now.state, now.seat_count, now.total_minor) == ("confirmed", 2, 4300)
    assert free_seats(show) == 28
    refund = db.session.scalars(db.select(Refund)).one()
    assert (refund.amount_minor, refund.state, refund.cancellation_id) == (1935, "requested", done.cancellation_id)
    assert tasks(Task.SEND_REFUND) == 1
    assert tasks(Task.RENDER_TICKETS) == 2


def test_the_last_seat_ends_the_booking_and_frees_its_coupon(app):
    code = a_coupon(person_limit=1).code
    show = a_show(cinema=a_house("0:100"))
    booking = a_booking(show, 2, Purse(coupons=[code]))
    cancel(booking, 1)
    assert the_booking(booking.show_id, booking.id).state == "confirmed"
    cancel(booking, 2)
    assert the_booking(booking.show_id, booking.id).state == "cancelled"
    assert a_booking(show, 2, Purse(coupons=[code])).discount_minor == 200


def test_the_buyer_is_told(app):
    done = cancel(a_paid_booking(a_show(), 2))
    row = db.session.execute(text("SELECT kind, subject_id FROM messages ORDER BY id DESC LIMIT 1")).one()
    assert tuple(row) == ("cancellation", done.cancellation_id)


def test_the_seats_can_be_sold_to_somebody_else(app):
    show = a_show(seats=10)
    booking = a_paid_booking(show, 2)
    cancel(booking)
    assert a_paid_booking(show, seats=seat_ids(show, "A1", "A2")).state == "confirmed"


def test_a_seat_that_cost_nothing_is_given_back_without_money(app):
    show = a_show(cinema=a_house(fee_minor=0), prices={("standard", "adult"): 0})
    booking = a_booking(show, 2)
    done = cancel(booking)
    assert done.returned_minor == 0
    assert rows_of("refunds") == 0
    assert (books(booking), the_booking(booking.show_id, booking.id).state) == ({}, "cancelled")


def test_what_is_kept_is_revenue_with_its_tax_and_the_rest_is_owed(app):
    booking = a_paid_booking(a_show(), 2)
    cancel(booking)
    assert books(booking) == {
        "gateway_clearing": 2150,
        "refunds_payable": -1935,
        "cancellation_revenue": -180,
        "tax_payable": -35,
    }


def test_a_booking_keeps_the_policy_it_was_sold_with(app):
    house = a_house("120:90")
    booking = a_booking(a_show(cinema=house), 2)
    set_refund_policy(house.slug, ())
    assert cancel(booking, 1).returned_minor == 967


def test_a_step_that_ends_between_page_and_button_pays_nobody_by_surprise(app, moved_clock):
    booking = a_booking(a_show(cinema=a_house("240:100,120:50")), 2)
    shown = preview(booking).result.returned_minor
    moved_clock.forward(hours=2)
    with pytest.raises(AmountChanged, match=r"£10\.75 now"):
        cancel_seats(booking.show_id, booking.id, None, expected_minor=shown)
    assert (tickets(booking), rows_of("refunds")) == ({1: "issued", 2: "issued"}, 0)
    assert cancel(booking).returned_minor == 1075


# By what way


def test_money_goes_back_pro_rata_to_card_gift_card_and_wallet(app):
    show = a_show(cinema=a_house("0:100", fee_minor=0), prices={("standard", "adult"): 1000})
    user_id = a_wallet(1000)
    card, code = a_gift_card(500)
    booking = a_booking(show, 4, Purse(user_id, cards=[code], wallet=True))
    assert (booking.credit_minor, balance(user_id)) == (1500, 0)
    ways = {way.kind: (way.amount_minor, way.detail) for way in preview(booking, 1, 2).ways}
    assert ways == {
        TenderKind.PAYMENT: (1250, "card"),
        TenderKind.GIFT_CARD: (250, code[-4:]),
        TenderKind.WALLET: (500, ""),
    }
    cancel(booking, 1, 2)
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).balance_minor == 250
    assert balance(user_id) == 500
    cancel(booking)
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).balance_minor == 500
    assert balance(user_id) == 1000
    assert db.session.scalars(db.select(Refund.amount_minor).order_by(Refund.id)).all() == [1250, 1250]


def test_the_wallet_instead_is_there_at_once_and_asks_no_gateway(app):
    user_id = an_account()
    booking = a_booking(a_show(), 2, Purse(user_id))
    assert [way.kind for way in preview(booking, to_wallet=True).ways] == [TenderKind.WALLET]
    cancel(booking, 1, to_wallet=True)
    assert (balance(user_id), rows_of("refunds")) == (967, 0)
    cancel(booking)
    payment = db.session.scalars(db.select(Payment)).one()
    assert (payment.credited_minor, payment.refunded_minor, balance(user_id)) == (967, 967, 967)


def test_a_guest_has_no_wallet(app):
    booking = a_paid_booking(a_show(), 2)
    with pytest.raises(Invalid, match="needs an account"):
        cancel(booking, to_wallet=True)
    assert not preview(booking).to_choose


def test_a_gift_card_that_never_ends_does_not_begin_to_end(app):
    card, code = a_gift_card(5000)
    cancel(a_booking(a_show(), 2, Purse(cards=[code])))
    assert db.session.get_one(GiftCard, card.id, populate_existing=True).expires_at is None


def test_a_gift_card_that_is_about_to_end_lasts_long_enough_to_spend_what_came_back(app, moved_clock):
    card, code = a_gift_card(5000)
    with transaction() as session:
        session.get_one(GiftCard, card.id).expires_at = clock.now() + dt.timedelta(hours=1)
    booking = a_booking(a_show(), 2, Purse(cards=[code]))
    moved_clock.forward(hours=2)
    cancel(booking)
    left = db.session.get_one(GiftCard, card.id, populate_existing=True).expires_at - clock.now()
    assert left > dt.timedelta(days=89)
