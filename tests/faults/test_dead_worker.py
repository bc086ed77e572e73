"""A worker that died over a job leaves RQ believing that the job runs: what was to be done must not wait for that."""

from __future__ import annotations

import datetime as dt

from rq import Worker
from rq.job import JobStatus

from app import clock
from app.db import transaction
from app.extensions import queue
from app.jobs.schedule import start
from app.jobs.tasks import Regular
from app.services import outbox
from app.services.outbox import LEASE_SECONDS, Task
from tests.builders import a_hold, a_show


def died_over(job_id: str) -> None:
    """As RQ keeps a job whose worker was killed: started, and in no queue."""
    job = queue.fetch_job(job_id)
    assert job is not None
    job.set_status(JobStatus.STARTED)
    queue.empty()
    job.save()


def an_item() -> tuple[int, int]:
    booking = a_hold(a_show())
    with transaction() as session:
        outbox.put(session, Task.RENDER_TICKETS, clock.now(), booking.show_id, booking.id)
    return outbox.due_items()[0]


def test_the_sweeper_hands_on_an_item_whose_job_died(app):
    _, item_id = an_item()
    died_over(f"outbox-{item_id}")
    assert outbox.sweep_outbox() == 1
    assert queue.job_ids == [f"outbox-{item_id}"]


def test_a_job_that_ends_while_the_sweeper_looks_at_it_does_not_stop_the_sweeper(app, monkeypatch):
    _, item_id = an_item()
    died_over(f"outbox-{item_id}")
    fetch = queue.fetch_job

    def ends_meanwhile(job_id):
        job = fetch(job_id)
        queue.connection.delete(job.key)
        return job

    monkeypatch.setattr(queue._get_current_object(), "fetch_job", ends_meanwhile)
    assert outbox.sweep_outbox() == 1


def test_an_item_that_a_worker_has_is_left_alone_until_its_lease_is_over(app, moved_clock):
    show_id, item_id = an_item()
    assert outbox.take_item(show_id, item_id) is not None
    assert outbox.take_item(show_id, item_id) is None
    moved_clock.forward(seconds=LEASE_SECONDS - 1)
    with outbox.working_on(show_id, item_id):
        outbox.still_at_work()
    moved_clock.forward(seconds=2)
    assert outbox.take_item(show_id, item_id) is None, "who had it said meanwhile that it is still at work"
    assert outbox.due_items() == []
    moved_clock.forward(seconds=LEASE_SECONDS + 1)
    assert outbox.due_items() == [(show_id, item_id)]
    assert outbox.take_item(show_id, item_id) is not None


def test_a_waiting_job_is_not_handed_on_twice(app):
    an_item()
    outbox.sweep_outbox()
    outbox.sweep_outbox()
    assert len(queue.job_ids) == 1


def test_a_regular_task_whose_worker_died_is_started_again_when_it_is_next_due(app, moved_clock, monkeypatch):
    monkeypatch.setattr(Worker, "count", lambda **_: 1)
    moved_clock.stop_at(dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC))
    task = Regular("expire_holds", dt.timedelta(seconds=60), lambda: None)
    start(task)
    start(task)
    waiting = queue.job_ids
    assert len(waiting) == 1
    died_over(waiting[0])
    moved_clock.forward(seconds=60)
    start(task)
    assert len(queue.job_ids) == 1
