"""`flask db`, which is Flask-Migrate's: loaded when it is used, for Alembic is 5 MB that no server process needs."""

from __future__ import annotations

import click
from flask.cli import ScriptInfo

import app.models  # noqa: F401  all tables, for Alembic to compare with
from app.config import ROOT
from app.db import db


@click.command("db", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def migrations(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Change the tables of the database: flask db upgrade."""
    from flask_migrate import Migrate
    from flask_migrate.cli import db as commands

    loaded = ctx.ensure_object(ScriptInfo).load_app()
    Migrate(loaded, db, directory=str(ROOT / "migrations"), compare_type=True)
    commands.main(list(arguments), prog_name="flask db", obj=ctx.obj, standalone_mode=False)


DATABASE = (migrations,)
