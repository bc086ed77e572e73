"""What tests of cancelled shows share: why, the work of the worker, and what came of it."""

from __future__ import annotations

from sqlalchemy import text

from app.adapters.payments import EventKind
from app.db import db
from app.jobs.outbox import run_outbox_item
from app.models import Booking, Show
from app.services import checkout, payments
from app.services.outbox import due_items
from app.services.refunds import send_refund
from tests.builders import (
    A_BUYER,
    a_hold,
    the_booking,
)

WHY = "The projector broke."


def rows(sql: str, **values):
    found = db.session.execute(text(sql), values).all()
    db.session.commit()
    return found


def one(sql: str, **values):
    return rows(sql, **values)[0][0]


def states(show: Show) -> list[str]:
    return [row.state for row in rows("SELECT state FROM bookings WHERE show_id = :id ORDER BY id", id=show.id)]


def refund_items() -> list[tuple[int, int]]:
    """What is due of refunding shows, oldest first."""
    kinds = {row.id for row in rows("SELECT id FROM outbox WHERE kind = 'refund_show'")}
    return [item for item in due_items() if item[1] in kinds]


def refund_all() -> None:
    """As the worker does, until there is nothing to do."""
    while items := refund_items():
        for show_id, item_id in items:
            assert run_outbox_item(show_id, item_id) == "done"


def send_all() -> None:
    for row in rows("SELECT show_id, id FROM refunds WHERE state = 'requested' ORDER BY id"):
        send_refund(row.show_id, row.id)


def paid_by_fake(fake, show: Show, n: int = 2) -> Booking:
    """A booking whose money is at the gateway that tests decide over."""
    booking = a_hold(show, n)
    before = set(fake.sessions)
    checkout.start_payment(
        show.id, booking.id, A_BUYER, {}, provider="fake", mode="card", return_url="http://localhost/back"
    )
    (ref,) = set(fake.sessions) - before
    assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"
    return the_booking(show.id, booking.id)
