"""The worker's job for one outbox item: find what it asks for, do it, mark it done or try again later."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Row

from app.db import db
from app.failpoints import failpoint
from app.metrics import JOBS
from app.services.messages import send_message
from app.services.outbox import Task, due_items, finish_item, postpone_item, take_item, working_on
from app.services.payments import cancel_gateway_session
from app.services.refunds import send_refund
from app.services.saved_methods import forget_at_gateway
from app.services.show_cancelling import refund_show
from app.services.tickets import render_tickets

log = structlog.get_logger(__name__)

Doer = Callable[["Row[tuple[int, ...]]"], object]

DOERS: dict[Task, Doer] = {
    Task.RENDER_TICKETS: lambda item: render_tickets(item.show_id, item.booking_id),
    Task.SEND_MESSAGE: lambda item: send_message(item.show_id, item.subject_id),
    Task.SEND_REFUND: lambda item: send_refund(item.show_id, item.subject_id),
    Task.FORGET_METHOD: lambda item: forget_at_gateway(item.subject_id),
    Task.CANCEL_PAYMENT: lambda item: cancel_gateway_session(item.show_id, item.subject_id),
    Task.REFUND_SHOW: lambda item: refund_show(item.show_id, item.id, item.subject_id),
}


def run_outbox_item(show_id: int, item_id: int) -> str:
    """Do one item unless it is done; gives what happened. Any failure is noted and tried again by the sweeper."""
    item = take_item(show_id, item_id)
    if item is None:
        return "nothing to do"
    try:
        with working_on(show_id, item_id):
            DOERS[Task(item.kind)](item)
    except Exception as problem:
        db.session.rollback()
        log.warning("outbox_item_failed", item=item_id, kind=item.kind, problem=f"{type(problem).__name__}: {problem}")
        hopeless = getattr(problem, "permanent", False)
        postpone_item(show_id, item_id, item.attempts, f"{type(problem).__name__}: {problem}", hopeless=hopeless)
        JOBS.labels(item.kind, "postponed").inc()
        return "postponed"
    failpoint("outbox-done-before-noted")
    finish_item(show_id, item_id)
    JOBS.labels(item.kind, "done").inc()
    return "done"


def run_due_items() -> int:
    """Do what is due without a worker: the way on when Valkey is gone. Gives how many were looked at."""
    items = due_items()
    for show_id, item_id in items:
        run_outbox_item(show_id, item_id)
    return len(items)
