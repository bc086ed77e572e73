"""What every test stands on: real PostgreSQL and Valkey, a database of this process's own, an app, clients, a clock."""

from __future__ import annotations

import base64
import datetime as dt
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings, read_settings
from app.db import db
from app.domain.staff import By, Role
from app.embedded import Urls, drop_database, services
from app.models import Cinema, Show
from tests.builders import a_cinema, a_city, a_movie, a_person, a_show
from tests.support.client import PageClient
from tests.support.clock import MovedClock
from tests.support.house import a_copy, a_valkey_number, clean_house, close_house, forget_everything_kept, migrate
from tests.support.kept import broken_promises
from tests.support.server import Server, serve
from tests.support.staff import by

VAR_DIR = Path(os.environ.get("TEST_VAR_DIR") or Path(tempfile.gettempdir()) / f"marquee-tests-{os.getuid()}")
# Tests may lose what they wrote when the machine dies, so the server need not wait for the disk.
POSTGRES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@pytest.fixture(scope="session", autouse=True)
def no_network() -> None:
    """Nothing leaves this machine: a test that tries fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise RuntimeError(f"a test tried to reach {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the servers and outlives the others, which join them."""
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        config.add_cleanup(stack.close)
        stack.enter_context(services(VAR_DIR, settings=POSTGRES))


@pytest.fixture(scope="session")
def urls(worker_id: str) -> Iterator[Urls]:
    """A database and a Valkey number of this test process's own, migrated by the real migrations."""
    with services(VAR_DIR) as shared, a_valkey_number(shared.redis_url) as redis_url:
        migrate(shared)
        name = f"marquee_{worker_id}_{os.getpid()}"
        mine = a_copy(shared, name)
        yield Urls(mine.database_url, mine.migration_database_url, redis_url)
        close_house()
        drop_database(shared, name)


@pytest.fixture(scope="session")
def test_environment(urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of the tests, as a process's environment."""
    return {
        "ENV": "test",
        "SECRET_KEY": "k" * 32,
        "TICKET_SIGNING_KEYS": "1:" + base64.urlsafe_b64encode(bytes(range(32))).decode(),
        "SANDBOX_WEBHOOK_SECRET": "s" * 32,
        "DATABASE_URL": urls.database_url,
        "MIGRATION_DATABASE_URL": urls.migration_database_url,
        "REDIS_URL": urls.redis_url,
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "HOLDS_PER_MINUTE": "0",
        "REQUESTS_PER_MINUTE": "0",
        "LOGINS_PER_MINUTE": "0",
        "CODES_PER_MINUTE": "0",
        "LOG_LEVEL": "ERROR",
    }


@pytest.fixture(scope="session")
def settings(test_environment: dict[str, str]) -> Settings:
    return read_settings(test_environment)


@pytest.fixture(scope="session")
def the_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(request: pytest.FixtureRequest, the_app: Flask, urls: Urls) -> Iterator[Flask]:
    """The application with an empty house, inside an app context; every promise is checked at the end."""
    if "live_server" not in request.fixturenames:
        for server in LIVE:
            server.rest()
    clean_house(urls)
    forget_everything_kept()
    with the_app.app_context():
        yield the_app
        db.session.rollback()
        broken = broken_promises(urls)
        db.session.remove()
    assert not broken


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript that checks every page it gets; post_form() finds the form's token."""
    app.test_client_class = PageClient
    return app.test_client()


@pytest.fixture
def second_client(app: Flask) -> FlaskClient:
    """Another visitor."""
    app.test_client_class = PageClient
    return app.test_client()


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    """The application's clock, to be moved: moved_clock.forward(minutes=11)."""
    return MovedClock(monkeypatch)


@pytest.fixture
def set_setting(the_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Change settings for one test: set_setting(orphan_seats="off")."""
    import dataclasses

    def change(**values: Any) -> None:
        changed = dataclasses.replace(the_app.extensions["marquee_settings"], **values)
        monkeypatch.setitem(the_app.extensions, "marquee_settings", changed)

    return change


@pytest.fixture
def regent(app: Flask) -> Cinema:
    """A cinema with groups. Tests of other things have their own."""
    return a_cinema(a_city("Bristol"), name="The Regent")


@pytest.fixture
def ruth(regent: Cinema) -> By:
    """Its manager."""
    return by(a_person(Role.MANAGER, regent))


@pytest.fixture
def show(regent: Cinema) -> Show:
    """Sixty seats there, in five days."""
    return a_show(60, cinema=regent, movie=a_movie("Metropolis"), starts_in=dt.timedelta(days=5))


LIVE: list[Server] = []


@pytest.fixture(scope="session")
def live_server(test_environment: dict[str, str]) -> Iterator[Server]:
    """The product's own processes on this test process's database; `app` builds in it, work() has the rest done."""
    with serve(test_environment) as server:
        LIVE.append(server)
        yield server
        LIVE.clear()
