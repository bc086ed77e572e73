"""Things that may be done in one place only: committing, reading the clock, speaking htmx."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.architecture.source import ROOT, Module, called, modules, texts

CLOCKS = {"time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "time.localtime", "time.gmtime"}
DATE_CALLS = {"now", "utcnow", "today"}
OWN_CLOCK = {"embedded"}
"""Waits for servers to come up before there is an application: not the clock of the business."""


def outside(*names: str) -> list[Module]:
    return [module for module in modules() if module.name not in names and module.room not in OWN_CLOCK]


def test_only_the_database_module_commits():
    wrong = [
        f"{module.where}:{line}"
        for module in outside("app.db")
        for name, line in called(module.tree)
        if name.endswith(".commit")
    ]
    assert not wrong


def test_nobody_begins_a_transaction_of_their_own():
    wrong = [
        f"{module.where}:{line} {name}"
        for module in outside("app.db")
        for name, line in called(module.tree)
        if name.endswith((".begin", ".begin_nested", ".autocommit"))
    ]
    assert not wrong


def test_only_the_clock_module_reads_the_time():
    wrong = [
        f"{module.where}:{line} {name}"
        for module in outside("app.clock")
        for name, line in called(module.tree)
        if _reads_time(name)
    ]
    assert not wrong


def _reads_time(name: str) -> bool:
    owner, _, last = name.rpartition(".")
    is_date = owner.rpartition(".")[2] in ("datetime", "date") or owner == "dt"
    return name in CLOCKS or (last in DATE_CALLS and is_date)


def test_the_check_for_clocks_sees_one():
    assert _reads_time("dt.datetime.now")
    assert _reads_time("datetime.utcnow")
    assert _reads_time("date.today")
    assert _reads_time("time.monotonic")
    assert not _reads_time("clock.now")


def test_statements_take_their_time_from_the_application():
    """now() in PostgreSQL is the start of the transaction, and tests can't move it."""
    wrong = [
        f"{module.where}:{line}"
        for module in modules()
        if module.room not in ("models", "embedded")
        for words, line in texts(module.tree)
        if any(asked in words.lower() for asked in ("now()", "current_timestamp", "clock_timestamp("))
    ]
    assert not wrong


def test_htmx_headers_are_spoken_in_one_room():
    wrong = [
        f"{module.where}:{line} {words!r}"
        for module in modules()
        if module.room != "web"
        for words, line in texts(module.tree)
        if words.upper().startswith("HX-")
    ]
    assert not wrong


def test_work_is_enqueued_by_the_outbox_only():
    allowed = {"app.services.outbox", "app.jobs.schedule", "app.sandbox_gateway.messages"}
    wrong = [
        f"{module.where}:{line} {name}"
        for module in outside(*allowed)
        for name, line in called(module.tree)
        if name.startswith("queue.")
    ]
    assert not wrong


def test_a_use_case_calls_no_other_use_case_inside_its_transaction():
    """A `with transaction():` in a service holds no call of a function that opens one itself."""
    everywhere = set().union(*(_openers(module) for module in modules()))
    public = {name for name in everywhere if not name.startswith("_")} - {"transaction"}
    assert {"hold_seats", "expire_booking"} <= public
    wrong = [
        f"{module.where}:{line} {name}"
        for module in modules()
        if module.room in ("services", "sandbox_gateway", "jobs")
        for block in ast.walk(module.tree)
        if isinstance(block, ast.With) and any("transaction(" in ast.unparse(item) for item in block.items)
        for name, line in called(block)
        if name in public | _openers(module)
    ]
    assert not wrong


@cache
def _openers(module: Module) -> set[str]:
    """The functions of a module that open a transaction, themselves or by functions of the same module."""
    functions = {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    found: set[str] = set()
    while more := {name for name, node in functions.items() if _calls(node) & {"transaction", *found}} - found:
        found |= more
    return found


def _calls(node: ast.AST) -> set[str]:
    return {name for name, _ in called(node)}


def test_failpoints_stand_only_where_something_is_committed_or_handed_on():
    """A failpoint in the middle of other code would be a switch for tests in the product."""
    rooms = {module.room for module in modules() for name, _ in called(module.tree) if name == "failpoint"}
    assert rooms <= {"db", "services", "jobs", "failpoints"}


def test_nothing_points_outside_the_project():
    wrong = [
        f"{path.relative_to(ROOT)}"
        for folder in ("app", "tests", "bin", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__) and _has_machine_path(path)
    ]
    assert not wrong


def _has_machine_path(path: Path) -> bool:
    return any(words.startswith(("/home/", "/root/", "/Users/")) for words, _ in texts(ast.parse(path.read_text())))
