"""What seats cost: ticket types, the lines of a bill, fee and tax. Decimal and rounding live here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from app.domain.coupons import CouponTerms, discounts
from app.domain.shares import allocate


class TicketType(StrEnum):
    ADULT = "adult"
    CHILD = "child"
    SENIOR = "senior"
    STUDENT = "student"
    COMPANION = "companion"


class LineKind(StrEnum):
    TICKET = "ticket"
    DISCOUNT = "discount"
    FEE = "fee"
    TAX = "tax"


TYPE_NAMES = {
    TicketType.ADULT: "Adult",
    TicketType.CHILD: "Child",
    TicketType.SENIOR: "Senior",
    TicketType.STUDENT: "Student",
    TicketType.COMPANION: "Companion",
}

PriceTable = Mapping[tuple[str, str], int]
"""(price category, ticket type) → minor units."""


_TOKEN = re.compile(r"([0-9]{1,15})\.(-?[0-9]{1,3})\.([1-9][0-9]{0,8})\.([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What prices are made of: a price list, and what demand does to it. All prices come from one of these.

    `percent` is signed, of the list's price; `step_minor` is what a changed price is a multiple of.
    """

    price_list_id: int
    percent: int = 0
    step_minor: int = 1

    def of(self, minor: int) -> int:
        """A price of the list as it is sold: in whole steps, never beyond the percent nor to the list's other side.

        So it is rounded towards the list: what a percent promises at most, no price exceeds.
        """
        exact, step = minor * (100 + self.percent), 100 * self.step_minor
        if self.percent > 0:
            return max(minor, exact // step * self.step_minor)
        return min(minor, -(-exact // step) * self.step_minor) if self.percent < 0 else minor


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows prices by: a tariff, and the booking fee of each seat in minor units."""

    tariff: Tariff
    fee_minor: int

    @property
    def token(self) -> str:
        """Names it in a form: 12.15.50.75."""
        tariff = self.tariff
        return f"{tariff.price_list_id}.{tariff.percent}.{tariff.step_minor}.{self.fee_minor}"

    @classmethod
    def named(cls, token: str) -> Shown | None:
        """The one that a form names; None where it names none."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        *tariff, fee_minor = map(int, found.groups())
        return cls(Tariff(*tariff), fee_minor)


NO_TARIFF = Tariff(0)
"""That of no list."""
SHOWN_NOWHERE = Shown(NO_TARIFF, 0)


def changed_table(table: PriceTable, tariff: Tariff) -> PriceTable:
    """A list's prices as the tariff sells them."""
    return {key: tariff.of(minor) for key, minor in table.items()} if tariff.percent else table


class UnknownPrice(ValueError):
    """The price list has no price for this category and ticket type."""


@dataclass(frozen=True, slots=True)
class PricedSeat:
    """A seat to be sold: `free_companion` says that it stands beside a wheelchair space of the same booking."""

    seat_id: int
    label: str
    category: str
    category_name: str
    kind: str
    ticket_type: TicketType
    free_companion: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill. Discounts are taken off; tax is contained in the others and not added."""

    kind: LineKind
    label: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class SeatBill:
    """What one seat costs, in minor units: its price, its share of the fee and the discounts, and the tax inside."""

    price_minor: int
    fee_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def value_minor(self) -> int:
        """What is paid for the seat."""
        return self.price_minor + self.fee_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Quote:
    """What a booking costs, all in minor units of one currency. `total` contains fee and tax, discounts are off.

    `seats` are the shares of each seat, in order; they add up to the booking's amounts. `discounts` says what each
    coupon took off, in order.
    """

    lines: tuple[Line, ...]
    seats: tuple[SeatBill, ...]
    discounts: tuple[int, ...]
    fee_minor: int
    tax_minor: int
    total_minor: int

    @property
    def discount_minor(self) -> int:
        return sum(self.discounts)


def types_for(seat: PricedSeat, prices: PriceTable) -> list[TicketType]:
    """The ticket types this seat can be sold as: what the list prices, companion only beside a wheelchair space."""
    return [
        kind
        for kind in TicketType
        if (seat.free_companion if kind is TicketType.COMPANION else (seat.category, kind.value) in prices)
    ]


def price_of(seat: PricedSeat, prices: PriceTable) -> int:
    """Minor units, fee apart. Raises UnknownPrice if this seat can't be sold as its ticket type."""
    if seat.ticket_type not in types_for(seat, prices):
        raise UnknownPrice(f"{seat.label} can't be sold as {seat.ticket_type}")
    return 0 if seat.ticket_type is TicketType.COMPANION else prices[seat.category, seat.ticket_type.value]


def contained_tax(total_minor: int, percent: Decimal) -> int:
    """The tax inside a price that already contains it, rounded half up to a whole minor unit."""
    tax = Decimal(total_minor) * percent / (100 + percent)
    return int(tax.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent_of(minor: int, numerator: int, denominator: int = 100, step: int = 1) -> int:
    """So many hundredths of an amount, rounded half up to a whole number of steps of minor units."""
    steps = Decimal(minor) * numerator / (denominator * step)
    return int(steps.quantize(Decimal(1), rounding=ROUND_HALF_UP)) * step


def quote(
    seats: Sequence[PricedSeat],
    prices: PriceTable,
    seat_fee_minor: int,
    tax_percent: Decimal,
    coupons: Sequence[CouponTerms] = (),
) -> Quote:
    """The bill for these seats. A companion beside a wheelchair space is free and bears no fee.

    Coupons take their part off ticket prices, never off the fee, in the order given. Raises UnknownPrice.
    """
    amounts = [price_of(seat, prices) for seat in seats]
    fees = [0 if seat.ticket_type is TicketType.COMPANION else seat_fee_minor for seat in seats]
    cuts = discounts(coupons, [seat.ticket_type.value for seat in seats], amounts)
    off = [sum(cut[place] for cut in cuts) for place in range(len(seats))]
    total = sum(amounts) + sum(fees) - sum(off)
    tax = contained_tax(total, tax_percent)
    values = [amount + fee - cut for amount, fee, cut in zip(amounts, fees, off, strict=True)]
    bills = tuple(map(SeatBill, amounts, fees, off, allocate(tax, values)))
    lines = [*_ticket_lines(seats, amounts), *_discount_lines(coupons, cuts)]
    if sum(fees):
        lines.append(Line(LineKind.FEE, "Booking fee", sum(1 for fee in fees if fee), sum(fees)))
    if tax:
        lines.append(Line(LineKind.TAX, f"Tax {tax_percent.normalize():f} %", 1, tax))
    return Quote(tuple(lines), bills, tuple(map(sum, cuts)), sum(fees), tax, total)


def _ticket_lines(seats: Iterable[PricedSeat], amounts: Iterable[int]) -> Iterable[Line]:
    for seat, amount in zip(seats, amounts, strict=True):
        label = f"{TYPE_NAMES[seat.ticket_type]}, {seat.category_name.lower()}, {seat.label}"
        yield Line(LineKind.TICKET, label, 1, amount)


def _discount_lines(coupons: Iterable[CouponTerms], cuts: Iterable[Sequence[int]]) -> Iterable[Line]:
    for coupon, cut in zip(coupons, cuts, strict=True):
        if sum(cut):
            yield Line(LineKind.DISCOUNT, f"{coupon.name} ({coupon.code})", 1, sum(cut))
