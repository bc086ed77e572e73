"""Money that finds its booking, in time or late."""

from __future__ import annotations

import threading

from app.adapters.payments import EventKind
from app.services import holds, locking, payments
from tests.builders import a_hold, a_started_payment, an_event, seat_ids
from tests.support.settled import (
    alerts,
    events,
    expire,
    refunds,
    seats,
    state_of,
    tasks,
    the_payment,
    ticket_states,
)


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
