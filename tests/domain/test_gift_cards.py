"""Gift cards' codes, amounts and dates."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.codes import ALPHABET
from app.domain.gift_cards import (
    CODE_LENGTH,
    Range,
    code_hash,
    code_of,
    good_until,
    in_fours,
    is_order_code,
    looks_like_code,
    new_order_code,
)


def test_a_code_is_made_of_the_order_and_the_secret_and_of_nothing_else():
    code = code_of("secret", "ABCDEFGHJKMN")
    assert code == code_of("secret", "ABCDEFGHJKMN")
    assert len({code, code_of("other", "ABCDEFGHJKMN"), code_of("secret", "ABCDEFGHJKMP")}) == 3
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(ALPHABET)


def test_codes_use_the_whole_alphabet_and_do_not_repeat():
    codes = [code_of("secret", new_order_code()) for _ in range(500)]
    assert len(set(codes)) == 500
    assert {letter for code in codes for letter in code} == set(ALPHABET)


@pytest.mark.parametrize("change", [str.lower, in_fours, lambda code: f"  {code[:8]} {code[8:]}\n"])
def test_a_code_is_found_however_it_was_typed(change):
    code = code_of("secret", "ABCDEFGHJKMN")
    assert code_hash(change(code)) == code_hash(code)
    assert looks_like_code(change(code))


def test_letters_that_look_alike_are_mended():
    assert code_hash("OIL0 OIL0 OIL0 OIL0") == code_hash("0110011001100110")


@pytest.mark.parametrize("typed", ["", "MATINEE10", "x" * 15, "U" * 16, "é" * 16, "a" * 17])
def test_what_can_be_no_code_does_not_look_like_one(typed):
    assert not looks_like_code(typed)


def test_order_codes_are_known_by_their_shape():
    assert is_order_code(new_order_code())
    assert not any(is_order_code(text) for text in ("", "abc", "A" * 11, "U" * 12, "A" * 13))


@given(st.integers(1, 10_000), st.integers(1, 100_000))
def test_the_ready_made_amounts_are_within_the_range(least, more):
    allowed = Range("GBP", least, least + more)
    assert allowed.presets
    assert all(allowed.holds(amount) for amount in allowed.presets)


@pytest.mark.parametrize(
    ("paid", "months", "until"),
    [
        ("2026-11-21", 24, "2028-11-21"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-12-31", 1, "2027-01-31"),
    ],
)
def test_a_card_is_good_until_the_same_day_so_many_months_on(paid, months, until):
    start = dt.datetime.fromisoformat(f"{paid}T10:00:00+00:00")
    assert good_until(start, months) == dt.datetime.fromisoformat(f"{until}T10:00:00+00:00")
