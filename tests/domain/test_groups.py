"""The price of a group, cent for cent; where a request stands; times that a clock on the wall shows or does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.groups import (
    NoSuchPrice,
    Party,
    PriceMode,
    Standing,
    TooMany,
    group_bill,
    in_runs,
    is_group,
    owner_of,
    parties,
    spread,
    standing,
)
from app.domain.pricing import LineKind, PricedSeat, TicketType
from app.domain.states import BookingState, GroupState

LISTED = st.lists(st.integers(0, 3000), min_size=1, max_size=300)


def seats(count: int, *, companion: bool = False) -> list[PricedSeat]:
    kind = TicketType.COMPANION if companion else TicketType.CHILD
    return [PricedSeat(n, f"A{n}", "standard", "Standard", "standard", kind, companion) for n in range(count)]


@given(LISTED, st.integers(0, 500_000))
def test_a_total_is_spread_to_the_cent_and_free_seats_stay_free(listed: list[int], total: int) -> None:
    if not sum(listed) and total:
        with pytest.raises(NoSuchPrice):
            spread(PriceMode.TOTAL, total, listed)
        return
    prices = spread(PriceMode.TOTAL, total, listed)
    assert sum(prices) == total
    assert all(price == 0 for price, of_list in zip(prices, listed, strict=True) if of_list == 0)


def test_a_price_for_each_seat_is_not_asked_of_companions() -> None:
    assert spread(PriceMode.PER_SEAT, 650, [1000, 0, 1400]) == [650, 0, 650]
    assert spread(PriceMode.LIST, 650, [1000, 0, 1400]) == [1000, 0, 1400]


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=120), st.sampled_from(["0", "5", "7.7", "20"]))
def test_a_bill_adds_up_and_contains_its_tax(prices: list[int], percent: str) -> None:
    bill = group_bill(seats(len(prices)), prices, Decimal(percent))
    assert bill.total_minor == sum(prices) == sum(seat.value_minor for seat in bill.seats)
    assert sum(line.amount_minor for line in bill.lines if line.kind is LineKind.TICKET) == bill.total_minor
    assert sum(seat.tax_minor for seat in bill.seats) == bill.tax_minor
    assert bill.fee_minor == bill.discount_minor == 0


def test_some_have_a_price_of_their_own_and_share_nothing() -> None:
    listed, own = [700, 700, 1000, 1000, 0], [None, None, 900, 0, None]
    assert spread(PriceMode.LIST, 0, listed, own) == [700, 700, 900, 0, 0]
    assert spread(PriceMode.PER_SEAT, 550, listed, own) == [550, 550, 900, 0, 0]
    assert spread(PriceMode.TOTAL, 2001, listed, own) == [551, 550, 900, 0, 0]
    with pytest.raises(NoSuchPrice, match="come to more"):
        spread(PriceMode.TOTAL, 899, listed, own)
    with pytest.raises(NoSuchPrice, match="none is left"):
        spread(PriceMode.TOTAL, 901, [1000], [900])


def test_who_comes_fills_the_seats() -> None:
    teachers = [Party(TicketType.ADULT, 3, 900), Party(TicketType.ADULT, 2, 0)]
    come = parties(TicketType.CHILD, teachers, 34, 1)
    assert ", ".join(party.words for party in come) == "28 child, 3 adult, 2 adult free of charge, 1 companion"
    assert [Party.read(party.stored()) for party in come] == [*come]
    assert parties(TicketType.CHILD, teachers, 5, 0) == (*teachers,)
    with pytest.raises(TooMany, match="5 are named here, and there are 4"):
        parties(TicketType.CHILD, teachers, 5, 1)


def test_who_comes_free_of_charge_has_a_line_of_its_own() -> None:
    bill = group_bill(seats(3), [500, 500, 0], Decimal(20))
    assert [(line.label, line.quantity, line.amount_minor) for line in bill.lines][:2] == [
        ("Child, standard", 2, 1000),
        ("Child, standard, free of charge", 1, 0),
    ]


def test_the_bill_has_a_line_for_each_category_and_one_for_companions() -> None:
    bill = group_bill([*seats(3), *seats(1, companion=True)], [500, 500, 501, 0], Decimal(20))
    assert [(line.label, line.quantity, line.amount_minor) for line in bill.lines] == [
        ("Child, standard", 3, 1501),
        ("Companions", 1, 0),
        ("Tax 20 %", 1, 250),
    ]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], ""),
        (["D1"], "D1"),
        (["D1", "D2", "E3"], "D1, D2, E3"),
        ([*(f"D{n}" for n in range(1, 16)), "E3", "E4"], "D1–D15, E3, E4"),
        (["Balcony A 9", "Balcony A 10", "Balcony A 11"], "Balcony A 9–Balcony A 11"),
        (["D1", "D3", "D5", "Box", "Box"], "D1, D3, D5, Box, Box"),
        (["D9", "E10", "E11"], "D9, E10, E11"),
    ],
)
def test_seats_in_a_row_are_told_as_a_run(labels: list[str], words: str) -> None:
    assert in_runs(labels) == words


def test_only_groups_have_a_groups_key() -> None:
    assert is_group(owner_of(7))
    assert not any(map(is_group, ("u:7", "s:group:7", "b:7:group", "")))


@pytest.mark.parametrize(
    ("state", "booking", "over", "stands"),
    [
        (GroupState.NEW, None, False, Standing.NEW),
        (GroupState.NEW, BookingState.RELEASED, True, Standing.NEW),
        (GroupState.OFFERED, BookingState.HELD, False, Standing.OFFERED),
        (GroupState.OFFERED, BookingState.AWAITING_PAYMENT, False, Standing.OFFERED),
        (GroupState.OFFERED, BookingState.HELD, True, Standing.ENDED),
        (GroupState.OFFERED, BookingState.EXPIRED, True, Standing.ENDED),
        (GroupState.OFFERED, BookingState.RELEASED, False, Standing.ENDED),
        (GroupState.OFFERED, BookingState.CONFIRMED, True, Standing.PAID),
        (GroupState.OFFERED, BookingState.CANCELLED, True, Standing.ENDED),
        (GroupState.DECLINED, BookingState.RELEASED, True, Standing.DECLINED),
        (GroupState.DECLINED, None, False, Standing.DECLINED),
    ],
)
def test_where_a_request_stands(state: GroupState, booking: BookingState | None, over: bool, stands: Standing) -> None:
    assert standing(state, booking, over=over) is stands
