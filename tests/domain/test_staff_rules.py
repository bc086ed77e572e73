"""Where roles hold, who gives which, which second factor they need; what an audit entry keeps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from app.domain.audit import Action, differences, plain
from app.domain.staff import By, FactorRule, Grant, Role, factor_rule, may_give, may_manage, reach

ADMIN = Grant(Role.ADMIN, None)
MANAGER = Grant(Role.MANAGER, 1)
SELLER = Grant(Role.BOX_OFFICE, 1)
FAR_SELLER = Grant(Role.BOX_OFFICE, 2)


def test_a_role_reaches_its_cinemas_and_an_admins_every_one():
    assert reach([MANAGER, FAR_SELLER], {Role.MANAGER}).cinema_ids == {1}
    assert reach([MANAGER, FAR_SELLER], set(Role)).cinema_ids == {1, 2}
    assert not reach([MANAGER], {Role.SCANNER})
    assert not reach([], set(Role))
    assert 99 in reach([ADMIN], {Role.SCANNER})
    assert 99 not in reach([MANAGER], {Role.MANAGER})


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", [1, 2, None])
def test_who_gives_what(role: Role, place: int | None):
    assert may_give([ADMIN], role, place)
    assert may_give([MANAGER], role, place) == (role in (Role.BOX_OFFICE, Role.SCANNER) and place == 1)
    assert not may_give([SELLER], role, place)


def test_an_account_is_a_managers_when_every_role_of_it_is():
    assert may_manage([MANAGER], [SELLER])
    assert not may_manage([MANAGER], [SELLER, FAR_SELLER])
    assert not may_manage([MANAGER], [MANAGER])
    assert not may_manage([MANAGER], [])
    assert may_manage([MANAGER], [], [SELLER])
    assert not may_manage([MANAGER], [], [FAR_SELLER])
    assert may_manage([ADMIN], [ADMIN])


def test_the_strictest_rule_of_all_roles_counts():
    rules = {"MANAGER": "required", "BOX_OFFICE": "off"}
    assert factor_rule([SELLER], rules) is FactorRule.OFF
    assert factor_rule([SELLER, MANAGER], rules) is FactorRule.REQUIRED
    assert factor_rule([Grant(Role.SCANNER, 1), SELLER], rules) is FactorRule.OPTIONAL


def test_an_actor_is_an_id_never_a_name():
    assert By(12).actor == "user:12"
    assert By(None).actor == "command"


def test_only_what_changed_is_kept():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2, "c": None}, {"b": 3, "c": 4})
    assert differences({}, {}) == ({}, {})


def test_values_become_what_json_takes():
    at = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert plain({"at": at, "tax": Decimal("5.50"), "role": Role.ADMIN, "ids": {2, 1}, "n": [1, None]}) == {
        "at": "2027-01-01T00:00:00+00:00",
        "tax": "5.50",
        "role": "admin",
        "ids": [1, 2],
        "n": [1, None],
    }


def test_actions_say_what_they_are_done_to():
    assert Action.ROLE_GIVEN.subject == "person"
    assert Action.ROLE_GIVEN.words == "Person: role given"
    assert all(action.subject and "." in action.value and len(action.value) <= 60 for action in Action)
