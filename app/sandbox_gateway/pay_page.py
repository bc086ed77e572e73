"""What the buyer does on the provider's pay page: pay in one of several ways, be declined, or go back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app import clock
from app.config import settings
from app.db import transaction
from app.models import SandboxSession
from app.models.sandbox import SandboxState
from app.sandbox_gateway.messages import tell
from app.sandbox_gateway.sessions import capture, end, lock_session

SLOW_CAPTURE = dt.timedelta(seconds=20)
MODES = {"card": "Card", "upi": "UPI", "net_banking": "Net banking", "wallet": "Payment app"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a payment goes: when the money arrives, how much of it, and what is said about it."""

    mode: str
    late: bool = False
    silent: bool = False
    twice: bool = False
    shuffled: bool = False
    short: bool = False
    """One minor unit less than asked for is captured."""
    slow: bool = False


def pay(session_id: str, manner: Manner) -> SandboxSession | None:
    """Pay an open session in this manner; one that is open no longer stays as it is. None if unknown."""
    with transaction() as db:
        session = lock_session(db, session_id)
        if session is None or session.state != SandboxState.OPEN:
            return session
        now = clock.now()
        session.mode = manner.mode if manner.mode in MODES else session.mode
        session.silent, session.twice, session.shuffled = manner.silent, manner.twice, manner.shuffled
        session.capture_minor = max(1, session.amount_minor - manner.short)
        session.capture_at = _capture_at(manner, now)
        if session.capture_at is None:
            capture(db, session, now)
        else:
            session.state = SandboxState.PROCESSING.value
            if not session.shuffled:
                tell(db, session, "payment.processing", now)
    return session


def _capture_at(manner: Manner, now: dt.datetime) -> dt.datetime | None:
    if manner.late:
        return now + dt.timedelta(minutes=settings.sandbox_late_minutes)
    return now + SLOW_CAPTURE if manner.slow else None


def decline(session_id: str) -> SandboxSession | None:
    """The bank says no; the session is over."""
    return _close(session_id, SandboxState.DECLINED, "The bank declined the payment.")


def leave(session_id: str) -> SandboxSession | None:
    """The buyer goes back without paying; the session is over."""
    return _close(session_id, SandboxState.CANCELLED, "You went back without paying.")


def _close(session_id: str, state: SandboxState, reason: str) -> SandboxSession | None:
    with transaction() as db:
        session = lock_session(db, session_id)
        if session is not None and session.state == SandboxState.OPEN:
            now = clock.now()
            end(session, state, now, reason)
            tell(db, session, f"payment.{state.value}", now)
    return session
