"""Migrates the database and loads the demo cinema, all in one process: each start of Flask costs a second.

Run by bin/run. The argument names the file that gets what is said of the accounts. DEMO=no, once given, leaves the house
of this VAR_DIR empty for good.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click
from flask.cli import ScriptInfo

from app import create_app

OWN_HOUSE = """This house has no demo. An administrator is made by

    VAR_DIR={folder} bin/flask create-staff you@example.org --role admin --name "Your name"

and opens a cinema in the browser: the link that it prints, then /staff.
"""


def main(accounts: Path) -> None:
    app = create_app()

    def flask(*arguments: str) -> None:
        info = ScriptInfo(create_app=lambda: app)
        app.cli.main(args=list(arguments), prog_name="flask", obj=info, standalone_mode=False)

    flask("db", "upgrade")
    if stays_empty(Path(os.environ["VAR_DIR"])):
        accounts.write_text(OWN_HOUSE.format(folder=os.environ["VAR_DIR"]))
        return
    flask("demo", "--if-empty")
    with accounts.open("w") as file, contextlib.redirect_stdout(file):
        flask("demo-accounts")


def stays_empty(folder: Path) -> bool:
    """Whether this house has no demo, now or since an earlier start."""
    mark = folder / "no-demo"
    if os.environ.get("DEMO") == "no":
        mark.touch()
    return mark.exists()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except click.ClickException as problem:
        problem.show()
        sys.exit(1)
