"""Commands for the demo house."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.config import settings


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing if there are shows to come.")
@click.option("--force", is_flag=True, help="Load it in production all the same.")
@with_appcontext
def demo(if_empty: bool, force: bool) -> None:
    """Load the demo cinemas: 24 films, four cinemas, a week of shows from now on, some seats sold."""
    from app.services.demo import demo_is_loaded, load_demo, make_demo_staff

    if settings.production and not force:
        raise click.ClickException("This is a production house; --force loads the demo all the same.")
    if if_empty and demo_is_loaded():
        return make_demo_staff()
    from app.sandbox_gateway.sessions import book_demo_payments

    done = load_demo(say=lambda what: click.echo(f"  demo: {what} …"))
    book_demo_payments()
    click.echo(
        f"  demo: {done.films} films, {done.cinemas} cinemas, {done.shows} shows, {done.bookings} bookings added"
    )


@click.command("demo-accounts")
@with_appcontext
def demo_accounts() -> None:
    """Print the demo's visitors and staff that can log in."""
    from app.services.demo import ACCOUNTS, STAFF, STAFF_PASSWORD

    for name, email, password in ACCOUNTS:
        click.echo(f"  {name}: {email} / {password}")
    if not settings.production:
        for name, email, role, _ in STAFF:
            click.echo(f"  {name}, {role.words}: {email} / {STAFF_PASSWORD}")


DEMO = (demo, demo_accounts)
