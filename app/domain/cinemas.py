"""A cinema as its people set it: its facts, what is wrong with them, and what of them moves money."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain import cells
from app.domain.marks import mark
from app.domain.refund_policy import BadPolicy, RefundStep, read_steps, stored_steps

FACILITIES = (
    "step-free access",
    "wheelchair spaces",
    "accessible toilet",
    "lift",
    "hearing loop",
    "audio description headsets",
    "air conditioning",
    "bar",
    "café",
    "baby changing",
    "bicycle stands",
    "car park",
)
"""What can be ticked; a cinema may name others in its own words."""
MOST_FACILITIES, LONGEST_FACILITY = 60, 100
MOST_STEPS = 20
MOST_MINUTES = 525_600
"""A year: no step of a refund policy ends earlier before its show."""
MOST_MINOR = 10**9
LONGEST = {
    "name": 120, "slug": 80, "city": 80, "address": 200, "postal_code": 20, "website": 2000, "seller": 400,
    "tax_number": 40,
}  # fmt: skip
MONEY = ("currency", "fee_minor", "tax_percent", "refund_steps", "changes_in_full", "pay_ways")


@dataclass(frozen=True, slots=True)
class CinemaFacts:
    """All that can be set about a cinema. Amounts are minor units of its currency."""

    name: str
    slug: str
    """Its name in addresses; empty for a new cinema means one made of its name."""
    city: str
    country_code: str
    timezone: str
    currency: str
    address: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    facilities: tuple[str, ...] = ()
    website: str = ""
    seller: str = ""
    """Who sells, as invoices name it: lines of name and address; empty = the cinema's own."""
    tax_number: str = ""
    fee_minor: int = 0
    tax_percent: Decimal = Decimal(0)
    refund_steps: tuple[RefundStep, ...] | None = None
    """Its own policy; None = the house's."""
    changes_in_full: bool = False
    """Whether money that a change of seats gives back comes in full, instead of by the policy."""
    pay_ways: tuple[str, ...] | None = None
    """gateway:mode; None = all that the house has."""

    @property
    def seen(self) -> str:
        """Names this very state: who sends a change says which one they saw."""
        return mark(self.words())

    def words(self) -> dict[str, Any]:
        """Name → value, as the audit keeps it."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        steps = self.refund_steps
        plain["tax_percent"] = f"{self.tax_percent.normalize():f}"
        plain["facilities"] = list(self.facilities)
        plain["refund_steps"] = None if steps is None else [_plain(step) for step in stored_steps(steps)]
        plain["pay_ways"] = None if self.pay_ways is None else list(self.pay_ways)
        return plain

    def moves_money(self, before: CinemaFacts) -> bool:
        """Whether buyers pay or get back something else than before."""
        was, now = before.words(), self.words()
        return any(was[name] != now[name] for name in MONEY)


def _plain(step: dict[str, object]) -> dict[str, object]:
    """90 and 90.00 percent are the same policy."""
    return {**step, "percent": f"{Decimal(str(step['percent'])).normalize():f}"}


def problems(facts: CinemaFacts) -> dict[str, str]:
    """What is wrong with the facts themselves: field → a sentence."""
    checks = (_texts, _place, _where_and_what, _money, _facilities)
    return {name: words for check in checks for name, words in check(facts).items()}


def _texts(facts: CinemaFacts) -> dict[str, str]:
    found = {
        name: f"Write at most {most} letters." for name, most in LONGEST.items() if len(getattr(facts, name)) > most
    }
    if not facts.name:
        found["name"] = "Write the cinema’s name."
    if not facts.city:
        found["city"] = "Write the city."
    return found


def _place(facts: CinemaFacts) -> dict[str, str]:
    places = {"latitude": (facts.latitude, 90), "longitude": (facts.longitude, 180)}
    wrong = {
        name: f"A {name} lies between −{most} and {most}."
        for name, (value, most) in places.items()
        if value is not None and not (math.isfinite(value) and -most <= value <= most)
    }
    if wrong or (facts.latitude is None) == (facts.longitude is None):
        return wrong
    missing = "latitude" if facts.latitude is None else "longitude"
    return {missing: "A position needs latitude and longitude; write both or neither."}


def _where_and_what(facts: CinemaFacts) -> dict[str, str]:
    """Codes that the world knows."""
    found = {}
    if not _reads(cells.a_country, facts.country_code):
        found["country_code"] = "Choose the country."
    if not _reads(cells.a_timezone, facts.timezone):
        found["timezone"] = (
            "This is no time zone. Write one such as Europe/London."
            if facts.timezone
            else "Write the time zone, such as Europe/London."
        )
    if not _reads(cells.a_currency, facts.currency):
        found["currency"] = "Choose the currency."
    if facts.slug and not _reads(cells.a_slug, facts.slug):
        found["slug"] = "Only a–z, 0–9 and single dashes, such as the-regent."
    if facts.website and not _reads(cells.a_url, facts.website):
        found["website"] = "This is no web address. It should look like https://regent.example."
    return found


def _reads(reader: Callable[[str], str | None], text: str) -> bool:
    try:
        return reader(text) == text
    except ValueError:
        return False


def _money(facts: CinemaFacts) -> dict[str, str]:
    found = {}
    if not 0 <= facts.fee_minor <= MOST_MINOR:
        found["fee"] = "The fee is no amount that a seat can bear."
    tax = facts.tax_percent
    if not (tax.is_finite() and 0 <= tax <= 100 and tax == round(tax, 2)):
        found["tax"] = "The tax lies between 0 and 100 %, with at most two digits after the point."
    if facts.refund_steps:
        found.update(_policy(facts.refund_steps))
    if facts.pay_ways is not None and not facts.pay_ways:
        found["pay_ways"] = "Tick at least one way to pay, or offer all."
    return found


def _policy(steps: tuple[RefundStep, ...]) -> dict[str, str]:
    try:
        read_steps(stored_steps(steps))
    except BadPolicy as problem:
        return {"steps": f"This policy can’t be kept: {problem}."}
    if len(steps) > MOST_STEPS:
        return {"steps": f"At most {MOST_STEPS} steps are possible."}
    if any(step.minutes_before > MOST_MINUTES or step.seat_fee_minor > MOST_MINOR for step in steps):
        return {"steps": "A step ends at most a year before the show, and its fee is an amount a seat can bear."}
    return {}


def _facilities(facts: CinemaFacts) -> dict[str, str]:
    if len(facts.facilities) > MOST_FACILITIES or any(len(one) > LONGEST_FACILITY for one in facts.facilities):
        words = f"At most {MOST_FACILITIES} facilities, each of at most {LONGEST_FACILITY} letters."
        return {"more_facilities": words}
    return {}
