"""Money sent back: asked for in the transaction that decided it, sent by the worker, with its own state."""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import EventKind, PaymentEvent, gateway
from app.db import db, end_read, transaction
from app.domain.ledger import Entry, refunded, sent_back
from app.domain.messages import MessageKind
from app.domain.states import PaymentState, RefundState
from app.errors import DomainError, GatewayUnavailable
from app.models import Cancellation, Payment, Refund
from app.services.alerts import raise_alert
from app.services.ledger import post
from app.services.outbox import GIVE_UP_AFTER, Task, put
from app.services.telling import tell_of_refund

log = structlog.get_logger(__name__)


class RefundRefused(GatewayUnavailable):
    """The gateway said no to a refund; it is tried again, and staff is told."""

    code, default = "REFUND_REFUSED", "The payment service refused the refund."


def request_refund(
    session: Session,
    payment: Payment,
    amount_minor: int,
    reason: str,
    now: dt.datetime,
    cancellation: Cancellation | None = None,
) -> Refund:
    """Ask for `amount_minor` of a captured payment back. Commits nothing; the caller holds the payment's lock.

    Refunds never exceed the capture, pending ones counted: the database's CHECK on refunded_minor is the last word.
    Without a cancellation it is a capture that can't be used, and that is booked here.
    """
    number = session.execute(_COUNT, {"show_id": payment.show_id, "payment_id": payment.id}).scalar_one()
    refund = Refund(
        show_id=payment.show_id,
        payment_id=payment.id,
        state=RefundState.REQUESTED.value,
        amount_minor=amount_minor,
        currency=payment.captured_currency or payment.currency,
        cancellation_show_id=cancellation.show_id if cancellation else None,
        cancellation_id=cancellation.id if cancellation else None,
        reason=reason,
        idempotency_key=f"refund-{payment.show_id}-{payment.id}-{number + 1}",
        requested_at=now,
    )
    session.add(refund)
    payment.refunded_minor += amount_minor
    session.flush()
    refund.log_birth(now, "clock")
    if cancellation is None:
        _book(session, f"return-{refund.id}", sent_back(amount_minor), refund, payment, now)
    put(session, Task.SEND_REFUND, now, payment.show_id, payment.booking_id, refund.id)
    return refund


def _book(session: Session, key: str, entries: list[Entry], refund: Refund, payment: Payment, now: dt.datetime) -> None:
    post(session, key, entries, refund.currency, now, show_id=refund.show_id, booking_id=payment.booking_id)


_COUNT = text("SELECT count(*) FROM refunds WHERE show_id = :show_id AND payment_id = :payment_id")
_READ = text("""
SELECT r.state, r.amount_minor, r.currency, r.idempotency_key, p.provider, p.provider_ref
FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE r.show_id = :show_id AND r.id = :refund_id
""")


def send_refund(show_id: int, refund_id: int) -> str:
    """Send a requested refund through its gateway and note the answer. Raises RefundRefused to be tried again."""
    row = db.session.execute(_READ, {"show_id": show_id, "refund_id": refund_id}).one()
    end_read()
    if row.state in (RefundState.SENT, RefundState.DONE):
        return "repeated"
    answer = gateway(row.provider).refund(row.provider_ref, row.amount_minor, row.currency, row.idempotency_key)
    state = RefundState(answer.state)
    with transaction() as session:
        _note(session, show_id, refund_id, state, f"gateway:{row.provider}", answer.provider_ref, answer.reason)
    if state is RefundState.FAILED:
        raise RefundRefused(answer.reason or None)
    return state.value


_UNHEARD = text("""
SELECT r.show_id, r.id, r.amount_minor, r.currency, r.idempotency_key, p.provider, p.provider_ref
FROM refunds r JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
WHERE r.state = 'sent' AND r.requested_at < :before ORDER BY r.requested_at LIMIT :limit
""")
PATIENCE = dt.timedelta(hours=1)


def ask_after_refunds(limit: int = 100) -> int:
    """Ask the gateways about refunds they took on and never spoke of again; gives how many were settled.

    The same key is the same refund, so asking for it once more says how it stands.
    """
    rows = db.session.execute(_UNHEARD, {"before": clock.now() - PATIENCE, "limit": limit}).all()
    end_read()
    return sum(_asked_after(row) for row in rows)


def _asked_after(row: Row[Any]) -> bool:
    try:
        answer = gateway(row.provider).refund(row.provider_ref, row.amount_minor, row.currency, row.idempotency_key)
    except DomainError as problem:
        log.warning("refund_not_answered", show_id=row.show_id, refund_id=row.id, problem=problem.code)
        return False
    state = RefundState(answer.state)
    if state is RefundState.SENT:
        return False
    with transaction() as session:
        _note(session, row.show_id, row.id, state, f"gateway:{row.provider}", answer.provider_ref, answer.reason)
        if state is RefundState.FAILED:
            _send_again(session, row.show_id, row.id)
    return True


def _note(
    session: Session,
    show_id: int,
    refund_id: int,
    state: RefundState,
    actor: str,
    ref: str = "",
    reason: str = "",
) -> str:
    payment_id = session.execute(_PAYMENT_OF, {"show_id": show_id, "refund_id": refund_id}).scalar_one()
    payment = session.get_one(Payment, (show_id, payment_id), populate_existing=True, with_for_update=True)
    refund = session.get_one(Refund, (show_id, refund_id), populate_existing=True, with_for_update=True)
    now = clock.now()
    refund.attempts += 1
    if refund.state == RefundState.DONE:
        return _after_done(session, refund, state, reason)
    refund.provider_ref = ref or refund.provider_ref
    refund.failure = reason or None
    if state is RefundState.FAILED and refund.state != RefundState.FAILED:
        raise_alert(
            session,
            "refund_refused",
            show_id,
            f"Refund {refund_id} was refused: {reason or 'no reason given'}",
        )
    if not refund.move_to(state, now, actor):
        return "repeated"
    if state is RefundState.SENT:
        tell_of_refund(session, MessageKind.REFUND_SENT, now, refund, payment)
    if state is RefundState.DONE:
        tell_of_refund(session, MessageKind.REFUND_DONE, now, refund, payment)
        refund.done_at = now
        _book(session, f"refund-{refund.id}", refunded(refund.amount_minor, payment.provider), refund, payment, now)
        _close_payment(session, payment, now, actor)
    return f"refund {state.value}"


def _after_done(session: Session, refund: Refund, state: RefundState, reason: str) -> str:
    """A bank may send back what was refunded, days later: the books say done, so a person has to look."""
    if state is not RefundState.FAILED:
        return "repeated"
    why = reason or "no reason given"
    raise_alert(session, "refund_came_back", refund.show_id, f"Refund {refund.id} was done and came back: {why}")
    return "refund came back"


_DONE_SUM = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE show_id = :show_id AND payment_id = :payment_id "
    "AND state = 'done'"
)


def _close_payment(session: Session, payment: Payment, now: dt.datetime, actor: str) -> None:
    session.flush()
    done = session.execute(_DONE_SUM, {"show_id": payment.show_id, "payment_id": payment.id}).scalar_one()
    whole = done == payment.captured_minor
    payment.move_to(PaymentState.REFUNDED if whole else PaymentState.PARTLY_REFUNDED, now, actor)


_PAYMENT_OF = text("SELECT payment_id FROM refunds WHERE show_id = :show_id AND id = :refund_id")
_BY_KEY = text("SELECT id FROM refunds WHERE show_id = :show_id AND idempotency_key = :key")


def note_refund_event(session: Session, event: PaymentEvent) -> str:
    """A gateway's message about a refund. Commits nothing."""
    refund_id = session.execute(_BY_KEY, {"show_id": event.show_id, "key": event.refund_key}).scalar_one_or_none()
    if refund_id is None:
        raise_alert(session, "unknown_refund", event.show_id, f"{event.provider} tells of a refund we don't know.")
        return "unknown"
    state = RefundState.DONE if event.kind is EventKind.REFUND_DONE else RefundState.FAILED
    outcome = _note(session, event.show_id, refund_id, state, f"gateway:{event.provider}", reason=event.detail)
    if outcome == f"refund {RefundState.FAILED.value}":
        _send_again(session, event.show_id, refund_id)
    return outcome


def _send_again(session: Session, show_id: int, refund_id: int) -> None:
    """A refund that failed after its sending was done has no outbox item left to try it again: it gets a new one."""
    refund = session.get_one(Refund, (show_id, refund_id))
    if refund.attempts < GIVE_UP_AFTER:
        put(session, Task.SEND_REFUND, clock.now(), show_id, None, refund_id)
    else:
        raise_alert(session, "refund_given_up", show_id, f"Refund {refund_id} failed {refund.attempts} times.")
