"""What must happen after a commit: written with the change it belongs to, done at least once by the worker.

Enqueueing to RQ after the commit is the fast path; the sweeper, which finds what is due and not done, is the safe one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError, InvalidJobOperation
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.cache import cache
from app.db import db, end_read, on_commit, transaction
from app.extensions import queue
from app.services.alerts import raise_alert

log = structlog.get_logger(__name__)

JOB = "app.jobs.outbox.run_outbox_item"
FIRST_RETRY_SECONDS = 10
LAST_RETRY_SECONDS = 900
LEASE_SECONDS = 40
GIVE_UP_AFTER = 12
"""Attempts until an item waits for staff: with doubling pauses, about two hours."""


class Task(StrEnum):
    """Every kind of work that follows a commit; jobs/outbox.py says what does it."""

    RENDER_TICKETS = "render_tickets"
    SEND_MESSAGE = "send_message"
    SEND_REFUND = "send_refund"
    CANCEL_PAYMENT = "cancel_payment"
    REFUND_SHOW = "refund_show"
    FORGET_METHOD = "forget_method"


_INSERT = text(
    "INSERT INTO outbox (show_id, kind, booking_id, subject_id, created_at, due_at) "
    "VALUES (:show_id, :kind, :booking_id, :subject_id, :now, :now) RETURNING id"
)


def put(
    session: Session,
    task: Task,
    now: dt.datetime,
    show_id: int,
    booking_id: int | None,
    subject_id: int | None = None,
) -> None:
    """Note work to be done once the open transaction is committed."""
    item = {
        "show_id": show_id,
        "kind": task.value,
        "booking_id": booking_id,
        "subject_id": subject_id,
        "now": now,
    }
    item_id = session.execute(_INSERT, item).scalar_one()
    on_commit(lambda: enqueue(show_id, item_id))


_INSERT_ALL = text("""
INSERT INTO outbox (show_id, kind, booking_id, subject_id, created_at, due_at)
SELECT :show_id, :kind, item.booking_id, item.subject_id, :now, :now
FROM unnest(CAST(:booking_ids AS bigint[]), CAST(:subject_ids AS bigint[])) AS item(booking_id, subject_id)
""")


def put_all(session: Session, task: Task, now: dt.datetime, show_id: int, items: Sequence[tuple[int, int]]) -> None:
    """put() for many (booking, subject) of one show at once. The sweeper enqueues them."""
    bookings, subjects = zip(*items, strict=True)
    values = {"show_id": show_id, "kind": task.value, "now": now}
    session.execute(_INSERT_ALL, {**values, "booking_ids": list(bookings), "subject_ids": list(subjects)})


def enqueue(show_id: int, item_id: int) -> None:
    """Hand an item to the worker at once. Without Valkey, or if it is queued already, the sweeper sees to it."""
    if cache.resting:
        return
    try:
        _hand_over(show_id, item_id)
    except (RedisError, OSError) as problem:
        cache.failed(problem)


def _hand_over(show_id: int, item_id: int) -> None:
    """One job an item. One that is due and whose job waits in no queue died with its worker: RQ would call that job
    started for minutes, so it makes way."""
    job_id = f"outbox-{item_id}"
    for _ in range(2):
        try:
            queue.enqueue(JOB, show_id, item_id, job_id=job_id, unique=True, result_ttl=0, failure_ttl=60)
        except DuplicateJobError:
            dead = queue.fetch_job(job_id) if queue.get_job_position(job_id) is None else None
            if dead is None:
                return
            with suppress(InvalidJobOperation):  # it was not dead, and has ended this very moment
                dead.delete()
        else:
            return


_DUE = text(
    "SELECT show_id, id FROM outbox WHERE done_at IS NULL AND due_at <= :now AND attempts < :most "
    "ORDER BY due_at LIMIT :limit"
)


def sweep_outbox(limit: int = 500) -> int:
    """Enqueue everything that is due and not done; gives how many."""
    items = due_items(limit)
    for show_id, item_id in items:
        enqueue(show_id, item_id)
    return len(items)


def due_items(limit: int = 500) -> list[tuple[int, int]]:
    """(show, item) of everything that is due and not done, oldest first."""
    rows = db.session.execute(_DUE, {"now": clock.now(), "limit": limit, "most": GIVE_UP_AFTER}).all()
    end_read()
    return [(row.show_id, row.id) for row in rows]


_TAKE = text(
    "UPDATE outbox SET due_at = :lease WHERE show_id = :show_id AND id = :id AND done_at IS NULL AND due_at <= :now "
    "RETURNING show_id, id, kind, booking_id, subject_id, attempts"
)


def take_item(show_id: int, item_id: int) -> Row[Any] | None:
    """The item, ours for LEASE_SECONDS or longer (still_at_work()); None if it is done, waits, or another worker has it.

    Should we die over it, it is due again when the lease is over.
    """
    now = clock.now()
    lease = now + dt.timedelta(seconds=LEASE_SECONDS)
    with transaction() as session:
        return session.execute(_TAKE, {"show_id": show_id, "id": item_id, "now": now, "lease": lease}).one_or_none()


_AT_WORK: ContextVar[tuple[int, int] | None] = ContextVar("outbox_item", default=None)
_RENEW = text("UPDATE outbox SET due_at = :lease WHERE show_id = :show_id AND id = :id AND done_at IS NULL")


@contextmanager
def working_on(show_id: int, item_id: int) -> Iterator[None]:
    """While it lasts, still_at_work() is about this item."""
    token = _AT_WORK.set((show_id, item_id))
    try:
        yield
    finally:
        _AT_WORK.reset(token)


def still_at_work() -> None:
    """Long work on an item goes on: it is ours for LEASE_SECONDS from now. Outside of the worker it does nothing.

    Not for use inside a transaction.
    """
    item = _AT_WORK.get()
    if item is None:
        return
    lease = clock.now() + dt.timedelta(seconds=LEASE_SECONDS)
    with transaction() as session:
        session.execute(_RENEW, {"show_id": item[0], "id": item[1], "lease": lease})


_HURRY = text("""
UPDATE outbox SET due_at = least(due_at, CAST(:now AS timestamptz)) WHERE show_id = :show_id AND kind = :kind
  AND subject_id = :subject_id AND done_at IS NULL AND attempts < :most AND (due_at > :leased OR due_at <= :now)
RETURNING id
""")
_TRYING = text(
    "SELECT EXISTS (SELECT FROM outbox WHERE show_id = :show_id AND kind = :kind AND subject_id = :subject_id "
    "AND done_at IS NULL AND attempts < :most)"
)


def hurry(session: Session, task: Task, show_id: int, subject_id: int, now: dt.datetime) -> bool:
    """Do at once what is to be tried again later; False if there is no such work, or it was given up.

    One that a worker may have in hand, due again within a lease, stays as it is.
    """
    asked = {"show_id": show_id, "kind": task.value, "subject_id": subject_id, "most": GIVE_UP_AFTER}
    leased = now + dt.timedelta(seconds=LEASE_SECONDS)
    for row in session.execute(_HURRY, {**asked, "now": now, "leased": leased}):
        on_commit(lambda item=row.id: enqueue(show_id, item))  # type: ignore[misc]
    trying: bool = session.execute(_TRYING, asked).scalar_one()
    return trying


_FINISH = text("UPDATE outbox SET done_at = :now, failure = NULL WHERE show_id = :show_id AND id = :id")
_FAIL = text(
    "UPDATE outbox SET attempts = :attempts, failure = :failure, due_at = :due WHERE show_id = :show_id AND id = :id"
)


def finish_item(show_id: int, item_id: int) -> None:
    with transaction() as session:
        session.execute(_FINISH, {"now": clock.now(), "show_id": show_id, "id": item_id})


def postpone_item(show_id: int, item_id: int, attempts: int, failure: str, *, hopeless: bool = False) -> None:
    """After a failed attempt: try again later, each time twice as late; staff is told of the last one.

    `hopeless`: trying again would not help, such as a mailbox that does not exist; this attempt was the last.
    """
    pause = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**attempts)
    tries = GIVE_UP_AFTER if hopeless else attempts + 1
    values = {
        "failure": failure[:500],
        "due": clock.now() + dt.timedelta(seconds=pause),
        "attempts": tries,
        "show_id": show_id,
        "id": item_id,
    }
    with transaction() as session:
        session.execute(_FAIL, values)
        if tries >= GIVE_UP_AFTER:
            raise_alert(session, "outbox_given_up", show_id, f"Task {item_id} is given up: {failure[:200]}")
