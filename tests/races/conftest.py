"""What the races stand on: applications with room for many threads, a running server, and nobody deadlocked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app import create_app
from app.config import Settings
from app.db import db
from app.embedded import Urls, connect
from app.embedded.server import until
from tests.support.server import Server, serve

CROWD = "marquee-crowd"
PATIENCE_SECONDS = 40.0


@contextmanager
def app_for_a_crowd(settings: Settings, pool: int) -> Iterator[Flask]:
    """The application on the same database, with a connection for each of many threads.

    They queue longer than the three seconds that the product waits for a lock: who comes last on a slow machine is not busy.
    """
    made = create_app(dataclasses.replace(settings, database_pool=pool, orphan_seats="off"))
    with made.app_context():
        event.listen(db.engine, "connect", _of_the_crowd)
    yield made
    with made.app_context():
        db.engine.dispose()


def _of_the_crowd(connection: Any, _record: object) -> None:
    connection.execute(f"SET application_name = '{CROWD}'")
    connection.execute(f"SET lock_timeout = '{PATIENCE_SECONDS:.0f}s'")
    connection.commit()


@pytest.fixture(scope="session")
def crowd_app(settings: Settings) -> Iterator[Flask]:
    with app_for_a_crowd(settings, 24) as made:
        yield made


@pytest.fixture
def crowd(app: Flask, crowd_app: Flask) -> Flask:
    """Threads run in this one; builders and checks in `app`. Both see the same empty house."""
    return crowd_app


@pytest.fixture(scope="module")
def no_deadlocks(urls: Urls, crowd_app: Flask) -> Iterator[None]:
    """Fails the module if PostgreSQL counted a deadlock: it was mended by trying again, but should never come."""
    before = deadlocks(urls, crowd_app)
    yield
    assert deadlocks(urls, crowd_app) == before


@pytest.fixture
def no_deadlock(urls: Urls, crowd: Flask) -> Iterator[None]:
    """The same for one test."""
    before = deadlocks(urls, crowd)
    yield
    assert deadlocks(urls, crowd) == before


def deadlocks(urls: Urls, *apps: Flask) -> int:
    """What PostgreSQL has counted. A connection tells what it counted when it ends, so those of the apps are ended."""
    for app in apps:
        with app.app_context():
            db.engine.dispose()
    with connect(urls.migration_database_url) as owner:
        left = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
        assert until(lambda: owner.execute(left, [CROWD]).fetchone() is None, PATIENCE_SECONDS), "a connection stays"
        row = owner.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def server(no_deadlocks: None, test_environment: dict[str, str]) -> Iterator[Server]:
    """The product's web processes; two of them, so that nothing is decided within one."""
    with serve(test_environment, worker=False, WEB_CONCURRENCY="2", ORPHAN_SEATS="off") as running:
        yield running
