"""Who is told by which way: consent at checkout, the phone's topic on the booking's page, the mail sent again."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.config import settings
from app.db import transaction
from app.domain.links import push_topic
from app.domain.messages import MessageKind
from app.models import Booking, Show
from app.queries.bookings import find_booking
from tests.builders import a_show, seat_ids, the_booking
from tests.support.client import soup, words
from tests.support.post import messages
from tests.web.buyer import Buyer, a_buyer

CONSENT = ("wants_sms", "wants_push")
PHONE = "+44 7700 900123"


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show(seats=60)


@pytest.fixture
def ways(set_setting) -> None:
    set_setting(
        sms_url="json://127.0.0.1/{phone}",
        push_url="ntfy://push.example/{topic}",
        push_page_url="https://push.example/{topic}",
    )


@pytest.fixture
def held(buyer: Buyer, show: Show) -> str:
    return buyer.held(show, seat_ids(show, "B1", "B2"))


def booking_of(code: str) -> Booking:
    found = find_booking(code)
    assert found is not None
    return the_booking(found.show_id, found.id)


def agreed(code: str) -> tuple[bool, bool]:
    booking = booking_of(code)
    return booking.wants_sms, booking.wants_push


def ticked(page: TestResponse) -> dict[str, bool]:
    """The boxes on a checkout page, and whether they are ticked."""
    return {name: box.has_attr("checked") for name in CONSENT if (box := soup(page).find("input", {"name": name}))}


def test_without_a_provider_nothing_but_mail_is_on_offer(buyer: Buyer, held: str) -> None:
    assert ticked(buyer.get(f"/bookings/{held}/checkout")) == {}
    buyer.pay(held, wants_sms="y", wants_push="y", phone=PHONE)
    assert agreed(held) == (False, False)


def test_nobody_is_told_by_a_way_they_did_not_agree_to(ways, buyer: Buyer, held: str) -> None:
    page = buyer.get(f"/bookings/{held}/checkout")
    assert ticked(page) == {"wants_sms": False, "wants_push": False}
    buyer.pay(held, phone=PHONE)
    assert agreed(held) == (False, False)


def test_who_agrees_is_told_by_each_way(ways, buyer: Buyer, show: Show, held: str) -> None:
    back = buyer.press(buyer.pay(held, wants_sms="y", wants_push="y", phone=PHONE).location, "pay")
    buyer.get(back.location)
    assert agreed(held) == (True, True)
    told = messages(show.id, MessageKind.CONFIRMATION)
    assert [(one.channel, one.recipient) for one in told] == [
        ("email", "ada@example.org"),
        ("sms", PHONE),
        ("push", held),
    ]


@pytest.mark.parametrize("phone", ["", "07700 900123", "+44"])
def test_a_text_message_needs_a_number_that_works_from_anywhere(ways, buyer: Buyer, held: str, phone: str) -> None:
    response = buyer.pay(held, wants_sms="y", phone=phone)
    assert response.status_code == 422
    assert "begin the number with +" in words(response)
    assert ticked(response) == {"wants_sms": True, "wants_push": False}
    assert buyer.pay(held, phone=phone).status_code == (303 if phone != "+44" else 422)


def test_a_tick_taken_away_stays_away(ways, buyer: Buyer, held: str) -> None:
    buyer.pay(held, wants_push="y", phone="nonsense")
    assert ticked(buyer.get(f"/bookings/{held}/checkout")) == {"wants_sms": False, "wants_push": True}
    buyer.pay(held, phone="nonsense")
    assert ticked(buyer.get(f"/bookings/{held}/checkout")) == {"wants_sms": False, "wants_push": False}


def test_what_the_phone_listens_to_is_told_to_who_asked_for_it(ways, buyer: Buyer, show: Show) -> None:
    code = buyer.booked(show, seat_ids(show, "B1", "B2"))
    topic = push_topic(settings.secret_key, code)
    assert topic not in buyer.get(f"/bookings/{code}").text
    with transaction() as session:
        session.execute(text("UPDATE bookings SET wants_push = true WHERE code = :code"), {"code": code})
    page = buyer.get(f"/bookings/{code}")
    assert soup(page).find("a", {"href": f"https://push.example/{topic}"}) is not None


def test_a_mail_sent_again_names_the_one_it_repeats(buyer: Buyer, show: Show) -> None:
    code = buyer.booked(show, seat_ids(show, "B1", "B2"))
    assert buyer.post_form(f"/bookings/{code}/send-again").status_code == 303
    first, again = messages(show.id, MessageKind.CONFIRMATION)
    assert again.resend_of == first.id


def test_a_mail_that_did_not_go_out_is_said_without_a_promise(buyer: Buyer, show: Show) -> None:
    code = buyer.booked(show, seat_ids(show, "B1", "B2"))
    with transaction() as session:
        session.execute(text("UPDATE messages SET state = 'failed' WHERE show_id = :id"), {"id": show.id})
    assert "has not gone out. Your tickets are here all the same." in words(buyer.get(f"/bookings/{code}"))
