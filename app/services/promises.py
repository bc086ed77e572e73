"""What the database promises, each a query that returns no rows. docs/promises.md tells them in words.

`flask check-promises` and every race, fault and end-to-end test run them all. Numbers are the promises' own; those
missing here arrive with their tables.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from enum import StrEnum

from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import db, end_read
from app.domain.states import (
    GRAPHS,
    BookingState,
    GiftCardState,
    GroupState,
    PaymentState,
    RefundState,
    ShowState,
    TicketState,
)
from app.services.block_sql import BLOCKED
from app.services.group_promises import GROUPS, INVOICES
from app.services.money_promises import CANCELLED_SHOWS, DEMAND, MONEY
from app.services.promise import Broken, Check, Promise

_SUBJECTS: dict[str, type[StrEnum]] = {
    "booking": BookingState,
    "payment": PaymentState,
    "refund": RefundState,
    "show": ShowState,
    "gift_card": GiftCardState,
    "group": GroupState,
}
_LOGGED = ", ".join(f"'{subject}'" for subject in _SUBJECTS)


def _illegal_moves() -> str:
    """State changes along an arrow that nobody drew."""
    moving: dict[str, type[StrEnum]] = {**_SUBJECTS, "admission": TicketState}
    drawn = [
        f"('{subject}', '{start.value}', '{end.value}')"
        for subject, states in moving.items()
        for start, ends in GRAPHS[states].items()
        for end in ends
    ]
    return (
        "SELECT show_id, subject, subject_id, before, after FROM state_changes "  # noqa: S608  our own words only
        f"WHERE before IS NOT NULL AND (subject, before, after) NOT IN (VALUES {', '.join(drawn)})"
    )


PROMISES = (
    Promise(
        1,
        "No seat of a show is in two live tickets.",
        "SELECT show_id, seat_id, count(*) FROM tickets WHERE state <> 'void' GROUP BY 1, 2 HAVING count(*) > 1",
    ),
    Promise(
        2,
        "A confirmed booking's seats are sold to it, and sold seats belong to confirmed bookings.",
        """
        SELECT t.show_id, t.seat_id, b.code, s.state FROM bookings b
        JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
        JOIN show_seats s ON s.show_id = t.show_id AND s.seat_id = t.seat_id
        WHERE b.state = 'confirmed' AND (s.state <> 'sold' OR s.booking_id <> b.id)
        UNION ALL
        SELECT s.show_id, s.seat_id, b.code, b.state FROM show_seats s
        JOIN bookings b ON b.show_id = s.show_id AND b.id = s.booking_id
        WHERE s.state = 'sold' AND b.state <> 'confirmed'
        """,
    ),
    Promise(
        3,
        "No ticket is for a seat outside its show's layout.",
        """
        SELECT t.show_id, t.id, t.seat_id FROM tickets t JOIN shows h ON h.id = t.show_id
        JOIN seats s ON s.id = t.seat_id WHERE s.layout_id <> h.layout_id
        """,
    ),
    Promise(
        4,
        "Sold, held, blocked and free seats of a show that was ever published are its layout's seats.",
        """
        SELECT h.id, l.seat_count, count(s.seat_id) FROM shows h JOIN layouts l ON l.id = h.layout_id
        LEFT JOIN show_seats s ON s.show_id = h.id WHERE EXISTS (
          SELECT FROM state_changes c WHERE c.show_id = h.id AND c.subject = 'show' AND c.after = 'published')
        GROUP BY h.id, l.seat_count HAVING count(s.seat_id) <> l.seat_count
        """,
        also=(
            Check(
                "Every seat out of use has a living block that says why.",
                f"SELECT show_id, seat_id FROM show_seats WHERE state = 'blocked' AND NOT {BLOCKED}",  # noqa: S608
            ),
            Check(
                "No seat that a living block names is free.",
                f"SELECT show_id, seat_id FROM show_seats WHERE state = 'free' AND {BLOCKED}",  # noqa: S608
            ),
        ),
    ),
    Promise(
        5,
        "A held seat has a living booking with the same end, and a living booking holds its seats.",
        """
        SELECT s.show_id, s.seat_id, b.state FROM show_seats s
        JOIN bookings b ON b.show_id = s.show_id AND b.id = s.booking_id
        WHERE s.state = 'held' AND (b.state NOT IN ('held', 'awaiting_payment') OR b.expires_at <> s.held_until)
        UNION ALL
        SELECT t.show_id, t.seat_id, b.state FROM tickets t
        JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
        JOIN show_seats s ON s.show_id = t.show_id AND s.seat_id = t.seat_id
        WHERE t.state = 'reserved' AND (s.state <> 'held' OR s.booking_id <> b.id)
        """,
    ),
    Promise(
        6,
        "No hold lives past the hard cap.",
        "SELECT show_id, code, expires_at, cap_at FROM bookings WHERE expires_at > cap_at",
    ),
    Promise(
        7,
        "No booking has more seats than allowed; a group's has what its offer says.",
        """
        SELECT t.show_id, t.booking_id, count(*) FROM tickets t
        JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id AND b.owner_key NOT LIKE 'group:%'
        WHERE t.state <> 'void' GROUP BY 1, 2 HAVING count(*) > :most
        """,
        also=GROUPS,
    ),
    Promise(
        8,
        "A booking has exactly the seats that were asked for.",
        """
        SELECT b.show_id, b.code, b.seat_count, count(t.id) FROM bookings b
        LEFT JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
        WHERE b.state IN ('held', 'awaiting_payment', 'confirmed')
        GROUP BY b.show_id, b.id, b.code, b.seat_count HAVING count(t.id) <> b.seat_count
        """,
    ),
    Promise(
        9,
        "A seat's version rises with each change: it is never below the least that its tickets' lives need.",
        """
        SELECT s.show_id, s.seat_id, s.version, least.changes FROM show_seats s JOIN (
          SELECT show_id, seat_id, sum(CASE state WHEN 'void' THEN 2 ELSE 1 END) AS changes
          FROM tickets GROUP BY show_id, seat_id
        ) AS least USING (show_id, seat_id) WHERE s.version < least.changes
        """,
    ),
    Promise(
        10,
        "Nothing is held before sales open or after they close, for groups not after the show has begun; no draft sells.",
        """
        SELECT b.show_id, b.code, b.held_at FROM bookings b JOIN shows h ON h.id = b.show_id
        WHERE (h.state = 'draft' OR CASE WHEN b.owner_key LIKE 'group:%' THEN b.held_at >= h.starts_at
                 ELSE b.held_at < h.sales_open_at OR b.held_at >= h.sales_close_at END)
          AND NOT EXISTS (  -- the window has changed since: what held then is not known here
            SELECT FROM audit_entries a WHERE a.subject = 'show' AND a.subject_id = h.id AND a.at >= b.held_at
              AND a.action IN ('show.changed', 'show.moved', 'show.taken_off_sale'))
        """,
    ),
    *MONEY,
    Promise(
        21,
        "A capture has one effect: no booking is confirmed twice.",
        """
        SELECT show_id, subject_id, count(*) FROM state_changes
        WHERE subject = 'booking' AND after = 'confirmed' GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT show_id, subject_id, count(*) FROM state_changes
        WHERE subject = 'payment' AND after = 'captured' GROUP BY 1, 2 HAVING count(*) > 1
        """,
        also=(
            Check(
                "Every stored event of a gateway says what came of it.",
                "SELECT show_id, provider, event_id FROM gateway_events WHERE outcome IN ('', 'taken')",
            ),
        ),
    ),
    Promise(22, "States move only along the drawn arrows.", _illegal_moves()),
    Promise(
        23,
        "Every change of a booking, payment, refund, show, gift card and group has its row: each begins where the last one "
        "ended, and the last one says the state it is in.",
        f"""
        WITH last AS (
          SELECT DISTINCT ON (show_id, subject, subject_id) show_id, subject, subject_id, after
          FROM state_changes ORDER BY show_id, subject, subject_id, id DESC
        ), things AS (
          SELECT show_id, 'booking' AS subject, id, state FROM bookings
          UNION ALL SELECT show_id, 'payment', id, state FROM payments
          UNION ALL SELECT show_id, 'refund', id, state FROM refunds
          UNION ALL SELECT id, 'show', id, state FROM shows
          UNION ALL SELECT 0, 'gift_card', id, state FROM gift_cards
          UNION ALL SELECT 0, 'group', id, state FROM group_requests
        )
        SELECT t.show_id, t.subject, t.id, t.state, l.after FROM things t
        LEFT JOIN last l ON l.show_id = t.show_id AND l.subject = t.subject AND l.subject_id = t.id
        WHERE l.after IS DISTINCT FROM t.state
        UNION ALL
        SELECT show_id, subject, subject_id, before, previous FROM (
          SELECT show_id, subject, subject_id, before,
                 lag(after) OVER (PARTITION BY show_id, subject, subject_id ORDER BY id) AS previous
          FROM state_changes WHERE subject IN ({_LOGGED})
        ) AS chain WHERE before IS DISTINCT FROM previous
        """,  # noqa: S608  our own words only
    ),
    Promise(
        24,
        "What a commit asked for is noted: a confirmed booking has its tickets and its mail in the outbox, "
        "a refund its sending.",
        """
        SELECT b.show_id, b.code, 'render_tickets' FROM bookings b
        WHERE b.state = 'confirmed' AND NOT EXISTS (
          SELECT FROM outbox o WHERE o.show_id = b.show_id AND o.booking_id = b.id AND o.kind = 'render_tickets')
        UNION ALL
        SELECT b.show_id, b.code, 'confirmation' FROM bookings b
        WHERE b.state = 'confirmed' AND b.email <> '' AND NOT EXISTS (
          SELECT FROM messages m WHERE m.show_id = b.show_id AND m.booking_id = b.id AND m.kind = 'confirmation')
        UNION ALL
        SELECT m.show_id, m.kind, 'send_message' FROM messages m WHERE NOT EXISTS (
          SELECT FROM outbox o WHERE o.show_id = m.show_id AND o.subject_id = m.id AND o.kind = 'send_message')
        UNION ALL
        SELECT r.show_id, r.idempotency_key, 'send_refund' FROM refunds r
        JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id AND p.shift_id IS NULL
        WHERE NOT EXISTS (
          SELECT FROM outbox o WHERE o.show_id = r.show_id AND o.subject_id = r.id AND o.kind = 'send_refund')
        UNION ALL
        SELECT c.show_id, b.code, 'show_cancelled' FROM cancellations c
        JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
        WHERE c.reason = 'show_cancelled' AND b.email <> '' AND NOT EXISTS (
          SELECT FROM messages m WHERE m.show_id = c.show_id AND m.kind = 'show_cancelled' AND m.subject_id = c.id)
        UNION ALL
        SELECT c.show_id, b.code, 'cancellation' FROM cancellations c
        JOIN bookings b ON b.show_id = c.show_id AND b.id = c.booking_id
        WHERE c.reason = 'buyer' AND b.email <> '' AND NOT EXISTS (
          SELECT FROM messages m WHERE m.show_id = c.show_id AND m.kind = 'cancellation' AND m.subject_id = c.id)
        UNION ALL
        SELECT c.show_id, '', 'refund_show' FROM show_cancellations c WHERE NOT EXISTS (
          SELECT FROM outbox o WHERE o.show_id = c.show_id AND o.kind = 'refund_show')
        """,
    ),
    Promise(
        26,
        "An acknowledged booking survives: every booking that the log or a payment knows exists.",
        """
        SELECT c.show_id, c.id, c.subject_id FROM state_changes c
        WHERE c.subject = 'booking' AND c.before IS NULL AND NOT EXISTS (
          SELECT FROM bookings b WHERE b.show_id = c.show_id AND b.id = c.subject_id)
        UNION ALL
        SELECT p.show_id, p.id, p.booking_id FROM payments p
        WHERE p.booking_id IS NOT NULL AND NOT EXISTS (
          SELECT FROM bookings b WHERE b.show_id = p.show_id AND b.id = p.booking_id)
        """,
    ),
    Promise(
        27,
        "One live ticket per booked seat; none for a booking that ended.",
        """
        SELECT t.show_id, t.id, b.state FROM tickets t JOIN bookings b ON b.show_id = t.show_id AND b.id = t.booking_id
        WHERE (t.state IN ('issued', 'admitted') AND b.state <> 'confirmed')
           OR (t.state = 'reserved' AND b.state NOT IN ('held', 'awaiting_payment'))
        """,
    ),
    Promise(
        28,
        "A ticket admits once, and its admission is noted.",
        """
        SELECT show_id, subject_id, count(*) FROM state_changes
        WHERE subject = 'admission' GROUP BY 1, 2
        HAVING count(*) FILTER (WHERE after = 'admitted') - count(*) FILTER (WHERE after = 'issued') > 1
        UNION ALL
        SELECT t.show_id, t.id, 0 FROM tickets t WHERE t.admitted_at IS NOT NULL AND NOT EXISTS (
          SELECT FROM state_changes c WHERE c.show_id = t.show_id AND c.subject = 'admission' AND c.subject_id = t.id
            AND c.after = 'admitted' AND c.at = t.admitted_at)
        UNION ALL
        SELECT show_id, id, 0 FROM tickets WHERE state = 'admitted' AND admitted_at IS NULL
        """,
    ),
    CANCELLED_SHOWS,
    Promise(
        30,
        "Staff touch only their cinemas: whoever is in the audit had a role at that cinema at that moment.",
        """
        SELECT a.id, a.user_id, a.cinema_id, a.action, a.at FROM audit_entries a
        WHERE a.user_id IS NOT NULL AND NOT EXISTS (
          SELECT FROM staff_roles r WHERE r.user_id = a.user_id
            AND (a.cinema_id IS NULL OR r.cinema_id IS NULL OR r.cinema_id = a.cinema_id)
            AND r.granted_at <= a.at AND (r.revoked_at IS NULL OR r.revoked_at >= a.at))
        """,
    ),
    DEMAND,
    INVOICES,
)


def check_promises(numbers: Container[int] | None = None) -> Iterator[Broken]:
    """Every row that breaks a promise, of all or of those with these numbers; nothing, if they hold."""
    for promise in PROMISES:
        if numbers is None or promise.number in numbers:
            for check in promise.checks:
                yield from _broken(promise.number, check)
    end_read()


def _broken(number: int, check: Check) -> Iterator[Broken]:
    values = {"now": clock.now(), "most": settings.max_seats}
    wanted = {name: value for name, value in values.items() if f":{name}" in check.sql}
    for row in db.session.execute(text(check.sql), wanted):
        words = " ".join(f"{key}={value}" for key, value in row._mapping.items())
        yield Broken(number, check.says, words)
