"""Messages about money that comes back, shows called off, and gift cards."""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from zoneinfo import ZoneInfo

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
from tests.builders import a_hold, a_paid_booking, a_show, a_started_payment, an_event, the_booking
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


def test_a_payment_of_a_wrong_amount_says_until_when_the_seats_are_kept_and_what_to_do(post) -> None:
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    assert payments.settle_payment(an_event(payment, amount_minor=2000)) == "refunded: wrong amount"
    until = the_booking(booking.show_id, booking.id).expires_at.astimezone(ZoneInfo("Europe/London"))
    deliver(booking, MessageKind.LATE_PAYMENT)
    for words in bodies(post.sent[0]):
        said = " ".join(words.split())
        assert "was not the amount of your booking" in said
        assert f"Your seats are kept until {until:%a %-d %b %H:%M}" in said
        assert "Pay £21.50 by then and they are yours" in said
        assert "Pay again" in said
        assert "has no tickets" not in said


def test_once_their_time_is_over_nothing_is_said_to_be_kept(post, moved_clock) -> None:
    booking = a_hold(a_show())
    payments.settle_payment(an_event(a_started_payment(booking), amount_minor=2000))
    moved_clock.forward(hours=2)
    deliver(booking, MessageKind.LATE_PAYMENT)
    said = " ".join(bodies(post.sent[0])[0].split())
    assert "kept until" not in said
    assert "This booking has no tickets." in said


def test_what_went_back_at_once_says_which_payment_it_was(post) -> None:
    booking = a_hold(a_show())
    payments.settle_payment(an_event(a_started_payment(booking), amount_minor=2000))
    refund_id = db.session.execute(text("SELECT id FROM refunds")).scalar_one()
    db.session.commit()
    for state, kind in ((RefundState.SENT, MessageKind.REFUND_SENT), (RefundState.DONE, MessageKind.REFUND_DONE)):
        with transaction() as session:
            refunds._note(session, booking.show_id, refund_id, state, "test")
        deliver(booking, kind)
        said = " ".join(bodies(post.sent[-1])[0].split())
        assert "a payment that we couldn’t use. The amount that arrived was not the amount of your booking." in said


def test_money_of_seats_that_were_given_back_is_no_late_payment(post) -> None:
    show = a_show()
    booking = a_paid_booking(show)
    cancel_show(COMMAND, show.id, "The lamp burst.")
    refund_show(show.id, 0)
    refund_id = db.session.execute(text("SELECT id FROM refunds")).scalar_one()
    db.session.commit()
    with transaction() as session:
        refunds._note(session, booking.show_id, refund_id, RefundState.DONE, "test")
    deliver(booking, MessageKind.REFUND_DONE)
    assert "couldn’t use" not in bodies(post.sent[-1])[0]


def test_the_lines_of_a_gift_cards_words_stay_lines(post) -> None:
    tell_card(MessageKind.GIFT_CARD, note="Happy <birthday>!\n\nYours,\nAda")
    (letter,) = post.sent
    assert "Happy <birthday>!\n\nYours,\nAda" in bodies(letter)[0]
    page = letter.get_body(("html",))
    assert page is not None
    assert "Happy &lt;birthday&gt;!<br><br>Yours,<br>Ada" in page.get_content()


def test_late_money_of_nothing_is_not_told(post) -> None:
    """A capture of 0 is wrong, and nothing of it can go back."""
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    with transaction() as session:
        row = session.get_one(Booking, (booking.show_id, booking.id))
        tell(session, MessageKind.LATE_PAYMENT, clock.now(), row, payment.id)
    deliver(booking, MessageKind.LATE_PAYMENT)
    assert the_message(booking, MessageKind.LATE_PAYMENT).state == "not_needed"
