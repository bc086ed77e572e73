"""Best available for many at once: they are sent to different places, and nobody is refused one for it."""

from __future__ import annotations

import pytest

from app.adapters.cache import cache
from app.queries.offers import FEW, WINDOW_SECONDS, offer


def pairs(free) -> list[tuple[int, ...]]:
    """The five first pairs of neighbours among the free seats, as a hall in one row has them."""
    seats = sorted(free)
    blocks = [(one, one + 1) for one in seats if one % 2 == 0 and one + 1 in free]
    return blocks[:5]


@pytest.fixture
def hall() -> frozenset[int]:
    return frozenset(range(200))


def test_many_who_ask_are_sent_to_different_places(app, hall):
    offered = [offer(1, hall, pairs) for _ in range(60)]
    assert len(set(offered)) >= 60 - FEW, "but for the first few, nobody meets"


def test_one_who_asks_again_and_again_gets_the_best(app, hall, moved_clock):
    for _ in range(10):
        assert offer(1, hall, pairs)[0] < 2 * 5
        moved_clock.forward(seconds=2 * WINDOW_SECONDS)


def test_what_nobody_took_is_offered_again(app, moved_clock):
    few = frozenset(range(4))
    assert {offer(1, few, pairs) for _ in range(40)} == {(0, 1), (2, 3)}


def test_a_full_hall_offers_nothing(app):
    assert offer(1, frozenset(), pairs) == ()


def test_shows_do_not_count_for_one_another(app, hall):
    for _ in range(40):
        offer(1, hall, pairs)
    assert offer(2, hall, pairs)[0] < 10


def test_without_valkey_it_is_one_of_the_best(app, hall, monkeypatch):
    monkeypatch.setattr(type(cache._get_current_object()), "resting", True)
    assert all(offer(1, hall, pairs)[0] < 10 for _ in range(20))
