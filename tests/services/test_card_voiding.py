"""Gift cards made void: what is left goes back to what paid them, and so does what would come back later."""

from __future__ import annotations

import pytest

from app.adapters.payments import EventKind
from app.adapters.payments.fake import FakeGateway
from app.db import transaction
from app.domain.ledger import Account
from app.domain.messages import MessageKind
from app.domain.staff import By, Reach, Role
from app.errors import AmountChanged, Conflict, Forbidden, InvalidGiftCard, NotFound
from app.models import GiftCard
from app.queries.gift_card_desk import history
from app.queries.messages import TO_CARD_PAYMENT, Way, given_back
from app.queries.wallets import wallet_page
from app.services import checkout, extras, payments
from app.services.card_voiding import void_gift_card
from app.services.refunds import send_refund
from app.services.sending import resend_gift_card
from tests.builders import A_BUYER, a_cinema, a_hold, a_movie, a_person, a_show, a_started_payment, an_event
from tests.services.test_gift_cards import run_out
from tests.support.books import books, rows, unbalanced
from tests.support.cancels import cancel
from tests.support.exchanges import DEAR, a_change, finish
from tests.support.exchanges import cancel as give_back_all
from tests.support.offers import A_WISH, a_gift_card, an_account, an_order, in_wallet, the_card, untrue_balances
from tests.support.post import a_gift_card as one_sold_elsewhere
from tests.support.post import bodies, messages, run
from tests.support.purse import Purse, a_booking
from tests.support.staff import by


@pytest.fixture
def alma(app) -> By:
    return by(a_person(Role.ADMIN))


def refunds() -> list[tuple]:
    return [tuple(row) for row in rows("SELECT show_id, amount_minor, state, reason FROM refunds ORDER BY id")]


def test_what_is_left_goes_back_to_what_paid_it_and_the_books_balance(alma: By):
    card_id, _ = a_gift_card(2500)
    assert void_gift_card(alma, card_id, 2500, "bought twice") == 2500
    card = the_card(card_id)
    assert (card.state, card.balance_minor) == ("void", 0)
    assert refunds() == [(0, 2500, "requested", "voided")]
    assert books(Account.GIFT_CARD_LIABILITY, Account.DEPOSITS, Account.REFUNDS_PAYABLE) == {"refunds_payable": -2500}
    (row,) = rows("SELECT user_id, reason, before FROM audit_entries WHERE action = 'gift_card.voided'")
    assert (row.user_id, row.reason, row.before["balance_minor"]) == (alma.user_id, "bought twice", 2500)
    (move,) = rows("SELECT actor FROM state_changes WHERE subject = 'gift_card' AND after = 'void'")
    assert move.actor == alma.actor
    assert unbalanced() == untrue_balances() == []


def test_the_gateway_sends_it_and_the_giver_is_told(alma: By, fake: FakeGateway):
    card_id, _ = an_order(provider="fake")
    ref = list(fake.sessions)[-1]
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"
    void_gift_card(alma, card_id, 2500, "bought twice")
    (refund,) = rows("SELECT id FROM refunds")
    assert send_refund(0, refund.id) in ("sent", "done")
    kinds = {row.kind for row in messages() if row.recipient == A_WISH.email}
    assert kinds & {MessageKind.REFUND_SENT, MessageKind.REFUND_DONE}


def test_only_what_is_left_goes_back(alma: By):
    card_id, code = a_gift_card(5000)
    a_booking(a_show(), 2, Purse(cards=[code]))
    left = the_card(card_id).balance_minor
    assert void_gift_card(alma, card_id, left, "lost") == left == 5000 - 2150
    moves = history(card_id, Reach(True))
    assert [(move.words, move.amount_minor, move.balance_minor) for move in moves] == [
        ("bought", 5000, 5000),
        ("paid for a booking", -2150, 2850),
        ("voided", -2850, 0),
    ]


def test_a_void_card_pays_nothing(alma: By):
    card_id, code = a_gift_card()
    entered = a_hold(a_show())
    extras.add_gift_card(entered.show_id, entered.id, code)
    void_gift_card(alma, card_id, 2500, "stolen")
    other = a_hold(a_show())
    with pytest.raises(InvalidGiftCard):
        extras.add_gift_card(other.show_id, other.id, code)
    with pytest.raises(AmountChanged):
        checkout.begin_payment(entered.show_id, entered.id, A_BUYER, {}, "sandbox", "card", "guest")
    with pytest.raises(Conflict, match="not void"):
        resend_gift_card(alma, card_id)


def test_seats_it_had_paid_go_back_to_what_paid_the_card(alma: By):
    card_id, code = a_gift_card(2500)
    booking = a_booking(a_show(), 2, Purse(cards=[code]))
    void_gift_card(alma, card_id, 350, "stolen")
    cancel(booking)
    assert the_card(card_id).balance_minor == 0
    assert [row[:2] for row in refunds()] == [(0, 350), (0, 1935)], "90 % of £21.50, by the cinema's policy"
    (payment,) = rows("SELECT captured_minor, refunded_minor FROM payments WHERE gift_card_id = :id", id=card_id)
    assert (payment.captured_minor, payment.refunded_minor) == (2500, 2285)
    assert books(Account.GIFT_CARD_LIABILITY, Account.REFUNDS_PAYABLE) == {"refunds_payable": -2285}
    assert unbalanced() == untrue_balances() == []


def test_seats_it_had_paid_go_back_through_an_exchange_too(alma: By):
    """The card paid £21.50 of the first booking; £10 more were paid for the dearer seats."""
    (card_id, code), film = a_gift_card(2500), a_movie()
    first = a_booking(a_show(movie=film), 2, Purse(cards=[code]))
    changed = a_change(first, a_show(movie=film, prices=DEAR), owner=first.owner_key)
    assert finish(changed) == "confirmed"
    void_gift_card(alma, card_id, 350, "stolen")
    assert give_back_all(changed) == 3150
    assert the_card(card_id).balance_minor == 0
    assert sorted(row[1] for row in refunds()) == [350, 1000, 2150]
    (payment,) = rows("SELECT captured_minor, refunded_minor FROM payments WHERE gift_card_id = :id", id=card_id)
    assert payment.captured_minor == payment.refunded_minor == 2500
    assert unbalanced() == untrue_balances() == []


def test_they_never_go_to_the_wallet_of_who_held_the_card(alma: By):
    """Who bought it with a stolen card would be paid out by it."""
    card_id, code = a_gift_card(2150)
    holder = an_account()
    booking = a_booking(a_show(), 2, Purse(user_id=holder, cards=[code]))
    void_gift_card(alma, card_id, 0, "stolen")
    done = cancel(booking, to_wallet=True)
    assert in_wallet(holder) == 0
    told = given_back(booking.show_id, done.cancellation_id)
    assert told.ways == (Way(TO_CARD_PAYMENT, 1935),), "and so the mail says"
    assert [row[:2] for row in refunds()] == [(0, 1935)]


def test_it_goes_to_the_wallet_of_its_buyer_where_that_is_wanted(alma: By):
    card_id, _ = a_gift_card()
    with pytest.raises(Conflict, match="no account"):
        void_gift_card(alma, card_id, 2500, "wanted", to_wallet=True)
    buyer = an_account()
    bought_by(buyer, card_id)
    void_gift_card(alma, card_id, 2500, "wanted", to_wallet=True)
    assert in_wallet(buyer) == 2500
    assert [move.words for move in wallet_page(buyer).movements] == ["Gift card made void"]
    assert refunds() == []
    (payment,) = rows("SELECT credited_minor FROM payments WHERE gift_card_id = :id", id=card_id)
    assert payment.credited_minor == 2500
    assert unbalanced() == []


def bought_by(user_id: int, card_id: int) -> None:
    with transaction() as session:
        session.get_one(GiftCard, card_id).user_id = user_id


def told_of_void() -> list[tuple[str, str]]:
    return [(row.kind, row.recipient) for row in messages() if row.kind in ("gift_card_void", "gift_card_to_wallet")]


def test_who_was_given_a_card_is_told_that_it_is_void(alma: By, post):
    card_id, _ = a_gift_card(recipient_name="Bess", recipient_email="bess@example.org")
    void_gift_card(alma, card_id, 2500, "not told to anybody")
    assert told_of_void() == [("gift_card_void", "bess@example.org")]
    run(messages(kind=MessageKind.GIFT_CARD_VOID)[0])
    (letter,) = post.sent
    assert letter["To"] == "Bess <bess@example.org>"
    for words in bodies(letter):
        assert "is void" in words
        assert the_card(card_id).code_end in words
        assert "not told to anybody" not in words


def test_a_card_of_ones_own_is_told_of_to_its_buyer_with_what_its_wallet_got(alma: By, post):
    card_id, _ = a_gift_card()
    bought_by(an_account(), card_id)
    void_gift_card(alma, card_id, 2500, "wanted", to_wallet=True)
    assert told_of_void() == [("gift_card_void", A_WISH.email), ("gift_card_to_wallet", A_WISH.email)]
    for kind in (MessageKind.GIFT_CARD_VOID, MessageKind.GIFT_CARD_TO_WALLET):
        run(messages(kind=kind)[0])
    for words in bodies(post.sent[1]):
        assert "£25.00" in words
        assert "your wallet" in words


def test_nothing_in_the_wallet_is_nothing_to_tell_of(alma: By):
    card_id, code = a_gift_card(2150, recipient_email="bess@example.org")
    bought_by(an_account(), card_id)
    a_booking(a_show(), 2, Purse(cards=[code]))
    void_gift_card(alma, card_id, 0, "lost", to_wallet=True)
    assert told_of_void() == [("gift_card_void", "bess@example.org")]


def test_the_refund_of_a_void_card_says_why(alma: By, fake: FakeGateway, post):
    an_order(provider="fake")
    assert payments.settle_payment(fake.happens(list(fake.sessions)[-1], EventKind.CAPTURED)) == "confirmed"
    (card,) = rows("SELECT id FROM gift_cards")
    void_gift_card(alma, card.id, 2500, "bought twice")
    (refund,) = rows("SELECT id FROM refunds")
    send_refund(0, refund.id)
    run(next(one for one in messages() if one.kind.startswith("refund_")))
    assert "The card was made void." in bodies(post.sent[0])[0]


def test_a_card_that_a_booking_is_being_paid_with_is_not_voided(alma: By):
    card_id, code = a_gift_card(500)
    booking = a_hold(a_show())
    extras.add_gift_card(booking.show_id, booking.id, code)
    assert checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")
    with pytest.raises(Conflict, match="is being paid with this gift card"):
        void_gift_card(alma, card_id, 0, "lost")
    assert the_card(card_id).state == "active"


def test_nobody_voids_more_or_less_than_they_saw(alma: By):
    card_id, code = a_gift_card(5000)
    a_booking(a_show(), 2, Purse(cards=[code]))
    with pytest.raises(AmountChanged, match=r"£28\.50 is left"):
        void_gift_card(alma, card_id, 5000, "lost")
    assert refunds() == []


def test_what_can_not_be_voided(alma: By):
    ordered, _ = an_order()
    with pytest.raises(Conflict, match="never paid"):
        void_gift_card(alma, ordered, 0, "x")
    card_id, _ = a_gift_card()
    void_gift_card(alma, card_id, 2500, "x")
    with pytest.raises(Conflict, match="void already"):
        void_gift_card(alma, card_id, 0, "x")
    with pytest.raises(NotFound):
        void_gift_card(alma, 999, 0, "x")


def test_a_card_without_a_payment_in_the_books_keeps_its_money(alma: By):
    card = one_sold_elsewhere()
    with pytest.raises(Conflict, match="No payment"):
        void_gift_card(alma, card.id, 2500, "x")
    assert the_card(card.id).balance_minor == 2500


def test_a_manager_does_not_void(app):
    card_id, _ = a_gift_card()
    with pytest.raises(Forbidden, match="administrator"):
        void_gift_card(by(a_person(Role.MANAGER, a_cinema())), card_id, 2500, "x")
    assert the_card(card_id).balance_minor == 2500
    assert refunds() == []


def test_late_money_for_a_booking_that_counted_on_a_void_card_goes_back(alma: By, moved_clock):
    card_id, code = a_gift_card(500)
    booking = a_hold(a_show())
    extras.add_gift_card(booking.show_id, booking.id, code)
    payment = a_started_payment(booking)
    run_out(booking, moved_clock)
    void_gift_card(alma, card_id, 500, "lost")
    assert payments.settle_payment(an_event(payment)) == "refunded: extras gone"
    assert the_card(card_id).balance_minor == 0
    assert untrue_balances() == []
