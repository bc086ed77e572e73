"""What is promised of groups (part of promise 7): what is kept for one is what its offer says, and nothing else."""

from __future__ import annotations

from app.services.promise import Check, Promise

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
INVOICES = Promise(
    32,
    "The invoices and credit notes of a cinema's year are numbered from 1 without a gap, and none twice.",
    """
    SELECT coalesce(i.cinema_id, c.cinema_id) AS cinema_id, coalesce(i.year, c.year) AS year, i.papers, i.highest, c.last
    FROM (SELECT cinema_id, year, count(DISTINCT number) AS papers, count(*) AS all_papers, max(number) AS highest
          FROM invoices GROUP BY 1, 2) i
    FULL JOIN invoice_counters c ON c.cinema_id = i.cinema_id AND c.year = i.year
    WHERE (i.papers, i.all_papers, i.highest) IS DISTINCT FROM (c.last::bigint, c.last::bigint, c.last)
    """,
    also=(
        Check(
            "What a group's papers ask for is what its booking is worth: its total less what came back, nothing once it ended.",
            """
            SELECT b.show_id, b.code, b.state, papers.asked, b.total_minor FROM (
              SELECT show_id, booking_id,
                     sum(CASE kind WHEN 'invoice' THEN total_minor ELSE -total_minor END) AS asked
              FROM invoices GROUP BY 1, 2) AS papers
            JOIN bookings b ON b.show_id = papers.show_id AND b.id = papers.booking_id
            WHERE papers.asked <> CASE WHEN b.state IN ('expired', 'released') THEN 0 ELSE b.total_minor - coalesce((
              SELECT sum(c.returned_minor) FROM cancellations c
              WHERE c.show_id = b.show_id AND c.booking_id = b.id), 0) END
            """,
        ),
    ),
)
