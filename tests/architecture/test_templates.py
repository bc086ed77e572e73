"""Templates: fragments begin with _, nothing is inline, pages extend the base, and what is rendered exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, modules

FOLDER = ROOT / "app" / "templates"
WEB = [path for path in sorted(FOLDER.rglob("*.html")) if path.parts[-2] not in ("mail", "pdf")]
"""Mails and PDF are not pages: a mail client knows no other style than an inline one."""
STYLE = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
HANDLER = re.compile(r"\son[a-z]+\s*=|\shx-on[:-]|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE)
ELSEWHERE = re.compile(r"(src|href|action|hx-get|hx-post)\s*=\s*[\"']?\s*(https?:)?//", re.IGNORECASE)


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", WEB, ids=name)
def test_nothing_is_inline_and_nothing_comes_from_another_host(path):
    words = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    for wrong in (STYLE, HANDLER, SCRIPT, ELSEWHERE):
        assert not wrong.search(words), wrong.search(words)


@pytest.mark.parametrize("path", WEB, ids=name)
def test_what_is_not_a_page_is_named_a_fragment(path):
    """A page extends a frame, a fragment begins with _, a collection of macros lives in components."""
    words = path.read_text()
    is_page = "{% extends" in words or "<!doctype" in words.lower()
    is_fragment = path.name.startswith("_")
    is_macros = path.parent.name == "components"
    assert is_page + is_fragment + is_macros == 1


def _rendered() -> list[tuple[str, str | None]]:
    """(page, fragment) of every render() in the blueprints and the web room."""
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "render":
                page = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
                fragment = next((kw.value for kw in node.keywords if kw.arg == "fragment"), None)
                if page:
                    found.append((page, ast.literal_eval(fragment) if isinstance(fragment, ast.Constant) else None))
    return found


def test_every_template_that_is_rendered_exists():
    assert len(_rendered()) > 15
    for page, fragment in _rendered():
        assert (FOLDER / page).exists(), page
        assert fragment is None or (FOLDER / fragment).exists(), fragment


def test_a_fragment_of_a_page_begins_with_an_underscore():
    for page, fragment in _rendered():
        if fragment:
            assert Path(fragment).name.startswith("_"), fragment
            assert not Path(page).name.startswith("_"), page


@cache
def _included(template: str) -> frozenset[str]:
    """Templates that this one contains, directly or through others."""
    words = (FOLDER / template).read_text()
    direct = set(re.findall(r"\{%-?\s*(?:include|extends|import|from)\s+[\"']([^\"']+)[\"']", words))
    return frozenset(direct.union(*(_included(one) for one in direct)))


def test_a_page_includes_the_fragment_that_renews_it():
    """Otherwise the page and its refresh drift apart."""
    apart = {("shows/show.html", "shows/_refused.html")}
    """A refusal is not part of the page: it holds the bar, which is, and seats as out-of-band swaps."""
    for page, fragment in _rendered():
        if fragment and (page, fragment) not in apart:
            assert fragment in _included(page), f"{page} does not include {fragment}"


def test_the_refusal_holds_the_bar_of_the_page():
    assert "shows/_bar.html" in _included("shows/_refused.html")
    assert "shows/_bar.html" in _included("shows/show.html")


def test_nothing_is_marked_safe_in_a_template():
    """Markup comes from the code that knows it is clean; a template never decides so."""
    for path in sorted(FOLDER.rglob("*.html")):
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text()), name(path)
