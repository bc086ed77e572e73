"""The migrations: they build what the models say, run on a house in use, and leave the application few rights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app.db import Base
from app.embedded import Urls, connect, create_database, drop_database
from app.embedded.postgres import binaries
from tests.support.house import ROOT, _upgrade

OWN = ("alembic_version", "schema_digest")
"""Tables of the migrating itself, and the tests' mark of what they migrated."""
APPEND_ONLY = ("state_changes", "ledger_entries", "ledger_accounts", "audit_entries")


@pytest.fixture(scope="module")
def make(urls: Urls) -> Iterator[Callable[[str], Urls]]:
    """make(name): an empty database that is dropped at the end."""
    names: list[str] = []

    def made(name: str) -> Urls:
        names.append(f"marquee_{name}_{os.getpid()}")
        return create_database(urls, names[-1])

    yield made
    for name in names:
        drop_database(urls, name)


@pytest.fixture(scope="module")
def migrated(make: Callable[[str], Urls]) -> Urls:
    found = make("migrated")
    _upgrade(found)
    return found


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
    secrets = {"SECRET_KEY": "k" * 32, "SANDBOX_WEBHOOK_SECRET": "s" * 32}
    secrets["TICKET_SIGNING_KEYS"] = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *command],
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
    other = make("other")
    _upgrade(other)
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
    for step in [*steps[1:], "head"]:
        done = flask(used, "db", "upgrade", step)
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
