"""Controls: the same races with a line of defence taken away. A race that can't be lost proves nothing.

Each control repeats until the harm is seen, up to a bound: it can't pass by luck.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.config import Settings
from app.db import db, end_read
from app.embedded import Urls, connect, drop_database
from app.errors import SeatsTaken
from app.seat_locking import STRATEGIES
from app.services import holds, payments
from app.services.holds import Hold
from app.services.promises import check_promises
from tests.builders import a_hold, a_show, a_started_payment, an_event, seat_ids
from tests.races.conftest import CROWD, PATIENCE_SECONDS, app_for_a_crowd, deadlocks
from tests.support.crowd import together
from tests.support.history import overlaps
from tests.support.house import a_copy, clean_house, forget_everything_kept
from tests.support.no_locks import NoLocks, lock_nothing, payment_unlocked

ROUNDS = 25
BUYERS = 8


@pytest.fixture(scope="module")
def no_locks() -> Iterator[None]:
    STRATEGIES["none"] = NoLocks()
    yield
    del STRATEGIES["none"]


@pytest.fixture(scope="module")
def control_urls(urls: Urls) -> Iterator[Urls]:
    """A database that may be spoilt: it is dropped at the end."""
    name = f"marquee_control_{os.getpid()}"
    yield a_copy(urls, name)
    drop_database(urls, name)


@pytest.fixture(scope="module")
def control_app(control_urls: Urls, settings: Settings) -> Iterator[Flask]:
    with app_for_a_crowd(dataclasses.replace(settings, database_url=control_urls.database_url), 2 * BUYERS) as made:
        yield made


@pytest.fixture
def spoilt(control_app: Flask) -> Iterator[Flask]:
    """The application of the controls, in its context. No promise is checked for it at the end."""
    forget_everything_kept()
    with control_app.app_context():
        yield control_app
        db.session.rollback()
        db.session.remove()
    forget_everything_kept()


@pytest.fixture
def without_locks(spoilt: Flask, no_locks: None, monkeypatch: pytest.MonkeyPatch) -> Flask:
    changed = dataclasses.replace(spoilt.extensions["marquee_settings"], seat_locking="none")
    monkeypatch.setitem(spoilt.extensions, "marquee_settings", changed)
    return spoilt


INDEX = "CREATE UNIQUE INDEX uq_tickets_live_seat ON tickets (show_id, seat_id) WHERE state <> 'void'"


@pytest.fixture
def without_index(control_urls: Urls) -> Iterator[None]:
    with connect(control_urls.migration_database_url) as owner:
        owner.execute("DROP INDEX uq_tickets_live_seat")
        yield
        clean_house(control_urls)
        owner.execute(INDEX)


def race(app: Flask) -> tuple[int, list[object]]:
    """Eight buyers for one seat; the show and what each was told."""
    show = a_show()
    seats = seat_ids(show, "C5")
    tasks = [lambda owner=f"s:{one}": holds.hold_seats(show.id, seats, owner) for one in range(BUYERS)]
    return show.id, together(app, tasks)


def winners(results: list[object]) -> int:
    return sum(isinstance(result, Hold) for result in results)


def broken() -> set[int]:
    return {row.number for row in check_promises()}


def test_with_everything_in_place_one_wins_each_time(spoilt):
    for _ in range(5):
        show_id, results = race(spoilt)
        assert winners(results) == 1
        assert overlaps(show_id) == []
    assert broken() == set()


def test_without_the_lock_the_unique_index_still_lets_one_win(without_locks):
    """The last line holds, and the race is real: the index had to refuse somebody."""
    refused_by_index = 0
    for _ in range(ROUNDS):
        _, results = race(without_locks)
        assert winners(results) == 1
        refused_by_index += sum(isinstance(one, SeatsTaken) and not one.details for one in results)
        if refused_by_index > 3:
            break
    assert refused_by_index, "nobody came as far as the index: this race races nothing"
    assert broken() == set()


def test_without_the_lock_and_without_the_index_a_seat_is_sold_twice(without_locks, without_index):
    for _ in range(ROUNDS):
        show_id, results = race(without_locks)
        if winners(results) > 1:
            break
    else:
        pytest.fail(f"no double in {ROUNDS} races: these races can't be lost")
    assert overlaps(show_id), "the history of the seat tells it"
    assert 1 in broken(), "the promise tells it"


def test_without_the_index_the_lock_alone_lets_one_win(spoilt, without_index):
    for _ in range(5):
        show_id, results = race(spoilt)
        assert winners(results) == 1
        assert overlaps(show_id) == []
    assert broken() == set()


def test_seats_locked_in_opposite_orders_deadlock_and_are_counted(control_urls, control_app):
    """What the order of seats prevents, and that counting it would tell."""
    before = deadlocks(control_urls, control_app)
    with ExitStack() as stack:
        one, other = (stack.enter_context(connect(control_urls.migration_database_url)) for _ in range(2))
        one.execute("CREATE TABLE chairs AS SELECT generate_series(1, 2) AS id")
        pool = stack.enter_context(ThreadPoolExecutor(2))
        one.execute("BEGIN")
        other.execute("BEGIN")
        one.execute("SELECT FROM chairs WHERE id = 1 FOR UPDATE")
        other.execute("SELECT FROM chairs WHERE id = 2 FOR UPDATE")
        waits = [
            pool.submit(one.execute, "SELECT FROM chairs WHERE id = 2 FOR UPDATE"),
            pool.submit(other.execute, "SELECT FROM chairs WHERE id = 1 FOR UPDATE"),
        ]
        problems = [wait.exception(PATIENCE_SECONDS) for wait in waits]
        assert [type(one) for one in problems if one] == [psycopg.errors.DeadlockDetected]
        for connection in (one, other):
            connection.execute("ROLLBACK")
            connection.execute(f"SET application_name = '{CROWD}'")  # whose end is waited for
    assert deadlocks(control_urls, control_app) == before + 1


# Settling


def failure_told_at_once(app: Flask) -> tuple[int, list[object]]:
    """One message about a declined payment, told eight times at one instant: mails asked for, and the answers."""
    booking = a_hold(a_show())
    payment = a_started_payment(booking)
    event = an_event(payment, EventKind.FAILED)
    results = together(app, [lambda: payments.settle_payment(event)] * BUYERS)
    rows = db.session.execute(
        text("SELECT 1 FROM messages WHERE show_id = :show AND kind = 'payment_failed'"), {"show": booking.show_id}
    ).all()
    end_read()
    return len(rows), results


def settle_without_locks(monkeypatch) -> None:
    monkeypatch.setattr(payments, "lock_to_settle", lock_nothing)
    monkeypatch.setattr(payments, "lock_payment", payment_unlocked)


def test_with_everything_in_place_a_message_has_one_effect(spoilt):
    for _ in range(3):
        mails, results = failure_told_at_once(spoilt)
        assert mails == 1
        assert sorted(results) == ["failed", *["repeated"] * (BUYERS - 1)]


def test_without_locks_the_event_check_alone_gives_a_message_one_effect(spoilt, monkeypatch):
    settle_without_locks(monkeypatch)
    for _ in range(3):
        mails, results = failure_told_at_once(spoilt)
        assert mails == 1
        assert sorted(results) == ["failed", *["repeated"] * (BUYERS - 1)]


def test_without_the_event_check_the_same_message_is_answered_twice(spoilt, monkeypatch):
    monkeypatch.setattr(payments, "_stored", lambda *_: True)
    mails, results = failure_told_at_once(spoilt)
    assert results.count("repeated") == 0, "nobody knew the message again"
    assert results.count("failed") == mails == 1, "the payment's own lock still gives it one effect"


def test_without_the_event_check_and_without_locks_a_message_has_two_effects(spoilt, monkeypatch):
    settle_without_locks(monkeypatch)
    monkeypatch.setattr(payments, "_stored", lambda *_: True)
    for _ in range(ROUNDS):
        mails, _ = failure_told_at_once(spoilt)
        if mails > 1:
            return
    pytest.fail(f"no double in {ROUNDS} races: these races can't be lost")


def test_without_the_event_check_and_without_locks_settling_a_capture_fails_its_race(spoilt, monkeypatch):
    """Even so the seats are sold once: what refuses the second is the count of its reserved tickets."""
    settle_without_locks(monkeypatch)
    monkeypatch.setattr(payments, "_stored", lambda *_: True)
    for _ in range(ROUNDS):
        booking = a_hold(a_show())
        event = an_event(a_started_payment(booking))
        results = together(spoilt, [lambda e=event: payments.settle_payment(e)] * BUYERS)
        assert [one for one in results if one == "confirmed"] == ["confirmed"]
        if any(isinstance(one, Exception) for one in results):
            return
    pytest.fail(f"no two came together in {ROUNDS} races: these races can't be lost")
