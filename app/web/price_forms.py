"""The forms of the price pages: a table of prices, a rule, which shows are taken along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from app.domain.price_lists import (
    LISTED,
    BadPrice,
    Cell,
    category_code,
    problems,
    read_price,
    write_price,
)
from app.domain.price_rules import PriceRule
from app.domain.pricing import TYPE_NAMES
from app.domain.week_times import DAYS, EVERY_DAY
from app.services.price_lists import LONGEST_NAME
from app.services.price_moves import Along
from app.web.account_forms import tidied
from app.web.staff_forms import Boxes, SeenForm, at_most, reason_field

MORE_ROWS = 2
"""Empty rows for categories that no plan has yet."""


class PriceField(StringField):
    """An amount as people type it in a currency; `minor` is what it means."""

    minor: int | None = None

    def __init__(self, label: str, currency: str, **more: Any) -> None:
        super().__init__(label, **more)
        self.currency = currency

    def pre_validate(self, form: Any) -> None:
        try:
            self.minor = read_price(self.data or "", self.currency)
        except BadPrice as problem:
            raise ValidationError(str(problem)) from problem


class PricesForm(FlaskForm):
    """A table of prices; price_table_form() adds its fields."""

    categories: Mapping[str, str] = {}
    currency = ""

    def cell(self, category: str, kind: str) -> PriceField:
        field: PriceField = self[_name(category, kind)]
        return field

    def more(self, number: int, what: str) -> Any:
        return self[f"more-{number}-{what}"]

    def prices(self) -> dict[Cell, int]:
        """What is typed, in minor units by category and ticket type."""
        found = {
            (category, kind.value): minor
            for category in self.categories
            for kind in LISTED
            if (minor := self.cell(category, kind.value).minor) is not None
        }
        for number in range(MORE_ROWS):
            code = category_code(self.more(number, "name").data or "")
            for kind in LISTED:
                if (minor := self.more(number, kind.value).minor) is not None:
                    found[code, kind.value] = minor
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field for itself, then the list as a whole."""
        super().validate(extra_validators)
        self._more_rows_are_named()
        if not any(field.errors for field in self if isinstance(field, PriceField) or field.name.startswith("more-")):
            self._fits_together()
        return not self.errors

    def _more_rows_are_named(self) -> None:
        codes = set(self.categories)
        for number in range(MORE_ROWS):
            name, priced = self.more(number, "name"), any(self.more(number, kind.value).data for kind in LISTED)
            code = category_code(name.data) if name.data else ""
            if priced and not name.data:
                name.errors = ["Give the category a name, as it stands in the plan of the seats."]
            elif name.data and code in codes:
                name.errors = ["There is a category of this name in the table already."]
            elif name.data and not priced:
                name.errors = ["Write what its seats cost."]
            codes.add(code)

    def _fits_together(self) -> None:
        prices, cells = self.prices(), self._cells()
        for cell, words in problems(prices, self.currency).items():
            cells[cell].errors = [words]
        if not prices:
            next(iter(cells.values())).errors = ["Write at least one price for adults."]

    def _cells(self) -> dict[Cell, Any]:
        typed = {category_code(self.more(n, "name").data or f"more {n}"): n for n in range(MORE_ROWS)}
        return {
            **{
                (category, kind.value): self.cell(category, kind.value)
                for category in self.categories
                for kind in LISTED
            },
            **{(code, kind.value): self.more(n, kind.value) for code, n in typed.items() for kind in LISTED},
        }


class NewListForm(PricesForm):
    name = StringField(
        "Name",
        [
            DataRequired("Give the list a name, such as Matinée."),
            at_most(LONGEST_NAME),
        ],
        filters=[tidied],
    )


class ChangeListForm(PricesForm):
    along = RadioField(
        "Coming shows",
        choices=[SelectChoice(one.value) for one in Along],
        default=Along.NONE.value,
        validate_choice=True,
    )
    reason = reason_field()


def price_table_form(
    kind: type[PricesForm],
    categories: Mapping[str, str],
    currency: str,
    prices: Mapping[Cell, int] | None = None,
    **more: Any,
) -> Any:
    """A form of this kind with a field for each category and ticket type, filled with `prices` until it is sent."""
    fields: dict[str, Any] = {"categories": categories, "currency": currency}
    for category, name in categories.items():
        for ticket in LISTED:
            words = write_price((prices or {}).get((category, ticket.value)), currency)
            fields[_name(category, ticket.value)] = PriceField(
                f"{name}, {TYPE_NAMES[ticket].lower()}", currency, default=words
            )
    for number in range(MORE_ROWS):
        fields[f"more-{number}-name"] = StringField("Another category", [Length(max=60)], filters=[tidied])
        for ticket in LISTED:
            label = f"Another category, {TYPE_NAMES[ticket].lower()}"
            fields[f"more-{number}-{ticket.value}"] = PriceField(label, currency)
    form: PricesForm = type(kind.__name__, (kind,), fields)(**more)
    return form


def _name(category: str, kind: str) -> str:
    return f"price-{category}-{kind}"


class FillForm(FlaskForm):
    """One price, and what follows from it by percent."""

    class Meta:
        csrf = False  # it changes nothing: it fills the fields of another form

    adult = PriceField("Adults, standard seats", "GBP")
    child = IntegerField("Child, % of adults", [Optional(), NumberRange(0, 100, "From 0 to 100.")], default=70)
    senior = IntegerField("Senior, %", [Optional(), NumberRange(0, 100, "From 0 to 100.")], default=80)
    student = IntegerField("Student, %", [Optional(), NumberRange(0, 100, "From 0 to 100.")], default=80)
    extra = IntegerField(
        "Each dearer category, % more", [Optional(), NumberRange(0, 400, "From 0 to 400.")], default=25
    )

    def __init__(self, currency: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.adult.currency = currency


class NameForm(FlaskForm):
    name = NewListForm.name

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.name.id = "new-name"
        self.name.label.field_id = self.name.id


class AlongForm(FlaskForm):
    """Which shows are taken along, and why."""

    along = RadioField("Coming shows", choices=[SelectChoice(one.value) for one in (Along.UNTOUCHED, Along.ALL)])
    reason = ChangeListForm.reason


class DefaultForm(SeenForm):
    price_list_id = SelectField("Where no rule fits", coerce=int)

    def __init__(self, lists: Sequence[tuple[int, str]], chosen: int | None = None) -> None:
        super().__init__()
        self.price_list_id.choices = list(lists)
        if not self.is_submitted():
            self.price_list_id.data = chosen


class ClockField(StringField):
    """A time of the day as people type it: 17:00, 9.30, 17. `time` is what it means, None for nothing."""

    time: dt.time | None = None

    def pre_validate(self, form: Any) -> None:
        words = (self.data or "").strip().replace(".", ":")
        if not words:
            return
        if len(words) > 5:
            raise ValidationError("Write a time like 17:00.")
        hour, _, minute = words.partition(":")
        if words == "24:00":
            hour = "0"
        try:
            self.time = dt.time(int(hour), int(minute or 0)) if words.replace(":", "", 1).isdecimal() else None
        except ValueError:
            self.time = None
        if self.time is None:
            raise ValidationError("Write a time like 17:00.")


class RuleForm(SeenForm):
    price_list_id = SelectField("Prices", coerce=int)
    weekdays = Boxes(
        "Days", coerce=int, choices=[SelectChoice(str(number), name) for number, name in enumerate(DAYS, 1)]
    )
    from_time = ClockField("From", filters=[tidied])
    until_time = ClockField("Until", filters=[tidied])
    first_day = DateField("First day", [Optional()])
    last_day = DateField("Last day", [Optional()])
    screen_id = SelectField("Screen", coerce=int)

    def __init__(
        self,
        lists: Sequence[tuple[int, str]],
        screens: Mapping[int, str],
        rule: PriceRule | None = None,
        revision: int = 0,
    ) -> None:
        super().__init__()
        self.price_list_id.choices = list(lists)
        self.screen_id.choices = [(0, "Every screen"), *screens.items()]
        if not self.is_submitted():
            self.revision.data = str(revision)
            self._show(rule or PriceRule(0))

    def _show(self, rule: PriceRule) -> None:
        self.price_list_id.data = rule.price_list_id or None
        self.weekdays.data = sorted(rule.weekdays)
        self.from_time.data = f"{rule.from_time:%H:%M}" if rule.from_time else ""
        self.until_time.data = f"{rule.until_time:%H:%M}" if rule.until_time else ""
        self.first_day.data, self.last_day.data, self.screen_id.data = (
            rule.first_day,
            rule.last_day,
            rule.screen_id or 0,
        )

    @property
    def rule(self) -> PriceRule:
        """What the form says; the service judges it."""
        return PriceRule(
            self.price_list_id.data,
            frozenset(self.weekdays.data or ()) & EVERY_DAY,
            self.from_time.time,
            self.until_time.time,
            self.first_day.data,
            self.last_day.data,
            self.screen_id.data or None,
        )
