"""What follows a commit: queued at once, found again by the sweeper, tried again later, given up in the end."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.extensions import queue
from app.jobs import outbox as jobs
from app.services import outbox
from app.services.outbox import Task
from tests.builders import a_hold, a_show


@pytest.fixture
def done(monkeypatch) -> list[int]:
    """Every item becomes a note in this list."""
    notes: list[int] = []
    for task in Task:
        monkeypatch.setitem(jobs.DOERS, task, lambda item: notes.append(item.id))
    return notes


@pytest.fixture
def failing(monkeypatch) -> None:
    def fail(item: object) -> None:
        raise OSError("no route to mail")

    monkeypatch.setitem(jobs.DOERS, Task.RENDER_TICKETS, fail)


def an_item() -> tuple[int, int]:
    booking = a_hold(a_show())
    with transaction() as session:
        outbox.put(session, Task.RENDER_TICKETS, clock.now(), booking.show_id, booking.id)
    row = db.session.execute(text("SELECT show_id, id FROM outbox")).one()
    db.session.commit()
    return row.show_id, row.id


def state(item_id: int):
    row = db.session.execute(text("SELECT * FROM outbox WHERE id = :id"), {"id": item_id}).one()
    db.session.commit()
    return row


def test_a_commit_hands_its_work_to_the_worker_at_once(app):
    _, item_id = an_item()
    assert queue.job_ids == [f"outbox-{item_id}"]


def test_a_rolled_back_transaction_leaves_no_work(app):
    booking = a_hold(a_show())

    def a_use_case_that_fails() -> None:
        with transaction() as session:
            outbox.put(session, Task.RENDER_TICKETS, clock.now(), booking.show_id, booking.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        a_use_case_that_fails()
    assert queue.job_ids == []
    assert outbox.due_items() == []


def test_an_item_is_done_once_however_often_it_runs(app, done):
    show_id, item_id = an_item()
    assert jobs.run_outbox_item(show_id, item_id) == "done"
    assert jobs.run_outbox_item(show_id, item_id) == "nothing to do"
    assert done == [item_id]


def test_a_lost_job_is_found_by_the_sweeper(app, done):
    _, item_id = an_item()
    queue.empty()
    assert outbox.sweep_outbox() == 1
    assert queue.job_ids == [f"outbox-{item_id}"]
    outbox.sweep_outbox()
    assert queue.job_ids == [f"outbox-{item_id}"]


def test_a_failed_item_is_tried_again_later_and_says_why(app, failing, moved_clock):
    show_id, item_id = an_item()
    assert jobs.run_outbox_item(show_id, item_id) == "postponed"
    row = state(item_id)
    assert (row.attempts, row.failure) == (1, "OSError: no route to mail")
    assert row.due_at > clock.now()
    assert jobs.run_outbox_item(show_id, item_id) == "nothing to do"
    moved_clock.forward(minutes=1)
    assert outbox.due_items() == [(show_id, item_id)]


def test_pauses_grow_and_staff_is_told_in_the_end(app, failing, moved_clock):
    show_id, item_id = an_item()
    pauses = []
    for _ in range(outbox.GIVE_UP_AFTER):
        jobs.run_outbox_item(show_id, item_id)
        pauses.append(state(item_id).due_at - clock.now())
        moved_clock.forward(hours=1)
    assert pauses[0] < pauses[1] < pauses[4]
    assert max(pauses) <= dt.timedelta(seconds=outbox.LAST_RETRY_SECONDS)
    assert outbox.due_items() == []
    kinds = db.session.execute(text("SELECT kind FROM alerts")).scalars().all()
    assert kinds == ["outbox_given_up"]


def test_without_a_worker_the_schedule_does_the_work(app, done):
    an_item()
    assert jobs.run_due_items() == 1
    assert len(done) == 1


def test_a_hopeless_item_is_given_up_at_once(app, monkeypatch, moved_clock):
    class NoSuchMailbox(Exception):
        permanent = True

    def refuse(item: object) -> None:
        raise NoSuchMailbox

    monkeypatch.setitem(jobs.DOERS, Task.RENDER_TICKETS, refuse)
    show_id, item_id = an_item()
    jobs.run_outbox_item(show_id, item_id)
    moved_clock.forward(hours=2)
    assert outbox.due_items() == []
    assert db.session.execute(text("SELECT kind FROM alerts")).scalars().all() == ["outbox_given_up"]
