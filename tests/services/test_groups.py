"""Group bookings: the request, what an offer keeps and costs, paying it in time and late, taking it back, reminders."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.counter import CounterTender
from app.domain.groups import PriceMode, Standing
from app.domain.ledger import Account
from app.domain.messages import MessageKind
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, By, Role
from app.errors import (
    Forbidden,
    HoldExpired,
    Invalid,
    InvalidCoupon,
    InvalidSeats,
    NotExchangeable,
    SeatsTaken,
    ShowNotOnSale,
)
from app.models import Booking, Cinema, GroupRequest, Show
from app.queries.exchange_page import exchangeable
from app.queries.groups import Group, group_of
from app.services import extras, groups, holds, payments
from app.services.box_office import Money, take_payment
from app.services.cancelling import Preview, cancel_seats, preview_cancellation
from app.services.checkout import Buyer, begin_payment
from app.services.counter_refunds import cancel_at_counter
from app.services.group_reminders import remind_groups
from app.services.groups import AlreadyPaid, ChangedMeanwhile, Offer, make_offer
from app.services.shifts import open_shift
from app.services.show_cancelling import cancel_show
from app.services.tickets import render_tickets
from tests.builders import (
    a_cinema,
    a_group,
    a_hold,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
    the_booking,
)
from tests.support.books import books, rows
from tests.support.money import a_coupon
from tests.support.post import messages
from tests.support.staff import by


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(regent: Cinema) -> By:
    return by(a_person(Role.MANAGER, regent))


@pytest.fixture
def show(regent: Cinema) -> Show:
    return a_show(60, cinema=regent, starts_in=dt.timedelta(days=5))


def the_group(group_id: int) -> Group:
    found = group_of(group_id)
    db.session.commit()
    return found


def states(show: Show) -> dict[str, int]:
    found = rows("SELECT state, count(*) AS seats FROM show_seats WHERE show_id = :id GROUP BY 1", id=show.id)
    return {row.state: row.seats for row in found}


def pay(booking: Booking) -> str:
    return payments.settle_payment(an_event(a_started_payment(booking)))


def back(preview: Preview) -> int:
    return preview.result.returned_minor


def revision(group_id: int) -> int:
    return the_group(group_id).revision


# Asking


def test_a_request_is_kept_and_answered_by_a_mail(regent: Cinema) -> None:
    group = the_group(a_group(regent, 40, message="Two wheelchairs"))
    assert (group.standing, group.people, group.message) == (Standing.NEW, 40, "Two wheelchairs")
    assert [(one.kind, one.recipient) for one in messages()] == [("group_request", "charles@example.org")]


def test_the_same_form_twice_is_one_request(regent: Cinema) -> None:
    wish = groups.GroupWish(regent.id, 40, "Ada", "ada@example.org")
    first = groups.ask_for_group(wish, "k" * 24)
    assert groups.ask_for_group(wish, "k" * 24) == first
    assert len(messages()) == 1


def test_the_show_that_is_asked_for_decides_the_cinema(regent: Cinema, show: Show) -> None:
    elsewhere = a_cinema()
    assert the_group(a_group(elsewhere, show_id=show.id)).cinema.id == regent.id


# Offering


def test_an_offer_keeps_forty_seats_until_it_has_to_be_paid(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:40])
    assert states(show) == {"held": 40, "free": 20}
    assert booking.expires_at == booking.cap_at == show.starts_at - dt.timedelta(hours=1)
    assert (booking.name, booking.email, booking.channel) == ("Charles Babbage", "charles@example.org", "group")
    group = the_group(group_id)
    assert (group.standing, group.number) == (Standing.OFFERED, f"G{group_id}-1")
    assert [one.kind for one in messages(show.id)] == ["group_offer"]
    assert rows("SELECT action, subject_id FROM audit_entries")[0] == ("group.offered", group_id)


def test_others_still_get_ten_seats_at_most_and_none_of_the_groups(regent: Cinema, ruth: By, show: Show) -> None:
    an_offer(a_group(regent), ruth, show, seat_ids(show)[:40])
    with pytest.raises(InvalidSeats, match="at most 10"):
        holds.hold_seats(show.id, seat_ids(show)[40:51], "s:ada")
    with pytest.raises(SeatsTaken):
        holds.hold_seats(show.id, seat_ids(show)[38:42], "s:ada")
    a_hold(show, 10)


@pytest.mark.parametrize(
    ("mode", "amount", "total"),
    [(PriceMode.LIST, 0, 13_000), (PriceMode.PER_SEAT, 655, 8_515), (PriceMode.TOTAL, 10_001, 10_001)],
)
def test_a_price_is_the_lists_or_for_each_seat_or_in_all(
    regent: Cinema, ruth: By, show: Show, mode: PriceMode, amount: int, total: int
) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:13], mode, amount)
    assert booking.total_minor == total
    assert (booking.fee_minor, booking.seat_fee_minor) == (0, 0)
    assert pay(booking) == "confirmed"
    tickets = rows("SELECT price_minor, tax_minor FROM tickets WHERE state = 'issued'")
    assert sum(one.price_minor for one in tickets) == total
    assert sum(one.tax_minor for one in tickets) == the_booking(show.id, booking.id).tax_minor
    assert books()["gateway_clearing"] == total


def test_another_kind_of_ticket_has_its_price_where_the_list_has_one(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], kind=TicketType.CHILD)
    assert booking.total_minor == 12 * 700
    student = an_offer(a_group(regent), ruth, show, seat_ids(show)[12:24], kind=TicketType.STUDENT)
    assert student.total_minor == 12 * 1000, "the list has no price for students"


def test_a_companion_beside_a_wheelchair_stays_free(regent: Cinema, ruth: By) -> None:
    kinds = {"A1": "wheelchair", "A2": "companion"}
    show = a_show(30, cinema=regent, starts_in=dt.timedelta(days=5), layout={"kinds": kinds})
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], PriceMode.PER_SEAT, 500)
    assert booking.total_minor == 11 * 500


def test_a_whole_show_is_one_offer(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent, whole_show=True), ruth, show, seat_ids(show), PriceMode.TOTAL, 49_999)
    assert states(show) == {"held": 60}
    assert pay(booking) == "confirmed"
    assert states(show) == {"sold": 60}


def test_what_a_group_costs_nothing_is_confirmed_without_a_payment(regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], PriceMode.TOTAL, 0)
    assert begin_payment(show.id, booking.id, Buyer("Ada", "ada@example.org"), {}, "sandbox", "card", "guest") is None
    assert states(show)["sold"] == 12


@pytest.mark.parametrize("after", [dt.timedelta(0), dt.timedelta(days=5, seconds=1)])
def test_the_time_to_pay_is_in_the_future_and_before_the_show(
    regent: Cinema, ruth: By, show: Show, after: dt.timedelta
) -> None:
    with pytest.raises(Invalid) as refused:
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12], pay_until=clock.now() + after)
    assert "pay_until" in refused.value.details["fields"]
    assert states(show) == {"free": 60}


def test_a_seat_that_is_somebodys_refuses_the_whole_offer(regent: Cinema, ruth: By, show: Show) -> None:
    hers = a_hold(show, 2, seats=seat_ids(show, "A1", "A2"))
    group_id = a_group(regent)
    with pytest.raises(SeatsTaken):
        an_offer(group_id, ruth, show, seat_ids(show)[:12])
    assert the_group(group_id).standing is Standing.NEW
    assert the_booking(show.id, hers.id).state == "held"


def test_a_run_out_hold_is_in_nobodys_way(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    a_hold(show, 2)
    moved_clock.forward(minutes=11)
    an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert states(show)["held"] == 12


def test_only_shows_of_the_cinema_on_sale_are_offered(regent: Cinema, ruth: By) -> None:
    elsewhere = a_show(starts_in=dt.timedelta(days=5))
    with pytest.raises(Invalid, match="not one of the cinema"):
        an_offer(a_group(regent), ruth, elsewhere, seat_ids(elsewhere)[:12])
    draft = a_show(cinema=regent, starts_in=dt.timedelta(days=5), published=False)
    with pytest.raises(ShowNotOnSale):
        an_offer(a_group(regent), ruth, draft, seat_ids(draft)[:12])


def test_another_cinemas_staff_offer_nothing(regent: Cinema, show: Show) -> None:
    stranger = by(a_person(Role.MANAGER, a_cinema()))
    with pytest.raises(Forbidden):
        an_offer(a_group(regent), stranger, show, seat_ids(show)[:12])
    assert states(show) == {"free": 60}


# Changing it


def test_a_new_offer_takes_the_place_of_the_old_one(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    first = an_offer(group_id, ruth, show, seat_ids(show)[:40])
    second = an_offer(group_id, ruth, show, seat_ids(show)[20:50], PriceMode.TOTAL, 9_999, reason="ten fewer come")
    assert the_booking(show.id, first.id).state == "released"
    assert states(show) == {"held": 30, "free": 30}
    assert the_group(group_id).offer.code == second.code  # type: ignore[union-attr]
    assert pay(second) == "confirmed"


def test_an_offer_moves_to_another_show_in_either_order(regent: Cinema, ruth: By, show: Show) -> None:
    later = a_show(60, cinema=regent, starts_in=dt.timedelta(days=6))
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    an_offer(group_id, ruth, later, seat_ids(later)[:20], reason="another day")
    assert (states(show), states(later)["held"]) == ({"free": 60}, 20)
    an_offer(group_id, ruth, show, seat_ids(show)[:20], reason="the first day after all")
    assert (states(later), states(show)["held"]) == ({"free": 60}, 20)


def test_a_change_says_why(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:20])
    with pytest.raises(Invalid) as refused:
        an_offer(group_id, ruth, show, seat_ids(show)[:21])
    assert "reason" in refused.value.details["fields"]
    assert the_booking(show.id, booking.id).state == "held"


def test_who_did_not_see_the_last_offer_is_told(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    seen = revision(group_id)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    until = show.starts_at - dt.timedelta(hours=2)
    with pytest.raises(ChangedMeanwhile):
        make_offer(ruth, group_id, seen, Offer(show.id, (seat_ids(show)[30],), PriceMode.LIST, 0, until, reason="x"))
    with pytest.raises(ChangedMeanwhile):
        groups.withdraw_offer(ruth, group_id, seen, "x")
    with pytest.raises(ChangedMeanwhile):
        groups.decline_group(ruth, group_id, seen, "x")
    assert states(show)["held"] == 20


def test_money_for_an_offer_that_was_replaced_goes_back(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    payment = a_started_payment(an_offer(group_id, ruth, show, seat_ids(show)[:20]))
    an_offer(group_id, ruth, show, seat_ids(show)[:25], reason="five more come")
    assert payments.settle_payment(an_event(payment)) == "refunded: offer over"
    assert states(show)["held"] == 25


def test_a_paid_group_is_not_offered_anything_else(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    assert pay(an_offer(group_id, ruth, show, seat_ids(show)[:20])) == "confirmed"
    with pytest.raises(AlreadyPaid):
        an_offer(group_id, ruth, show, seat_ids(show)[20:40], reason="x")
    for act in (groups.withdraw_offer, groups.decline_group):
        with pytest.raises(AlreadyPaid):
            act(ruth, group_id, revision(group_id), "x")
    assert the_group(group_id).standing is Standing.PAID


# Taking it back


def test_an_offer_that_is_taken_back_frees_its_seats_and_says_so(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    payment = a_started_payment(an_offer(group_id, ruth, show, seat_ids(show)[:40]))
    groups.withdraw_offer(ruth, group_id, revision(group_id), "the projector is broken")
    assert states(show) == {"free": 60}
    assert the_group(group_id).standing is Standing.NEW
    assert messages(kind=MessageKind.GROUP_WITHDRAWN)
    assert payments.settle_payment(an_event(payment)) == "refunded: offer over"


def test_taking_back_and_saying_no_need_words(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    for act in (groups.withdraw_offer, groups.decline_group):
        with pytest.raises(Invalid):
            act(ruth, group_id, revision(group_id), "  ")
    assert states(show)["held"] == 20


def test_nothing_is_taken_back_where_nothing_is_offered(regent: Cinema, ruth: By) -> None:
    group_id = a_group(regent)
    with pytest.raises(Invalid, match="Nothing is offered"):
        groups.withdraw_offer(ruth, group_id, revision(group_id), "x")


def test_a_no_ends_an_offer_too_and_may_be_thought_over(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    groups.decline_group(ruth, group_id, revision(group_id), "We are full that week.")
    assert (the_group(group_id).standing, states(show)) == (Standing.DECLINED, {"free": 60})
    assert messages(kind=MessageKind.GROUP_DECLINED)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    assert the_group(group_id).standing is Standing.OFFERED


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


def in_hours(hours: int) -> dt.datetime:
    return clock.now() + dt.timedelta(hours=hours)


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


def test_the_promise_sees_what_is_kept_beside_an_offer(regent: Cinema, ruth: By, show: Show) -> None:
    from app.services.promises import check_promises

    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:20])
    for broken in ("seats = 19", "total_minor = 1", "pay_until = pay_until - interval '1 hour'"):
        with transaction() as session:
            session.execute(text(f"UPDATE group_requests SET {broken} WHERE id = :id"), {"id": group_id})
        assert [one.number for one in check_promises({7})][:1] == [7], broken
        group = db.session.get_one(GroupRequest, group_id, populate_existing=True)
        booking = the_booking(show.id, group.booking_id or 0)
        with transaction() as session:
            fresh = session.get_one(GroupRequest, group_id)
            fresh.seats, fresh.total_minor, fresh.pay_until = 20, booking.total_minor, booking.cap_at
    assert [*check_promises({7})] == []
