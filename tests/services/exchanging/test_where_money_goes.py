"""Where the money of changed seats goes: through chains, cards, wallets and coupons, to the penny."""

from __future__ import annotations

from sqlalchemy import text

from app import clock
from app.db import transaction
from app.domain.ledger import Account
from app.domain.pricing import TicketType
from app.domain.refund_policy import CancellationReason
from app.models import Booking
from app.queries.exchange_page import exchangeable
from app.queries.people import account_of_token
from app.services import extras, payments
from app.services.accounts import register
from tests.builders import (
    a_hold,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
)
from tests.support.books import a_gift_card, a_wallet, books, card_balance, rows, wallet_balance
from tests.support.exchanges import (
    ME,
    a_change,
    cancel,
    finish,
    refunds,
    sound,
)


def changes_in_full() -> None:
    """Every cinema gives back all of what a change does, and has promised so."""
    with transaction() as session:
        session.execute(text("UPDATE cinemas SET changes_in_full = true"))
        session.execute(text("UPDATE bookings SET changes_in_full = true"))


def test_a_chain_of_changes_leads_back_to_what_paid_the_first_booking(old, dearer, alike):
    changes_in_full()
    second = a_change(old, dearer)
    assert finish(second) == "confirmed"
    third = a_change(second, alike)
    assert finish(third) == "confirmed"
    back = refunds()
    assert sum(amount for amount, _ in back) == 1000, "what the dearer seats cost more"
    assert cancel(third) == 2150
    given = rows("SELECT sum(amount_minor) AS sum FROM refunds GROUP BY payment_id ORDER BY sum")
    assert [row.sum for row in given] == [1000, 2150], "each payment gets back just what it paid"
    assert books(Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.TAX_PAYABLE) == {}
    sound()


def test_what_a_gift_card_paid_goes_back_to_it_through_the_change(app, film, dearer):
    card = a_gift_card(2000)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.add_gift_card(old.show_id, old.id, card)
    assert finish(old) == "confirmed"
    assert card_balance(card) == 0
    new = a_change(old, dearer)
    assert finish(new) == "confirmed"
    cancel(new)
    assert card_balance(card) == 2000
    assert sorted(amount for amount, _ in refunds()) == [150, 1000]
    sound()


def test_a_cheaper_change_pays_card_and_gateway_back_in_their_shares(app, film, cheaper):
    card = a_gift_card(1075)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.add_gift_card(old.show_id, old.id, card)
    finish(old)
    new = a_change(old, cheaper)
    assert finish(new) == "confirmed"
    assert (card_balance(card), refunds()) == (360, [(360, "exchange")])
    cancel(new, percent=90)
    assert card_balance(card) + sum(amount for amount, _ in refunds()) == 720 + 1215
    sound()


def test_what_a_wallet_paid_goes_back_to_it_through_the_change(app, film, dearer):
    ada = register("Ada", "ada@example.org", "popcorn-and-a-film")
    user_id = account_of_token(ada).id
    a_wallet(user_id, 2000)
    old = a_hold(a_show(movie=film), owner=ME)
    extras.use_wallet(old.show_id, old.id, user_id)
    assert finish(old) == "confirmed"
    assert wallet_balance(user_id) == 0
    new = a_change(old, dearer)
    finish(new)
    cancel(new)
    assert wallet_balance(user_id) == 2000
    assert sorted(amount for amount, _ in refunds()) == [150, 1000]
    sound()


def test_a_gift_card_pays_the_difference_and_gets_it_back(old, dearer):
    card = a_gift_card(5000)
    new = a_change(old, dearer)
    extras.add_gift_card(new.show_id, new.id, card)
    assert finish(new) == "confirmed"
    assert card_balance(card) == 4000, "the exchanged seats pay first"
    cancel(new)
    assert (card_balance(card), sum(amount for amount, _ in refunds())) == (5000, 2150)
    sound()


def test_parts_of_one_booking_go_different_ways_and_add_up(app, film, dearer, cheaper, alike):
    card = a_gift_card(1000)
    old = a_hold(a_show(movie=film), 4, owner=ME)
    changes_in_full()
    extras.add_gift_card(old.show_id, old.id, card)
    finish(old)
    first, second = a_change(old, dearer, 1), a_change(old, cheaper, 2, labels=("B5",))
    assert [finish(first), finish(second)] == ["confirmed", "confirmed"]
    third = a_change(first, alike)
    assert finish(third) == "confirmed"
    for booking in (second, third, old):
        cancel(booking)
    assert card_balance(card) == 1000
    (row,) = rows("SELECT sum(captured_minor) AS came, sum(refunded_minor) AS went FROM payments")
    assert row.came == row.went
    assert books(Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.TAX_PAYABLE) == {}
    sound()


def test_what_staff_gives_back_after_the_change_goes_back_whole(old, dearer):
    new = a_change(old, dearer)
    finish(new)
    cancel(new, reason=CancellationReason.STAFF)
    assert sorted(amount for amount, _ in refunds()) == [1000, 2150]
    sound()


def a_coupon_of(booking: Booking) -> int:
    """A coupon that the booking has used."""
    with transaction() as session:
        coupon_id = session.execute(
            text(
                "INSERT INTO coupons (code, name, kind, percent, used, created_at) "
                "VALUES ('HALF', 'Half', 'percent', 50, 0, :now) RETURNING id"
            ),
            {"now": clock.now()},
        ).scalar_one()
    extras.add_coupon(booking.show_id, booking.id, "half")
    return coupon_id


def test_the_worth_of_seats_is_what_was_paid_and_their_coupon_stays_spent(app, film, alike):
    old = a_hold(a_show(movie=film), owner=ME)
    coupon_id = a_coupon_of(old)
    assert finish(old) == "confirmed"
    assert exchangeable(old.show_id, old.id).worth_minor == 1150
    new = a_change(old, alike)
    payment = a_started_payment(new)
    assert payment.amount_minor == 1000
    payments.settle_payment(an_event(payment))
    assert rows("SELECT used FROM coupons WHERE id = :id", id=coupon_id)[0].used == 1
    assert books(Account.DISCOUNTS) == {}, "its discount went with the seats it was for"
    sound()


def test_a_coupon_comes_back_with_its_seats_unless_some_were_changed(app, film, alike):
    old = a_hold(a_show(movie=film), owner=ME)
    coupon_id = a_coupon_of(old)
    finish(old)
    finish(a_change(old, alike, 1))
    cancel(old)
    assert rows("SELECT used FROM coupons WHERE id = :id", id=coupon_id)[0].used == 1


def test_other_kinds_of_tickets_pay_their_own_prices(old, dearer):
    new = a_change(old, dearer)
    child = dict.fromkeys(seat_ids(dearer, "C1", "C2"), TicketType.CHILD)
    payment = a_started_payment(new, child)
    assert payment.amount_minor == 400
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    sound()
