"""The forms of group bookings: the request of the group, the offer of the cinema, the words of a no."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from app import clock
from app.config import settings
from app.domain.groups import KINDS, Party, PriceMode
from app.domain.local_time import INSTANT, BadTime, instant_of
from app.domain.pricing import TYPE_NAMES, TicketType
from app.money import BadAmount, read_amount, write_amount
from app.services.group_pricing import Offer
from app.services.groups import GroupWish
from app.web.booking_forms import right_email, right_phone_number, trimmed, trimmed_lines
from app.web.languages import visitors_language
from app.web.staff_forms import SeenForm

MOST_PEOPLE = 5000
LONGEST_WORDS = 1000
MODE_WORDS = {
    PriceMode.LIST: "As on the price list",
    PriceMode.PER_SEAT: "An amount for each seat",
    PriceMode.TOTAL: "An amount in all",
}
NOT_A_DATE = "Write the day as the calendar shows it, such as 2026-12-04"


def _length(most: int) -> Length:
    return Length(max=most, message=f"Write at most {most} letters")


class _Day(DateField):
    """A day, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not any(valuelist):
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError as problem:
            raise ValidationError(NOT_A_DATE) from problem


class GroupForm(FlaskForm):
    """What a group wants. `key` names this very form, so that sent twice it is one request."""

    key = HiddenField()
    show_id = HiddenField()
    cinema_id = SelectField("Cinema", coerce=int)
    film = StringField("Film, if you know", filters=[trimmed], validators=[_length(200)])
    wanted_on = _Day("Day")
    wanted_time = StringField("About what time", filters=[trimmed], validators=[_length(60)])
    people = IntegerField("How many people")
    whole_show = BooleanField("We want the whole show for ourselves")
    name = StringField("Your name", filters=[trimmed], validators=[DataRequired("Tell us your name"), _length(100)])
    organisation = StringField("School, club or company, optional", filters=[trimmed], validators=[_length(150)])
    email = EmailField(
        "E-mail",
        filters=[trimmed],
        validators=[DataRequired("Tell us where to send the offer"), Length(max=254), right_email],
    )
    phone = TelField("Phone, optional", filters=[trimmed], validators=[right_phone_number])
    message = TextAreaField(
        "Anything else we should know, optional", filters=[trimmed_lines], validators=[_length(LONGEST_WORDS)]
    )

    def offer(self, cinemas: Sequence[tuple[int, str]], *, has_show: bool) -> None:
        """Set the cinemas to choose from, and the form's own key where there is none yet."""
        self.cinema_id.choices = [*cinemas]
        self._has_show = has_show
        if not 20 <= len(self.key.data or "") <= 40:
            self.key.data = secrets.token_urlsafe(18)

    def validate_people(self, field: Field) -> None:
        most = settings.max_seats
        if field.data is None:
            field.errors = []  # in place of "not a valid integer value"
            raise ValidationError("Tell us about how many people come")
        if not 0 < field.data <= MOST_PEOPLE:
            raise ValidationError("That is not a number of people we could seat")
        if field.data <= most and not self.whole_show.data:
            raise ValidationError(f"Up to {most} seats are booked on the seat map, at once and without asking")

    def validate_wanted_on(self, field: Field) -> None:
        if self._has_show or field.process_errors:
            return
        if field.data is None:
            raise ValidationError("Tell us the day; if you have several in mind, the first, and the others below")
        if field.data < (clock.now() - dt.timedelta(days=1)).date():
            raise ValidationError("That day is over")

    def wish(self, show_id: int | None) -> GroupWish:
        """What is asked for; only after validate() said that all is well."""
        return GroupWish(
            cinema_id=self.cinema_id.data,
            people=self.people.data,
            name=self.name.data,
            email=self.email.data,
            show_id=show_id,
            whole_show=bool(self.whole_show.data),
            film="" if show_id else self.film.data or "",
            wanted_on=None if show_id else self.wanted_on.data,
            wanted_time="" if show_id else self.wanted_time.data or "",
            organisation=self.organisation.data or "",
            phone=self.phone.data or "",
            message=self.message.data or "",
            language=visitors_language(),
        )


@dataclass(frozen=True, slots=True)
class PartyTyped:
    """A row of those who come on another ticket, as it was typed."""

    count: str = ""
    kind: str = TicketType.ADULT.value
    each: str = ""

    def read(self, currency: str) -> Party:
        """Raises ValueError with a sentence."""
        if not re.fullmatch(r"[1-9][0-9]{0,3}", self.count, re.ASCII):
            raise ValueError("Write how many they are as a number.")
        if self.kind not in KINDS:
            raise ValueError("Choose a kind of ticket.")
        return Party(TicketType(self.kind), int(self.count), read_amount(self.each, currency) if self.each else None)


BESIDES = 4
"""Rows for those who come on another ticket."""


def _rows_sent() -> list[PartyTyped]:
    columns = [[trimmed(one) for one in request.form.getlist(f"besides-{name}")] for name in ("count", "kind", "each")]
    return [PartyTyped(*row) for row in zip(*columns, strict=False)][:BESIDES]


class OfferForm(SeenForm):
    """The price, the last moment to pay and the words of an offer; its seats are ticked on the map beside it."""

    show_id = HiddenField()
    kind = SelectField("Tickets")
    besides = StringField("Others among them")
    mode = RadioField("Price")
    amount = StringField("Amount", filters=[trimmed], validators=[_length(12)])
    pay_until = DateTimeLocalField(
        "To be paid by", format=[INSTANT, "%Y-%m-%dT%H:%M:%S"], validators=[InputRequired("Say until when.")]
    )
    note = TextAreaField("Words to the group, optional", filters=[trimmed_lines], validators=[_length(LONGEST_WORDS)])
    reason = StringField("Why it changes", filters=[trimmed], validators=[_length(300)])

    def __init__(self, currency: str, zone: str, besides: Sequence[Party] = (), **values: object) -> None:
        super().__init__(**values)
        self.currency, self.zone = currency, zone
        kept = [PartyTyped(str(one.count), one.kind.value, _typed(one.each_minor, currency)) for one in besides]
        rows = _rows_sent() if "formdata" not in values and self.is_submitted() else kept
        self.wrong_row = 0
        self.rows = [*rows, *(PartyTyped() for _ in range(BESIDES - len(rows)))]
        self.kind.choices = [(kind.value, TYPE_NAMES[kind]) for kind in KINDS]
        self.mode.choices = [(mode.value, words) for mode, words in MODE_WORDS.items()]

    def validate_amount(self, field: Field) -> None:
        if self.mode.data == PriceMode.LIST:
            return
        try:
            read_amount(field.data or "", self.currency)
        except BadAmount as problem:
            raise ValidationError(str(problem)) from problem

    def validate_besides(self, field: Field) -> None:
        for place, row in enumerate(self.rows, 1):
            if row.count or row.each:
                try:
                    row.read(self.currency)
                except ValueError as problem:
                    self.wrong_row = place
                    raise ValidationError(f"Row {place}: {problem}") from problem

    def validate_pay_until(self, field: Field) -> None:
        if field.data is None:
            return
        try:
            self._until()
        except BadTime as problem:
            raise ValidationError(str(problem)) from problem

    def _until(self) -> dt.datetime:
        return instant_of(ZoneInfo(self.zone), self.pay_until.data, last=True)

    def chosen(self, show_id: int, seat_ids: Sequence[int]) -> Offer:
        """The offer; only after validate() said that all is well."""
        mode = PriceMode(self.mode.data)
        amount = 0 if mode is PriceMode.LIST else read_amount(self.amount.data, self.currency)
        until = self._until()
        besides = tuple(row.read(self.currency) for row in self.rows if row.count)
        kind, note, reason = TicketType(self.kind.data), self.note.data or "", self.reason.data or ""
        return Offer(show_id, tuple(seat_ids), mode, amount, until, kind, besides, note, reason)


def _typed(minor: int | None, currency: str) -> str:
    return "" if minor is None else write_amount(minor, currency)
