"""The forms about demand: a rule, how far rules may go, and switching one on or off."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from app.domain.demand import LEAST, LONGEST_HOURS, MOST, Limits, Rule
from app.domain.week_times import DAYS, EVERY_DAY, WeekTimes
from app.money import BadAmount, read_amount, write_amount
from app.web.account_forms import tidied
from app.web.price_forms import ClockField
from app.web.staff_forms import Boxes, ReasonForm, SeenForm, at_most, reason_field

RAISE, LOWER = "raise", "lower"
LONGEST_WORDS = 60
BIGGEST_STEP = 100_000


def _between(least: int, most: int, words: str) -> list[object]:
    message = f"Write {words} from {least} to {most}."
    return [InputRequired(message), NumberRange(least, most, message)]


class RuleForm(SeenForm):
    reason = StringField(
        "What buyers read",
        [
            DataRequired("Write in a word or two why, for the buyers."),
            at_most(LONGEST_WORDS),
        ],
        filters=[tidied],
    )
    way = SelectField("The rule")
    percent = IntegerField("by percent", _between(1, MOST, "whole percents"))
    full_from = IntegerField("Sold from, percent", _between(0, 99, "whole percents"), default=0)
    full_to = IntegerField("to under, percent", _between(1, 100, "whole percents"), default=100)
    hours_to = IntegerField(
        "Less than so many hours before",
        [Optional(), NumberRange(1, LONGEST_HOURS, f"Write hours from 1 to {LONGEST_HOURS}, or nothing.")],
    )
    hours_from = IntegerField("and at least so many", _between(0, LONGEST_HOURS - 1, "hours"), default=0)
    movie_id = SelectField("Film", coerce=int)
    formats = Boxes("Formats")
    weekdays = Boxes(
        "Days", coerce=int, choices=[SelectChoice(str(number), name) for number, name in enumerate(DAYS, 1)]
    )
    from_time = ClockField("Beginning from", filters=[tidied])
    until_time = ClockField("Beginning before", filters=[tidied])

    def __init__(self, films: Sequence[tuple[int, str]], formats: Sequence[str]) -> None:
        super().__init__()
        self.way.choices = [(RAISE, "raises prices"), (LOWER, "lowers prices")]
        self.movie_id.choices = [(0, "Every film"), *films]
        self.formats.choices = [(one, one) for one in formats]
        if not self.is_submitted():
            self.weekdays.data = sorted(EVERY_DAY)

    def validate_percent(self, field: IntegerField) -> None:
        if self.way.data == LOWER and (field.data or 0) > -LEAST:
            raise ValidationError(f"Prices can be lowered by at most {-LEAST} percent.")

    def validate_full_to(self, field: IntegerField) -> None:
        if self.full_from.data is not None and field.data is not None and field.data <= self.full_from.data:
            raise ValidationError("This has to be more than where it begins.")

    def validate_hours_from(self, field: IntegerField) -> None:
        if self.hours_to.data is not None and field.data is not None and self.hours_to.data <= field.data:
            raise ValidationError("This has to be less than the hours before it.")

    def validate_weekdays(self, field: Boxes) -> None:
        if not field.data:
            raise ValidationError("Choose at least one day.")

    def validate_until_time(self, field: ClockField) -> None:
        if field.time is not None and field.time == self.from_time.time:
            raise ValidationError("From and before are the same. Leave both empty for the whole day.")

    @property
    def rule(self) -> Rule:
        percent = self.percent.data if self.way.data == RAISE else -self.percent.data
        full, hours = (self.full_from.data, self.full_to.data), (self.hours_from.data, self.hours_to.data)
        times = WeekTimes(frozenset(self.weekdays.data), self.from_time.time, self.until_time.time)
        movie_id, formats = self.movie_id.data or None, frozenset(self.formats.data)
        return Rule(self.reason.data, percent, *full, *hours, movie_id, formats, times)

    def show(self, rule: Rule, revision: int) -> None:
        """Fill in what a rule says now."""
        self.reason.data, self.revision.data = rule.reason, str(revision)
        self.way.data, self.percent.data = RAISE if rule.percent > 0 else LOWER, abs(rule.percent)
        self.full_from.data, self.full_to.data = rule.full_from, rule.full_to
        self.hours_from.data, self.hours_to.data = rule.hours_from, rule.hours_to
        self.movie_id.data, self.formats.data = rule.movie_id or 0, sorted(rule.formats)
        self.weekdays.data = sorted(rule.times.weekdays)
        for field, time in ((self.from_time, rule.times.from_time), (self.until_time, rule.times.until_time)):
            field.data = f"{time:%H:%M}" if time else ""


class ChangedRuleForm(RuleForm):
    """A rule that is there already: a change of it says why."""

    why = reason_field("Why it changes")


class LimitsForm(SeenForm):
    lowest = IntegerField("Lower by at most, percent", _between(0, -LEAST, "whole percents"))
    highest = IntegerField("Raise by at most, percent", _between(0, MOST, "whole percents"))
    step = StringField(
        "Changed prices are multiples of", [DataRequired("Write an amount, like 0.50.")], filters=[tidied]
    )
    why = reason_field("Why they change")

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency

    def validate_step(self, field: StringField) -> None:
        try:
            minor = read_amount(field.data, self.currency)
        except BadAmount as problem:
            raise ValidationError("Write an amount, like 0.50.") from problem
        if not 0 < minor <= BIGGEST_STEP:
            raise ValidationError("The step is more than nothing, and less than a house is worth.")

    @property
    def limits(self) -> Limits:
        return Limits(-self.lowest.data, self.highest.data, read_amount(self.step.data, self.currency))

    def show(self, limits: Limits, revision: int) -> None:
        """Fill in what holds now."""
        self.lowest.data, self.highest.data, self.revision.data = -limits.lowest, limits.highest, str(revision)
        self.step.data = write_amount(limits.step_minor, self.currency)


class SwitchForm(SeenForm, ReasonForm):
    """Use a rule, or no longer."""
