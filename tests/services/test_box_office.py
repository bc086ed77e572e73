"""Selling at the counter: same seats, same books, other hands; shifts that equal the ledger; money back out of a drawer."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from app.domain.counter import CounterTender
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.staff import By, Role
from app.errors import (
    AmountChanged,
    ConcurrentModification,
    HoldExpired,
    Invalid,
    NoShift,
    NotFound,
    SeatsTaken,
    ShiftOpen,
)
from app.models import Cinema, Show
from app.services.box_office import Money, NoSeats, NotEnough, Sold, keep_best_seats, keep_these_seats, take_payment
from app.services.cancelling import cancel_seats, preview_cancellation
from app.services.counter_refunds import cancel_at_counter, pay_out
from app.services.extras import add_coupon, add_gift_card
from app.services.shifts import close_shift, open_shift
from tests.builders import a_cinema, a_paid_booking, a_person, a_show, seat_ids, the_booking
from tests.support.books import books, rows
from tests.support.clock import MovedClock
from tests.support.money import a_coupon
from tests.support.money import a_gift_card as a_card_to_type
from tests.support.staff import by as by_person

A, C = TicketType.ADULT, TicketType.CHILD
EXACT = Money(CounterTender.CASH)
SLIP = Money(CounterTender.TERMINAL, reference="4711")


class Till:
    """One seller with an open shift, and a show."""

    def __init__(self, show: Show, float_minor: int = 10_000) -> None:
        cinema = _cinema(show)
        self.show, self.by = show, by_person(a_person(Role.BOX_OFFICE, cinema))
        self.shift = open_shift(self.by, cinema.id, float_minor)
        self.cinema_id, self.sales = cinema.id, 0

    def keep(self, *kinds: TicketType, seats: list[int] | None = None, wheelchairs: int = 0) -> int:
        self.sales += 1
        sale, place = f"sale{self.sales}", (self.by, self.shift)
        if seats:
            return keep_these_seats(*place, sale, self.show.id, seats, kinds).booking_id
        return keep_best_seats(*place, sale, self.show.id, kinds, wheelchairs).booking_id

    def pay(self, booking_id: int, money: Money = EXACT) -> Sold:
        return take_payment(self.by, self.shift, self.show.id, booking_id, money)

    def sell(self, *kinds: TicketType, money: Money = EXACT) -> Sold:
        return self.pay(self.keep(*kinds), money)


def _cinema(show: Show) -> Cinema:
    from app.db import db

    found = db.session.get_one(Cinema, show.cinema_id)
    db.session.commit()
    return found


@pytest.fixture
def till(app: Flask) -> Till:
    return Till(a_show())


def test_two_adults_pay_cash_without_a_fee_and_get_change(till: Till) -> None:
    sold = till.sell(A, A, money=Money(CounterTender.CASH, 3000))
    assert (sold.due_minor, sold.change_minor) == (2000, 1000)
    booking = the_booking(till.show.id, sold.booking_id)
    assert (booking.state, booking.channel, booking.sold_by) == ("confirmed", "box_office", till.by.user_id)
    assert books() == {"cash_drawer": 2000, "tax_payable": -333, "ticket_revenue": -1667}
    (entry,) = rows("SELECT action, user_id FROM audit_entries WHERE subject = 'booking'")
    assert (entry.action, entry.user_id) == ("booking.sold", till.by.user_id)


def test_a_card_at_the_terminal_has_an_account_of_its_own_and_needs_its_slip(till: Till) -> None:
    kept = till.keep(A)
    with pytest.raises(Invalid, match="slip"):
        till.pay(kept, Money(CounterTender.TERMINAL))
    assert till.pay(kept, SLIP).change_minor == 0
    assert books(Account.CARD_TERMINAL, Account.CASH_DRAWER) == {"card_terminal": 1000}
    (payment,) = rows("SELECT reference, shift_id, provider FROM payments")
    assert tuple(payment) == ("4711", till.shift, "terminal")


def test_kinds_of_tickets_are_priced_as_themselves(till: Till) -> None:
    assert till.sell(A, C, TicketType.SENIOR).due_minor == 2500


def test_too_little_cash_sells_nothing_and_keeps_the_seats(till: Till) -> None:
    kept = till.keep(A, A)
    with pytest.raises(NotEnough, match=r"£5\.00 is missing: £20\.00 is to pay"):
        till.pay(kept, Money(CounterTender.CASH, 1500))
    assert the_booking(till.show.id, kept).state == "held"
    assert till.pay(kept, Money(CounterTender.CASH, 2000)).change_minor == 0


def test_the_same_sale_sent_twice_is_one_sale(till: Till) -> None:
    kept = till.keep(A)
    first = till.pay(kept, Money(CounterTender.CASH, 5000))
    again = till.pay(kept, Money(CounterTender.CASH, 5000))
    assert again.repeated
    assert again.change_minor == first.change_minor == 4000
    assert books(Account.CASH_DRAWER) == {"cash_drawer": 1000}


def test_one_sale_is_paid_once_whatever_the_show_and_the_way_to_pay(till: Till) -> None:
    till.pay(till.keep(A), SLIP)
    till.sales -= 1
    second = till.keep(A)
    with pytest.raises(ConcurrentModification, match="paid already"):
        till.pay(second, Money(CounterTender.CASH))
    assert the_booking(till.show.id, second).state == "held"


def test_a_wheelchair_brings_its_companion_free(app: Flask) -> None:
    till = Till(a_show(layout={"kinds": {"A1": "wheelchair", "A2": "companion"}}))
    kept = till.keep(wheelchairs=1)
    found = rows("SELECT ticket_type, price_minor FROM tickets WHERE booking_id = :id ORDER BY price_minor", id=kept)
    assert [tuple(row) for row in found] == [("companion", 0), ("adult", 1000)]
    assert till.pay(kept).due_minor == 1000


def test_coupons_and_gift_cards_count_at_the_counter_too(till: Till) -> None:
    a_coupon("TENOFF", 10)
    _, code = a_card_to_type(500)
    kept = till.keep(A, A)
    add_coupon(till.show.id, kept, "TENOFF")
    add_gift_card(till.show.id, kept, code)
    sold = till.pay(kept, Money(CounterTender.CASH, 2000))
    assert (sold.due_minor, sold.change_minor) == (1300, 700)


def test_a_gift_card_can_pay_all_of_it(till: Till) -> None:
    _, code = a_card_to_type(5000)
    kept = till.keep(A)
    add_gift_card(till.show.id, kept, code)
    assert till.pay(kept).due_minor == 0
    assert not rows("SELECT 1 FROM payments")


def test_a_full_house_says_so(app: Flask) -> None:
    till = Till(a_show(seats=2))
    with pytest.raises(NoSeats):
        till.keep(A, A, A)


def test_seats_that_somebody_holds_online_are_not_the_tills(till: Till) -> None:
    booking = a_paid_booking(till.show)
    (taken,) = rows("SELECT min(seat_id) AS id FROM tickets WHERE booking_id = :id", id=booking.id)
    with pytest.raises(SeatsTaken):
        till.keep(A, seats=[taken.id])


def test_seats_kept_too_long_are_not_sold(till: Till, moved_clock: MovedClock) -> None:
    kept = till.keep(A)
    moved_clock.forward(minutes=11)
    with pytest.raises(HoldExpired):
        till.pay(kept)


def test_another_sellers_sale_and_the_webs_are_not_ours(till: Till) -> None:
    kept = till.keep(A)
    other = Till(till.show)
    with pytest.raises(NotFound):
        other.pay(kept)


def test_money_needs_an_open_shift_of_ones_own(till: Till) -> None:
    kept = till.keep(A)
    close_shift(till.by, till.shift, 10_000)
    with pytest.raises(NoShift):
        till.pay(kept)
    assert not rows("SELECT 1 FROM payments")


def test_a_shift_is_opened_once_and_closed_once(till: Till) -> None:
    with pytest.raises(ShiftOpen):
        open_shift(till.by, till.cinema_id, 0)
    close_shift(till.by, till.shift, 10_000)
    with pytest.raises(NoShift):
        close_shift(till.by, till.shift, 10_000)


def test_the_cash_up_equals_the_ledger_and_a_difference_needs_a_note(till: Till) -> None:
    till.sell(A, A)
    till.sell(A, money=SLIP)
    sold = till.sell(C)
    back = cancel_at_counter(
        till.by, till.show.id, sold.booking_id, None, full=True, expected_minor=700, reason="ill", shift_id=till.shift
    )
    assert (back.cash_minor, back.terminal_minor) == (700, 0)
    with pytest.raises(Invalid, match="not what was expected"):
        close_shift(till.by, till.shift, 11_900)
    done = close_shift(till.by, till.shift, 11_900, "A pound fell behind the counter.")
    assert (done.expected_minor, done.difference_minor) == (12_000, -100)
    # the float of 100.00 is no movement; what is missing is booked as missing
    found = books(Account.CASH_DRAWER, Account.CARD_TERMINAL, Account.CASH_DIFFERENCES)
    assert found == {"cash_drawer": 1900, "card_terminal": 1000, "cash_differences": 100}


def test_a_manager_closes_what_a_seller_left_open_and_nobody_else_does(till: Till) -> None:
    till.sell(A)
    cinema = _cinema(till.show)
    for stranger in (a_person(Role.BOX_OFFICE, cinema), a_person(Role.MANAGER, a_cinema())):
        with pytest.raises(NoShift):
            close_shift(by_person(stranger), till.shift, 11_000)
    manager = by_person(a_person(Role.MANAGER, cinema))
    assert close_shift(manager, till.shift, 11_000).difference_minor == 0
    (entry,) = rows("SELECT user_id FROM audit_entries WHERE action = 'shift.closed'")
    assert entry.user_id == manager.user_id


def give_back(till: Till, sold: Sold, expected: int, full: bool = True, shift: int | None = None) -> object:
    return cancel_at_counter(
        till.by,
        till.show.id,
        sold.booking_id,
        None,
        full=full,
        expected_minor=expected,
        reason="changed their mind",
        shift_id=shift,
    )


def test_cash_goes_back_out_of_an_open_drawer_alone(till: Till) -> None:
    sold = till.sell(A)
    with pytest.raises(NoShift):
        give_back(till, sold, 1000)
    assert the_booking(till.show.id, sold.booking_id).state == "confirmed"
    give_back(till, sold, 1000, shift=till.shift)
    assert books() == {}
    (refund,) = rows("SELECT state, shift_id FROM refunds")
    assert tuple(refund) == ("done", till.shift)


def test_by_the_policy_something_is_kept_and_in_full_nothing(till: Till) -> None:
    first, second = till.sell(A), till.sell(A)
    with pytest.raises(AmountChanged):
        give_back(till, first, 1000, full=False, shift=till.shift)
    give_back(till, first, 900, full=False, shift=till.shift)
    give_back(till, second, 1000, shift=till.shift)
    assert books(Account.CASH_DRAWER) == {"cash_drawer": 100}


def test_a_refund_says_why(till: Till) -> None:
    sold = till.sell(A)
    with pytest.raises(Invalid, match="Say why"):
        cancel_at_counter(
            till.by,
            till.show.id,
            sold.booking_id,
            None,
            full=True,
            expected_minor=1000,
            reason=" ",
            shift_id=till.shift,
        )


def test_what_was_paid_online_goes_back_online(till: Till) -> None:
    booking = a_paid_booking(till.show)
    back = cancel_at_counter(
        till.by, till.show.id, booking.id, None, full=True, expected_minor=2150, reason="storm", shift_id=None
    )
    assert (back.cash_minor, back.terminal_minor) == (0, 0)
    assert rows("SELECT 1 FROM outbox WHERE kind = 'send_refund'")


def test_cash_that_was_cancelled_online_waits_at_the_counter(till: Till) -> None:
    sold = till.sell(A)
    preview = preview_cancellation(till.show.id, sold.booking_id, None)
    cancel_seats(till.show.id, sold.booking_id, None, expected_minor=preview.result.returned_minor)
    (refund,) = rows("SELECT id, state FROM refunds")
    assert refund.state == "requested"
    assert not rows("SELECT 1 FROM outbox WHERE kind = 'send_refund'")
    assert pay_out(till.by, till.shift, till.cinema_id, till.show.id, refund.id) == 900
    assert pay_out(till.by, till.shift, till.cinema_id, till.show.id, refund.id) == 0
    assert books(Account.CASH_DRAWER, Account.REFUNDS_PAYABLE) == {"cash_drawer": 100}


def test_another_cinema_does_not_pay_it_out(till: Till) -> None:
    sold = till.sell(A)
    cancel_seats(till.show.id, sold.booking_id, None, expected_minor=900)
    (refund,) = rows("SELECT id FROM refunds")
    other = Till(a_show(cinema=a_cinema()))
    with pytest.raises(NotFound):
        pay_out(other.by, other.shift, other.cinema_id, till.show.id, refund.id)


def test_somebody_without_a_role_any_more_sells_nothing(till: Till) -> None:
    from app.domain.staff import COMMAND
    from app.errors import Forbidden
    from app.services.staff import revoke_role

    kept = till.keep(A)
    assert till.by.user_id is not None
    revoke_role(COMMAND, till.by.user_id, Role.BOX_OFFICE, till.cinema_id)
    with pytest.raises(Forbidden):
        till.pay(kept)
    assert the_booking(till.show.id, kept).state == "held"


def test_the_seats_of_the_sale_can_be_changed_on_the_map(till: Till) -> None:
    till.keep(A, A)
    till.sales -= 1
    kept = till.keep(A, C, seats=seat_ids(till.show, "C1", "C2"))
    assert till.pay(kept).due_minor == 1700
    (row,) = rows("SELECT count(*) AS held FROM show_seats WHERE state <> 'free'")
    assert row.held == 2


def test_shows_of_tomorrow_are_sold_today(app: Flask) -> None:
    assert Till(a_show(starts_in=dt.timedelta(days=1))).sell(A).due_minor == 1000


def test_a_command_has_no_shift(app: Flask) -> None:
    with pytest.raises(Invalid):
        open_shift(By(None), a_cinema().id, 0)
