"""What comes back when seats are given back: a cinema's steps, until when and how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from app.domain.shares import allocate


class CancellationReason(StrEnum):
    """Who gave the seats back. All of their money comes back unless the buyer cancelled, or changed for cheaper ones."""

    BUYER = "buyer"
    EXCHANGE = "exchange"
    SHOW_CANCELLED = "show_cancelled"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class RefundStep:
    """Until `minutes_before` the show begins, `percent` of what was paid comes back, less `seat_fee_minor` a seat."""

    minutes_before: int
    percent: Decimal
    seat_fee_minor: int = 0


SHAPE = "a refund step is MINUTES:PERCENT or MINUTES:PERCENT:FEE in whole numbers, as in 1440:100,120:90"


class BadPolicy(ValueError):
    """A refund policy that says nothing sensible; the message says what."""


def read_steps(data: Iterable[dict[str, Any]]) -> tuple[RefundStep, ...]:
    """The steps from their stored form, the earliest end first. Raises BadPolicy."""
    try:
        steps = [
            RefundStep(int(step["minutes_before"]), Decimal(str(step["percent"])), int(step.get("seat_fee_minor", 0)))
            for step in data
        ]
    except (KeyError, ArithmeticError, ValueError, TypeError) as problem:
        raise BadPolicy(SHAPE) from problem
    return _ordered(steps)


def parse_steps(text: str) -> tuple[RefundStep, ...]:
    """The steps from how people write them: "1440:100,120:90" or "120:90:50" with a fee per seat. Raises BadPolicy."""
    parts = [part.strip().split(":") for part in text.split(",") if part.strip()]
    if any(len(part) not in (2, 3) for part in parts):
        raise BadPolicy(SHAPE)
    names = ("minutes_before", "percent", "seat_fee_minor")
    return read_steps(dict(zip(names, part, strict=False)) for part in parts)


def stored_steps(steps: Sequence[RefundStep]) -> list[dict[str, object]]:
    """The steps as they are kept with a cinema or a booking."""
    return [
        {"minutes_before": step.minutes_before, "percent": str(step.percent), "seat_fee_minor": step.seat_fee_minor}
        for step in steps
    ]


def _ordered(steps: Sequence[RefundStep]) -> tuple[RefundStep, ...]:
    ordered = sorted(steps, key=lambda step: -step.minutes_before)
    if len({step.minutes_before for step in ordered}) != len(ordered):
        raise BadPolicy("two refund steps end at the same time")
    for step in ordered:
        sane = step.percent.is_finite() and 0 <= step.percent <= 100
        if step.minutes_before < 0 or not sane or step.seat_fee_minor < 0:
            raise BadPolicy(f"a refund step is out of bounds: {step.minutes_before}:{step.percent}")
    return tuple(ordered)


def step_at(steps: Sequence[RefundStep], starts_at: dt.datetime, now: dt.datetime) -> RefundStep | None:
    """The step in force, by real hours before the show (clock changes don't move it); None once all are over."""
    return next((step for step in steps if now.astimezone(dt.UTC) <= ends_at(step, starts_at)), None)


def last_end(steps: Sequence[RefundStep], starts_at: dt.datetime) -> dt.datetime | None:
    """When the last step ends, which it still includes; None for a policy without steps."""
    if not steps:
        return None
    return starts_at - dt.timedelta(minutes=min(step.minutes_before for step in steps))


@dataclass(frozen=True, slots=True)
class Return:
    """What comes of giving seats back, in minor units: `value = kept + returned`."""

    value_minor: int
    kept_minor: int
    returned_minor: int


def what_returns(values: Sequence[int], step: RefundStep | None) -> Return:
    """For seats that were paid with these amounts; all of it comes back without a step to say otherwise.

    What is kept is rounded half up once, over all seats.
    """
    value, kept = sum(values), sum(kept_by_seat(values, step))
    return Return(value, kept, value - kept)


def what_a_change_returns(values: Sequence[int], price_minor: int, step: RefundStep | None) -> Return:
    """For seats that were paid with these amounts and changed for others of this price. `returned` pays the new ones first.

    What the new ones don't need comes back as if seats that had cost just that were cancelled: it is shared out among
    the seats as they were paid, and the step keeps its part of each.
    """
    worth = sum(values)
    kept = what_returns(allocate(max(0, worth - price_minor), values), step).kept_minor
    return Return(worth, kept, worth - kept)


def kept_by_seat(values: Sequence[int], step: RefundStep | None) -> list[int]:
    """What is kept of each seat, in minor units: the percentage and the seat's fee, never more than was paid for it.

    The parts sum to the whole that was rounded once: the largest fractions are rounded up, first come first.
    """
    if step is None:
        return [0] * len(values)
    exact = [_kept_exactly(value, step) for value in values]
    parts = [int(amount) for amount in exact]
    left = int(sum(exact, Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_UP)) - sum(parts)
    by_fraction = sorted(range(len(exact)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_fraction[:left]:
        parts[place] += 1
    return parts


def _kept_exactly(value: int, step: RefundStep) -> Decimal:
    """A seat that cost nothing bears no fee."""
    return min(Decimal(value), value * (100 - step.percent) / 100 + (step.seat_fee_minor if value else 0))


def ends_at(step: RefundStep, starts_at: dt.datetime) -> dt.datetime:
    """The last instant of a step, for a show that begins then: real minutes before it, whatever the clocks do."""
    return starts_at.astimezone(dt.UTC) - dt.timedelta(minutes=step.minutes_before)
