"""Amounts of money: whole minor units with a currency, how they are written, and how people type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency

CURRENCIES: dict[str, int] = {
    **dict.fromkeys(
        "AED ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
        "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
        "ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
        "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG MGA "
        "MRU AFN".split(),
        2,
    ),
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
"""ISO 4217 codes in circulation and the digits of their minor unit (ISO 4217 list one)."""


ENGLISH = "en_GB"
MOST_TYPED = 10**9
"""Minor units. Twice this is the most that a column of money holds."""
_TYPED = re.compile(r"(?P<whole>\d{1,10})(?:[.,](?P<part>\d{1,3}))?", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (pence, cents, yen) of one currency; may be negative."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} don't add up")


class BadAmount(ValueError):
    """What was typed is no amount of money; the message is a sentence."""


def read_amount(typed: str, currency: str) -> int:
    """An amount as people type it, "30", "30.50" or "30,50", in minor units. Raises BadAmount."""
    digits, found = CURRENCIES[currency], _TYPED.fullmatch(typed.strip())
    if found is None or len(found["part"] or "") > digits:
        such = f"30 or {write_amount(3050 * 10**digits // 100, currency)}" if digits else "3000"
        raise BadAmount(f"This is no amount of money. Type it like {such}.")
    minor = int(found["whole"] + (found["part"] or "").ljust(digits, "0"))
    if minor > MOST_TYPED:
        raise BadAmount(f"An amount is at most {format_money(MOST_TYPED, currency)}.")
    return minor


def write_amount(minor: int, currency: str) -> str:
    """An amount as it would be typed: 30.50."""
    return f"{Decimal(minor).scaleb(-CURRENCIES[currency]):f}"


@lru_cache(maxsize=4096)
def format_money(minor: int, currency: str, locale: str = ENGLISH) -> str:
    """The amount as people read it: £12.75, €9.50, R$24.00, JP¥1,800 in English; 12,75 £ as their locale does.

    The digits are those of CURRENCIES: Babel's own count differs for some.
    """
    exponent = CURRENCIES[currency]
    amount = Decimal(minor).scaleb(-exponent)
    pattern = re.sub(r"0\.0+", f"0.{'0' * exponent}".rstrip("."), _pattern(locale))
    written = format_currency(amount, currency, pattern, locale=locale, currency_digits=False)
    return written.replace("\xa0", "") if locale == ENGLISH else written


def _pattern(locale: str) -> str:
    return "¤#,##0.00" if locale == ENGLISH else str(Locale.parse(locale).currency_formats["standard"].pattern)
