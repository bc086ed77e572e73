"""Invoices of groups and the credit notes that take them back: their kinds, their numbers, their tax by rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PaperKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


def number_of(cinema_id: int, year: int, place: int) -> str:
    """What is printed: cinema, year, place in the series of both. Invoices and credit notes are in one series."""
    return f"{cinema_id}-{year}-{place:05d}"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a paper. Amounts contain the tax."""

    label: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What of a paper is taxed at one rate."""

    percent: str
    total_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.total_minor - self.tax_minor


@dataclass(frozen=True, slots=True)
class Content:
    """All that a paper says beside its number and its date, as it was when it was issued. Lines stand under each other."""

    seller: str
    tax_number: str
    buyer: str
    reference: str
    """The request and the offer: G7-2."""
    show: str
    seats: str
    booking: str
    pay_until: str
    """In words, on the cinema's clocks; empty on a credit note."""
    sold: tuple[Item, ...]
    rates: tuple[Rate, ...]

    @property
    def total_minor(self) -> int:
        return sum(item.amount_minor for item in self.sold)

    @property
    def tax_minor(self) -> int:
        return sum(rate.tax_minor for rate in self.rates)

    def stored(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["sold"] = [[one.label, one.quantity, one.amount_minor] for one in self.sold]
        plain["rates"] = [[one.percent, one.total_minor, one.tax_minor] for one in self.rates]
        return plain


def read_content(stored: Mapping[str, Any]) -> Content:
    sold = tuple(Item(*one) for one in stored["sold"])
    return Content(**{**stored, "sold": sold, "rates": tuple(Rate(*one) for one in stored["rates"])})


def one_rate(percent: str, total_minor: int, tax_minor: int) -> tuple[Rate, ...]:
    """The tax of seats that all bear the same rate."""
    return (Rate(percent, total_minor, tax_minor),)


def in_words(there: dt.datetime) -> str:
    """Friday 20 November 2026, 19:30. The instant is on the clocks it is meant for."""
    return f"{there:%A} {there.day} {there:%B} {there.year}, {there:%H:%M}"


def seller_lines(name: str, address: Sequence[str], said: str) -> str:
    """Who sells: as the cinema says it of itself, else its name and address."""
    return said or "\n".join([name, *(line for line in address if line)])
