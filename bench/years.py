"""A house with years of sales behind it, written by plain statements: as many bookings as are asked for.

The rows are what the pages of figures read: bookings, tickets, ledger, the log of states, seats of the shows around
today. What no figure reads (lines of bills, payments) is left out, so this house is for looking at figures only.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from app.embedded import connect

CINEMAS, SCREENS, PER_DAY = 10, 5, 5
"""Cinemas, screens of each, shows of each screen a day."""
PER_SHOW = 40
"""Bookings of a show: of two or three seats each, a hundred of its three hundred seats."""
AHEAD = 14
"""Days of shows to come; they are sold as far as shows are so many days before."""
NEAR = 10
"""Days around today of which the seats themselves are there, too."""
BATCH = 1000

_CINEMAS = """
INSERT INTO cinemas (slug, name, city_id, timezone, currency, fee_minor, tax_percent)
SELECT 'bench-' || n, 'Bench ' || n, city_id, timezone, currency, 50, 5.5
FROM generate_series(1, %(count)s::int) AS n, (SELECT * FROM cinemas WHERE id = %(like)s) AS one RETURNING id
"""
_SCREENS = """
INSERT INTO screens (cinema_id, name, layout_id)
SELECT c, 'Screen ' || n, %(layout)s FROM unnest(%(cinemas)s::bigint[]) AS c, generate_series(1, %(count)s::int) AS n RETURNING id
"""
_SHOWS = """
INSERT INTO shows (movie_id, cinema_id, screen_id, layout_id, price_list_id, state, starts_at, ends_at,
                   sales_open_at, sales_close_at)
SELECT films.ids[1 + ((day + 10000) * 7 + slot * 3 + s.id) %% cardinality(films.ids)], s.cinema_id, s.id, s.layout_id,
       %(prices)s, 'published', at, at + interval '2 hours', at - interval '30 days', at
FROM screens s, (SELECT array_agg(id ORDER BY id) AS ids FROM movies) AS films,
     generate_series(%(first)s::int, %(last)s::int) AS day, generate_series(0, %(slots)s::int - 1) AS slot,
     LATERAL (SELECT date_trunc('day', now()) + day * interval '1 day' + (10 + slot * 2.5) * interval '1 hour' AS at) t
WHERE s.id = ANY(%(screens)s) ORDER BY at RETURNING id
"""
_SEATS = """
INSERT INTO show_seats (show_id, seat_id)
SELECT h.id, seats.id FROM shows h JOIN seats ON seats.layout_id = h.layout_id
WHERE h.id BETWEEN %(first)s AND %(last)s AND abs(extract(epoch FROM h.starts_at - now())) < %(near)s * 86400
"""
# Most buy in the last days: the share of days before the show is squared.
_WANTED = """
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
SELECT h.id AS show_id, n, h.id * 100 + n AS id, 2 + n %% 2 AS seats, h.starts_at, h.layout_id,
       h.starts_at - interval '1 hour' - interval '20 days' * power(random(), 2) AS at
FROM shows h, generate_series(1, %(each)s::int) AS n WHERE h.id BETWEEN %(first)s AND %(last)s;
DELETE FROM wanted WHERE at > now() - interval '1 hour';
CREATE TEMPORARY TABLE sold ON COMMIT DROP AS
SELECT w.*, place, w.id * 10 + place AS ticket_id, one.ids[w.n * 3 - 2 + place] AS seat_id,
       CASE place WHEN 3 THEN 'child' ELSE 'adult' END AS kind, CASE place WHEN 3 THEN 600 ELSE 900 END AS price
FROM wanted w, generate_series(1, w.seats) AS place,
     (SELECT array_agg(id ORDER BY id) AS ids FROM seats WHERE layout_id = %(layout)s) AS one
"""
_BOOKINGS = """
INSERT INTO bookings (show_id, id, code, state, owner_key, seat_count, price_list_id, seat_fee_minor, tax_percent,
  currency, fee_minor, tax_minor, total_minor, name, email, held_at, expires_at, cap_at, confirmed_at)
SELECT w.show_id, w.id, 'B' || w.id, 'confirmed', 's:' || w.id, w.seats, h.price_list_id, 50, '5.5', c.currency,
  50 * w.seats, 50 * w.seats, 950 * w.seats - CASE w.seats WHEN 3 THEN 300 ELSE 0 END, 'Bench', 'b' || w.id || '@example.org',
  w.at, w.at + interval '10 minutes', w.at + interval '30 minutes', w.at
FROM wanted w JOIN shows h ON h.id = w.show_id JOIN cinemas c ON c.id = h.cinema_id
"""
_TICKETS = """
INSERT INTO tickets (show_id, id, booking_id, seat_id, number, ticket_type, price_minor, fee_minor, tax_minor, state,
                     issued_at, admitted_at)
SELECT show_id, ticket_id, id, seat_id, place, kind, price, 50, 50,
       CASE WHEN starts_at < now() THEN 'admitted' ELSE 'issued' END, at, CASE WHEN starts_at < now() THEN starts_at END
FROM sold
"""
_LEDGER = """
INSERT INTO ledger_entries (show_id, key, account, party, amount_minor, currency, booking_id, at)
SELECT b.show_id, e.key || b.id, e.account, e.party, e.minor, b.currency, b.id, b.held_at
FROM bookings b, LATERAL (VALUES
  ('capture-', 'gateway_clearing', 'sandbox', b.total_minor), ('capture-', 'deposits', '', -b.total_minor),
  ('sale-', 'deposits', '', b.total_minor), ('sale-', 'tax_payable', '', -b.tax_minor),
  ('sale-', 'fee_revenue', '', -b.fee_minor), ('sale-', 'ticket_revenue', '', b.fee_minor + b.tax_minor - b.total_minor)
) AS e (key, account, party, minor) WHERE b.show_id BETWEEN %(first)s AND %(last)s
"""
_STATES = """
INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor)
SELECT show_id, 'booking', id, step.before, step.after, at, 'guest'
FROM wanted, (VALUES (NULL, 'held'), ('held', 'awaiting_payment'), ('awaiting_payment', 'confirmed')) AS step (before, after)
UNION ALL
SELECT show_id, 'admission', ticket_id, NULL, 'admitted', starts_at, 'user:1' FROM sold WHERE starts_at < now()
"""
_TAKEN = """
UPDATE show_seats x SET state = 'sold', booking_id = s.id, version = 1
FROM sold s WHERE x.show_id = s.show_id AND x.seat_id = s.seat_id
"""


def sell_for_years(url: str, like: int, bookings: int, say: Callable[[str], None]) -> int:
    """So many bookings and the shows they are of; gives how many there are. `url` is the superuser's, `like` a show with
    300 seats whose layout and price list all get. Keys are right by construction, so they are not looked up one by one."""
    with connect(url) as database:
        database.execute("SET session_replication_role = replica")
        # the house was furnished just now; what is young is summed up again and again
        database.execute("UPDATE state_changes SET at = at - interval '1 day'")
        first, last = _shows(database, like, bookings)
        layout = database.execute("SELECT layout_id FROM shows WHERE id = %s", [like]).fetchone()
        for start in range(first, last + 1, BATCH):
            values = {"first": start, "last": min(start + BATCH - 1, last), "each": PER_SHOW, "near": NEAR}
            _batch(database, {**values, "layout": layout[0] if layout else 0})
            say(f"{(start - first + BATCH) * PER_SHOW:,} bookings")
        database.execute("VACUUM ANALYZE")
        row = database.execute("SELECT count(*) FROM bookings").fetchone()
    return int(row[0]) if row else 0


def _shows(database: psycopg.Connection, like: int, bookings: int) -> tuple[int, int]:
    """The first and the last new show."""
    one = database.execute("SELECT cinema_id, layout_id, price_list_id FROM shows WHERE id = %s", [like]).fetchone()
    assert one is not None
    cinemas = [row[0] for row in database.execute(_CINEMAS, {"count": CINEMAS, "like": one[0]})]
    screens = [row[0] for row in database.execute(_SCREENS, {"cinemas": cinemas, "count": SCREENS, "layout": one[1]})]
    days = max(1, bookings // (PER_SHOW * PER_DAY * len(screens)))
    values = {"first": -days, "last": AHEAD, "slots": PER_DAY, "screens": screens, "prices": one[2]}
    made = [row[0] for row in database.execute(_SHOWS, values)]
    return min(made), max(made)


def _batch(database: psycopg.Connection, values: dict[str, int]) -> None:
    with database.transaction():
        database.execute(_SEATS, values)
        for statement in _WANTED.split(";"):
            database.execute(statement, values)
        for statement in (_BOOKINGS, _TICKETS, _LEDGER, _STATES, _TAKEN):
            database.execute(statement, values)
