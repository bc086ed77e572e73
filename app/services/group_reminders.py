"""The word to a group before its time to pay ends."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from app import clock
from app.db import db, end_read, transaction
from app.domain.groups import REMIND_HOURS
from app.domain.messages import MessageKind, remind_at
from app.domain.states import GroupState
from app.models import Booking, GroupRequest
from app.services.telling import tell

_TO_REMIND = text("""
SELECT g.id, g.pay_until, g.offered_at, c.timezone FROM group_requests g JOIN cinemas c ON c.id = g.cinema_id
JOIN bookings b ON b.show_id = g.offer_show_id AND b.id = g.booking_id
WHERE g.state = 'offered' AND g.reminded_at IS NULL AND g.pay_until > :now AND g.pay_until <= :soon
  AND b.state IN ('held', 'awaiting_payment') ORDER BY g.pay_until, g.id LIMIT 500
""")
SOON = dt.timedelta(hours=REMIND_HOURS + 3)
"""Clocks are never changed by more than the odd hours."""


def remind_groups() -> int:
    """Remind every group whose time to pay ends within a day, once for each offer; gives how many. For the schedule.

    Who was offered something later than that is not reminded.
    """
    now = clock.now()
    rows = db.session.execute(_TO_REMIND, {"now": now, "soon": now + SOON}).all()
    end_read()
    due = [(row, remind_at(row.pay_until, row.timezone, REMIND_HOURS)) for row in rows]
    return sum(_remind(row.id, row.pay_until, now) for row, at in due if row.offered_at < at <= now)


def _remind(group_id: int, pay_until: dt.datetime, now: dt.datetime) -> bool:
    """Unless somebody else did, or offered something else meanwhile."""
    with transaction() as session:
        group = session.get_one(GroupRequest, group_id, populate_existing=True, with_for_update={"key_share": True})
        same = group.state == GroupState.OFFERED and group.pay_until == pay_until and group.reminded_at is None
        if not same:
            return False
        group.reminded_at = now
        booking = session.get_one(Booking, (group.offer_show_id, group.booking_id))
        tell(session, MessageKind.GROUP_REMINDER, now, booking, group.id)
    return True
