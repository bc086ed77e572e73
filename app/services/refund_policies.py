"""A cinema's own refund policy, as a command reads and sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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


def set_changes_in_full(slug: str, in_full: bool) -> None:
    """Whether a change for cheaper seats gives the difference back in full, or as much of it as the policy says.

    Raises NotFound, and ConcurrentModification if the cinema is being changed.
    """
    cinema_id = cinema_called(slug)
    facts = cinema_facts(cinema_id)
    change_cinema(COMMAND, cinema_id, facts.seen, replace(facts, changes_in_full=in_full), "by a command")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a cinema gives back; `own` says that the steps are not the house's."""

    steps: tuple[RefundStep, ...]
    own: bool
    changes_in_full: bool


def refund_policy(slug: str) -> Policy:
    """A cinema's policy. Raises NotFound."""
    facts = cinema_facts(cinema_called(slug))
    own = facts.refund_steps
    return Policy(parse_steps(settings.refund_steps) if own is None else own, own is not None, facts.changes_in_full)
