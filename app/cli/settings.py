"""The command that lists every setting as docs/operations.md has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import click

from app.config import ROOT, Settings

NEEDED = ("database_url", "redis_url")


@click.command("settings")
def settings() -> None:
    """Print every setting with its default as a Markdown table. Values in force are not shown: some are secrets."""
    click.echo("\n".join(settings_table()))


def settings_table() -> Iterator[str]:
    """The lines of the table."""
    yield "| name | default | meaning |"
    yield "|---|---|---|"
    for item in dataclasses.fields(Settings):
        yield f"| `{item.name.upper()}` | {_default(item)} | {item.metadata['about']} |"


def _default(item: dataclasses.Field[Any]) -> str:
    if item.metadata["secret"] or item.name in NEEDED:
        return "must be set"
    made = item.default is dataclasses.MISSING
    words = _words(cast(Callable[[], Any], item.default_factory)() if made else item.default)
    return f"`{words}`" if words else ""


def _words(value: Any) -> str:
    """As it would be written in the environment."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ",".join(f"{key}={number}" for key, number in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


SETTINGS = (settings,)
