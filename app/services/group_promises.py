"""What is promised of groups (part of promise 7): what is kept for one is what its offer says, and nothing else."""

from __future__ import annotations

from app.services.promise import Check

GROUPS = (
    Check(
        "What is kept for a group is its last offer: the seats, the price, the last moment to pay.",
        """
        SELECT b.show_id, b.code, b.state FROM bookings b LEFT JOIN group_requests g
          ON b.owner_key = 'group:' || g.id AND g.offer_show_id = b.show_id AND g.booking_id = b.id
        WHERE b.owner_key LIKE 'group:%' AND b.state IN ('held', 'awaiting_payment')
          AND (g.id IS NULL OR g.state <> 'offered' OR b.seat_count <> g.seats OR b.total_minor <> g.total_minor
               OR b.expires_at <> g.pay_until OR b.cap_at <> g.pay_until)
        """,
    ),
    Check(
        "What a group paid is what it was offered.",
        """
        SELECT b.show_id, b.code, b.total_minor, g.total_minor AS offered FROM group_requests g
        JOIN bookings b ON b.show_id = g.offer_show_id AND b.id = g.booking_id
        WHERE b.owner_key <> 'group:' || g.id OR b.channel <> 'group' OR b.cap_at <> g.pay_until
          OR (b.state IN ('confirmed', 'cancelled') AND (b.total_minor <> g.total_minor OR b.seat_count > g.seats))
        """,
    ),
)
