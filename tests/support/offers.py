"""Coupons, gift cards and wallets in one line, made by the ordinary ways; and what the books say of them."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind, PaymentEvent
from app.db import db, end_read, transaction
from app.domain.gift_cards import new_order_code
from app.domain.ledger import Account, Entry
from app.models import GiftCard
from app.services import gift_cards, payments
from app.services.accounts import register
from app.services.credits import pay_into_wallet
from app.services.ledger import post
from app.services.offers import NewCoupon, create_coupon

_numbers = itertools.count(1)


def a_coupon(code: str | None = None, **values: Any) -> str:
    """The code of a coupon that takes 10 % off, unless told otherwise."""
    code = code or f"CODE{next(_numbers)}"
    if "amount_minor" not in values:
        values["percent"] = Decimal(values.get("percent", 10))
    create_coupon(NewCoupon(code, f"Offer {code}", **values))
    return code


def uses(code: str) -> int:
    """How often a coupon counts as used."""
    used: int = db.session.execute(text("SELECT used FROM coupons WHERE code = :code"), {"code": code}).scalar_one()
    end_read()
    return used


A_WISH = gift_cards.CardWish("GBP", 2500, "Ada Byron", "ada@example.org")


def an_order(wish: gift_cards.CardWish = A_WISH, owner: str = "s:giver", **values: Any) -> tuple[int, PaymentEvent]:
    """A gift card that is ordered: its id, and the event that would pay it."""
    code = new_order_code()
    ordered = gift_cards.order_gift_card(
        wish,
        values.pop("order_code", code),
        owner,
        None,
        **{
            "provider": "sandbox",
            "mode": "card",
            "return_url": lambda code: f"http://localhost/{code}",
            "cancel_url": lambda code: f"http://localhost/{code}",
            **values,
        },
    )
    row = db.session.execute(
        text(
            "SELECT g.id, p.id AS payment_id, p.provider, p.provider_ref, p.amount_minor, p.currency FROM gift_cards g "
            "JOIN payments p ON p.gift_card_id = g.id WHERE g.order_code = :code ORDER BY p.id DESC LIMIT 1"
        ),
        {"code": ordered.order_code},
    ).one()
    end_read()
    event = PaymentEvent(
        provider=row.provider,
        event_id=f"card-event-{next(_numbers)}",
        kind=EventKind.CAPTURED,
        provider_ref=row.provider_ref,
        show_id=0,
        payment_id=row.payment_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
    )
    return row.id, event


def a_gift_card(minor: int = 2500, currency: str = "GBP", **values: Any) -> tuple[int, str]:
    """A paid gift card: its id and its code."""
    wish = gift_cards.CardWish(currency, minor, "Ada Byron", "ada@example.org", **values)
    card_id, event = an_order(wish)
    assert payments.settle_payment(event) == "confirmed"
    code = gift_cards.card_code(card_id)
    end_read()
    return card_id, code


def the_card(card_id: int) -> GiftCard:
    """The gift card as it is now."""
    found = db.session.get_one(GiftCard, card_id, populate_existing=True)
    db.session.commit()
    return found


def an_account(email: str | None = None) -> int:
    """The id of a new account."""
    number = next(_numbers)
    email = email or f"visitor{number}@example.org"
    register(f"Visitor {number}", email, "popcorn-and-a-film")
    found: int = db.session.execute(text("SELECT id FROM users WHERE email = :email"), {"email": email}).scalar_one()
    end_read()
    return found


def money_in_wallet(user_id: int, minor: int, currency: str = "GBP") -> None:
    """As a refund would bring it, booked."""
    with transaction() as session:
        pay_into_wallet(session, user_id, currency, minor)
        entries = [Entry(Account.WALLET_LIABILITY, -minor, str(user_id)), Entry(Account.TICKET_REVENUE, minor)]
        post(session, f"test-wallet-{next(_numbers)}", entries, currency, clock.now(), show_id=0, booking_id=None)


def in_wallet(user_id: int, currency: str = "GBP") -> int:
    from app.queries.wallets import wallet_balance

    found = wallet_balance(user_id, currency)
    end_read()
    return found


_UNTRUE = text("""
SELECT 'gift card', g.id, g.balance_minor, coalesce(sum(- e.amount_minor), 0) FROM gift_cards g
LEFT JOIN ledger_entries e ON e.account = 'gift_card_liability' AND e.party = CAST(g.id AS text)
GROUP BY g.id HAVING g.balance_minor <> coalesce(sum(- e.amount_minor), 0)
UNION ALL
SELECT 'wallet', w.user_id, w.balance_minor, coalesce(sum(- e.amount_minor), 0) FROM wallets w
LEFT JOIN ledger_entries e
  ON e.account = 'wallet_liability' AND e.party = CAST(w.user_id AS text) AND e.currency = w.currency
GROUP BY w.user_id, w.currency, w.balance_minor HAVING w.balance_minor <> coalesce(sum(- e.amount_minor), 0)
UNION ALL
SELECT 'coupon', c.id, c.used, count(u.coupon_id) FROM coupons c
LEFT JOIN coupon_uses u ON u.coupon_id = c.id AND u.state = 'taken' GROUP BY c.id HAVING c.used <> count(u.coupon_id)
UNION ALL
SELECT 'movement', min(id), 0, sum(amount_minor) FROM ledger_entries GROUP BY show_id, key, currency
HAVING sum(amount_minor) <> 0
UNION ALL
SELECT 'deposit', b.id, 0, sum(e.amount_minor) FROM bookings b
JOIN ledger_entries e ON e.show_id = b.show_id AND e.booking_id = b.id AND e.account = 'deposits'
WHERE b.state <> 'awaiting_payment' GROUP BY b.show_id, b.id HAVING sum(e.amount_minor) <> 0
UNION ALL
SELECT 'bill', b.id, b.total_minor - b.discount_minor, sum(t.price_minor + t.fee_minor) FROM bookings b
JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state = 'issued'
WHERE b.state = 'confirmed' GROUP BY b.show_id, b.id
HAVING sum(t.price_minor + t.fee_minor - t.discount_minor) <> b.total_minor OR sum(t.discount_minor) <> b.discount_minor
""")


def untrue_balances() -> list[str]:
    """Balances, uses and deposits that are not what the books and the rows under them say."""
    found = [str(tuple(row)) for row in db.session.execute(_UNTRUE)]
    end_read()
    return found
