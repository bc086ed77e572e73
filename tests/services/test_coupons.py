"""Coupons on bookings: typed in, taken when paying begins, given back if nothing comes of it, and never overspent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.db import db, end_read
from app.domain.coupons import CouponProblem
from app.domain.pricing import TicketType
from app.domain.states import BookingState
from app.errors import CodeTaken, HoldExpired, Invalid, InvalidCoupon, NotFound, PaymentStarted
from app.services import checkout, extras, holds, offers, payments
from app.services.quoting import quote_booking
from tests.builders import (
    A_BUYER,
    a_cinema,
    a_city,
    a_hold,
    a_movie,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.offers import a_coupon, an_account, untrue_balances, uses

pytestmark = pytest.mark.usefixtures("books_are_true")


def add(booking, code: str, email: str = "") -> str:
    return extras.add_coupon(booking.show_id, booking.id, code, email)


def coupon_id(code: str) -> int:
    found: int = db.session.execute(text("SELECT id FROM coupons WHERE code = :code"), {"code": code}).scalar_one()
    end_read()
    return found


def refused(booking, code: str, email: str = "") -> str:
    """Why the coupon may not be used on the booking."""
    with pytest.raises(InvalidCoupon) as problem:
        add(booking, code, email)
    assert problem.value.message
    return problem.value.details["problem"]


def bill_of(booking):
    found = quote_booking(db.session(), the_booking(booking.show_id, booking.id)).bill
    end_read()
    return found


def run_out(booking, moved_clock) -> None:
    moved_clock.forward(minutes=31)
    assert holds.expire_booking(booking.show_id, booking.id)


def begin(booking, buyer=A_BUYER, **values):
    return checkout.begin_payment(booking.show_id, booking.id, buyer, {}, "sandbox", "card", "guest", **values)


# On the bill


def test_a_coupon_lowers_the_bill_by_its_part_of_the_tickets_and_not_of_the_fee(app):
    booking = a_hold(a_show())
    name = add(booking, a_coupon())
    bill = bill_of(booking)
    assert (bill.discount_minor, bill.fee_minor, bill.total_minor) == (200, 150, 1950)
    assert name.startswith("Offer")


def test_the_code_may_be_typed_small_and_with_spaces(app):
    booking = a_hold(a_show())
    add(booking, f" {a_coupon('SPRING-20').lower()} ")
    assert bill_of(booking).discount_minor == 200


def test_an_unknown_code_is_refused_and_the_booking_goes_on_without_it(app):
    booking = a_hold(a_show())
    assert refused(booking, "NOSUCHCODE") == CouponProblem.UNKNOWN
    assert bill_of(booking).discount_minor == 0
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"


def test_the_same_code_twice_is_said_to_be_there_already(app):
    booking, code = a_hold(a_show()), a_coupon()
    add(booking, code)
    assert refused(booking, code) == CouponProblem.ALREADY_HERE
    assert bill_of(booking).discount_minor == 200


def test_only_stackable_coupons_stand_together_and_each_counts_from_what_is_left(app):
    booking = a_hold(a_show())
    add(booking, a_coupon(stackable=True))
    add(booking, a_coupon(stackable=True, amount_minor=300, currency="GBP"))
    assert refused(booking, a_coupon()) == CouponProblem.NOT_TOGETHER
    assert bill_of(booking).discounts == (200, 300)


def test_a_booking_takes_five_coupons_at_most(app):
    booking = a_hold(a_show())
    for _ in range(extras.MOST_COUPONS):
        add(booking, a_coupon(stackable=True))
    assert refused(booking, a_coupon(stackable=True)) == CouponProblem.NOT_TOGETHER


def test_a_coupon_is_taken_off_again(app):
    booking, code = a_hold(a_show()), a_coupon()
    add(booking, code)
    extras.drop_coupon(booking.show_id, booking.id, coupon_id(code))
    assert bill_of(booking).discount_minor == 0


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"ends_at": -1}, CouponProblem.EXPIRED),
        ({"starts_at": 1}, CouponProblem.NOT_YET),
        ({"min_minor": 2001, "currency": "GBP"}, CouponProblem.MINIMUM),
        ({"currency": "EUR"}, CouponProblem.NOT_THIS_CURRENCY),
        ({"ticket_types": ["student"]}, CouponProblem.NOT_THESE_TICKETS),
    ],
)
def test_what_a_coupon_asks_for_is_told(app, values, problem):
    hours = {
        name: clock.now() + dt.timedelta(hours=values.pop(name)) for name in ("starts_at", "ends_at") if name in values
    }
    assert refused(a_hold(a_show()), a_coupon(**values, **hours)) == problem


def test_a_coupon_of_one_film_or_cinema_counts_there_alone(app):
    film, cinema = a_movie(), a_cinema()
    there, elsewhere = a_hold(a_show(movie=film, cinema=cinema)), a_hold(a_show())
    for values in ({"movie": film.slug}, {"cinema": cinema.slug}):
        code = a_coupon(**values)
        assert refused(elsewhere, code) == CouponProblem.NOT_THIS_SHOW
        add(there, code)
        extras.drop_coupon(there.show_id, there.id, coupon_id(code))


def test_the_weekday_is_the_shows_on_the_cinemas_clocks(app, moved_clock):
    """23:30 UTC on a Monday is Tuesday already in Kolkata."""
    moved_clock.stop_at(dt.datetime(2026, 11, 23, 20, tzinfo=dt.UTC))
    cinema = a_cinema(a_city(timezone="Asia/Kolkata", currency="INR", country="IN"))
    booking = a_hold(a_show(cinema=cinema, starts_in=dt.timedelta(hours=3, minutes=30)))
    assert refused(booking, a_coupon(weekdays=[1])) == CouponProblem.NOT_THIS_DAY
    add(booking, a_coupon(weekdays=[2]))


def test_a_coupon_for_children_takes_its_part_of_their_tickets_alone(app):
    show = a_show()
    booking = a_hold(show, seats=seat_ids(show, "A1", "A2"))
    types = {seat_ids(show, "A1")[0]: TicketType.CHILD}
    checkout.begin_payment(show.id, booking.id, A_BUYER, types, "sandbox", "card", "guest")
    payments.settle_payment(_failed(booking))
    add(booking, a_coupon(ticket_types=["child"], percent=50))
    assert [seat.discount_minor for seat in bill_of(booking).seats] == [350, 0]


def _failed(booking):
    row = db.session.execute(
        text("SELECT max(id) AS id FROM payments WHERE booking_id = :id"), {"id": booking.id}
    ).one()
    end_read()
    from app.models import Payment

    payment = db.session.get_one(Payment, (booking.show_id, row.id))
    end_read()
    return an_event(payment, EventKind.FAILED, provider_ref="x")


# Taken, and given back


def test_a_coupon_counts_as_used_once_paying_begins_and_stays_used_once_it_is_paid(app):
    booking, code = a_hold(a_show()), a_coupon(total_limit=1)
    add(booking, code)
    assert uses(code) == 0
    payment = a_started_payment(booking)
    assert (uses(code), payment.amount_minor) == (1, 1950)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert uses(code) == 1
    lines = db.session.execute(text("SELECT kind, amount_minor FROM booking_lines ORDER BY position")).all()
    end_read()
    assert ("discount", 200) in [tuple(line) for line in lines]


@pytest.mark.parametrize("end", ["expired", "released"])
def test_a_booking_that_comes_to_nothing_gives_its_coupon_back(app, moved_clock, end):
    booking, code = a_hold(a_show()), a_coupon(total_limit=1)
    add(booking, code)
    a_started_payment(booking)
    if end == "expired":
        run_out(booking, moved_clock)
    else:
        holds.release_booking(booking.show_id, booking.id)
    assert uses(code) == 0
    other = a_hold(a_show())
    add(other, code)
    a_started_payment(other)
    assert uses(code) == 1


def test_the_last_use_goes_to_who_begins_to_pay_first_and_the_other_is_told(app):
    first, second, code = a_hold(a_show()), a_hold(a_show()), a_coupon(total_limit=1)
    add(first, code)
    add(second, code)
    a_started_payment(first)
    with pytest.raises(InvalidCoupon) as problem:
        begin(second)
    assert problem.value.details["problem"] == CouponProblem.USED_UP
    assert uses(code) == 1
    assert refused(a_hold(a_show()), code) == CouponProblem.USED_UP


def test_who_was_shown_that_a_coupon_does_not_count_pays_without_it(app):
    first, second, code = a_hold(a_show()), a_hold(a_show()), a_coupon(total_limit=1)
    add(first, code)
    add(second, code)
    a_started_payment(first)
    begun = begin(second, without={coupon_id(code)})
    assert begun is not None
    assert begun.order.amount_minor == 2150
    assert uses(code) == 1


def test_a_coupon_that_the_new_bill_leaves_out_is_not_taken_when_its_money_comes(app, moved_clock):
    """Taken by a first attempt that failed, over by the second: the second's money does not use it up again."""
    booking, code = a_hold(a_show()), a_coupon(ends_at=clock.now() + dt.timedelta(minutes=5))
    add(booking, code)
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    moved_clock.forward(minutes=6)
    begun = begin(booking, without={coupon_id(code)})
    assert begun is not None
    assert begun.order.amount_minor == 2150
    event = an_event(first, provider_ref="second", payment_id=begun.payment_id, amount_minor=2150)
    assert payments.settle_payment(event) == "confirmed"
    assert uses(code) == 0


def test_a_limit_per_person_counts_the_account_and_the_address(app):
    code, account = a_coupon(person_limit=1), an_account()
    show = a_show()
    mine = holds.hold_seats(show.id, seat_ids(show, "A1", "A2"), f"u:{account}", user_id=account)
    booking = the_booking(show.id, mine.booking_id)
    add(booking, code)
    a_started_payment(booking)
    other = a_show()
    again = holds.hold_seats(other.id, seat_ids(other, "A1", "A2"), f"u:{account}", user_id=account)
    assert refused(the_booking(other.id, again.booking_id), code) == CouponProblem.USED_BY_YOU
    guest = a_hold(a_show())
    assert refused(guest, code, A_BUYER.email.upper()) == CouponProblem.USED_BY_YOU
    add(guest, code, "someone.else@example.org")


def test_the_address_is_judged_again_when_it_is_known_at_paying(app):
    code = a_coupon(person_limit=1)
    first, second = a_hold(a_show()), a_hold(a_show())
    add(first, code)
    a_started_payment(first)
    add(second, code)
    with pytest.raises(InvalidCoupon) as problem:
        begin(second)
    assert problem.value.details["problem"] == CouponProblem.USED_BY_YOU


def test_late_money_takes_the_coupon_again_if_it_is_still_there(app, moved_clock):
    booking, code = a_hold(a_show()), a_coupon(total_limit=1)
    add(booking, code)
    payment = a_started_payment(booking)
    run_out(booking, moved_clock)
    assert uses(code) == 0
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert uses(code) == 1


def test_late_money_goes_back_if_the_coupon_was_used_up_meanwhile(app, moved_clock):
    booking, code = a_hold(a_show()), a_coupon(total_limit=1)
    add(booking, code)
    payment = a_started_payment(booking)
    run_out(booking, moved_clock)
    other = a_hold(a_show())
    add(other, code)
    a_started_payment(other)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert the_booking(booking.show_id, booking.id).state == BookingState.EXPIRED
    assert uses(code) == 1


def test_an_archived_coupon_stays_good_for_money_on_its_way(app, moved_clock):
    booking, code = a_hold(a_show()), a_coupon()
    add(booking, code)
    payment = a_started_payment(booking)
    assert offers.archive_coupon(code)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert refused(a_hold(a_show()), code) == CouponProblem.EXPIRED


def test_a_coupon_swapped_for_another_of_the_same_worth_does_not_let_old_money_confirm(app):
    """The first attempt failed with one coupon; its money comes when the bill counts on another, never taken."""
    booking = a_hold(a_show())
    first, second = a_coupon(total_limit=1), a_coupon(total_limit=1)
    add(booking, first)
    payment = a_started_payment(booking)
    payments.settle_payment(an_event(payment, EventKind.FAILED))
    extras.drop_coupon(booking.show_id, booking.id, coupon_id(first))
    add(booking, second)
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert (uses(first), uses(second)) == (0, 0)
    assert the_booking(booking.show_id, booking.id).state == BookingState.AWAITING_PAYMENT, "the buyer keeps the seats"
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    assert (uses(first), uses(second)) == (0, 1)


def test_a_coupon_that_pays_everything_confirms_at_once(app):
    booking, code = a_hold(a_show(cinema=a_cinema(fee_minor=0))), a_coupon(percent=100)
    add(booking, code)
    assert begin(booking) is None
    assert the_booking(booking.show_id, booking.id).state == BookingState.CONFIRMED
    assert uses(code) == 1


def test_nothing_is_added_while_a_payment_runs_or_after_the_time(app, moved_clock):
    booking, late, code = a_hold(a_show()), a_hold(a_show()), a_coupon()
    a_started_payment(booking)
    with pytest.raises(PaymentStarted):
        add(booking, code)
    moved_clock.forward(minutes=11)
    with pytest.raises(HoldExpired):
        add(late, code)


# Making them


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "AB"}, "code"),
        ({"code": "A B/C"}, "code"),
        ({"code": "ABCD1234EFGH5678"}, "code"),
        ({"name": " "}, "name"),
        ({"percent": None}, "percent"),
        ({"amount_minor": 100, "currency": "GBP"}, "percent"),
        ({"percent": 0}, "percent"),
        ({"percent": 101}, "percent"),
        ({"percent": "NaN"}, "percent"),
        ({"percent": "3.333"}, "percent"),
        ({"max_minor": 100}, "currency"),
        ({"max_minor": 0, "currency": "GBP"}, "amount"),
        ({"percent": None, "amount_minor": 100}, "currency"),
        ({"percent": None, "amount_minor": 100, "max_minor": 50, "currency": "GBP"}, "max"),
        ({"min_minor": -1, "currency": "GBP"}, "minimum"),
        ({"currency": "XYZ"}, "currency"),
        ({"total_limit": 0}, "limit"),
        ({"person_limit": -1}, "limit"),
        ({"weekdays": [0]}, "weekdays"),
        ({"ticket_types": ["companion"]}, "types"),
        ({"movie": "no-such-film"}, "film"),
        ({"cinema": "no-such-cinema"}, "cinema"),
        ({"starts_at": 2, "ends_at": 2}, "until"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused_in_words(app, values, field):
    plain = {"code": "TEN", "name": "Ten", "percent": 10, **values}
    if plain["percent"] is not None:
        plain["percent"] = Decimal(plain["percent"])
    now = clock.now()
    for name in ("starts_at", "ends_at"):
        if name in plain:
            plain[name] = now + dt.timedelta(hours=plain[name])
    with pytest.raises(Invalid) as problem:
        offers.create_coupon(offers.NewCoupon(**plain))
    assert list(problem.value.details["fields"]) == [field]
    assert offers.coupons(archived=True) == []


def test_a_code_is_made_once_and_archived_once(app):
    a_coupon("SPRING")
    with pytest.raises(CodeTaken):
        a_coupon("spring")
    assert offers.archive_coupon("spring")
    assert not offers.archive_coupon("SPRING")
    with pytest.raises(CodeTaken):
        a_coupon("SPRING")
    with pytest.raises(NotFound):
        offers.archive_coupon("SUMMER")
    assert offers.coupons() == []
    assert [coupon.code for coupon in offers.coupons(archived=True)] == ["SPRING"]


def test_the_books_are_looked_at(app):
    """The check after each of these tests sees something."""
    code = a_coupon()
    db.session.execute(text("UPDATE coupons SET used = 1"))
    db.session.commit()
    assert untrue_balances()
    db.session.execute(text("UPDATE coupons SET used = 0"))
    db.session.commit()
    assert uses(code) == 0
