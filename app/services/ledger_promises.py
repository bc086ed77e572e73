"""The promises about the books: each a query that returns no rows. docs/promises.md tells them in words."""

from __future__ import annotations

from app.services.promise import Check, Promise

SOLD = "('confirmed', 'cancelled')"
"""States of bookings whose sale was booked."""

LEDGER = (
    Promise(
        11,
        "The entries of one movement in the ledger sum to 0, per currency.",
        """
        SELECT show_id, key, currency, sum(amount_minor) AS off_by FROM ledger_entries
        GROUP BY show_id, key, currency HAVING sum(amount_minor) <> 0
        """,
    ),
    Promise(
        12,
        "Of every booking, what was captured less what was refunded is what the ledger has at the gateways.",
        """
        SELECT show_id, booking_id, provider, currency, sum(minor) AS off_by FROM (
          SELECT show_id, booking_id, party AS provider, currency, amount_minor AS minor FROM ledger_entries
          WHERE account = 'gateway_clearing'
          UNION ALL
          SELECT show_id, booking_id, CASE account WHEN 'cash_drawer' THEN 'cash' ELSE 'terminal' END, currency,
                 amount_minor FROM ledger_entries
          WHERE account IN ('cash_drawer', 'card_terminal') AND party <> '' AND key <> 'cash-up-' || party
          UNION ALL
          SELECT show_id, booking_id, provider, captured_currency, -captured_minor FROM payments WHERE captured_minor > 0
          UNION ALL
          SELECT r.show_id, p.booking_id, p.provider, r.currency, r.amount_minor FROM refunds r
          JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id WHERE r.state = 'done'
        ) AS money GROUP BY show_id, booking_id, provider, currency HAVING sum(minor) <> 0
        """,
        also=(
            Check(
                "What a shift took and paid out is in the ledger as its part of drawer and terminal.",
                """
                SELECT shift, tender, currency, sum(minor) AS off_by FROM (
                  SELECT party AS shift, CASE account WHEN 'cash_drawer' THEN 'cash' ELSE 'terminal' END AS tender,
                         currency, amount_minor AS minor FROM ledger_entries
                  WHERE account IN ('cash_drawer', 'card_terminal') AND party <> '' AND key <> 'cash-up-' || party
                  UNION ALL
                  SELECT CAST(shift_id AS text), provider, currency, -captured_minor FROM payments
                  WHERE shift_id IS NOT NULL
                  UNION ALL
                  SELECT CAST(r.shift_id AS text), p.provider, r.currency, r.amount_minor FROM refunds r
                  JOIN payments p ON p.show_id = r.show_id AND p.id = r.payment_id
                  WHERE r.shift_id IS NOT NULL AND r.state = 'done'
                ) AS money GROUP BY shift, tender, currency HAVING sum(minor) <> 0
                """,
            ),
            Check(
                "A closed shift expected its float and the ledger's cash, and nothing moved after it was closed.",
                """
                SELECT s.id, s.expected_minor, s.float_minor + coalesce(sum(e.amount_minor), 0) AS booked FROM shifts s
                LEFT JOIN ledger_entries e ON e.account = 'cash_drawer' AND e.party = CAST(s.id AS text)
                  AND e.key <> 'cash-up-' || e.party
                WHERE s.closed_at IS NOT NULL GROUP BY s.id
                HAVING s.expected_minor <> s.float_minor + coalesce(sum(e.amount_minor), 0)
                """,
            ),
            Check(
                "What was missing or over when a shift was counted is booked: its drawer holds what was counted.",
                """
                SELECT s.id, s.counted_minor, s.float_minor + coalesce(sum(e.amount_minor), 0) AS booked FROM shifts s
                LEFT JOIN ledger_entries e ON e.account = 'cash_drawer' AND e.party = CAST(s.id AS text)
                WHERE s.closed_at IS NOT NULL GROUP BY s.id
                HAVING s.counted_minor <> s.float_minor + coalesce(sum(e.amount_minor), 0)
                """,
            ),
            Check(
                "A gift card's balance is what the ledger owes on it.",
                """
                SELECT party AS gift_card, currency, sum(minor) AS off_by FROM (
                  SELECT party, currency, amount_minor AS minor FROM ledger_entries WHERE account = 'gift_card_liability'
                  UNION ALL SELECT CAST(id AS text), currency, balance_minor FROM gift_cards
                ) AS owed GROUP BY party, currency HAVING sum(minor) <> 0
                """,
            ),
            Check(
                "A wallet's balance is what the ledger owes in it.",
                """
                SELECT party AS user_id, currency, sum(minor) AS off_by FROM (
                  SELECT party, currency, amount_minor AS minor FROM ledger_entries WHERE account = 'wallet_liability'
                  UNION ALL SELECT CAST(user_id AS text), currency, balance_minor FROM wallets
                ) AS owed GROUP BY party, currency HAVING sum(minor) <> 0
                """,
            ),
            Check(
                "Deposits are used up: what is left of a booking's is what balances pay of it while it waits for money.",
                """
                SELECT show_id, booking_id, currency, sum(minor) AS off_by FROM (
                  SELECT show_id, booking_id, currency, amount_minor AS minor FROM ledger_entries
                  WHERE account = 'deposits'
                  UNION ALL
                  SELECT k.show_id, k.booking_id, b.currency, k.amount_minor FROM booking_credits k
                  JOIN bookings b ON b.show_id = k.show_id AND b.id = k.booking_id
                  WHERE k.state = 'taken' AND k.kind <> 'exchange' AND b.state IN ('held', 'awaiting_payment')
                ) AS deposits GROUP BY show_id, booking_id, currency HAVING sum(minor) <> 0
                """,
            ),
            Check(
                "Refunds payable are the refunds that were asked for and are not done.",
                """
                SELECT show_id, key, sum(minor) AS off_by FROM (
                  SELECT show_id, key, amount_minor AS minor FROM ledger_entries WHERE account = 'refunds_payable'
                  UNION ALL
                  SELECT cancellation_show_id, 'cancel-' || cancellation_id, amount_minor FROM refunds
                  WHERE cancellation_id IS NOT NULL
                  UNION ALL
                  SELECT show_id, 'return-' || id, amount_minor FROM refunds WHERE cancellation_id IS NULL
                  UNION ALL
                  SELECT show_id, 'refund-' || id, -amount_minor FROM refunds WHERE state = 'done'
                ) AS payable GROUP BY show_id, key HAVING sum(minor) <> 0
                """,
            ),
            Check(
                "The worth of exchanged seats arrives where it went.",
                """
                SELECT party, currency, sum(amount_minor) AS off_by FROM ledger_entries WHERE account = 'exchanges'
                GROUP BY party, currency HAVING sum(amount_minor) <> 0
                """,
            ),
            Check(
                "The sale of a booking is in the ledger with its total.",
                f"""
                SELECT b.show_id, b.code, b.total_minor, e.amount_minor AS booked FROM bookings b
                LEFT JOIN ledger_entries e ON e.show_id = b.show_id AND e.key = 'sale-' || b.id
                  AND e.account = 'deposits' AND e.party = ''
                WHERE b.state IN {SOLD} AND coalesce(e.amount_minor, 0) <> b.total_minor
                """,  # noqa: S608  our own words only
            ),
            Check(
                "What a cancellation returned is in the ledger, and what it is about is the worth of its tickets.",
                """
                SELECT c.show_id, c.id, c.value_minor, worth.minor AS worth, c.returned_minor, booked.minor AS booked
                FROM cancellations c
                LEFT JOIN LATERAL (
                  SELECT count(*) AS seats, sum(price_minor + fee_minor - discount_minor) AS minor FROM tickets t
                  WHERE t.show_id = c.show_id AND t.booking_id = c.booking_id AND t.cancellation_id = c.id
                ) AS worth ON true
                LEFT JOIN LATERAL (
                  SELECT -sum(amount_minor) AS minor FROM ledger_entries e
                  WHERE e.show_id = c.show_id AND e.key = 'cancel-' || c.id
                    AND e.account IN ('refunds_payable', 'gift_card_liability', 'wallet_liability', 'exchanges')
                ) AS booked ON true
                WHERE worth.seats <> c.seat_count OR worth.minor IS DISTINCT FROM c.value_minor
                   OR coalesce(booked.minor, 0) <> c.returned_minor
                """,
            ),
        ),
    ),
)
"""What `flask ledger-check` looks at too."""
