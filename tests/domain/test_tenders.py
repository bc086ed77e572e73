"""Money on its way back to what had paid: pro rata, whole, and never more than was paid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.shares import allocate
from app.domain.tenders import Tender, TenderKind, share_return


def tenders(*left: int) -> list[Tender]:
    kinds = list(TenderKind)
    return [Tender(kinds[place % 3], 1, place, amount) for place, amount in enumerate(left)]


lefts = st.lists(st.integers(0, 10_000), min_size=1, max_size=6)


def test_money_goes_back_by_the_shares_it_came_in():
    card, gift = tenders(3000, 1000)
    assert share_return(1000, [card, gift]) == [(card, 750), (gift, 250)]


def test_what_gets_nothing_is_left_out():
    card, gift = tenders(3000, 0)
    assert share_return(100, [card, gift]) == [(card, 100)]
    assert share_return(0, [card, gift]) == []


def test_more_than_was_paid_never_goes_back():
    with pytest.raises(ValueError, match="more goes back"):
        share_return(4001, tenders(3000, 1000))
    with pytest.raises(ValueError, match="more goes back"):
        share_return(1, [])


@given(lefts, st.data())
def test_the_parts_sum_to_the_whole_and_nothing_gets_more_than_it_paid(left, data):
    amount = data.draw(st.integers(0, sum(left)))
    parts = share_return(amount, tenders(*left))
    assert sum(part for _, part in parts) == amount
    assert all(0 < part <= tender.left_minor for tender, part in parts)


@given(lefts, st.lists(st.integers(1, 20_000), max_size=6))
def test_returning_in_any_pieces_empties_every_tender_and_none_below_zero(left, pieces):
    now = list(left)
    for piece in [*pieces, sum(left)]:
        amount = min(piece, sum(now))
        for tender, part in share_return(amount, tenders(*now)):
            now[tender.id] -= part
        assert min(now) >= 0
    assert now == [0] * len(left)


@given(lefts, st.data())
def test_every_part_is_within_one_unit_of_its_exact_share(left, data):
    amount = data.draw(st.integers(0, sum(left)))
    whole = sum(left) or 1
    for tender, part in share_return(amount, tenders(*left)):
        assert abs(part - amount * tender.left_minor / whole) < 1


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8), st.integers(0, 9000))
def test_allocating_loses_nothing(weights, total):
    if sum(weights):
        assert sum(allocate(total, weights)) == total


def test_nothing_can_be_shared_by_nothing():
    assert allocate(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="can't be shared"):
        allocate(1, [0, 0])
    with pytest.raises(ValueError, match="can't be shared"):
        allocate(1, [-1, 2])
