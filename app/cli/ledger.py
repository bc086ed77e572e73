"""Commands about the books, and about shows that are called off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import click
from flask.cli import with_appcontext

from app.errors import DomainError
from app.money import format_money
from app.queries.ledger import AccountBalance


@click.command("ledger-check")
@with_appcontext
def ledger_check() -> None:
    """Print the trial balance and whatever does not add up; exit 1 if anything doesn't."""
    from app.queries.ledger import trial_balance
    from app.services.ledger_promises import LEDGER
    from app.services.promises import check_promises

    accounts = trial_balance()
    for currency, rows in groupby(accounts, lambda row: row.currency):
        click.echo("\n".join(_table(currency, list(rows))) + "\n")
    if not accounts:
        click.echo("Nothing is booked yet.")
    broken = list(check_promises({promise.number for promise in LEDGER}))
    for row in broken:
        click.echo(f"{row.promise}\n     {row.row}")
    click.echo(_verdict(len(broken)))
    raise SystemExit(1 if broken else 0)


def _verdict(broken: int) -> str:
    if broken > 1:
        return f"{broken} things in the books do not add up."
    return "One thing in the books does not add up." if broken else "The books add up."


def _table(currency: str, rows: Sequence[AccountBalance]) -> list[str]:
    """The accounts of one currency, each with its balance on the side where it stands, and the sums of both sides."""
    balances = [row.balance_minor for row in rows]
    debits, credits = sum(minor for minor in balances if minor > 0), -sum(minor for minor in balances if minor < 0)
    lines = [(row.account, row.kind, row.name, *_sides(row.balance_minor, currency)) for row in rows]
    total = (currency, "", "Sum", format_money(debits, currency), format_money(credits, currency))
    return _aligned([("ACCOUNT", "KIND", "WHAT IT HOLDS", "DEBIT", "CREDIT"), *lines, total])


def _sides(minor: int, currency: str) -> tuple[str, str]:
    words = format_money(abs(minor), currency)
    return (words, "") if minor >= 0 else ("", words)


def _aligned(rows: Iterable[Sequence[str]], numbers: int = 2) -> list[str]:
    """Rows as columns of one width; the last ones, which hold numbers, stand to the right."""
    table = list(rows)
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    first = len(widths) - numbers
    return [
        "  ".join(
            cell.rjust(width) if place >= first else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


@click.command("booking-ledger")
@click.argument("code")
@with_appcontext
def booking_ledger(code: str) -> None:
    """Print everything that was booked for one booking, in the order it was written."""
    from app.queries.bookings import find_booking
    from app.queries.ledger import entries_of_booking

    booking = find_booking(code)
    if booking is None:
        raise click.ClickException("There is no such booking.")
    lines = entries_of_booking(booking.show_id, booking.id)
    if not lines:
        click.echo("Nothing is booked for it.")
        return
    rows = [
        (f"{line.at:%Y-%m-%d %H:%M:%S}", line.key, line.account, line.party, *_sides(line.amount_minor, line.currency))
        for line in lines
    ]
    click.echo("\n".join(_aligned([("WHEN (UTC)", "WHAT", "ACCOUNT", "OF", "DEBIT", "CREDIT"), *rows])))


@click.command("cancel-show")
@click.argument("show_id", type=int, metavar="ID")
@click.option("--reason", help="Why; the buyers are told so.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_appcontext
def cancel_show(show_id: int, reason: str | None, yes: bool) -> None:
    """Call a show off: sales stop at once, every booking is refunded in full. Again: how far that has come."""
    from app.domain.staff import COMMAND
    from app.queries.show_cancellation import show_cancellation_progress, sold_to_refund
    from app.services.show_cancelling import cancel_show as call_off

    progress = show_cancellation_progress(show_id)
    if progress is None:
        if not reason:
            raise click.ClickException("Say why with --reason; the buyers are told so.")
        click.echo(sold_to_refund(show_id).sentence)
        if not yes:
            click.confirm(f"Call show {show_id} off?", abort=True)
    try:
        fresh = call_off(COMMAND, show_id, reason or (progress.reason if progress else ""))
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem
    progress = show_cancellation_progress(show_id)
    assert progress is not None, "it was just called off"
    click.echo(
        "The show is called off; nothing of it is sold any more." if fresh else "The show was called off before."
    )
    click.echo(progress.sentence)
    if progress.finished_at is None:
        click.echo("The worker refunds one booking after the other; the same command says how far it is.")


LEDGER = (ledger_check, booking_ledger, cancel_show)
