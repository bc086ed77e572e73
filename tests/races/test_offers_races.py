"""Races for what pays instead of money: the last use of a coupon, one balance at several checkouts, a card paid twice."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.adapters.payments import EventKind
from app.db import db, end_read
from app.domain.states import GiftCardState
from app.errors import AmountChanged, ConcurrentModification, InvalidCoupon
from app.models import Show
from app.services import checkout, coupons, credits, extras, gift_cards, holds, payments
from tests.builders import A_BUYER, a_hold, a_show, a_started_payment, an_event, seat_ids, the_booking
from tests.races.test_http_races import run_out, statuses
from tests.support.buyers import Buyer, all_at_once, buyers
from tests.support.crowd import together
from tests.support.offers import (
    a_coupon,
    a_gift_card,
    an_account,
    an_order,
    in_wallet,
    money_in_wallet,
    the_card,
    untrue_balances,
    uses,
)

pytestmark = pytest.mark.usefixtures("app", "no_deadlocks")
FORM = [("name", "Ada Byron"), ("email", "ada@example.org"), ("method", "sandbox:card")]


def pays(one: Buyer, booking) -> bytes:
    return one.post(f"/bookings/{booking.code}/pay", FORM)


def held_by(crowd: list[Buyer], show: Show, size: int) -> list:
    """A booking of `size` seats for each of these buyers."""
    ids = iter(seat_ids(show))
    return [a_hold(show, owner=one.owner_key, seats=[next(ids) for _ in range(size)]) for one in crowd]


def begin(booking):
    return lambda: checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")


def told(event):
    return lambda: payments.settle_payment(event)


def taken_from(kind: str) -> int:
    """What living bookings have taken from gift cards or wallets."""
    words = "SELECT coalesce(sum(amount_minor), 0) FROM booking_credits WHERE state = 'taken' AND kind = :kind"
    found: int = db.session.execute(text(words), {"kind": kind}).scalar_one()
    end_read()
    return found


def test_the_last_use_of_a_coupon_goes_to_one_of_a_hundred_and_the_others_are_told(app, server, set_setting):
    set_setting(orphan_seats="off")
    crowd, code = buyers(app, 100), a_coupon(total_limit=1)
    bookings = held_by(crowd, a_show(100), 1)
    for booking in bookings:
        extras.add_coupon(booking.show_id, booking.id, code)
    answers = all_at_once(server.port, [pays(one, booking) for one, booking in zip(crowd, bookings, strict=True)])
    assert statuses(answers) == {303: 1, 422: 99}
    assert all(b"This code has been used up." in answer.body for answer in answers if answer.status == 422)
    assert uses(code) == 1
    begun = db.session.execute(text("SELECT amount_minor FROM payments")).scalars().all()
    end_read()
    assert begun == [975], "the one who got it pays 10 % less, and nobody else began"
    assert untrue_balances() == []


def test_a_coupon_with_some_uses_left_goes_to_as_many_as_it_has(app, crowd, set_setting):
    set_setting(orphan_seats="off")
    code, show = a_coupon(total_limit=7), a_show(40)
    bookings = [a_hold(show, seats=[seat]) for seat in seat_ids(show)[:20]]
    for booking in bookings:
        extras.add_coupon(booking.show_id, booking.id, code)
    results = together(crowd, [begin(booking) for booking in bookings])
    assert Counter(type(result) for result in results) == {checkout.Begun: 7, InvalidCoupon: 13}
    assert uses(code) == 7
    assert untrue_balances() == []


def test_without_its_lock_only_the_tables_own_rule_would_keep_the_last_use(app, crowd, monkeypatch, set_setting):
    """The race above is one: judged without the lock, several believe they have it, and the CHECK stops them rudely."""
    set_setting(orphan_seats="off")
    monkeypatch.setattr(coupons, "_LOCK", text("SELECT :show_id, :booking_id"))
    for _ in range(5):
        code, show = a_coupon(total_limit=1), a_show(40)
        bookings = [a_hold(show, seats=[seat]) for seat in seat_ids(show)[:12]]
        for booking in bookings:
            extras.add_coupon(booking.show_id, booking.id, code)
        results = together(crowd, [begin(booking) for booking in bookings])
        assert uses(code) == 1
        if any(isinstance(result, IntegrityError) for result in results):
            return
    raise AssertionError("taking the lock away changed nothing: the race is none")


def test_checkouts_that_race_for_one_gift_card_never_spend_more_than_it_holds(app, server):
    for _ in range(3):
        crowd, (card_id, code) = buyers(app, 8), a_gift_card(5000)
        bookings = held_by(crowd, a_show(), 2)
        for booking in bookings:
            extras.add_gift_card(booking.show_id, booking.id, code)
        before = taken_from("gift_card")
        answers = all_at_once(server.port, [pays(one, booking) for one, booking in zip(crowd, bookings, strict=True)])
        assert statuses(answers) == {303: 2, 409: 6}, "two of £21.50 fit, and the others are shown what is left"
        assert all(b"A balance is not what it was" in answer.body for answer in answers if answer.status == 409)
        assert the_card(card_id).balance_minor == 700
        assert taken_from("gift_card") - before == 4300
        assert untrue_balances() == []


def test_one_wallet_at_several_checkouts_is_never_overspent(app, crowd):
    account = an_account()
    money_in_wallet(account, 5000)
    bookings = [a_hold(a_show()) for _ in range(6)]
    for booking in bookings:
        extras.use_wallet(booking.show_id, booking.id, account)
    results = together(crowd, [begin(booking) for booking in bookings])
    assert Counter(type(result) for result in results) == {type(None): 2, AmountChanged: 4}
    assert in_wallet(account) == 700
    assert untrue_balances() == []


def test_without_its_lock_only_the_tables_own_rule_would_keep_a_balance(app, crowd, monkeypatch):
    unlocked = text(
        "SELECT id, balance_minor FROM gift_cards WHERE id = ANY(:ids) AND :now IS NOT NULL AND :currency <> ''"
    )
    monkeypatch.setitem(credits._LOCKS, credits.CreditKind.GIFT_CARD, unlocked)
    for _ in range(5):
        card_id, code = a_gift_card(2150)
        bookings = [a_hold(a_show()) for _ in range(8)]
        for booking in bookings:
            extras.add_gift_card(booking.show_id, booking.id, code)
        results = together(crowd, [begin(booking) for booking in bookings])
        assert the_card(card_id).balance_minor == 0
        if any(isinstance(result, IntegrityError) for result in results):
            return
    raise AssertionError("taking the lock away changed nothing: the race is none")


def test_cards_that_several_bookings_share_in_any_order_wait_for_nobody_in_a_circle(app, crowd):
    """Entered in opposite orders they are locked in one: `no_deadlocks` counts."""
    cards = [a_gift_card(100_00)[1] for _ in range(4)]
    bookings = [a_hold(a_show()) for _ in range(8)]
    for place, booking in enumerate(bookings):
        for code in cards if place % 2 else reversed(cards):
            extras.add_gift_card(booking.show_id, booking.id, code)
    results = together(crowd, [begin(booking) for booking in bookings])
    assert {type(result) for result in results} <= {type(None), AmountChanged}
    assert untrue_balances() == []


def test_money_and_the_end_of_the_time_and_another_checkout_at_once_leave_true_balances(app, crowd):
    for late in (False, True, False, True):
        (card_id, code), coupon = a_gift_card(1000), a_coupon(total_limit=1)
        first, second = a_hold(a_show()), a_hold(a_show())
        for booking in (first, second):
            extras.add_gift_card(booking.show_id, booking.id, code)
        extras.add_coupon(first.show_id, first.id, coupon)
        payment = a_started_payment(first)
        if late:
            run_out(first)
        tellings = [told(an_event(payment)) for _ in range(3)]
        ends = [
            lambda b=first: holds.expire_booking(b.show_id, b.id),
            lambda b=first: holds.release_booking(b.show_id, b.id),
        ]
        results = together(crowd, [*tellings, *ends, begin(second)])
        words = sorted(str(result) for result in results[:3])
        assert words.count("repeated") == 2, words
        state, confirmed = the_booking(first.show_id, first.id).state, any("confirmed" in word for word in words)
        assert confirmed == (state == "confirmed")
        assert uses(coupon) == int(confirmed)
        assert the_card(card_id).balance_minor == 0 or not confirmed
        assert {type(result) for result in results[3:5]} <= {bool, ConcurrentModification}, "too late to give up"
        assert isinstance(results[5], checkout.Begun | AmountChanged)
        assert untrue_balances() == []


def test_late_money_and_another_checkout_want_the_same_balance_and_one_gets_it(app, crowd):
    for _ in range(5):
        card_id, code = a_gift_card(1000)
        first, second = a_hold(a_show()), a_hold(a_show())
        for booking in (first, second):
            extras.add_gift_card(booking.show_id, booking.id, code)
        payment = a_started_payment(first)
        run_out(first)
        holds.expire_booking(first.show_id, first.id)
        word, begun = together(crowd, [told(an_event(payment)), begin(second)])
        outcomes = {("confirmed late", AmountChanged), ("refunded: extras gone", checkout.Begun)}
        assert (word, type(begun)) in outcomes
        assert the_card(card_id).balance_minor == 0
        assert untrue_balances() == []


def test_a_gift_card_told_of_many_times_while_it_is_given_up_is_bought_once(app, crowd):
    for _ in range(5):
        card_id, event = an_order()
        db.session.execute(text("UPDATE gift_cards SET ordered_at = ordered_at - interval '2 days'"))
        db.session.commit()
        events = [dataclasses.replace(event, event_id=f"{event.event_id}-{number}") for number in range(6)]
        tellings = [told(one) for one in (*events, events[0])]
        results = together(crowd, [*tellings, gift_cards.abandon_gift_cards, gift_cards.abandon_gift_cards])
        assert Counter(results[:7]) == {"confirmed": 1, "repeated": 6}
        card = the_card(card_id)
        assert (card.state, card.balance_minor) == (GiftCardState.ACTIVE, 2500)
        assert untrue_balances() == []


def test_two_attempts_at_one_gift_card_paid_at_once_keep_one_payment(app, crowd):
    for _ in range(5):
        card_id, first = an_order()
        payments.settle_payment(dataclasses.replace(first, kind=EventKind.FAILED, event_id="failed"))
        gift_cards.pay_gift_card(
            card_id, provider="sandbox", mode="card", return_url="http://localhost/", cancel_url=""
        )
        row = db.session.execute(text("SELECT id, provider_ref FROM payments ORDER BY id DESC LIMIT 1")).one()
        end_read()
        second = dataclasses.replace(first, event_id="second", payment_id=row.id, provider_ref=row.provider_ref)
        tellings = [told(one) for one in (first, second)]
        assert sorted(together(crowd, tellings)) == ["confirmed", "refunded: already paid"]
        assert the_card(card_id).balance_minor == 2500
        assert untrue_balances() == []
        db.session.execute(text("DELETE FROM gateway_events"))
        db.session.commit()
