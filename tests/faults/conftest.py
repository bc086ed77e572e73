"""A whole house of its own for the faults: servers that may be killed, a database that may vanish, failpoints."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import create_app
from app.config import read_settings
from app.db import db, end_read
from app.embedded import Postgres, Urls, Valkey
from app.embedded.databases import with_database
from tests.builders import a_show, seat_ids
from tests.support.buyers import Answer, Buyer, Line, a_buyer
from tests.support.house import _upgrade, clean_house, close_house, forget_everything_kept
from tests.support.kept import broken_promises
from tests.support.server import Server, serve

# The log is kept although nothing waits for the disk: a killed server must come back with all it acknowledged.
POSTGRES = {"fsync": "off"}


def patiently(ready: Callable[[], object], seconds: float = 60.0, what: str = "it") -> object:
    """Wait until `ready` gives something, and give that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds} s")


@dataclass
class House:
    """The product's processes on services of their own."""

    postgres: Postgres
    valkey: Valkey
    urls: Urls
    app: Flask
    server: Server
    failpoints: Path
    var_dir: Path

    def arm(self, name: str, passing: int = 1, process: str = "web") -> None:
        """The next web process (or worker) that comes by, or passes so many times, is killed there."""
        (self.failpoints / process / name).write_text(str(passing))

    def fired(self) -> bool:
        return not any(self.failpoints.glob("*/*"))

    @contextlib.contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """These processes hang (SIGSTOP) for a while."""
        for name in names:
            self.server.processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                self.server.processes[name].send_signal(signal.SIGCONT)

    def start_database_again(self) -> None:
        """PostgreSQL comes back. This process drops its dead connections; the product's must manage alone."""
        self.postgres.ensure()
        forget_connections()

    def restart_worker(self) -> None:
        """What honcho or a host does when the worker has died."""
        self.server.processes["worker"].wait(40)
        self.start_worker()

    def start_worker(self) -> None:
        self.server.env["FAILPOINTS"] = str(self.failpoints / "worker")
        self.server.start_worker()

    def ask(self, request: bytes) -> Answer | None:
        """The answer, or None where the server died over it."""
        return asyncio.run(_ask(self.server.port, request))

    def ask_living(self, request: bytes) -> Answer:
        """The answer of a server that is coming back after a death."""
        found = patiently(lambda: self.ask(request), what="an answer")
        assert isinstance(found, Answer)
        return found

    def well(self, request: bytes, times: int = 16) -> bool:
        """Whether the request is served so often in a row that every process must have served it: each may meet a
        connection that died with the database once."""
        answers = (self.ask(request) for _ in range(times))
        return all(answer is not None and answer.status == 200 for answer in answers)

    # A buyer's way through the house

    def hold(self, buyer: Buyer, show_id: int, seats: list[int]) -> str:
        answer = self.ask_living(buyer.hold_by_form(show_id, seats))
        assert answer.held, answer.status
        return answer.code

    def pay_request(self, buyer: Buyer, code: str) -> bytes:
        fields = [("name", "Ada Byron"), ("email", "ada@example.org"), ("method", "sandbox:card")]
        return buyer.post(f"/bookings/{code}/pay", fields)

    def to_gateway(self, buyer: Buyer, code: str) -> str:
        """Start paying; gives the path of the gateway's page."""
        answer = self.ask_living(self.pay_request(buyer, code))
        assert answer.status == 303, answer.status
        assert "/pay/sandbox/" in answer.goes_to, answer.goes_to
        return "/pay/sandbox/" + answer.goes_to.rsplit("/", 1)[1]

    def pay_there(self, buyer: Buyer, page: str, button: str = "pay") -> Answer:
        return self.ask_living(buyer.post(page, [("do", button), ("mode", "card")]))

    def come_back(self, buyer: Buyer, code: str) -> bytes:
        return buyer.get(f"/bookings/{code}/return")

    def buy(self, buyer: Buyer, show_id: int, seats: list[int]) -> str:
        """The whole way; the code of the confirmed booking."""
        code = self.hold(buyer, show_id, seats)
        self.pay_there(buyer, self.to_gateway(buyer, code))
        self.ask_living(self.come_back(buyer, code))
        assert self.state(code) == "confirmed"
        return code

    # What the database says

    def one(self, sql: str, **values: object) -> object:
        value = db.session.execute(text(sql), values).scalar()
        end_read()
        return value

    def state(self, code: str) -> str:
        return str(self.one("SELECT state FROM bookings WHERE code = :code", code=code))

    def undone(self) -> int:
        return int(str(self.one("SELECT count(*) FROM outbox WHERE done_at IS NULL")))

    def seats_free(self, show_id: int) -> int:
        sql = "SELECT count(*) FROM show_seats WHERE show_id = :show_id AND state = 'free'"
        return int(str(self.one(sql, show_id=show_id)))


async def _ask(port: int, request: bytes) -> Answer | None:
    try:
        line = await Line(port).open()
        try:
            return await line.ask(request)
        finally:
            line.close()
    except (OSError, IndexError, asyncio.IncompleteReadError):
        return None


def forget_connections() -> None:
    with contextlib.suppress(OperationalError):  # the first touch of a dead connection
        db.session.remove()
    db.session.remove()
    db.engine.dispose()
    close_house()


@pytest.fixture(scope="session")
def var_dir() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="marquee-faults-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def the_house(var_dir: Path, test_environment: dict[str, str]) -> Iterator[House]:
    postgres, valkey = Postgres(var_dir, POSTGRES), Valkey(var_dir)
    postgres.ensure()
    valkey.ensure()
    try:
        urls = Urls(postgres.url(), postgres.owner_url(), with_database(valkey.url(), "1"))
        _upgrade(urls)
        failpoints = var_dir / "failpoints"
        for process in ("web", "worker"):
            (failpoints / process).mkdir(parents=True)
        env = test_environment | urls.environ() | {"VAR_DIR": str(var_dir)}
        web = {"WEB_CONCURRENCY": "2", "ORPHAN_SEATS": "off", "FAILPOINTS": str(failpoints / "web")}
        with serve(env, worker=False, **web) as server:
            app = create_app(read_settings(env | {"BASE_URL": server.url}))
            made = House(postgres, valkey, urls, app, server, failpoints, var_dir)
            made.start_worker()
            server.env["FAILPOINTS"] = ""
            server.start_schedule()
            yield made
            with app.app_context():
                db.engine.dispose()
    finally:
        valkey.stop()
        postgres.stop()


@pytest.fixture
def house(the_house: House) -> Iterator[House]:
    """The house, empty and whole; every promise is checked at the end, and that all its processes run again."""
    the_house.postgres.ensure()
    close_house()
    the_house.valkey.ensure()
    clean_house(the_house.urls)
    forget_everything_kept()
    shutil.rmtree(the_house.var_dir / "mail", ignore_errors=True)
    with the_house.app.app_context():
        yield the_house
        db.session.rollback()
        broken = broken_promises(the_house.urls)
        db.session.remove()
    assert not broken
    assert the_house.fired(), "a failpoint was armed and nobody came by"


@pytest.fixture
def buyer(house: House) -> Buyer:
    return a_buyer(house.app)


@pytest.fixture
def show(house: House):
    return a_show()


@pytest.fixture
def seats(show) -> list[int]:
    return seat_ids(show, "A1", "A2")
