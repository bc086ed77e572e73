"""Sharing a whole by weights: for any numbers the parts sum to it, and none is unfair by a whole unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.shares import allocate

weights = st.lists(st.integers(0, 10**7), min_size=1, max_size=12)
totals = st.integers(0, 10**8)


@given(totals, weights)
def test_the_parts_sum_to_the_whole_and_none_is_negative(total, shares):
    if not sum(shares):
        total = 0
    parts = allocate(total, shares)
    assert sum(parts) == total
    assert len(parts) == len(shares)
    assert min(parts) >= 0


@given(totals, weights)
def test_each_part_is_within_one_unit_of_its_exact_share(total, shares):
    whole = sum(shares)
    if whole:
        for part, weight in zip(allocate(total, shares), shares, strict=True):
            assert abs(part * whole - total * weight) < whole


@given(weights, st.data())
def test_no_part_exceeds_its_weight_where_the_whole_does_not(shares, data):
    total = data.draw(st.integers(0, sum(shares)))
    assert all(part <= weight for part, weight in zip(allocate(total, shares), shares, strict=True))


@given(totals, st.integers(1, 9), st.integers(1, 10**6))
def test_equal_weights_differ_by_one_unit_at_most_and_the_first_come_first(total, count, weight):
    parts = allocate(total, [weight] * count)
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_who_weighs_nothing_gets_nothing():
    assert allocate(100, [0, 3, 0, 1]) == [0, 75, 0, 25]
    assert allocate(0, []) == []
    assert allocate(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(("total", "shares"), [(1, [0]), (1, []), (-1, [1]), (1, [-1, 5])])
def test_what_cannot_be_shared_is_refused(total, shares):
    with pytest.raises(ValueError, match="can't be shared"):
        allocate(total, shares)
