"""Changing seats as plain forms see it: from the booking's page over the seat map and checkout to the new tickets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import clock
from app.db import db, end_read, transaction
from app.domain.counter import CounterTender
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, Role
from app.models import Booking, Cinema, Show
from app.queries.bookings import find_booking
from app.services.accounts import register
from app.services.box_office import Money, keep_best_seats, take_payment
from app.services.card_voiding import void_gift_card
from app.services.drafts import draft_of
from app.services.holds import expire_booking
from app.services.payments import settle_payment
from app.services.shifts import open_shift
from app.services.show_changes import move_show
from app.web.identity import link_key
from tests.builders import (
    PRICES,
    a_cinema,
    a_city,
    a_movie,
    a_paid_booking,
    a_person,
    a_show,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.books import rows
from tests.support.client import soup, words
from tests.support.exchanges import cancel, refunds
from tests.support.offers import a_gift_card as a_bought_card
from tests.support.offers import in_wallet
from tests.support.staff import by
from tests.web.buyer import Buyer, a_buyer
from tests.web.test_cancelling import Ada

HTMX = {"HX-Request": "true"}
DEAR = {key: amount + 500 for key, amount in PRICES.items()}
CHEAP = {key: amount - 400 for key, amount in PRICES.items()}


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def film(app: Flask) -> Any:
    return a_movie("Metropolis")


@pytest.fixture
def show(film) -> Show:
    return a_show(movie=film, starts_in=dt.timedelta(hours=6))


@pytest.fixture
def old(buyer: Buyer, show: Show) -> str:
    """Row A, seats 1 and 2, bought by Ada for £21.50; its code."""
    return buyer.booked(show, seat_ids(show, "A1", "A2"))


def booking_of(code: str) -> Booking:
    found = find_booking(code)
    assert found is not None
    return the_booking(found.show_id, found.id)


def begun(buyer: Buyer, code: str, show: Show, *tickets: int, **kwargs: Any) -> TestResponse:
    data = {"tickets": list(tickets or (1, 2)), "show": show.id}
    return buyer.post_form(f"/bookings/{code}/exchange", data, page=f"/bookings/{code}/exchange", **kwargs)


def held_instead(buyer: Buyer, code: str, show: Show, *labels: str) -> str:
    """Choose to change both seats, and these new ones; gives the new booking's code."""
    assert begun(buyer, code, show).status_code == 303
    return buyer.held(show, seat_ids(show, *labels))


def test_the_booking_leads_to_its_change_and_the_showings_lead_to_their_maps(buyer, old, show, film):
    later = a_show(movie=film, starts_in=dt.timedelta(hours=9))
    a_show()
    page = buyer.get(f"/bookings/{old}")
    assert soup(page).find("a", href=f"/bookings/{old}/exchange", string="Change seats or time")
    page = buyer.get(f"/bookings/{old}/exchange")
    assert page.status_code == 200
    assert "A1 Adult, £10.75" in words(page)
    assert [box["value"] for box in soup(page).select("input[name=tickets][checked]")] == ["1", "2"]
    offered = [int(button["value"]) for button in soup(page).select("button[name=show]")]
    assert offered == [show.id, later.id]
    answer = begun(buyer, old, later)
    assert (answer.status_code, answer.location) == (303, f"/shows/{later.id}?party=2")
    page = buyer.get(answer.location)
    assert "Changing A1 and A2 of booking" in words(page)
    assert "choose 2 seats here" in words(page)
    assert soup(page).select_one("#hold")["data-most"] == "2"


def test_dearer_seats_are_paid_and_each_booking_tells_of_the_other(buyer, old, film):
    dear = a_show(movie=film, prices=DEAR)
    new = held_instead(buyer, old, dear, "C1", "C2")
    page = buyer.get(f"/bookings/{new}/checkout")
    assert "Already paid by booking" in words(page)
    assert "−£21.50" in words(page)
    assert soup(page).select_one("#pay").get_text() == "Pay £10.00"
    assert soup(page).select_one("input[name=email]")["value"] == "ada@example.org"
    back = buyer.press(buyer.pay(new).location, "pay")
    assert buyer.get(back.location).status_code == 303
    page = buyer.get(f"/bookings/{new}")
    assert "Instead of 2 seats of booking" in words(page)
    assert "which paid £21.50 of this" in words(page)
    page = buyer.get(f"/bookings/{old}")
    assert "This booking was changed" in words(page)
    assert soup(page).find("a", href=f"/bookings/{new}")
    assert "Changing" not in words(buyer.get(f"/shows/{dear.id}")), "what is done is forgotten"


def test_who_changes_to_a_showing_that_was_moved_meanwhile_is_told_and_keeps_nothing(buyer, old, film):
    later = a_show(movie=film, starts_in=dt.timedelta(hours=9))
    seen = soup(buyer.get(begun(buyer, old, later).location)).select_one('#hold [name="starts"]')["value"]
    move_show(COMMAND, later.id, later.screen_id, later.starts_at + dt.timedelta(hours=1), "projector")
    answer = buyer.post_form(f"/shows/{later.id}/hold", {"seats": seat_ids(later, "C1", "C2"), "starts": seen})
    assert answer.status_code == 409
    assert "This show has another time now." in words(answer)
    assert rows("SELECT FROM bookings WHERE show_id = :show", show=later.id) == []


def test_cheaper_seats_say_what_comes_back_and_need_no_gateway(buyer, old, film):
    said = words(buyer.get(f"/bookings/{old}/exchange"))
    assert "if they cost less, 90 % of the difference goes back the way you paid, as of cancelled seats." in said
    new = held_instead(buyer, old, a_show(movie=film, prices=CHEAP), "C1", "C2")
    page = buyer.get(f"/bookings/{new}/checkout")
    assert "Your old seats cost £8.00 more. £0.80 of it is kept by the cinema, as of cancelled seats." in words(page)
    assert "£7.20 goes back to your card." in words(page)
    assert "wallet" not in words(page)
    assert soup(page).select_one("#pay").get_text() == "Confirm the change"
    assert not soup(page).select("input[name=method]")
    answer = buyer.pay(new)
    assert answer.location == f"/bookings/{new}"
    assert booking_of(old).state == "cancelled"
    there = words(buyer.get(f"/bookings/{old}"))
    assert "£7.20 went back; £0.80 was kept by the cinema." in there
    assert refunds() == [(720, "exchange")]
    (told,) = rows("SELECT * FROM messages WHERE booking_id = :id", id=booking_of(new).id)
    draft = draft_of(told)
    assert draft is not None
    assert (draft.facts["paid"].change_back_minor, draft.facts["paid"].change_kept_minor) == (720, 80)


def test_money_of_a_void_gift_card_is_said_to_go_to_what_paid_for_that_card(buyer, show, film):
    card_id, card_code = a_bought_card(2500)
    code = buyer.held(show, seat_ids(show, "A1", "A2"))
    buyer.post_form(f"/bookings/{code}/code", {"code": card_code})
    assert buyer.pay(code).location == f"/bookings/{code}"
    void_gift_card(by(a_person(Role.ADMIN)), card_id, 350, "stolen")
    new = held_instead(buyer, code, a_show(movie=film, prices=CHEAP), "C1", "C2")
    page = words(buyer.get(f"/bookings/{new}/checkout"))
    assert "£7.20 goes back to what paid for the gift card, which is void now." in page


def test_what_a_counter_took_is_said_to_wait_there(buyer, film):
    show = a_show(movie=film, starts_in=dt.timedelta(hours=6))
    seller = by(a_person(Role.BOX_OFFICE, db.session.get_one(Cinema, show.cinema_id)))
    end_read()
    shift = open_shift(seller, show.cinema_id, 5000)
    hold = keep_best_seats(seller, shift, "one", show.id, [TicketType.ADULT])
    code = take_payment(seller, shift, show.id, hold.booking_id, Money(CounterTender.CASH)).code
    page = words(buyer.get(f"/bookings/{code}/cancel?key={link_key(code)}"))
    assert "£9.00 to you, in cash at the cinema’s counter" in page
    buyer.post_form(f"/bookings/{code}/cancel", {"ticket": [1], "shown": "900"})
    assert "To you, in cash at the cinema’s counter: waits for you there £9.00" in words(buyer.get(f"/bookings/{code}"))


def test_an_account_may_have_the_difference_in_its_wallet(app, show, film):
    app.test_client_class = Ada
    buyer = app.test_client()
    register("Ada Byron", "ada@example.org", "correct horse battery", None)
    login = {"email": "ada@example.org", "password": "correct horse battery"}
    assert buyer.post_form("/login", login).status_code == 303
    code = buyer.booked(show, seat_ids(show, "A1", "A2"))
    new = held_instead(buyer, code, a_show(movie=film, prices=CHEAP), "C1", "C2")
    assert "To my wallet instead" in words(buyer.get(f"/bookings/{new}/checkout"))
    part = buyer.post_form(f"/bookings/{new}/quote", {"to": "wallet"}, headers=HTMX)
    assert "£7.20 goes back to your wallet." in words(part)
    assert buyer.pay(new, to="wallet").location == f"/bookings/{new}"
    user_id = booking_of(code).user_id
    assert user_id is not None
    assert (in_wallet(user_id), refunds()) == (720, [])


def test_the_bill_follows_the_kinds_of_tickets(buyer, old, film):
    dear = a_show(movie=film, prices=DEAR)
    new = held_instead(buyer, old, dear, "C1", "C2")
    types = {f"type-{seat}": "child" for seat in seat_ids(dear, "C1", "C2")}
    answer = buyer.post_form(f"/bookings/{new}/quote", types, headers=HTMX)
    assert soup(answer).select_one("#pay").get_text() == "Pay £4.00"


def test_who_was_a_child_is_one_again(buyer, show, film):
    first, _ = seats = seat_ids(show, "B1", "B2")
    code = buyer.held(show, seats)
    back = buyer.press(buyer.pay(code, **{f"type-{first}": "child"}).location, "pay")
    buyer.get(back.location)
    dear = a_show(movie=film, prices=DEAR)
    new = held_instead(buyer, code, dear, "C1", "C2")
    page = buyer.get(f"/bookings/{new}/checkout")
    chosen = [option["value"] for option in soup(page).select("select option[selected]")]
    assert chosen == ["child", "adult"]


def test_who_agreed_to_text_messages_need_not_do_so_again(buyer, old, film, set_setting):
    set_setting(sms_url="json://localhost/{phone}")
    with transaction() as session:
        session.execute(text("UPDATE bookings SET wants_sms = true, phone = '+441632960961'"))
    new = held_instead(buyer, old, a_show(movie=film), "C1", "C2")
    page = soup(buyer.get(f"/bookings/{new}/checkout"))
    assert page.select_one("input[name=wants_sms]").has_attr("checked")
    assert page.select_one("input[name=phone]")["value"] == "+441632960961"


def test_one_seat_is_changed_and_the_booking_tells_both(buyer, old, film, show):
    assert begun(buyer, old, show, 2).status_code == 303
    new = buyer.held(show, seat_ids(show, "C1"))
    assert buyer.pay(new).location == f"/bookings/{new}"
    page = buyer.get(f"/bookings/{old}")
    assert "Admit one" in words(page)
    assert "One seat changed to booking" in words(page)
    assert soup(page).find("a", href=f"/bookings/{new}")


def test_another_number_of_seats_is_refused_with_what_is_wanted(buyer, old, film):
    other = a_show(movie=film)
    begun(buyer, old, other)
    answer = buyer.hold(other, seat_ids(other, "C1"))
    assert answer.status_code == 422
    assert "choose 2 seats" in words(answer)
    assert "Changing A1 and A2" in words(answer), "the change goes on"
    assert soup(buyer.hold(other, seat_ids(other, "C1"), headers=HTMX)).select_one("#bar") is not None


def test_the_old_seats_can_be_kept_after_all(buyer, old, film):
    other = a_show(movie=film)
    begun(buyer, old, other)
    answer = buyer.post_form(f"/bookings/{old}/exchange/stop")
    assert answer.location == f"/bookings/{old}"
    assert "Changing" not in words(buyer.get(f"/shows/{other.id}"))
    code = buyer.held(other, seat_ids(other, "C1", "C2", "C3"))
    assert rows("SELECT id FROM booking_credits") == []
    assert "Already paid" not in words(buyer.get(f"/bookings/{code}/checkout"))


def test_a_change_is_for_one_showing_only(buyer, old, film):
    begun(buyer, old, a_show(movie=film))
    elsewhere = a_show(movie=film)
    assert "Changing" not in words(buyer.get(f"/shows/{elsewhere.id}"))
    buyer.held(elsewhere, seat_ids(elsewhere, "C1"))
    assert rows("SELECT id FROM booking_credits") == []


def test_new_seats_that_ran_out_are_asked_for_again_as_the_same_change(buyer, old, film):
    dear = a_show(movie=film, prices=DEAR)
    new = booking_of(held_instead(buyer, old, dear, "C1", "C2"))
    with transaction() as session:
        session.execute(text("UPDATE bookings SET expires_at = held_at WHERE id = :id"), {"id": new.id})
        session.execute(
            text("UPDATE show_seats SET held_until = :now WHERE booking_id = :id"), {"id": new.id, "now": new.held_at}
        )
    assert expire_booking(new.show_id, new.id)
    assert buyer.get(f"/bookings/{new.code}/checkout").status_code == 410
    again = buyer.held(dear, seat_ids(dear, "C1", "C2"))
    assert soup(buyer.get(f"/bookings/{again}/checkout")).select_one("#pay").get_text() == "Pay £10.00"
    assert booking_of(old).state == "confirmed"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"show": "here"}, "Choose which of these seats are to be changed."),
        ({"show": "here", "tickets": [1, 9]}, "Choose which of these seats are to be changed."),
        ({"tickets": [1]}, "Choose a show."),
        ({"show": "1e3", "tickets": [1]}, "Choose a show."),
        ({"show": "another film", "tickets": [1]}, "same film only"),
        ({"show": "another money", "tickets": [1]}, "is paid in EUR"),
        ({"show": "999999999", "tickets": [1]}, "There is no such show."),
    ],
)
def test_what_can_not_be_changed_is_told_on_the_page_itself(buyer, old, show, film, data, said):
    shows = {"here": lambda: show, "another film": a_show}
    shows["another money"] = lambda: a_show(movie=film, cinema=a_cinema(a_city("Paris", currency="EUR")))
    make = shows.get(data.get("show"))
    answer = buyer.post_form(f"/bookings/{old}/exchange", {**data, "show": make().id} if make else data)
    assert answer.status_code in (404, 409, 422)
    assert said in words(answer)
    assert soup(answer).select("button[name=show]"), "and the way on is there"


def test_showings_in_other_money_are_named_and_not_offered(buyer, old, film):
    a_show(movie=film, cinema=a_cinema(a_city("Paris", currency="EUR")))
    page = buyer.get(f"/bookings/{old}/exchange")
    assert "Paris (EUR)" in words(page)
    assert "No other show of Metropolis is on sale" in words(page)


def test_it_can_be_too_late_and_the_page_says_until_when(buyer, old, film, show, moved_clock):
    other = a_show(movie=film, starts_in=dt.timedelta(hours=9))
    begun(buyer, old, other)
    moved_clock.stop_at(show.starts_at - dt.timedelta(minutes=90))
    page = buyer.get(f"/bookings/{old}/exchange")
    assert page.status_code == 409
    assert "It is too late to change these seats. Seats of booking" in words(page)
    assert not soup(page).select("button[name=show]")
    assert "Change seats or time" not in words(buyer.get(f"/bookings/{old}"))
    refused = buyer.hold(other, seat_ids(other, "C1", "C2"))
    assert refused.status_code == 409
    assert "It is too late to change these seats" in words(refused)
    page = buyer.get(f"/shows/{other.id}")
    assert "stays as it is" in words(page)
    assert "Changing" not in words(buyer.get(f"/shows/{other.id}")), "told once"


def test_old_seats_that_went_meanwhile_stop_the_change_before_anything_is_charged(buyer, old, film):
    dear = a_show(movie=film, prices=DEAR)
    new = held_instead(buyer, old, dear, "C1", "C2")
    cancel(booking_of(old))
    answer = buyer.pay(new)
    assert (answer.status_code, answer.location) == (303, f"/shows/{dear.id}")
    page = buyer.get(answer.location)
    assert "were used, changed or given back meanwhile" in words(page)
    assert "nothing was charged" in words(page)
    assert booking_of(new).state == "released"


def test_old_seats_that_went_while_the_new_ones_were_paid_send_the_money_back_and_say_so(buyer, old, film):
    new = held_instead(buyer, old, a_show(movie=film, prices=DEAR), "C1", "C2")
    address = buyer.pay(new).location
    cancel(booking_of(old))
    back = buyer.press(address, "pay")
    page = buyer.get(buyer.get(back.location).location)
    assert "The seats were not changed" in words(page)
    assert "£10.00 goes back in full" in words(page)
    assert soup(page).find("a", href=f"/bookings/{old}")


def test_a_second_change_is_told_of_the_first_that_is_being_paid(buyer, old, film):
    dear = a_show(movie=film, prices=DEAR)
    first = held_instead(buyer, old, dear, "C1", "C2")
    buyer.pay(first)
    second = held_instead(buyer, old, a_show(movie=film, prices=DEAR), "C1", "C2")
    answer = buyer.pay(second)
    assert answer.status_code == 409
    assert "is being paid for, as booking" in words(answer)
    assert soup(answer).select_one("#pay") is not None


def test_a_change_is_changed_again(buyer, old, film):
    second = held_instead(buyer, old, a_show(movie=film), "C1", "C2")
    assert buyer.pay(second).location == f"/bookings/{second}"
    third = held_instead(buyer, second, a_show(movie=film), "B1", "B2")
    assert buyer.pay(third).location == f"/bookings/{third}"
    page = words(buyer.get(f"/bookings/{second}"))
    assert "This booking was changed" in page
    assert "Instead of 2 seats" in page


# Whose booking it is


def test_nobody_else_changes_a_booking(app, buyer, old, show):
    other = a_buyer(app)
    assert other.get(f"/bookings/{old}/exchange").status_code == 404
    assert other.post_form(f"/bookings/{old}/exchange", {"tickets": [1], "show": show.id}).status_code == 404
    assert other.post_form(f"/bookings/{old}/exchange/stop").status_code == 404


def test_the_signed_link_is_enough_on_another_device(app, old, film):
    phone, dear = a_buyer(app), a_show(movie=film, prices=DEAR)
    assert phone.get(f"/bookings/{old}?key={link_key(old)}").status_code == 200
    new = held_instead(phone, old, dear, "C1", "C2")
    assert phone.get(f"/bookings/{new}/checkout").status_code == 200


def test_a_changed_booking_stays_in_its_account(app, film):
    with transaction() as session:
        user_id = session.execute(
            text(
                "INSERT INTO users (name, email, password_hash, created_at) VALUES ('A', 'a@b.c', '', :now) RETURNING id"
            ),
            {"now": clock.now()},
        ).scalar_one()
    old = a_paid_booking(a_show(movie=film), owner=f"u:{user_id}")
    with transaction() as session:
        session.execute(text("UPDATE bookings SET user_id = :user WHERE id = :id"), {"user": user_id, "id": old.id})
    phone, other = a_buyer(app), a_show(movie=film)
    phone.get(f"/bookings/{old.code}?key={link_key(old.code)}")
    assert booking_of(held_instead(phone, old.code, other, "C1", "C2")).user_id == user_id


def test_a_change_kept_in_mind_opens_nothing_by_itself(app, buyer, old, film):
    """The session says which booking is meant; whether it is theirs is asked again at each step."""
    other = a_show(movie=film)
    begun(buyer, old, other)
    with buyer.session_transaction() as session:
        session["guest"] = "s:somebody-else"
        session.pop("opened", None)
    assert "Changing" not in words(buyer.get(f"/shows/{other.id}"))
    buyer.held(other, seat_ids(other, "C1"))
    assert rows("SELECT id FROM booking_credits") == []


def test_looking_and_choosing_write_nothing(buyer, old, show):
    before = rows("SELECT count(*) FROM bookings") + rows("SELECT sum(version) FROM show_seats")
    buyer.get(f"/bookings/{old}/exchange")
    begun(buyer, old, show)
    assert rows("SELECT count(*) FROM bookings") + rows("SELECT sum(version) FROM show_seats") == before


def test_money_that_comes_by_message_makes_the_change_too(buyer, old, film):
    new = booking_of(held_instead(buyer, old, a_show(movie=film, prices=DEAR), "C1", "C2"))
    buyer.pay(new.code)
    (payment,) = rows(
        "SELECT provider, provider_ref, show_id, id, amount_minor, currency FROM payments WHERE booking_id = :id",
        id=new.id,
    )
    assert settle_payment(an_event(payment)) == "confirmed"
    assert "This booking was changed" in words(buyer.get(f"/bookings/{old}"))
