"""The promises about money (11 to 20, 29 and 31): each a query that returns no rows. docs/promises.md tells them in words."""

from __future__ import annotations

from app.services.ledger_promises import LEDGER, SOLD
from app.services.promise import Check, Promise

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
                WHERE b.state = 'awaiting_payment' OR b.state IN {SOLD} GROUP BY b.show_id, b.id
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
                WHERE b.state IN {SOLD} GROUP BY b.show_id, b.id
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
        WHERE b.state IN {SOLD} AND b.total_minor <> b.credit_minor + coalesce(p.captured, 0)
        """,  # noqa: S608
    ),
    Promise(
        18,
        "Nobody who serves pages can change or take away what the ledger, the audit and the log of state changes say.",
        """
        SELECT named.name, named.privilege FROM (
          SELECT t.name, p.privilege
          FROM unnest(ARRAY['state_changes', 'ledger_entries', 'ledger_accounts', 'audit_entries', 'invoices'])
            AS t(name)
          CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p(privilege)
        ) AS named
        WHERE has_table_privilege(current_user, to_regclass(named.name), named.privilege)
        UNION ALL
        SELECT c.relname, 'OWNER' FROM pg_class c
        WHERE c.oid IN (to_regclass('state_changes'), to_regclass('ledger_entries'), to_regclass('ledger_accounts'),
                        to_regclass('audit_entries'), to_regclass('invoices'))
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
