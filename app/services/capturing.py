"""What a gateway's word does to a payment itself, whatever it pays for. Commits nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.adapters.payments import EventKind, PaymentEvent
from app.domain.ledger import captured
from app.domain.states import PaymentState
from app.models import Payment
from app.services.ledger import post


def lock_payment(session: Session, show_id: int, payment_id: int) -> Payment:
    return session.get_one(Payment, (show_id, payment_id), populate_existing=True, with_for_update=True)


def book_capture(session: Session, payment: Payment, event: PaymentEvent, now: dt.datetime) -> None:
    """Note on the payment, and in the ledger, that its money has arrived. The caller holds the payment's lock."""
    payment.captured_minor, payment.captured_currency = event.amount_minor, event.currency
    payment.captured_at, payment.check_at = now, None
    payment.provider_ref = payment.provider_ref or event.provider_ref
    payment.move_to(PaymentState.CAPTURED, now, f"gateway:{event.provider}")
    entries = captured(event.amount_minor, event.provider)
    show_id, booking_id = payment.show_id, payment.booking_id
    post(session, f"capture-{payment.id}", entries, event.currency, now, show_id=show_id, booking_id=booking_id)


def note_failure(payment: Payment, event: PaymentEvent, now: dt.datetime) -> str:
    """The attempt came to nothing: "failed", or "cancelled" by the buyer; "too late" if it is over already."""
    payment.check_at = None
    if payment.state not in (PaymentState.CREATED, PaymentState.PENDING):
        return "too late"
    payment.failure = event.detail or "The payment was declined."
    payment.move_to(PaymentState.FAILED, now, f"gateway:{event.provider}")
    return "cancelled" if event.kind is EventKind.CANCELLED else "failed"
