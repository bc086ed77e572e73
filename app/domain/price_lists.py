"""What may stand in a price list: amounts as people type them, and what is wrong with a whole list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from app.domain.pricing import PriceTable, TicketType, percent_of
from app.domain.seat_kinds import kind_of
from app.domain.text import slugify
from app.money import CURRENCIES, BadAmount, format_money, read_amount, write_amount

LISTED = (TicketType.ADULT, TicketType.CHILD, TicketType.SENIOR, TicketType.STUDENT)
"""The ticket types that have prices. A companion beside a wheelchair space is free."""
MOST_MINOR = 100_000_000
"""Ten of these fit into the total of a booking."""
ABSURD = 100
"""So many times another price of the same ticket type is a point left out."""
MOST_CATEGORIES = 60
STANDARD = "standard"
"""The code of ordinary seats begins so."""

Cell = tuple[str, str]
"""Price category, ticket type."""


class BadPrice(ValueError):
    """What was typed is no price; the message is a sentence."""


def read_price(typed: str, currency: str) -> int | None:
    """An amount in whole units, "12.50", in minor units; None for nothing. Raises BadPrice."""
    if not typed.strip():
        return None
    try:
        minor = read_amount(typed, currency)
    except BadAmount as problem:
        raise BadPrice(f"This is no price in {currency}. Type it like {example(currency)}.") from problem
    if minor > MOST_MINOR:
        raise BadPrice(f"A ticket costs at most {format_money(MOST_MINOR, currency)}.")
    return minor


def write_price(minor: int | None, currency: str) -> str:
    """The amount as a form shows it, so that read_price() reads the same: 12.50."""
    return "" if minor is None else write_amount(minor, currency)


def example(currency: str) -> str:
    return write_price(1250 * 10 ** CURRENCIES[currency] // 100, currency)


def rounding_step(currency: str) -> int:
    """What computed prices are rounded to: tenths of a whole unit, tens where there are no parts."""
    digits = CURRENCIES[currency]
    return 10 ** (digits - 1) if digits else 10


def problems(prices: PriceTable, currency: str) -> dict[Cell, str]:
    """What is wrong with which price, in sentences; empty if the list can be sold with."""
    return {**_without_adults(prices), **_far_apart(prices, currency)}


def _without_adults(prices: PriceTable) -> dict[Cell, str]:
    adult = TicketType.ADULT.value
    missing = sorted({category for category, _ in prices} - {category for category, kind in prices if kind == adult})
    return {(one, adult): "Give adults a price too: seats are offered for adults first." for one in missing}


def _far_apart(prices: PriceTable, currency: str) -> dict[Cell, str]:
    lowest: dict[str, int] = {}
    for (_, kind), minor in prices.items():
        if minor:
            lowest[kind] = min(minor, lowest.get(kind, minor))
    return {
        (category, kind): f"{format_money(minor, currency)} is {minor // lowest[kind]} times "
        f"{format_money(lowest[kind], currency)}. Is a point missing?"
        for (category, kind), minor in prices.items()
        if minor and minor >= ABSURD * lowest[kind]
    }


def filled(
    adult_minor: int, extras: Mapping[str, int], shares: Mapping[TicketType, int], step_minor: int = 1
) -> dict[Cell, int]:
    """A whole list out of one price: categories cost `extras` percent more than it, ticket types `shares` percent of
    what adults pay there. Rounded half up to whole steps."""
    return {
        (category, kind.value): percent_of(adult_minor, (100 + extra) * share, 10_000, step_minor)
        for category, extra in extras.items()
        for kind, share in {TicketType.ADULT: 100, **shares}.items()
    }


def at_the_plain_price(categories: Mapping[str, str]) -> frozenset[str]:
    """Of code → name: the first, and what wheelchair users and their companions need; nobody pays more for that."""
    needed = (code for code, name in categories.items() if kind_of(name) in ("wheelchair", "companion"))
    return frozenset((*islice(categories, 1), *needed))


def category_code(name: str) -> str:
    """What a seating plan makes of a category's name."""
    return slugify(name, "category")[:40]


def category_names(layouts: Iterable[Mapping[str, str]], priced: Iterable[str]) -> dict[str, str]:
    """Code → name, standard seats first: as the plans name them, and else what is priced after its code."""
    names = {code: code.replace("-", " ").capitalize() for code in priced}
    for categories in layouts:
        names |= dict(categories)
    return dict(sorted(names.items(), key=lambda one: (not one[0].startswith(STANDARD), one[1].casefold(), one[0])))


def as_words(prices: PriceTable, currency: str) -> dict[str, str]:
    """For the audit: "premium adult" → "1400 GBP", in minor units."""
    return {f"{category} {kind}": f"{minor} {currency}" for (category, kind), minor in sorted(prices.items())}
