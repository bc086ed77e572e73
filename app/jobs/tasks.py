"""What the schedule hands to the worker, by name, and how often.

The functions are named and imported when they run: the schedule, which mostly leaves that to the worker, stays small.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name

from app.config import settings


@dataclass(frozen=True, slots=True)
class Regular:
    """A task that runs again and again; `every` from one start to the next."""

    name: str
    every: dt.timedelta
    run: Callable[[], object]
    alone: Callable[[], object] | None = None
    """What to do instead where there is no worker to hand work to."""


def named(function: str) -> Callable[[], object]:
    """The function `package.module:name`, looked up when it is called."""
    return lambda: resolve_name(function)()


def regular_tasks() -> list[Regular]:
    tasks = [
        Regular(
            "sweep_outbox",
            dt.timedelta(seconds=20),
            named("app.services.outbox:sweep_outbox"),
            named("app.jobs.outbox:run_due_items"),
        ),
        Regular("expire_holds", dt.timedelta(minutes=1), named("app.services.holds:expire_holds")),
        Regular("reconcile_payments", dt.timedelta(minutes=1), named("app.services.payments:reconcile_payments")),
        Regular("ask_after_refunds", dt.timedelta(hours=1), named("app.services.refunds:ask_after_refunds")),
        Regular("send_reminders", dt.timedelta(minutes=1), named("app.services.reminding:send_reminders")),
        Regular("remind_groups", dt.timedelta(minutes=5), named("app.services.group_reminders:remind_groups")),
        Regular("abandon_gift_cards", dt.timedelta(hours=1), named("app.services.gift_cards:abandon_gift_cards")),
        Regular("judge_demand", dt.timedelta(minutes=1), named("app.services.demand:judge_demand")),
        Regular("roll_up", dt.timedelta(minutes=1), named("app.services.rollups:roll_up")),
        Regular("flush_views", dt.timedelta(minutes=1), named("app.services.views:flush_views")),
        Regular("forget_sent_forms", dt.timedelta(days=1), named("app.services.once:forget_sent_forms")),
        Regular("watch_promises", dt.timedelta(hours=1), named("app.services.watching:watch_promises")),
    ]
    if "sandbox" in settings.gateways:
        deliver = named("app.sandbox_gateway.messenger:deliver_due_messages")
        tasks.append(Regular("sandbox_messages", dt.timedelta(seconds=5), deliver))
    return tasks


def run_task(name: str) -> str:
    """The job behind each regular task."""
    task = next(task for task in regular_tasks() if task.name == name)
    return str(task.run())
