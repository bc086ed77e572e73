"""The bill, for any seats, prices, fee, tax and coupons: what stands on it adds up, seat by seat."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.pricing import LineKind, PricedSeat, TicketType, UnknownPrice, contained_tax, quote
from tests.domain.test_coupons import a_coupon, coupons

PAID = [kind for kind in TicketType if kind is not TicketType.COMPANION]
amounts = st.integers(0, 30_000)
tables = st.fixed_dictionaries({("standard", kind.value): amounts for kind in PAID})
taxes = st.decimals("0", "30", places=1)
fees = st.integers(0, 500)


def a_seat(number: int, kind: TicketType) -> PricedSeat:
    return PricedSeat(number, f"A{number}", "standard", "Standard", "standard", kind, kind is TicketType.COMPANION)


seats = st.lists(st.sampled_from(list(TicketType)), min_size=1, max_size=10).map(
    lambda kinds: [a_seat(number, kind) for number, kind in enumerate(kinds)]
)


@given(seats, tables, fees, taxes, st.lists(coupons, max_size=3))
def test_seats_and_lines_add_up_to_the_bill(booked, prices, fee, tax, found):
    bill = quote(booked, prices, fee, tax, found)
    assert sum(seat.value_minor for seat in bill.seats) == bill.total_minor
    assert sum(seat.fee_minor for seat in bill.seats) == bill.fee_minor
    assert sum(seat.discount_minor for seat in bill.seats) == bill.discount_minor
    assert sum(seat.tax_minor for seat in bill.seats) == bill.tax_minor
    sign = {LineKind.TICKET: 1, LineKind.FEE: 1, LineKind.DISCOUNT: -1, LineKind.TAX: 0}
    assert sum(sign[line.kind] * line.amount_minor for line in bill.lines) == bill.total_minor
    assert len(bill.discounts) == len(found)


@given(seats, tables, fees, taxes, st.lists(coupons, max_size=3))
def test_nothing_on_a_bill_is_negative_and_tax_is_within_what_is_paid(booked, prices, fee, tax, found):
    bill = quote(booked, prices, fee, tax, found)
    assert min(line.amount_minor for line in bill.lines) >= 0
    for seat in bill.seats:
        assert min(seat.price_minor, seat.fee_minor, seat.discount_minor, seat.tax_minor, seat.value_minor) >= 0
        assert seat.discount_minor <= seat.price_minor
        assert seat.tax_minor <= seat.value_minor


@given(seats, tables, fees, taxes, st.lists(coupons, max_size=3))
def test_coupons_never_touch_the_fee(booked, prices, fee, tax, found):
    bill = quote(booked, prices, fee, tax, found)
    bearing = sum(1 for seat in booked if seat.ticket_type is not TicketType.COMPANION)
    assert bill.fee_minor == fee * bearing
    assert bill.total_minor >= bill.fee_minor


@given(st.integers(0, 10**7), taxes)
def test_tax_is_contained_and_rounded_to_the_nearest_unit(total, percent):
    tax = contained_tax(total, percent)
    assert 0 <= tax <= total
    assert abs(Decimal(tax) - Decimal(total) * percent / (100 + percent)) <= Decimal("0.5")


def test_a_bill_with_a_coupon_reads_as_it_should():
    prices = {("standard", "adult"): 1000, ("standard", "child"): 700}
    booked = [a_seat(1, TicketType.ADULT), a_seat(2, TicketType.CHILD)]
    bill = quote(booked, prices, 75, Decimal(20), [a_coupon(max_minor=150)])
    assert [(line.kind.value, line.label, line.amount_minor) for line in bill.lines] == [
        ("ticket", "Adult, standard, A1", 1000),
        ("ticket", "Child, standard, A2", 700),
        ("discount", "Ten (TEN)", 150),
        ("fee", "Booking fee", 150),
        ("tax", "Tax 20 %", 283),
    ]
    assert bill.total_minor == 1700
    assert [seat.discount_minor for seat in bill.seats] == [88, 62]


def test_a_seat_that_the_list_does_not_price_is_refused():
    with pytest.raises(UnknownPrice, match="A1"):
        quote([a_seat(1, TicketType.SENIOR)], {("standard", "adult"): 1000}, 0, Decimal(0))
