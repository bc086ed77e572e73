"""Gift cards: their codes, what they may be worth, how long they are good. Amounts are minor units."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from app.domain.codes import ALPHABET, normal_code
from app.money import format_money

CODE_LENGTH = 16
ORDER_LENGTH = 12
PRESETS = (3, 5, 10, 20)
"""The amounts offered, as multiples of the least one."""


def _letters(number: int, length: int) -> str:
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(length))


def new_order_code() -> str:
    """Names one purchase in addresses; worth nothing by itself."""
    return _letters(secrets.randbits(5 * ORDER_LENGTH), ORDER_LENGTH)


def is_order_code(text: str) -> bool:
    return len(text) == ORDER_LENGTH and all(letter in ALPHABET for letter in text)


def code_of(secret: str, order_code: str) -> str:
    """The card's code, 80 bits that only the holder of the secret can make from the order."""
    digest = hmac.digest(secret.encode(), f"gift-card:{order_code}".encode(), "sha256")
    return _letters(int.from_bytes(digest[:10]), CODE_LENGTH)


def looks_like_code(typed: str) -> bool:
    """Whether this could be a gift card's code, however it was typed."""
    code = normal_code("".join(typed.split()))
    return len(code) == CODE_LENGTH and all(letter in ALPHABET for letter in code)


def code_hash(typed: str) -> str:
    """How a code is stored and looked up: SHA-256 of it as it would be printed."""
    return hashlib.sha256(normal_code("".join(typed.split())).encode()).hexdigest()


def in_fours(code: str) -> str:
    """As it is printed and read aloud: 2F7K-4XP2-MD09-ABCD."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


@dataclass(frozen=True, slots=True)
class Range:
    """What a gift card of one currency may be worth."""

    currency: str
    least_minor: int
    most_minor: int

    @property
    def presets(self) -> list[int]:
        """Ready-made amounts, smallest first."""
        found = [self.least_minor * times for times in PRESETS]
        return [amount for amount in found if amount <= self.most_minor] or [self.least_minor]

    def holds(self, amount_minor: int) -> bool:
        return self.least_minor <= amount_minor <= self.most_minor

    def __str__(self) -> str:
        return f"{format_money(self.least_minor, self.currency)} to {format_money(self.most_minor, self.currency)}"


def good_until(paid_at: dt.datetime, months: int) -> dt.datetime:
    """The same day and time so many months on; the last day of a shorter month."""
    years, month = divmod(paid_at.month - 1 + months, 12)
    year = paid_at.year + years
    day = min(paid_at.day, calendar.monthrange(year, month + 1)[1])
    return paid_at.replace(year=year, month=month + 1, day=day)
