"""The forms of the programme: one show or many at once, a show that is moved, a show that is changed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from app.config import settings
from app.domain.local_time import INSTANT, BadTime, instant_of, on_the_wall
from app.domain.programme import MOST, UNPLANNED_RUNTIME, Wish
from app.queries.planner import ShowFacts
from app.queries.programme import Choices, FilmChoice
from app.services.scheduling import NewShow
from app.services.show_changes import Wanted
from app.web.account_forms import tidied
from app.web.staff_forms import LONGEST_REASON, Boxes, at_most

BY_RULE = 0
"""In place of a price list: the one that the cinema's rules give."""
LONGEST_DAYS = 62
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
WEEKDAYS = tuple(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), 1))
_NOT_A_NUMBER = "Write a whole number."


class _Whole(IntegerField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_NOT_A_NUMBER) from None


def _between(least: int, most: int, words: str) -> list[Any]:
    return [Optional(), NumberRange(least, most, f"{words} {least} to {most}.")]


def _words(most: int) -> list[Any]:
    return [at_most(most)]


class FactsForm(FlaskForm):
    """What is told of a show."""

    format = StringField("Format", _words(20), filters=[tidied], default="2D")
    language = StringField("Language", _words(40), filters=[tidied])
    subtitles = StringField("Subtitles", _words(40), filters=[tidied])
    note = StringField("Note", _words(120), filters=[tidied])
    captions = BooleanField("Captions")
    audio_description = BooleanField("Audio description")
    relaxed = BooleanField("Relaxed show")
    cleaning_minutes = _Whole("Cleaning, minutes", _between(0, 240, "Cleaning takes"))

    def said(self) -> dict[str, Any]:
        """As NewShow names them."""
        names = ("language", "subtitles", "note", "captions", "audio_description", "relaxed", "cleaning_minutes")
        return {"format": self.format.data or "2D", **{name: _plain(self[name].data) for name in names}}


def _plain(value: Any) -> Any:
    return "" if value is None else value


class ShowsForm(FactsForm):
    """One film × screens × days × times."""

    movie_id = SelectField("Film", coerce=int)
    screens = Boxes("Screens", coerce=int)
    first_day = DateField("From", [InputRequired("Choose the first day.")])
    last_day = DateField("To", [Optional()])
    weekdays = Boxes("On these weekdays", coerce=int)
    times = StringField("Times", [InputRequired("Write at least one time.")])
    price_list_id = SelectField("Prices", coerce=int)
    open_days = _Whole("Bookings open, days before", _between(0, 365, "Between"))
    close_minutes = _Whole("Bookings close, minutes after the start", _between(-1440, 240, "Between"))
    if_taken = RadioField("If one of them can't be made after all", default="none", validate_choice=False)

    def __init__(self, choices: Choices, **data: Any) -> None:
        super().__init__(**data)
        self.movie_id.choices = [(film.id, film.words) for film in choices.films]
        self.weekdays.choices = list(WEEKDAYS)
        self.if_taken.choices = [("none", "make none of them"), ("others", "make the others")]
        self.screens.choices = [(one.id, f"{one.name}, {one.seats} seats") for one in choices.screens if one.seats]
        self.price_list_id.choices = [(BY_RULE, "as the price rules say"), *choices.lists.items()]
        self.clocks: tuple[dt.time, ...] = ()
        if self.cleaning_minutes.data is None and not self.cleaning_minutes.raw_data:
            self.cleaning_minutes.data = settings.cleaning_minutes
        if self.close_minutes.data is None and not self.close_minutes.raw_data:
            self.close_minutes.data = settings.sales_close_minutes

    def validate_screens(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError("Choose at least one screen.")

    def validate_times(self, field: StringField) -> None:
        words = [one for one in re.split(r"[\s,;]+", field.data or "") if one]
        wrong = next((one for one in words if not _TIME.fullmatch(one)), None)
        if wrong is not None or not words:
            raise ValidationError(f"“{wrong or ''}” is no time. Write times like 14:00, 19:30.")
        found = [_TIME.fullmatch(one) for one in words]
        self.clocks = tuple(sorted({dt.time(int(one[1]), int(one[2])) for one in found if one}))

    def validate_last_day(self, field: DateField) -> None:
        if not isinstance(self.first_day.data, dt.date):
            return
        days = (field.data - self.first_day.data).days if field.data else 0
        if not 0 <= days <= LONGEST_DAYS:
            raise ValidationError("The last day comes before the first." if days < 0 else "At most two months at once.")

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if not self.days():
            self.weekdays.errors = ["None of the days is one of these weekdays."]
            return False
        if len(self.days()) * len(self.clocks) * len(self.screens.data) > MOST:
            self.times.errors = [f"That is more than {MOST} shows at once. Choose fewer days, times or screens."]
            return False
        return True

    def days(self) -> tuple[dt.date, ...]:
        first = self.first_day.data
        last = self.last_day.data or first
        all_days = [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]
        chosen = set(self.weekdays.data or ()) or {number for number, _ in WEEKDAYS}
        return tuple(day for day in all_days if day.isoweekday() in chosen)

    def wish(self, film: FilmChoice) -> Wish:
        minutes = film.runtime_minutes or UNPLANNED_RUNTIME
        cleaning = settings.cleaning_minutes if self.cleaning_minutes.data is None else self.cleaning_minutes.data
        return Wish(tuple(self.screens.data), self.days(), self.clocks, minutes, cleaning)

    def new(self, screen_id: int, starts_at: dt.datetime, price_list_id: int, now: dt.datetime) -> NewShow:
        opens = starts_at - dt.timedelta(days=self.open_days.data) if self.open_days.data is not None else now
        said = self.said()
        if said["cleaning_minutes"] == "":
            said["cleaning_minutes"] = None
        return NewShow(
            self.movie_id.data, screen_id, price_list_id, starts_at, **said,
            sales_open_at=opens if opens > now else None, close_minutes=self.close_minutes.data,
        )  # fmt: skip


def _at(field: Any, zone: ZoneInfo, before: dt.datetime) -> dt.datetime:
    """The instant that a field means. Raises BadTime, and the field tells."""
    try:
        return instant_of(zone, field.data, before=before)
    except BadTime as problem:
        field.errors = [str(problem)]
        raise


_REASON = _words(LONGEST_REASON)


class MoveForm(FlaskForm):
    """Another time or another screen."""

    starts_at = DateTimeLocalField("Begins", [Optional()], format=[INSTANT])
    screen_id = SelectField("Screen", coerce=int)
    at = HiddenField()
    """The instant itself, from the planner: it knows which of two equal times is meant."""
    reason = StringField("Reason", _REASON, filters=[tidied], id="move-reason")
    seen = HiddenField()

    def __init__(self, shown: ShowFacts, screens: Choices, **data: Any) -> None:
        zone = ZoneInfo(shown.timezone)
        super().__init__(starts_at=on_the_wall(shown.starts_at, zone), screen_id=shown.facts["screen_id"], **data)
        self.screen_id.choices = [(one.id, one.name) for one in screens.screens if one.seats]
        self._shown, self._zone = shown, zone

    def instant(self) -> dt.datetime | None:
        """None, and the field tells, if the clocks never show it."""
        if self.at.data:
            return instant_in(self.at.data)
        if self.starts_at.data is None:
            self.starts_at.errors = ["Write day and time."]
            return None
        try:
            return _at(self.starts_at, self._zone, self._shown.starts_at)
        except BadTime:
            return None


def instant_in(words: str) -> dt.datetime | None:
    """2026-11-20T19:30:00Z, or None."""
    try:
        found = dt.datetime.fromisoformat(words)
    except ValueError:
        return None
    return found.astimezone(dt.UTC) if found.tzinfo is not None else None


class ShowForm(FactsForm):
    """What a show is. With seats held or sold the page leaves out what can't change."""

    movie_id = SelectField("Film", coerce=int)
    price_list_id = SelectField("Prices", coerce=int)
    sales_open_at = DateTimeLocalField("Bookings open", [InputRequired("Write day and time.")], format=[INSTANT])
    sales_close_at = DateTimeLocalField("Bookings close", [InputRequired("Write day and time.")], format=[INSTANT])
    reason = StringField("Reason", _REASON, filters=[tidied])
    seen = HiddenField()

    def __init__(self, shown: ShowFacts, choices: Choices) -> None:
        zone = ZoneInfo(shown.timezone)
        facts = {**shown.facts, "cleaning_minutes": shown.cleaning_minutes}
        for name in ("sales_open_at", "sales_close_at"):
            facts[name] = on_the_wall(shown.facts[name], zone)
        super().__init__(data=facts)
        self.movie_id.choices = [(film.id, film.words) for film in choices.films]
        self.price_list_id.choices = list(choices.lists.items())
        self._shown, self._zone = shown, zone
        if shown.is_taken:
            for name in FIXED_WHEN_TAKEN:
                del self[name]

    def wanted(self) -> Wanted | None:
        """None, and the field tells, for a time that the clocks never show."""
        facts = self._shown.facts
        try:
            opens, closes = (_at(self[name], self._zone, facts[name]) for name in ("sales_open_at", "sales_close_at"))
        except BadTime:
            return None
        kept = {name: facts[name] for name in ("screen_id", "starts_at", *FIXED_WHEN_TAKEN) if name in facts}
        given = {name: _plain(field.data) for name, field in self._fields.items() if name in _SHOW}
        cleaning = given.pop("cleaning_minutes", "")
        return Wanted(
            NewShow(
                **{**kept, **given},
                sales_open_at=opens,
                cleaning_minutes=self._shown.cleaning_minutes if cleaning == "" else cleaning,
            ),
            closes,
        )


FIXED_WHEN_TAKEN = ("movie_id", "price_list_id", "format", "language", "subtitles", "cleaning_minutes")
_SHOW = {*FIXED_WHEN_TAKEN, "note", "captions", "audio_description", "relaxed"}
