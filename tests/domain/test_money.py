"""Amounts as people of each language write them, with the digits that the currency has by ISO 4217."""

from __future__ import annotations

import pytest

from app.money import format_money


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
