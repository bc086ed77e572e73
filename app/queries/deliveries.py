"""The delivery log as the manager's desk sees it: what was sent to whom, what failed and why. Newest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app import clock
from app.db import db, end_read
from app.domain.codes import normal_code, show_of
from app.domain.gift_cards import is_order_code
from app.domain.staff import Reach

PAGE = 50
DAYS = 90
"""How far back an address or a kind is looked for. A booking's or a gift card's messages are found whatever their age."""

NOT_REPEATED = """
m.state = 'failed' AND NOT EXISTS (
  SELECT FROM messages r WHERE r.show_id = m.show_id AND r.id > m.id AND r.resend_of = coalesce(m.resend_of, m.id))
"""
"""A failure that nobody has sent again since."""
ABOUT = """
LEFT JOIN shows s ON s.id = m.show_id
LEFT JOIN group_requests q ON m.show_id = 0 AND m.gift_card_id IS NULL AND q.id = m.subject_id
"""
"""What a message is about: a show's booking, or a group's request; a gift card is of no cinema."""
OF_CINEMA = "coalesce(s.cinema_id, q.cinema_id)"
OF_A_CARD = "(m.show_id = 0 AND m.gift_card_id IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message. `order_code` is the gift card's; `trying` whether a failed one is tried again by itself.

    `group_id` is the request's that it answers, where there is no booking.
    """

    show_id: int
    id: int
    kind: str
    channel: str
    booking_code: str
    gift_card_id: int | None
    group_id: int | None
    order_code: str
    recipient: str
    state: str
    detail: str
    attempts: int
    resend_of: int | None
    queued_at: dt.datetime
    sent_at: dt.datetime | None
    cinema_id: int | None
    cinema: str
    trying: bool

    @property
    def words(self) -> str:
        """Gift card receipt."""
        return self.kind.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class DeliverySearch:
    """What is looked for: a booking's or an order's number, part of an address, a kind, a state, a cinema.

    `below` is (queued at, id) of the last row of the page before.
    """

    where: Reach
    number: str = ""
    address: str = ""
    kind: str = ""
    state: str = ""
    cinema_id: int | None = None
    below: tuple[dt.datetime, int] | None = None


_SELECT = f"""
SELECT m.show_id, m.id, m.kind, m.channel, coalesce(b.code, '') AS booking_code, m.gift_card_id, q.id AS group_id,
       coalesce(g.order_code, '') AS order_code, m.recipient, m.state, m.detail, m.attempts, m.resend_of, m.queued_at,
       m.sent_at, {OF_CINEMA} AS cinema_id, coalesce(c.name, '') AS cinema,
       m.state = 'failed' AND EXISTS (
         SELECT FROM outbox o WHERE o.show_id = m.show_id AND o.kind = 'send_message' AND o.subject_id = m.id
           AND o.done_at IS NULL AND o.attempts < 12) AS trying
FROM messages m LEFT JOIN bookings b ON b.show_id = m.show_id AND b.id = m.booking_id
LEFT JOIN gift_cards g ON g.id = m.gift_card_id
{ABOUT}
LEFT JOIN cinemas c ON c.id = {OF_CINEMA}
"""  # noqa: S608  our own words only
_CONDITIONS = {
    "ids": f"({OF_A_CARD} OR {OF_CINEMA} = ANY(:ids))",
    "cinema_id": f"{OF_CINEMA} = :cinema_id",
    "code": "b.code = :code AND m.show_id = :show_id",
    "order": "g.order_code = :order AND m.show_id = 0",
    "address": "strpos(lower(m.recipient), :address) > 0",
    "kind": "m.kind = :kind",
    "state": "m.state = :state",
    "since": "m.queued_at >= :since",
    "at": "(m.queued_at, m.id) < (:at, :id) AND m.queued_at <= :at",
}


def deliveries(search: DeliverySearch) -> tuple[list[DeliveryRow], tuple[dt.datetime, int] | None]:
    """One page, and what to go on below if there is more. Nothing for a number that is none."""
    values = _values(search)
    if values is None:
        return [], None
    conditions = " AND ".join(_CONDITIONS[name] for name in values if name in _CONDITIONS) or "true"
    statement = text(f"{_SELECT} WHERE {conditions} ORDER BY m.queued_at DESC, m.id DESC LIMIT :most")
    rows = [DeliveryRow(**row._mapping) for row in db.session.execute(statement, {**values, "most": PAGE + 1})]
    end_read()
    more = (rows[PAGE - 1].queued_at, rows[PAGE - 1].id) if len(rows) > PAGE else None
    return rows[:PAGE], more


def _values(search: DeliverySearch) -> dict[str, Any] | None:
    number = _number(search.number)
    if number is None:
        return None
    since = clock.now() - dt.timedelta(days=DAYS) if search.address or search.kind or search.state else None
    at, last = search.below or (None, None)
    values: dict[str, Any] = {
        "ids": None if search.where.everywhere else sorted(search.where.cinema_ids),
        "cinema_id": search.cinema_id,
        **number,
        "address": search.address.strip().lower() or None,
        "kind": search.kind or None,
        "state": search.state or None,
        "since": None if number else since,
        "at": at,
        "id": last,
    }
    return {name: value for name, value in values.items() if value is not None}


def _number(typed: str) -> dict[str, Any] | None:
    """What a booking's number, or a gift card order's, is found by; None if it can be neither."""
    if not typed.strip():
        return {}
    code = normal_code(typed)[:20]
    if is_order_code(code):
        return {"order": code}
    show_id = show_of(code)
    return None if show_id is None else {"code": code, "show_id": show_id}


_FAILURES = text(f"""
{_SELECT} WHERE {NOT_REPEATED} AND (:everywhere OR {OF_A_CARD} OR {OF_CINEMA} = ANY(:ids))
ORDER BY m.queued_at DESC, m.id DESC LIMIT :most
""")


def failures(where: Reach, most: int = PAGE) -> list[DeliveryRow]:
    """What could not be sent and was not sent again since, whatever its age."""
    values = {"everywhere": where.everywhere, "ids": sorted(where.cinema_ids), "most": most}
    rows = [DeliveryRow(**row._mapping) for row in db.session.execute(_FAILURES, values)]
    end_read()
    return rows


_SINCE = text(f"""
SELECT count(*) FROM messages m {ABOUT}
WHERE {NOT_REPEATED} AND m.queued_at >= :since AND ({OF_CINEMA} = :cinema_id OR {OF_A_CARD})
""")  # noqa: S608  our own words only


def failures_since(cinema_id: int, since: dt.datetime) -> int:
    """How many of a cinema and about gift cards were queued since then, failed, and were not sent again."""
    found: int = db.session.execute(_SINCE, {"cinema_id": cinema_id, "since": since}).scalar_one()
    end_read()
    return found


_OF_CARD = text(f"{_SELECT} WHERE m.show_id = 0 AND m.gift_card_id = :card ORDER BY m.id DESC LIMIT 50")


def about_card(gift_card_id: int) -> list[DeliveryRow]:
    """The mails about a gift card."""
    rows = [DeliveryRow(**row._mapping) for row in db.session.execute(_OF_CARD, {"card": gift_card_id})]
    end_read()
    return rows


_IS_ABOUT_GROUP = text(f"SELECT FROM messages m {ABOUT} WHERE m.show_id = 0 AND m.id = :id AND q.id = :group")


def is_about_group(message_id: int, group_id: int) -> bool:
    """Whether a message of no show answers this group's request."""
    found = db.session.execute(_IS_ABOUT_GROUP, {"id": message_id, "group": group_id}).first()
    end_read()
    return found is not None
