"""Which ways to pay a cinema offers."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.errors import DomainError


@click.command("pay-ways")
@click.argument("cinema")
@click.argument("ways", required=False)
@with_appcontext
def pay_ways(cinema: str, ways: str | None) -> None:
    """Show or set the ways to pay of CINEMA: WAYS is gateway:mode,… or "all"."""
    from app.adapters.payments import gateways
    from app.services.paying_ways import offer_ways, ways_of_cinema

    try:
        if ways is not None:
            offer_ways(cinema, None if ways == "all" else [way.strip() for way in ways.split(",") if way.strip()])
        allowed = ways_of_cinema(cinema)
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem
    for name, each in gateways().items():
        for mode in each.modes:
            way = f"{name}:{mode.value}"
            click.echo(f"{'offered' if allowed is None or way in allowed else 'not offered':12} {way}")


PAYMENTS = (pay_ways,)
