"""The migrations: they build what the models say, run on a house in use, and leave the application few rights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine

from app import create_app
from app.config import read_settings
from app.db import Base, db, end_read
from app.embedded import Urls, connect, create_database, drop_database
from app.embedded.postgres import binaries
from app.models import Payment
from app.services.payments import settle_payment
from app.services.promises import check_promises
from tests.builders import an_event
from tests.support.house import ROOT, a_copy, forget_everything_kept
from tests.support.old_house import OldHouse

OWN = ("alembic_version",)
"""The table of the migrating itself."""
APPEND_ONLY = ("state_changes", "ledger_entries", "ledger_accounts", "audit_entries", "invoices")


@pytest.fixture(scope="module")
def make(urls: Urls) -> Iterator[Callable[..., Urls]]:
    """make(name): an empty database that is dropped at the end, or with `as_migrated` one as the migrations leave it."""
    names: list[str] = []

    def made(name: str, as_migrated: bool = False) -> Urls:
        names.append(f"marquee_{name}_{os.getpid()}")
        if not as_migrated:
            return create_database(urls, names[-1])
        found = a_copy(urls, names[-1])
        with connect(found.migration_database_url) as owner:
            owner.execute("DROP TABLE schema_digest")
        return found

    yield made
    for name in names:
        drop_database(urls, name)


@pytest.fixture(scope="module")
def migrated(make: Callable[..., Urls]) -> Urls:
    return make("migrated", as_migrated=True)


def schema(urls: Urls) -> list[str]:
    """What pg_dump says of the schema, without what differs from run to run."""
    command = [str(binaries() / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges"]
    command += [f"--exclude-table={table}" for table in OWN]
    command += ["--dbname", urls.migration_database_url.replace("postgresql+psycopg://", "postgresql://", 1)]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.rstrip().rstrip(",") for line in dump.split("\n")]
    lines = [line for line in lines if line and not re.match(r"--|\\(un)?restrict|SET |SELECT pg_catalog", line)]
    return list(_columns_in_one_order(lines))


def _columns_in_one_order(lines: list[str]) -> Iterator[str]:
    """A column that a migration adds stands last in its table; where it stands means nothing."""
    table: list[str] = []
    for line in lines:
        if line.startswith("CREATE TABLE"):
            table = [line]
        elif not table:
            yield line
        elif line.startswith(")"):
            yield from [table[0], *sorted(table[1:]), line]
            table = []
        else:
            table.append(line)


def flask(urls: Urls, *command: str) -> subprocess.CompletedProcess[str]:
    return run(urls, "-m", "flask", "--app", "wsgi", *command)


ONE_BY_ONE = """
import sys
from wsgi import app
for step in sys.argv[1:]:
    done = app.test_cli_runner().invoke(args=["db", "upgrade", step])
    if done.exit_code:
        sys.exit(f"{step}: {done.output} {done.exception}")
"""
"""Each step a command of its own, but for the start of Python."""


def run(urls: Urls, *command: str) -> subprocess.CompletedProcess[str]:
    secrets = {"SECRET_KEY": "k" * 32, "SANDBOX_WEBHOOK_SECRET": "s" * 32}
    secrets["TICKET_SIGNING_KEYS"] = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | urls.environ() | secrets,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_migrations_build_what_the_models_say(make, migrated):
    """Autogenerate misses changed CHECK, EXCLUDE, partial indexes and fillfactor; pg_dump doesn't."""
    created = make("created")
    engine = create_engine(created.migration_database_url)
    Base.metadata.create_all(engine)
    engine.dispose()
    by_migrations, by_models = schema(migrated), schema(created)
    assert len(by_models) > 200
    assert "\n".join(by_migrations) == "\n".join(by_models)


def test_the_comparison_sees_what_autogenerate_misses(make):
    other = make("other", as_migrated=True)
    before = schema(other)
    with connect(other.migration_database_url) as owner:
        owner.execute("ALTER TABLE show_seats SET (fillfactor = 90)")
        owner.execute("DROP INDEX uq_tickets_live_seat")
        owner.execute("CREATE UNIQUE INDEX uq_tickets_live_seat ON tickets (show_id, seat_id)")
    assert len(set(schema(other)) ^ set(before)) == 4


def test_autogenerate_has_nothing_to_add(migrated):
    assert flask(migrated, "db", "check").returncode == 0


def test_there_is_one_line_of_migrations():
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_an_upgrade_of_a_house_in_use_keeps_its_rows(make):
    """Every step from the first on runs over rows that were there before it."""
    used = make("used")
    script = ScriptDirectory(str(ROOT / "migrations"))
    steps = [step.revision for step in reversed(list(script.walk_revisions()))]
    assert flask(used, "db", "upgrade", steps[0]).returncode == 0
    with connect(used.database_url) as app:
        app.execute(
            "INSERT INTO cities (slug, name, country_code, timezone, currency) "
            "VALUES ('york', 'York', 'GB', 'Europe/London', 'GBP')"
        )
        app.execute("INSERT INTO movies (slug, title) VALUES ('sunrise', 'Sunrise')")
        app.execute(
            "INSERT INTO state_changes (show_id, subject, subject_id, after, at, actor) "
            "VALUES (0, 'show', 1, 'draft', now(), 'test')"
        )
        app.execute(
            "WITH made AS (INSERT INTO users (email, name, password_hash, created_at) "
            "VALUES ('ada@example.org', 'Ada', 'x', now()) RETURNING id) "
            "INSERT INTO login_sessions (user_id, token_hash, created_at, expires_at) "
            "SELECT id, 'x', now(), now() + interval '1 day' FROM made"
        )
    done = run(used, "-c", ONE_BY_ONE, *steps[1:], "head")
    assert done.returncode == 0, done.stderr
    with connect(used.database_url) as app:
        row = app.execute(
            "SELECT (SELECT name FROM cities), (SELECT title FROM movies), (SELECT count(*) FROM state_changes)"
        ).fetchone()
        visitor = app.execute(
            "SELECT u.name, u.deactivated_at, s.seen_at, s.confirmed_at, (SELECT count(*) FROM staff_roles) "
            "FROM users u JOIN login_sessions s ON s.user_id = u.id"
        ).fetchone()
    assert row == ("York", "Sunrise", 1)
    assert visitor == ("Ada", None, None, None, 0), "a visitor stays logged in, and is nobody of the staff"


# The books of a house that sold seats before it had any

SOLD = ("held", "awaiting_payment", "confirmed")
PAID = ("created", "pending", "captured")


class Before(NamedTuple):
    """The ids of what was there before the upgrade, by what it is."""

    urls: Urls
    show: int
    bookings: dict[str, int]
    payments: dict[str, int]
    refunds: dict[str, int]
    items: dict[str, int]


def sell_everything(old: OldHouse) -> Before:
    """Every way that money could go before there were books."""
    odd = {"prices": (1000, 1000, 1000)}
    sold = old.booking(*SOLD, **odd)
    late = old.booking("held", "awaiting_payment", "expired", "confirmed", prices=(1000, 700))
    gone = old.booking("held", "awaiting_payment", "expired")
    freed = old.booking("held", "awaiting_payment", "released")
    old.booking("held")
    paying = old.booking("held", "awaiting_payment")
    free = old.booking("held", "confirmed", prices=(0,), fee=0)
    twice = old.booking(*SOLD)
    hoped = old.booking("held", "awaiting_payment", "expired", **odd)
    nothing = old.booking(*SOLD)
    payments = {
        "sold": old.payment(sold, 3225, *PAID),
        "late": old.payment(late, 1850, "created", "pending", "expired", "captured"),
        "gone": old.payment(gone, 2150, "created", "pending", "expired", "captured", "refunded"),
        "freed": old.payment(freed, 2150, "created", "pending", "expired", "captured"),
        "paying": old.payment(paying, 2150, "created", "pending"),
        "declined": old.payment(twice, 2150, "created", "failed", "captured"),
        "twice": old.payment(twice, 2150, *PAID),
        "hoped": old.payment(hoped, 3225, "created", "pending", "expired"),
        "of nothing": old.payment(nothing, 2150, "created", "captured", captured=0),
        "then paid": old.payment(nothing, 2150, *PAID),
    }
    refunds = {
        "done": old.refund(payments["gone"], 2150, "requested", "sent", "done"),
        "requested": old.refund(payments["freed"], 2150, "requested"),
        "refused": old.refund(payments["declined"], 2150, "requested", "failed"),
    }
    for booking in (sold, late, free, twice, nothing):
        old.item("render_tickets", booking)
    items = {
        "sent": old.item("mail_confirmation", sold),
        "waiting": old.item("mail_confirmation", late, done=False),
        "tried": old.item("mail_confirmation", twice, done=False, attempts=2, failure="MailNotSent: full"),
        "told": old.item("mail_late_payment", gone, payments["gone"]),
        "declined": old.item("mail_payment_failed", twice, payments["declined"], attempts=1),
    }
    for booking in (free, nothing):
        old.item("mail_confirmation", booking)
    items["refund"] = old.item("send_refund", freed, refunds["requested"], done=False)
    old.item("send_refund", gone, refunds["done"])
    old.item("send_refund", twice, refunds["refused"], done=False, attempts=1, failure="RefundRefused: no")
    bookings = {"sold": sold, "late": late, "gone": gone, "free": free, "twice": twice, "hoped": hoped}
    return Before(Urls("", "", ""), old.show, bookings, payments, refunds, items)


@pytest.fixture(scope="module")
def upgraded(make: Callable[[str], Urls]) -> Before:
    found = make("sold")
    assert flask(found, "db", "upgrade", "0001").returncode == 0
    with connect(found.database_url) as database:
        old = OldHouse(database)
        before = sell_everything(old)._replace(urls=found)
        database.execute("UPDATE show_seats SET state = 'blocked' WHERE seat_id = %s", [old.seats[-1]])
    done = flask(found, "db", "upgrade", "head")
    assert done.returncode == 0, done.stderr
    return before


@pytest.fixture
def database(upgraded: Before) -> Iterator[psycopg.Connection]:
    with connect(upgraded.urls.database_url) as connection:
        yield connection


@pytest.fixture
def old_app(upgraded: Before, urls: Urls, test_environment: dict[str, str]) -> Iterator[Flask]:
    """The application on the upgraded house."""
    app = create_app(read_settings(test_environment | upgraded.urls.environ() | {"REDIS_URL": urls.redis_url}))
    forget_everything_kept()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    forget_everything_kept()


def test_the_upgraded_house_keeps_every_promise(old_app):
    assert [str(row) for row in check_promises()] == []


def test_what_was_captured_sold_and_refunded_is_in_the_books(database, upgraded):
    rows = database.execute("SELECT account, sum(amount_minor)::int FROM ledger_entries GROUP BY 1").fetchall()
    assert dict(rows) == {
        "gateway_clearing": 3225 + 1850 + 2150 + 2150 + 2150 + 2150,
        "refunds_payable": -2150 - 2150,
        "deposits": 0,
        "tax_payable": -(538 + 308 + 358 + 358),
        "fee_revenue": -(225 + 150 + 150 + 150) + (36 + 24 + 24 + 24),
        "ticket_revenue": -(3000 + 1700 + 2000 + 2000) + (502 + 284 + 334 + 334),
    }
    keys = {row[0] for row in database.execute("SELECT key FROM ledger_entries").fetchall()}
    assert f"refund-{upgraded.refunds['done']}" in keys
    assert f"sale-{upgraded.bookings['free']}" not in keys, "nothing was paid for it"
    assert f"capture-{upgraded.payments['of nothing']}" not in keys


def test_the_odd_pennies_of_tax_go_to_the_first_tickets(database, upgraded):
    def shares(booking: str) -> list[tuple[int, ...]]:
        query = "SELECT fee_minor, tax_minor FROM tickets WHERE booking_id = %s AND state <> 'void' ORDER BY number"
        return database.execute(query, [upgraded.bookings[booking]]).fetchall()

    assert shares("sold") == [(75, 180), (75, 179), (75, 179)]
    assert shares("late") == [(75, 179), (75, 129)]


def test_only_captures_that_confirmed_something_are_marked_so(database, upgraded):
    used = database.execute("SELECT id FROM payments WHERE applied_at IS NOT NULL").fetchall()
    assert {row[0] for row in used} == {upgraded.payments[name] for name in ("sold", "late", "twice", "then paid")}


def test_mails_become_messages_and_those_not_sent_are_still_to_be_sent(database, upgraded):
    query = """
        SELECT m.kind, m.state, m.recipient, m.subject_id, m.attempts, m.detail, o.done_at IS NULL
        FROM outbox o JOIN messages m ON m.show_id = o.show_id AND m.id = o.subject_id WHERE o.id = %s
        AND o.kind = 'send_message'
    """
    told = {name: database.execute(query, [item]).fetchone() for name, item in upgraded.items.items()}
    ada, payments = "ada@example.org", upgraded.payments
    assert told == {
        "sent": ("confirmation", "sent", ada, None, 0, "", False),
        "waiting": ("confirmation", "queued", ada, None, 0, "", True),
        "tried": ("confirmation", "failed", ada, None, 2, "MailNotSent: full", True),
        "told": ("late_payment", "sent", ada, payments["gone"], 0, "", False),
        "declined": ("payment_failed", "sent", ada, payments["declined"], 1, "", False),
        "refund": None,
    }


def test_seats_that_were_out_of_use_get_a_block_that_says_so(database, upgraded):
    query = """
        SELECT k.show_id, k.screen_id, k.reason, k.made_by, g.guid, g.lifted_at FROM seat_blocks k
        JOIN seat_block_seats g ON g.block_id = k.id
    """
    guid = database.execute("SELECT guid FROM seats ORDER BY id DESC LIMIT 1").fetchone()[0]
    why = "Out of use since before reasons were kept."
    assert database.execute(query).fetchall() == [(upgraded.show, None, why, None, guid, None)]


def test_bookings_sold_before_changes_bore_the_policy_keep_what_they_were_sold_with(database):
    (sold,) = database.execute("SELECT array_agg(DISTINCT changes_in_full) FROM bookings").fetchone()
    (now,) = database.execute("SELECT array_agg(DISTINCT changes_in_full) FROM cinemas").fetchone()
    assert (sold, now) == ([True], [False])


def test_blocks_from_before_stand_for_no_other_one_and_no_form_was_sent(database):
    assert database.execute("SELECT count(*), count(replaces_id) FROM seat_blocks").fetchone() == (1, 0)
    assert database.execute("SELECT count(*) FROM sent_forms").fetchone() == (0,)


def test_money_that_comes_late_to_the_upgraded_house_confirms_what_had_run_out(old_app, upgraded):
    """Last of those that look at the upgraded house: it changes it."""
    payment = db.session.get_one(Payment, (upgraded.show, upgraded.payments["hoped"]))
    end_read()
    assert settle_payment(an_event(payment)) == "confirmed late"
    waiting = db.session.get_one(Payment, (upgraded.show, upgraded.payments["paying"]))
    end_read()
    assert settle_payment(an_event(waiting)) == "confirmed"
    assert [str(row) for row in check_promises()] == []


def test_an_unused_upgrade_can_be_taken_back_and_done_again(make):
    found = make("back")
    flask(found, "db", "upgrade", "0001")
    first = schema(found)
    with connect(found.database_url) as database:
        sell_everything(OldHouse(database))
        items = database.execute("SELECT id, kind, subject_id FROM outbox ORDER BY id").fetchall()
    assert flask(found, "db", "upgrade", "0002").returncode == 0
    done = flask(found, "db", "downgrade", "0001")
    assert done.returncode == 0, done.stderr
    assert schema(found) == first
    with connect(found.database_url) as database:
        assert database.execute("SELECT id, kind, subject_id FROM outbox ORDER BY id").fetchall() == items
    assert flask(found, "db", "upgrade", "head").returncode == 0


def test_an_upgrade_in_use_is_not_taken_back_and_says_why(make):
    found = make("kept")
    assert flask(found, "db", "upgrade", "0002").returncode == 0
    with connect(found.database_url) as database:
        database.execute(
            "INSERT INTO gift_cards (order_code, code_hash, code_end, state, currency, initial_minor, owner_key, name, "
            "email, ordered_at) VALUES ('o', 'h', 'end', 'ordered', 'GBP', 500, 's:me', 'Ada', 'a@example.org', now())"
        )
    refused = flask(found, "db", "downgrade", "0001")
    assert refused.returncode != 0
    assert "gift cards were ordered" in refused.stderr
    with connect(found.database_url) as database:
        assert database.execute("SELECT count(*) FROM gift_cards").fetchone() == (1,)


def test_issued_invoices_are_not_dropped_for_their_numbers_would_be_given_twice(make):
    found = make("invoices")
    assert flask(found, "db", "upgrade", "0023").returncode == 0
    with connect(found.database_url) as database:
        for row in (
            "cities (slug, name, country_code, timezone, currency) VALUES ('york', 'York', 'GB', 'Europe/London', 'GBP')",
            "cinemas (slug, name, city_id, timezone, currency) SELECT slug, name, id, timezone, currency FROM cities",
            "invoice_counters (cinema_id, year, last) SELECT id, 2026, 17 FROM cinemas",
        ):
            database.execute(f"INSERT INTO {row}")
    refused = flask(found, "db", "downgrade", "0022")
    assert refused.returncode != 0
    assert "invoices were issued" in refused.stderr
    with connect(found.database_url) as database:
        assert database.execute("SELECT last FROM invoice_counters").fetchone() == (17,)


def test_steps_that_were_counted_before_they_had_a_channel_are_kept_until_they_are_counted_anew(make):
    found, columns = make("steps"), "show_id, day, cinema_id, held, began, confirmed, admitted"
    flask(found, "db", "upgrade", "0019")
    first = schema(found)
    with connect(found.database_url) as database:
        database.execute(f"INSERT INTO figures_days ({columns}) VALUES (1, '2027-03-05', 1, 4, 3, 2, 1)")
        database.execute("INSERT INTO figures_marks VALUES ('ledger_entries', 7), ('state_changes', 7)")
    assert flask(found, "db", "upgrade", "0020").returncode == 0
    with connect(found.database_url) as database:
        assert database.execute("SELECT channel, held, admitted FROM figures_days").fetchall() == [("", 4, 1)]
        # The code of before still runs on it.
        database.execute(f"INSERT INTO figures_days ({columns}) VALUES (2, '2027-03-05', 1, 4, 3, 2, 1)")
        database.execute("INSERT INTO figures_days VALUES (1, '2027-03-05', 1, 1, 1, 1, 1, 'web')")
    done = flask(found, "db", "downgrade", "0019")
    assert done.returncode == 0, done.stderr
    assert schema(found) == first
    with connect(found.database_url) as database:
        assert database.execute("SELECT FROM figures_days UNION ALL SELECT FROM figures_marks").fetchall() == []


def test_versions_of_price_lists_become_lists_of_their_own_when_taken_back(make):
    found, before = make("prices"), str(ScriptDirectory(str(ROOT / "migrations")).get_revision("0011").down_revision)
    flask(found, "db", "upgrade", before)
    first = schema(found)
    assert flask(found, "db", "upgrade", "0011").returncode == 0
    with connect(found.database_url) as database:
        for row in (
            "cities (slug, name, country_code, timezone, currency) VALUES ('york', 'York', 'GB', 'Europe/London', 'GBP')",
            "cinemas (slug, name, city_id, timezone, currency) SELECT slug, name, id, timezone, currency FROM cities",
            "price_lists (cinema_id, name, currency) SELECT id, 'Standard', currency FROM cinemas",
            "price_lists (cinema_id, name, currency, version, replaces_id) "
            "SELECT cinema_id, name, currency, 2, id FROM price_lists",
        ):
            database.execute(f"INSERT INTO {row}")
    done = flask(found, "db", "downgrade", before)
    assert done.returncode == 0, done.stderr
    assert schema(found) == first
    with connect(found.database_url) as database:
        names = database.execute("SELECT name FROM price_lists ORDER BY id").fetchall()
    assert names == [("Standard",), ("Standard, version 2",)]


def test_demand_rules_stay_about_every_show_and_those_about_some_go_off_when_taken_back(make):
    found, before = make("demand"), str(ScriptDirectory(str(ROOT / "migrations")).get_revision("0021").down_revision)
    flask(found, "db", "upgrade", before)
    first = schema(found)
    with connect(found.database_url) as database:
        for row in (
            "cities (slug, name, country_code, timezone, currency) VALUES ('york', 'York', 'GB', 'Europe/London', 'GBP')",
            "cinemas (slug, name, city_id, timezone, currency) SELECT slug, name, id, timezone, currency FROM cities",
            "demand_rules (cinema_id, reason, percent) SELECT id, 'Popular', 15 FROM cinemas",
        ):
            database.execute(f"INSERT INTO {row}")
    assert flask(found, "db", "upgrade", "0021").returncode == 0
    with connect(found.database_url) as database:
        rule = database.execute(
            "SELECT movie_id, formats, weekdays, from_time, until_time FROM demand_rules"
        ).fetchone()
        assert rule == (None, [], [1, 2, 3, 4, 5, 6, 7], None, None)
        database.execute(
            "INSERT INTO demand_rules (cinema_id, reason, percent, formats) SELECT id, 'IMAX', 5, '{IMAX}' FROM cinemas"
        )
    done = flask(found, "db", "downgrade", before)
    assert done.returncode == 0, done.stderr
    assert schema(found) == first
    with connect(found.database_url) as database:
        rules = database.execute("SELECT reason, active FROM demand_rules ORDER BY id").fetchall()
    assert rules == [("Popular", True), ("IMAX", False)]


# What the application's role may do


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state_changes SET actor = 'nobody'",
        "DELETE FROM state_changes",
        "TRUNCATE state_changes",
        "UPDATE ledger_entries SET amount_minor = 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_accounts SET kind = 'asset'",
        "DELETE FROM ledger_accounts",
        "UPDATE audit_entries SET reason = 'another'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "UPDATE invoices SET total_minor = 0",
        "DELETE FROM invoices",
        "TRUNCATE invoices",
        "TRUNCATE bookings CASCADE",
        "ALTER TABLE state_changes DISABLE TRIGGER ALL",
        "DROP TABLE state_changes",
        "CREATE TABLE mine ()",
    ],
)
def test_the_application_can_not_change_what_was_written_down(migrated, statement):
    with connect(migrated.database_url) as app:
        app.execute(
            "INSERT INTO state_changes (show_id, subject, subject_id, after, at, actor) "
            "VALUES (0, 'show', 1, 'draft', now(), 'test')"
        )
        rows = app.execute("SELECT count(*) FROM state_changes").fetchone()
        with suppress(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)
            raise AssertionError(f"{statement} was allowed")
        assert app.execute("SELECT count(*) FROM state_changes WHERE actor = 'test'").fetchone() == rows


def test_the_application_can_not_grant_itself_the_right(migrated):
    with connect(migrated.database_url) as app:
        app.execute("GRANT UPDATE ON state_changes TO CURRENT_USER")  # a warning, and nothing else
        assert app.execute("SELECT has_table_privilege('state_changes', 'UPDATE')").fetchone() == (False,)


def test_the_application_reads_and_writes_everything_else(migrated):
    with connect(migrated.database_url) as app:
        for table in Base.metadata.tables:
            rights = ["SELECT", "INSERT"] + (["UPDATE", "DELETE"] if table not in APPEND_ONLY else [])
            for right in rights:
                allowed = app.execute("SELECT has_table_privilege(%s, %s)", [table, right]).fetchone()
                assert allowed == (True,), f"{right} on {table}"


def test_the_application_owns_nothing(migrated):
    with connect(migrated.database_url) as app:
        assert app.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone() == (0,)
