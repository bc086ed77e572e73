"""Migrates the database and loads the demo cinema, all in one process: each start of Flask costs a second.

Run by bin/run. The argument names the file that gets what `flask demo-accounts` prints.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click
from flask.cli import ScriptInfo

from app import create_app


def main(accounts: Path) -> None:
    app = create_app()

    def flask(*arguments: str) -> None:
        info = ScriptInfo(create_app=lambda: app)
        app.cli.main(args=list(arguments), prog_name="flask", obj=info, standalone_mode=False)

    flask("db", "upgrade")
    flask("demo", "--if-empty")
    with accounts.open("w") as file, contextlib.redirect_stdout(file):
        flask("demo-accounts")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except click.ClickException as problem:
        problem.show()
        sys.exit(1)
