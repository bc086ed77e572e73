"""A cinema, its manager, and an administrator."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.staff import Role
from app.models import Cinema
from tests.builders import a_cinema, a_city, a_person
from tests.support.client import PageClient
from tests.support.staff import signed_in


@pytest.fixture
def alma(app: Flask) -> PageClient:
    return signed_in(app, a_person(Role.ADMIN, name="Alma"))


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(a_city("Bath"), name="The Regent")


@pytest.fixture
def ruth(app: Flask, regent: Cinema) -> PageClient:
    return signed_in(app, a_person(Role.MANAGER, regent, name="Ruth"))
