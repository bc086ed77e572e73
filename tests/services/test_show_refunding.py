"""A cancelled show is refunded: everybody gets everything back, once, whatever happens midway."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.staff import COMMAND
from app.domain.states import RefundState
from app.jobs.outbox import run_outbox_item
from app.models import Booking, Show
from app.money import Money
from app.queries.show_cancellation import called_off, show_cancellation_progress, sold_to_refund
from app.services import checkout, extras, payments, show_cancelling
from app.services.cancelling import cancel_seats
from app.services.outbox import LEASE_SECONDS
from app.services.show_cancelling import NotAllRefunded, cancel_show, refund_show
from tests.builders import (
    A_BUYER,
    a_hold,
    a_paid_booking,
    a_show,
    a_started_payment,
    an_event,
    the_booking,
)
from tests.support.calling_off import WHY, one, paid_by_fake, refund_all, refund_items, rows, send_all, states
from tests.support.money import a_coupon, a_gift_card, an_account, money_in_wallet


@pytest.fixture
def show(app) -> Show:
    return a_show(seats=30)


def test_every_booking_gets_all_of_its_money_back_fee_included_and_is_told(show, fake):
    bookings = [paid_by_fake(fake, show, n) for n in (2, 3, 1)]
    cancel_show(COMMAND, show.id, WHY)
    refund_all()
    assert states(show) == ["cancelled"] * 3
    assert rows("SELECT value_minor, kept_minor, returned_minor FROM cancellations ORDER BY id") == [
        (2150, 0, 2150),
        (3225, 0, 3225),
        (1075, 0, 1075),
    ]
    assert sorted(one("SELECT array_agg(amount_minor) FROM refunds")) == [1075, 2150, 3225]
    told = rows("SELECT booking_id, subject_id FROM messages WHERE kind = 'show_cancelled' ORDER BY id")
    assert [row.booking_id for row in told] == [booking.id for booking in bookings]
    assert [row.subject_id for row in told] == [row.id for row in rows("SELECT id FROM cancellations ORDER BY id")]
    assert one("SELECT finished_at FROM show_cancellations") is not None
    send_all()
    assert {row.state for row in rows("SELECT state FROM payments")} == {"refunded"}


def test_coupon_gift_card_and_wallet_get_back_what_each_had_paid(show):
    user = an_account()
    a_coupon()
    _, code = a_gift_card(500)
    money_in_wallet(user, 300)
    booking = a_hold(show, owner=f"u:{user}")
    with transaction() as session:
        session.get_one(Booking, (show.id, booking.id), populate_existing=True).user_id = user
    extras.add_coupon(show.id, booking.id, "TENOFF")
    extras.add_gift_card(show.id, booking.id, code)
    extras.use_wallet(show.id, booking.id, user)
    payments.settle_payment(an_event(a_started_payment(booking)))
    assert one("SELECT used FROM coupons") == 1
    cancel_show(COMMAND, show.id, WHY)
    assert sold_to_refund(show.id).amounts == (Money(1950, "GBP"),)
    refund_all()
    assert one("SELECT balance_minor FROM gift_cards") == 500
    assert one("SELECT balance_minor FROM wallets") == 300
    assert one("SELECT amount_minor FROM refunds") == 1150
    assert one("SELECT used FROM coupons") == 0


def test_used_tickets_are_refunded_too(show):
    booking = a_paid_booking(show)
    with transaction() as session:
        session.execute(
            text("""
            WITH t AS (UPDATE tickets SET state = 'admitted', admitted_at = :now WHERE number = 1 RETURNING show_id, id)
            INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
            SELECT show_id, 'admission', id, 'issued', 'admitted', :now, 'test' FROM t
            """),
            {"now": clock.now()},
        )
    cancel_show(COMMAND, show.id, WHY)
    refund_all()
    assert {row.state for row in rows("SELECT state FROM tickets")} == {"void"}
    assert one("SELECT returned_minor FROM cancellations WHERE booking_id = :id", id=booking.id) == 2150


def test_of_a_booking_with_a_seat_cancelled_before_the_rest_comes_back(show):
    booking = a_paid_booking(show, n=3)
    cancel_seats(show.id, booking.id, [1], expected_minor=967)
    cancel_show(COMMAND, show.id, WHY)
    assert sold_to_refund(show.id).seats == 2
    refund_all()
    returned = [row.returned_minor for row in rows("SELECT returned_minor FROM cancellations ORDER BY id")]
    assert returned == [967, 2150]


def test_a_free_booking_is_cancelled_and_told_though_no_money_moves(app):
    free = a_show(prices={("standard", "adult"): 0}, cinema=None)
    with transaction() as session:
        session.execute(text("UPDATE cinemas SET fee_minor = 0"))
    booking = a_hold(free)
    assert checkout.begin_payment(free.id, booking.id, A_BUYER, {}, "sandbox", "card", "guest") is None
    cancel_show(COMMAND, free.id, WHY)
    refund_all()
    assert states(free) == ["cancelled"]
    assert one("SELECT count(*) FROM refunds") == 0
    assert one("SELECT count(*) FROM messages WHERE kind = 'show_cancelled'") == 1


def test_refunding_goes_on_in_slices_each_of_which_leads_to_the_next(show, monkeypatch):
    for _ in range(5):
        a_paid_booking(show)
    cancel_show(COMMAND, show.id, WHY)
    monkeypatch.setattr(show_cancelling, "SLICE_SECONDS", 0.0)
    refunded = []
    while items := refund_items():
        assert len(items) == 1
        assert run_outbox_item(*items[0]) == "done"
        refunded.append(states(show).count("cancelled"))
    assert refunded == [1, 2, 3, 4, 5]
    assert one("SELECT finished_at FROM show_cancellations") is not None


def test_a_slice_that_is_run_twice_begins_no_second_line_and_refunds_nothing_twice(show, monkeypatch):
    for _ in range(4):
        a_paid_booking(show)
    cancel_show(COMMAND, show.id, WHY)
    monkeypatch.setattr(show_cancelling, "SLICE_SECONDS", 0.0)
    ((show_id, item_id),) = refund_items()
    assert refund_show(show_id, item_id) == "goes on"
    assert refund_show(show_id, item_id) == "goes on"
    assert len(refund_items()) == 2, "the item itself, and one that goes on"
    refund_all()
    assert one("SELECT count(*) FROM cancellations") == 4


def test_two_workers_at_once_refund_each_booking_once(app, show):
    for _ in range(8):
        a_paid_booking(show, n=1)
    cancel_show(COMMAND, show.id, WHY)
    ((show_id, item_id),) = refund_items()
    answers: list[object] = []

    def work() -> None:
        with app.app_context():
            try:
                answers.append(refund_show(show_id, item_id))
            finally:
                db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == ["finished"] * 3
    assert one("SELECT count(*) FROM cancellations") == 8
    assert one("SELECT sum(refunded_minor) FROM payments") == 8 * 1075


def test_a_booking_that_fails_is_passed_over_told_to_staff_once_and_tried_again(show, moved_clock, monkeypatch):
    first, second, third = [a_paid_booking(show) for _ in range(3)]
    cancel_show(COMMAND, show.id, WHY)
    real = show_cancelling.give_back_seats

    def fails_for_second(session, booking, *rest):
        if booking.id == second.id:
            raise ValueError("its money is a riddle")
        return real(session, booking, *rest)

    ((show_id, item_id),) = refund_items()
    with monkeypatch.context() as broken:
        broken.setattr(show_cancelling, "give_back_seats", fails_for_second)
        assert run_outbox_item(show_id, item_id) == "postponed"
        assert states(show) == ["cancelled", "confirmed", "cancelled"]
        moved_clock.forward(seconds=LEASE_SECONDS)
        assert run_outbox_item(show_id, item_id) == "postponed"
    told = rows("SELECT message FROM alerts WHERE kind = 'show_refund_failed' AND resolved_at IS NULL")
    assert len(told) == 1
    assert f"Booking {second.id} " in told[0].message
    assert "riddle" in told[0].message
    assert show_cancellation_progress(show.id).finished_at is None
    moved_clock.forward(minutes=5)
    assert run_outbox_item(show_id, item_id) == "done"
    assert states(show) == ["cancelled"] * 3
    assert rows("SELECT id FROM alerts WHERE resolved_at IS NULL") == [], "what was told has found its end"
    assert {first.id, third.id} < {row.booking_id for row in rows("SELECT booking_id FROM cancellations")}


def test_bookings_that_fail_do_not_keep_the_next_slice_from_the_others(show, monkeypatch):
    broken = a_paid_booking(show)
    others = [a_paid_booking(show) for _ in range(2)]
    cancel_show(COMMAND, show.id, WHY)
    real = show_cancelling.give_back_seats

    def fails_for_first(session, booking, *rest):
        if booking.id == broken.id:
            raise ValueError("no")
        return real(session, booking, *rest)

    monkeypatch.setattr(show_cancelling, "give_back_seats", fails_for_first)
    monkeypatch.setattr(show_cancelling, "SLICE_SECONDS", 0.0)
    for _ in range(3):
        ((show_id, item_id),) = refund_items()
        assert run_outbox_item(show_id, item_id) == "done"
    assert [the_booking(show.id, other.id).state for other in others] == ["cancelled", "cancelled"]
    ((show_id, item_id),) = refund_items()
    assert run_outbox_item(show_id, item_id) == "postponed"


def test_nobody_is_refunded_for_a_show_that_takes_place(show):
    booking = a_paid_booking(show)
    with pytest.raises(NotAllRefunded):
        refund_show(show.id, 0)
    assert the_booking(show.id, booking.id).state == "confirmed"


# Figures


def test_the_figures_before_say_how_much_will_go_back(show):
    assert sold_to_refund(show.id).sentence == "No seat is sold; nothing has to be refunded."
    a_paid_booking(show, n=1)
    assert sold_to_refund(show.id).sentence == "1 sold seat will be refunded, £10.75."
    a_paid_booking(show, n=4)
    a_hold(show)
    found = sold_to_refund(show.id)
    assert found.sentence == "5 sold seats will be refunded, £53.75."
    assert (found.bookings, found.unpaid) == (2, 1)


def test_progress_is_counted_until_every_refund_is_done(show, fake, monkeypatch):
    for _ in range(3):
        paid_by_fake(fake, show)
    assert show_cancellation_progress(show.id) is None
    cancel_show(COMMAND, show.id, WHY)
    at = show_cancellation_progress(show.id)
    assert (at.refunded, at.total, at.amounts, at.finished_at) == (0, 3, (), None)
    monkeypatch.setattr(show_cancelling, "SLICE_SECONDS", 0.0)
    run_outbox_item(*refund_items()[0])
    at = show_cancellation_progress(show.id)
    assert (at.refunded, at.total, at.amounts) == (1, 3, (Money(2150, "GBP"),))
    refund_all()
    fake.answers = ["sent"]
    send_all()
    at = show_cancellation_progress(show.id)
    assert at.refunded == 3
    assert at.finished_at is not None
    assert at.refunds == {
        RefundState.REQUESTED: 0,
        RefundState.SENT: 1,
        RefundState.DONE: 2,
        RefundState.FAILED: 0,
    }
    assert at.sentence == (
        "3 of 3 bookings are refunded, £64.50. "
        "Refunds at the gateways: 2 done, 1 sent, 0 to be sent, 0 refused and tried again."
    )


def test_a_buyer_is_told_why_and_what_comes_back_and_others_are_not(show):
    booking, let_go = a_paid_booking(show), a_hold(show)
    assert called_off(show.id, booking.id) is None
    cancel_show(COMMAND, show.id, WHY)
    waiting = called_off(show.id, booking.id)
    assert (waiting.reason, waiting.returned_minor) == (WHY, None)
    assert called_off(show.id, let_go.id) is None
    refund_all()
    assert called_off(show.id, booking.id).returned_minor == 2150


def test_the_command_says_what_it_will_do_asks_and_tells_how_far_it_is(app, show):
    a_paid_booking(show)
    run = app.test_cli_runner().invoke
    refused = run(args=["cancel-show", str(show.id)])
    assert (refused.exit_code, "--reason" in refused.output) == (1, True)
    no = run(args=["cancel-show", str(show.id), "--reason", WHY], input="n\n")
    assert "2 sold seats will be refunded, £21.50." in no.output
    assert (no.exit_code, states(show)) == (1, ["confirmed"])
    yes = run(args=["cancel-show", str(show.id), "--reason", WHY], input="y\n")
    assert "0 of 1 bookings are refunded" in yes.output
    assert yes.exit_code == 0
    refund_all()
    again = run(args=["cancel-show", str(show.id)])
    assert "1 of 1 bookings are refunded, £21.50" in again.output
    assert "worker" not in again.output
    unknown = run(args=["cancel-show", "999", "--reason", WHY, "--yes"])
    assert (unknown.exit_code, "no such show" in unknown.output) == (1, True)
