"""Gift cards' pages: choosing, paying, the card, its balance; and who may see which."""

from __future__ import annotations

import email
import re
from email import policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.blueprints import gift_cards as pages
from app.db import db
from app.domain.gift_cards import in_fours
from app.domain.staff import Role
from app.jobs.outbox import run_due_items
from app.services.card_voiding import void_gift_card
from app.services.gift_cards import abandon_gift_cards, card_code
from tests.builders import a_cinema, a_city, a_person, a_show, seat_ids
from tests.support.client import soup, words
from tests.support.house import ROOT
from tests.support.offers import a_gift_card, money_in_wallet, the_card, untrue_balances
from tests.support.staff import by
from tests.web.buyer import Buyer, a_buyer
from tests.web.test_offers import log_in

HTMX = {"HX-Request": "true"}
STATIC = ROOT / "app" / "static"
PAGE = "/gift-cards"
GIVER = {"name": "Ada Byron", "email": "ada@example.org"}


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    a_cinema(a_city("London"))
    return a_buyer(app)


def filled(buyer: Buyer, page: str = PAGE, **values: str) -> dict[str, str]:
    """The form as it comes, with these fields typed in."""
    form = soup(buyer.get(page)).select_one("main form")
    assert form is not None
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]:not([type=radio])")}
    fields |= {str(one["name"]): str(one["value"]) for one in form.select("input[type=radio][checked]")}
    return {**fields, **GIVER, "method": "sandbox:card", **values}


def order(buyer: Buyer, **values: str) -> TestResponse:
    return buyer.post(PAGE, data=filled(buyer, **values))


def bought(buyer: Buyer, **values: str) -> str:
    """Order and pay in the sandbox; gives the card's address."""
    back = buyer.press(order(buyer, **values).location, "pay")
    address = buyer.get(back.location).location
    assert "/gift-cards/orders/" in address
    return address


def why(page: TestResponse, name: str) -> str:
    found = soup(page).select_one(f"#{name}-why")
    return found.get_text() if found else ""


def only_card() -> int:
    found: int = db.session.execute(text("SELECT id FROM gift_cards")).scalar_one()
    db.session.commit()
    return found


def test_the_page_offers_amounts_in_the_money_of_the_visitors_city(app):
    a_cinema(a_city("London"))
    a_cinema(a_city("Rennes", "Europe/Paris", "EUR", "FR"))
    visitor = a_buyer(app)
    assert "£25.00" in words(visitor.get(PAGE))
    visitor.post_form("/cities", {"city": _slug("Rennes")}, page="/cities")
    page = visitor.get(PAGE)
    assert "€25.00" in words(page)
    assert [link["href"] for link in soup(page).select("a.chip")] == [f"{PAGE}?currency=EUR", f"{PAGE}?currency=GBP"]
    assert "£25.00" in words(visitor.get(f"{PAGE}?currency=GBP"))
    assert "€25.00" in words(visitor.get(f"{PAGE}?currency=XXX"))


def _slug(name: str) -> str:
    found: str = db.session.execute(text("SELECT slug FROM cities WHERE name = :name"), {"name": name}).scalar_one()
    db.session.commit()
    return found


def test_a_house_that_sells_none_says_so(app):
    a_cinema(a_city(timezone="Asia/Tokyo", currency="JPY", country="JP"))
    page = a_buyer(app).get(PAGE)
    assert page.status_code == 200
    assert "No gift cards at this moment" in words(page)


def test_a_card_for_oneself_shows_its_code_once_it_is_paid(buyer):
    page = buyer.get(bought(buyer, amount="5000"))
    code = in_fours(card_code(only_card()))
    assert code in words(page)
    assert "Your gift card" in words(page)
    assert "£50.00" in words(page)
    assert "on its way to ada@example.org" in words(page)
    assert the_card(only_card()).balance_minor == 5000
    assert untrue_balances() == []


def test_a_card_for_somebody_says_where_it_went_and_keeps_the_code_folded(buyer):
    address = bought(
        buyer, recipient_name="Bess", recipient_email="bess@example.org", note="Have a <b>lovely</b> evening"
    )
    page = buyer.get(address)
    assert "on its way to bess@example.org . Your receipt comes to ada@example.org" in words(page)
    assert "Have a <b>lovely</b> evening" in words(page)
    code = in_fours(card_code(only_card()))
    assert soup(page).select_one("details .code").get_text() == code
    assert code not in address


def test_the_lines_of_the_words_stay_lines(buyer):
    address = bought(buyer, note="Happy  birthday!\r\n\r\n\r\n\r\n Yours,\r\nAda\r\n")
    assert the_card(only_card()).note == "Happy birthday!\n\nYours,\nAda"
    place = soup(buyer.get(address)).select_one(".gift .place")
    assert place.get_text() == "Happy birthday!\n\nYours,\nAda"
    (rule,) = re.findall(r"\.gift \.place \{([^}]*)\}", (STATIC / "marquee.css").read_text())
    assert "white-space: pre-line" in rule


def test_an_amount_of_ones_own_is_read_in_the_cards_currency(buyer):
    bought(buyer, amount="own", own="33,50")
    assert the_card(only_card()).initial_minor == 3350


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"amount": "own", "own": "4.99"}, "own", "Type an amount from £5.00 to £500.00"),
        ({"amount": "own", "own": "500.01"}, "own", "Type an amount from £5.00 to £500.00"),
        ({"amount": "own", "own": "-20"}, "own", "Type an amount from £5.00 to £500.00"),
        ({"amount": "own", "own": "NaN"}, "own", "Type an amount from £5.00 to £500.00"),
        ({"recipient_email": "bess"}, "recipient_email", "An e-mail address needs an @"),
        ({"name": " "}, "name", "Tell us your name"),
        ({"email": ""}, "email", "Tell us where to send the receipt"),
        ({"note": "x" * 301}, "note", "At most 300 letters fit on the card"),
    ],
)
def test_a_wrong_field_says_so_and_the_rest_is_kept(buyer, values, field, said):
    page = order(buyer, **{"recipient_name": "Bess", **values})
    assert page.status_code == 422
    assert why(page, field) == said
    assert soup(page).select_one("#recipient_name")["value"] == "Bess"
    assert db.session.execute(text("SELECT count(*) FROM gift_cards")).scalar_one() == 0


@pytest.mark.parametrize("amount", ["1", "2501", "-2500", "2500.0", "1e9", ""])
def test_an_amount_that_is_not_offered_is_refused(buyer, amount):
    page = order(buyer, amount=amount)
    chosen = db.session.execute(text("SELECT initial_minor FROM gift_cards")).scalars().all()
    assert page.status_code == 422 or chosen == [2500], "nothing ticked is the amount shown"
    assert set(chosen) <= {2500}


@pytest.mark.parametrize("currency", ["JPY", "", "XXX"])
def test_a_currency_without_cards_is_refused(buyer, currency):
    assert order(buyer, currency=currency).status_code == 422


def test_a_double_click_is_one_order(buyer):
    fields = filled(buyer)
    first, second = buyer.post(PAGE, data=fields), buyer.post(PAGE, data=fields)
    assert first.location == second.location
    only_card()


def test_a_declined_payment_says_so_and_can_be_tried_again(buyer):
    back = buyer.press(order(buyer).location, "decline")
    page = buyer.get(buyer.get(back.location).location)
    assert "Not paid yet" in words(page)
    assert "The bank declined the payment." in words(page)
    form = soup(page).select_one("main form")
    again = buyer.post_form(form["action"], {"method": "sandbox:card"})
    back = buyer.press(again.location, "pay")
    assert "Your gift card" in words(buyer.get(buyer.get(back.location).location))


def test_while_the_payment_runs_the_page_waits_and_goes_on_by_itself(buyer):
    address = order(buyer).location
    card = f"/gift-cards/orders/{_order_code()}"
    page = buyer.get(card)
    assert "Waiting for the payment" in words(page)
    assert soup(page).select_one("#waiting")["hx-get"] == f"{card}/status"
    assert b"has not told us" in buyer.get(f"{card}/status", headers=HTMX).data
    buyer.press(address, "pay")
    buyer.get(f"{card}/return")
    answer = buyer.get(f"{card}/status", headers=HTMX)
    assert answer.headers["HX-Redirect"] == card


def _order_code() -> str:
    found: str = db.session.execute(text("SELECT order_code FROM gift_cards")).scalar_one()
    db.session.commit()
    return found


def test_an_order_given_up_says_so_and_is_not_paid_any_more(buyer, moved_clock):
    buyer.press(order(buyer).location, "leave")
    card = f"/gift-cards/orders/{_order_code()}"
    moved_clock.forward(hours=25)
    assert abandon_gift_cards() == 1
    assert "Nobody paid this order within a day" in words(buyer.get(card))
    assert buyer.post_form(f"{card}/pay", {"method": "sandbox:card"}).location.endswith(card)


def test_a_void_card_says_so_and_where_its_money_goes(app, buyer):
    address = bought(buyer)
    void_gift_card(by(a_person(Role.ADMIN)), only_card(), 2500, "bought twice")
    page = buyer.get(address)
    assert "No longer good" in words(page)
    assert "£25.00 goes back the way it was paid" in words(page)
    assert "Nobody paid" not in words(page)


@pytest.mark.parametrize("part", ["", "/status", "/return", "/pay", "/mail"])
def test_another_visitors_card_does_not_exist(app, buyer, part):
    address = bought(buyer)
    stranger = a_buyer(app)
    method = stranger.post_form if part in ("/pay", "/mail") else stranger.get
    assert method(f"{address}{part}").status_code == 404
    assert method(f"/gift-cards/orders/{'0' * 12}{part}").status_code == 404


def test_an_account_sees_its_card_in_another_browser(app, buyer):
    log_in(buyer, "bess@example.org")
    address = bought(buyer)
    elsewhere = a_buyer(app)
    elsewhere.post_form("/login", {"email": "bess@example.org", "password": "popcorn-and-a-film"})
    assert "Your gift card" in words(elsewhere.get(address))


def test_pages_with_codes_are_kept_by_nobody(buyer):
    assert "no-store" in buyer.get(bought(buyer)).headers["Cache-Control"]


# The balance


def balance(buyer: Buyer, code: str) -> TestResponse:
    return buyer.post_form("/gift-cards/balance", {"code": code}, page="/gift-cards/balance")


def test_the_balance_is_told_to_who_has_the_code(app, moved_clock):
    visitor = a_buyer(app)
    _, code = a_gift_card(4000)
    page = balance(visitor, in_fours(code).lower())
    assert "£40.00" in words(page)
    assert f"···· {code[-4:]}" in words(page)
    assert code not in page.request.url
    moved_clock.forward(days=800)
    assert "No longer good" in words(balance(visitor, code))


def test_an_unknown_code_is_told_beside_the_field(app):
    page = balance(a_buyer(app), "0000-0000-0000-0000")
    assert page.status_code == 422
    assert why(page, "code") == "We don’t know this gift card. Check its code for typing mistakes."


def test_codes_tried_at_the_balance_and_at_checkout_count_together(app, set_setting):
    set_setting(codes_per_minute=3)
    visitor = a_buyer(app)
    assert [balance(visitor, "0" * 16).status_code for _ in range(4)] == [422, 422, 422, 429]
    page = balance(visitor, a_gift_card()[1])
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "60"
    assert "£25.00" not in words(page)
    assert balance(a_buyer(app), "0" * 16).status_code == 429, "another session from the same address"


def test_orders_are_no_tries_of_codes_and_a_crowd_of_them_keeps_what_was_typed(buyer, set_setting, monkeypatch):
    set_setting(codes_per_minute=1)
    monkeypatch.setattr(pages, "ORDERS_PER_MINUTE", 2)
    assert [order(buyer).status_code for _ in range(2)] == [303, 303]
    page = order(buyer, recipient_name="Bess", note="For a rainy evening", amount="5000")
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "60"
    assert "many orders" in words(page)
    assert soup(page).select_one("#recipient_name")["value"] == "Bess"
    assert "For a rainy evening" in soup(page).select_one("#note").get_text()
    assert soup(page).select_one("[name=amount][checked]")["value"] == "5000"
    assert db.session.execute(text("SELECT count(*) FROM gift_cards")).scalar_one() == 2
    assert balance(buyer, "0" * 16).status_code == 422, "and codes may be tried as ever"


def my_cards(visitor: Buyer) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in soup(visitor.get("/account")).select("#my-cards tbody tr")]


def test_an_account_sees_the_cards_it_bought_and_no_code(app, buyer, moved_clock):
    log_in(buyer, "bess@example.org")
    assert "Gift cards you bought" not in words(buyer.get("/account"))
    bought(buyer, recipient_name="Charles", recipient_email="charles@example.org")
    card_id = only_card()
    (line,) = my_cards(buyer)
    for said in ("Charles, charles@example.org", "£25.00", "not used yet", "Mail it again"):
        assert said in line
    page = buyer.get("/account").get_data(as_text=True)
    code = card_code(card_id)
    db.session.commit()
    assert not any(form in page for form in (code, in_fours(code), code[-4:]))
    use(buyer, app, card_id, "A1", "A2")
    assert "partly used" in my_cards(buyer)[0]
    moved_clock.forward(days=800)
    buyer.post_form("/login", {"email": "bess@example.org", "password": "popcorn-and-a-film"})
    (line,) = my_cards(buyer)
    assert "expired" in line
    assert "Mail it again" not in line


def use(buyer: Buyer, app: Flask, card_id: int, *labels: str) -> None:
    """Somebody spends of the card."""
    other, show, code = a_buyer(app), a_show(), card_code(card_id)
    db.session.commit()
    booking = other.held(show, seat_ids(show, *labels))
    other.post_form(f"/bookings/{booking}/code", {"code": code})
    assert other.post_form(f"/bookings/{booking}/pay", {**GIVER, "method": "sandbox:card"}).status_code == 303


def test_what_is_spent_void_or_not_paid_yet_is_said_in_the_list(app, buyer):
    log_in(buyer, "bess@example.org")
    bought(buyer, amount="own", own="21.50")
    card_id = only_card()
    use(buyer, app, card_id, "A1", "A2")
    (line,) = my_cards(buyer)
    assert "yourself" in line
    assert "used up" in line
    void_gift_card(by(a_person(Role.ADMIN)), card_id, 0, "lost")
    order(buyer)
    newest, oldest = my_cards(buyer)
    assert "void" in oldest
    assert "not paid yet" in newest
    assert "Mail it again" not in newest + oldest


def test_a_card_is_mailed_again_to_whom_it_is_for(app, buyer):
    log_in(buyer, "bess@example.org")
    address = bought(buyer, recipient_name="Charles", recipient_email="charles@example.org")
    answer = buyer.post_form(f"{address}/mail", {}, page="/account")
    assert answer.location.endswith("/account")
    assert "goes to charles@example.org again" in words(buyer.get("/account"))
    query = text("SELECT recipient FROM messages WHERE kind = 'gift_card' ORDER BY id")
    assert list(db.session.execute(query).scalars()) == ["charles@example.org"] * 2
    buyer.post_form(f"{address}/mail", {}, page="/account")
    assert "a minute ago" in words(buyer.get("/account"))
    assert len(list(db.session.execute(query).scalars())) == 2


def test_a_void_card_is_not_mailed_again(app, buyer):
    log_in(buyer, "bess@example.org")
    address = bought(buyer)
    void_gift_card(by(a_person(Role.ADMIN)), only_card(), 2500, "lost")
    buyer.post_form(f"{address}/mail", {}, page="/account")
    assert "Only a gift card that is paid and not void" in words(buyer.get("/account"))


def test_the_accounts_page_shows_the_wallet(app):
    visitor = a_buyer(app)
    account = log_in(visitor, "bess@example.org")
    assert "Nothing is in it yet" in words(visitor.get("/account"))
    money_in_wallet(account, 1234)
    assert "£12.34" in words(visitor.get("/account"))


def test_the_mailed_code_pays_a_booking(app, buyer):
    """From the order to the seat: the code is read from the mail, as its receiver would."""
    bought(buyer, recipient_name="Bess", recipient_email="bess@example.org")
    run_due_items()
    letters = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails(app)]
    letter = next(one for one in letters if one["To"] and "bess@example.org" in str(one["To"]))
    found = re.search(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b", letter.get_body(("plain",)).get_content())
    assert found is not None, "the code stands in the mail in fours"
    assert all(found.group() not in str(one) for one in letters if one is not letter), "and in no other mail"
    bess, show = a_buyer(app), a_show()
    code = bess.held(show, seat_ids(show, "A1", "A2"))
    bess.post_form(f"/bookings/{code}/code", {"code": found.group()})
    assert bess.post_form(f"/bookings/{code}/pay", GIVER).location.endswith(f"/bookings/{code}")
    assert the_card(only_card()).balance_minor == 2500 - 2150
    assert untrue_balances() == []


def mails(app: Flask) -> list[Path]:
    return sorted((Path(app.extensions["marquee_settings"].var_dir) / "mail").glob("gift_card*.eml"))


def test_an_amount_that_was_typed_counts_before_the_one_ticked(buyer):
    bought(buyer, own="30.50")
    assert the_card(only_card()).initial_minor == 3050


def test_a_typed_amount_that_is_none_is_refused_whatever_is_ticked(buyer):
    page = order(buyer, own="NaN")
    assert page.status_code == 422
    assert why(page, "own") == "Type an amount from £5.00 to £500.00"
