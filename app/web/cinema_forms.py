"""The forms of cinemas and screens: what people type becomes facts, and what can't be read is told at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField

from app.adapters.payments import PayMode
from app.config import settings
from app.domain import cells
from app.domain.cinemas import FACILITIES, MOST_STEPS, CinemaFacts
from app.domain.refund_policy import RefundStep
from app.domain.text import tidy
from app.money import CURRENCIES, read_amount, write_amount
from app.queries.cinemas import Bound, CityRef
from app.queries.pay_ways import ways_of_house
from app.web.account_forms import tidied
from app.web.booking_forms import trimmed_lines
from app.web.staff_forms import Boxes

T = TypeVar("T")
AS_TYPED = ("name", "slug", "address", "postal_code", "website", "seller", "tax_number", "timezone")
UNCHOSEN = -1
ANOTHER = 0
"""The choice of a city that is not in the list."""
SPARE_ROWS = 1
MODES = {PayMode.CARD: "cards", PayMode.UPI: "UPI", PayMode.NET_BANKING: "net banking", PayMode.WALLET: "payment apps"}
TIME = re.compile(r"(\d{1,4}):([0-5]\d)", re.ASCII)
FREE = Bound(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class StepTyped:
    """One row of the refund policy as it was typed."""

    hours: str = ""
    percent: str = ""
    fee: str = ""

    def __bool__(self) -> bool:
        return any((self.hours, self.percent, self.fee))


class CinemaFactsForm(FlaskForm):
    """All that can be set about a cinema. `seen` names the state it was opened from."""

    seen = HiddenField()
    name = StringField("Name", filters=[tidied])
    slug = StringField("Name in addresses", filters=[tidied])
    city = SelectField("City", coerce=int)
    new_city = StringField("Name of the city", filters=[tidied])
    country_code = SelectField("Country")
    address = StringField("Street and number", filters=[tidied])
    postal_code = StringField("Postal code", filters=[tidied])
    latitude = StringField("Latitude", filters=[tidied])
    longitude = StringField("Longitude", filters=[tidied])
    facilities = Boxes("Facilities")
    more_facilities = TextAreaField("Others")
    website = StringField("Website", filters=[tidied])
    seller = TextAreaField("Who sells", filters=[trimmed_lines])
    tax_number = StringField("Tax number", filters=[tidied])
    timezone = StringField("Time zone", filters=[tidied])
    currency = SelectField("Currency")
    fee = StringField("Booking fee per seat", filters=[tidied])
    tax = StringField("Tax contained in prices, %", filters=[tidied])
    refunds = RadioField("Refunds", choices=["house", "none", "own"], validate_choice=False)
    steps = StringField("Refund policy")
    changes_in_full = BooleanField("What a change for cheaper seats gives back comes in full")
    offer = RadioField("Ways to pay", choices=["all", "chosen"], validate_choice=False)
    pay_ways = Boxes("Ways to pay")
    reason = StringField("Reason", filters=[tidied])

    def __init__(self, cities: Sequence[CityRef], facts: CinemaFacts | None = None, binds: Bound = FREE) -> None:
        super().__init__(data=_typed(facts, cities) if facts else {"refunds": "house", "offer": "all"})
        self.cities = {city.id: city for city in cities}
        self.before, self.binds = facts, binds
        self.rows = _rows_sent() if self.is_submitted() else _rows_of(facts)
        unchosen = [] if facts or not cities else [(UNCHOSEN, "Choose")]
        known = [(city.id, f"{city.name}, {_country(city.country_code)}") for city in cities]
        self.city.choices = [*unchosen, *known, (ANOTHER, "Another city, named here")]
        self.country_code.choices = [("", "Choose"), *countries()]
        self.currency.choices = [("", "The city’s or the country’s"), *currencies()]
        self.facilities.choices = [(one, f"{one[:1].upper()}{one[1:]}") for one in FACILITIES]
        self.pay_ways.choices = self._ways(facts)

    @staticmethod
    def _ways(facts: CinemaFacts | None) -> list[tuple[str, str]]:
        """Every way of the house, and those offered before that it has no more."""
        currency = facts.currency if facts else ""
        found = {}
        for gateway, mode, takes in ways_of_house(currency):
            note = "" if takes or not currency else f", which takes no {currency}"
            found[f"{gateway}:{mode.value}"] = f"{gateway.title()}: {MODES[mode]}{note}"
        kept = (facts.pay_ways or ()) if facts else ()
        return [*found.items(), *((way, f"{way}, not set up now") for way in kept if way not in found)]

    @property
    def wants_row(self) -> bool:
        """A row was asked for, or one taken away: nothing is to be kept yet."""
        return bool({"more", "less"} & request.form.keys())

    def change_rows(self) -> None:
        less = request.form.get("less", type=int)
        if less is not None:
            self.rows = [row for number, row in enumerate(self.rows) if number != less]
        elif len(self.rows) < MOST_STEPS:
            self.rows.append(StepTyped())
        self.refunds.data = "own"

    def refuse(self, fields: Mapping[str, str]) -> None:
        """Tell each sentence at its field; the country is part of the city where that is not a new one."""
        for name, words in fields.items():
            there = {"city": "new_city"}.get(name, name) if self.city.data == ANOTHER else name
            self[there].errors = [words]

    def read(self) -> CinemaFacts | None:
        """The facts as they were typed; None if something can't be read, and then it is told at its field."""
        wrong: dict[str, str] = {}
        if self.city.data == UNCHOSEN:
            wrong["city"] = "Choose the city."
        city = self.cities.get(self.city.data)
        country = city.country_code if city else self.country_code.data or ""
        usual = self.before or city
        currency = self.currency.data or (usual.currency if usual else only_currency(country))
        zone = self.timezone.data or (usual.timezone if usual else only_zone(country))
        facts = CinemaFacts(
            name=self.name.data or "",
            slug=self.slug.data or "",
            city=city.name if city else self.new_city.data or "",
            country_code=country,
            timezone=zone,
            currency=currency,
            address=self.address.data or "",
            postal_code=self.postal_code.data or "",
            latitude=_take(wrong, "latitude", self.latitude.data, _degrees, None),
            longitude=_take(wrong, "longitude", self.longitude.data, _degrees, None),
            facilities=self._facilities(),
            website=_take(wrong, "website", self.website.data, _address, ""),
            seller=self.seller.data or "",
            tax_number=self.tax_number.data or "",
            fee_minor=_take(wrong, "fee", self.fee.data, _amount(currency), self._usual_fee(currency)),
            tax_percent=_take(wrong, "tax", self.tax.data, _percent, self._usual_tax(country)),
            refund_steps=self._policy(wrong, currency),
            changes_in_full=bool(self.changes_in_full.data),
            pay_ways=tuple(self.pay_ways.data or ()) if self.offer.data == "chosen" else None,
        )
        self.refuse(wrong)
        return None if wrong else facts

    def _facilities(self) -> tuple[str, ...]:
        """Ticked ones and others, in the order they had before if they are the same."""
        others = [tidy(line) for line in (self.more_facilities.data or "").splitlines()]
        found = tuple(dict.fromkeys([*(self.facilities.data or ()), *(one for one in others if one)]))
        before = self.before.facilities if self.before else ()
        return before if set(before) == set(found) else found

    def _usual_fee(self, currency: str) -> int:
        return 0 if self.before else settings.booking_fees.get(currency, 0)

    def _usual_tax(self, country: str) -> Decimal:
        return Decimal(0) if self.before else Decimal(settings.tax_percent.get(country, "0"))

    def _policy(self, wrong: dict[str, str], currency: str) -> tuple[RefundStep, ...] | None:
        if self.refunds.data != "own":
            return () if self.refunds.data == "none" else None
        typed = [(number, row) for number, row in enumerate(self.rows, 1) if row]
        if not typed:
            wrong["steps"] = "Write at least one row, or choose that nothing comes back."
        steps = []
        for number, row in typed:
            try:
                steps.append(_step(row, currency))
            except ValueError as problem:
                wrong.setdefault("steps", f"Row {number}: {problem}")
        return tuple(steps)


def _take(wrong: dict[str, str], name: str, typed: str | None, reader: Callable[[str], T], empty: T) -> T:
    """What a reader makes of the words; its ValueError is the sentence."""
    if not typed:
        return empty
    try:
        return reader(typed)
    except ValueError as problem:
        wrong[name] = str(problem)
        return empty


def _degrees(text: str) -> float | None:
    try:
        return float(cells.a_decimal(text.replace("−", "-")))
    except ValueError:
        raise ValueError("Write degrees as a number, such as 51.4545.") from None


def _address(text: str) -> str:
    try:
        return cells.a_url(text) or ""
    except ValueError:
        raise ValueError("This is no web address. It should look like https://regent.example.") from None


def _amount(currency: str) -> Callable[[str], int]:
    def reader(text: str) -> int:
        try:
            return read_amount(text, _counted(currency))
        except ValueError:
            such = {0: "75", 3: "0.750"}.get(CURRENCIES.get(currency, 2), "0.75")
            raise ValueError(f"Write an amount in {currency or 'the currency'}, such as {such}.") from None

    return reader


def _counted(currency: str) -> str:
    """The currency, or one like most where there is none that we know: that is told at its own field."""
    return currency if currency in CURRENCIES else "GBP"


def _percent(text: str) -> Decimal:
    try:
        return cells.a_percentage(text)
    except ValueError:
        raise ValueError("Write a number between 0 and 100, such as 20 or 5.5.") from None


def _step(row: StepTyped, currency: str) -> RefundStep:
    """Raises ValueError with what is wrong with the row."""
    minutes = _minutes(row.hours)
    try:
        percent = cells.a_percentage(row.percent)
    except ValueError:
        raise ValueError("write how many percent come back, 0 to 100.") from None
    try:
        fee = read_amount(row.fee, _counted(currency)) if row.fee else 0
    except ValueError:
        raise ValueError("the fee per seat is no amount.") from None
    return RefundStep(minutes, percent.normalize() + 0, fee)


def _minutes(typed: str) -> int:
    """24, 1.5 and 1:40 hours."""
    match = TIME.fullmatch(typed)
    if match:
        return 60 * int(match[1]) + int(match[2])
    try:
        minutes = 60 * cells.a_decimal(typed)
    except ValueError:
        raise ValueError("write the hours before the show, such as 24, 1.5 or 1:40.") from None
    if minutes < 0 or minutes != minutes.to_integral_value():
        raise ValueError("write hours that come to whole minutes, such as 24, 1.5 or 1:40.")
    return int(minutes)


def _rows_sent() -> list[StepTyped]:
    columns = [request.form.getlist(name)[:MOST_STEPS] for name in ("hours", "percent", "seat_fee")]
    rows = [StepTyped(*(tidy(one) for one in row)) for row in zip(*columns, strict=False)]
    return rows or [StepTyped()]


def _rows_of(facts: CinemaFacts | None) -> list[StepTyped]:
    steps = (facts.refund_steps or ()) if facts else ()
    rows = [StepTyped(hours(step), f"{step.percent.normalize():f}", _fee(step, facts)) for step in steps if facts]
    return [*rows, *([StepTyped()] * SPARE_ROWS)][:MOST_STEPS]


def hours(step: RefundStep) -> str:
    """How long before the show a step ends: 24 or 1:40."""
    whole, rest = divmod(step.minutes_before, 60)
    return f"{whole}:{rest:02}" if rest else str(whole)


def _fee(step: RefundStep, facts: CinemaFacts | None) -> str:
    return write_amount(step.seat_fee_minor, facts.currency) if step.seat_fee_minor and facts else ""


def _typed(facts: CinemaFacts, cities: Sequence[CityRef]) -> dict[str, Any]:
    """The facts as they stand in the fields."""
    here = next((c.id for c in cities if (c.name, c.country_code) == (facts.city, facts.country_code)), ANOTHER)
    return {
        "seen": facts.seen,
        **{name: getattr(facts, name) for name in AS_TYPED},
        "city": here,
        "latitude": "" if facts.latitude is None else repr(facts.latitude),
        "longitude": "" if facts.longitude is None else repr(facts.longitude),
        "facilities": [one for one in facts.facilities if one in FACILITIES],
        "more_facilities": "\n".join(one for one in facts.facilities if one not in FACILITIES),
        "currency": facts.currency,
        "fee": write_amount(facts.fee_minor, facts.currency),
        "tax": f"{facts.tax_percent.normalize():f}",
        "refunds": "house" if facts.refund_steps is None else "own" if facts.refund_steps else "none",
        "changes_in_full": facts.changes_in_full,
        "offer": "all" if facts.pay_ways is None else "chosen",
        "pay_ways": list(facts.pay_ways or ()),
    }


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """Codes and names of the countries, by name."""
    names = Locale("en").territories
    found = [(code, name) for code, name in names.items() if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRY]
    return sorted(found, key=lambda one: one[1])


NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


def _country(code: str) -> str:
    return str(Locale("en").territories.get(code, code))


def only_zone(country: str) -> str:
    """The time zone of a country that has but one, else nothing."""
    found = [zone for zone, there in get_global("zone_territories").items() if there == country]
    return found[0] if len(found) == 1 else ""


def only_currency(country: str) -> str:
    """The currency of a country where one is legal tender and counted in here, else nothing."""
    found = [code for code in get_territory_currencies(country) if code in CURRENCIES] if country else []
    return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=1)
def currencies() -> list[tuple[str, str]]:
    """Codes, each with its name."""
    return [(code, f"{code}, {get_currency_name(code, locale='en')}") for code in sorted(CURRENCIES)]


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """Time zones to choose from: those named after places, and UTC."""
    named = (zone for zone in cells.known_zones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/")))
    return [*sorted(named), "UTC"]


class ScreenForm(FlaskForm):
    """A new screen: its name and what it begins with. A file, if there is one, goes before the choice."""

    name = StringField("Name", filters=[tidied])
    begin = StringField("Begin with")
    file = StringField("A plan of your own")
