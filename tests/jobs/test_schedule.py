"""The clockwork: each task once when it is due, whoever else runs."""

from __future__ import annotations

import datetime as dt
import threading

from app.extensions import queue
from app.jobs.schedule import claim, start
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
