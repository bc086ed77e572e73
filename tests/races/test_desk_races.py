"""Races at the manager's desk: a limit lowered while buyers take the coupon, a card voided while one pays with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from app.domain.staff import Role
from app.errors import AmountChanged, ConcurrentModification, Conflict, Invalid
from app.queries.coupons import mark_of
from app.services import checkout, extras, offers
from app.services.cancelling import cancel_seats, preview_cancellation
from app.services.card_voiding import void_gift_card
from app.services.offers import NewCoupon
from tests.builders import A_BUYER, a_hold, a_person, a_show
from tests.support.books import rows
from tests.support.crowd import together
from tests.support.offers import a_gift_card, the_card, untrue_balances
from tests.support.purse import Purse, a_booking
from tests.support.staff import by

pytestmark = pytest.mark.usefixtures("app", "no_deadlocks")


def begin(booking):
    return lambda: checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")


def test_a_limit_lowered_while_buyers_take_the_coupon_is_never_passed(app, crowd, set_setting):
    """Either too many uses were taken first and the lower limit is refused, or the rest find it used up."""
    set_setting(orphan_seats="off")
    alma, show = by(a_person(Role.ADMIN)), a_show(60)
    for number in range(5):
        coupon = NewCoupon(f"TEN{number}", "Ten off", percent=Decimal(10), total_limit=8)
        seen = mark_of(offers.create_coupon(coupon))
        bookings = [a_hold(show, 1) for _ in range(8)]
        for booking in bookings:
            extras.add_coupon(booking.show_id, booking.id, coupon.code)
        acts = [begin(booking) for booking in bookings]
        acts.insert(4, partial(offers.change_coupon, replace(coupon, total_limit=4), seen, alma))
        results = together(crowd, acts)
        began = sum(isinstance(result, checkout.Begun) for result in results)
        lowered = not isinstance(results[4], Invalid)
        assert (results[4] is None) if lowered else "used" in results[4].message
        assert began == (4 if lowered else 8)
        assert untrue_balances() == []


def test_a_card_voided_while_a_checkout_takes_it_is_either_void_or_taken(app, crowd, set_setting):
    """Never both: the money goes back, or it pays the booking."""
    set_setting(orphan_seats="off")
    alma, show = by(a_person(Role.ADMIN)), a_show(60)
    for number in range(12):
        card_id, code = a_gift_card(2500)
        booking = a_hold(show, 1)
        extras.add_gift_card(booking.show_id, booking.id, code)
        acts = [begin(booking), partial(void_gift_card, alma, card_id, 2500, "stolen")]
        results = together(crowd, acts if number % 2 else acts[::-1])
        paid, voided = results if number % 2 else results[::-1]
        card = the_card(card_id)
        if card.state == "void":
            assert isinstance(paid, AmountChanged)
            assert (voided, card.balance_minor, refunds_of(card_id)) == (2500, 0, [2500])
        else:
            assert paid is None, "the card pays all of it"
            assert isinstance(voided, Conflict | AmountChanged)
            assert (card.balance_minor, refunds_of(card_id)) == (1425, [])
        assert untrue_balances() == []


def test_a_card_voided_twice_at_once_goes_back_once(app, crowd):
    alma = by(a_person(Role.ADMIN))
    for _ in range(3):
        card_id, _ = a_gift_card(2500)
        results = together(crowd, [partial(void_gift_card, alma, card_id, 2500, "stolen") for _ in range(5)])
        assert sorted(map(str, results)).count("2500") == 1
        assert sum(isinstance(result, Conflict) for result in results) == 4
        assert refunds_of(card_id) == [2500]
    assert untrue_balances() == []


def test_seats_cancelled_while_the_card_that_paid_them_is_voided_lose_nothing(app, crowd, set_setting):
    """What comes back is on the card when it is voided, goes to its payment after, or is asked for again."""
    set_setting(orphan_seats="off")
    alma, show = by(a_person(Role.ADMIN)), a_show(60)
    for _ in range(8):
        card_id, code = a_gift_card(2500)
        booking = a_booking(show, 1, Purse(cards=[code]))
        back = preview_cancellation(booking.show_id, booking.id, None).result.returned_minor
        give_back = partial(cancel_seats, booking.show_id, booking.id, None, expected_minor=back)
        results = together(crowd, [give_back, partial(void_gift_card, alma, card_id, 1425, "stolen")])
        if isinstance(results[0], ConcurrentModification):
            give_back()
        if isinstance(results[1], AmountChanged):
            assert void_gift_card(alma, card_id, 1425 + back, "stolen") == 1425 + back
        assert the_card(card_id).state == "void"
        assert sum(refunds_of(card_id)) == 1425 + back
        assert untrue_balances() == []


def refunds_of(card_id: int) -> list[int]:
    words = "SELECT r.amount_minor FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id "
    return [row.amount_minor for row in rows(f"{words} WHERE p.gift_card_id = :id ORDER BY r.id", id=card_id)]
