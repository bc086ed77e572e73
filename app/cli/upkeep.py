"""Commands that keep the house in order: holds, promises."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.command("expire-holds")
@with_appcontext
def expire_holds() -> None:
    """Free the seats of every hold whose time is over. For cron; safe beside the worker."""
    from app.services import holds

    count = holds.expire_holds()
    click.echo(f"{count} {'hold' if count == 1 else 'holds'} expired.")


@click.command("check-promises")
@with_appcontext
def check_promises() -> None:
    """Run every promise of the database; prints what breaks one and exits 1."""
    from app.services import promises

    broken = list(promises.check_promises())
    for row in broken:
        click.echo(f"{row.number:3}  {row.promise}\n     {row.row}")
    click.echo(f"{len(promises.PROMISES)} promises looked at, {len(broken)} rows break one.")
    raise SystemExit(1 if broken else 0)


@click.command("rebuild-figures")
@with_appcontext
def rebuild_figures() -> None:
    """Sum up the books anew for all reports. The same figures come out; safe while the house is open."""
    from app.services import rollups

    count = rollups.rebuild()
    click.echo(f"The figures of {count} {'show' if count == 1 else 'shows'} were made anew.")


UPKEEP = (expire_holds, check_promises, rebuild_figures)
