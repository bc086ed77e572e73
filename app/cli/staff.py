"""Commands for the staff: the first administrator is made here, and a lost second factor is never a locked house."""

from __future__ import annotations

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import with_appcontext

from app.domain.staff import COMMAND, Role
from app.errors import DomainError


@click.command("create-staff")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--cinema", "cinemas", multiple=True, metavar="SLUG", help="Where the role holds; may be given again.")
@click.option("--name", default="", help="What to call them; else the first part of the address.")
@with_appcontext
def create_staff(email: str, role: str, cinemas: tuple[str, ...], name: str) -> None:
    """Make an account for somebody of the staff, or give a role to the one that has this address."""
    from app.services.staff import LINK_DAYS, password_link, staff_by_command

    if role == Role.ADMIN and cinemas:
        raise click.UsageError("An administrator has every cinema; leave --cinema out.")
    if role != Role.ADMIN and not cinemas:
        raise click.UsageError(f"Say where: --role {role} --cinema SLUG. The slug is the end of a cinema's address.")
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True).normalized
        invited = staff_by_command(address, name, Role(role), cinemas)
    except EmailNotValidError as problem:
        raise click.BadParameter(f"{email!r} is not an e-mail address.") from problem
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem
    click.echo(f"{address} is {Role(role).words}{' at ' + ', '.join(cinemas) if cinemas else ' of every cinema'}.")
    if invited is None:
        click.echo("They sign in as before; the role works at once.")
        return
    click.echo(f"Hand this link over; it chooses the password, works once and for {LINK_DAYS} days:")
    click.echo(f"  {password_link(invited.token)}")


@click.command("reset-second-factor")
@click.argument("email")
@click.option("--reason", required=True, help="Kept in the audit.")
@with_appcontext
def reset_second_factor(email: str, reason: str) -> None:
    """Take somebody's second factor away: they set up a new one at the next sign-in."""
    from app.services.second_factors import reset_factor
    from app.services.staff import find_user

    user_id = find_user(email)
    if user_id is None:
        raise click.ClickException(f"There is no account with the address {email}.")
    try:
        reset_factor(COMMAND, user_id, reason)
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem
    click.echo(f"The second factor of {email} is reset, and they are signed out everywhere.")


STAFF = (create_staff, reset_second_factor)
