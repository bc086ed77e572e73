"""Which ways to pay a cinema offers, of those that the house has, as a command reads and sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.domain.staff import COMMAND
from app.queries.cinemas import cinema_called, cinema_facts
from app.services.cinemas import change_cinema


def offer_ways(cinema_slug: str, ways: Sequence[str] | None) -> None:
    """Offer these ways (gateway:mode) at a cinema, or all the house has (None).

    Raises NotFound, Invalid, and ConcurrentModification if the cinema is being changed.
    """
    cinema_id = cinema_called(cinema_slug)
    facts = cinema_facts(cinema_id)
    wanted = replace(facts, pay_ways=None if ways is None else tuple(ways))
    change_cinema(COMMAND, cinema_id, facts.seen, wanted, "by a command")


def ways_of_cinema(cinema_slug: str) -> list[str] | None:
    """What the cinema offers; None = everything. Raises NotFound."""
    ways = cinema_facts(cinema_called(cinema_slug)).pay_ways
    return None if ways is None else list(ways)
