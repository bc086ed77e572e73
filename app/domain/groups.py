"""Group bookings: more than one buyer's ten seats, by request. Whose bookings they are, what they cost, where they stand.

Two rules of ordinary holds don't hold for a group's: it has as many seats as its offer says, and they are kept until
the day it has to be paid by. Everything after that (paying, tickets, cancelling) is any booking's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.domain.pricing import TYPE_NAMES, Line, LineKind, PricedSeat, Quote, SeatBill, TicketType, contained_tax
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


class TooMany(ValueError):
    """More people are named than there are seats; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Party:
    """Those of a group who come on one kind of ticket. `each_minor` is the price of their seats where it is another one
    than the offer says for all: 0 for who comes free of charge."""

    kind: TicketType
    count: int
    each_minor: int | None = None

    def stored(self) -> dict[str, Any]:
        return {"kind": self.kind.value, "count": self.count, "each_minor": self.each_minor}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Party:
        return cls(TicketType(stored["kind"]), stored["count"], stored["each_minor"])

    @property
    def words(self) -> str:
        """3 adult, 2 adult free of charge."""
        free = self.each_minor == 0 and self.kind is not TicketType.COMPANION
        return f"{self.count} {TYPE_NAMES[self.kind].lower()}{' free of charge' if free else ''}"


def parties(kind: TicketType, besides: Sequence[Party], seats: int, companions: int) -> tuple[Party, ...]:
    """Who comes on all these seats: so many of this kind, those named besides, companions beside wheelchair spaces.

    Raises TooMany.
    """
    others = sum(party.count for party in besides)
    if others > seats - companions:
        raise TooMany(f"{others} are named here, and there are {seats - companions} seats for them.")
    found = (Party(kind, seats - companions - others), *besides, Party(TicketType.COMPANION, companions, 0))
    return tuple(party for party in found if party.count)


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


def spread(
    mode: PriceMode, amount_minor: int, list_minor: Sequence[int], each_minor: Sequence[int | None] = ()
) -> list[int]:
    """The price of each seat, in minor units. `each_minor` are prices of single seats, None where it is as for all.
    Others whose list price is 0, a companion's, stay free.

    LIST: the list's; PER_SEAT: `amount_minor` each; TOTAL: `amount_minor` in all, what single prices leave of it shared
    out by the list's so that not a cent is lost. Raises NoSuchPrice where no seat is there to bear it, or too many.
    """
    own = [*each_minor] or [None] * len(list_minor)
    shared = [listed if price is None else 0 for listed, price in zip(list_minor, own, strict=True)]
    if mode is PriceMode.PER_SEAT:
        shared = [amount_minor if listed else 0 for listed in shared]
    elif mode is PriceMode.TOTAL:
        shared = _shared(amount_minor - sum(price or 0 for price in own), shared)
    return [part if price is None else price for part, price in zip(shared, own, strict=True)]


def _shared(left_minor: int, weights: Sequence[int]) -> list[int]:
    if left_minor < 0:
        raise NoSuchPrice("The prices of single kinds come to more than that.")
    if left_minor and not sum(weights):
        raise NoSuchPrice("All of these seats are free or have a price of their own: none is left to share it.")
    return allocate(left_minor, weights)


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
    """A line for each kind of ticket in each price category, those free of charge apart, and one for the companions."""
    sums: dict[str, list[int]] = {}
    for seat, price in zip(seats, prices, strict=True):
        sums.setdefault(_label(seat, price), []).append(price)
    return [Line(LineKind.TICKET, label, len(amounts), sum(amounts)) for label, amounts in sums.items()]


def _label(seat: PricedSeat, price: int) -> str:
    if seat.ticket_type is TicketType.COMPANION:
        return "Companions"
    words = f"{TYPE_NAMES[seat.ticket_type]}, {seat.category_name.lower()}"
    return words if price else f"{words}, free of charge"
