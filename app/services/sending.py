"""Sending a message once more. What a message says is services/messages.py's own matter."""

from __future__ import annotations

from sqlalchemy import text

from app import clock
from app.db import transaction
from app.errors import NotFound
from app.services.telling import tell_again

_READ = text("""
SELECT show_id, id, kind, channel, booking_id, gift_card_id, subject_id, recipient, language, facts, resend_of
FROM messages WHERE show_id = :show_id AND id = :id
""")


def resend_message(show_id: int, message_id: int) -> int:
    """Queue a message again, as a new one that names the first; gives its id. Raises NotFound.

    It is written anew: what has changed since is told as it is now, to the address that the booking has now.
    """
    with transaction() as session:
        message = session.execute(_READ, {"show_id": show_id, "id": message_id}).one_or_none()
        if message is None:
            raise NotFound("There is no such message.")
        return tell_again(session, message, clock.now())
