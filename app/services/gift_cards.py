"""Gift cards: ordered, paid through the same gateways and settled like bookings, then spendable by their code.

A payment of a gift card has show 0. Locks: the gateway's event, the gift card, its payment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import EventKind, PaymentEvent, PaymentOrder
from app.config import settings
from app.db import db, end_read, transaction
from app.domain.gift_cards import Range, code_hash, code_of, good_until, new_order_code
from app.domain.ledger import gift_card_sold
from app.domain.messages import MessageKind
from app.domain.settling import RefundReason
from app.domain.states import GiftCardState, PaymentState
from app.errors import ConcurrentModification, Gone, Invalid, NotFound
from app.models import GiftCard, Payment
from app.money import format_money
from app.queries.pay_ways import ways_on_offer
from app.services.alerts import raise_alert
from app.services.capturing import book_capture, lock_payment, note_failure
from app.services.checkout import Begun, open_session
from app.services.ledger import post
from app.services.outbox import Task, put
from app.services.refunds import request_refund
from app.services.telling import tell_about_gift_card

NO_SHOW = 0
PAGE_LASTS = dt.timedelta(hours=1)
"""How long the gateway's page of one attempt stays open."""
GIVE_UP_AFTER = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CardWish:
    """A gift card as its buyer wants it, already checked for shape. Empty recipient: it is mailed to the buyer."""

    currency: str
    initial_minor: int
    name: str
    email: str
    recipient_name: str = ""
    recipient_email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order's code, and where the buyer goes now; nowhere if the card is paid already."""

    order_code: str
    redirect_url: str | None


def card_range(currency: str) -> Range | None:
    """What a gift card of this currency may be worth; None where none are sold."""
    least, most = settings.gift_card_least.get(currency), settings.gift_card_most.get(currency)
    return Range(currency, least, most) if least and most else None


def order_gift_card(
    wish: CardWish,
    order_code: str,
    owner_key: str,
    user_id: int | None,
    *,
    provider: str,
    mode: str,
    return_url: Callable[[str], str],
    cancel_url: Callable[[str], str],
) -> Ordered:
    """Note the order and open a session at the gateway. The same order sent twice is one order and one session.

    Raises Invalid (no such currency, amount out of bounds), NotFound (no such gateway), Gone, GatewayUnavailable (the
    order stays, and can be paid by pay_gift_card). Locks the gift card.
    """
    _check(wish)
    with transaction() as session:
        card = _placed(session, wish, order_code, owner_key, user_id)
        begun = _begin(session, card, provider, mode)
        code = card.order_code
    return Ordered(code, _page(begun, return_url(code), cancel_url(code)))


def pay_gift_card(gift_card_id: int, *, provider: str, mode: str, return_url: str, cancel_url: str) -> str | None:
    """Try again to pay an order; gives the gateway's page, or None if it is paid already. Raises as order_gift_card."""
    with transaction() as session:
        begun = _begin(session, _lock(session, gift_card_id), provider, mode)
    return _page(begun, return_url, cancel_url)


def _page(begun: Begun | None, return_url: str, cancel_url: str) -> str | None:
    return begun and (begun.redirect_url or open_session(begun, return_url, cancel_url))


def _check(wish: CardWish) -> None:
    allowed = card_range(wish.currency)
    if allowed is None:
        raise Invalid("There are no gift cards in this currency.", fields={"currency": "Choose another one"})
    if not allowed.holds(wish.initial_minor):
        raise Invalid(f"A gift card is worth {allowed}.", fields={"amount": f"Choose an amount from {allowed}"})


_FIND = text("SELECT id FROM gift_cards WHERE order_code = :order_code AND owner_key = :owner_key")


def _placed(session: Session, wish: CardWish, order_code: str, owner_key: str, user_id: int | None) -> GiftCard:
    """The order as it stands under this code, locked; a new one if this wish differs from it."""
    _insert(session, wish, order_code, owner_key, user_id)
    found = session.execute(_FIND, {"order_code": order_code, "owner_key": owner_key}).one_or_none()
    card = _lock(session, found.id) if found else None
    if card is not None and all(getattr(card, name) == value for name, value in asdict(wish).items()):
        return card
    again = new_order_code()
    _insert(session, wish, again, owner_key, user_id)
    return _lock(session, session.execute(_FIND, {"order_code": again, "owner_key": owner_key}).one().id)


def _insert(session: Session, wish: CardWish, order_code: str, owner_key: str, user_id: int | None) -> None:
    code = code_of(settings.secret_key, order_code)
    row = {
        **asdict(wish),
        "order_code": order_code,
        "code_hash": code_hash(code),
        "code_end": code[-4:],
        "state": GiftCardState.ORDERED.value,
        "owner_key": owner_key,
        "user_id": user_id,
        "ordered_at": clock.now(),
    }
    made = session.execute(insert(GiftCard).values(row).on_conflict_do_nothing().returning(GiftCard.id)).one_or_none()
    if made is not None:
        session.get_one(GiftCard, made.id).log_birth(row["ordered_at"], f"user:{user_id}" if user_id else "guest")


def _lock(session: Session, gift_card_id: int) -> GiftCard:
    return session.get_one(GiftCard, gift_card_id, populate_existing=True, with_for_update=True)


_RUNNING = text(
    "SELECT id FROM payments WHERE show_id = 0 AND gift_card_id = :card AND state IN ('created', 'pending') "
    "ORDER BY id DESC LIMIT 1"
)


def _begin(session: Session, card: GiftCard, provider: str, mode: str) -> Begun | None:
    """A payment of this order: the one that runs, or a new one; None if it is paid. The caller holds the card's lock."""
    if card.state == GiftCardState.ACTIVE:
        return None
    if card.state == GiftCardState.VOID:
        raise Gone("This gift card was made void. Please order another one.")
    if card.state != GiftCardState.ORDERED:
        raise Gone("This order was given up because nobody paid it. Please order the gift card again.")
    running = session.execute(_RUNNING, {"card": card.id}).one_or_none()
    payment = lock_payment(session, NO_SHOW, running.id) if running else _new_payment(session, card, provider, mode)
    return Begun(payment.id, payment.provider, payment.redirect_url, _order(card, payment))


def _new_payment(session: Session, card: GiftCard, provider: str, mode: str) -> Payment:
    if (provider, mode) not in ways_on_offer(card.currency):
        raise NotFound("This way to pay is not on offer.")
    now = clock.now()
    payment = Payment(
        show_id=NO_SHOW,
        gift_card_id=card.id,
        provider=provider,
        mode=mode,
        state=PaymentState.CREATED.value,
        amount_minor=card.initial_minor,
        currency=card.currency,
        created_at=now,
        check_at=now + dt.timedelta(minutes=settings.reconcile_minutes),
    )
    session.add(payment)
    session.flush()
    payment.log_birth(now, "clock")
    return payment


def _order(card: GiftCard, payment: Payment) -> PaymentOrder:
    return PaymentOrder(
        show_id=NO_SHOW,
        payment_id=payment.id,
        booking_code=card.order_code,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        mode=payment.mode,
        description=f"Gift card, {format_money(card.initial_minor, card.currency)}",
        email=card.email,
        return_url="",
        expires_at=payment.created_at + PAGE_LASTS,
    )


def take_event(session: Session, event: PaymentEvent, gift_card_id: int, payment_id: int) -> str:
    """What a gateway's word on a gift card's payment does; gives the outcome. Commits nothing.

    Money that comes late pays for an order that was given up, too. Locks the gift card, then the payment.
    """
    card, payment = _lock(session, gift_card_id), lock_payment(session, NO_SHOW, payment_id)
    now = clock.now()
    if event.kind is not EventKind.CAPTURED:
        return note_failure(payment, event, now)
    if payment.captured_at is not None:
        return "repeated"
    book_capture(session, payment, event, now)
    reason = _why_not(card, payment)
    if reason is not None:
        return _send_back(session, card, payment, reason, now)
    payment.applied_at = now
    _activate(session, card, now, f"gateway:{event.provider}")
    _close_other_pages(session, card, now)
    return "confirmed"


def _why_not(card: GiftCard, payment: Payment) -> RefundReason | None:
    if (payment.captured_minor, payment.captured_currency) != (card.initial_minor, card.currency):
        return RefundReason.WRONG_AMOUNT
    if card.state == GiftCardState.ACTIVE:
        return RefundReason.ALREADY_PAID
    return RefundReason.CANCELLED if card.state == GiftCardState.VOID else None


def _activate(session: Session, card: GiftCard, now: dt.datetime, actor: str) -> None:
    card.balance_minor, card.paid_at = card.initial_minor, now
    card.expires_at = good_until(now, settings.gift_card_months)
    card.move_to(GiftCardState.ACTIVE, now, actor)
    session.flush()
    entries = gift_card_sold(card.initial_minor, str(card.id))
    post(session, f"gift-card-{card.id}", entries, card.currency, now, show_id=NO_SHOW, booking_id=None)
    tell_about_gift_card(session, MessageKind.GIFT_CARD, now, card)
    tell_about_gift_card(session, MessageKind.GIFT_CARD_RECEIPT, now, card)


def _send_back(session: Session, card: GiftCard, payment: Payment, reason: RefundReason, now: dt.datetime) -> str:
    """Refund the capture in full and tell staff; the buyer is told when the refund goes out."""
    session.flush()
    if payment.captured_minor:
        request_refund(session, payment, payment.captured_minor, reason.value, now)
    words = reason.value.replace("_", " ")
    message = f"Payment {payment.id} of gift card order {card.order_code} goes back: {words}."
    raise_alert(session, f"refund_{reason.value}", NO_SHOW, message)
    return f"refunded: {words}"


_OPEN = text(
    "SELECT id FROM payments WHERE show_id = 0 AND gift_card_id = :card AND provider_ref IS NOT NULL "
    "AND state IN ('created', 'pending') ORDER BY id"
)


def _close_other_pages(session: Session, card: GiftCard, now: dt.datetime) -> None:
    """Another attempt at an order that is paid or over can only take money that would have to go back."""
    for row in session.execute(_OPEN, {"card": card.id}):
        put(session, Task.CANCEL_PAYMENT, now, NO_SHOW, None, row.id)


_ABANDONED = text("SELECT id FROM gift_cards WHERE state = 'ordered' AND ordered_at < :before ORDER BY id LIMIT :limit")
_UNPAID = text(
    "SELECT id FROM payments WHERE show_id = 0 AND gift_card_id = :card AND state IN ('created', 'pending') ORDER BY id"
)


def abandon_gift_cards(limit: int = 200) -> int:
    """Give up the orders that nobody has paid for a day; gives how many. One transaction each."""
    before = clock.now() - GIVE_UP_AFTER
    rows = db.session.execute(_ABANDONED, {"before": before, "limit": limit}).all()
    end_read()
    return sum(_abandon(row.id) for row in rows)


def _abandon(gift_card_id: int) -> bool:
    with transaction() as session:
        card = _lock(session, gift_card_id)
        if card.state != GiftCardState.ORDERED:
            return False
        now = clock.now()
        _close_other_pages(session, card, now)
        for row in session.execute(_UNPAID, {"card": card.id}).all():
            lock_payment(session, NO_SHOW, row.id).move_to(PaymentState.EXPIRED, now, "clock")
        card.move_to(GiftCardState.ABANDONED, now, "clock")
    return True


_CODE = text("SELECT order_code, code_hash FROM gift_cards WHERE id = :id")


def card_code(gift_card_id: int) -> str:
    """A gift card's code, made anew from the secret key: it is stored nowhere.

    Raises ConcurrentModification if the key is no longer the one that the card was sold under.
    """
    row = db.session.execute(_CODE, {"id": gift_card_id}).one()
    code = code_of(settings.secret_key, row.order_code)
    if code_hash(code) != row.code_hash:
        raise ConcurrentModification("SECRET_KEY has changed since this gift card was sold: its code is not known.")
    return code
