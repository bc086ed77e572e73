"""Who may import whom: nothing points back up, and the rules stay free of frameworks."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Module, imports, modules, room_of

GROUND = {"money", "clock", "errors"}
BASE = GROUND | {"config", "db", "failpoints", "metrics"}
OUTSIDE = BASE | {"domain", "models", "adapters", "seat_locking", "sandbox_gateway"}
MAY_IMPORT: dict[str, set[str]] = {
    "money": set(),
    "clock": set(),
    "errors": set(),
    "embedded": set(),
    "failpoints": {"config"},
    "config": {"domain"},
    "metrics": set(),
    "db": {"errors", "failpoints"},
    "logs": {"config"},
    "domain": GROUND,
    "models": BASE | {"domain"},
    "seat_locking": BASE | {"domain"},
    "adapters": BASE | {"domain", "sandbox_gateway"},
    "sandbox_gateway": BASE | {"domain", "models", "adapters", "extensions"},
    "extensions": BASE | {"models", "adapters"},
    "queries": BASE | {"domain", "models", "adapters", "seat_locking", "extensions"},
    "services": OUTSIDE - {"sandbox_gateway"} | {"queries", "extensions"},
    "web": OUTSIDE - {"sandbox_gateway"} | {"queries", "services", "extensions"},
    "jobs": OUTSIDE | {"queries", "services", "extensions"},
    "cli": OUTSIDE | {"queries", "services", "extensions", "jobs"},
    "blueprints": OUTSIDE | {"queries", "services", "extensions", "web"},
    "app": {"adapters", "blueprints", "cli", "config", "extensions", "logs", "web"},
}
"""Each room and the rooms it may look into, itself apart."""
FRAMEWORKS = {"flask", "sqlalchemy", "werkzeug", "redis", "rq", "psycopg", "wtforms", "jinja2"}
FRAMEWORKS |= {"flask_sqlalchemy", "flask_login", "flask_wtf", "flask_htmx", "flask_babel", "flask_migrate"}
FLASK = {name for name in FRAMEWORKS if name.startswith("flask")} | {"werkzeug", "wtforms"}
IO = {"os", "socket", "subprocess", "threading", "urllib.request", "http.client"}


def in_room(*rooms: str) -> list[Module]:
    found = [module for module in modules() if module.room in rooms]
    assert found
    return found


def test_every_room_of_the_house_has_its_rule():
    assert {module.room for module in modules()} <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_point_one_way(room):
    wrong = [
        f"{module.where} imports {name}"
        for module in modules()
        if module.room == room
        for name in imports(module)
        if name.split(".")[0] == "app" and room_of(name) not in MAY_IMPORT[room] | {room}
    ]
    assert not wrong


def test_no_two_rooms_import_each_other():
    arrows = {(module.room, room_of(name)) for module in modules() for name in imports(module) if "app." in name}
    both = {(one, other) for one, other in arrows if one < other and (other, one) in arrows}
    # The sandbox stands for another company: the adapter calls it, and it uses our cache of the worker's queue.
    assert both <= {("adapters", "sandbox_gateway")}


def test_the_rules_know_no_framework_and_touch_nothing_outside():
    wrong = [
        f"{module.where} imports {name}"
        for module in in_room("domain", "money", "clock", "errors")
        for name in imports(module)
        if name.split(".")[0] in FRAMEWORKS or any(name == io or name.startswith(f"{io}.") for io in IO)
    ]
    assert not wrong


def test_the_rules_read_no_settings_and_no_clock():
    wrong = [
        f"{module.where} imports {name}"
        for module in in_room("domain")
        for name in imports(module)
        if name.startswith(("app.config", "app.clock"))
    ]
    assert not wrong


def test_services_and_models_know_no_flask():
    wrong = [
        f"{module.where} imports {name}"
        for module in in_room("services", "models", "seat_locking", "sandbox_gateway")
        for name in imports(module)
        if name.split(".")[0] in FLASK
    ]
    assert not wrong


def test_adapters_know_none_of_our_tables():
    """A gateway, a mail server, a printer: what they need they are handed."""
    wrong = [
        f"{module.where} imports {name}"
        for module in in_room("adapters")
        for name in imports(module)
        if name.startswith("app.models")
    ]
    assert not wrong


def test_routes_write_no_sql():
    wrong = [
        f"{module.where} imports {name}"
        for module in in_room("blueprints")
        for name in imports(module)
        if name.split(".")[0] in ("sqlalchemy", "psycopg")
    ]
    assert not wrong


def test_every_module_says_what_lives_in_it():
    assert not [module.where for module in modules() if not ast.get_docstring(module.tree)]
