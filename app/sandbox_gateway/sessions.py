"""What the provider does for its merchant: open a session, say how it stands, capture, cancel, refund."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import clock
from app.db import db as database
from app.db import end_read, transaction
from app.models import SandboxRefund, SandboxSession
from app.models.sandbox import SandboxState
from app.sandbox_gateway.messages import remembered_card, tell


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a merchant asks to collect. Amounts are minor units of the currency."""

    order_key: str
    show_id: int
    payment_id: int
    amount_minor: int
    currency: str
    mode: str
    description: str
    email: str
    return_url: str
    save_method: bool = False
    saved_token: str = ""


@dataclass(frozen=True, slots=True)
class RefundResult:
    """`refund_id` where the money went back, otherwise `refused` says why not."""

    refund_id: str = ""
    refused: str = ""


def open_session(order: NewSession) -> str:
    """The id of the session for this order; the same key gives the same session."""
    values = {name: getattr(order, name) for name in NewSession.__slots__}
    with transaction() as db:
        db.execute(
            insert(SandboxSession)
            .values(
                **values,
                id=f"sb_{secrets.token_urlsafe(20)}",
                state=SandboxState.OPEN.value,
                capture_minor=order.amount_minor,
                created_at=clock.now(),
            )
            .on_conflict_do_nothing(index_elements=["order_key"])
        )
        return db.execute(select(SandboxSession.id).filter_by(order_key=order.order_key)).scalar_one()


_FRESH = select(SandboxSession).execution_options(populate_existing=True)


def find_session(session_id: str | None, order_key: str = "") -> SandboxSession | None:
    """A session by its id or, where the merchant never heard that, by its order's key. Captures it if due."""
    wanted = SandboxSession.id == session_id if session_id else SandboxSession.order_key == order_key
    found = database.session.scalars(_FRESH.where(wanted)).one_or_none()
    end_read()
    if found is None or found.state != SandboxState.PROCESSING or not _is_due(found, clock.now()):
        return found
    with transaction() as db:
        session = lock_session(db, found.id)
        if session is not None and session.state == SandboxState.PROCESSING:
            capture(db, session, clock.now())
        return session


def _is_due(session: SandboxSession, now: dt.datetime) -> bool:
    return session.capture_at is not None and session.capture_at <= now


def lock_session(db: Session, session_id: str) -> SandboxSession | None:
    return db.get(SandboxSession, session_id, populate_existing=True, with_for_update=True)


def cancel_session(session_id: str, reason: str = "The shop closed this payment.") -> None:
    """Close an open pay page. No effect on what is paid already, or about to be."""
    with transaction() as db:
        session = lock_session(db, session_id)
        if session is not None and session.state == SandboxState.OPEN:
            end(session, SandboxState.CANCELLED, clock.now(), reason)


def end(session: SandboxSession, state: SandboxState, at: dt.datetime, reason: str = "") -> None:
    session.state, session.ended_at, session.reason = state.value, at, reason


def capture(db: Session, session: SandboxSession, at: dt.datetime) -> None:
    """Take the money and tell it; where `shuffled`, the step before is told afterwards. Needs the lock."""
    session.captured_minor, session.capture_at = session.capture_minor, None
    end(session, SandboxState.CAPTURED, at)
    tell(db, session, "payment.captured", at)
    if session.shuffled:
        tell(db, session, "payment.processing", at)


_DUE = (
    select(SandboxSession)
    .where(SandboxSession.state == SandboxState.PROCESSING.value)
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
    .limit(100)
)


def capture_due() -> int:
    """Capture every processing session whose time has come; gives how many."""
    now = clock.now()
    with transaction() as db:
        due = db.scalars(_DUE.where(SandboxSession.capture_at <= now)).all()
        for session in due:
            capture(db, session, now)
    return len(due)


def refund_session(session_id: str, key: str, amount_minor: int, currency: str) -> RefundResult:
    """Give money back, at once. The same key is one refund; never more than was captured."""
    with transaction() as db:
        session = lock_session(db, session_id)
        if session is None:
            return RefundResult(refused="there is no such session")
        known = db.scalars(select(SandboxRefund).filter_by(key=key)).one_or_none()
        if known is not None:
            return _repeated(known, session_id, amount_minor, currency)
        if currency != session.currency:
            return RefundResult(refused=f"this was paid in {session.currency}")
        if not 0 < amount_minor <= session.captured_minor - session.refunded_minor:
            return RefundResult(refused="more than is left of what was paid")
        return RefundResult(_give_back(db, session, key, amount_minor))


def _repeated(known: SandboxRefund, session_id: str, amount_minor: int, currency: str) -> RefundResult:
    same = (known.session_id, known.amount_minor, known.currency) == (session_id, amount_minor, currency)
    return RefundResult(known.id) if same else RefundResult(refused="another refund has this key")


def _give_back(db: Session, session: SandboxSession, key: str, amount_minor: int) -> str:
    now = clock.now()
    refund = SandboxRefund(
        id=f"rf_{secrets.token_hex(10)}",
        session_id=session.id,
        key=key,
        amount_minor=amount_minor,
        currency=session.currency,
        created_at=now,
    )
    db.add(refund)
    session.refunded_minor += amount_minor
    tell(db, session, "refund.done", now, refund)
    return refund.id


_DEMO = text("""
INSERT INTO sandbox_sessions (id, order_key, show_id, payment_id, amount_minor, currency, mode, description, return_url,
                              state, captured_minor, capture_minor, created_at, ended_at)
SELECT provider_ref, 'payment-' || show_id || '-' || id, show_id, id, captured_minor, captured_currency, mode,
       'Demo visit', '', 'captured', captured_minor, captured_minor, created_at, captured_at
FROM payments WHERE provider = 'sandbox' AND provider_ref LIKE 'demo-%' AND captured_minor > 0
ON CONFLICT DO NOTHING
""")


def book_demo_payments() -> None:
    """What the demo's visitors have paid without coming here: in the provider's books too, so that it can go back."""
    with transaction() as db:
        db.execute(_DEMO)


__all__ = [
    "NewSession",
    "RefundResult",
    "SandboxSession",
    "SandboxState",
    "book_demo_payments",
    "cancel_session",
    "capture_due",
    "find_session",
    "open_session",
    "refund_session",
    "remembered_card",
]
