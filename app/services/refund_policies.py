"""A cinema's own refund policy, as a command reads and sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.config import settings
from app.domain.refund_policy import RefundStep, parse_steps
from app.domain.staff import COMMAND
from app.queries.cinemas import cinema_called, cinema_facts
from app.services.cinemas import change_cinema


def set_refund_policy(slug: str, steps: Sequence[RefundStep] | None) -> None:
    """Give a cinema a policy of its own, or None for the house's. Bookings keep the one they were sold with.

    Raises NotFound, Invalid, and ConcurrentModification if the cinema is being changed.
    """
    cinema_id = cinema_called(slug)
    facts = cinema_facts(cinema_id)
    wanted = replace(facts, refund_steps=None if steps is None else tuple(steps))
    change_cinema(COMMAND, cinema_id, facts.seen, wanted, "by a command")


def refund_policy(slug: str) -> tuple[tuple[RefundStep, ...], bool]:
    """A cinema's policy, and whether it is its own. Raises NotFound."""
    own = cinema_facts(cinema_called(slug)).refund_steps
    return (parse_steps(settings.refund_steps), False) if own is None else (own, True)
