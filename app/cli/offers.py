"""Commands for coupons: make one or many, list them, change one, take one out of use and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from flask.cli import with_appcontext

from app.domain.coupons import CouponKind
from app.domain.csv_lines import csv_line
from app.domain.local_time import BadTime, instant_of
from app.errors import DomainError
from app.models import Coupon
from app.money import CURRENCIES, BadAmount, format_money, read_amount

if TYPE_CHECKING:
    from app.queries.coupons import CouponRow
    from app.services.offers import NewCoupon

T = TypeVar("T")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
INSTANT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%d"])


NONE = object()
"""The word "none": without this term."""


class OrNone(click.ParamType[Any]):
    """A value of this type, or the word none."""

    def __init__(self, kind: click.ParamType[Any]) -> None:
        self.kind, self.name = kind, kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return NONE if value == "none" or value is NONE else self.kind.convert(value, param, ctx)


WORDS, NUMBER = OrNone(click.STRING), OrNone(click.INT)
TERMS = (
    click.option("--name", help="What the bill calls it."),
    click.option("--percent", type=WORDS, help="How much of the tickets it takes off."),
    click.option("--amount", type=WORDS, help="A fixed amount it takes off, such as 5.00."),
    click.option("--max", "most", type=WORDS, help="The most a percentage takes off."),
    click.option("--min", "least", type=WORDS, help="The least that the tickets must cost."),
    click.option("--currency", type=WORDS, help="Of these amounts; with one, it is good only there."),
    click.option("--from", "start", type=OrNone(INSTANT), help='Not before, "2026-12-01" or "2026-12-01 10:00".'),
    click.option("--until", "end", type=OrNone(INSTANT), help="Not from this instant on."),
    click.option("--zone", default="UTC", show_default=True, help="Whose clocks --from and --until are on."),
    click.option("--limit", type=NUMBER, help="How often it may be used in all."),
    click.option("--per-person", type=NUMBER, help="How often one account or e-mail address may use it."),
    click.option("--film", type=WORDS, help="Only for this film, by its name in addresses."),
    click.option("--cinema", type=WORDS, help="Only for this cinema, by its name in addresses."),
    click.option("--days", type=WORDS, help="Only for shows of these weekdays: mon,tue."),
    click.option("--types", type=WORDS, help="Only for these tickets: adult,child,senior,student."),
    click.option("--stackable/--alone", default=None, help="May stand beside other stackable ones, or only alone."),
)
FIELDS = {
    "name": "name",
    "percent": "percent",
    "amount": "amount_minor",
    "most": "max_minor",
    "least": "min_minor",
    "currency": "currency",
    "start": "starts_at",
    "end": "ends_at",
    "limit": "total_limit",
    "per_person": "person_limit",
    "film": "movie",
    "cinema": "cinema",
    "days": "weekdays",
    "types": "ticket_types",
    "stackable": "stackable",
}
"""Option → what it is of a NewCoupon."""


def _terms(command: Callable[..., None]) -> Callable[..., None]:
    """With an option for everything that a coupon can promise."""
    for option in reversed(TERMS):
        command = option(command)
    return command


@click.command("create-coupon")
@click.argument("code")
@_terms
@with_appcontext
def create(code: str, **options: Any) -> None:
    """Make a coupon that takes a percentage or an amount off the tickets."""
    from app.services.offers import create_coupon

    _or_say_why(lambda: create_coupon(_new(code, options)))
    click.echo(f"Coupon {code.upper()} is in use.")


@click.command("create-coupons")
@click.argument("prefix")
@click.argument("count", type=int)
@_terms
@with_appcontext
def create_many(prefix: str, count: int, **options: Any) -> None:
    """Make COUNT codes of one use each that begin with PREFIX, and print them as a CSV file.

    Each is good once; --limit is not for these.
    """
    from app.services.offers import create_batch

    if options["limit"] is not None:
        raise click.ClickException("Each code of a batch is good once: leave --limit out.")
    new = _new(prefix, options)
    made = _or_say_why(lambda: create_batch(new, count))
    lines = [csv_line(("code", "name")), *(csv_line((code, new.name)) for code in made)]
    click.echo("".join(lines), nl=False)


@click.command("change-coupon")
@click.argument("code")
@_terms
@with_appcontext
def change(code: str, **options: Any) -> None:
    """Change what is given of a coupon, and nothing else; the word none takes a term away.

    Once somebody has entered the code, only its name, its time and its limits can change, and no limit goes below what is
    used.
    """
    from app.queries.coupons import coupon_by_code, mark_of
    from app.services.offers import change_coupon

    kept = _or_say_why(lambda: coupon_by_code(code))
    seen, before = mark_of(kept.id), _as_new(kept)
    given = {FIELDS[name]: value for name, value in options.items() if name in FIELDS and value is not None}
    typed = _new(kept.code, {**options, "currency": options["currency"] or kept.currency})
    wanted = replace(before, **{field: getattr(typed, field) for field in given})
    if wanted == before:
        click.echo(f"Coupon {kept.code} is like that already.")
        return
    _or_say_why(lambda: change_coupon(wanted, seen))
    click.echo(f"Coupon {kept.code} is changed.")


def _as_new(kept: CouponRow) -> NewCoupon:
    """What it promises now, as it would be asked for."""
    from app.services.offers import NewCoupon

    return NewCoupon(
        code=kept.code,
        name=kept.name,
        percent=kept.percent,
        amount_minor=kept.amount_minor,
        max_minor=kept.max_minor,
        min_minor=kept.min_minor,
        currency=kept.currency,
        starts_at=kept.starts_at,
        ends_at=kept.ends_at,
        total_limit=kept.total_limit,
        person_limit=kept.person_limit,
        movie=kept.film_slug,
        cinema=kept.cinema_slug,
        weekdays=kept.weekdays,
        ticket_types=kept.ticket_types,
        stackable=kept.stackable,
    )


def _or_say_why(act: Callable[[], T]) -> T:
    try:
        return act()
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem


def _new(code: str, given: dict[str, Any]) -> NewCoupon:
    """What the options ask for; "none" asks for nothing."""
    from app.services.offers import NewCoupon

    options: dict[str, Any] = {name: None if value is NONE else value for name, value in given.items()}
    currency = options["currency"] and options["currency"].upper()
    return NewCoupon(
        code=code,
        name=options["name"] or "",
        percent=_percent(options["percent"]),
        amount_minor=_amount(options["amount"], currency),
        max_minor=_amount(options["most"], currency),
        min_minor=_amount(options["least"], currency) or 0,
        currency=currency,
        starts_at=_instant(options["start"], options["zone"]),
        ends_at=_instant(options["end"], options["zone"]),
        total_limit=options["limit"],
        person_limit=options["per_person"],
        movie=options["film"],
        cinema=options["cinema"],
        weekdays=[_weekday(day) for day in _list(options["days"])] or None,
        ticket_types=_list(options["types"]) or None,
        stackable=bool(options["stackable"]),
    )


def _list(typed: str | None) -> list[str]:
    return [part.strip().lower() for part in (typed or "").split(",") if part.strip()]


def _weekday(day: str) -> int:
    if day[:3] not in DAYS:
        raise click.ClickException(f"{day} is no weekday; write {', '.join(DAYS)}.")
    return DAYS.index(day[:3]) + 1


def _percent(typed: str | None) -> Decimal | None:
    try:
        return None if typed is None else Decimal(typed.rstrip("% "))
    except InvalidOperation as problem:
        raise click.ClickException(f"{typed} is no percentage.") from problem


def _amount(typed: str | None, currency: str | None) -> int | None:
    if typed is None:
        return None
    if currency not in CURRENCIES:
        raise click.ClickException("Amounts need a currency: --currency GBP.")
    try:
        return read_amount(typed, currency)
    except BadAmount as problem:
        raise click.ClickException(f"{typed} is no amount of {currency}.") from problem


def _instant(typed: dt.datetime | None, zone: str) -> dt.datetime | None:
    try:
        return typed and instant_of(ZoneInfo(zone), typed)
    except BadTime as problem:
        raise click.ClickException(str(problem)) from problem
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise click.ClickException(f"{zone} is no time zone; write one such as Europe/London.") from problem


@click.command("coupons")
@click.option("--all", "archived", is_flag=True, help="Those out of use too.")
@with_appcontext
def list_coupons(archived: bool) -> None:
    """List the coupons, newest first: what each takes off and how often it is used."""
    from app.services.offers import coupons

    for coupon in coupons(archived):
        uses = f"{coupon.used} of {coupon.total_limit}" if coupon.total_limit else str(coupon.used)
        over = " (out of use)" if coupon.archived_at else ""
        click.echo(f"{coupon.code:20} {_worth(coupon):>14}  used {uses}  {coupon.name}{over}")


def _worth(coupon: Coupon) -> str:
    if coupon.kind == CouponKind.PERCENT:
        return f"{(coupon.percent or Decimal(0)).normalize():f} %"
    return format_money(coupon.amount_minor or 0, coupon.currency or "")


@click.command("archive-coupon")
@click.argument("code")
@click.option("--reason", default="", help="Why, for the audit.")
@with_appcontext
def archive(code: str, reason: str) -> None:
    """Take a coupon out of use. Bookings that are being paid with it keep it."""
    from app.services.offers import archive_coupon

    done = _or_say_why(lambda: archive_coupon(code, reason=reason))
    click.echo(f"Coupon {code.upper()} is out of use{'' if done else ' already'}.")


@click.command("start-coupon")
@click.argument("code")
@with_appcontext
def start(code: str) -> None:
    """Put a coupon back into use; its time and its limits hold as before."""
    from app.services.offers import start_again

    done = _or_say_why(lambda: start_again(code))
    click.echo(f"Coupon {code.upper()} is in use again." if done else f"Coupon {code.upper()} is in use already.")


OFFERS = (create, create_many, list_coupons, change, archive, start)
