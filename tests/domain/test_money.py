"""Amounts as people of each language write them, with the digits that the currency has by ISO 4217."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import CURRENCIES, MOST_TYPED, BadAmount, format_money, read_amount, write_amount

currencies = st.sampled_from(sorted(CURRENCIES))


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "written"),
    [
        (1275, "GBP", "en_GB", "£12.75"),
        (-1275, "GBP", "en_GB", "-£12.75"),
        (1800, "JPY", "en_GB", "JP¥1,800"),
        (1234567, "KWD", "en_GB", "KWD1,234.567"),
        (2400, "BRL", "en_GB", "R$24.00"),
        (1275, "GBP", "de", "12,75\xa0£"),
        (123456, "EUR", "fr", "1\u202f234,56\xa0€"),
        (1800, "JPY", "de", "1.800\xa0¥"),
        (1234567, "KWD", "de", "1.234,567\xa0KWD"),
        (12345678, "INR", "hi", "₹1,23,456.78"),
        (123456, "RSD", "de", "1.234,56\xa0RSD"),
    ],
)
def test_an_amount_is_written_as_its_readers_write_it(minor: int, currency: str, locale: str, written: str):
    assert format_money(minor, currency, locale) == written


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("30", "GBP", 3000),
        (" 25.5 ", "GBP", 2550),
        ("25,50", "EUR", 2550),
        ("1800", "JPY", 1800),
        ("1.234", "KWD", 1234),
        ("10000000", "GBP", MOST_TYPED),
        ("1000000000", "VND", MOST_TYPED),
    ],
)
def test_an_amount_is_read_in_the_currencys_own_units(typed: str, currency: str, minor: int):
    assert read_amount(typed, currency) == minor


NO_AMOUNTS = "-5 +5 1e3 NaN 2.505 1,250 1.2.3 ١٢ five 0x10 . 25. .5 £12 10000000.01 99999999999999".split()


@pytest.mark.parametrize("typed", ["", *NO_AMOUNTS])
def test_what_is_no_amount_is_refused_in_a_sentence(typed: str):
    with pytest.raises(BadAmount, match=r"\.$"):
        read_amount(typed, "GBP")


@pytest.mark.parametrize(("currency", "such"), [("GBP", "30 or 30.50"), ("KWD", "30 or 30.500"), ("JPY", "3000")])
def test_the_refusal_shows_how_this_currency_is_typed(currency: str, such: str):
    with pytest.raises(BadAmount, match=f"Type it like {such}\\.$"):
        read_amount("five", currency)


@given(currencies, st.text(max_size=14) | st.from_regex(r"[0-9]{0,11}[.,]?[0-9]{0,4}", fullmatch=True))
def test_no_typing_breaks_the_reader(currency: str, typed: str):
    with contextlib.suppress(BadAmount):
        assert 0 <= read_amount(typed, currency) <= MOST_TYPED


@given(st.integers(0, MOST_TYPED), currencies)
def test_what_is_written_reads_the_same(minor: int, currency: str):
    assert read_amount(write_amount(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [(3050, "GBP", "30.50"), (5, "EUR", "0.05"), (50, "JPY", "50"), (50, "KWD", "0.050")],
)
def test_an_amount_is_written_as_it_would_be_typed(minor: int, currency: str, words: str):
    assert write_amount(minor, currency) == words
