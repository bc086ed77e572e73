"""What a booking was paid with, and where money goes that is given back: pro rata to all of it, without a cent lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.shares import allocate

NO_SHOW = 0
"""The show of a payment that bought a gift card."""
VOID_CARD = "gift_card"
"""Stands for the mode of such a payment where it is told of: the mode is its buyer's matter."""
AT_THE_COUNTER = ("cash", "terminal")
"""Stand for the mode of a payment taken at a counter: it goes back there, by hand."""


class CreditKind(StrEnum):
    """What can pay besides a gateway."""

    GIFT_CARD = "gift_card"
    WALLET = "wallet"
    EXCHANGE = "exchange"


class TenderKind(StrEnum):
    PAYMENT = "payment"
    GIFT_CARD = "gift_card"
    WALLET = "wallet"


@dataclass(frozen=True, slots=True)
class Tender:
    """One way a booking was paid: a capture, or a part of a gift card or wallet. `left_minor` can still go back to it.

    `id` is the payment's or the booking_credits row's, in `show_id`; `source_id` the gift card or the account.
    """

    kind: TenderKind
    show_id: int
    id: int
    left_minor: int
    source_id: int = 0
    through: tuple[tuple[int, int], ...] = ()
    """The booking_credits rows (show, id) of exchanges that lead from the booking to this tender, nearest first."""

    @property
    def of_void_card(self) -> bool:
        """Whether it is the payment that bought a gift card, void now: what goes back to it goes nowhere else."""
        return self.kind is TenderKind.PAYMENT and self.show_id == NO_SHOW


def share_return(amount_minor: int, tenders: Sequence[Tender]) -> list[tuple[Tender, int]]:
    """What goes back to which tender, those that get nothing left out. Raises ValueError if they hold less."""
    if amount_minor > sum(tender.left_minor for tender in tenders):
        raise ValueError("more goes back than was paid")
    parts = allocate(amount_minor, [tender.left_minor for tender in tenders])
    return [(tender, part) for tender, part in zip(tenders, parts, strict=True) if part]
