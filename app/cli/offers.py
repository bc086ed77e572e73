"""Commands for coupons: make one, list them, take one out of use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from flask.cli import with_appcontext

from app.domain.coupons import CouponKind
from app.domain.local_time import BadTime, instant_of
from app.errors import DomainError
from app.models import Coupon
from app.money import CURRENCIES, BadAmount, format_money, read_amount

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
INSTANT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%d"])


@click.command("create-coupon")
@click.argument("code")
@click.option("--name", required=True, help="What the bill calls it.")
@click.option("--percent", help="How much of the tickets it takes off.")
@click.option("--amount", help="A fixed amount it takes off, such as 5.00.")
@click.option("--max", "most", help="The most a percentage takes off.")
@click.option("--min", "least", help="The least that the tickets must cost.")
@click.option("--currency", help="Of these amounts; with one, it is good only there.")
@click.option("--from", "start", type=INSTANT, help='Not before, "2026-12-01" or "2026-12-01 10:00".')
@click.option("--until", "end", type=INSTANT, help="Not from this instant on.")
@click.option("--zone", default="UTC", show_default=True, help="Whose clocks --from and --until are on.")
@click.option("--limit", type=int, help="How often it may be used in all.")
@click.option("--per-person", type=int, help="How often one account or e-mail address may use it.")
@click.option("--film", help="Only for this film, by its name in addresses.")
@click.option("--cinema", help="Only for this cinema, by its name in addresses.")
@click.option("--days", help="Only for shows of these weekdays: mon,tue.")
@click.option("--types", help="Only for these tickets: adult,child,senior,student.")
@click.option("--stackable", is_flag=True, help="May stand beside other stackable ones.")
@with_appcontext
def create(code: str, **options: Any) -> None:
    """Make a coupon that takes a percentage or an amount off the tickets."""
    from app.services.offers import create_coupon

    _or_say_why(lambda: create_coupon(_new(code, options)))
    click.echo(f"Coupon {code.upper()} is in use.")


def _or_say_why(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except DomainError as problem:
        raise click.ClickException(problem.message) from problem


def _new(code: str, options: dict[str, Any]) -> Any:
    from app.services.offers import NewCoupon

    currency = options["currency"] and options["currency"].upper()
    return NewCoupon(
        code=code,
        name=options["name"],
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
        stackable=options["stackable"],
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
@with_appcontext
def archive(code: str) -> None:
    """Take a coupon out of use. Bookings that are being paid with it keep it."""
    from app.services.offers import archive_coupon

    done = _or_say_why(lambda: archive_coupon(code))
    click.echo(f"Coupon {code.upper()} is out of use{'' if done else ' already'}.")


OFFERS = (create, list_coupons, archive)
