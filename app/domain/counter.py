"""The entry line of the box office: "7 AA 30" is show 7, two adults, 30 in cash. Also the letters of tickets and tenders."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from app.domain.pricing import TicketType


class CounterTender(StrEnum):
    """How money changes hands at the counter. The values are `payments.provider`."""

    CASH = "cash"
    TERMINAL = "terminal"


class Channel(StrEnum):
    """Where a booking was sold."""

    WEB = "web"
    BOX_OFFICE = "box_office"
    GROUP = "group"


OWNER = "b:"
"""The beginning of the owner's key of everything that is kept at a counter, whether it is sold in the end or not."""

LETTERS = {
    "A": TicketType.ADULT,
    "C": TicketType.CHILD,
    "S": TicketType.STUDENT,
    "O": TicketType.SENIOR,
}
WHEELCHAIR = "W"
"""A wheelchair space and its companion: two seats, one of them free."""
MOST_LETTERS = 10

_LINE = re.compile(
    r"\s*(?P<show>[0-9]{1,2})\s*(?P<letters>[ACSOW][ACSOW\s]*?)\s*"
    r"(?:(?P<exact>E)|(?P<cash>\d{1,7}(?:[.,]\d{1,3})?)|T\s*(?P<reference>[\w./-]{1,40}))?\s*",
    re.IGNORECASE,
)


class BadEntry(ValueError):
    """A line that says nothing sensible; the message is a sentence for the seller."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the line says. `cash` as typed, in whole units; `exact` = the amount due; a `reference` = card terminal."""

    show: int
    letters: str
    cash: str = ""
    exact: bool = False
    reference: str = ""

    @property
    def tender(self) -> CounterTender | None:
        if self.reference:
            return CounterTender.TERMINAL
        return CounterTender.CASH if self.cash or self.exact else None


def parse_entry(line: str) -> Entry:
    """Read the entry line. Raises BadEntry."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadEntry("Type the show's number, a letter for each ticket and the cash: 7 AA 30. Or T and a card slip.")
    letters = re.sub(r"\s", "", found["letters"]).upper()
    if len(letters) > MOST_LETTERS:
        raise BadEntry(f"One sale has at most {MOST_LETTERS} tickets.")
    return Entry(int(found["show"]), letters, found["cash"] or "", bool(found["exact"]), found["reference"] or "")


def kinds_of(letters: str) -> tuple[list[TicketType], int]:
    """The ticket types that are asked for, and how many wheelchair spaces with a companion."""
    counts = Counter(letters)
    kinds = [kind for letter, kind in LETTERS.items() for _ in range(counts[letter])]
    return kinds, counts[WHEELCHAIR]
