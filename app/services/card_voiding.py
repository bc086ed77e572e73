"""Gift cards made void: what is left on one goes back to what paid it. What comes back to it later goes the same way
(services/returning.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.domain.audit import Action
from app.domain.codes import spoken
from app.domain.ledger import Account, Entry, gift_card_voided
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.domain.states import GiftCardState
from app.errors import AmountChanged, Conflict, NotFound
from app.models import GiftCard, Payment
from app.money import format_money
from app.services.audit import audit
from app.services.capturing import lock_payment
from app.services.credits import pay_into_wallet
from app.services.ledger import post
from app.services.managing import check_manages
from app.services.refunds import request_refund
from app.services.telling import tell_about_gift_card

NO_SHOW = 0
VOIDED = "voided"
NOT_YOURS = "A gift card is good at every cinema, so an administrator voids it."

_PAYMENT = text(
    "SELECT id FROM payments WHERE show_id = 0 AND gift_card_id = :card AND applied_at IS NOT NULL ORDER BY id LIMIT 1"
)
_IN_USE = text("""
SELECT b.code FROM booking_credits k JOIN bookings b ON b.show_id = k.show_id AND b.id = k.booking_id
WHERE k.kind = 'gift_card' AND k.source_show_id = 0 AND k.source_id = :card AND k.state = 'taken'
  AND b.state IN ('held', 'awaiting_payment') ORDER BY k.entered_at LIMIT 1
""")


def void_gift_card(by: By, gift_card_id: int, expected_minor: int, reason: str, *, to_wallet: bool = False) -> int:
    """Make a gift card void; gives what goes back, minor units: by its gateway, or to the wallet of who bought it.

    Raises NotFound, AmountChanged if the balance is not `expected_minor` any more, Conflict where a booking that is
    being paid has taken from it or it can't be voided, Forbidden. Locks the card, then its payment.
    """
    with transaction() as session:
        card = session.get(GiftCard, gift_card_id, populate_existing=True, with_for_update=True)
        if card is None:
            raise NotFound("There is no such gift card.")
        _check(session, card, expected_minor, to_wallet)
        payment = _payment(session, card)
        check_manages(session, by, None, NOT_YOURS)
        now, left = clock.now(), card.balance_minor
        card.balance_minor = 0
        card.move_to(GiftCardState.VOID, now, by.actor)
        if left:
            _give_back(session, card, payment, left, now, to_wallet)
        _tell(session, card, left if to_wallet else 0, now)
        before = {"state": GiftCardState.ACTIVE, "balance_minor": left}
        after = {"state": GiftCardState.VOID, "balance_minor": 0, "to_wallet": to_wallet or None}
        audit(session, by, Action.GIFT_CARD_VOIDED, card.id, before=before, after=after, reason=reason)
    return left


def _tell(session: Session, card: GiftCard, in_wallet: int, now: dt.datetime) -> None:
    """Whom it is for, that it is void, and its buyer what their wallet got; a refund is told when it goes out."""
    session.flush()
    tell_about_gift_card(session, MessageKind.GIFT_CARD_VOID, now, card)
    if in_wallet:
        tell_about_gift_card(session, MessageKind.GIFT_CARD_TO_WALLET, now, card, facts={"back_minor": in_wallet})


def _check(session: Session, card: GiftCard, expected_minor: int, to_wallet: bool) -> None:
    if card.state == GiftCardState.VOID:
        raise Conflict("This gift card is void already.")
    if card.state != GiftCardState.ACTIVE:
        raise Conflict("This gift card was never paid, so there is nothing to void.")
    booking: Row[Any] | None = session.execute(_IN_USE, {"card": card.id}).one_or_none()
    if booking is not None:
        raise Conflict(
            f"Booking {spoken(booking.code)} is being paid with this gift card at this moment. Wait until it is paid or "
            "its time has run out, and try again."
        )
    if card.balance_minor != expected_minor:
        now = format_money(card.balance_minor, card.currency)
        raise AmountChanged(f"The card has been used meanwhile: {now} is left on it now. Look at it once more.")
    if to_wallet and card.user_id is None:
        raise Conflict("Whoever bought this card has no account, so there is no wallet. Send it back to the gateway.")


def _payment(session: Session, card: GiftCard) -> Payment:
    """What paid the card, locked."""
    payment_id = session.execute(_PAYMENT, {"card": card.id}).scalar_one_or_none()
    if payment_id is None:
        raise Conflict("No payment of this gift card is in the books, so nothing can go back to it.")
    return lock_payment(session, NO_SHOW, payment_id)


def _give_back(
    session: Session, card: GiftCard, payment: Payment, left: int, now: dt.datetime, to_wallet: bool
) -> None:
    """Book the balance out of the card and send it back."""
    if to_wallet and card.user_id is not None:
        payment.credited_minor += left
        session.flush()
        pay_into_wallet(session, card.user_id, card.currency, left)
        target = Entry(Account.WALLET_LIABILITY, -left, str(card.user_id))
    else:
        session.flush()
        request_refund(session, payment, left, VOIDED, now)
        target = Entry(Account.DEPOSITS, -left)
    entries = gift_card_voided(left, str(card.id), target)
    post(session, f"gift-card-{card.id}-void", entries, card.currency, now, show_id=NO_SHOW, booking_id=None)
