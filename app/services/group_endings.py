"""What ends under a group without anybody of the staff answering it: its time to pay, its show. Commits nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.groups import group_of_owner, is_group
from app.domain.messages import MessageKind
from app.models import Booking
from app.services.telling import tell

_OWNER = text("SELECT owner_key FROM bookings WHERE show_id = :show_id AND id = :id")


def tell_of_end(session: Session, kind: MessageKind, now: dt.datetime, show_id: int, booking_id: int) -> None:
    """Queue this word to a group whose unpaid offer has just ended; nothing if the booking is no group's."""
    owner_key: str = session.execute(_OWNER, {"show_id": show_id, "id": booking_id}).scalar_one()
    if is_group(owner_key):
        tell(session, kind, now, session.get_one(Booking, (show_id, booking_id)), group_of_owner(owner_key))
