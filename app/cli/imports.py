"""Commands that take in files: films, cinemas, seating plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from app.errors import DomainError
from app.services.importing import Imported, import_cinemas, import_movies, import_plan

A_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@click.command("import-movies")
@A_FILE
@DRY_RUN
@click.option("--posters", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of the posters.")
@with_appcontext
def movies(file: Path, dry_run: bool, posters: Path | None) -> None:
    """Take in films from a CSV file: comma, semicolon or tab; bad rows are told and passed over."""
    _tell(_refusable(import_movies, file.read_bytes(), posters=posters, dry_run=dry_run), "films", dry_run)


@click.command("import-cinemas")
@A_FILE
@DRY_RUN
@with_appcontext
def cinemas(file: Path, dry_run: bool) -> None:
    """Take in cinemas, and the cities they stand in, from a CSV file."""
    _tell(_refusable(import_cinemas, file.read_bytes(), dry_run=dry_run), "cinemas", dry_run)


@click.command("import-plan")
@A_FILE
@click.option("--cinema", required=True, help="The cinema's address part (slug) or its id in the imported file.")
@click.option("--screen", required=True, help="The screen's name; it is made if it is new.")
@click.option("--kind", "kinds", multiple=True, metavar='"Category=kind"', help="What kind of seat a category is.")
@DRY_RUN
@with_appcontext
def plan(file: Path, cinema: str, screen: str, kinds: tuple[str, ...], dry_run: bool) -> None:
    """Take in a seating plan in the pretix format as the newest layout of a screen."""
    mapping = dict(kind.rpartition("=")[::2] for kind in kinds)
    done = _refusable(import_plan, file.read_bytes(), cinema=cinema, screen=screen, kinds=mapping, dry_run=dry_run)
    for name in done.unmapped:
        click.echo(f'"{name}" became an ordinary seat; say --kind "{name}=wheelchair" or the like if it is not.')
    click.echo(done.sentence)


def _refusable(service: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return service(*args, **kwargs)
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem


def _tell(done: Imported, what: str, dry_run: bool) -> None:
    for note in (*done.errors, *done.notes):
        column = f", {note.column}" if note.column else ""
        click.echo(f"line {note.line}{column}: {note.reason}")
    would, left_out = "would be " if dry_run else "", len({error.line for error in done.errors})
    click.echo(
        f"{done.added} {what} {would}added, {done.changed} {would}changed, {done.unchanged} unchanged, "
        f"{left_out} {'row' if left_out == 1 else 'rows'} left out."
    )
    raise SystemExit(1 if done.errors and not (done.added or done.changed or done.unchanged) else 0)


IMPORTS = (movies, cinemas, plan)
