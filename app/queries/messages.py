"""What messages tell besides the booking itself, and the log of their deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db
from app.domain.codes import normal_code, show_of
from app.domain.ledger import Account
from app.errors import NotFound
from app.queries.exchange_page import changes_of


@dataclass(frozen=True, slots=True)
class Way:
    """Money by one way, in minor units; `name` says which: the end of a gift card's code."""

    kind: str
    amount_minor: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Seats of a booking given back: which, what they had cost, and what came of it, in minor units."""

    reason: str
    seats: tuple[str, ...]
    value_minor: int
    kept_minor: int
    returned_minor: int
    ways: tuple[Way, ...]


_CANCELLATION = text("""
SELECT c.reason, c.value_minor, c.kept_minor, c.returned_minor,
       ARRAY(SELECT seat.label FROM tickets t JOIN seats seat ON seat.id = t.seat_id
             WHERE t.show_id = c.show_id AND t.cancellation_id = c.id ORDER BY t.number) AS seats
FROM cancellations c WHERE c.show_id = :show_id AND c.id = :id
""")
_WAYS = text("""
SELECT e.account AS kind, -e.amount_minor AS amount_minor, coalesce(g.code_end, '') AS name
FROM ledger_entries e LEFT JOIN gift_cards g ON e.account = :card AND g.id = CAST(nullif(e.party, '') AS bigint)
WHERE e.show_id = :show_id AND e.key = :key AND e.account = ANY(:accounts) AND e.amount_minor < 0
ORDER BY e.id
""")
TO_CARD_PAYMENT = "card_payment"
"""A way: to the payment that bought a gift card, void now, which had paid the seats."""
RETURNS = (Account.REFUNDS_PAYABLE, Account.GIFT_CARD_LIABILITY, Account.WALLET_LIABILITY, Account.EXCHANGES)


def given_back(show_id: int, cancellation_id: int) -> GivenBack:
    """A cancellation as it was booked. Raises NotFound."""
    row = db.session.execute(_CANCELLATION, {"show_id": show_id, "id": cancellation_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such cancellation.")
    ways = {
        "show_id": show_id,
        "key": f"cancel-{cancellation_id}",
        "card": Account.GIFT_CARD_LIABILITY.value,
        "accounts": [account.value for account in RETURNS],
    }
    found = [Way(*each) for each in db.session.execute(_WAYS, ways)]
    to_cards = db.session.execute(_TO_CARD_PAYMENTS, {"show_id": show_id, "id": cancellation_id}).scalar_one()
    parts = tuple(_parted(found, int(to_cards)))
    return GivenBack(row.reason, tuple(row.seats), row.value_minor, row.kept_minor, row.returned_minor, parts)


_TO_CARD_PAYMENTS = text("""
SELECT coalesce(sum(amount_minor), 0) FROM refunds
WHERE show_id = 0 AND cancellation_show_id = :show_id AND cancellation_id = :id
""")


def _parted(ways: list[Way], to_cards: int) -> Iterator[Way]:
    """What goes to payments of void gift cards apart from what goes back the way the buyer paid."""
    for way in ways:
        part = min(to_cards, way.amount_minor) if way.kind == Account.REFUNDS_PAYABLE else 0
        to_cards -= part
        if part:
            yield Way(TO_CARD_PAYMENT, part)
        if part < way.amount_minor:
            yield Way(way.kind, way.amount_minor - part, way.name)


_CALLED_OFF = text("""
SELECT c.id, coalesce(s.reason, '') AS words FROM (VALUES (1)) AS one(x)
LEFT JOIN show_cancellations s ON s.show_id = :show_id
LEFT JOIN cancellations c ON c.show_id = :show_id AND c.booking_id = :booking_id AND c.reason = 'show_cancelled'
ORDER BY c.id DESC LIMIT 1
""")


def called_off(show_id: int, booking_id: int) -> tuple[str, GivenBack | None]:
    """Why the show does not take place, and what came back of a booking for it; None if nothing was paid."""
    row = db.session.execute(_CALLED_OFF, {"show_id": show_id, "booking_id": booking_id}).one()
    return row.words, given_back(show_id, row.id) if row.id is not None else None


@dataclass(frozen=True, slots=True)
class PaidBy:
    """What paid a booking besides a gateway, what of exchanged seats did not, and what came back of seats given back since."""

    credits: tuple[Way, ...]
    credit_minor: int
    seats_back: int
    returned_minor: int
    change_back_minor: int = 0
    change_kept_minor: int = 0


_CREDITS = text("""
SELECT c.kind, c.amount_minor, coalesce(g.code_end, '') AS name FROM booking_credits c
LEFT JOIN gift_cards g ON c.kind = 'gift_card' AND g.id = c.source_id
WHERE c.show_id = :show_id AND c.booking_id = :booking_id AND c.state = 'taken' AND c.amount_minor > 0 ORDER BY c.id
""")
_BACK = text("""
SELECT coalesce(sum(seat_count), 0) AS seats, coalesce(sum(returned_minor), 0) AS returned
FROM cancellations WHERE show_id = :show_id AND booking_id = :booking_id
""")


def paid_by(show_id: int, booking_id: int) -> PaidBy:
    key = {"show_id": show_id, "booking_id": booking_id}
    credits = tuple(Way(*row) for row in db.session.execute(_CREDITS, key))
    back = db.session.execute(_BACK, key).one()
    change = changes_of(show_id, booking_id).instead_of
    return PaidBy(
        credits,
        sum(way.amount_minor for way in credits),
        int(back.seats),
        int(back.returned),
        sum(one.back_minor for one in change),
        sum(one.kept_minor for one in change),
    )


_ASKED = text("SELECT amount_minor FROM payments WHERE show_id = :show_id AND id = :id")


def asked_minor(show_id: int, payment_id: int) -> int:
    """What a payment was to take, minor units."""
    return int(db.session.execute(_ASKED, {"show_id": show_id, "id": payment_id}).scalar_one())


@dataclass(frozen=True, slots=True)
class RefundFacts:
    amount_minor: int
    currency: str
    state: str
    reason: str
    """Why the payment itself was of no use; empty where seats were given back."""


_REFUND = text("""
SELECT amount_minor, currency, state, CASE WHEN cancellation_id IS NULL THEN reason ELSE '' END AS reason
FROM refunds WHERE show_id = :show_id AND id = :id
""")


def refund_facts(show_id: int, refund_id: int) -> RefundFacts:
    return RefundFacts(*db.session.execute(_REFUND, {"show_id": show_id, "id": refund_id}).one())


@dataclass(frozen=True, slots=True)
class GiftCardFacts:
    """A gift card as its mails tell it; amounts in minor units."""

    id: int
    order_code: str
    code_end: str
    state: str
    currency: str
    initial_minor: int
    name: str
    email: str
    recipient_name: str
    recipient_email: str
    note: str
    expires_at: dt.datetime | None


_GIFT_CARD = text("""
SELECT id, order_code, code_end, state, currency, initial_minor, name, email, recipient_name, recipient_email, note,
       expires_at
FROM gift_cards WHERE id = :id
""")


def gift_card_facts(gift_card_id: int) -> GiftCardFacts:
    return GiftCardFacts(*db.session.execute(_GIFT_CARD, {"id": gift_card_id}).one())


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the delivery log."""

    show_id: int
    id: int
    kind: str
    channel: str
    booking_code: str
    recipient: str
    state: str
    detail: str
    attempts: int
    resend_of: int | None
    queued_at: dt.datetime
    sent_at: dt.datetime | None


_LOG = text("""
SELECT m.show_id, m.id, m.kind, m.channel, coalesce(b.code, ''), m.recipient, m.state, m.detail, m.attempts, m.resend_of,
       m.queued_at, m.sent_at
FROM messages m LEFT JOIN bookings b ON b.show_id = m.show_id AND b.id = m.booking_id
WHERE (NOT :failed OR m.state = 'failed')
  AND (CAST(:show_id AS bigint) IS NULL OR (m.show_id = :show_id AND b.code = :code))
ORDER BY m.queued_at DESC, m.id DESC LIMIT :limit
""")


def delivery_log(*, failed: bool = False, booking_code: str | None = None, limit: int = 50) -> Sequence[Delivery]:
    """The newest messages first; only failed ones, or only those of a booking, where that is asked for.

    Raises NotFound for a code that no booking can have.
    """
    code = normal_code(booking_code) if booking_code else None
    show_id = show_of(code) if code else None
    if code and show_id is None:
        raise NotFound("There is no such booking.")
    asked = {"failed": failed, "show_id": show_id, "code": code, "limit": limit}
    return [Delivery(*row) for row in db.session.execute(_LOG, asked)]


_LAST = text("""
SELECT max(id) FROM messages
WHERE show_id = :show_id AND booking_id = :booking_id AND kind = 'confirmation' AND channel = 'email'
""")


def last_confirmation(show_id: int, booking_id: int) -> int | None:
    """The newest mail with a booking's tickets, sent or not."""
    found = db.session.execute(_LAST, {"show_id": show_id, "booking_id": booking_id}).scalar_one()
    return None if found is None else int(found)


@dataclass(frozen=True, slots=True)
class Upcoming:
    show_id: int
    starts_at: dt.datetime
    zone: str


_UPCOMING = text("""
SELECT s.id, s.starts_at, c.timezone FROM shows s JOIN cinemas c ON c.id = s.cinema_id
WHERE s.starts_at > :now AND s.starts_at <= :until AND s.state = 'published' AND s.reminded_at IS NULL
ORDER BY s.starts_at
""")


def shows_to_remind(now: dt.datetime, until: dt.datetime) -> list[Upcoming]:
    """Shows that begin by then and may still have visitors to remind; `starts_at` is on their cinema's clocks."""
    rows = db.session.execute(_UPCOMING, {"now": now, "until": until})
    return [Upcoming(row.id, row.starts_at.astimezone(ZoneInfo(row.timezone)), row.timezone) for row in rows]
