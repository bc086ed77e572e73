"""The form of a coupon: words as people type them, read into what services/offers.py takes, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from app.domain.coupons import CouponKind
from app.domain.local_time import BadTime, instant_of, typed_wall, written
from app.domain.pricing import TicketType
from app.domain.week_times import DAYS
from app.money import CURRENCIES, BadAmount, read_amount, write_amount
from app.queries.coupons import CouponRow
from app.queries.staff import CinemaRef
from app.services.offers import NewCoupon
from app.web.account_forms import tidied
from app.web.staff_forms import Boxes


class CouponForm(FlaskForm):
    """Film and cinema by their slugs, times on the clocks of the cinema it holds at, else of the one in the bar."""

    code = StringField("Code", [DataRequired("Write the code."), Length(max=40)], filters=[tidied])
    name = StringField("Name on the bill", [DataRequired("Write what the bill calls it.")], filters=[tidied])
    kind = SelectField("Takes off")
    percent = StringField("Percent")
    amount = StringField("Amount")
    max = StringField("At most")
    minimum = StringField("Tickets cost at least")
    currency = SelectField("Currency")
    starts = StringField("From")
    until = StringField("Until")
    limit = StringField("Uses in all")
    per_person = StringField("Uses by one person")
    film = SelectField("Film")
    cinema = SelectField("Cinema")
    weekdays = Boxes("Days of the show", coerce=int)
    types = Boxes("Kinds of ticket")
    stackable = BooleanField("May stand beside other codes that may")
    count = StringField("How many codes")
    seen = HiddenField()

    def __init__(
        self,
        cinemas: Sequence[CinemaRef],
        everywhere: bool,
        chosen: CinemaRef | None,
        films: Sequence[tuple[str, str]],
        kept: CouponRow | None = None,
    ) -> None:
        super().__init__()
        self._cinemas, self._zone, self._kept = cinemas, chosen.timezone if chosen else "UTC", kept
        self.kind.choices = [("percent", "a percentage"), ("fixed", "an amount")]
        self.weekdays.choices = list(enumerate(DAYS, start=1))
        kinds = [kind for kind in TicketType if kind is not TicketType.COMPANION]
        self.types.choices = [(kind.value, kind.value.capitalize()) for kind in kinds]
        self.film.choices = [("", "Every film"), *films]
        self.cinema.choices = [("", "Every cinema")] if everywhere else []
        self.cinema.choices += [(one.slug, one.name) for one in cinemas]
        known = sorted({one.currency for one in cinemas} | ({kept.currency} if kept and kept.currency else set()))
        self.currency.choices = [("", "Any"), *((one, one) for one in known)]
        if not self.is_submitted():
            self._begin(chosen)

    def _begin(self, chosen: CinemaRef | None) -> None:
        if self._kept is not None:
            self._show(self._kept)
        elif chosen is not None:
            self.cinema.data, self.currency.data = chosen.slug, chosen.currency

    @property
    def zone(self) -> str:
        """Whose clocks the times are on."""
        named = self.cinema.data or (self._kept and self._kept.cinema_slug)
        return next((one.timezone for one in self._cinemas if one.slug == named), self._zone)

    def _show(self, kept: CouponRow) -> None:
        """The words for a coupon as it is."""
        for name, value in as_typed(kept, kept.zone or self._zone).items():
            self[name].data = value

    def keep_promised(self) -> None:
        """What may not change any more is as it is, whatever was sent."""
        assert self._kept is not None
        kept = as_typed(self._kept, self._kept.zone or self._zone)
        for name in PROMISED_FIELDS:
            self[name].data = kept[name]

    def read(self) -> NewCoupon | None:
        """What was typed; None with errors at the fields that can't be read."""
        money = self.currency.data or None
        fixed = self.kind.data == CouponKind.FIXED
        new = {
            "code": self.code.data or "",
            "name": self.name.data or "",
            "percent": None if fixed else self._percent(),
            "amount_minor": self._amount("amount") if fixed else None,
            "max_minor": None if fixed else self._amount("max"),
            "min_minor": self._amount("minimum") or 0,
            "currency": money,
            "starts_at": self._instant("starts", self._kept.starts_at if self._kept else None),
            "ends_at": self._instant("until", self._kept.ends_at if self._kept else None),
            "total_limit": self._number("limit"),
            "person_limit": self._number("per_person"),
            "movie": self.film.data or None,
            "cinema": self.cinema.data or None,
            "weekdays": self.weekdays.data or None,
            "ticket_types": self.types.data or None,
            "stackable": self.stackable.data,
        }
        return None if self.wrong else NewCoupon(**new)

    @property
    def wrong(self) -> bool:
        return any(field.errors for field in self)

    def blame(self, name: str, words: str) -> None:
        """Put a refusal at the field it is about; at the first one if there is none of this name."""
        at_max = name == "amount" and self.kind.data == CouponKind.PERCENT
        field = self[name if name in self and not at_max else "max" if at_max else "code"]
        field.errors = [*field.errors, words]

    def _percent(self) -> Decimal | None:
        typed = (self.percent.data or "").strip().rstrip("%").strip().replace(",", ".")
        try:
            plain = typed.isascii() and typed.replace(".", "", 1).isdigit()
            if plain and len(typed) < 8:
                return Decimal(typed)
        except InvalidOperation:
            pass
        self.blame("percent", "Write how many per cent, such as 10 or 12.5.")
        return None

    def _amount(self, name: str) -> int | None:
        typed = (self[name].data or "").strip()
        if not typed and name != "amount":
            return None
        currency = self.currency.data
        if currency not in CURRENCIES:
            self.currency.errors = ["An amount needs its currency: choose one."]
            return None
        try:
            return read_amount(typed, currency)
        except BadAmount:
            self[name].errors = [
                f"Write an amount of {currency}, such as {'12.50' if CURRENCIES[currency] else '1250'}."
            ]
            return None

    def _number(self, name: str) -> int | None:
        return self.number(name, None)

    def number(self, name: str, empty: int | None) -> int | None:
        """A whole number as typed, `empty` for an empty field."""
        typed = (self[name].data or "").strip()
        if not typed:
            return empty
        if typed.isascii() and typed.isdigit() and len(typed) < 10:
            return int(typed)
        self[name].errors = ["Write a whole number, or nothing."]
        return empty

    def _instant(self, name: str, kept: dt.datetime | None) -> dt.datetime | None:
        """A time on the cinema's clocks; what was not touched stays."""
        typed = (self[name].data or "").strip()
        if not typed:
            return None
        try:
            return instant_of(ZoneInfo(self.zone), typed_wall(typed), last=name == "until", before=kept)
        except BadTime as problem:
            self[name].errors = [str(problem)]
            return None


PROMISED_FIELDS = (
    "kind",
    "percent",
    "amount",
    "max",
    "minimum",
    "currency",
    "film",
    "cinema",
    "weekdays",
    "types",
    "stackable",
)


def as_typed(kept: CouponRow, zone: str) -> dict[str, Any]:
    """The words that would make this coupon, by field."""

    def amount(minor: int | None) -> str:
        return write_amount(minor, kept.currency) if minor and kept.currency else ""

    there = ZoneInfo(zone)
    return {
        "code": kept.code,
        "name": kept.name,
        "kind": kept.kind,
        "percent": f"{kept.percent.normalize():f}" if kept.percent is not None else "",
        "amount": amount(kept.amount_minor),
        "max": amount(kept.max_minor),
        "minimum": amount(kept.min_minor),
        "currency": kept.currency or "",
        "starts": written(kept.starts_at, there) if kept.starts_at else "",
        "until": written(kept.ends_at, there) if kept.ends_at else "",
        "limit": str(kept.total_limit or ""),
        "per_person": str(kept.person_limit or ""),
        "film": kept.film_slug or "",
        "cinema": kept.cinema_slug or "",
        "weekdays": list(kept.weekdays or []),
        "types": list(kept.ticket_types or []),
        "stackable": kept.stackable,
    }
