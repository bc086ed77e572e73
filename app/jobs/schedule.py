"""The clockwork: one supervised process that hands regular tasks to the worker when they are due.

A row lock in PostgreSQL makes sure that two of these processes don't start a task twice; if Valkey is gone the
schedule does the work itself, so that holds still expire and mail still goes out.
"""

from __future__ import annotations

import signal
import threading

import structlog
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import DuplicateJobError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.db import db, transaction
from app.extensions import queue
from app.jobs.tasks import Regular, regular_tasks

log = structlog.get_logger(__name__)

JOB = "app.jobs.tasks.run_task"
STEP_SECONDS = 1.0
STARTING_STEPS = 10
"""How often to look for the worker before standing in for it."""
LEAST_STRETCH_SECONDS = 30

_MAKE = text("INSERT INTO schedule_marks (task) VALUES (:task) ON CONFLICT DO NOTHING")
_LOCK = text("SELECT last_at FROM schedule_marks WHERE task = :task FOR UPDATE SKIP LOCKED")
_MARK = text("UPDATE schedule_marks SET last_at = :now WHERE task = :task")


def run_schedule() -> None:
    """Until SIGTERM or SIGINT: look every second what is due."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    tasks = regular_tasks()
    wait_for_worker(stop)
    while not stop.is_set():
        _step(tasks)
        stop.wait(STEP_SECONDS)


def wait_for_worker(stop: threading.Event) -> None:
    """Both are started together, and a worker that is coming need not be stood in for."""
    for _ in range(STARTING_STEPS):
        try:
            if Worker.count(queue=queue) or stop.wait(STEP_SECONDS):
                return
        except (RedisError, OSError):
            return


def _step(tasks: list[Regular]) -> None:
    for task in tasks:
        try:
            if claim(task):
                start(task)
        except SQLAlchemyError as problem:
            log.error("schedule_waits", task=task.name, problem=type(problem).__name__)
            db.session.rollback()
            return
        finally:
            db.session.remove()


def claim(task: Regular) -> bool:
    """Whether the task is due and ours to start; marks it started."""
    with transaction() as session:
        session.execute(_MAKE, {"task": task.name})
        row = session.execute(_LOCK, {"task": task.name}).one_or_none()
        now = clock.now()
        if row is None or (row.last_at is not None and row.last_at > now - task.every):
            return False
        session.execute(_MARK, {"task": task.name, "now": now})
    return True


def start(task: Regular) -> None:
    """Hand it to the worker; with no worker or no Valkey, do it here."""
    try:
        if Worker.count(queue=queue):
            queue.enqueue(JOB, task.name, job_id=job_id(task), unique=True, result_ttl=0, failure_ttl=60)
            return
    except DuplicateJobError:
        return
    except (RedisError, OSError) as problem:
        log.warning("schedule_works_alone", task=task.name, problem=type(problem).__name__)
    (task.alone or task.run)()


def job_id(task: Regular) -> str:
    """One job at a time in each stretch of 30 s or more: a worker that died over the task leaves a job that RQ calls
    started for minutes, and the next stretch must not wait for it."""
    stretch = max(LEAST_STRETCH_SECONDS, int(task.every.total_seconds()))
    return f"task-{task.name}-{int(clock.now().timestamp()) // stretch}"
