"""What the races stand on: applications with room for many threads, a running server, and nobody deadlocked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.config import Settings
from app.db import db
from app.embedded import Urls, connect
from tests.support.server import Server, serve


@pytest.fixture(scope="session")
def crowd_app(settings: Settings) -> Iterator[Flask]:
    """The application on the same database, with a connection for each of many threads."""
    made = create_app(dataclasses.replace(settings, database_pool=24, orphan_seats="off"))
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def crowd(app: Flask, crowd_app: Flask) -> Flask:
    """Threads run in this one; builders and checks in `app`. Both see the same empty house."""
    return crowd_app


@pytest.fixture(scope="module")
def no_deadlocks(urls: Urls) -> Iterator[None]:
    """Fails the module if PostgreSQL counted a deadlock: it was mended by trying again, but should never come."""
    before = deadlocks(urls)
    yield
    assert deadlocks(urls) == before


def deadlocks(urls: Urls) -> int:
    """What PostgreSQL has counted. Others report when they disconnect, or after some seconds."""
    with connect(urls.migration_database_url) as owner:
        row = owner.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def server(no_deadlocks: None, test_environment: dict[str, str]) -> Iterator[Server]:
    """The product's web processes; two of them, so that nothing is decided within one."""
    with serve(test_environment, worker=False, WEB_CONCURRENCY="2", ORPHAN_SEATS="off") as running:
        yield running
