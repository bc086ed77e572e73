"""Group bookings: more than one buyer's ten seats, by request. Whose bookings they are, what they cost, where they stand.

Two rules of ordinary holds don't hold for a group's: it has as many seats as its offer says, and they are kept until
the day it has to be paid by. Everything after that (paying, tickets, cancelling) is any booking's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from app.domain.pricing import Line, LineKind, PricedSeat, Quote, SeatBill, TicketType, contained_tax
from app.domain.shares import allocate
from app.domain.states import LIVE_BOOKING, BookingState, GroupState

OWNER = "group:"
"""What the owner's key of a group's booking begins with. Guests (s:) and accounts (u:) never have such a key."""
KINDS = (TicketType.ADULT, TicketType.CHILD, TicketType.STUDENT, TicketType.SENIOR)
"""The kinds of tickets a group may come on; companions beside wheelchair spaces are free as ever."""
REMIND_HOURS = 24
"""So long before the last moment to pay, by the clocks on the wall."""


class PriceMode(StrEnum):
    """How a group's price is said."""

    LIST = "list"
    PER_SEAT = "per_seat"
    TOTAL = "total"


class Standing(StrEnum):
    """Where a request stands: its own state and, once something was offered, what became of the booking."""

    NEW = "new"
    OFFERED = "offered"
    PAID = "paid"
    ENDED = "ended"
    DECLINED = "declined"


class NoSuchPrice(ValueError):
    """A price that these seats can't have; the message is a sentence."""


def owner_of(group_id: int) -> str:
    """The owner's key of everything that is kept for a group."""
    return f"{OWNER}{group_id}"


def is_group(owner_key: str) -> bool:
    """Whether a booking is a group's."""
    return owner_key.startswith(OWNER)


def group_of_owner(owner_key: str) -> int:
    """The request that a group's booking is for."""
    return int(owner_key.removeprefix(OWNER))


def standing(state: GroupState, booking: BookingState | None, *, over: bool) -> Standing:
    """Where it stands. `over`: the time to pay the booking is over, whether or not that was noted yet."""
    if state is not GroupState.OFFERED or booking is None:
        return Standing.DECLINED if state is GroupState.DECLINED else Standing.NEW
    if booking is BookingState.CONFIRMED:
        return Standing.PAID
    return Standing.OFFERED if booking in LIVE_BOOKING and not over else Standing.ENDED


def spread(mode: PriceMode, amount_minor: int, list_minor: Sequence[int]) -> list[int]:
    """The price of each seat, in minor units. Seats whose list price is 0, a companion's, stay free.

    LIST: the list's; PER_SEAT: `amount_minor` each; TOTAL: `amount_minor` in all, shared out by the list's prices so
    that not a cent is lost. Raises NoSuchPrice where there is an amount and no seat to bear it.
    """
    if mode is PriceMode.LIST:
        return [*list_minor]
    if mode is PriceMode.PER_SEAT:
        return [amount_minor if price else 0 for price in list_minor]
    if amount_minor and not sum(list_minor):
        raise NoSuchPrice("All of these seats are free, so there is nothing to share a price out among.")
    return allocate(amount_minor, list_minor)


_SEAT = re.compile(r"(.*?)(\d+)")


def in_runs(labels: Sequence[str]) -> str:
    """Seats by name, where three and more in a row stand together as their first and last: D1–D15, E3, E4."""
    runs: list[list[str]] = []
    for label in labels:
        if runs and _follows(runs[-1][-1], label):
            runs[-1].append(label)
        else:
            runs.append([label])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def _follows(before: str, label: str) -> bool:
    one, next_one = _SEAT.fullmatch(before), _SEAT.fullmatch(label)
    if one is None or next_one is None:
        return False
    return one[1] == next_one[1] and int(one[2]) + 1 == int(next_one[2])


def group_bill(seats: Sequence[PricedSeat], prices: Sequence[int], tax_percent: Decimal) -> Quote:
    """The bill for seats at these prices. They are all that is paid: no booking fee, no coupons, the tax inside."""
    total = sum(prices)
    tax = contained_tax(total, tax_percent)
    bills = tuple(SeatBill(price, 0, 0, share) for price, share in zip(prices, allocate(tax, prices), strict=True))
    lines = [*_lines(seats, prices)]
    if tax:
        lines.append(Line(LineKind.TAX, f"Tax {tax_percent.normalize():f} %", 1, tax))
    return Quote(tuple(lines), bills, (), 0, tax, total)


def _lines(seats: Sequence[PricedSeat], prices: Sequence[int]) -> list[Line]:
    """A line for each price category, and one for the companions."""
    sums: dict[str, list[int]] = {}
    for seat, price in zip(seats, prices, strict=True):
        companion = seat.ticket_type is TicketType.COMPANION
        sums.setdefault("Companions" if companion else f"Group, {seat.category_name.lower()}", []).append(price)
    return [Line(LineKind.TICKET, label, len(amounts), sum(amounts)) for label, amounts in sums.items()]
