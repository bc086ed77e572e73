"""Two managers of two cinemas, who edit the same films."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.staff import Role
from app.models import Cinema
from tests.builders import a_cinema, a_person
from tests.support.client import PageClient
from tests.support.staff import signed_in


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent, name="Ruth"))


@pytest.fixture
def joe(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, a_cinema(name="The Lantern"), name="Joe"))
