"""How gunicorn serves Marquee, by the environment, and what a web process does when it starts and ends."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from typing import Any

MEMORY = "/dev/shm"  # noqa: S108  gunicorn makes private files in it

M_ARENA_MAX = -8
with contextlib.suppress(OSError, AttributeError):
    # glibc gives each thread an arena, some 7 MB a process; one is enough where one thread computes at a time.
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def usable_cores() -> int:
    """The cores this process may run on: a cpuset or taskset leaves it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 0) or usable_cores()
threads = 4
preload_app = True  # imported once and shared: a quicker start and less memory
control_socket_disable = True
keepalive = 15
graceful_timeout = 10
timeout = 60
worker_tmp_dir = MEMORY if os.path.isdir(MEMORY) else None  # a heartbeat must not wait for a disk
loglevel = os.environ.get("GUNICORN_LOG_LEVEL") or "warning"
accesslog = None


def when_ready(server: Any) -> None:
    """What is loaded by now stays: the collector, which writes into all it looks at, would unshare it in each process."""
    _make_ready(server.app.wsgi(), "before_fork")
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Connections of the parent must not be shared: the application says how it lets go of them."""
    _make_ready(worker.app.wsgi(), "after_fork")


def _make_ready(app: Any, moment: str) -> None:
    ready = app.extensions.get(moment)
    if ready:
        ready()


def child_exit(server: Any, worker: Any) -> None:
    """The figures of a web process that is gone are no longer counted as live."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
