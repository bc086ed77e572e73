"""Money of given-back seats on its way back: to the gateway, the gift card, the wallet it came from, pro rata.

Non-committing helpers. Locks payments in order of show and id, then balances.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.ledger import Account, Entry
from app.domain.shares import allocate
from app.domain.tenders import NO_SHOW, CreditKind, Tender, TenderKind, share_return
from app.models import Booking, Cancellation, Payment
from app.services.credits import pay_back_to_card, pay_into_wallet
from app.services.refunds import request_refund

_READ_PAYMENTS = text("""
SELECT id, captured_minor - refunded_minor - credited_minor AS left_minor FROM payments
WHERE show_id = :show_id AND booking_id = :booking_id AND applied_at IS NOT NULL ORDER BY id
""")
_LOCK_PAYMENTS = text(f"{_READ_PAYMENTS.text} FOR UPDATE")
_CREDITS = text("""
SELECT id, kind, source_show_id, source_id, amount_minor - returned_minor AS left_minor FROM booking_credits
WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'taken' ORDER BY id
""")


def tenders_of(session: Session, show_id: int, booking_id: int, *, lock: bool = True) -> list[Tender]:
    """Everything a confirmed booking was paid with and what of it can still go back; locks the payments.

    Exchanged seats lead to what had paid them, as far as their worth went into this booking, and a void gift card to
    the payment that bought it. Without the lock it is good for a page only.
    """
    key = {"show_id": show_id, "booking_id": booking_id}
    credits = session.execute(_CREDITS, key).all()
    exchanged = [row for row in credits if row.kind == CreditKind.EXCHANGE]
    found = [tender for row in exchanged for tender in _inherited(session, show_id, row, lock)]
    payments = session.execute(_LOCK_PAYMENTS if lock else _READ_PAYMENTS, key).all()
    found += [Tender(TenderKind.PAYMENT, show_id, row.id, row.left_minor) for row in payments]
    spent = [row for row in credits if row.kind != CreditKind.EXCHANGE]
    voided = _payments_of_void_cards(session, spent, lock)
    return found + [_credit_tender(show_id, row, voided) for row in spent]


_VOID = text("SELECT id FROM gift_cards WHERE id = ANY(:ids) AND state = 'void'")
_READ_CARD_PAYMENTS = text(
    "SELECT id, gift_card_id FROM payments WHERE show_id = 0 AND gift_card_id = ANY(:ids) AND applied_at IS NOT NULL "
    "ORDER BY id"
)
_LOCK_CARD_PAYMENTS = text(f"{_READ_CARD_PAYMENTS.text} FOR UPDATE")


def _payments_of_void_cards(session: Session, spent: Sequence[Row[Any]], lock: bool) -> dict[int, int]:
    """A void gift card → the payment that bought it, locked: money that would come back to the card goes there."""
    cards = [row.source_id for row in spent if row.kind == CreditKind.GIFT_CARD]
    ids = session.execute(_VOID, {"ids": cards}).scalars().all() if cards else []
    if not ids:
        return {}
    payments = session.execute(_LOCK_CARD_PAYMENTS if lock else _READ_CARD_PAYMENTS, {"ids": list(ids)})
    return {row.gift_card_id: row.id for row in payments}


def _credit_tender(show_id: int, row: Row[Any], voided: dict[int, int]) -> Tender:
    if row.kind == CreditKind.GIFT_CARD and row.source_id in voided:
        step = ((show_id, row.id),)
        return Tender(TenderKind.PAYMENT, NO_SHOW, voided[row.source_id], row.left_minor, through=step)
    return Tender(TenderKind(row.kind), show_id, row.id, row.left_minor, row.source_id)


def _inherited(session: Session, show_id: int, credit: Row[Any], lock: bool) -> list[Tender]:
    earlier = tenders_of(session, credit.source_show_id, credit.source_id, lock=lock)
    shares = allocate(credit.left_minor, [tender.left_minor for tender in earlier])
    step = (show_id, credit.id)
    return [
        Tender(tender.kind, tender.show_id, tender.id, share, tender.source_id, (step, *tender.through))
        for tender, share in zip(earlier, shares, strict=True)
    ]


def return_money(
    session: Session, booking: Booking, cancellation: Cancellation, amount_minor: int, now: dt.datetime
) -> list[Entry]:
    """Send this much back to what paid the booking, or what gateways took to the wallet; gives the ledger's credits.

    The refunds are asked for, balances are raised at once. Raises ValueError if more goes back than was paid.
    """
    if not amount_minor:
        return []
    entries = []
    parts = share_return(amount_minor, tenders_of(session, booking.show_id, booking.id))
    for tender, part in sorted(parts, key=_lock_order):
        for credit in tender.through:
            _note_returned(session, credit, part)
        entries.append(_GIVERS[tender.kind](session, booking, cancellation, tender, part, now))
    return entries


_ORDER = (TenderKind.PAYMENT, TenderKind.GIFT_CARD, TenderKind.WALLET)


def _lock_order(share: tuple[Tender, int]) -> tuple[int, int, int, int]:
    """Payments, then gift cards by id, then wallets: two cancellations that share cards never wait for each other."""
    tender = share[0]
    return _ORDER.index(tender.kind), tender.source_id, tender.show_id, tender.id


_RETURNED = text(
    "UPDATE booking_credits SET returned_minor = returned_minor + :part WHERE show_id = :show_id AND id = :id"
)


def _note_returned(session: Session, credit: tuple[int, int], part: int) -> None:
    session.execute(_RETURNED, {"show_id": credit[0], "id": credit[1], "part": part})


def _by_gateway(
    session: Session, booking: Booking, cancellation: Cancellation, tender: Tender, part: int, now: dt.datetime
) -> Entry:
    payment = session.get_one(Payment, (tender.show_id, tender.id), populate_existing=True)
    if cancellation.to_wallet and booking.user_id is not None and not tender.of_void_card:
        payment.credited_minor += part
        session.flush()
        pay_into_wallet(session, booking.user_id, booking.currency, part)
        return Entry(Account.WALLET_LIABILITY, -part, str(booking.user_id))
    request_refund(session, payment, part, cancellation.reason, now, cancellation)
    return Entry(Account.REFUNDS_PAYABLE, -part)


def _to_card(
    session: Session, booking: Booking, cancellation: Cancellation, tender: Tender, part: int, now: dt.datetime
) -> Entry:
    _note_returned(session, (tender.show_id, tender.id), part)
    pay_back_to_card(session, tender.source_id, part, now)
    return Entry(Account.GIFT_CARD_LIABILITY, -part, str(tender.source_id))


def _to_wallet(
    session: Session, booking: Booking, cancellation: Cancellation, tender: Tender, part: int, now: dt.datetime
) -> Entry:
    _note_returned(session, (tender.show_id, tender.id), part)
    pay_into_wallet(session, tender.source_id, booking.currency, part)
    return Entry(Account.WALLET_LIABILITY, -part, str(tender.source_id))


_GIVERS = {TenderKind.PAYMENT: _by_gateway, TenderKind.GIFT_CARD: _to_card, TenderKind.WALLET: _to_wallet}
