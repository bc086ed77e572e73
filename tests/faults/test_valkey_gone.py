"""Valkey killed, emptied or hung: browsing, holding and paying go on, and what was to be done is done afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.adapters.cache import REST_SECONDS
from app.jobs.outbox import run_due_items
from app.services.outbox import sweep_outbox
from tests.builders import seat_ids
from tests.faults.conftest import House, patiently
from tests.support.buyers import Answer, Buyer

TOO_SLOW_SECONDS = 20.0


@contextmanager
def killed(house: House) -> Iterator[None]:
    house.valkey.kill()
    yield
    house.valkey.ensure()


@contextmanager
def hung(house: House) -> Iterator[None]:
    pid = house.valkey.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def emptied(house: House) -> Iterator[None]:
    house.app.extensions["redis"].flushdb()
    yield


@pytest.fixture
def with_worker(house: House) -> Iterator[None]:
    """A worker that ended with Valkey is started again, as whoever minds the processes would."""
    yield
    if house.server.processes["worker"].poll() is not None:
        house.start_worker()


def quick(house: House, request: bytes) -> Answer:
    begun = time.monotonic()
    answer = house.ask(request)
    assert answer is not None
    assert time.monotonic() - begun < TOO_SLOW_SECONDS
    return answer


@pytest.mark.parametrize("fault", [killed, emptied, hung])
def test_browsing_holding_and_paying_go_on(house: House, buyer: Buyer, show, seats, with_worker, fault):
    before = house.hold(buyer, show.id, seat_ids(show, "C1", "C2"))
    with fault(house):
        for path in ("/", f"/shows/{show.id}", f"/shows/{show.id}/seats?v=0.0", "/healthz"):
            assert quick(house, buyer.get(path)).status == 200, path
        code = house.buy(buyer, show.id, seats)
        assert house.state(before) == "released", "one buyer, one hold"
        assert quick(house, buyer.get(f"/bookings/{code}")).status == 200
    time.sleep(REST_SECONDS)
    if house.server.processes["worker"].poll() is not None:
        house.start_worker()
    sweep_outbox()
    patiently(lambda: house.undone() == 0, what="tickets and mail, once Valkey is back")


def test_without_valkey_the_schedule_does_the_work_itself(house: House, buyer: Buyer, show, seats, with_worker):
    with killed(house), house.stopped("worker", "schedule"):
        house.buy(buyer, show.id, seats)
        assert house.undone() == 2
        assert run_due_items() == 2
        assert house.undone() == 0


def test_readiness_says_what_is_gone(house: House, buyer: Buyer, with_worker):
    with killed(house):
        answer = quick(house, buyer.get("/readyz"))
        assert answer.status == 503
        assert b'"database":"ok"' in answer.body.replace(b" ", b"")
