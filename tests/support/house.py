"""The tests' database: migrated once, copied for each process, swept between tests."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

import app.models  # noqa: F401
from app.db import Base
from app.embedded import Urls, connect, create_database
from app.embedded.process import alive
from app.queries.browse_cache import GENERATION, forget_listings
from app.queries.browsing.cities import forget_cities
from app.queries.browsing.showings import forget_prices
from app.queries.layouts import forget_kept
from app.queries.seat_map import forget_kept_maps
from app.queries.show_page import forget_shows

ROOT = Path(__file__).resolve().parents[2]


TEMPLATE = "marquee_template"


def migrate(shared: Urls, template: str = TEMPLATE) -> None:
    """Make the template database by running the real migrations, unless one of this very schema is there.

    Test processes of one server do it one after the other; those of another server need not wait for them.
    """
    server = hashlib.sha256(shared.migration_database_url.encode()).hexdigest()[:12]
    with (Path(tempfile.gettempdir()) / f"marquee-template-{os.getuid()}-{server}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _schema_digest()
        if _digest_in(shared, template) == wanted:
            return
        from app.embedded import drop_database

        drop_database(shared, template)
        made = create_database(shared, template)
        _upgrade(made)
        with connect(made.migration_database_url) as database:
            database.execute("CREATE TABLE schema_digest AS SELECT %s::text AS digest", [wanted])


def a_copy(urls: Urls, name: str) -> Urls:
    """A database as the migrations leave it: a copy of the template, once no test process looks at that."""
    for _ in range(20):  # PostgreSQL itself waits five seconds each time
        with suppress(psycopg.errors.ObjectInUse):
            return create_database(urls, name, template=TEMPLATE)
    raise AssertionError("the template is in use all the time")


def _schema_digest() -> str:
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _digest_in(shared: Urls, template: str) -> str | None:
    try:
        with connect(shared.for_database(template).migration_database_url) as database:
            row = database.execute("SELECT digest FROM schema_digest").fetchone()
            return row[0] if row else None
    except psycopg.Error:
        return None


def _upgrade(made: Urls) -> None:
    env = (
        os.environ
        | made.environ()
        | {
            "SECRET_KEY": "k" * 32,
            "TICKET_SIGNING_KEYS": "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "SANDBOX_WEBHOOK_SECRET": "s" * 32,
        }
    )
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)


@contextmanager
def a_valkey_number(url: str) -> Iterator[str]:
    """One of Valkey's numbered databases that no other living test process uses."""
    book = redis.Redis.from_url(url)
    number = next((number for number in range(1, 16) if _claimed(book, number)), None)
    if number is None:
        raise RuntimeError("15 test processes run already")
    try:
        yield url.rsplit("/", 1)[0] + f"/{number}"
    finally:
        book.delete(f"tests:{number}")
        book.close()


def _claimed(book: redis.Redis, number: int) -> bool:
    key = f"tests:{number}"
    owner = book.get(key)
    if owner and alive(int(owner)):
        return False
    if owner:
        book.delete(key)
    return bool(book.set(key, os.getpid(), nx=True))


def close_house() -> None:
    """Let go of the connections that sweeping uses."""
    for kept in _open.values():
        kept.close()
    _open.clear()


_open: dict[str, Any] = {}


def kept_connection(url: str) -> psycopg.Connection:
    """One until close_house(). It gives way long before PostgreSQL looks for deadlocks, which are counted."""
    if url not in _open:
        _open[url] = connect(url)
        _open[url].execute("SET lock_timeout = '300ms'")
        _open[url].execute("SET plan_cache_mode = force_generic_plan")
    return _open[url]


def _valkey(url: str) -> redis.Redis:
    if url not in _open:
        _open[url] = redis.Redis.from_url(url)
    return _open[url]


SWEEPS = 100
CHARTS = {"ledger_accounts"}
"""What the migrations fill and nothing changes."""
_SWEEP = (
    "UPDATE screens SET layout_id = NULL; UPDATE show_seats SET state = 'free', booking_id = NULL, held_until = NULL; "
    + (
        "; ".join(
            f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables) if table.name not in CHARTS
        )
    )
)


def _sweep(owner: psycopg.Connection) -> None:
    """All tables at once. A live server may still be finishing the last test's work between two of them: again then."""
    for last in (*[False] * SWEEPS, True):
        try:
            owner.execute(_SWEEP)
            return
        except (psycopg.errors.ForeignKeyViolation, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if last:
                raise


def clean_house(urls: Urls) -> None:
    """Empty every table and the Valkey database. Ids go on rising, so nothing kept by id can be stale."""
    _sweep(kept_connection(urls.migration_database_url))
    valkey = _valkey(urls.redis_url)
    generation = int(valkey.get(GENERATION) or 0)
    valkey.flushdb()
    valkey.set(GENERATION, generation + 1)


def forget_everything_kept() -> None:
    """What this process keeps between requests is of the last test's house."""
    for forget in (forget_kept, forget_kept_maps, forget_listings, forget_cities, forget_prices, forget_shows):
        forget()
