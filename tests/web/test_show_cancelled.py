"""What the pages of a booking say once its show was called off."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import db, end_read
from app.domain.staff import COMMAND
from app.models import Show
from app.services.refunds import send_refund
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import a_movie, a_show, seat_ids
from tests.support.client import soup, words
from tests.web.buyer import Buyer, a_buyer
from tests.web.test_booking import booking_of

WHY = "The projector broke, <b>sorry</b>."


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show(seats=60, movie=a_movie("Metropolis"))


@pytest.fixture
def code(buyer: Buyer, show: Show) -> str:
    """A booking paid in the sandbox."""
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    page = buyer.pay(code).location.partition("/pay/sandbox/")[2]
    buyer.post_form(f"/pay/sandbox/{page}", {"do": "pay", "mode": "card"})
    buyer.get(f"/bookings/{code}/return")
    assert booking_of(code).state == "confirmed"
    return code


def test_until_its_turn_comes_the_booking_says_why_and_that_everything_comes_back(buyer: Buyer, show, code) -> None:
    cancel_show(COMMAND, show.id, WHY)
    page = buyer.get(f"/bookings/{code}")
    said = words(page)
    assert page.status_code == 200
    assert "This show is cancelled" in said
    assert WHY in said, "the reason is shown as it was typed"
    assert "Everything you paid comes back, the booking fee too" in said
    assert "Admit" not in said
    assert soup(page).select_one(f'a[href="/movies/{show.movie.slug}"]')


def test_then_it_says_how_much_and_how_its_refund_stands(buyer: Buyer, show, code) -> None:
    cancel_show(COMMAND, show.id, WHY)
    refund_show(show.id, 0)
    said = words(buyer.get(f"/bookings/{code}"))
    assert WHY in said
    assert "£21.50" in said
    row = db.session.execute(text("SELECT show_id, id FROM refunds")).one()
    end_read()
    assert send_refund(row.show_id, row.id) == "done"
    assert "£21.50" in words(buyer.get(f"/bookings/{code}"))


def test_who_was_at_checkout_is_told_that_the_showing_is_cancelled(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    cancel_show(COMMAND, show.id, WHY)
    page = buyer.get(f"/bookings/{code}/checkout")
    assert page.status_code == 410
    assert "This show has been cancelled." in words(page)
    assert "B1, B2 are not kept any more. Nothing was charged." in words(page)
    assert "You gave up" not in words(page)
    assert buyer.pay(code).status_code == 410


def test_who_was_paying_is_told_that_all_of_it_goes_back(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    address = buyer.pay(code).location
    cancel_show(COMMAND, show.id, WHY)
    said = words(buyer.get(f"/bookings/{code}/checkout"))
    assert "If that payment still arrives, all of it goes back" in said
    assert "you get these seats" not in said
    back = buyer.get(buyer.press(address, "pay").location, follow_redirects=True)
    assert "It was called off before your payment arrived, so £21.50 goes back in full" in words(back)
    assert soup(back).select_one(f'main a[href="/movies/{show.movie.slug}"]')
    assert not soup(back).select_one(f'main a[href="/shows/{show.id}"]')
    late = buyer.get(f"/bookings/{code}/checkout")
    assert (late.status_code, late.location) == (303, f"/bookings/{code}"), "it does not say that nothing was charged"


def test_the_list_of_bookings_says_so(buyer: Buyer, show: Show, code: str) -> None:
    cancel_show(COMMAND, show.id, WHY)
    assert "Show cancelled" in words(buyer.get("/account/bookings"))
