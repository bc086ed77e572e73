"""Requests that truly meet: all of them wait at one lock, and go on when the last has come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from flask import Flask
from sqlalchemy import text

from app.db import db

PATIENCE_SECONDS = 20.0
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def meet_at(app: Flask, lock: str, acts: Sequence[Callable[[], object]]) -> None:
    """Run the acts at once while `lock`, a statement, holds them all back; then let them go and wait for their end.

    Whoever does not stop at the lock goes on as it will, to its end: then the test sees what comes of it.
    """
    threads = [threading.Thread(target=_run, args=(app, act)) for act in acts]
    with db.engine.connect() as holder, db.engine.connect() as watcher:
        holder.execute(text(lock))
        for thread in threads:
            thread.start()
        pause = threading.Event()
        for _ in range(int(PATIENCE_SECONDS / 0.01)):
            alive = sum(thread.is_alive() for thread in threads)
            if watcher.execute(WAITING).scalar_one() >= alive:
                break
            watcher.rollback()
            pause.wait(0.01)
        holder.rollback()
    for thread in threads:
        thread.join()


def _run(app: Flask, act: Callable[[], object]) -> None:
    with app.app_context():
        try:
            act()
        finally:
            db.session.remove()
