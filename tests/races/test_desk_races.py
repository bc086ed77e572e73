"""Races at the manager's desk: a limit lowered while buyers take the coupon, a card voided while one pays with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest

from app.domain.staff import Role
from app.errors import Invalid
from app.queries.coupons import mark_of
from app.services import checkout, extras, offers
from app.services.offers import NewCoupon
from tests.builders import A_BUYER, a_hold, a_person, a_show
from tests.support.crowd import together
from tests.support.offers import untrue_balances
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
