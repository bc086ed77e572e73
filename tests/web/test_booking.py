"""Checkout, the way to the gateway and back, and the booking's page, as plain forms see them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.adapters.payments.fake import FakeGateway
from app.db import db
from app.domain.states import BookingState
from app.models import Booking, Show
from app.queries.bookings import find_booking
from app.services.accounts import register
from app.services.holds import expire_booking
from app.services.payments import settle_payment
from app.services.tickets import render_tickets
from app.web.identity import link_key
from tests.builders import a_hold, a_movie, a_show, a_started_payment, an_event, seat_ids, the_booking
from tests.support.client import soup, words
from tests.web.buyer import ADA, Buyer, a_buyer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def other(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def fake(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    gateway = FakeGateway()
    monkeypatch.setitem(app.extensions, "marquee_gateways", {"fake": gateway})
    return gateway


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show(seats=60, movie=a_movie("Metropolis"))


def booking_of(code: str) -> Booking:
    found = find_booking(code)
    assert found is not None
    return the_booking(found.show_id, found.id)


def expire(code: str) -> None:
    """The hold's time runs out: rows move, not clocks."""
    booking = booking_of(code)
    with db.engine.begin() as connection:
        for table, column, key in (("bookings", "expires_at", "id"), ("show_seats", "held_until", "booking_id")):
            connection.execute(
                text(f"UPDATE {table} SET {column} = now() - interval '1 s' WHERE show_id = :show AND {key} = :id"),
                {"show": booking.show_id, "id": booking.id},
            )
    assert expire_booking(booking.show_id, booking.id)


# Checkout


def test_checkout_shows_clock_seats_prices_and_the_whole_bill(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    page = buyer.get(f"/bookings/{code}/checkout")
    said = words(page)
    assert "Kept for you until" in said
    assert "Booking fee, 2 × £0.75 £1.50" in said
    assert "To pay £21.50" in said
    assert 590 <= int(str(soup(page).select_one("#leader")["data-left"])) <= 600  # type: ignore[index]
    known = [str(field["autocomplete"]) for field in soup(page).select("[autocomplete]")]
    assert known == ["name", "email", "tel", "off"]
    assert page.headers["Cache-Control"] == "no-store"


def test_the_first_price_shown_is_the_price_paid(buyer: Buyer, show: Show) -> None:
    seats = seat_ids(show, "B1", "B2")
    seat_page = buyer.get(f"/shows/{show.id}?choose={seats[0]},{seats[1]}")
    code = buyer.held(show, seats)
    buyer.pay(code)
    assert soup(seat_page).select_one("#total").get_text() == "£21.50"  # type: ignore[union-attr]
    assert booking_of(code).total_minor == 2150


def test_the_bill_follows_the_tickets_and_writes_nothing(buyer: Buyer, show: Show) -> None:
    first, second = seat_ids(show, "B1", "B2")
    code = buyer.held(show, [first, second])
    page = buyer.post_form(f"/bookings/{code}/quote", {f"type-{first}": "child", "name": "Ada"})
    assert "Pay £18.50" in words(page)
    assert soup(page).select_one("[name=name]")["value"] == "Ada"  # type: ignore[index]
    assert booking_of(code).total_minor == 2150


def test_the_bill_by_htmx_is_a_fragment_with_the_seats_prices(buyer: Buyer, show: Show) -> None:
    first, second = seat_ids(show, "B1", "B2")
    code = buyer.held(show, [first, second])
    part = buyer.post_form(f"/bookings/{code}/quote", {f"type-{first}": "child"}, headers=HTMX)
    assert "<html" not in part.get_data(as_text=True)
    assert soup(part).select_one(f"#price-{first}").get_text() == "£7.00"  # type: ignore[union-attr]
    assert soup(part).select_one(f"#price-{second}").get_text() == "£10.00"  # type: ignore[union-attr]


def test_a_wrong_form_names_each_field_and_keeps_the_entries(buyer: Buyer, show: Show) -> None:
    first, second = seat_ids(show, "B1", "B2")
    code = buyer.held(show, [first, second])
    page = buyer.pay(code, name="", email="ada.example.org", phone="call me", **{f"type-{second}": "child"})
    assert page.status_code == 422
    assert [link["href"] for link in soup(page).select("#summary a")] == ["#name", "#email", "#phone"]
    assert soup(page).select_one("[name=email]")["value"] == "ada.example.org"  # type: ignore[index]
    assert soup(page).select_one(f"[name=type-{second}] [selected]")["value"] == "child"  # type: ignore[index]
    assert booking_of(code).state == BookingState.HELD


def test_altered_prices_are_ignored_and_unknown_tickets_refused(buyer: Buyer, show: Show) -> None:
    first, second = seat_ids(show, "B1", "B2")
    code = buyer.held(show, [first, second])
    refused = buyer.pay(code, **{f"type-{first}": "companion"})
    assert refused.status_code == 422
    assert buyer.pay(code, **{f"type-{first}": "emperor"}).status_code == 422
    assert buyer.pay(code, total="1", price="1", **{f"price-{first}": "1"}).status_code == 303
    assert booking_of(code).total_minor == 2150


def test_the_same_submit_twice_is_one_payment(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    assert buyer.pay(code).location == buyer.pay(code).location


def test_a_changed_submit_while_paying_offers_to_go_on_or_give_up(buyer: Buyer, show: Show) -> None:
    first, second = seat_ids(show, "B1", "B2")
    code = buyer.held(show, [first, second])
    running = buyer.pay(code).location
    page = buyer.pay(code, **{f"type-{first}": "child"})
    assert page.status_code == 409
    assert soup(page).select_one(f'a[href="{running}"]')
    assert soup(page).select_one(f'form[action="/bookings/{code}/release"]')


def test_a_gateway_that_is_down_is_told_and_the_seats_stay(buyer: Buyer, fake: FakeGateway, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    fake.trouble.append("down")
    page = buyer.pay(code, method="fake:card")
    assert page.status_code == 502
    assert soup(page).select_one("[name=email]")["value"] == "ada@example.org"  # type: ignore[index]
    assert buyer.pay(code, method="fake:card").location.startswith("https://pay.example/")


def test_what_costs_nothing_is_confirmed_at_once(buyer: Buyer, app: Flask) -> None:
    free = {("standard", "adult"): 0}
    gift = a_show(prices=free, cinema=None)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE cinemas SET fee_minor = 0 WHERE id = :id"), {"id": gift.cinema_id})
    code = buyer.held(gift, seat_ids(gift, "B1", "B2"))
    assert "Confirm the booking" in words(buyer.get(f"/bookings/{code}/checkout"))
    assert buyer.pay(code).location == f"/bookings/{code}"
    assert "Admit two" in words(buyer.get(f"/bookings/{code}"))


# The clock


def test_more_time_once_and_what_was_typed_stays(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    before = booking_of(code).expires_at
    page = buyer.post_form(f"/bookings/{code}/extend", {"name": "Ada", "email": "a@b"}, follow_redirects=True)
    assert booking_of(code).expires_at == before + dt.timedelta(minutes=5)
    assert soup(page).select_one("[name=name]")["value"] == "Ada"  # type: ignore[index]
    assert "Add 5 minutes" not in words(page)
    again = buyer.post_form(f"/bookings/{code}/extend", follow_redirects=True)
    assert "already prolonged" in words(again)


def test_giving_up_frees_the_seats_and_leads_to_the_map(buyer: Buyer, other: Buyer, show: Show) -> None:
    seats = seat_ids(show, "B1", "B2")
    code = buyer.held(show, seats)
    answer = buyer.post_form(f"/bookings/{code}/release")
    assert answer.location == f"/shows/{show.id}"
    assert other.held(show, seats)


def test_after_the_end_entries_are_kept_and_one_click_holds_the_same_seats(buyer: Buyer, show: Show) -> None:
    seats = seat_ids(show, "B1", "B2")
    code = buyer.held(show, seats)
    expire(code)
    page = buyer.pay(code)
    assert page.status_code == 410
    assert "Time is up" in words(page)
    again = soup(page).select_one("main form")
    assert again is not None
    fields = [str(field["value"]) for field in again.select("[name=seats]")]
    answer = buyer.post_form(str(again["action"]), {"seats": fields}, follow_redirects=True)
    assert answer.status_code == 200
    assert soup(answer).select_one("[name=email]")["value"] == "ada@example.org"  # type: ignore[index]


def test_after_the_end_the_lost_seats_are_told_of(buyer: Buyer, show: Show) -> None:
    seats = seat_ids(show, "B4", "B5")
    code = buyer.held(show, seats)
    expire(code)
    a_hold(show, seats=seat_ids(show, "B5", "B6"))
    answer = buyer.hold(show, seats)
    assert answer.status_code == 409
    assert "B5 has just been taken. B4 is still chosen." in words(answer)


# There and back


def test_paid_in_the_sandbox_and_back_to_the_tickets(buyer: Buyer, show: Show) -> None:
    code = buyer.booked(show, seat_ids(show, "B1", "B2"))
    page = buyer.get(f"/bookings/{code}")
    assert "Admit two" in words(page)
    assert len(soup(page).select("article.ticket .qr svg")) == 2
    assert page.headers["Cache-Control"] == "no-store"


def test_declined_says_until_when_the_seats_are_kept(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    back = buyer.press(buyer.pay(code).location, "decline")
    page = buyer.get(back.location, follow_redirects=True)
    assert "Your seats are kept until" in words(page)
    assert page.request.path.endswith("/checkout")
    assert buyer.pay(code).status_code == 303


def test_back_before_the_gateway_has_decided_waits_and_then_moves_on(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    address = buyer.pay(code).location
    page = buyer.get(f"/bookings/{code}/return", follow_redirects=True)
    assert "Waiting for the payment" in words(page)
    assert "hx-trigger" in str(soup(page).select_one("#waiting"))
    still = buyer.get(f"/bookings/{code}/status?seen=awaiting_payment", headers=HTMX)
    assert "hx-trigger" in still.get_data(as_text=True)
    buyer.press(address, "pay")
    buyer.get(f"/bookings/{code}/return")
    moved = buyer.get(f"/bookings/{code}/status?seen=awaiting_payment", headers=HTMX)
    assert moved.headers["HX-Redirect"] == f"/bookings/{code}"


def test_a_gateway_that_does_not_answer_on_return_is_waited_for(buyer: Buyer, fake: FakeGateway, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    buyer.pay(code, method="fake:card")
    fake.trouble.append("down")
    assert "Waiting for the payment" in words(buyer.get(f"/bookings/{code}/return", follow_redirects=True))


def test_money_that_came_too_late_is_told_clearly(buyer: Buyer, show: Show, fake: FakeGateway) -> None:
    seats = seat_ids(show, "B1", "B2")
    code = buyer.held(show, seats)
    payment = a_started_payment(booking_of(code), provider="fake")
    expire(code)
    a_hold(show, seats=seats)
    settle_payment(an_event(payment, EventKind.CAPTURED))
    said = words(buyer.get(f"/bookings/{code}"))
    assert "The payment came too late" in said
    assert "£21.50" in said


# The booking's page and files


@pytest.fixture
def booked(buyer: Buyer, show: Show) -> str:
    return buyer.booked(show, seat_ids(show, "B1", "B2"))


@pytest.mark.parametrize("part", ["", "/checkout", "/tickets/1", "/tickets.pdf", "/calendar.ics", "/status", "/return"])
def test_to_anyone_else_a_booking_does_not_exist(other: Buyer, booked: str, part: str) -> None:
    assert other.get(f"/bookings/{booked}{part}").status_code == 404


@pytest.mark.parametrize("action", ["pay", "extend", "release", "quote", "send-again"])
def test_nobody_else_may_act_on_a_booking(other: Buyer, booked: str, action: str) -> None:
    assert other.post_form(f"/bookings/{booked}/{action}").status_code == 404


def test_the_mailed_link_opens_it(other: Buyer, booked: str) -> None:
    assert other.get(f"/bookings/{booked}?key={link_key(booked)}", follow_redirects=True).status_code == 200


def test_the_pdf_is_being_made_until_it_is_there(buyer: Buyer, booked: str) -> None:
    waiting = buyer.get(f"/bookings/{booked}/tickets.pdf")
    assert waiting.status_code == 202
    assert "being made" in words(waiting)
    assert "hx-trigger" in str(soup(buyer.get(f"/bookings/{booked}")).select_one("#papers"))
    booking = booking_of(booked)
    render_tickets(booking.show_id, booking.id)
    ready = buyer.get(f"/bookings/{booked}/tickets.pdf")
    assert ready.mimetype == "application/pdf"
    assert ready.data.startswith(b"%PDF")
    assert "Tickets as PDF" in words(buyer.get(f"/bookings/{booked}/status?seen=confirmed", headers=HTMX))


def test_the_page_that_waits_for_the_pdf_opens_it(buyer: Buyer, booked: str) -> None:
    asking = f"/bookings/{booked}/status?file=pdf"
    assert asking in str(buyer.get(f"/bookings/{booked}/tickets.pdf").get_data(as_text=True))
    assert "hx-trigger" in buyer.get(asking, headers=HTMX).get_data(as_text=True)
    booking = booking_of(booked)
    render_tickets(booking.show_id, booking.id)
    assert buyer.get(asking, headers=HTMX).headers["HX-Redirect"] == f"/bookings/{booked}/tickets.pdf"


def test_the_calendar_file_leads_back_to_the_booking(buyer: Buyer, booked: str) -> None:
    file = buyer.get(f"/bookings/{booked}/calendar.ics")
    assert file.mimetype == "text/calendar"
    unfolded = file.get_data(as_text=True).replace("\r\n ", "")
    assert f"/bookings/{booked}?key=" in unfolded


def test_one_ticket_for_the_phone_and_no_ticket_that_is_not_there(buyer: Buyer, booked: str) -> None:
    assert len(soup(buyer.get(f"/bookings/{booked}/tickets/2")).select("article.ticket")) == 1
    assert buyer.get(f"/bookings/{booked}/tickets/3").status_code == 404


def count_mails(code: str) -> int:
    booking = booking_of(code)
    query = text("SELECT count(*) FROM messages WHERE booking_id = :id AND kind = 'confirmation'")
    count: Any = db.session.execute(query, {"id": booking.id}).scalar_one()
    db.session.commit()
    return int(count)


def test_send_again_asks_for_the_mail_once_more_and_not_without_end(buyer: Buyer, booked: str) -> None:
    for _ in range(3):
        assert buyer.post_form(f"/bookings/{booked}/send-again").status_code == 303
    assert count_mails(booked) == 4
    assert buyer.post_form(f"/bookings/{booked}/send-again").status_code == 429


def test_a_held_booking_has_no_tickets_yet(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    assert buyer.get(f"/bookings/{code}/tickets.pdf").status_code == 404
    assert buyer.get(f"/bookings/{code}/tickets/1").status_code == 404
    assert buyer.get(f"/bookings/{code}").location == f"/bookings/{code}/checkout"


def test_a_paid_booking_can_not_be_given_up_or_paid_again(buyer: Buyer, booked: str) -> None:
    for action in ("release", "pay", "quote"):
        answer = buyer.post_form(f"/bookings/{booked}/{action}", {"name": "A", "email": "a@example.org"})
        assert answer.status_code == 303
    assert booking_of(booked).state == BookingState.CONFIRMED


@pytest.mark.parametrize("name", ["   ", "\u200b", "\u200b \u2060"])
def test_a_name_of_nothing_is_no_name(buyer: Buyer, show: Show, name: str) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    response = buyer.pay(code, name=name)
    assert response.status_code == 422
    assert "Tell us your name" in words(response)


def test_what_nobody_sees_does_not_get_into_a_name(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    assert buyer.pay(code, name="Ada\0 \u200b Byron").status_code == 303
    assert booking_of(code).name == "Ada Byron"


def test_a_way_to_pay_that_is_not_on_offer_is_refused(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    response = buyer.pay(code, method="stripe:card")
    assert response.status_code == 422
    assert "not on offer" in words(response)
    assert booking_of(code).state == BookingState.HELD


def test_a_wrong_way_to_pay_for_seats_that_are_given_up_says_that_they_are(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show)[:2])
    page = f"/bookings/{code}/checkout"
    token = buyer.token(page)
    buyer.post_form(f"/bookings/{code}/release", page=page)
    answer = buyer.post(f"/bookings/{code}/pay", data={**ADA, "method": "sandbox:cash", "csrf_token": token})
    assert answer.status_code == 410
    assert "Seats given up" in words(answer)


def test_a_wrong_way_to_pay_what_is_paid_leads_to_the_booking(buyer: Buyer, booked: str) -> None:
    token = buyer.token("/cities")
    answer = buyer.post(f"/bookings/{booked}/pay", data={**ADA, "method": "sandbox:cash", "csrf_token": token})
    assert answer.status_code == 303
    assert buyer.get(answer.location).location.endswith(f"/bookings/{booked}")


def test_a_wrong_amount_is_told_on_the_way_back(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    address = buyer.pay(code).location
    back = buyer.post_form(address, {"do": "pay", "mode": "card", "short": "yes"}, page=address)
    checkout = buyer.get(back.location, follow_redirects=True)
    assert "not the amount asked for" in words(checkout)
    assert booking_of(code).state == BookingState.AWAITING_PAYMENT


def test_after_the_end_of_a_begun_payment_nobody_says_that_nothing_was_charged(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    buyer.pay(code)
    expire(code)
    said = words(buyer.get(f"/bookings/{code}"))
    assert "Nothing was charged" not in said
    assert "If that payment still arrives" in said


def test_a_card_is_remembered_in_the_sandbox_and_removed_on_the_account_page(app):
    register("Ada", "ada@example.org", "a long enough password")
    buyer, show = a_buyer(app), a_show()
    buyer.post_form("/login", {"email": "ada@example.org", "password": "a long enough password"}, page="/login")
    first = _held_by_account(buyer, show, "A1", "A2")
    assert soup(buyer.get(first)).select_one("input[name=save_method]")
    _paid_by_account(buyer, first, method="sandbox:card", save_method="1")
    assert "Visa ending 4242" in words(buyer.get("/account"))
    second = _held_by_account(buyer, show, "B1", "B2")
    way = soup(buyer.get(second)).select_one("input[name=method]")["value"]
    assert "Visa ending 4242" in words(buyer.get(second))
    assert "which you had remembered" in _paid_by_account(buyer, second, method=way)
    forget = soup(buyer.get("/account")).select_one("form[action$=forget]")["action"]
    assert buyer.post_form(forget, {}, page="/account").status_code == 303
    assert "Visa ending 4242" not in words(buyer.get("/account"))


def _held_by_account(buyer: Buyer, show: Show, *labels: str) -> str:
    page = f"/shows/{show.id}"
    return buyer.post_form(f"{page}/hold", {"seats": seat_ids(show, *labels)}, page=page).location


def _paid_by_account(buyer: Buyer, checkout: str, **values: str) -> str:
    """Pays in the sandbox; gives the words of its pay page."""
    address = buyer.post_form(checkout.replace("checkout", "pay"), {**ADA, **values}, page=checkout).location
    said = words(buyer.get(address))
    assert buyer.get(buyer.press(address, "pay").location).status_code == 303
    return said


def test_who_turned_back_may_pay_another_way(app):
    buyer = a_buyer(app)
    show = a_show()
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    address = buyer.pay(code).location
    started = buyer.get(f"/bookings/{code}/checkout")
    assert "Pay another way" in words(started)
    back = buyer.post_form(f"/bookings/{code}/other-way", {}, page=f"/bookings/{code}/checkout")
    assert buyer.get(back.location).location.endswith("/checkout")
    assert "Your seats are kept until" in words(buyer.get(f"/bookings/{code}/checkout"))
    assert "closed" in words(buyer.get(address)) or "went back" in words(buyer.get(address))
    second = buyer.press(buyer.pay(code, method="sandbox:upi").location, "pay")
    assert buyer.get(second.location).location.endswith(code)
