"""The statements that sum up a few shows: each reads the books and the logs and fills one table of figures.

Money comes from ledger_entries alone. What a movement books is shared out among the tickets that it moved, by what each
ticket carries of it, without a cent lost: shares of a running sum add up to the whole.
"""

# ruff: noqa: S608  the statements are made of our own words only
from __future__ import annotations

from app.domain.counter import OWNER, Channel
from app.queries.figures.hours import INCOME, MOVES

CHANNEL = "b.channel"
"""Where a booking `b` was sold."""
BEGUN_AT = f"CASE WHEN b.owner_key LIKE '{OWNER}%' THEN '{Channel.BOX_OFFICE.value}' ELSE {CHANNEL} END"
"""Where it began: what a counter kept and did not sell is the counter's, too."""
GIVEN_BACK = ("refunds_payable", "gift_card_liability", "wallet_liability", "exchanges")
"""Where the money of cancelled seats goes."""
_THESE = "show_id = ANY(:shows)"


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _share(amount: str, weight: str) -> str:
    """A ticket's part of an amount of its movement: by weight, or evenly where no ticket carries any of it."""
    upto, whole = f"sum({weight}) OVER upto", f"sum({weight}) OVER whole"
    by_weight = f"{amount} * {upto} / {whole} - {amount} * ({upto} - {weight}) / {whole}"
    place, count = "row_number() OVER upto", "count(*) OVER whole"
    evenly = f"{amount} * {place} / {count} - {amount} * ({place} - 1) / {count}"
    # Division of bigints cuts off; a numeric would not.
    by_weight = by_weight.replace(upto, f"({upto})::bigint").replace(whole, f"({whole})::bigint")
    return f"CASE WHEN {whole} <> 0 THEN {by_weight} ELSE {evenly} END"


_WINDOWS = (
    "WINDOW whole AS (PARTITION BY show_id, key, currency), "
    "upto AS (PARTITION BY show_id, key, currency ORDER BY part_id NULLS FIRST ROWS UNBOUNDED PRECEDING)"
)
_MOVES = f"""
moves AS (
  SELECT show_id, key, currency, min(booking_id) AS booking_id, min(at) AS at,
         -coalesce(sum(amount_minor) FILTER (WHERE account = 'ticket_revenue'), 0)::bigint AS net,
         -coalesce(sum(amount_minor) FILTER (WHERE account = 'fee_revenue'), 0)::bigint AS fee,
         -coalesce(sum(amount_minor) FILTER (WHERE account = 'tax_payable'), 0)::bigint AS tax,
         coalesce(sum(amount_minor) FILTER (WHERE account = 'discounts'), 0)::bigint AS discount,
         -coalesce(sum(amount_minor) FILTER (WHERE account = 'cancellation_revenue'), 0)::bigint AS kept
  FROM ledger_entries WHERE {_THESE} AND show_id <> 0 AND account IN ({_words(INCOME)})
  GROUP BY show_id, key, currency
)"""
SALES = f"""
WITH {_MOVES},
events AS (
  SELECT t.show_id, 'sale-' || t.booking_id AS key, t.booking_id, t.issued_at AS at, t.id, t.seat_id, t.ticket_type,
         t.price_minor::bigint AS price, t.fee_minor::bigint AS fee, t.discount_minor::bigint AS discount,
         t.tax_minor::bigint AS tax, 1 AS sold, 0 AS back
  FROM tickets t WHERE t.{_THESE} AND t.issued_at IS NOT NULL
  UNION ALL
  SELECT t.show_id, 'cancel-' || t.cancellation_id, t.booking_id, c.at, t.id, t.seat_id, t.ticket_type,
         t.price_minor, t.fee_minor, t.discount_minor, t.tax_minor, 0, 1
  FROM tickets t JOIN cancellations c ON c.show_id = t.show_id AND c.id = t.cancellation_id WHERE t.{_THESE}
),
weighed AS (
  SELECT *, price + fee - discount AS value,
         CASE WHEN price + fee > discount THEN tax * fee / (price + fee - discount) ELSE 0 END AS fee_tax FROM events
),
parts AS (
  SELECT coalesce(m.show_id, e.show_id) AS show_id, coalesce(m.key, e.key) AS key,
         coalesce(m.booking_id, e.booking_id) AS booking_id, coalesce(m.currency, b.currency) AS currency,
         coalesce(m.at, e.at) AS at, e.id AS part_id, e.seat_id, coalesce(e.ticket_type, '') AS ticket_type,
         coalesce(e.sold, 0) AS sold, coalesce(e.back, 0) AS back, coalesce(m.net, 0) AS net, coalesce(m.fee, 0) AS fee,
         coalesce(m.tax, 0) AS tax, coalesce(m.discount, 0) AS discount, coalesce(m.kept, 0) AS kept,
         coalesce(e.price - e.tax + e.fee_tax, 0) AS w_net, coalesce(e.fee - e.fee_tax, 0) AS w_fee,
         coalesce(e.tax, 0) AS w_tax, coalesce(e.discount, 0) AS w_discount, coalesce(e.value, 0) AS w_value
  FROM moves m FULL JOIN weighed e ON e.show_id = m.show_id AND e.key = m.key
  LEFT JOIN bookings b ON b.show_id = e.show_id AND b.id = e.booking_id
),
told_apart AS (
  SELECT *, CASE WHEN key LIKE 'cancel-%' THEN tax + (sum(w_tax) OVER (PARTITION BY show_id, key, currency))::bigint
            ELSE 0 END AS kept_tax FROM parts
),
shared AS (
  SELECT show_id, booking_id, currency, at, seat_id, ticket_type, sold, back,
         {_share("net", "w_net")} AS net, {_share("fee", "w_fee")} AS fee, {_share("(tax - kept_tax)", "w_tax")} AS tax,
         {_share("discount", "w_discount")} AS discount, {_share("kept", "w_value")} AS kept,
         {_share("kept_tax", "w_value")} AS kept_tax
  FROM told_apart {_WINDOWS}
)
INSERT INTO figures_sales (show_id, day, category, ticket_type, channel, currency, cinema_id, movie_id, screen_id,
                           show_day, sold, back, net_minor, fee_minor, tax_minor, discount_minor, kept_minor, kept_tax_minor)
SELECT p.show_id, (p.at AT TIME ZONE c.timezone)::date AS day, coalesce(seats.category, ''), p.ticket_type,
       coalesce({CHANNEL}, '') AS channel, p.currency, s.cinema_id, s.movie_id, s.screen_id,
       (s.starts_at AT TIME ZONE c.timezone)::date, sum(p.sold), sum(p.back), sum(p.net), sum(p.fee), sum(p.tax),
       sum(p.discount), sum(p.kept), sum(p.kept_tax)
FROM shared p JOIN shows s ON s.id = p.show_id JOIN cinemas c ON c.id = s.cinema_id
LEFT JOIN seats ON seats.id = p.seat_id
LEFT JOIN bookings b ON b.show_id = p.show_id AND b.id = p.booking_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
MONEY = f"""
INSERT INTO figures_money (show_id, day, account, party, currency, cinema_id, debit_minor, credit_minor)
SELECT e.show_id, (e.at AT TIME ZONE coalesce(c.timezone, 'UTC'))::date, e.account,
       CASE WHEN e.account = 'gateway_clearing' THEN e.party ELSE '' END AS party, e.currency,
       coalesce(s.cinema_id, 0), coalesce(sum(e.amount_minor) FILTER (WHERE e.amount_minor > 0), 0),
       -coalesce(sum(e.amount_minor) FILTER (WHERE e.amount_minor < 0), 0)
FROM ledger_entries e LEFT JOIN shows s ON s.id = e.show_id LEFT JOIN cinemas c ON c.id = s.cinema_id
WHERE e.{_THESE} GROUP BY 1, 2, 3, 4, 5, 6
"""
SHOWS = """
INSERT INTO figures_shows (show_id, seats, sold, admitted, sold_seats)
SELECT s.id, l.seat_count, count(t.id), count(t.id) FILTER (WHERE t.state = 'admitted'),
       coalesce(array_agg(t.seat_id ORDER BY t.seat_id) FILTER (WHERE t.id IS NOT NULL), '{}')
FROM shows s JOIN layouts l ON l.id = s.layout_id
LEFT JOIN tickets t ON t.show_id = s.id AND t.state IN ('issued', 'admitted')
WHERE s.id = ANY(:shows) GROUP BY s.id, l.seat_count
"""
HOURS = f"""
INSERT INTO figures_hours (show_id, day, hour, currency, cinema_id, sold, back, taken_minor, back_minor)
SELECT m.show_id, (m.at AT TIME ZONE c.timezone)::date AS day, extract(hour FROM m.at AT TIME ZONE c.timezone)::int,
       m.currency, s.cinema_id, sum(m.sold), sum(m.back), sum(m.taken_minor), sum(m.back_minor)
FROM ({MOVES}) m JOIN shows s ON s.id = m.show_id JOIN cinemas c ON c.id = s.cinema_id
WHERE (m.at AT TIME ZONE c.timezone)::date >= :oldest GROUP BY 1, 2, 3, 4, 5
"""
DAYS = f"""
WITH steps AS (
  SELECT show_id, at, subject_id AS booking_id, CASE WHEN before IS NULL THEN 'held' ELSE after END AS step
  FROM state_changes WHERE {_THESE} AND subject = 'booking' AND (before IS NULL OR after IN ('awaiting_payment', 'confirmed'))
  UNION ALL
  SELECT a.show_id, a.at, t.booking_id, 'admitted' FROM state_changes a
  JOIN tickets t ON t.show_id = a.show_id AND t.id = a.subject_id
  WHERE a.{_THESE} AND a.subject = 'admission' AND a.after = 'admitted'
)
INSERT INTO figures_days (show_id, day, channel, cinema_id, held, began, confirmed, admitted)
SELECT p.show_id, (p.at AT TIME ZONE c.timezone)::date, coalesce({BEGUN_AT}, ''), s.cinema_id,
       count(*) FILTER (WHERE step = 'held'), count(*) FILTER (WHERE step = 'awaiting_payment'),
       count(*) FILTER (WHERE step = 'confirmed'), count(DISTINCT p.booking_id) FILTER (WHERE step = 'admitted')
FROM steps p JOIN shows s ON s.id = p.show_id JOIN cinemas c ON c.id = s.cinema_id
LEFT JOIN bookings b ON b.show_id = p.show_id AND b.id = p.booking_id
GROUP BY 1, 2, 3, 4
"""
COUPONS = f"""
WITH {_MOVES},
parts AS (
  SELECT m.show_id, m.key, m.currency, m.at, m.discount, coalesce(u.coupon_id, 0) AS part_id,
         coalesce(u.amount_minor, 0)::bigint AS amount
  FROM moves m LEFT JOIN coupon_uses u ON u.show_id = m.show_id AND u.booking_id = m.booking_id AND u.amount_minor > 0
    AND u.state IN ('taken', 'given_back')
  WHERE m.discount <> 0
),
shared AS (
  SELECT show_id, currency, at, part_id, key LIKE 'sale-%' AS use, {_share("discount", "amount")} AS discount
  FROM parts {_WINDOWS}
)
INSERT INTO figures_coupons (show_id, day, coupon_id, currency, cinema_id, uses, given_minor, back_minor)
SELECT p.show_id, (p.at AT TIME ZONE c.timezone)::date, p.part_id, p.currency, s.cinema_id,
       count(*) FILTER (WHERE p.use), coalesce(sum(p.discount) FILTER (WHERE p.discount > 0), 0),
       -coalesce(sum(p.discount) FILTER (WHERE p.discount < 0), 0)
FROM shared p JOIN shows s ON s.id = p.show_id JOIN cinemas c ON c.id = s.cinema_id
GROUP BY 1, 2, 3, 4, 5
"""
REFUNDS = f"""
WITH moves AS (
  SELECT show_id, key, currency, min(at) AS at,
         -coalesce(sum(amount_minor) FILTER (WHERE account IN ({_words(GIVEN_BACK)})), 0) AS returned
  FROM ledger_entries WHERE {_THESE} AND show_id <> 0 AND (key LIKE 'cancel-%' OR key LIKE 'return-%')
  GROUP BY show_id, key, currency
),
named AS (
  SELECT 'cancel-' || id AS key, show_id, reason, seat_count AS seats, kept_minor AS kept, at, value_minor AS value
  FROM cancellations WHERE {_THESE}
  UNION ALL
  SELECT 'return-' || id, show_id, reason, 0, 0, requested_at, amount_minor FROM refunds
  WHERE {_THESE} AND cancellation_id IS NULL
)
INSERT INTO figures_refunds (show_id, day, reason, currency, cinema_id, times, seats, kept_minor, returned_minor)
SELECT s.id, (coalesce(m.at, n.at) AT TIME ZONE c.timezone)::date, coalesce(n.reason, ''),
       coalesce(m.currency, c.currency), s.cinema_id, count(*), coalesce(sum(n.seats), 0), coalesce(sum(n.kept), 0),
       coalesce(sum(m.returned), 0)
FROM moves m FULL JOIN named n ON n.show_id = m.show_id AND n.key = m.key
JOIN shows s ON s.id = coalesce(m.show_id, n.show_id) JOIN cinemas c ON c.id = s.cinema_id
WHERE m.key IS NOT NULL OR n.value = 0
GROUP BY 1, 2, 3, 4, 5
"""
TOUCHED = f"""
SELECT cinema_id, day FROM figures_sales WHERE {_THESE}
UNION SELECT cinema_id, day FROM figures_money WHERE {_THESE}
"""
"""The days of cinemas that something of these shows is on."""
_WHICH = "unnest(CAST(:cinemas AS bigint[]), CAST(:days AS date[])) AS these (cinema_id, day)"
_AMOUNTS = ("net_minor", "fee_minor", "tax_minor", "discount_minor", "kept_minor", "kept_tax_minor")
DAILY = {
    "figures_sales_daily": f"""
INSERT INTO figures_sales_daily (cinema_id, day, by, thing_id, name, currency, sold, back, {", ".join(_AMOUNTS)})
SELECT f.cinema_id, f.day, part.by, part.thing_id, part.name, f.currency, sum(f.sold), sum(f.back),
       {", ".join(f"sum(f.{name})" for name in _AMOUNTS)}
FROM {_WHICH} JOIN figures_sales f ON f.cinema_id = these.cinema_id AND f.day = these.day
CROSS JOIN LATERAL (VALUES ('film', f.movie_id, ''), ('screen', f.screen_id, ''), ('category', 0, f.category),
  ('type', 0, f.ticket_type), ('channel', 0, f.channel)) AS part (by, thing_id, name)
GROUP BY 1, 2, 3, 4, 5, 6
""",
    "figures_money_daily": f"""
INSERT INTO figures_money_daily (cinema_id, day, account, party, currency, debit_minor, credit_minor)
SELECT f.cinema_id, f.day, f.account, f.party, f.currency, sum(f.debit_minor), sum(f.credit_minor)
FROM {_WHICH} JOIN figures_money f ON f.cinema_id = these.cinema_id AND f.day = these.day
GROUP BY 1, 2, 3, 4, 5
""",
}
"""Table → the statement that sums up its days of `:cinemas` and `:days` from what is summed up by show."""
EMPTIED = f"""
DELETE FROM {{table}} old USING {_WHICH} WHERE old.cinema_id = these.cinema_id AND old.day = these.day
"""
FILLED = {
    "figures_sales": SALES,
    "figures_money": MONEY,
    "figures_shows": SHOWS,
    "figures_hours": HOURS,
    "figures_days": DAYS,
    "figures_coupons": COUPONS,
    "figures_refunds": REFUNDS,
}
"""Table → the statement that fills it for `:shows`; hours from `:oldest` on, a day, and from `:since`, an instant before it."""
FORGOTTEN = "DELETE FROM figures_hours WHERE day < :oldest"
