"""The clockwork: each task once when it is due, whoever else runs."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from rq import SimpleWorker

from app.extensions import queue
from app.jobs.schedule import STARTING_STEPS, claim, start, wait_for_worker
from app.jobs.tasks import Regular, regular_tasks, run_task
from tests.builders import a_hold, a_show, the_booking


def a_task(ran: list[str], every: int = 60) -> Regular:
    return Regular("expire_holds", dt.timedelta(seconds=every), lambda: ran.append("ran"))


def test_a_task_is_claimed_when_it_is_due_and_not_before(app, moved_clock):
    task = a_task([])
    assert claim(task)
    assert not claim(task)
    moved_clock.forward(seconds=61)
    assert claim(task)


def test_two_schedulers_start_a_task_once(app):
    task, claims = a_task([]), []
    barrier = threading.Barrier(4)

    def scheduler() -> None:
        with app.app_context():
            barrier.wait()
            claims.append(claim(task))

    threads = [threading.Thread(target=scheduler) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False, False, False, True]


def test_without_a_worker_the_schedule_runs_the_task_itself(app):
    ran: list[str] = []
    start(a_task(ran))
    assert ran == ["ran"]
    assert queue.job_ids == []


def test_every_task_runs_by_its_name(app, moved_clock):
    booking = a_hold(a_show())
    moved_clock.forward(minutes=11)
    for task in regular_tasks():
        run_task(task.name)
    assert the_booking(booking.show_id, booking.id).state == "expired"


class Steps(threading.Event):
    """Counts the waits instead of waiting; `meanwhile` is what happens during the second one."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.waits = 0
        self._meanwhile = meanwhile

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        if self.waits == 2:
            self._meanwhile()
        return self.is_set()


def test_the_schedule_waits_for_a_worker_that_is_just_starting(app):
    worker = SimpleWorker([queue], connection=queue.connection)
    steps = Steps(worker.register_birth)
    wait_for_worker(steps)
    worker.register_death()
    assert steps.waits == 2


def test_the_schedule_begins_alone_where_no_worker_comes(app):
    steps = Steps()
    wait_for_worker(steps)
    assert steps.waits == STARTING_STEPS


def test_a_schedule_that_is_told_to_stop_waits_for_nobody(app):
    steps = Steps()
    steps.set()
    wait_for_worker(steps)
    assert steps.waits == 1
