"""Paying less, as people do it: a code typed at checkout, a gift card bought and spent; axe looks at each page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from app.db import transaction
from app.models import GiftCard
from app.queries.browse_cache import browse_changed
from tests import builders
from tests.browser.test_axe import keep_two
from tests.browser.test_booking import expect_tickets, fill_in, pay_in_the_sandbox
from tests.browser.visitor import PHONE, SMALL, WIDE, Visitor
from tests.support.offers import a_coupon, a_gift_card, an_account, the_card


def use_code(page: Page, code: str) -> None:
    page.get_by_label("Coupon or gift card").fill(code)
    page.get_by_role("button", name="Use it").click()


def test_codes_change_the_bill_in_place_and_what_was_typed_stays(visitor: Visitor) -> None:
    page = visitor.page
    show = builders.a_show(movie=builders.a_movie("Metropolis"))
    coupon, (card_id, card) = a_coupon("MATINEE10"), a_gift_card(5000)
    keep_two(page, show)
    fill_in(page)
    use_code(page, "NOSUCHCODE")
    expect(page.locator("#code-why")).to_contain_text("We don't know this code")
    expect(page.locator("#use-code")).to_be_focused()
    expect(page.locator("#alert-live")).to_contain_text("We don't know this code")
    visitor.look("a wrong code", WIDE, PHONE, SMALL)
    use_code(page, coupon)
    expect(page.locator("#pay")).to_have_text("Pay £19.50")
    expect(page.locator("#announce")).to_contain_text("To pay £19.50")
    expect(page.locator("#code-why")).to_have_count(0)
    use_code(page, card)
    expect(page.locator("#pay")).to_have_text("Book for £0.00")
    expect(page.locator("#ways")).to_be_hidden()
    visitor.look("paid by a coupon and a card", WIDE, PHONE, SMALL)
    page.get_by_role("button", name="Remove MATINEE10").click()
    expect(page.locator("#code")).to_be_focused()
    page.get_by_role("button", name="Remove Gift card").click()
    expect(page.locator("#pay")).to_have_text("Pay £21.50")
    expect(page.locator("#ways input:checked")).to_have_count(1)
    use_code(page, card)
    expect(page.locator("#pay")).to_have_text("Book for £0.00")
    expect(page.get_by_label("Name")).to_have_value("Ada Byron")
    page.locator("#pay").click()
    expect_tickets(page, 2)
    assert the_card(card_id).balance_minor == 5000 - 2150


def test_enter_in_the_field_for_codes_uses_the_code_and_pays_nothing(page: Page) -> None:
    coupon = a_coupon()
    keep_two(page, builders.a_show())
    fill_in(page)
    page.get_by_label("Coupon or gift card").fill(coupon)
    page.keyboard.press("Enter")
    expect(page.locator("#pay")).to_have_text("Pay £19.50")
    expect(page.get_by_label("Name")).to_have_value("Ada Byron")
    assert page.url.endswith("/checkout")


def test_a_coupon_struck_because_of_the_tickets_counts_again(visitor: Visitor) -> None:
    page = visitor.page
    keep_two(page, builders.a_show())
    use_code(page, a_coupon(min_minor=2000, currency="GBP"))
    expect(page.locator("#pay")).to_have_text("Pay £19.50")
    page.locator("#checkout select").first.select_option("child")
    expect(page.locator(".bill s")).to_be_visible()
    expect(page.locator("#pay")).to_have_text("Pay £18.50")
    visitor.look("a struck coupon", WIDE, PHONE)
    page.locator("#checkout select").first.select_option("adult")
    expect(page.locator("#pay")).to_have_text("Pay £19.50")


def test_a_gift_card_is_bought_and_its_balance_looked_up(visitor: Visitor) -> None:
    page = visitor.page
    builders.a_cinema(builders.a_city("Bristol"))
    builders.a_cinema(builders.a_city("Rennes", "Europe/Paris", "EUR", "FR"))
    browse_changed()
    visitor.go("/gift-cards?currency=GBP")
    visitor.look("gift cards", PHONE, SMALL)
    page.get_by_role("button", name="Buy the card").click()
    expect(page.locator("#summary")).to_be_focused()
    visitor.look("gift cards with errors", WIDE, SMALL)
    page.get_by_text("£50.00", exact=True).first.click()
    page.get_by_label("Their name").fill("Bess")
    page.get_by_label("A few words").fill("For a rainy Tuesday, with love.")
    page.get_by_label("Your name").fill("Ada Byron")
    page.get_by_label("Your e-mail").fill("ada@example.org")
    page.get_by_role("button", name="Buy the card").click()
    pay_in_the_sandbox(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your gift card")
    visitor.look("a gift card", WIDE, PHONE, SMALL)
    code = page.locator(".gift .code").inner_text()
    visitor.go("/gift-cards/balance")
    page.get_by_label("The card’s code").fill(code)
    page.get_by_role("button", name="Look").click()
    expect(page.locator(".gift .worth")).to_have_text("£50.00")
    visitor.look("a balance", WIDE, PHONE, SMALL)


def test_the_cards_one_bought_are_listed_and_mailed_again(visitor: Visitor) -> None:
    page, account = visitor.page, an_account("bess@example.org")
    for wish in ({}, {"recipient_name": "Charles", "recipient_email": "charles.with.a.long.address@example.org"}):
        card_id, _ = a_gift_card(2500, note="Happy birthday!\nAda", **wish)
        with transaction() as session:
            session.get_one(GiftCard, card_id).user_id = account
    page.goto("/login")
    page.get_by_label("E-mail").fill("bess@example.org")
    page.get_by_label("Password").fill("popcorn-and-a-film")
    page.get_by_role("button", name="Sign in").click()
    visitor.go("/account")
    visitor.look("an account with gift cards", WIDE, PHONE, SMALL)
    page.get_by_role("button", name="Mail it again to Charles").click()
    expect(page.get_by_text("goes to charles.with.a.long.address@example.org again")).to_be_visible()


def test_a_gift_card_without_javascript(plain_page: Page) -> None:
    builders.a_cinema(builders.a_city("Bristol"))
    browse_changed()
    plain_page.goto("/gift-cards")
    plain_page.get_by_label("Your name").fill("Ada Byron")
    plain_page.get_by_label("Your e-mail").fill("ada@example.org")
    plain_page.get_by_role("button", name="Buy the card").click()
    pay_in_the_sandbox(plain_page)
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Your gift card")
