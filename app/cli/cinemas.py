"""Commands for what a cinema decides for itself."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.domain.refund_policy import BadPolicy, RefundStep, parse_steps
from app.errors import DomainError

HOUSE = "house"
BY_POLICY, IN_FULL = "by-policy", "in-full"


@click.command("refund-policy")
@click.argument("cinema")
@click.argument("steps", required=False)
@click.option("--changes", type=click.Choice([BY_POLICY, IN_FULL]), help="What a change for cheaper seats gives back.")
@with_appcontext
def refund_policy(cinema: str, steps: str | None, changes: str | None) -> None:
    """Show or set what CINEMA gives back for cancelled seats.

    STEPS is MINUTES:PERCENT[:FEE] and more of these with commas between: 1440:100,120:90:50 gives all back until 24 hours
    before the show, and until 2 hours before 90 % less 50 minor units a seat. "none" gives nothing back, "house" goes
    back to REFUND_STEPS. What a change for cheaper seats gives back bears the same steps, or with --changes in-full
    nothing. Bookings keep the policy they were sold with.
    """
    from app.services.refund_policies import refund_policy as policy_of
    from app.services.refund_policies import set_changes_in_full, set_refund_policy

    try:
        if steps is not None:
            set_refund_policy(cinema, _steps(steps))
        if changes is not None:
            set_changes_in_full(cinema, changes == IN_FULL)
        found = policy_of(cinema)
    except (BadPolicy, DomainError) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{cinema} ({'its own policy' if found.own else 'the policy of the house'}):")
    for line in (
        [*[_words(step) for step in found.steps], _changes(found.changes_in_full)] if found.steps else [NOTHING]
    ):
        click.echo(f"  {line}")


def _steps(text: str) -> tuple[RefundStep, ...] | None:
    if text == HOUSE:
        return None
    return () if text == "none" else parse_steps(text)


def _words(step: RefundStep) -> str:
    fee = f", less {step.seat_fee_minor} minor units a seat" if step.seat_fee_minor else ""
    return f"until {step.minutes_before} minutes before the show {step.percent.normalize():f} % comes back{fee}"


NOTHING = "nothing comes back, and no seats are changed"


def _changes(in_full: bool) -> str:
    words = "comes back in full" if in_full else "comes back as of cancelled seats"
    return f"what a change for cheaper seats saves {words}"


CINEMAS = (refund_policy,)
