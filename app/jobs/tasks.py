"""What the schedule hands to the worker, by name, and how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from app.config import settings
from app.jobs.outbox import run_due_items
from app.services.gift_cards import abandon_gift_cards
from app.services.holds import expire_holds
from app.services.outbox import sweep_outbox
from app.services.payments import reconcile_payments


@dataclass(frozen=True, slots=True)
class Regular:
    """A task that runs again and again; `every` from one start to the next."""

    name: str
    every: dt.timedelta
    run: Callable[[], object]
    alone: Callable[[], object] | None = None
    """What to do instead where there is no worker to hand work to."""


def regular_tasks() -> list[Regular]:
    tasks = [
        Regular("sweep_outbox", dt.timedelta(seconds=20), sweep_outbox, run_due_items),
        Regular("expire_holds", dt.timedelta(minutes=1), expire_holds),
        Regular("reconcile_payments", dt.timedelta(minutes=1), reconcile_payments),
        Regular("abandon_gift_cards", dt.timedelta(hours=1), abandon_gift_cards),
    ]
    if "sandbox" in settings.gateways:
        from app.sandbox_gateway.messenger import deliver_due_messages

        tasks.append(Regular("sandbox_messages", dt.timedelta(seconds=5), deliver_due_messages))
    return tasks


def run_task(name: str) -> str:
    """The job behind each regular task."""
    task = next(task for task in regular_tasks() if task.name == name)
    return str(task.run())
