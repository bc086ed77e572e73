"""Sending a booking's tickets once more. What a mail looks like is the mailing's own matter."""

from __future__ import annotations

from app import clock
from app.db import transaction
from app.services.outbox import Task, put


def send_again(show_id: int, booking_id: int) -> None:
    """Ask for the confirmation mail again. The booking is confirmed."""
    with transaction() as session:
        put(session, Task.MAIL_CONFIRMATION, clock.now(), show_id, booking_id)
