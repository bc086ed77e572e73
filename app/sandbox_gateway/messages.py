"""What the provider writes to the merchant, put in its outgoing mail in the transaction of what it tells."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app.adapters.cache import cache
from app.db import on_commit
from app.extensions import queue
from app.models import SandboxMessage, SandboxRefund, SandboxSession
from app.models.sandbox import SandboxState

log = structlog.get_logger(__name__)
CARD = {"brand": "Visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}
"""The one card that this provider knows."""
JOB = "app.sandbox_gateway.messenger.deliver_due_messages"


def tell(db: Session, session: SandboxSession, kind: str, at: dt.datetime, refund: SandboxRefund | None = None) -> None:
    """Write one message (two rows of it where the buyer asked for that), unless this session never tells."""
    if session.silent:
        return
    event_id = f"evt_{secrets.token_hex(12)}"
    body = json.dumps({"id": event_id, "type": kind, "created": at.isoformat(), "data": _data(session, kind, refund)})
    for _ in range(2 if session.twice else 1):
        db.add(SandboxMessage(event_id=event_id, session_id=session.id, body=body, created_at=at, due_at=at))
        db.flush()
    on_commit(nudge)


def _data(session: SandboxSession, kind: str, refund: SandboxRefund | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "session": session.id,
        "amount": session.captured_minor or session.amount_minor,
        "currency": session.currency,
        "mode": session.mode,
        "reason": session.reason,
        "metadata": {"show_id": session.show_id, "payment_id": session.payment_id},
    }
    if (card := remembered_card(session)) and kind == "payment.captured":
        data["card"] = card
    if refund is not None:
        data["refund"] = {"id": refund.id, "key": refund.key, "amount": refund.amount_minor}
    return data


def remembered_card(session: SandboxSession) -> dict[str, Any] | None:
    """What the merchant is told of a card that was to be remembered and has paid; None otherwise."""
    if not session.save_method or session.mode != "card" or session.state != SandboxState.CAPTURED:
        return None
    return {"token": f"card_{session.id}", **CARD}


def nudge() -> None:
    """Have the worker look at the outgoing mail now. Without Valkey the schedule's next round sees to it."""
    if cache.resting:
        return
    try:
        queue.enqueue(JOB, result_ttl=0, failure_ttl=60)
    except (RedisError, OSError) as problem:
        cache.failed(problem)
