"""Messages on small screens: text messages and push, to who agreed to them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import clock
from app.adapters.texts import TextNotSent
from app.config import settings
from app.db import db, transaction
from app.domain.links import push_topic
from app.domain.messages import SHORT, MessageKind
from app.models import Booking, Payment
from app.services.checkout import Buyer, begin_payment
from app.services.payments import settle_payment
from app.services.telling import tell
from tests.builders import a_hold, a_movie, a_show, an_event
from tests.support.post import give_back, messages, run


@pytest.fixture
def small_screens(set_setting, monkeypatch) -> list[tuple[str, ...]]:
    """Text messages and push are on offer; what the provider gets."""
    set_setting(sms_url="json://127.0.0.1/{phone}", push_url="json://127.0.0.1/{topic}")
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr("app.services.messages.send_sms", lambda *words: sent.append(("sms", *words)))
    monkeypatch.setattr("app.services.messages.send_push", lambda *words: sent.append(("push", *words)))
    return sent


def an_agreed_booking() -> Booking:
    """A buyer who wants to be told by every way."""
    booking = a_hold(a_show(movie=a_movie("Metropolis")))
    buyer = Buyer("Ada Byron", "ada@example.org", "+44 7700 900123", wants_sms=True, wants_push=True)
    begun = begin_payment(booking.show_id, booking.id, buyer, {}, "sandbox", "card", "guest")
    assert begun is not None
    payment = db.session.get_one(Payment, (booking.show_id, begun.payment_id))
    assert settle_payment(an_event(payment, provider_ref="ref-small")) == "confirmed"
    return booking


def test_a_text_message_has_the_signed_link_and_a_push_has_not(small_screens, post) -> None:
    booking = an_agreed_booking()
    for message in messages(booking.show_id, MessageKind.CONFIRMATION):
        assert run(message) == "done"
    text_message, push = small_screens
    assert text_message[:2] == ("sms", "+447700900123")
    assert text_message[2].startswith("Marquee: Booked: Metropolis, ")
    assert "?key=" in text_message[2]
    assert push[1] == push_topic(settings.secret_key, booking.code)
    assert push[2].startswith("Your tickets: Metropolis")
    assert f"/bookings/{booking.code}" in push[3]
    assert "key=" not in push[3]
    assert [one.state for one in messages(booking.show_id)] == ["sent"] * 3


def test_every_short_message_is_one_line_with_the_facts(small_screens, post) -> None:
    booking = an_agreed_booking()
    with transaction() as session:
        session.execute(text("DELETE FROM outbox WHERE kind = 'send_message'"))
        session.execute(text("DELETE FROM messages"))
        row = session.get_one(Booking, (booking.show_id, booking.id))
        tell(session, MessageKind.REMINDER, clock.now(), row)
        tell(session, MessageKind.CONFIRMATION, clock.now(), row)
    for message in messages(booking.show_id):
        run(message)
    give_back(booking)
    for kind in (MessageKind.CANCELLATION, MessageKind.SHOW_CANCELLED):
        if kind is MessageKind.SHOW_CANCELLED:
            with transaction() as session:
                tell(session, kind, clock.now(), session.get_one(Booking, (booking.show_id, booking.id)))
        for message in messages(booking.show_id, kind):
            run(message)
    texts = [words[2] for words in small_screens if words[0] == "sms"]
    assert len(texts) == len(SHORT)
    for words in texts:
        assert "Metropolis" in words
        assert "\n" not in words
        assert len(words) < 300


def test_a_provider_that_says_no_is_in_the_log_and_does_not_hold_up_the_mail(small_screens, post, monkeypatch) -> None:
    def refuse(*_: str) -> None:
        raise TextNotSent("error=503")

    monkeypatch.setattr("app.services.messages.send_sms", refuse)
    booking = an_agreed_booking()
    ran = [run(message) for message in messages(booking.show_id)]
    assert ran == ["done", "postponed", "done"]
    assert [(one.state, one.detail) for one in messages(booking.show_id)][1] == ("failed", "error=503")


def test_a_way_that_is_no_longer_on_offer_is_not_needed(small_screens, post, set_setting) -> None:
    booking = an_agreed_booking()
    set_setting(sms_url="", push_url="")
    for message in messages(booking.show_id):
        run(message)
    assert [one.state for one in messages(booking.show_id)] == ["sent", "not_needed", "not_needed"]
    assert small_screens == []


def test_what_is_not_for_small_screens_is_only_mailed(small_screens, post) -> None:
    booking = an_agreed_booking()
    with transaction() as session:
        row = session.get_one(Booking, (booking.show_id, booking.id))
        tell(session, MessageKind.LATE_PAYMENT, clock.now(), row, 1)
    assert [one.channel for one in messages(booking.show_id, MessageKind.LATE_PAYMENT)] == ["email"]
