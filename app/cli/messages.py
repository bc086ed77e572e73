"""Commands about messages: the delivery log, and sending one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

if TYPE_CHECKING:
    from app.queries.messages import Delivery


@click.command("messages")
@click.option("--failed", is_flag=True, help="Only those that did not go out.")
@click.option("--booking", "code", help="Only those about the booking with this code.")
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
@with_appcontext
def messages(failed: bool, code: str | None, limit: int) -> None:
    """List what was sent to whom, and what the mail server said."""
    from app.errors import NotFound
    from app.queries.messages import delivery_log

    try:
        log = delivery_log(failed=failed, booking_code=code, limit=limit)
    except NotFound as problem:
        raise click.ClickException(problem.message) from problem
    for delivery in log:
        click.echo(_line(delivery))
    click.echo(f"{len(log)} {'message' if len(log) == 1 else 'messages'}.")


def _line(one: Delivery) -> str:
    """One message: what names it, when, what, to whom, how it stands, and what was said."""
    number, when = f"{one.show_id} {one.id}", f"{one.queued_at:%Y-%m-%d %H:%M:%S}Z"
    times = f", {one.attempts} tries" if one.attempts > 1 else ""
    again = f", repeats {one.resend_of}" if one.resend_of else ""
    words = f": {' '.join(one.detail.split())}" if one.detail else ""
    head = f"{number:<14} {when}  {one.kind:<17} {one.channel:<5} {one.booking_code:<12}"
    return f"{head} {one.recipient}  {one.state}{times}{again}{words}"


@click.command("resend-message")
@click.argument("show_id", type=int)
@click.argument("message_id", type=int)
@with_appcontext
def resend(show_id: int, message_id: int) -> None:
    """Send a message again: SHOW_ID MESSAGE_ID as the list of messages begins its lines."""
    from app.errors import NotFound
    from app.services.sending import resend_message

    try:
        new = resend_message(show_id, message_id)
    except NotFound as problem:
        raise click.ClickException(problem.message) from problem
    click.echo(f"Queued as message {show_id} {new}.")


MESSAGES = (messages, resend)
