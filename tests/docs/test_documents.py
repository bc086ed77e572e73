"""The documents say what the code says: settings, promises, commands, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli.settings import settings_table
from app.services.promises import PROMISES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "demo" / "SOURCES.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_BYTES = 120_000


def words(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_table_of_settings_is_what_the_command_prints():
    table = words("docs/operations.md").partition("<!-- settings: flask settings -->")[2]
    assert table.partition("<!-- end of settings -->")[0].strip() == "\n".join(settings_table())


def test_every_promise_that_is_checked_is_told_and_no_other():
    told = [int(number) for number in re.findall(r"^\| (\d+) \|", words("docs/promises.md"), re.MULTILINE)]
    assert told == [promise.number for promise in PROMISES]


def test_every_test_that_the_documents_name_exists():
    named = [name for path in DOCUMENTS for name in re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", path.read_text())]
    assert len(named) > 20
    for name in named:
        file, _, test = name.partition("::")
        assert (ROOT / file).exists(), name
        assert not test or f"def {test}(" in words(file), name


def test_every_flask_command_in_the_documents_exists(the_app):
    known = set(the_app.cli.list_commands(None)) | {"routes"}  # Flask's own
    for path in DOCUMENTS:
        named = re.findall(r"(?:bin/flask|flask --app wsgi|`flask) ([a-z][a-z-]+)", path.read_text())
        assert set(named) <= known, path.name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"""(?:\]\(|src=")([^)"#:]+)(?:#[^)]*)?[)"]""", path.read_text()):
        assert (path.parent / target).exists(), target


def test_links_inside_patterns_lead_to_a_heading():
    text = words("docs/patterns.md")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in re.findall("^## (.+)", text, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "screenshots").glob("*.png")), ids=lambda path: path.name)
def test_screenshots_are_small_and_shown(path):
    assert path.stat().st_size <= MOST_BYTES
    assert f"docs/screenshots/{path.name}" in words("README.md")


def test_every_decision_is_in_the_index_by_its_title():
    pages = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    listed = [f"- [{page.read_text().partition(chr(10))[0].removeprefix('# ')}]({page.name})" for page in pages]
    assert re.findall(r"^- .*", words("docs/adr/README.md"), re.MULTILINE) == listed
