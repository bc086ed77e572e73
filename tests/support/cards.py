"""A gift card that is there already, with the books right, as if sold for cash at the desk. Bought in the ordinary way,
paid by a gateway: tests/support/offers.py."""

from __future__ import annotations

import itertools
from typing import Any

from app import clock
from app.db import transaction
from app.domain.gift_cards import code_hash
from app.domain.ledger import Account, Entry
from app.models import GiftCard
from app.services.ledger import post

_numbers = itertools.count(1)


def a_card_in_the_books(minor: int, code: str, **values: Any) -> GiftCard:
    """A paid card of this worth that is found by this code. What is left on it is what is owed on it."""
    number, now = next(_numbers), clock.now()
    given = {
        "order_code": f"order-{number}",
        "code_hash": code_hash(code),
        "code_end": code[-4:],
        "state": "active",
        "currency": "GBP",
        "initial_minor": minor,
        "balance_minor": minor,
        "owner_key": "s:giver",
        "name": "Ada Byron",
        "email": "ada@example.org",
        "ordered_at": now,
        "paid_at": now,
        **values,
    }
    with transaction() as session:
        card = GiftCard(**given)
        session.add(card)
        session.flush()
        card.log_birth(now, "test")
        if card.balance_minor:
            worth = card.balance_minor
            entries = [Entry(Account.CASH_DRAWER, worth), Entry(Account.GIFT_CARD_LIABILITY, -worth, str(card.id))]
            post(session, f"gift-card-{card.id}", entries, card.currency, now, show_id=0, booking_id=None)
    return card
