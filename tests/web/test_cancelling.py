"""Giving seats back, as plain forms and htmx see it: what comes back is told before, done once, and seen to its end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.config import parse_steps
from app.db import db, transaction
from app.domain.messages import MessageKind
from app.domain.staff import COMMAND, Role
from app.domain.tenders import TenderKind
from app.models import Booking, Show
from app.queries.bookings import find_booking
from app.services.accounts import register
from app.services.admission import AtDoor, admit_ticket
from app.services.card_voiding import void_gift_card
from app.services.messages import send_message
from app.services.refunds import send_refund
from app.services.show_cancelling import cancel_show, refund_show
from app.web.identity import link_key
from app.web.refund_words import back, in_force, policy_in_hours, policy_rows, policy_sentence, way_words
from tests.builders import a_movie, a_person, a_show, seat_ids, the_booking
from tests.support.client import soup, words
from tests.support.clock import MovedClock
from tests.support.offers import a_gift_card, the_card
from tests.support.post import messages
from tests.support.purse import a_house, balance, refund_ids
from tests.support.staff import by
from tests.web.buyer import Buyer, a_buyer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def other(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show(
        seats=60, movie=a_movie("Metropolis"), cinema=a_house("240:100,120:90"), starts_in=dt.timedelta(hours=9)
    )


@pytest.fixture
def booked(buyer: Buyer, show: Show) -> str:
    """A paid booking of A1 to A4."""
    return buyer.booked(show, seat_ids(show, "A1", "A2", "A3", "A4"))


def booking_of(code: str) -> Booking:
    found = find_booking(code)
    assert found is not None
    return the_booking(found.show_id, found.id)


def cancel(buyer: Buyer, code: str, *numbers: object, shown: object = None, **values: Any) -> Any:
    """Press the button of the page that shows these seats."""
    address = f"/bookings/{code}/cancel"
    if shown is None:
        page = buyer.post_form(f"{address}/quote", {"ticket": list(numbers), **values}, page=address)
        shown = soup(page).select_one("[name=shown]")["value"]  # type: ignore[index]
    return buyer.post_form(address, {"ticket": list(numbers), "shown": shown, **values}, page=address)


def refunds_of(code: str) -> list[int]:
    rows = db.session.execute(
        text("SELECT amount_minor FROM refunds WHERE show_id = :s"), {"s": booking_of(code).show_id}
    )
    found = list(rows.scalars())
    db.session.commit()
    return found


# Before


def all_ticked(buyer: Buyer, code: str) -> Any:
    """The page after "All seats" was pressed."""
    return buyer.post_form(f"/bookings/{code}/cancel/quote", {"all": "1"}, page=f"/bookings/{code}/cancel")


def test_nothing_is_ticked_beforehand_and_there_is_no_button(buyer: Buyer, booked: str) -> None:
    page = buyer.get(f"/bookings/{booked}/cancel")
    assert page.status_code == 200
    assert not soup(page).select("[name=ticket][checked], [name=shown], #sum button")
    assert "All 4 seats" in words(page)
    assert "Choose at least one seat." in words(page)


def test_a_single_seat_needs_no_choosing(buyer: Buyer, show: Show) -> None:
    code = buyer.booked(show, seat_ids(show, "A1"))
    page = buyer.get(f"/bookings/{code}/cancel")
    assert len(soup(page).select("[name=ticket][checked]")) == 1
    assert "Cancel the booking: £10.75 back" in words(page)
    assert "All 1" not in words(page)


def test_the_page_says_per_seat_what_it_cost_and_in_all_what_comes_back(buyer: Buyer, booked: str) -> None:
    page = all_ticked(buyer, booked)
    said = words(page)
    assert len(soup(page).select("[name=ticket][checked]")) == 4
    assert "A1 Adult £10.75" in said
    assert "Comes back £43.00" in said
    assert "£43.00 to your card" in said
    assert "Cancel the booking: £43.00 back" in said
    assert "all of it comes back." in said


def test_after_the_first_step_the_page_says_what_is_kept_and_why(
    buyer: Buyer, booked: str, moved_clock: MovedClock
) -> None:
    moved_clock.forward(hours=6)
    said = words(all_ticked(buyer, booked))
    assert "£4.30 of £43.00 is kept by the cinema." in said
    # 10 % of £43.00 is £4.30; of one seat £1.075: two seats bear the odd pennies.
    assert said.count("£10.75 less £1.08 £9.67") == 2
    assert said.count("£10.75 less £1.07 £9.68") == 2
    assert "Comes back £38.70" in said
    assert "90 % comes back." in said
    assert "(over) all of it" in said
    assert "Cancelled after that nothing" in said


def test_other_seats_without_javascript_and_with_it(buyer: Buyer, booked: str) -> None:
    address = f"/bookings/{booked}/cancel"
    page = buyer.post_form(f"{address}/quote", {"ticket": [2, 3]}, page=address)
    assert [box["value"] for box in soup(page).select("[name=ticket][checked]")] == ["2", "3"]
    assert "Comes back £21.50" in words(page)
    part = buyer.post_form(f"{address}/quote", {"ticket": [2]}, page=address, headers=HTMX)
    assert part.get_data(as_text=True).lstrip().startswith('<div class="bill-box" id="sum"')
    assert "Comes back £10.75" in words(part)
    assert "Cancel A2: £10.75 back" in words(part)
    none = words(buyer.post_form(f"{address}/quote", {}, page=address, headers=HTMX))
    assert "Choose at least one seat." in none
    assert "Comes back" not in none
    assert booking_of(booked).seat_count == 4


@pytest.mark.parametrize("junk", ["x", "-1", "1e9", "²", "9" * 30, "1 OR 1=1"])
def test_what_is_no_ticket_is_refused(buyer: Buyer, booked: str, junk: str) -> None:
    address = f"/bookings/{booked}/cancel"
    for path in (address, f"{address}/quote"):
        answer = buyer.post_form(path, {"ticket": [junk], "shown": "1"}, page=address)
        assert answer.status_code == 422
        assert "There is no such ticket" in words(answer)
        assert soup(answer).select_one("form#cancel [name=ticket]"), "on the form, to choose again"
    part = buyer.post_form(f"{address}/quote", {"ticket": [junk]}, page=address, headers=HTMX)
    assert part.get_data(as_text=True).lstrip().startswith('<div class="bill-box" id="sum"')
    assert booking_of(booked).seat_count == 4


def test_a_ticket_of_another_number_is_refused(buyer: Buyer, booked: str) -> None:
    answer = cancel(buyer, booked, 9, shown="0")
    assert answer.status_code == 422
    assert "There is no such ticket in this booking." in words(answer)


# Done


def test_cancelling_two_of_four_frees_them_and_shows_the_refund(buyer: Buyer, booked: str) -> None:
    answer = cancel(buyer, booked, 1, 2)
    assert answer.status_code == 303
    page = buyer.get(answer.location)
    said = words(page)
    assert "Cancelled. £21.50 comes back." in said
    assert "Admit two" in said
    assert "Cancelled: A1, A2" in said
    assert "To your card: goes out within minutes £21.50" in said
    assert len(soup(page).select("article.ticket")) == 2
    assert refunds_of(booked) == [2150]
    assert words(buyer.get("/account/bookings")).count("Booked and paid, 2 cancelled") == 1


def test_cancelling_all_ends_the_booking_and_its_page_says_so(buyer: Buyer, booked: str) -> None:
    answer = cancel(buyer, booked, 1, 2, 3, 4)
    said = words(buyer.get(answer.location))
    assert "This booking is cancelled" in said
    assert "Its tickets open no door any more." in said
    assert "goes out within minutes £43.00" in said
    assert buyer.get(f"/bookings/{booked}/cancel").location == f"/bookings/{booked}"
    assert buyer.get(f"/bookings/{booked}/tickets/1").status_code == 404
    assert "Cancelled, £43.00 back" in words(buyer.get("/account/bookings"))


def test_the_state_of_the_refund_is_told_as_it_changes_and_then_no_more(buyer: Buyer, booked: str) -> None:
    cancel(buyer, booked, 1)
    page = soup(buyer.get(f"/bookings/{booked}"))
    address = str(page.select_one("#given-back")["hx-get"])  # type: ignore[index]
    assert buyer.get(address, headers=HTMX).status_code == 204
    for refund in refund_ids():
        send_refund(*refund)
    part = buyer.get(address, headers=HTMX)
    assert "To your card: sent back; banks take up to ten days £10.75" in words(part)
    assert "hx-get" not in part.get_data(as_text=True)
    assert "hx-get" not in str(soup(buyer.get(f"/bookings/{booked}")).select_one("#given-back"))


def refuse(show_id: int, tries: int) -> None:
    """The bank refused every refund so far; the outbox has tried so often."""
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE refunds SET state = 'failed' WHERE show_id = :s"), {"s": show_id})
        connection.execute(
            text(
                "INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor) "
                "SELECT show_id, 'refund', id, 'requested', 'failed', requested_at, 'test' FROM refunds"
            )
        )
        connection.execute(
            text("UPDATE outbox SET attempts = :tries WHERE show_id = :s AND kind = 'send_refund'"),
            {"s": show_id, "tries": tries},
        )


@pytest.mark.parametrize(
    ("tries", "said"), [(1, "we are trying again"), (12, "our staff sees to it and writes to you")]
)
def test_a_refused_refund_is_told_as_it_is(buyer: Buyer, booked: str, tries: int, said: str) -> None:
    cancel(buyer, booked, 1)
    refuse(booking_of(booked).show_id, tries)
    assert f"the bank refused it; {said}" in words(buyer.get(f"/bookings/{booked}"))


def test_a_second_click_and_another_tab_do_nothing_twice(buyer: Buyer, booked: str) -> None:
    cancel(buyer, booked, 1, 2)
    again = cancel(buyer, booked, 1, 2, shown="2150")
    assert again.status_code == 303
    assert "nothing was done twice" in words(buyer.get(again.location))
    assert refunds_of(booked) == [2150]
    other_tab = cancel(buyer, booked, 2, 3, shown="2150")
    assert other_tab.status_code == 409
    assert "A2 is cancelled already. Choose again." in words(other_tab)
    assert [box["value"] for box in soup(other_tab).select("[name=ticket]")] == ["3", "4"]
    cancel(buyer, booked, 3, 4)
    last = cancel_when_over(buyer, booked, shown="2150")
    assert "nothing was done twice" in words(buyer.get(last.location))


def cancel_when_over(buyer: Buyer, code: str, shown: str) -> Any:
    return buyer.post_form(f"/bookings/{code}/cancel", {"ticket": [3, 4], "shown": shown})


@pytest.mark.parametrize("shown", ["9999999", "0", "", "x", "-1", "21.50", "²"])
def test_an_altered_amount_changes_nothing(buyer: Buyer, booked: str, shown: str) -> None:
    answer = cancel(buyer, booked, 1, 2, shown=shown)
    assert answer.status_code == 409
    assert "What comes back is £21.50 now." in words(answer)
    assert booking_of(booked).seat_count == 4
    assert refunds_of(booked) == []


def test_what_comes_back_is_what_was_shown_or_is_shown_again(
    buyer: Buyer, booked: str, moved_clock: MovedClock
) -> None:
    shown = soup(all_ticked(buyer, booked)).select_one("[name=shown]")["value"]  # type: ignore[index]
    moved_clock.forward(hours=6)
    answer = cancel(buyer, booked, 1, 2, 3, 4, shown=shown)
    assert answer.status_code == 409
    assert "What comes back is £38.70 now." in words(answer)
    assert cancel(buyer, booked, 1, 2, 3, 4).status_code == 303
    assert refunds_of(booked) == [3870]


# Refused


def test_when_it_is_too_late_the_page_says_since_when_and_has_no_button(
    buyer: Buyer, booked: str, moved_clock: MovedClock
) -> None:
    moved_clock.forward(hours=8)
    page = buyer.get(f"/bookings/{booked}/cancel")
    assert "could be given back until" in words(page)
    assert not soup(page).select("form#cancel")
    answer = buyer.post_form(f"/bookings/{booked}/cancel", {"ticket": [1], "shown": "968"})
    assert answer.status_code == 409
    assert booking_of(booked).seat_count == 4


def test_a_seat_used_at_the_door_can_not_be_ticked(buyer: Buyer, booked: str) -> None:
    booking = booking_of(booked)
    first = db.session.execute(
        text("SELECT min(id) FROM tickets WHERE show_id = :s"), {"s": booking.show_id}
    ).scalar_one()
    db.session.commit()
    admit_ticket(booking.show_id, first, COMMAND, AtDoor("scan-1"))
    page = all_ticked(buyer, booked)
    assert [box["value"] for box in soup(page).select("[name=ticket][checked]")] == ["2", "3", "4"]
    assert "Adult, used at the door at" in words(page)
    assert "A1 was used at the door" in words(cancel(buyer, booked, 1, 2, shown="2150"))


def test_a_booking_that_is_not_paid_leads_to_checkout(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    assert buyer.get(f"/bookings/{code}/cancel").location == f"/bookings/{code}"
    answer = buyer.post_form(f"/bookings/{code}/cancel", {"ticket": [1], "shown": "0"})
    assert (answer.status_code, booking_of(code).state) == (303, "held")


def test_a_booking_of_a_cancelled_showing_is_refunded_without_asking(buyer: Buyer, booked: str, show: Show) -> None:
    cancel_show(COMMAND, show.id, "The projector is broken.")
    answer = buyer.post_form(f"/bookings/{booked}/cancel", {"ticket": [1], "shown": "1075"})
    assert answer.status_code == 409
    assert "all you paid goes back" in words(answer)
    refund_show(show.id, 0)
    said = words(buyer.get(f"/bookings/{booked}"))
    assert "The projector is broken." in said
    assert "The show was cancelled: A1, A2, A3, A4" in said
    assert "goes out within minutes £43.00" in said


# Who


def test_nobody_else_can_see_or_cancel_it(other: Buyer, buyer: Buyer, booked: str) -> None:
    for path in ("cancel", "refunds"):
        assert other.get(f"/bookings/{booked}/{path}").status_code == 404
    for path in ("cancel", "cancel/quote"):
        assert other.post_form(f"/bookings/{booked}/{path}", {"ticket": [1], "shown": "1075"}).status_code == 404
    assert buyer.post(f"/bookings/{booked}/cancel", data={"ticket": [1], "shown": "1075"}).status_code == 403
    assert booking_of(booked).seat_count == 4


def test_a_guest_cancels_by_the_signed_link(other: Buyer, booked: str) -> None:
    assert other.get(f"/bookings/{booked}/cancel?key={link_key(booked)}").status_code == 200
    assert cancel(other, booked, 4).status_code == 303
    assert refunds_of(booked) == [1075]


class Ada(Buyer):
    """A buyer who is logged in: the log-in has no form for her."""

    def token(self, page: str = "/login") -> str:
        return super().token("/account" if page == "/login" and self.get("/account").status_code == 200 else page)


@pytest.fixture
def ada(app: Flask) -> Buyer:
    app.test_client_class = Ada
    browser: Buyer = app.test_client()  # type: ignore[assignment]
    register("Ada Byron", "ada@example.org", "correct horse battery", None)
    login = {"email": "ada@example.org", "password": "correct horse battery"}
    assert browser.post_form("/login", login).status_code == 303
    return browser


def test_an_account_may_have_the_money_in_its_wallet_instead(ada: Buyer, show: Show) -> None:
    code = ada.booked(show, seat_ids(show, "A1", "A2"))
    page = ada.get(f"/bookings/{code}/cancel")
    assert "To my wallet instead" in words(page)
    address = f"/bookings/{code}/cancel"
    part = ada.post_form(f"{address}/quote", {"ticket": [1], "to": "wallet"}, page=address, headers=HTMX)
    assert "£10.75 to your wallet" in words(part)
    answer = cancel(ada, code, 1, to="wallet")
    assert "To your wallet: there £10.75" in words(ada.get(answer.location))
    user_id = booking_of(code).user_id
    assert user_id is not None
    assert (balance(user_id), refunds_of(code)) == (1075, [])


def voided_after_it_paid(ada: Buyer, show: Show, minor: int, *labels: str) -> str:
    """A booking that a gift card of this much paid, or a part of it; the card is void now."""
    card_id, card_code = a_gift_card(minor)
    code = ada.held(show, seat_ids(show, *labels))
    ada.post_form(f"/bookings/{code}/code", {"code": card_code})
    answer = ada.pay(code)
    if "sandbox" in answer.location:
        ada.press(answer.location, "pay")
        ada.get(f"/bookings/{code}/return")
    void_gift_card(by(a_person(Role.ADMIN)), card_id, the_card(card_id).balance_minor, "stolen")
    return code


def test_for_seats_that_a_void_card_paid_there_is_no_wallet_to_choose(ada: Buyer, show: Show) -> None:
    code = voided_after_it_paid(ada, show, 2500, "A1", "A2")
    page = words(all_ticked(ada, code))
    assert "my wallet" not in page
    assert "£21.50 to what paid for the gift card, which is void now" in page
    answer = cancel(ada, code, 1, 2, to="wallet")
    assert "To what paid for the gift card, which is void now" in words(ada.get(answer.location))
    user_id = booking_of(code).user_id
    assert user_id is not None
    assert balance(user_id) == 0


def test_the_part_that_a_void_card_paid_is_not_said_to_go_to_the_wallet(ada: Buyer, show: Show) -> None:
    code = voided_after_it_paid(ada, show, 1000, "A1", "A2")
    address = f"/bookings/{code}/cancel"
    assert "To my wallet instead" in words(ada.get(address))
    part = words(ada.post_form(f"{address}/quote", {"ticket": [1, 2], "to": "wallet"}, page=address, headers=HTMX))
    assert "£11.50 to your wallet" in part
    assert "£10.00 to what paid for the gift card, which is void now" in part
    cancel(ada, code, 1, 2, to="wallet")
    user_id = booking_of(code).user_id
    assert user_id is not None
    assert balance(user_id) == 1150
    (told,) = messages(booking_of(code).show_id, MessageKind.CANCELLATION)
    send_message(told.show_id, told.id)


def test_who_came_by_the_link_alone_can_not_choose_the_wallet(ada: Buyer, other: Buyer, show: Show) -> None:
    code = ada.booked(show, seat_ids(show, "A1", "A2"))
    page = other.get(f"/bookings/{code}/cancel?key={link_key(code)}")
    assert "my wallet" not in words(page)
    cancel(other, code, 1, to="wallet")
    assert refunds_of(code) == [1075]


# What is told elsewhere


def test_checkout_tells_the_policy_before_paying(buyer: Buyer, show: Show) -> None:
    code = buyer.held(show, seat_ids(show, "B1", "B2"))
    said = words(buyer.get(f"/bookings/{code}/checkout"))
    assert "and all of it comes back; until" in said
    assert "90 %. After that, nothing does." in said


def test_the_page_about_refunds_tells_the_houses_policy(buyer: Buyer) -> None:
    said = words(buyer.get("/help/refunds"))
    assert "Cancel until 2 hours before and 90 % of what you paid comes back; after that, nothing does." in said


def test_the_link_is_on_the_booking_until_the_show_begins(buyer: Buyer, booked: str, moved_clock: MovedClock) -> None:
    assert f"/bookings/{booked}/cancel" in buyer.get(f"/bookings/{booked}").get_data(as_text=True)
    moved_clock.forward(hours=10)
    assert f"/bookings/{booked}/cancel" not in buyer.get(f"/bookings/{booked}").get_data(as_text=True)


START = dt.datetime(2026, 11, 21, 19, 30, tzinfo=dt.UTC)
NOW = START - dt.timedelta(days=2)
TERMS = (START, "Europe/London", "GBP")


def test_a_policy_in_words() -> None:
    steps = parse_steps("1440:100,120:90:50")
    assert policy_sentence(steps, *TERMS, NOW) == (
        "Cancel until Fri 20 Nov, 19:30 and all of it comes back; until Sat 21 Nov, 17:30, 90 %, less £0.50 a seat. "
        "After that, nothing does."
    )
    assert policy_sentence(steps[1:], *TERMS, NOW) == (
        "Cancel until Sat 21 Nov, 17:30 and 90 %, less £0.50 a seat, comes back. After that, nothing does."
    )
    for nothing in ((), parse_steps("120:0")):
        assert policy_sentence(nothing, *TERMS, NOW) == "These tickets can’t be given back."
    assert policy_sentence(steps, *TERMS, START) == "These tickets can’t be given back."
    assert in_force(steps[1], *TERMS) == "Until Sat 21 Nov, 17:30, 90 %, less £0.50 a seat, comes back."
    assert [(row.until, row.back, row.current) for row in policy_rows(steps, *TERMS, NOW)] == [
        ("until Fri 20 Nov, 19:30", "all of it", True),
        ("until Sat 21 Nov, 17:30", "90 %, less £0.50 a seat", False),
        ("after that", "nothing", False),
    ]
    assert policy_rows((), *TERMS, NOW) == []
    assert back(parse_steps("0:12.5")[0], "GBP") == "12.5 %"
    assert way_words(TenderKind.GIFT_CARD, "7K4X") == "the gift card ending 7K4X"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("120:90", "until 2 hours before and 90 %"),
        ("1440:100,90:50", "until 24 hours before and all, until 1 hour and 30 minutes before and 50 %"),
        ("0:100", "until the beginning and all"),
        ("", ""),
    ],
)
def test_a_policy_without_a_show_in_words(steps: str, said: str) -> None:
    assert policy_in_hours(parse_steps(steps)) == said


def test_a_show_the_buyer_pays_for_an_hour_before_says_that_nothing_comes_back(buyer: Buyer, app: Flask) -> None:
    soon = a_show(starts_in=dt.timedelta(hours=1))
    code = buyer.held(soon, seat_ids(soon, "A1", "A2"))
    assert "These tickets can’t be given back." in words(buyer.get(f"/bookings/{code}/checkout"))


def test_a_promise_made_at_checkout_outlives_a_new_policy(buyer: Buyer, booked: str, show: Show) -> None:
    with transaction() as session:
        session.merge(show).cinema.refund_steps = []
    assert clock.now() < show.starts_at
    assert "Comes back £43.00" in words(all_ticked(buyer, booked))
