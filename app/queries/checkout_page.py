"""What checkout needs besides the bill: the booking's clock, its seats (a run-out one's too), its last payment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db
from app.domain.groups import is_group
from app.domain.pricing import Shown, Tariff
from app.domain.states import LIVE_BOOKING, PaymentState


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """One booking on its way to being paid. Instants are UTC; `seat_ids` are the last ones it had."""

    show_id: int
    id: int
    code: str
    state: str
    held_at: dt.datetime
    expires_at: dt.datetime
    extended_at: dt.datetime | None
    payment_started_at: dt.datetime | None
    cap_at: dt.datetime
    name: str
    email: str
    phone: str
    wants_sms: bool
    wants_push: bool
    payment_state: str | None
    redirect_url: str | None
    failure: str | None
    shown: Shown
    """What its seats were kept at."""
    seat_ids: tuple[int, ...]
    owner_key: str
    words: str | None
    """What the cinema wrote to a group with its offer."""

    @property
    def is_group(self) -> bool:
        """Whether it is what a group was offered: seats and price are agreed."""
        return is_group(self.owner_key)

    def live(self, now: dt.datetime) -> bool:
        """Whether its seats are still kept."""
        return self.state in LIVE_BOOKING and self.expires_at > now

    def left(self, now: dt.datetime) -> int:
        """Seconds until the hold ends."""
        return max(0, int((self.expires_at - now).total_seconds()))

    @property
    def whole(self) -> int:
        """Seconds the hold lasts in all."""
        return max(1, int((self.expires_at - self.held_at).total_seconds()))

    @property
    def paying(self) -> bool:
        """Whether a payment is under way at the gateway."""
        return self.payment_state in (PaymentState.CREATED, PaymentState.PENDING) and self.redirect_url is not None

    @property
    def can_extend(self) -> bool:
        return self.extended_at is None and self.expires_at < self.cap_at


_PAGE = text("""
SELECT b.show_id, b.id, b.code, b.state, b.held_at, b.expires_at, b.extended_at, b.payment_started_at, b.cap_at,
       b.name, b.email, b.phone, b.wants_sms, b.wants_push, p.state AS payment_state, p.redirect_url, p.failure,
       b.price_list_id, b.demand_percent, b.demand_step, b.seat_fee_minor, ARRAY(SELECT seat_id FROM (
         SELECT seat_id, number FROM tickets t WHERE t.show_id = b.show_id AND t.booking_id = b.id
         ORDER BY number DESC LIMIT b.seat_count) AS last ORDER BY number) AS seat_ids, b.owner_key,
       (SELECT note FROM group_requests g WHERE g.offer_show_id = b.show_id AND g.booking_id = b.id) AS words
FROM bookings b
LEFT JOIN LATERAL (
  SELECT state, redirect_url, failure FROM payments WHERE show_id = b.show_id AND booking_id = b.id
  ORDER BY id DESC LIMIT 1) p ON true
WHERE b.show_id = :show_id AND b.id = :booking_id
""")


def checkout_page(show_id: int, booking_id: int) -> CheckoutPage:
    row = db.session.execute(_PAGE, {"show_id": show_id, "booking_id": booking_id}).one()
    facts = dict(row._mapping)
    tariff = Tariff(*(facts.pop(name) for name in ("price_list_id", "demand_percent", "demand_step")))
    shown = Shown(tariff, facts.pop("seat_fee_minor"))
    return CheckoutPage(**{**facts, "shown": shown, "seat_ids": tuple(row.seat_ids)})
