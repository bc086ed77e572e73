"""A show and a held booking that is to be paid."""

from __future__ import annotations

import pytest

from app.models import Show
from tests.builders import a_hold, a_show


@pytest.fixture
def show(app) -> Show:
    return a_show()


@pytest.fixture
def booking(show):
    return a_hold(show, n=2, owner="s:me")
