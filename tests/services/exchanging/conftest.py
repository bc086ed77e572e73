"""A film, a paid booking for one of its shows, and dearer, cheaper and equal ones."""

from __future__ import annotations

import pytest

from app.models import Booking, Show
from tests.builders import (
    a_movie,
    a_paid_booking,
    a_show,
)
from tests.support.exchanges import (
    CHEAP,
    DEAR,
    ME,
)


@pytest.fixture
def film(app):
    return a_movie("Metropolis")


@pytest.fixture
def old(film) -> Booking:
    """Two seats, A1 and A2, paid with £21.50."""
    return a_paid_booking(a_show(movie=film), owner=ME)


@pytest.fixture
def dearer(film) -> Show:
    return a_show(movie=film, prices=DEAR)


@pytest.fixture
def cheaper(film) -> Show:
    return a_show(movie=film, prices=CHEAP)


@pytest.fixture
def alike(film) -> Show:
    return a_show(movie=film)
