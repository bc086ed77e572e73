"""Paying less at checkout, by a form and by htmx: codes, gift cards, the wallet; the bill says what each does."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.db import db
from app.models import Show
from app.services import extras
from tests.builders import a_hold, a_show, a_started_payment, seat_ids, the_booking
from tests.support.client import soup, words
from tests.support.offers import a_coupon, a_gift_card, an_account, money_in_wallet, the_card, untrue_balances, uses
from tests.web.buyer import ADA, Buyer, a_buyer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def show(app: Flask) -> Show:
    return a_show()


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return a_buyer(app)


@pytest.fixture
def code(buyer: Buyer, show: Show) -> str:
    """A booking of two seats, £21.50."""
    return buyer.held(show, seat_ids(show, "A1", "A2"))


def use(buyer: Buyer, code: str, typed: str, **values) -> TestResponse:
    return buyer.post_form(f"/bookings/{code}/code", {**ADA, "code": typed, **values.pop("data", {})}, **values)


def checkout(buyer: Buyer, code: str) -> TestResponse:
    return buyer.get(f"/bookings/{code}/checkout")


def why(response: TestResponse) -> str:
    found = soup(response).select_one("#code-why")
    return found.get_text() if found else ""


def button(response: TestResponse) -> str:
    return soup(response).select_one("#pay").get_text()  # type: ignore[union-attr]


def paid(buyer: Buyer, code: str, **values) -> TestResponse:
    """Pay in the sandbox and come back."""
    back = buyer.press(buyer.pay(code, **values).location, "pay")
    return buyer.get(buyer.get(back.location).location)


def log_in(buyer: Buyer, email: str) -> int:
    account = an_account(email)
    response = buyer.post_form("/login", {"email": email, "password": "popcorn-and-a-film"})
    assert response.status_code == 303
    return account


# Coupons


def test_a_code_without_javascript_leads_back_to_a_lower_bill_and_keeps_what_was_typed(buyer, code):
    coupon = a_coupon("MATINEE10")
    response = use(buyer, code, "matinee10", data={"name": "Bess", "method": "sandbox:upi"})
    assert response.status_code == 303
    page = checkout(buyer, code)
    assert "Offer MATINEE10 (MATINEE10) Remove MATINEE10 −£2.00" in words(page)
    assert button(page) == "Pay £19.50"
    assert soup(page).select_one("#name")["value"] == "Bess"
    assert soup(page).select_one("input[name=method][checked]")["value"] == "sandbox:upi"
    assert uses(coupon) == 0


def test_a_code_by_htmx_gives_the_bill_and_the_field(buyer, code):
    page = use(buyer, code, a_coupon(), headers=HTMX)
    assert page.status_code == 200
    assert b"<html" not in page.data
    assert button(page) == "Pay £19.50"
    assert {part["id"] for part in soup(page).select("[hx-swap-oob]")} >= {"extras", "ways"}
    assert soup(page).select_one("#code")["value"] == ""


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_a_wrong_code_says_why_beside_the_field_and_the_booking_goes_on(buyer, code, headers):
    page = use(buyer, code, "NO SUCH", headers=headers)
    assert page.status_code == 422
    assert why(page) == "We don't know this code. Check it for typing mistakes."
    assert soup(page).select_one("#code")["value"] == "NO SUCH"
    assert button(page) == "Pay £21.50"
    assert "Admit" in words(paid(buyer, code))


def test_no_code_at_all_asks_for_one(buyer, code):
    assert why(use(buyer, code, "  ")) == "Type the code of a coupon or a gift card."


def test_a_coupon_is_removed_by_its_button(buyer, code):
    use(buyer, code, a_coupon())
    remove = soup(checkout(buyer, code)).select_one(".bill button[name=coupon]")
    page = buyer.post_form(remove["formaction"], {"coupon": remove["value"]}, headers=HTMX)
    assert button(page) == "Pay £21.50"


def test_a_code_that_was_typed_and_not_used_is_used_before_anything_is_paid(buyer, code):
    coupon = a_coupon()
    response = buyer.post_form(f"/bookings/{code}/pay", {**ADA, "method": "sandbox:card", "code": coupon})
    assert response.status_code == 307, "the browser sends the same form there"
    assert response.location.endswith(f"/bookings/{code}/code")
    assert use(buyer, code, coupon).status_code == 303
    assert button(checkout(buyer, code)) == "Pay £19.50"
    assert db.session.execute(text("SELECT count(*) FROM payments")).scalar_one() == 0


def test_a_coupon_that_ceased_to_count_is_struck_with_its_reason_and_paid_without(buyer, show, code):
    coupon = a_coupon(total_limit=1)
    use(buyer, code, coupon)
    other = a_hold(show)
    extras.add_coupon(show.id, other.id, coupon)
    a_started_payment(other)
    page = checkout(buyer, code)
    assert soup(page).select_one(".bill s").get_text() == f"Offer {coupon} ({coupon})"
    assert "This code has been used up." in words(page)
    assert button(page) == "Pay £21.50"
    without = soup(page).select_one("input[name=without]")["value"]
    assert "Admit" in words(paid(buyer, code, without=without))
    assert uses(coupon) == 1
    assert untrue_balances() == []


def test_a_coupon_lost_between_looking_and_paying_is_told_with_the_new_amount(buyer, show, code):
    coupon = a_coupon(total_limit=1)
    use(buyer, code, coupon)
    other = a_hold(show)
    extras.add_coupon(show.id, other.id, coupon)
    a_started_payment(other)
    page = buyer.pay(code)
    assert page.status_code == 422
    assert "This code has been used up. Nothing was charged; please look at the new amount." in words(page)
    assert button(page) == "Pay £21.50"
    assert soup(page).select_one("#name")["value"] == ADA["name"]


def test_the_bill_follows_the_ticket_types_and_strikes_a_coupon_that_needs_more(buyer, show, code):
    use(buyer, code, a_coupon(min_minor=2000, currency="GBP"))
    types = {f"type-{seat}": "child" for seat in seat_ids(show, "A1", "A2")}
    page = buyer.post_form(f"/bookings/{code}/quote", {**ADA, **types}, headers=HTMX)
    assert "This code is for larger bookings" in words(page)
    assert button(page) == "Pay £15.50"
    page = buyer.post_form(f"/bookings/{code}/quote", ADA, headers=HTMX)
    assert button(page) == "Pay £19.50", "it counts again"


def test_the_discount_stands_on_the_bookings_page_and_the_lines_add_up(buyer, code):
    use(buyer, code, a_coupon())
    page = paid(buyer, code)
    assert "−£2.00" in words(page)
    assert "Paid £19.50" in words(page)


def test_the_eleventh_code_in_a_minute_waits(buyer, code, set_setting):
    set_setting(codes_per_minute=10)
    for _ in range(10):
        assert use(buyer, code, "WRONG").status_code == 422
    page = use(buyer, code, a_coupon())
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "60"
    assert "many codes" in why(page)
    part = use(buyer, code, "WRONG", headers=HTMX)
    assert part.status_code == 422, "htmx shows it"
    assert "many codes" in why(part)
    assert buyer.pay(code).status_code == 303, "the booking goes on"


# Gift cards and the wallet


def test_a_gift_card_typed_into_the_same_field_pays_its_part(buyer, code):
    card_id, card = a_gift_card(1000)
    use(buyer, code, card.lower())
    page = checkout(buyer, code)
    assert f"Gift card ending {card[-4:]} Remove Gift card ending {card[-4:]} −£10.00" in words(page)
    assert card not in page.get_data(as_text=True)
    assert button(page) == "Pay £11.50"
    assert "£10.00 of it by gift card" in words(paid(buyer, code))
    assert the_card(card_id).balance_minor == 0
    assert untrue_balances() == []


def test_a_card_that_pays_all_asks_for_no_way_to_pay(buyer, code):
    card_id, card = a_gift_card(5000)
    use(buyer, code, card)
    page = checkout(buyer, code)
    assert button(page) == "Book for £0.00"
    assert "£28.50 left on it" in words(page)
    assert not soup(page).select("input[name=method]")
    response = buyer.post_form(f"/bookings/{code}/pay", ADA)
    assert response.location.endswith(f"/bookings/{code}")
    assert "Admit" in words(buyer.get(response.location))
    assert the_card(card_id).balance_minor == 2850


def test_a_card_spent_between_looking_and_paying_is_told_and_the_form_shows_the_new_amount(buyer, show, code):
    _, card = a_gift_card(3000)
    use(buyer, code, card)
    other = a_hold(show)
    extras.add_gift_card(show.id, other.id, card)
    a_buyer_pays_nothing(other)
    page = buyer.post_form(f"/bookings/{code}/pay", {**ADA, "method": "sandbox:card"})
    assert page.status_code == 409
    assert "A balance is not what it was when you began. Nothing was charged" in words(page)
    assert button(page) == "Pay £13.00"
    assert soup(page).select("input[name=method]"), "now there is something to pay"
    assert "Admit" in words(paid(buyer, code))
    assert untrue_balances() == []


def a_buyer_pays_nothing(booking) -> None:
    from app.services.checkout import begin_payment
    from tests.builders import A_BUYER

    assert begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest") is None


def test_the_wallet_is_offered_to_who_has_one_and_pays(buyer, code):
    money_in_wallet(log_in(buyer, "bess@example.org"), 700)
    assert "Your wallet holds £7.00." in words(checkout(buyer, code))
    assert buyer.post_form(f"/bookings/{code}/wallet", ADA, page="/account").status_code == 303
    page = checkout(buyer, code)
    assert "Your wallet Remove Your wallet −£7.00" in words(page)
    assert "Your wallet holds" not in words(page)
    assert button(page) == "Pay £14.50"
    started = buyer.post_form(f"/bookings/{code}/pay", {**ADA, "method": "sandbox:card"}, page="/account")
    back = buyer.press(started.location, "pay")
    assert "Admit" in words(buyer.get(buyer.get(back.location).location))
    account_page = words(buyer.get("/account"))
    assert "−£7.00" in account_page
    assert "£0.00" in account_page


def test_a_guest_has_no_wallet(buyer, code):
    assert buyer.post_form(f"/bookings/{code}/wallet", ADA).status_code == 404


def test_a_credit_is_removed_by_its_button_and_another_bookings_is_not(app, buyer, show, code):
    use(buyer, code, a_gift_card(1000)[1])
    other = a_hold(show)
    extras.add_gift_card(show.id, other.id, a_gift_card(1000)[1])
    foreign = db.session.execute(
        text("SELECT id FROM booking_credits WHERE booking_id = :id"), {"id": other.id}
    ).scalar_one()
    db.session.commit()
    for value in (str(foreign), "", "-1", "x", "9" * 30):
        page = buyer.post_form(f"/bookings/{code}/credit/drop", {"credit": value}, headers=HTMX)
        assert button(page) == "Pay £11.50"
    remove = soup(checkout(buyer, code)).select_one(".bill button[name=credit]")
    page = buyer.post_form(remove["formaction"], {"credit": remove["value"]}, headers=HTMX)
    assert button(page) == "Pay £21.50"
    kept = db.session.execute(text("SELECT count(*) FROM booking_credits")).scalar_one()
    assert kept == 1


@pytest.mark.parametrize("act", ["code", "wallet", "coupon/drop", "credit/drop"])
def test_a_strangers_booking_and_one_being_paid_can_not_be_touched(app, buyer, code, act):
    stranger = a_buyer(app)
    assert stranger.post_form(f"/bookings/{code}/{act}", ADA).status_code == 404
    buyer.pay(code)
    log_in(buyer, "bess@example.org")
    response = buyer.post_form(f"/bookings/{code}/{act}", {**ADA, "code": a_coupon()}, page="/account")
    assert response.status_code == 303
    assert response.location.endswith(f"/bookings/{code}/checkout")
    assert the_booking_total(code) == 2150


def the_booking_total(code: str) -> int:
    from app.queries.bookings import find_booking

    ref = find_booking(code)
    assert ref is not None
    return the_booking(ref.show_id, ref.id).total_minor


def test_codes_stand_in_no_log_and_no_address(buyer, code, capfd):
    _, card = a_gift_card(1000)
    use(buyer, code, card)
    response = buyer.post_form("/gift-cards/balance", {"code": card}, page="/gift-cards/balance")
    assert response.status_code == 200
    spoken = capfd.readouterr()
    assert card not in spoken.out + spoken.err


@pytest.mark.parametrize("form", ["code", "quote", "pay"])
def test_the_address_of_a_form_with_a_problem_opened_anew_is_the_checkout(app, buyer, code, form):
    response = buyer.get(f"/bookings/{code}/{form}")
    assert response.status_code == 303
    assert response.location.endswith(f"/bookings/{code}/checkout")
    assert a_buyer(app).get(f"/bookings/{code}/{form}").status_code == 404


def test_who_has_an_account_does_not_type_name_and_address(buyer, code):
    log_in(buyer, "bess@example.org")
    page = soup(checkout(buyer, code))
    assert page.select_one("#email")["value"] == "bess@example.org"
    assert page.select_one("#name")["value"]


def pressed_pay(buyer: Buyer, code: str, typed: str, refused: str) -> TestResponse:
    form = {**ADA, "method": "sandbox:card", "code": typed, "refused": refused}
    return buyer.post_form(f"/bookings/{code}/pay", form)


def test_a_code_that_was_refused_and_still_stands_in_the_field_does_not_stop_the_payment(buyer, code):
    page = soup(use(buyer, code, "NOSUCHCODE"))
    refused = page.select_one("input[name=refused]")["value"]
    assert refused == "NOSUCHCODE"
    response = pressed_pay(buyer, code, refused, refused)
    assert response.status_code == 303
    assert "/pay/sandbox/" in response.location


def test_another_code_than_the_refused_one_is_tried_before_anything_is_paid(buyer, code):
    coupon = a_coupon("MATINEE10")
    assert pressed_pay(buyer, code, coupon, "NOSUCHCODE").status_code == 307
