"""Which place best-available offers, so that many buyers who ask within seconds are not all sent to the same few.

Places offered lately are kept in Valkey for some seconds and left to those who were told of them. Nothing is held by
an offer, and without Valkey the choice is at random among the best.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Set

from app import clock
from app.adapters.cache import cache

WINDOW_SECONDS = 10
FEW = 5
"""So many offers may meet: one buyer who asks again and again is still offered the best."""
TRIES = 3

Block = tuple[int, ...]


def offer(show_id: int, free_ids: Set[int], blocks_of: Callable[[Set[int]], list[Block]]) -> Block:
    """One of the best blocks of these free seats, passing over what others were offered within 10 to 20 seconds;
    any of the best where nothing else is left, and nothing where there is none."""
    chosen: Block = ()
    for _ in range(TRIES):
        chosen = _choose(free_ids, _lately(show_id), blocks_of)
        if not chosen or _ours(show_id, chosen):
            break
    return chosen


def _choose(free_ids: Set[int], lately: Set[int], blocks_of: Callable[[Set[int]], list[Block]]) -> Block:
    best = blocks_of(free_ids)
    if best and len(lately) >= FEW * len(best[0]):
        best = blocks_of(free_ids - lately) or best
    return random.choice(best) if best else ()  # noqa: S311  fairness, not secrecy


def _lately(show_id: int) -> frozenset[int]:
    window = _window()
    return cache.numbers(_key(show_id, window - 1), _key(show_id, window))


def _ours(show_id: int, block: Block) -> bool:
    """Note the offer; False if somebody was offered one of these seats in the same instant."""
    added = cache.add(_key(show_id, _window()), block, 2 * WINDOW_SECONDS * 1000)
    return added is None or added == len(block)


def _window() -> int:
    return int(clock.now().timestamp()) // WINDOW_SECONDS


def _key(show_id: int, window: int) -> str:
    return f"offers:{show_id}:{window}"
