"""From a hold to the gateway's page: the quote is kept, the time prolonged once, and one payment runs at a time."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.db import db
from app.domain.pricing import TicketType
from app.errors import (
    ConcurrentModification,
    GatewayUnavailable,
    HoldExpired,
    Invalid,
    NotFound,
    PaymentStarted,
)
from app.services import checkout, holds, payments
from app.services.quoting import quote_booking
from tests.builders import A_BUYER, a_hold, a_show, seat_ids, the_booking


def rows(sql: str):
    found = db.session.execute(text(sql)).all()
    db.session.commit()
    return found


def start(booking, types=None, provider: str = "fake", mode: str = "card") -> str | None:
    begun = checkout.start_payment(
        booking.show_id,
        booking.id,
        A_BUYER,
        types or {},
        provider=provider,
        mode=mode,
        return_url="http://localhost:8000/bookings/X/return",
    )
    return begun.redirect_url


@pytest.fixture
def show(fake):
    return a_show()


@pytest.fixture
def booking(show):
    return a_hold(show, n=2, owner="s:me")


def now(booking):
    return the_booking(booking.show_id, booking.id)


def payment_states() -> list[str]:
    return [row.state for row in rows("SELECT state FROM payments ORDER BY id")]


def test_paying_opens_a_session_at_the_gateway_for_the_stored_quote(fake, booking):
    url = start(booking, mode="upi")
    (session,) = fake.sessions.values()
    assert url == f"https://pay.example/{session.ref}"
    order = session.order
    assert (order.amount_minor, order.currency, order.mode) == (2150, "GBP", "upi")
    assert (order.email, order.booking_code) == ("ada@example.org", booking.code)
    assert order.return_url == "http://localhost:8000/bookings/X/return"
    after = now(booking)
    assert (after.state, after.name, after.email) == ("awaiting_payment", "Ada Byron", "ada@example.org")
    assert payment_states() == ["pending"]


def test_the_ticket_types_chosen_are_what_is_charged_and_kept_line_by_line(fake, show, booking):
    start(booking, {seat_ids(show, "A2")[0]: TicketType.CHILD})
    after = now(booking)
    assert (after.total_minor, after.fee_minor) == (1000 + 700 + 150, 150)
    lines = [tuple(row) for row in rows("SELECT kind, label, amount_minor FROM booking_lines ORDER BY position")]
    assert lines == [
        ("ticket", "Adult, standard, A1", 1000),
        ("ticket", "Child, standard, A2", 700),
        ("fee", "Booking fee", 150),
        ("tax", "Tax 20 %", 308),
    ]
    prices = rows("SELECT price_minor FROM tickets ORDER BY number")
    assert [row.price_minor for row in prices] == [1000, 700]
    assert next(iter(fake.sessions.values())).order.amount_minor == 1850


def test_starting_to_pay_leaves_fifteen_minutes(booking, moved_clock):
    moved_clock.forward(minutes=8)
    start(booking)
    left = now(booking).expires_at - moved_clock.now()
    assert dt.timedelta(minutes=14, seconds=50) < left <= dt.timedelta(minutes=15)
    ends = rows(f"SELECT DISTINCT held_until FROM show_seats WHERE booking_id = {booking.id}")
    assert [row.held_until for row in ends] == [now(booking).expires_at]


def test_starting_to_pay_never_takes_the_hold_past_its_cap(booking, moved_clock, set_setting):
    set_setting(payment_minutes=60)
    start(booking)
    assert now(booking).expires_at == booking.cap_at


def test_a_second_attempt_prolongs_nothing(fake, booking, moved_clock):
    start(booking)
    until = now(booking).expires_at
    payments.settle_payment(fake.happens(next(iter(fake.sessions)), EventKind.FAILED))
    moved_clock.forward(minutes=10)
    start(booking)
    assert now(booking).expires_at == until
    assert payment_states() == ["failed", "pending"]


def test_the_same_form_sent_twice_is_one_payment(fake, booking):
    assert start(booking) == start(booking)
    assert payment_states() == ["pending"]
    assert fake.calls == ["start"]


def test_two_submits_at_the_same_instant_are_one_payment(app, fake, booking):
    urls: list[str | None] = []

    def submit() -> None:
        with app.app_context():
            urls.append(start(booking))
            db.session.remove()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(urls) == 4
    assert len(set(urls)) == 1
    assert payment_states() == ["pending"]
    assert len(fake.sessions) == 1


def test_a_start_that_died_before_the_gateway_answered_goes_on_at_the_next_submit(fake, booking):
    checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "fake", "card", "guest")
    assert payment_states() == ["created"]
    assert start(booking)
    assert payment_states() == ["pending"]


def test_a_cart_changed_after_the_payment_began_is_refused_and_nothing_changes(fake, show, booking):
    url = start(booking)
    with pytest.raises(PaymentStarted) as told:
        start(booking, {seat_ids(show, "A1")[0]: TicketType.CHILD})
    assert told.value.details["redirect_url"] == url
    assert now(booking).total_minor == 2150
    assert payment_states() == ["pending"]


def test_a_changed_cart_of_the_same_price_is_refused_too(show, booking):
    first, second = seat_ids(show, "A1", "A2")
    start(booking, {first: TicketType.CHILD, second: TicketType.ADULT})
    with pytest.raises(PaymentStarted):
        start(booking, {first: TicketType.ADULT, second: TicketType.CHILD})
    assert payment_states() == ["pending"]


def test_after_a_failed_attempt_the_ticket_types_may_change(fake, show, booking):
    start(booking)
    payments.settle_payment(fake.happens(next(iter(fake.sessions)), EventKind.FAILED))
    start(booking, {seat_ids(show, "A1")[0]: TicketType.CHILD})
    assert now(booking).total_minor == 1850
    second = list(fake.sessions)[1]
    assert payments.settle_payment(fake.happens(second, EventKind.CAPTURED)) == "confirmed"


def test_a_seat_cant_be_sold_as_what_the_list_has_no_price_for(fake, show, booking):
    for kind in (TicketType.COMPANION, TicketType.STUDENT):
        with pytest.raises(Invalid):
            start(booking, {seat_ids(show, "A1")[0]: kind})
    assert now(booking).state == "held"
    assert fake.calls == []


def test_a_gateway_that_is_down_costs_the_buyer_nothing_and_the_next_try_works(fake, booking):
    fake.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        start(booking)
    assert now(booking).state == "awaiting_payment"
    held = rows(f"SELECT count(*) AS n FROM show_seats WHERE state = 'held' AND booking_id = {booking.id}")
    assert held[0].n == 2
    assert payment_states() == ["failed"]
    assert start(booking)
    assert payment_states() == ["failed", "pending"]
    (ref,) = fake.sessions
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"


def test_an_answer_that_never_came_is_an_attempt_that_failed(fake, booking):
    fake.trouble = ["slow"]
    with pytest.raises(GatewayUnavailable):
        start(booking)
    assert start(booking)
    assert payment_states() == ["failed", "pending"]
    assert len(fake.sessions) == 2


def test_a_hold_that_is_let_go_while_the_gateway_answers_has_its_page_closed(fake, booking, monkeypatch):
    answer = fake.start

    def released_meanwhile(order):
        holds.release_booking(booking.show_id, booking.id)
        return answer(order)

    monkeypatch.setattr(fake, "start", released_meanwhile)
    with pytest.raises(HoldExpired):
        start(booking)
    assert payment_states() == ["expired"]
    (task,) = rows("SELECT kind, show_id, subject_id FROM outbox")
    assert task.kind == "cancel_payment"
    payments.cancel_gateway_session(task.show_id, task.subject_id)
    assert fake.cancelled == list(fake.sessions)


def test_what_costs_nothing_is_confirmed_without_a_gateway(fake):
    show = a_show(prices={("standard", "adult"): 0, ("standard", "child"): 0})
    booking = a_hold(show)
    with db.session.begin_nested():
        db.session.execute(text("UPDATE bookings SET seat_fee_minor = 0"))
    db.session.commit()
    assert start(booking) is None
    assert now(booking).state == "confirmed"
    assert fake.calls == []
    assert payment_states() == []
    kinds = [row.kind for row in rows("SELECT kind FROM outbox ORDER BY kind")]
    assert kinds == ["render_tickets", "send_message"]


def test_a_hold_whose_time_is_over_cant_be_paid(fake, booking, moved_clock):
    moved_clock.forward(minutes=10)
    with pytest.raises(HoldExpired):
        start(booking)
    assert fake.calls == []
    assert payment_states() == []


def test_a_released_booking_cant_be_paid(booking):
    holds.release_booking(booking.show_id, booking.id)
    with pytest.raises(HoldExpired):
        start(booking)


def test_a_paid_booking_cant_be_paid_again(fake, booking):
    start(booking)
    payments.settle_payment(fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED))
    with pytest.raises(ConcurrentModification):
        start(booking)
    assert payment_states() == ["captured"]


def test_a_gateway_that_is_not_on_offer_is_refused_before_anything_is_written(booking):
    with pytest.raises(NotFound):
        start(booking, provider="another")
    assert now(booking).state == "held"
    assert payment_states() == []


def test_a_quote_asked_for_changes_nothing(show, booking):
    bill = quote_booking(db.session(), booking, {seat_ids(show, "A1")[0]: TicketType.CHILD}).bill
    assert bill.total_minor == 1850
    assert now(booking).total_minor == 2150
