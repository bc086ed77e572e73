"""Settling: whatever a gateway says, and whenever it says it, money ends in a booking or goes back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

import pytest
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.db import db
from app.domain.staff import COMMAND
from app.domain.states import PaymentState
from app.errors import GatewayUnavailable
from app.models import Payment, Show
from app.services import checkout, holds, locking, payments
from app.services.show_cancelling import cancel_show
from tests.builders import A_BUYER, a_hold, a_show, a_started_payment, an_event, seat_ids, the_booking


def rows(sql: str, **values):
    found = db.session.execute(text(sql), values).all()
    db.session.commit()
    return found


def ticket_states(booking) -> list[str]:
    sql = "SELECT state FROM tickets WHERE show_id = :show AND booking_id = :booking ORDER BY number"
    return [row.state for row in rows(sql, show=booking.show_id, booking=booking.id)]


def seats(booking) -> dict[str, int]:
    """How many of the booking's seats are in which state, for whom: {"sold": 2}, {"held by another": 1}."""
    sql = (
        "SELECT state, booking_id FROM show_seats WHERE show_id = :show AND seat_id IN "
        "(SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :booking)"
    )
    states: dict[str, int] = {}
    for row in rows(sql, show=booking.show_id, booking=booking.id):
        words = row.state if row.booking_id in (None, booking.id) else f"{row.state} by another"
        states[words] = states.get(words, 0) + 1
    return states


def tasks(booking) -> list[str]:
    sql = """
        SELECT coalesce(m.kind || ' by ' || m.channel, o.kind) AS kind FROM outbox o
        LEFT JOIN messages m ON o.kind = 'send_message' AND m.show_id = o.show_id AND m.id = o.subject_id
        WHERE o.show_id = :show AND o.booking_id = :booking ORDER BY kind
    """
    return [row.kind for row in rows(sql, show=booking.show_id, booking=booking.id)]


def alerts() -> list[str]:
    return [row.kind for row in rows("SELECT kind FROM alerts ORDER BY id")]


def refunds(booking) -> list[tuple[int, str, str]]:
    sql = (
        "SELECT r.amount_minor, r.currency, r.reason FROM refunds r JOIN payments p ON p.id = r.payment_id "
        "WHERE p.booking_id = :booking ORDER BY r.id"
    )
    return [tuple(row) for row in rows(sql, booking=booking.id)]


def the_payment(payment) -> Payment:
    found = db.session.get_one(Payment, (payment.show_id, payment.id), populate_existing=True)
    db.session.commit()
    return found


def state_of(booking) -> str:
    return the_booking(booking.show_id, booking.id).state


def events() -> list[str]:
    return [row.outcome for row in rows("SELECT outcome FROM gateway_events ORDER BY received_at")]


@pytest.fixture
def show(app) -> Show:
    return a_show()


@pytest.fixture
def booking(show):
    return a_hold(show, n=2, owner="s:me")


def expire(booking, moved_clock) -> None:
    moved_clock.forward(minutes=16)
    assert holds.expire_booking(booking.show_id, booking.id)


# Money that finds its booking


def test_a_capture_in_time_sells_the_seats_and_asks_for_tickets_and_mail(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert state_of(booking) == "confirmed"
    assert ticket_states(booking) == ["issued", "issued"]
    assert seats(booking) == {"sold": 2}
    assert tasks(booking) == ["confirmation by email", "render_tickets"]
    paid = the_payment(payment)
    assert (paid.state, paid.captured_minor, paid.check_at) == ("captured", 2150, None)
    assert alerts() == []


def test_a_capture_past_the_time_confirms_while_the_seats_are_its_own(booking, moved_clock):
    payment = a_started_payment(booking)
    moved_clock.forward(minutes=40)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert seats(booking) == {"sold": 2}


def test_a_run_out_booking_whose_seats_are_free_is_confirmed_late_with_new_tickets(booking, moved_clock):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    assert the_payment(payment).state == "expired"
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert state_of(booking) == "confirmed"
    assert ticket_states(booking) == ["void", "void", "issued", "issued"]
    assert seats(booking) == {"sold": 2}
    assert refunds(booking) == []


def test_late_money_wins_over_anothers_hold_whose_time_is_over(show, booking, moved_clock):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    other = a_hold(show, owner="s:other", seats=seat_ids(show, "A1", "A2"))
    moved_clock.forward(minutes=11)
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert state_of(other) == "expired"
    assert seats(booking) == {"sold": 2}
    assert events() == ["confirmed late"]


def test_a_booking_that_runs_out_while_its_capture_waits_for_the_seats_is_confirmed_late(
    app, booking, moved_clock, monkeypatch
):
    payment = a_started_payment(booking)
    moved_clock.forward(minutes=16)
    pessimistic = locking.seat_locking()

    class ExpiredMeanwhile:
        def lock(self, session, show_id, wanted):
            assert len(wanted) == 2
            other = threading.Thread(target=self.expire)
            other.start()
            other.join(5)
            return pessimistic.lock(session, show_id, wanted)

        def expire(self):
            with app.app_context():
                assert holds.expire_booking(booking.show_id, booking.id)

    monkeypatch.setattr(locking, "seat_locking", ExpiredMeanwhile)
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert seats(booking) == {"sold": 2}


def test_a_capture_after_a_failure_confirms(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, EventKind.FAILED)) == "failed"
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert the_payment(payment).state == "captured"


def test_a_capture_finds_its_payment_by_the_gateways_own_id_alone(booking):
    payment = a_started_payment(booking, ref="theirs-7")
    assert payments.settle_payment(an_event(payment, payment_id=None)) == "confirmed"


def test_a_show_that_has_begun_still_gets_the_buyer_whose_seats_are_kept(show, booking, moved_clock):
    payment = a_started_payment(booking)
    moved_clock.forward(hours=6)
    assert payments.settle_payment(an_event(payment)) == "confirmed"


# Money that goes back


def sent_back(booking, payment, outcome: str, reason: str, amount: int = 2150, currency: str = "GBP") -> None:
    assert outcome == f"refunded: {reason.replace('_', ' ')}"
    assert refunds(booking) == [(amount, currency, reason)]
    assert {"send_refund", "late_payment by email"} <= set(tasks(booking))
    assert alerts() == [f"refund_{reason}"]
    paid = the_payment(payment)
    assert (paid.captured_minor, paid.refunded_minor, paid.captured_currency) == (amount, amount, currency)


@pytest.mark.parametrize("labels", [("A1", "A2"), ("A1",)], ids=["all seats", "one seat"])
def test_late_money_goes_back_when_another_buyer_holds_the_seats(show, booking, moved_clock, labels):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    other = a_hold(show, owner="s:other", seats=seat_ids(show, *labels))
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "seats_gone")
    assert state_of(booking) == "expired"
    assert state_of(other) == "held"
    assert "held" not in seats(booking)


def test_money_for_a_released_booking_goes_back(booking):
    payment = a_started_payment(booking)
    holds.release_booking(booking.show_id, booking.id)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "released")
    assert seats(booking) == {"free": 2}


def test_the_second_capture_of_a_booking_goes_back_and_the_first_stays(booking):
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    second = a_started_payment(booking)
    assert payments.settle_payment(an_event(first)) == "confirmed"
    sent_back(booking, second, payments.settle_payment(an_event(second)), "already_paid")
    assert state_of(booking) == "confirmed"
    assert the_payment(first).refunded_minor == 0


def test_a_booking_that_is_paid_has_the_pay_page_of_its_other_attempt_closed(fake, booking):
    started(booking)
    (first,) = fake.sessions
    payments.settle_payment(fake.happens(first, EventKind.FAILED))
    started(booking)
    assert payments.settle_payment(fake.happens(first, EventKind.CAPTURED)) == "confirmed"
    (task,) = rows("SELECT show_id, subject_id FROM outbox WHERE kind = 'cancel_payment'")
    payments.cancel_gateway_session(task.show_id, task.subject_id)
    assert fake.cancelled == list(fake.sessions)[1:]
    assert [row.state for row in rows("SELECT state FROM payments ORDER BY id")] == ["captured", "failed"]
    assert state_of(booking) == "confirmed"


@pytest.mark.parametrize("amount", [2149, 2151, 1])
def test_a_wrong_amount_goes_back_and_the_seats_stay_kept(booking, amount):
    payment = a_started_payment(booking)
    outcome = payments.settle_payment(an_event(payment, amount_minor=amount))
    sent_back(booking, payment, outcome, "wrong_amount", amount)
    assert state_of(booking) == "awaiting_payment"
    assert seats(booking) == {"held": 2}


def test_a_wrong_currency_goes_back_in_that_currency(booking):
    payment = a_started_payment(booking)
    outcome = payments.settle_payment(an_event(payment, currency="EUR"))
    sent_back(booking, payment, outcome, "wrong_amount", currency="EUR")


def test_a_capture_of_nothing_confirms_nothing_and_alerts_staff(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, amount_minor=0)) == "refunded: wrong amount"
    assert refunds(booking) == []
    assert alerts() == ["refund_wrong_amount"]
    assert state_of(booking) == "awaiting_payment"


def test_money_for_a_quote_that_has_changed_since_goes_back(show, booking):
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    child = {seat_ids(show, "A1")[0]: checkout.TicketType.CHILD}
    second = a_started_payment(booking, child)
    sent_back(booking, first, payments.settle_payment(an_event(first)), "wrong_amount")
    assert payments.settle_payment(an_event(second)) == "confirmed"


def test_a_capture_of_what_another_attempt_was_to_cost_goes_back(show, booking):
    child = {seat_ids(show, "A1")[0]: checkout.TicketType.CHILD}
    first = a_started_payment(booking, child)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    second = a_started_payment(booking, {seat_ids(show, "A1")[0]: checkout.TicketType.ADULT})
    outcome = payments.settle_payment(an_event(first, amount_minor=second.amount_minor))
    sent_back(booking, first, outcome, "wrong_amount")


def test_money_for_a_cancelled_show_goes_back(show, booking):
    payment = a_started_payment(booking)
    cancel_show(COMMAND, show.id, "The projector broke.")
    assert state_of(booking) == "released"
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_cancelled")


def test_late_money_for_a_show_that_has_begun_goes_back(booking, moved_clock):
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    moved_clock.forward(hours=6)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_begun")
    assert seats(booking) == {"free": 2}


def test_late_money_after_the_start_goes_back_even_where_sales_are_still_open(app, set_setting, moved_clock):
    set_setting(sales_close_minutes=60)
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    expire(booking, moved_clock)
    moved_clock.forward(hours=5)
    sent_back(booking, payment, payments.settle_payment(an_event(payment)), "show_begun")


@pytest.mark.parametrize("gone", [False, True])
def test_a_capture_told_three_days_late_finds_its_free_seats_or_goes_back(app, moved_clock, gone):
    show = a_show(starts_in=dt.timedelta(days=5))
    booking = a_hold(show)
    payment = a_started_payment(booking)
    moved_clock.forward(days=3)
    assert holds.expire_booking(booking.show_id, booking.id)
    if gone:
        a_hold(show, owner="s:other")
        sent_back(booking, payment, payments.settle_payment(an_event(payment)), "seats_gone")
    else:
        assert payments.settle_payment(an_event(payment)) == "confirmed late"


# Messages as they come: often, in any order, about anything


def test_the_same_message_ten_times_has_one_effect(booking):
    event = an_event(a_started_payment(booking))
    assert [payments.settle_payment(event) for _ in range(10)] == ["confirmed", *["repeated"] * 9]
    assert len(events()) == 1
    assert tasks(booking) == ["confirmation by email", "render_tickets"]


def test_ten_messages_about_one_capture_have_one_effect(booking):
    payment = a_started_payment(booking)
    outcomes = [payments.settle_payment(an_event(payment)) for _ in range(10)]
    assert outcomes == ["confirmed", *["repeated"] * 9]
    assert tasks(booking) == ["confirmation by email", "render_tickets"]
    assert refunds(booking) == []


def test_what_was_said_before_the_capture_and_comes_after_it_changes_nothing(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert payments.settle_payment(an_event(payment, EventKind.PENDING)) == "noted"
    assert payments.settle_payment(an_event(payment, EventKind.FAILED)) == "too late"
    assert payments.settle_payment(an_event(payment, EventKind.CANCELLED)) == "too late"
    assert state_of(booking) == "confirmed"
    assert the_payment(payment).state == "captured"


def test_the_webhook_before_the_redirect_leaves_the_redirect_nothing_to_do(fake, booking):
    started(booking)
    ref = next(iter(fake.sessions))
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "repeated"


def test_the_redirect_before_the_webhook_leaves_the_webhook_nothing_to_do(fake, booking):
    started(booking)
    event = fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    assert payments.refresh_booking_payment(booking.show_id, booking.id) == "confirmed"
    assert payments.settle_payment(event) == "repeated"


def test_an_event_about_nothing_we_know_is_stored_and_staff_is_told(booking):
    event = dataclasses.replace(an_event(a_started_payment(booking)), payment_id=999_999, provider_ref="never")
    assert payments.settle_payment(event) == "unknown"
    assert payments.settle_payment(event) == "repeated"
    assert events() == ["unknown"]
    assert alerts() == ["unknown_payment"]


def test_a_failure_keeps_the_seats_prolongs_nothing_and_is_mailed(booking, moved_clock):
    payment = a_started_payment(booking)
    until = the_booking(booking.show_id, booking.id).expires_at
    moved_clock.forward(minutes=5)
    assert payments.settle_payment(an_event(payment, EventKind.FAILED, detail="No funds.")) == "failed"
    after = the_booking(booking.show_id, booking.id)
    assert (after.state, after.expires_at) == ("awaiting_payment", until)
    assert seats(booking) == {"held": 2}
    assert tasks(booking) == ["payment_failed by email"]
    assert the_payment(payment).failure == "No funds."


def test_going_back_without_paying_ends_the_attempt_without_a_mail(booking):
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, EventKind.CANCELLED)) == "cancelled"
    assert the_payment(payment).state == "failed"
    assert tasks(booking) == []
    again = a_started_payment(booking)
    assert payments.settle_payment(an_event(again)) == "confirmed"


def test_a_failure_in_settling_rolls_the_event_back_so_that_the_next_telling_works(booking, monkeypatch):
    payment = a_started_payment(booking)
    event = an_event(payment)
    with monkeypatch.context() as broken:
        broken.setattr(payments, "confirm", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            payments.settle_payment(event)
    assert events() == []
    assert the_payment(payment).state == "pending"
    assert payments.settle_payment(event) == "confirmed"


def test_ten_tellings_at_the_same_instant_have_one_effect(app, booking):
    payment = a_started_payment(booking)
    event = an_event(payment)
    outcomes: list[str] = []

    def tell() -> None:
        with app.app_context():
            outcomes.append(payments.settle_payment(event))
            db.session.remove()

    threads = [threading.Thread(target=tell) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["confirmed", *["repeated"] * 4]
    assert tasks(booking) == ["confirmation by email", "render_tickets"]


# Nobody tells us


def started(booking) -> str:
    begun = checkout.start_payment(
        booking.show_id,
        booking.id,
        A_BUYER,
        {},
        provider="fake",
        mode="card",
        return_url="http://localhost/back",
    )
    assert begun.redirect_url
    return begun.redirect_url


def test_reconciliation_finds_the_capture_nobody_told_us_of(fake, booking, moved_clock):
    started(booking)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    assert payments.reconcile_payments() == 0
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert state_of(booking) == "confirmed"
    assert payments.reconcile_payments() == 0


def test_reconciliation_asks_again_later_while_the_gateway_says_pending(fake, booking, moved_clock):
    started(booking)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 0
    assert fake.calls.count("fetch") == 1
    assert payments.reconcile_payments() == 0
    assert fake.calls.count("fetch") == 1
    moved_clock.forward(minutes=5)
    payments.reconcile_payments()
    assert fake.calls.count("fetch") == 2


def test_reconciliation_stops_asking_after_three_days(fake, booking, moved_clock):
    started(booking)
    moved_clock.forward(days=3, minutes=1)
    assert payments.reconcile_payments() == 0
    moved_clock.forward(days=1)
    payments.reconcile_payments()
    assert fake.calls.count("fetch") == 1


def test_a_payment_that_cant_be_asked_about_does_not_keep_the_others_waiting(fake, show, booking, moved_clock):
    started(booking)
    other = a_hold(show, owner="s:other")
    started(other)
    moved_clock.forward(minutes=6)
    refs = list(fake.sessions)
    fake.happens(refs[1], EventKind.CAPTURED)
    fake.trouble = ["down"]
    assert payments.reconcile_payments() == 1
    assert state_of(other) == "confirmed"
    fake.happens(refs[0], EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1


def test_a_payment_that_cant_be_settled_does_not_keep_the_others_waiting(fake, show, booking, moved_clock, monkeypatch):
    started(booking)
    other = a_hold(show, owner="s:other")
    started(other)
    for ref in fake.sessions:
        fake.happens(ref, EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    confirm = payments.confirm

    def broken_for_the_first(session, found, *rest):
        assert found.id != booking.id
        confirm(session, found, *rest)

    monkeypatch.setattr(payments, "confirm", broken_for_the_first)
    assert payments.reconcile_payments() == 1
    assert (state_of(booking), state_of(other)) == ("awaiting_payment", "confirmed")


def test_a_start_whose_answer_was_lost_is_found_by_its_order(fake, booking, moved_clock):
    fake.trouble = ["slow"]
    with pytest.raises(GatewayUnavailable):
        started(booking)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert state_of(booking) == "confirmed"


def test_an_expired_bookings_pay_page_is_closed(fake, booking, moved_clock):
    started(booking)
    expire(booking, moved_clock)
    assert tasks(booking) == ["cancel_payment"]
    payment_id = rows("SELECT id FROM payments")[0].id
    payments.cancel_gateway_session(booking.show_id, payment_id)
    assert fake.cancelled == list(fake.sessions)
    found = db.session.get_one(Payment, (booking.show_id, payment_id), populate_existing=True)
    assert (found.state, found.check_at) == (PaymentState.EXPIRED, None)


def test_closing_a_pay_page_that_was_paid_meanwhile_settles_the_money(fake, booking, moved_clock):
    started(booking)
    expire(booking, moved_clock)
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    payments.cancel_gateway_session(booking.show_id, rows("SELECT id FROM payments")[0].id)
    assert state_of(booking) == "confirmed"
