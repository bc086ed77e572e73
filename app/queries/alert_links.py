"""What an alert is about, so that its page leads there: a booking, a gift card, or messages that could not be sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db, end_read


@dataclass(frozen=True, slots=True)
class AlertLink:
    """One of the three, or nothing: a booking's code, a gift card's id, whether a message is given up."""

    booking_code: str = ""
    gift_card_id: int | None = None
    messages: bool = False


_LINKS = text("""
WITH named AS (
  SELECT id, show_id, CAST(substring(message FROM '^Refund ([0-9]{1,18}) ') AS bigint) AS refund_id,
         CAST(substring(message FROM '^Payment ([0-9]{1,18}) ') AS bigint) AS payment_id,
         CAST(substring(message FROM '^Booking ([0-9]{1,18}) of the cancelled') AS bigint) AS booking_id,
         CASE WHEN kind = 'outbox_given_up'
           THEN CAST(substring(message FROM '^Task ([0-9]{1,18}) ') AS bigint) END AS task_id
  FROM alerts WHERE id = ANY(:ids)
)
SELECT n.id, coalesce(b.code, '') AS code, coalesce(p.gift_card_id, m.gift_card_id) AS gift_card_id,
       coalesce(o.kind = 'send_message', false) AS messages
FROM named n
LEFT JOIN outbox o ON o.show_id = n.show_id AND o.id = n.task_id
LEFT JOIN messages m ON o.kind = 'send_message' AND m.show_id = o.show_id AND m.id = o.subject_id
LEFT JOIN refunds r ON r.show_id = n.show_id
  AND r.id = coalesce(n.refund_id, CASE WHEN o.kind = 'send_refund' THEN o.subject_id END)
LEFT JOIN payments p ON p.show_id = n.show_id AND p.id = coalesce(n.payment_id, r.payment_id)
LEFT JOIN bookings b ON b.show_id = n.show_id AND b.id = coalesce(n.booking_id, p.booking_id, o.booking_id)
""")


def links_of(alert_ids: Collection[int]) -> dict[int, AlertLink]:
    """What each of these alerts is about, as far as it names a refund, a payment, a booking or a task."""
    if not alert_ids:
        return {}
    rows = db.session.execute(_LINKS, {"ids": list(alert_ids)}).all()
    end_read()
    return {row.id: AlertLink(row.code, row.gift_card_id, row.messages) for row in rows}
