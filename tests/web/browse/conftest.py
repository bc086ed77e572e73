"""The public programme is looked at on a Friday at noon."""

from __future__ import annotations

import pytest

from tests.support.browse import NOON
from tests.support.clock import MovedClock


@pytest.fixture
def noon(moved_clock: MovedClock) -> MovedClock:
    """It is Friday 20 November, twelve o'clock in London."""
    moved_clock.stop_at(NOON)
    return moved_clock
