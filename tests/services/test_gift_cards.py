"""Gift cards and wallets: bought, paid, spent in whole or in part, given back, and never overspent."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.adapters.payments.fake import FakeGateway
from app.db import db, end_read
from app.domain.gift_cards import new_order_code
from app.domain.states import BookingState, GiftCardState
from app.errors import (
    AmountChanged,
    ConcurrentModification,
    GatewayUnavailable,
    Gone,
    Invalid,
    InvalidGiftCard,
    NotFound,
)
from app.queries.gift_cards import balance_by_code, find_order
from app.queries.wallets import wallet_page
from app.services import checkout, extras, gift_cards, holds, payments
from app.services.credits import preview_credits
from app.services.quoting import quote_booking
from app.services.refunds import send_refund
from tests.builders import A_BUYER, a_hold, a_show, a_started_payment, an_event, the_booking
from tests.support.offers import (
    A_WISH,
    a_coupon,
    a_gift_card,
    an_account,
    an_order,
    in_wallet,
    money_in_wallet,
    the_card,
)

pytestmark = pytest.mark.usefixtures("books_are_true")


def rows(words: str, **values):
    found = db.session.execute(text(words), values).all()
    end_read()
    return found


def begin(booking, **values):
    return checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest", **values)


def enter(booking, code: str) -> int:
    return extras.add_gift_card(booking.show_id, booking.id, code)


def parts_of(booking) -> list[tuple[str, int]]:
    """What each credit would pay of the booking now."""
    fresh = the_booking(booking.show_id, booking.id)
    total = quote_booking(db.session(), fresh).bill.total_minor
    found = preview_credits(db.session(), fresh, total, clock.now())
    end_read()
    return [(part.kind.value, part.pays_minor) for part in found]


def run_out(booking, moved_clock) -> None:
    moved_clock.forward(minutes=31)
    assert holds.expire_booking(booking.show_id, booking.id)


# Bought


def test_a_card_is_good_once_its_payment_is_captured_and_its_worth_is_owed(app, moved_clock):
    moved_clock.stop_at(dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC))
    card_id, event = an_order()
    assert the_card(card_id).state == GiftCardState.ORDERED
    assert payments.settle_payment(event) == "confirmed"
    card = the_card(card_id)
    assert (card.state, card.balance_minor, card.initial_minor) == (GiftCardState.ACTIVE, 2500, 2500)
    assert card.expires_at == dt.datetime(2028, 11, 21, 12, tzinfo=dt.UTC)
    owed = rows("SELECT account, party, amount_minor FROM ledger_entries WHERE key = :key", key=f"gift-card-{card_id}")
    assert {tuple(row) for row in owed} == {("deposits", "", 2500), ("gift_card_liability", str(card_id), -2500)}


def test_the_card_goes_to_its_receiver_and_a_receipt_to_its_buyer(app):
    card_id, _ = a_gift_card(recipient_name="Bess", recipient_email="bess@example.org", note="Enjoy")
    told = rows("SELECT kind, recipient FROM messages WHERE gift_card_id = :id ORDER BY id", id=card_id)
    assert [tuple(row) for row in told] == [("gift_card", "bess@example.org"), ("gift_card_receipt", "ada@example.org")]


def test_the_code_is_stored_nowhere_and_made_anew_for_the_mail(app, set_setting):
    card_id, code = a_gift_card()
    row = rows("SELECT * FROM gift_cards")[0]
    assert code not in {str(value) for value in row}
    assert gift_cards.card_code(card_id) == code
    end_read()
    set_setting(secret_key="z" * 32)
    with pytest.raises(ConcurrentModification, match="SECRET_KEY"):
        gift_cards.card_code(card_id)
    assert balance_by_code(code) is not None, "it is still found by its code"


def test_the_same_event_twice_and_by_another_way_pays_once(app):
    card_id, event = an_order()
    assert payments.settle_payment(event) == "confirmed"
    assert payments.settle_payment(event) == "repeated"
    assert payments.settle_payment(dataclasses.replace(event, event_id="another")) == "repeated"
    assert the_card(card_id).balance_minor == 2500


@pytest.mark.parametrize("wrong", [{"amount_minor": 2499}, {"currency": "EUR"}, {"amount_minor": 2501}])
def test_a_wrong_amount_or_currency_goes_back_and_the_order_stays_to_be_paid(app, wrong):
    card_id, event = an_order()
    assert payments.settle_payment(dataclasses.replace(event, **wrong)) == "refunded: wrong amount"
    assert the_card(card_id).state == GiftCardState.ORDERED
    assert [row.kind for row in rows("SELECT kind FROM alerts")] == ["refund_wrong_amount"]
    refund = rows("SELECT amount_minor, currency FROM refunds")[0]
    assert tuple(refund) == (wrong.get("amount_minor", 2500), wrong.get("currency", "GBP"))


def test_a_refund_of_a_card_goes_out_and_is_booked(app, fake):
    card_id, event = an_order(provider="fake")
    ref = next(iter(fake.sessions))
    short = fake.happens(ref, EventKind.CAPTURED, amount_minor=100)
    assert payments.settle_payment(short) == "refunded: wrong amount"
    refund = rows("SELECT id FROM refunds")[0]
    assert send_refund(0, refund.id) == "done"
    assert fake.sessions[ref].refunds == {f"refund-0-{event.payment_id}-1": 100}
    assert the_card(card_id).balance_minor == 0


def test_a_failed_attempt_leaves_the_order_and_another_one_pays_it(app, fake):
    card_id, event = an_order()
    assert payments.settle_payment(dataclasses.replace(event, kind=EventKind.FAILED)) == "failed"
    address = gift_cards.pay_gift_card(
        card_id, provider="fake", mode="card", return_url="http://localhost/", cancel_url=""
    )
    assert address is not None
    assert payments.settle_payment(fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)) == "confirmed"
    late = dataclasses.replace(event, event_id="late")
    assert payments.settle_payment(late) == "refunded: already paid"
    assert the_card(card_id).balance_minor == 2500


def test_the_same_order_twice_is_one_order_and_one_session(app):
    code = new_order_code()
    first, _ = an_order(order_code=code)
    second, _ = an_order(order_code=code)
    assert first == second
    assert len(rows("SELECT id FROM payments")) == 1


def test_a_changed_order_under_the_same_name_is_an_order_of_its_own(app):
    code = new_order_code()
    first, _ = an_order(order_code=code)
    second, _ = an_order(dataclasses.replace(A_WISH, initial_minor=5000), order_code=code)
    stranger, _ = an_order(owner="s:somebody", order_code=code)
    assert len({first, second, stranger}) == 3


def test_a_gateway_that_does_not_answer_leaves_an_order_that_can_be_paid(app, fake: FakeGateway):
    fake.trouble = ["down"]
    with pytest.raises(GatewayUnavailable):
        an_order(provider="fake")
    card = rows("SELECT id, order_code FROM gift_cards")[0]
    found = find_order(card.order_code)
    end_read()
    assert found is not None
    assert found.payment_state == "failed"
    assert gift_cards.pay_gift_card(card.id, provider="fake", mode="card", return_url="http://x/", cancel_url="")


@pytest.mark.parametrize(
    "wish",
    [
        {"initial_minor": 499},
        {"initial_minor": 50_001},
        {"initial_minor": 0},
        {"initial_minor": -500},
        {"currency": "JPY"},
    ],
)
def test_amounts_out_of_bounds_and_currencies_without_cards_are_refused(app, wish):
    with pytest.raises(Invalid):
        an_order(dataclasses.replace(A_WISH, **wish))
    assert rows("SELECT id FROM gift_cards") == []


def test_a_way_to_pay_that_is_not_on_offer_is_refused(app):
    with pytest.raises(NotFound):
        an_order(provider="nobody")


def test_an_order_that_nobody_pays_is_given_up_after_a_day_and_late_money_still_buys_it(app, moved_clock):
    card_id, event = an_order()
    assert gift_cards.abandon_gift_cards() == 0
    moved_clock.forward(hours=25)
    assert gift_cards.abandon_gift_cards() == 1
    assert the_card(card_id).state == GiftCardState.ABANDONED
    assert [row.state for row in rows("SELECT state FROM payments")] == ["expired"]
    assert [row.kind for row in rows("SELECT kind FROM outbox")] == ["cancel_payment"]
    with pytest.raises(Gone):
        gift_cards.pay_gift_card(card_id, provider="sandbox", mode="card", return_url="", cancel_url="")
    assert payments.settle_payment(event) == "confirmed"
    assert the_card(card_id).state == GiftCardState.ACTIVE
    assert gift_cards.abandon_gift_cards() == 0


def test_money_that_nobody_told_of_is_found_by_reconciliation(app, fake: FakeGateway, moved_clock):
    card_id, _ = an_order(provider="fake")
    fake.happens(next(iter(fake.sessions)), EventKind.CAPTURED)
    moved_clock.forward(minutes=6)
    assert payments.reconcile_payments() == 1
    assert the_card(card_id).balance_minor == 2500


# Found by its code


def test_a_card_is_found_by_its_code_only_while_it_is_good_for_something(app, moved_clock):
    ordered, _ = an_order()
    _, code = a_gift_card()
    found = balance_by_code(code.lower())
    assert found is not None
    assert (found.balance_minor, found.over) == (2500, False)
    unpaid = gift_cards.card_code(ordered)
    end_read()
    assert balance_by_code(unpaid) is None
    assert balance_by_code("0" * 16) is None
    moved_clock.forward(days=800)
    over = balance_by_code(code)
    assert over is not None
    assert over.over


# Spent


def test_a_card_pays_a_part_and_the_gateway_the_rest(app):
    card_id, code = a_gift_card(1000)
    booking = a_hold(a_show())
    assert enter(booking, code) == 1000
    payment = a_started_payment(booking)
    assert payment.amount_minor == 1150
    assert the_card(card_id).balance_minor == 0
    assert payments.settle_payment(an_event(payment)) == "confirmed"
    assert the_booking(booking.show_id, booking.id).credit_minor == 1000


def test_a_card_that_holds_enough_pays_all_and_keeps_the_rest(app):
    card_id, code = a_gift_card(5000)
    booking = a_hold(a_show())
    enter(booking, code)
    assert begin(booking) is None
    assert the_booking(booking.show_id, booking.id).state == BookingState.CONFIRMED
    assert the_card(card_id).balance_minor == 5000 - 2150
    assert len(rows("SELECT id FROM payments WHERE show_id > 0")) == 0


def test_several_cards_pay_in_the_order_they_were_entered_then_the_wallet(app):
    account = an_account()
    money_in_wallet(account, 5000)
    cards = [a_gift_card(500), a_gift_card(1000)]
    booking = a_hold(a_show())
    extras.use_wallet(booking.show_id, booking.id, account)
    for _, code in cards:
        enter(booking, code)
    assert parts_of(booking) == [("gift_card", 500), ("gift_card", 1000), ("wallet", 650)]
    assert begin(booking) is None
    assert [the_card(card_id).balance_minor for card_id, _ in cards] == [0, 0]
    assert in_wallet(account) == 4350


def test_a_coupon_goes_off_first_and_the_card_pays_what_is_left(app):
    card_id, code = a_gift_card(5000)
    booking = a_hold(a_show())
    enter(booking, code)
    extras.add_coupon(booking.show_id, booking.id, a_coupon())
    assert begin(booking) is None
    assert the_card(card_id).balance_minor == 5000 - 1950


def test_the_same_card_twice_is_one_entry(app):
    _, code = a_gift_card(1000)
    booking = a_hold(a_show())
    enter(booking, code)
    enter(booking, code)
    assert parts_of(booking) == [("gift_card", 1000)]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("unknown", "don't know"),
        ("expired", "expired"),
        ("empty", "Nothing is left"),
        ("euros", "EUR"),
        ("unpaid", "don't know"),
    ],
)
def test_a_card_that_cannot_pay_says_why(app, moved_clock, trouble, words):
    code = {"unknown": lambda: "0" * 16, "euros": lambda: a_gift_card(currency="EUR")[1]}.get(
        trouble, lambda: a_gift_card(1000)[1]
    )()
    if trouble == "expired":
        moved_clock.forward(days=800)
    if trouble == "empty":
        first = a_hold(a_show())
        enter(first, code)
        payments.settle_payment(an_event(a_started_payment(first)))
    if trouble == "unpaid":
        code = gift_cards.card_code(an_order()[0])
        end_read()
    booking = a_hold(a_show())
    with pytest.raises(InvalidGiftCard, match=words):
        enter(booking, code)


def test_a_booking_takes_five_cards_at_most(app):
    booking = a_hold(a_show())
    for _ in range(extras.MOST_GIFT_CARDS):
        enter(booking, a_gift_card(500)[1])
    with pytest.raises(InvalidGiftCard, match="at most 5"):
        enter(booking, a_gift_card(500)[1])


def test_a_card_is_taken_off_again(app):
    booking = a_hold(a_show())
    enter(booking, a_gift_card()[1])
    credit = rows("SELECT id FROM booking_credits")[0]
    extras.drop_credit(booking.show_id, booking.id, credit.id)
    assert parts_of(booking) == []


def test_an_empty_wallet_and_one_of_another_currency_pay_nothing(app):
    account = an_account()
    money_in_wallet(account, 5000, "EUR")
    booking = a_hold(a_show())
    with pytest.raises(InvalidGiftCard, match="empty"):
        extras.use_wallet(booking.show_id, booking.id, account)


# Given back, and taken again


@pytest.mark.parametrize("end", ["expired", "released"])
def test_a_booking_that_comes_to_nothing_gives_back_what_paid_it(app, moved_clock, end):
    account = an_account()
    money_in_wallet(account, 700)
    card_id, code = a_gift_card(1000)
    booking = a_hold(a_show())
    enter(booking, code)
    extras.use_wallet(booking.show_id, booking.id, account)
    assert a_started_payment(booking).amount_minor == 450
    assert (the_card(card_id).balance_minor, in_wallet(account)) == (0, 0)
    if end == "expired":
        run_out(booking, moved_clock)
    else:
        holds.release_booking(booking.show_id, booking.id)
    assert (the_card(card_id).balance_minor, in_wallet(account)) == (1000, 700)


def test_a_second_attempt_takes_anew_what_the_first_had_taken(app):
    card_id, code = a_gift_card(1000)
    booking = a_hold(a_show())
    enter(booking, code)
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    assert parts_of(booking) == [("gift_card", 1000)], "what it holds for itself counts"
    second = a_started_payment(booking)
    assert second.amount_minor == 1150
    assert payments.settle_payment(an_event(second)) == "confirmed"
    assert the_card(card_id).balance_minor == 0


def test_late_money_takes_the_balance_again_if_it_is_still_there(app, moved_clock):
    card_id, code = a_gift_card(1000)
    booking = a_hold(a_show())
    enter(booking, code)
    payment = a_started_payment(booking)
    run_out(booking, moved_clock)
    assert the_card(card_id).balance_minor == 1000
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert the_card(card_id).balance_minor == 0


def test_late_money_goes_back_if_the_balance_was_spent_meanwhile(app, moved_clock):
    card_id, code = a_gift_card(1000)
    booking = a_hold(a_show())
    enter(booking, code)
    payment = a_started_payment(booking)
    run_out(booking, moved_clock)
    other = a_hold(a_show())
    enter(other, code)
    assert payments.settle_payment(an_event(a_started_payment(other))) == "confirmed"
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert the_card(card_id).balance_minor == 0
    assert [row.amount_minor for row in rows("SELECT amount_minor FROM refunds")] == [1150]


# A balance that is not what it was


def test_who_was_shown_more_than_a_card_holds_now_is_told_and_nothing_is_taken(app):
    card_id, code = a_gift_card(3000)
    first, second = a_hold(a_show()), a_hold(a_show())
    enter(first, code)
    enter(second, code)
    assert begin(first) is None
    with pytest.raises(AmountChanged):
        start(second)
    assert the_card(card_id).balance_minor == 850
    assert parts_of(second) == [("gift_card", 850)]
    assert a_started_payment(second).amount_minor == 1300


def start(booking):
    return checkout.start_payment(
        booking.show_id, booking.id, A_BUYER, {}, provider="sandbox", mode="card", return_url="http://localhost/"
    )


def test_an_empty_card_is_taken_off_and_the_next_try_goes_on(app):
    _, code = a_gift_card(2150)
    first, second = a_hold(a_show()), a_hold(a_show())
    enter(first, code)
    enter(second, code)
    assert begin(first) is None
    with pytest.raises(AmountChanged):
        start(second)
    assert parts_of(second) == []
    assert start(second).redirect_url


def test_a_card_that_ran_out_between_two_attempts_is_told_and_gives_back_what_it_had_paid(app, moved_clock):
    """The first attempt had taken from it; its row must not be lost with the money on it."""
    card_id, code = a_gift_card(1000)
    show = a_show(starts_in=dt.timedelta(days=3))
    db.session.execute(
        text("UPDATE gift_cards SET expires_at = :at WHERE id = :id"),
        {"at": clock.now() + dt.timedelta(minutes=5), "id": card_id},
    )
    db.session.commit()
    booking = a_hold(show)
    enter(booking, code)
    first = a_started_payment(booking)
    payments.settle_payment(an_event(first, EventKind.FAILED))
    moved_clock.forward(minutes=6)
    with pytest.raises(AmountChanged):
        start(booking)
    assert the_card(card_id).balance_minor == 1000
    assert start(booking).redirect_url
    assert the_booking(booking.show_id, booking.id).credit_minor == 0


def test_a_balance_that_an_earlier_attempt_counted_on_is_not_silently_charged_elsewhere(app):
    card_id, code = a_gift_card(1000)
    booking, other = a_hold(a_show()), a_hold(a_show())
    enter(booking, code)
    payments.settle_payment(an_event(a_started_payment(booking), EventKind.FAILED))
    extras.add_coupon(booking.show_id, booking.id, a_coupon())
    enter(other, code)
    payments.settle_payment(an_event(a_started_payment(other)))
    with pytest.raises(AmountChanged):
        start(booking)
    assert the_card(card_id).balance_minor == 0
    assert start(booking).redirect_url


# The wallet's page


def test_the_wallet_tells_what_came_and_went_with_the_films_name(app, moved_clock):
    account = an_account()
    money_in_wallet(account, 5000)
    booking = a_hold(a_show())
    extras.use_wallet(booking.show_id, booking.id, account)
    moved_clock.forward(minutes=1)
    assert begin(booking) is None
    page = wallet_page(account)
    assert page.balances == (("GBP", 2850),)
    assert next((one.amount_minor, one.words.partition(":")[0]) for one in page.movements) == (-2150, "Tickets")
    assert page.movements[0].booking_code == booking.code
    assert sum(one.amount_minor for one in page.movements) == 2850


def test_another_accounts_wallet_is_not_shown(app):
    one, other = an_account(), an_account()
    money_in_wallet(one, 5000)
    assert wallet_page(other).balances == ()
    assert wallet_page(other).movements == ()
