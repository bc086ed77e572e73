"""Money on its way back: sent once, tried again when refused, and never more than was captured."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import clock
from app.adapters.payments import EventKind
from app.db import db, transaction
from app.domain.refund_policy import CancellationReason, what_returns
from app.errors import GatewayUnavailable
from app.models import Booking, Payment, Refund
from app.services import checkout, holds, letting_go, payments
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.refunds import RefundRefused, ask_after_refunds, request_refund, send_refund
from tests.builders import A_BUYER, a_hold, a_show


@dataclasses.dataclass
class Sent:
    """A refund that was asked for, and the event a gateway would send of it."""

    refund: Refund
    fake: object

    def read(self) -> Refund:
        found = db.session.get_one(Refund, (self.refund.show_id, self.refund.id), populate_existing=True)
        db.session.commit()
        return found

    def payment(self) -> Payment:
        found = db.session.get_one(Payment, (self.refund.show_id, self.refund.payment_id), populate_existing=True)
        db.session.commit()
        return found

    def send(self) -> str:
        return send_refund(self.refund.show_id, self.refund.id)

    def told(self, kind: EventKind, **values) -> str:
        (ref,) = self.fake.sessions
        event = self.fake.happens(ref, EventKind.CAPTURED)
        values = {"kind": kind, "refund_key": self.refund.idempotency_key, **values}
        return payments.settle_payment(dataclasses.replace(event, **values))


@pytest.fixture
def late(fake) -> Sent:
    """Money that came after the release of its booking, with the refund asked for and not yet sent."""
    booking = a_hold(a_show())
    checkout.start_payment(
        booking.show_id, booking.id, A_BUYER, {}, provider="fake", mode="card", return_url="http://localhost/back"
    )
    holds.release_booking(booking.show_id, booking.id)
    (ref,) = fake.sessions
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "refunded: released"
    refund = db.session.scalars(db.select(Refund)).one()
    db.session.commit()
    return Sent(refund, fake)


def alerts() -> list[str]:
    kinds = db.session.execute(text("SELECT kind FROM alerts ORDER BY id")).scalars().all()
    db.session.commit()
    return [kind for kind in kinds if kind != "refund_released"]


def ask_for(amount: int, reason: str) -> Refund:
    """One more refund of the only payment there is."""
    with transaction() as session:
        payment = session.scalars(db.select(Payment).with_for_update()).one()
        return request_refund(session, payment, amount, reason, clock.now())


def test_a_refund_is_sent_and_closes_its_payment(late):
    assert late.send() == "done"
    assert (late.read().state, late.read().amount_minor) == ("done", 2150)
    assert late.read().provider_ref == f"refund-{late.refund.idempotency_key}"
    assert late.payment().state == "refunded"
    assert alerts() == []


def test_sending_a_refund_twice_sends_it_once(late):
    late.send()
    assert late.send() == "repeated"
    assert late.fake.calls.count("refund") == 1


def test_a_refused_refund_alerts_staff_and_works_at_a_later_try(late):
    late.fake.answers = ["failed", "failed"]
    for _ in range(2):
        with pytest.raises(RefundRefused):
            late.send()
    assert (late.read().state, late.read().failure) == ("failed", "the bank said no")
    assert alerts() == ["refund_refused"]
    assert late.send() == "done"
    assert (late.read().state, late.read().failure) == ("done", None)
    assert late.payment().state == "refunded"


def test_a_gateway_that_is_down_leaves_the_refund_to_be_sent_later(late):
    late.fake.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        late.send()
    assert late.read().state == "requested"
    assert late.send() == "done"


def test_a_refund_whose_answer_was_lost_is_not_paid_twice(late):
    late.fake.trouble = ["slow"]
    with pytest.raises(GatewayUnavailable):
        late.send()
    assert late.send() == "done"
    (session,) = late.fake.sessions.values()
    assert session.refunds == {late.refund.idempotency_key: 2150}


def test_a_refund_that_was_taken_on_is_done_when_the_gateway_says_so(late):
    late.fake.answers = ["sent"]
    assert late.send() == "sent"
    assert late.payment().state == "captured"
    assert late.told(EventKind.REFUND_DONE) == "refund done"
    assert late.told(EventKind.REFUND_DONE) == "repeated"
    assert (late.read().state, late.payment().state) == ("done", "refunded")


def test_the_message_of_a_refund_may_come_before_the_answer(late):
    assert late.told(EventKind.REFUND_DONE) == "refund done"
    assert late.send() == "repeated"
    assert late.payment().state == "refunded"


def test_a_refund_that_fails_on_its_way_alerts_staff(late):
    late.fake.answers = ["sent"]
    late.send()
    assert late.told(EventKind.REFUND_FAILED, detail="account closed") == "refund failed"
    assert (late.read().state, late.read().failure) == ("failed", "account closed")
    assert alerts() == ["refund_refused"]
    assert late.send() == "done"


def test_a_refund_done_is_not_undone_by_an_older_message_and_staff_are_told(late):
    late.send()
    assert late.told(EventKind.REFUND_FAILED) == "refund came back"
    assert alerts()[-1] == "refund_came_back"
    assert (late.read().state, late.read().failure) == ("done", None)


def test_a_message_about_a_refund_nobody_asked_for_alerts_staff(late):
    assert late.told(EventKind.REFUND_DONE, refund_key="theirs") == "unknown"
    assert alerts() == ["unknown_refund"]
    assert late.read().state == "requested"


def test_more_than_was_captured_is_never_asked_back(late):
    with pytest.raises(IntegrityError, match="refunds_within_capture"):
        ask_for(1, "again")
    assert late.payment().refunded_minor == 2150


def test_a_part_given_back_leaves_the_payment_partly_refunded(fake):
    booking = a_hold(a_show(), n=3)
    checkout.start_payment(
        booking.show_id, booking.id, A_BUYER, {}, provider="fake", mode="card", return_url="http://localhost/back"
    )
    (ref,) = fake.sessions
    payments.settle_payment(fake.happens(ref, EventKind.CAPTURED))
    asked = []
    for state in ("partly_refunded", "partly_refunded", "refunded"):
        asked.append(one_seat_back(booking))
        send_refund(asked[-1].show_id, asked[-1].id)
        assert db.session.scalars(db.select(Payment)).one().state == state
        db.session.commit()
    assert fake.sessions[ref].refunds == {refund.idempotency_key: 1075 for refund in asked}
    assert len(fake.sessions[ref].refunds) == 3


def one_seat_back(booking: Booking) -> Refund:
    """The money of one more seat is asked back."""
    with transaction() as session:
        letting_go.lock_booking(session, booking.show_id, booking.id)
        held = session.get_one(Booking, (booking.show_id, booking.id), populate_existing=True)
        tickets = [one for one in lock_tickets(session, held.show_id, held.id) if one.cancellation_id is None][:1]
        result = what_returns([one.value_minor for one in tickets], None)
        cancellation = give_back_seats(session, held, tickets, CancellationReason.STAFF, result, clock.now(), "test")
        return session.scalars(db.select(Refund).filter_by(cancellation_id=cancellation.id)).one()


def test_a_refund_nobody_speaks_of_again_is_asked_after(late, moved_clock):
    late.fake.answers = ["sent", "sent"]
    late.send()
    assert ask_after_refunds() == 0
    moved_clock.forward(minutes=61)
    assert ask_after_refunds() == 0
    assert late.read().state == "sent"
    assert ask_after_refunds() == 1
    assert (late.read().state, late.payment().state) == ("done", "refunded")
    assert late.fake.sessions[next(iter(late.fake.sessions))].refunds == {late.refund.idempotency_key: 2150}


def test_a_refund_that_turns_out_refused_when_asked_after_is_sent_again(late, moved_clock):
    late.fake.answers = ["sent", "failed"]
    late.send()
    moved_clock.forward(minutes=61)
    assert ask_after_refunds() == 1
    assert late.read().state == "failed"
    assert alerts() == ["refund_refused"]
    assert late.send() == "done"
