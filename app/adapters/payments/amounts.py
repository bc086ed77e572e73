"""How providers count money: their digits and steps for each currency, beside our minor units. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.adapters.payments import PaymentRefused
from app.money import CURRENCIES, Money

UNUSUAL_DIGITS = 2
"""Digits of a currency we don't know: only in messages about money that we did not ask for."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one provider can charge, in its own units.

    `digits` where they differ from ISO 4217; `steps` where not every amount is a whole one; `least` and `most` of a
    single charge.
    """

    provider: str
    currencies: frozenset[str]
    digits: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    most: int = 99_999_999

    def takes(self, currency: str) -> bool:
        return currency in self.currencies and currency in CURRENCIES

    def to_charge(self, minor: int, currency: str) -> int:
        """Our minor units in the provider's. Raises PaymentRefused with the reason if it can't charge them."""
        amount = self.to_refund(minor, currency)
        least = self.least.get(currency, 1)
        if amount < least:
            raise PaymentRefused(f"{self.provider} takes at least {self._written(least, currency)}.")
        if amount > self.most:
            raise PaymentRefused(f"{self.provider} takes at most {self._written(self.most, currency)} at once.")
        return amount

    def to_refund(self, minor: int, currency: str) -> int:
        """As to_charge(), without the limits of a charge. Raises PaymentRefused."""
        if not self.takes(currency):
            raise PaymentRefused(f"{self.provider} does not take {currency}. Please choose another way to pay.")
        shift = self._digits(currency) - CURRENCIES[currency]
        amount, rest = (minor * 10**shift, 0) if shift >= 0 else divmod(minor, 10**-shift)
        step = self.steps.get(currency, 1)
        if rest or amount % step:
            smallest = self._written(step, currency)
            raise PaymentRefused(
                f"{self.provider} takes {currency} in steps of {smallest}: {Money(minor, currency)} is none."
            )
        return amount

    def from_there(self, amount: int, currency: str) -> int:
        """The provider's units in ours. A part that ours can't say is left out: never more than there was."""
        shift = self._digits(currency) - CURRENCIES.get(currency, UNUSUAL_DIGITS)
        return amount // 10**shift if shift >= 0 else amount * 10**-shift

    def _digits(self, currency: str) -> int:
        return self.digits.get(currency, CURRENCIES.get(currency, UNUSUAL_DIGITS))

    def _written(self, amount: int, currency: str) -> Money:
        return Money(self.from_there(amount, currency), currency)


Reader = Callable[[int, str], int]
"""from_there() of a provider, as its readers of messages get it."""
