"""Gift cards as their pages see them: an order on its way, and what is left on a card."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app import clock
from app.db import db, end_read
from app.domain.codes import normal_code
from app.domain.gift_cards import code_hash
from app.domain.states import GiftCardState, PaymentState


@dataclass(frozen=True, slots=True)
class CardOrder:
    """One gift card as its buyer sees it. Amounts are minor units, instants UTC; `payment_*` are the last attempt's."""

    id: int
    order_code: str
    owner_key: str
    user_id: int | None
    state: str
    currency: str
    initial_minor: int
    balance_minor: int
    code_end: str
    name: str
    email: str
    recipient_name: str
    recipient_email: str
    note: str
    paid_at: dt.datetime | None
    expires_at: dt.datetime | None
    payment_id: int | None
    payment_state: str | None
    redirect_url: str | None
    failure: str | None
    refund_minor: int | None
    mail_state: str | None

    @property
    def active(self) -> bool:
        return self.state == GiftCardState.ACTIVE

    @property
    def paying(self) -> bool:
        """Whether a payment is under way at the gateway."""
        return self.payment_state in (PaymentState.CREATED, PaymentState.PENDING) and self.redirect_url is not None


_ORDER = text("""
SELECT g.id, g.order_code, g.owner_key, g.user_id, g.state, g.currency, g.initial_minor, g.balance_minor, g.code_end,
       g.name, g.email, g.recipient_name, g.recipient_email, g.note, g.paid_at, g.expires_at,
       p.id AS payment_id, p.state AS payment_state, p.redirect_url, p.failure,
       nullif(p.refunded_minor, 0) AS refund_minor, mail.state AS mail_state
FROM gift_cards g
LEFT JOIN LATERAL (
  SELECT id, state, redirect_url, failure, refunded_minor FROM payments
  WHERE show_id = 0 AND gift_card_id = g.id ORDER BY id DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (
  SELECT state FROM messages WHERE show_id = 0 AND gift_card_id = g.id AND kind = 'gift_card'
  ORDER BY id DESC LIMIT 1) mail ON true
WHERE g.order_code = :order_code
""")


def find_order(order_code: str) -> CardOrder | None:
    """The order with this code, however it was typed."""
    row = db.session.execute(_ORDER, {"order_code": normal_code(order_code)[:20]}).one_or_none()
    return CardOrder(**row._mapping) if row else None


@dataclass(frozen=True, slots=True)
class BoughtCard:
    """A gift card in its buyer's list, without anything of its code. `at` is when it was paid, else ordered; UTC."""

    order_code: str
    state: str
    currency: str
    initial_minor: int
    balance_minor: int
    recipient_name: str
    recipient_email: str
    at: dt.datetime
    expired: bool

    @property
    def stands(self) -> str:
        """In words, for who bought it."""
        if self.state != GiftCardState.ACTIVE:
            return "void" if self.state == GiftCardState.VOID else "not paid yet"
        if not self.balance_minor:
            return "used up"
        used = "not used yet" if self.balance_minor == self.initial_minor else "partly used"
        return "expired" if self.expired else used

    @property
    def good(self) -> bool:
        return self.state == GiftCardState.ACTIVE and bool(self.balance_minor) and not self.expired


_BOUGHT = text("""
SELECT order_code, state, currency, initial_minor, balance_minor, recipient_name, recipient_email,
       coalesce(paid_at, ordered_at) AS at, coalesce(expires_at <= :now, false) AS expired
FROM gift_cards WHERE user_id = :user_id AND state <> 'abandoned' ORDER BY id DESC LIMIT :listed
""")
LISTED = 50


def cards_bought(user_id: int) -> tuple[BoughtCard, ...]:
    """The gift cards an account ordered, newest first; orders given up are left out."""
    rows = db.session.execute(_BOUGHT, {"user_id": user_id, "now": clock.now(), "listed": LISTED}).all()
    end_read()
    return tuple(BoughtCard(**row._mapping) for row in rows)


@dataclass(frozen=True, slots=True)
class CardBalance:
    """What a gift card holds; `over` if it can't be spent any more."""

    code_end: str
    currency: str
    initial_minor: int
    balance_minor: int
    expires_at: dt.datetime | None
    over: bool


_BALANCE = text("""
SELECT code_end, currency, initial_minor, balance_minor, expires_at FROM gift_cards
WHERE code_hash = :hash AND state = 'active'
""")


def balance_by_code(typed: str) -> CardBalance | None:
    """The card with this code, or None: found and not found are the same one look into an index."""
    row = db.session.execute(_BALANCE, {"hash": code_hash(typed)}).one_or_none()
    end_read()
    if row is None:
        return None
    over = row.expires_at is not None and row.expires_at <= clock.now()
    return CardBalance(**row._mapping, over=over)
