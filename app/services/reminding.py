"""Reminders of shows that begin soon: which are due, and queueing them, once each."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import end_read, transaction
from app.domain.messages import remind_at
from app.queries.messages import shows_to_remind
from app.services.outbox import Task, put_all

BATCH = 500
CLOCKS_MOVE = dt.timedelta(hours=3)
"""More than clocks are ever changed by in a night."""
SETTLED = dt.timedelta(minutes=5)
"""So long after the time to remind, every booking that was confirmed before it has been committed."""

_QUEUE = text("""
INSERT INTO messages (show_id, kind, channel, booking_id, recipient, language, state, queued_at)
SELECT b.show_id, 'reminder', way.channel, b.id, way.recipient, b.language, 'queued', :now
FROM bookings b CROSS JOIN LATERAL (VALUES
  ('email', b.email, true), ('sms', b.phone, b.wants_sms AND :sms), ('push', b.code, b.wants_push AND :push)
) AS way(channel, recipient, wanted)
WHERE b.show_id = :show_id AND b.state = 'confirmed' AND b.confirmed_at <= :due AND way.wanted AND way.recipient <> ''
  AND NOT EXISTS (SELECT FROM messages m WHERE m.show_id = b.show_id AND m.booking_id = b.id
                  AND m.kind = 'reminder' AND m.channel = way.channel)
ORDER BY b.id LIMIT :limit
ON CONFLICT DO NOTHING RETURNING booking_id, id
""")
_DONE = text("UPDATE shows SET reminded_at = :now WHERE id = :show_id AND reminded_at IS NULL")


def send_reminders() -> int:
    """Queue what is due of every show's reminders; gives how many. For the schedule; twice at once does no harm.

    Who booked when it was due or later is not reminded. Each batch is a transaction of its own.
    """
    if not settings.reminder_hours:
        return 0
    now = clock.now()
    shows = shows_to_remind(now, now + dt.timedelta(hours=settings.reminder_hours) + CLOCKS_MOVE)
    end_read()
    queued = 0
    for show in shows:
        due = remind_at(show.starts_at, show.zone, settings.reminder_hours)
        while due <= now and (some := _remind_some(show.show_id, due, now)):
            queued += some
    return queued


def _remind_some(show_id: int, due: dt.datetime, now: dt.datetime) -> int:
    """The next batch of a show's reminders; with an empty one, some minutes after they were due, the show is done."""
    values = {"sms": bool(settings.sms_url), "push": bool(settings.push_url), "limit": BATCH}
    with transaction() as session:
        rows = session.execute(_QUEUE, {**values, "show_id": show_id, "due": due, "now": now}).all()
        if rows:
            put_all(session, Task.SEND_MESSAGE, now, show_id, [(row.booking_id, row.id) for row in rows])
        elif now >= due + SETTLED:
            session.execute(_DONE, {"show_id": show_id, "now": now})
    return len(rows)
