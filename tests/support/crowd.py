"""Several threads of one process that begin at the same instant, each with an application context of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from app.db import db

PATIENCE_SECONDS = 60.0


def together(app: Flask, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each task gave, in their order: its value, or the exception it raised."""
    start = threading.Barrier(len(tasks))
    results: list[Any] = [None] * len(tasks)

    def run(place: int) -> None:
        with app.app_context():
            start.wait(PATIENCE_SECONDS)
            try:
                results[place] = tasks[place]()
            except Exception as problem:
                results[place] = problem
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "a task of the crowd hangs"
    return results
