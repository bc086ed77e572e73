"""The entry line of the box office."""

from __future__ import annotations

import pytest

from app.domain.counter import BadEntry, CounterTender, Entry, kinds_of, parse_entry
from app.domain.pricing import TicketType


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("7 AA 30", Entry(7, "AA", cash="30")),
        ("7aa30", Entry(7, "AA", cash="30")),
        ("12 A C 25.50", Entry(12, "AC", cash="25.50")),
        ("1W", Entry(1, "W")),
        ("3 AAC E", Entry(3, "AAC", exact=True)),
        ("3AAC T 4711/8", Entry(3, "AAC", reference="4711/8")),
    ],
)
def test_a_line_is_show_tickets_and_money(line: str, entry: Entry) -> None:
    assert parse_entry(line) == entry


@pytest.mark.parametrize("line", ["", "AA 30", "7", "7 XX", "123 A", "7 A -3", "7 A 30 40", "7 " + "A" * 11, "٧ A"])
def test_what_says_nothing_sensible_is_refused_with_the_way_to_type_it(line: str) -> None:
    with pytest.raises(BadEntry, match=r"7 AA 30|at most 10"):
        parse_entry(line)


def test_the_line_says_how_it_is_paid() -> None:
    assert parse_entry("1 A").tender is None
    assert parse_entry("1 A E").tender is CounterTender.CASH
    assert parse_entry("1 A T 9").tender is CounterTender.TERMINAL


def test_letters_are_kinds_of_tickets() -> None:
    assert kinds_of("ACAW") == ([TicketType.ADULT, TicketType.ADULT, TicketType.CHILD], 1)
