"""The promises about money (11 to 20, 29 and 31): each a query that returns no rows. docs/promises.md tells them in words."""

from __future__ import annotations

from app.services.promise import Check, Promise

_SOLD = "('confirmed', 'cancelled')"
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
                WHERE b.state IN {_SOLD} AND coalesce(e.amount_minor, 0) <> b.total_minor
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

MONEY = (
    *LEDGER,
    Promise(
        13,
        "A capture is used, or its refund asked for, in the transaction that notes it; nothing is paid twice.",
        """
        SELECT show_id, id, captured_minor, refunded_minor FROM payments
        WHERE captured_minor > 0 AND applied_at IS NULL AND refunded_minor < captured_minor
        UNION ALL
        SELECT p.show_id, p.id, p.captured_minor, p.refunded_minor FROM payments p
        LEFT JOIN bookings b ON b.show_id = p.show_id AND b.id = p.booking_id
        LEFT JOIN gift_cards g ON g.id = p.gift_card_id
        WHERE p.applied_at IS NOT NULL AND coalesce(b.state NOT IN ('confirmed', 'cancelled'), true)
          AND coalesce(g.state NOT IN ('active', 'void'), true)
        UNION ALL
        SELECT show_id, max(id), count(*), coalesce(booking_id, gift_card_id) FROM payments WHERE applied_at IS NOT NULL
        GROUP BY show_id, booking_id, gift_card_id HAVING count(*) > 1
        """,
    ),
    Promise(
        14,
        "Refunds never exceed captures, pending ones counted, and go back in the currency that came.",
        """
        SELECT p.show_id, p.id, p.captured_minor, p.refunded_minor, p.credited_minor, sum(r.amount_minor) AS refunds
        FROM payments p LEFT JOIN refunds r ON r.show_id = p.show_id AND r.payment_id = p.id
        GROUP BY p.show_id, p.id
        HAVING coalesce(sum(r.amount_minor), 0) <> p.refunded_minor
            OR p.refunded_minor + p.credited_minor > p.captured_minor
            OR bool_or(r.currency <> coalesce(p.captured_currency, p.currency))
        """,
        also=(
            Check(
                "A payment's state says how much of it has gone back.",
                """
                SELECT p.show_id, p.id, p.state, p.captured_minor, sum(r.amount_minor) AS back FROM payments p
                LEFT JOIN refunds r ON r.show_id = p.show_id AND r.payment_id = p.id AND r.state = 'done'
                GROUP BY p.show_id, p.id
                HAVING p.state <> CASE WHEN coalesce(sum(r.amount_minor), 0) = 0 THEN p.state
                    WHEN sum(r.amount_minor) = p.captured_minor THEN 'refunded' ELSE 'partly_refunded' END
                  OR (p.state IN ('refunded', 'partly_refunded') AND coalesce(sum(r.amount_minor), 0) = 0)
                """,
            ),
            Check(
                "No gift card, wallet or exchanged booking gets back more than it had paid.",
                "SELECT show_id, id, amount_minor, returned_minor FROM booking_credits WHERE returned_minor > amount_minor",
            ),
        ),
    ),
    Promise(
        15,
        "One capture per attempt: a gateway's id is unique.",
        """
        SELECT provider, provider_ref, count(*) FROM payments WHERE provider_ref IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1
        """,
    ),
    Promise(
        16,
        "What was charged is the stored quote less what credits paid, in the same currency; its lines add up to it.",
        """
        SELECT b.show_id, b.code, b.total_minor - b.credit_minor AS due, p.captured_minor FROM bookings b
        JOIN payments p ON p.show_id = b.show_id AND p.booking_id = b.id AND p.applied_at IS NOT NULL
        WHERE (p.captured_minor, p.captured_currency) IS DISTINCT FROM (b.total_minor - b.credit_minor, b.currency)
           OR (p.amount_minor, p.currency) IS DISTINCT FROM (p.captured_minor, p.captured_currency)
        UNION ALL
        SELECT p.show_id, g.order_code, g.initial_minor, p.captured_minor FROM gift_cards g
        JOIN payments p ON p.gift_card_id = g.id AND p.applied_at IS NOT NULL
        WHERE (p.captured_minor, p.captured_currency) IS DISTINCT FROM (g.initial_minor, g.currency)
        UNION ALL
        SELECT b.show_id, b.code, b.total_minor,
               sum(CASE l.kind WHEN 'discount' THEN -l.amount_minor WHEN 'tax' THEN 0 ELSE l.amount_minor END)
        FROM bookings b LEFT JOIN booking_lines l ON l.show_id = b.show_id AND l.booking_id = b.id
        WHERE b.state IN ('awaiting_payment', 'confirmed', 'cancelled') GROUP BY b.show_id, b.code, b.total_minor
        HAVING coalesce(sum(CASE l.kind WHEN 'discount' THEN -l.amount_minor WHEN 'tax' THEN 0 ELSE l.amount_minor END), 0)
          <> b.total_minor
        """,
        also=(
            Check(
                "The tickets of a booking, cancelled ones counted, add up to its total, fee, discount and tax.",
                f"""
                SELECT b.show_id, b.code, b.total_minor, sum(t.price_minor + t.fee_minor - t.discount_minor) AS total,
                       b.fee_minor, sum(t.fee_minor) AS fee, b.discount_minor, sum(t.discount_minor) AS discount,
                       b.tax_minor, sum(t.tax_minor) AS tax
                FROM bookings b LEFT JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id
                  AND (t.state <> 'void' OR t.cancellation_id IS NOT NULL)
                WHERE b.state = 'awaiting_payment' OR b.state IN {_SOLD} GROUP BY b.show_id, b.id
                HAVING (b.total_minor, b.fee_minor, b.discount_minor, b.tax_minor) IS DISTINCT FROM
                  (sum(t.price_minor + t.fee_minor - t.discount_minor), sum(t.fee_minor), sum(t.discount_minor),
                   sum(t.tax_minor))
                """,  # noqa: S608
            ),
            Check(
                "What credits pay of a sold booking is what was taken from them.",
                f"""
                SELECT b.show_id, b.code, b.credit_minor, sum(k.amount_minor) AS taken FROM bookings b
                LEFT JOIN booking_credits k ON k.show_id = b.show_id AND k.booking_id = b.id AND k.state = 'taken'
                WHERE b.state IN {_SOLD} GROUP BY b.show_id, b.id
                HAVING coalesce(sum(k.amount_minor), 0) <> b.credit_minor
                """,  # noqa: S608
            ),
        ),
    ),
    Promise(
        17,
        "No confirmation without money: captures that a gateway told us of or a shift took, and credits, pay the whole of it.",
        f"""
        SELECT b.show_id, b.code, b.total_minor, b.credit_minor, p.captured FROM bookings b
        LEFT JOIN LATERAL (
          SELECT sum(p.captured_minor) AS captured FROM payments p
          WHERE p.show_id = b.show_id AND p.booking_id = b.id AND p.applied_at IS NOT NULL
            AND p.captured_at IS NOT NULL AND EXISTS (
              SELECT FROM state_changes c WHERE c.show_id = p.show_id AND c.subject = 'payment' AND c.subject_id = p.id
              AND c.after = 'captured'
              AND c.actor LIKE CASE WHEN p.shift_id IS NULL THEN 'gateway:%' ELSE 'user:%' END)
        ) AS p ON true
        WHERE b.state IN {_SOLD} AND b.total_minor <> b.credit_minor + coalesce(p.captured, 0)
        """,  # noqa: S608
    ),
    Promise(
        18,
        "Nobody who serves pages can change or take away what the ledger, the audit and the log of state changes say.",
        """
        SELECT named.name, named.privilege FROM (
          SELECT t.name, p.privilege
          FROM unnest(ARRAY['state_changes', 'ledger_entries', 'ledger_accounts', 'audit_entries']) AS t(name)
          CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p(privilege)
        ) AS named
        WHERE has_table_privilege(current_user, to_regclass(named.name), named.privilege)
        UNION ALL
        SELECT c.relname, 'OWNER' FROM pg_class c
        WHERE c.oid IN (to_regclass('state_changes'), to_regclass('ledger_entries'), to_regclass('ledger_accounts'),
                        to_regclass('audit_entries'))
          AND pg_has_role(current_user, c.relowner, 'USAGE')
        """,
        also=(
            Check(
                "Who did it is an id, never a name.",
                """
                SELECT show_id, id, subject, actor FROM state_changes
                WHERE actor !~ '^[a-z][a-z_-]*(:[A-Za-z0-9_-]+)?$'
                UNION ALL
                SELECT show_id, id, 'cancellation', actor FROM cancellations
                WHERE actor !~ '^[a-z][a-z_-]*(:[A-Za-z0-9_-]+)?$'
                """,
            ),
        ),
    ),
    Promise(
        19,
        "Amounts are whole; none is negative but entries of the ledger.",
        """
        SELECT 'tickets' AS place, show_id, id FROM tickets
        WHERE least(price_minor, fee_minor, discount_minor, tax_minor) < 0
        UNION ALL SELECT 'bookings', show_id, id FROM bookings
        WHERE least(total_minor, fee_minor, discount_minor, tax_minor, credit_minor, seat_fee_minor) < 0
        UNION ALL SELECT 'booking_lines', show_id, booking_id FROM booking_lines WHERE amount_minor < 0
        UNION ALL SELECT 'payments', show_id, id FROM payments
        WHERE amount_minor <= 0 OR least(captured_minor, refunded_minor, credited_minor) < 0
        UNION ALL SELECT 'refunds', show_id, id FROM refunds WHERE amount_minor <= 0
        UNION ALL SELECT 'cancellations', show_id, id FROM cancellations
        WHERE least(value_minor, kept_minor, returned_minor) < 0
        UNION ALL SELECT 'booking_credits', show_id, id FROM booking_credits WHERE least(amount_minor, returned_minor) < 0
        UNION ALL SELECT 'coupon_uses', show_id, booking_id FROM coupon_uses WHERE amount_minor < 0
        UNION ALL SELECT 'gift_cards', 0, id FROM gift_cards WHERE initial_minor <= 0 OR balance_minor < 0
        UNION ALL SELECT 'wallets', 0, user_id FROM wallets WHERE balance_minor < 0
        """,
        also=(
            Check(
                "Every column of an amount holds whole numbers only.",
                r"""
                SELECT table_name, column_name, data_type FROM information_schema.columns
                WHERE table_schema = current_schema() AND column_name LIKE '%\_minor'
                  AND data_type NOT IN ('smallint', 'integer', 'bigint')
                """,
            ),
        ),
    ),
    Promise(
        20,
        "Coupons are used no more often than allowed, in all and by each person.",
        """
        SELECT id, code, total_limit, used, NULL AS person FROM coupons WHERE used > total_limit
        UNION ALL
        SELECT c.id, c.code, c.person_limit, count(*), 'user ' || u.user_id FROM coupons c
        JOIN coupon_uses u ON u.coupon_id = c.id AND u.state = 'taken' AND u.user_id IS NOT NULL
        GROUP BY c.id, u.user_id HAVING count(*) > c.person_limit
        UNION ALL
        SELECT c.id, c.code, c.person_limit, count(*), 'an address' FROM coupons c
        JOIN coupon_uses u ON u.coupon_id = c.id AND u.state = 'taken' AND u.email <> ''
        GROUP BY c.id, u.email HAVING count(*) > c.person_limit
        """,
        also=(
            Check(
                "A coupon's count of uses is the number of its living uses.",
                """
                SELECT c.id, c.code, c.used, count(u.coupon_id) AS living FROM coupons c
                LEFT JOIN coupon_uses u ON u.coupon_id = c.id AND u.state = 'taken'
                GROUP BY c.id HAVING count(u.coupon_id) <> c.used
                """,
            ),
        ),
    ),
)

CANCELLED_SHOWS = Promise(
    29,
    "A cancelled show sells nothing, and all of its bookings' money goes back.",
    """
    SELECT b.show_id, b.code, b.state FROM shows h JOIN bookings b ON b.show_id = h.id
    WHERE h.state = 'cancelled' AND b.state IN ('held', 'awaiting_payment')
    UNION ALL
    SELECT b.show_id, b.code, 'not refunded' FROM show_cancellations c JOIN bookings b ON b.show_id = c.show_id
    WHERE c.finished_at IS NOT NULL AND b.state = 'confirmed'
    UNION ALL
    SELECT show_id, CAST(booking_id AS text), 'something was kept' FROM cancellations
    WHERE reason = 'show_cancelled' AND kept_minor > 0
    UNION ALL
    SELECT b.show_id, b.code, 'not all came back' FROM show_cancellations s
    JOIN bookings b ON b.show_id = s.show_id AND b.state = 'cancelled'
    LEFT JOIN cancellations c ON c.show_id = b.show_id AND c.booking_id = b.id
    GROUP BY b.show_id, b.id HAVING coalesce(sum(c.value_minor), 0) <> b.total_minor
    UNION ALL
    SELECT c.show_id, '', 'nobody goes on refunding' FROM show_cancellations c
    WHERE c.finished_at IS NULL AND NOT EXISTS (
      SELECT FROM outbox o WHERE o.show_id = c.show_id AND o.kind = 'refund_show' AND o.done_at IS NULL)
    UNION ALL
    SELECT id, '', 'cancelled without a word' FROM shows h
    WHERE h.state = 'cancelled' AND NOT EXISTS (SELECT FROM show_cancellations c WHERE c.show_id = h.id)
    """,
)

DEMAND = Promise(
    31,
    "A price that demand changed is one of its list's, changed by the percent and in the step that its booking keeps.",
    """
    SELECT b.show_id, b.code, t.seat_id, t.price_minor, b.demand_percent FROM bookings b
    JOIN tickets t ON t.show_id = b.show_id AND t.booking_id = b.id AND t.state <> 'void'
    WHERE b.demand_percent <> 0 AND b.state IN ('held', 'awaiting_payment', 'confirmed')
      AND t.ticket_type <> 'companion' AND NOT EXISTS (
        SELECT FROM prices p WHERE p.price_list_id = b.price_list_id AND p.ticket_type = t.ticket_type
          AND t.price_minor = CASE WHEN b.demand_percent > 0 THEN greatest(p.amount_minor,
            CAST(p.amount_minor AS bigint) * (100 + b.demand_percent) / (100 * b.demand_step) * b.demand_step)
          ELSE least(p.amount_minor, (CAST(p.amount_minor AS bigint) * (100 + b.demand_percent)
            + 100 * b.demand_step - 1) / (100 * b.demand_step) * b.demand_step) END)
    """,
)
"""Of its list, not of its seat's category: a hall drawn anew may put a sold seat into another one."""
