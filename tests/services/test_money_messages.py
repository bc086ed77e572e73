"""Messages about money that comes back, shows called off, and gift cards."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import db, transaction
from app.domain.gift_cards import code_of
from app.domain.messages import MessageKind
from app.domain.staff import COMMAND
from app.domain.states import RefundState
from app.models import Booking
from app.services import payments, refunds
from app.services.show_cancelling import cancel_show, refund_show
from app.services.telling import tell, tell_about_gift_card
from tests.builders import a_hold, a_paid_booking, a_show, a_started_payment
from tests.support.offers import an_order, the_card
from tests.support.post import a_gift_card, bodies, deliver, give_back, messages, run, the_message


def a_refund(booking: Booking):
    give_back(booking)
    query = text("SELECT id FROM refunds WHERE show_id = :show_id")
    refund_id = db.session.execute(query, {"show_id": booking.show_id}).scalar_one()
    db.session.commit()
    return refund_id


def told_of_refunds(show_id: int) -> list[str]:
    return [one.kind for one in messages(show_id) if one.kind.startswith("refund_")]


def test_a_refund_is_told_when_it_is_sent_and_when_it_is_done_once_each(post) -> None:
    booking = a_paid_booking(a_show())
    refund_id = a_refund(booking)
    for state in (RefundState.SENT, RefundState.FAILED, RefundState.SENT, RefundState.DONE, RefundState.DONE):
        with transaction() as session:
            refunds._note(session, booking.show_id, refund_id, state, "test")
        if state is RefundState.SENT:
            deliver(booking, MessageKind.REFUND_SENT)
    assert told_of_refunds(booking.show_id) == ["refund_sent", "refund_done"]
    deliver(booking, MessageKind.REFUND_DONE)
    sent, done = (" ".join(bodies(letter)[0].split()) for letter in post.sent)
    assert "We have sent £21.50 back" in sent
    assert "£21.50 went back" in done


def test_a_refund_that_is_done_at_once_is_told_once(post) -> None:
    booking = a_paid_booking(a_show())
    refund_id = a_refund(booking)
    with transaction() as session:
        refunds._note(session, booking.show_id, refund_id, RefundState.DONE, "test")
    assert told_of_refunds(booking.show_id) == ["refund_done"]


def test_that_a_refund_was_sent_is_not_told_after_it_is_done(post) -> None:
    booking = a_paid_booking(a_show())
    refund_id = a_refund(booking)
    for state in (RefundState.SENT, RefundState.DONE):
        with transaction() as session:
            refunds._note(session, booking.show_id, refund_id, state, "test")
    deliver(booking, MessageKind.REFUND_SENT)
    assert post.sent == []


def test_a_show_called_off_is_told_with_its_reason_and_all_that_comes_back(post) -> None:
    show = a_show()
    booking = a_paid_booking(show)
    cancel_show(COMMAND, show.id, "The lamp burst.")
    refund_show(show.id, 0)
    deliver(booking, MessageKind.SHOW_CANCELLED)
    for words in bodies(post.sent[0]):
        for needed in ("does not take place", "The lamp burst.", "£21.50", "the booking fee too", "The way you paid"):
            assert needed in words
    assert post.sent[0]["Subject"].startswith("Called off")


def tell_card(kind: MessageKind, **values: Any) -> None:
    card = a_gift_card(**values)
    with transaction() as session:
        tell_about_gift_card(session, kind, clock.now(), card)
    (message,) = messages(kind=kind)
    assert run(message) == "done"


def the_code() -> str:
    """The gift card's, as mails write it."""
    return "-".join(re.findall("....", code_of(settings.secret_key, "ORDER123")))


def test_a_gift_card_goes_to_whom_it_is_for_with_its_code(post) -> None:
    tell_card(MessageKind.GIFT_CARD)
    (letter,) = post.sent
    assert letter["To"] == "Charles <charles@example.org>"
    for words in bodies(letter):
        for needed in (
            the_code(),
            "£25.00",
            "Ada Byron",
            "For a rainy evening.",
            "Charles",
        ):
            assert needed in words
    assert "7XYZ" not in letter["Subject"]


def test_a_gift_card_for_nobody_else_goes_to_its_buyer(post) -> None:
    tell_card(MessageKind.GIFT_CARD, recipient_name="", recipient_email="", note="")
    assert post.sent[0]["To"] == "Ada Byron <ada@example.org>"
    assert "gives you" not in bodies(post.sent[0])[0]


def test_a_gift_card_that_is_not_paid_is_not_sent(post) -> None:
    tell_card(MessageKind.GIFT_CARD, state="ordered", balance_minor=0)
    assert post.sent == []
    assert messages()[0].state == "not_needed"


def test_the_receipt_of_a_gift_card_goes_to_its_buyer_without_the_code(post) -> None:
    tell_card(MessageKind.GIFT_CARD_RECEIPT)
    (letter,) = post.sent
    assert letter["To"] == "Ada Byron <ada@example.org>"
    for words in bodies(letter):
        assert "ORDER123" in words
        assert "charles@example.org" in words
        assert the_code() not in words


def test_a_refund_of_a_gift_card_is_told_to_its_buyer(post) -> None:
    card_id, event = an_order()
    assert payments.settle_payment(dataclasses.replace(event, amount_minor=2400)) == "refunded: wrong amount"
    refund_id = db.session.execute(text("SELECT id FROM refunds")).scalar_one()
    db.session.commit()
    with transaction() as session:
        refunds._note(session, 0, refund_id, RefundState.DONE, "test")
    (message,) = messages(kind=MessageKind.REFUND_DONE)
    run(message)
    for words in bodies(post.sent[-1]):
        assert "£24.00 went back" in " ".join(words.split())
        assert the_card(card_id).order_code in words


def test_late_money_of_nothing_is_not_told(post) -> None:
    """A capture of 0 is wrong, and nothing of it can go back."""
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    with transaction() as session:
        row = session.get_one(Booking, (booking.show_id, booking.id))
        tell(session, MessageKind.LATE_PAYMENT, clock.now(), row, payment.id)
    deliver(booking, MessageKind.LATE_PAYMENT)
    assert the_message(booking, MessageKind.LATE_PAYMENT).state == "not_needed"
