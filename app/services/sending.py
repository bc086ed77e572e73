"""Sending a booking's tickets once more. What a mail looks like is the mailing's own matter."""

from __future__ import annotations

from app import clock
from app.db import transaction
from app.domain.messages import MessageKind
from app.models import Booking
from app.services.telling import tell


def send_again(show_id: int, booking_id: int) -> None:
    """Ask for the confirmation mail again. The booking is confirmed."""
    with transaction() as session:
        tell(session, MessageKind.CONFIRMATION, clock.now(), session.get_one(Booking, (show_id, booking_id)))
