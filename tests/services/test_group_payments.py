"""A group pays, in time, late or never; what becomes of what it has paid; who is reminded."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.domain.counter import CounterTender
from app.domain.groups import PriceMode, Standing
from app.domain.ledger import Account
from app.domain.messages import MessageKind
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, By, Role
from app.errors import (
    HoldExpired,
    InvalidCoupon,
    NotExchangeable,
)
from app.models import Cinema, Show
from app.queries.exchange_page import exchangeable
from app.services import extras, holds, payments
from app.services.box_office import Money, take_payment
from app.services.cancelling import Preview, cancel_seats, preview_cancellation
from app.services.checkout import Buyer, begin_payment
from app.services.counter_refunds import cancel_at_counter
from app.services.group_reminders import remind_groups
from app.services.shifts import open_shift
from app.services.show_cancelling import cancel_show
from app.services.tickets import render_tickets
from tests.builders import (
    a_group,
    a_hold,
    a_person,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
    the_booking,
)
from tests.support.books import books
from tests.support.groups import in_hours, pay, states, the_group
from tests.support.money import a_coupon
from tests.support.post import messages
from tests.support.staff import by


def back(preview: Preview) -> int:
    return preview.result.returned_minor


# Running out, and late money


def test_the_same_expiry_frees_forty_seats(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:40], pay_until=clock.now() + dt.timedelta(days=2))
    moved_clock.forward(hours=47)
    assert holds.expire_holds() == 0
    moved_clock.forward(hours=2)
    assert the_group(group_id).standing is Standing.ENDED, "even before somebody noted it"
    assert holds.expire_holds() == 1
    assert states(show) == {"free": 60}
    assert the_group(group_id).standing is Standing.ENDED


def test_late_money_finds_its_free_seats(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:13], PriceMode.TOTAL, 10_001, pay_until=in_hours(48))
    payment = a_started_payment(booking)
    moved_clock.forward(hours=49)
    assert holds.expire_holds() == 1
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert (states(show)["sold"], the_group(group_id).standing) == (13, Standing.PAID)


def test_late_money_goes_back_once_a_seat_is_gone_or_another_offer_made(
    regent: Cinema, ruth: By, show: Show, moved_clock: Any
) -> None:
    first, second = a_group(regent), a_group(regent)
    gone = a_started_payment(an_offer(first, ruth, show, seat_ids(show)[:20], pay_until=in_hours(24)))
    replaced = a_started_payment(an_offer(second, ruth, show, seat_ids(show)[20:40], pay_until=in_hours(24)))
    moved_clock.forward(hours=25)
    assert holds.expire_holds() == 2
    a_hold(show, 2)
    an_offer(second, ruth, show, seat_ids(show)[40:])
    assert payments.settle_payment(an_event(gone)) == "refunded: seats gone"
    assert payments.settle_payment(an_event(replaced)) == "refunded: offer over"
    assert states(show)["held"] == 22


def test_nobody_pays_an_offer_whose_time_is_over(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:20], pay_until=in_hours(24))
    moved_clock.forward(hours=25)
    with pytest.raises(HoldExpired):
        a_started_payment(booking)


def test_a_gateways_page_is_open_for_less_than_a_day(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:20])
    begun = begin_payment(show.id, booking.id, Buyer("Ada", "ada@example.org"), {}, "sandbox", "card", "guest")
    assert begun is not None
    assert begun.order.expires_at - clock.now() < dt.timedelta(hours=23)
    assert the_booking(show.id, booking.id).expires_at == booking.cap_at


# Paid


def test_types_and_codes_don_t_change_what_was_agreed(regent: Cinema, ruth: By, show: Show) -> None:
    seats = seat_ids(show)[:13]
    booking = an_offer(a_group(regent), ruth, show, seats, PriceMode.TOTAL, 10_001)
    a_coupon("HALF", percent=50)
    with pytest.raises(InvalidCoupon, match="agreed"):
        extras.add_coupon(show.id, booking.id, "HALF")
    payment = a_started_payment(booking, dict.fromkeys(seats, TicketType.CHILD))
    assert payment.amount_minor == 10_001


def test_all_tickets_are_in_one_file(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert pay(booking) == "confirmed"
    content = render_tickets(show.id, booking.id)
    assert content is not None
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    assert len(document) == 12
    document.close()


def test_a_paid_group_cancels_some_of_its_seats_and_then_all(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:40], PriceMode.TOTAL, 20_003)
    assert pay(booking) == "confirmed"
    some = preview_cancellation(show.id, booking.id, range(1, 13))
    cancel_seats(show.id, booking.id, range(1, 13), expected_minor=back(some))
    assert (the_booking(show.id, booking.id).seat_count, states(show)["sold"]) == (28, 28)
    rest = preview_cancellation(show.id, booking.id, None)
    cancel_seats(show.id, booking.id, None, expected_minor=back(rest))
    assert states(show) == {"free": 60}


def test_a_group_that_gave_all_back_is_offered_seats_anew_and_pays_them_in_cash_again(
    app: Flask, regent: Cinema, ruth: By, show: Show
) -> None:
    seller = by(a_person(Role.BOX_OFFICE, regent))
    shift, group = open_shift(seller, regent.id, 5000), a_group(regent, 4)
    for _ in range(2):
        booking = an_offer(group, ruth, show, seat_ids(show)[:4])
        sold = take_payment(seller, shift, show.id, booking.id, Money(CounterTender.CASH))
        assert (sold.due_minor, sold.repeated) == (4000, False)
        back = {"full": True, "expected_minor": 4000, "reason": "They are ill", "shift_id": shift}
        cancel_at_counter(seller, show.id, booking.id, None, **back)
    assert books(Account.CASH_DRAWER) == {}, "it stands at nothing"


def test_a_groups_seats_are_not_exchanged_by_the_buyer(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert pay(booking) == "confirmed"
    with pytest.raises(NotExchangeable, match="by the cinema"):
        exchangeable(show.id, booking.id).chosen([1], clock.now())


def test_a_show_that_is_called_off_lets_its_groups_go(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:40])
    cancel_show(COMMAND, show.id, "The projector is broken.")
    assert the_group(group_id).standing is Standing.ENDED


# Reminders


def test_a_group_is_reminded_once_a_day_before(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20], pay_until=in_hours(72))
    assert remind_groups() == 0
    moved_clock.forward(hours=48, minutes=1)
    assert remind_groups() == 1
    assert remind_groups() == 0
    assert len(messages(kind=MessageKind.GROUP_REMINDER)) == 1


def test_who_was_offered_it_today_or_has_paid_is_not_reminded(
    regent: Cinema, ruth: By, show: Show, moved_clock: Any
) -> None:
    an_offer(a_group(regent), ruth, show, seat_ids(show)[:20], pay_until=in_hours(20))
    paid = an_offer(a_group(regent), ruth, show, seat_ids(show)[20:40], pay_until=in_hours(30))
    assert pay(paid) == "confirmed"
    moved_clock.forward(hours=10)
    assert remind_groups() == 0
