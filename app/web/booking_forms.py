"""The checkout form: who buys, which ticket for which seat, how to pay; and what survives a run-out hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import session
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, EmailField, Field, StringField, TelField
from wtforms.validators import DataRequired, Length, ValidationError

from app.adapters.payments import PayMode, gateways
from app.config import settings
from app.domain.messages import mobile_number
from app.domain.pricing import TYPE_NAMES, PricedSeat, PriceTable, TicketType, price_of, types_for
from app.domain.text import tidy, tidy_lines
from app.errors import Invalid
from app.queries.checkout_page import CheckoutPage
from app.queries.pay_ways import SavedWay
from app.services.checkout import Buyer
from app.web.languages import visitors_language

DRAFT = "buyer"
CONSENTS = ("wants_sms", "wants_push")
TYPED = ("name", "email", "phone", *CONSENTS)
TYPE_FIELD = "type-"
MODE_WORDS = {
    PayMode.CARD: ("Card", "Any bank's card"),
    PayMode.UPI: ("UPI", "With your UPI app"),
    PayMode.NET_BANKING: ("Net banking", "On your bank's own page"),
    PayMode.WALLET: ("Payment app", "From what you have in an app"),
}


def trimmed(value: str | None) -> str:
    """Without what nobody sees: outer and double spaces, invisible letters, control characters."""
    return tidy(value or "")


def trimmed_lines(value: str | None) -> str:
    """The same where people write lines."""
    return tidy_lines(value or "")


def right_email(form: FlaskForm, field: Field) -> None:
    """The shape only: whether the address exists is seen when the mail goes out."""
    try:
        field.data = validate_email(field.data or "", check_deliverability=False).normalized
    except EmailNotValidError as problem:
        missing = "@" not in (field.data or "")
        words = "An e-mail address needs an @" if missing else "This e-mail address is not complete"
        raise ValidationError(words) from problem


def right_phone(form: BuyerForm, field: Field) -> None:
    """None, or what looks like one; for text messages one that works from anywhere."""
    if form.wants_sms in form.ways and form.wants_sms.data and not mobile_number(field.data or ""):
        raise ValidationError("For text messages, begin the number with + and the country, such as +44 7700 900123")
    right_phone_number(form, field)


def right_phone_number(form: FlaskForm, field: Field) -> None:
    """None, or what looks like one."""
    if field.data and not re.fullmatch(r"\+?[0-9 ()./-]{5,30}", field.data):
        raise ValidationError("A phone number has only digits, spaces and +")


class BuyerForm(FlaskForm):
    """Name, e-mail and, if they like, a phone number."""

    name = StringField(
        "Name",
        filters=[trimmed],
        validators=[
            DataRequired("Tell us your name"),
            Length(max=100, message="That name is too long for a ticket"),
        ],
    )
    email = EmailField(
        "E-mail",
        filters=[trimmed],
        validators=[DataRequired("Tell us where to send the tickets"), Length(max=254), right_email],
    )
    phone = TelField(
        "Phone, optional",
        filters=[trimmed],
        validators=[right_phone],
    )

    wants_sms = BooleanField("By text message too: booking, changes, a reminder")
    wants_push = BooleanField("By push to my phone too: booking, changes, a reminder")

    @property
    def ways(self) -> list[Field]:
        """The ways to be told besides mail that are on offer, each to be ticked."""
        return [way for way, url in ((self.wants_sms, settings.sms_url), (self.wants_push, settings.push_url)) if url]

    def buyer(self) -> Buyer:
        sms, push = (way in self.ways and way.data for way in (self.wants_sms, self.wants_push))
        return Buyer(self.name.data, self.email.data, self.phone.data or "", sms, push, visitors_language())


def chosen_types(values: Mapping[str, str], seat_ids: Sequence[int]) -> dict[int, TicketType]:
    """The ticket types asked for, by seat; seats without one are left out. Raises Invalid for a type we don't have."""
    try:
        return {
            seat_id: TicketType(values[f"{TYPE_FIELD}{seat_id}"])
            for seat_id in seat_ids
            if f"{TYPE_FIELD}{seat_id}" in values
        }
    except ValueError as problem:
        raise Invalid("There is no such kind of ticket.", fields={"tickets": "Choose the tickets again"}) from problem


@dataclass(frozen=True, slots=True)
class PayWay:
    """One way to pay, as a card to choose; `value` is gateway:mode, with a saved card's id behind where it is one."""

    value: str
    label: str
    note: str


def pay_ways(offered: Sequence[tuple[str, PayMode]], saved: Sequence[SavedWay] = ()) -> list[PayWay]:
    """The visitor's saved cards first, then every way on offer."""
    several = len({name for name, _ in offered}) > 1
    return [
        PayWay(f"{way.provider}:{PayMode.CARD.value}:{way.id}", _card(way), f"Saved, until {way.expiry}")
        for way in saved
        if (way.provider, PayMode.CARD) in offered
    ] + [
        PayWay(
            f"{name}:{mode.value}",
            MODE_WORDS[mode][0],
            f"through {gateways()[name].label}" if several else MODE_WORDS[mode][1],
        )
        for name, mode in offered
    ]


def _card(way: SavedWay) -> str:
    return f"{way.brand.title() or 'Card'} ending {way.last4}"


def can_save(offered: Sequence[tuple[str, PayMode]]) -> bool:
    """Whether a card on offer could be remembered by its gateway."""
    return any(mode is PayMode.CARD and gateways()[name].saves_methods for name, mode in offered)


def ticked_way(ways: Sequence[PayWay], value: str | None) -> str:
    """The way that stands ticked on the page: the one chosen before, or the first on offer; empty if there is none."""
    offered = [way.value for way in ways]
    return value if value in offered else next(iter(offered), "")


def chosen_way(ways: Sequence[PayWay], value: str | None) -> tuple[str, str, int | None]:
    """Gateway, mode and saved card; the first on offer where nothing was chosen. Raises Invalid for any other."""
    ticked = ticked_way(ways, value)
    if not ticked:
        raise Invalid("This show can't be paid online at this moment. Ask at the box office.")
    if value and value != ticked:
        raise Invalid("This way to pay is not on offer. Choose another one.")
    name, mode, *saved = ticked.split(":")
    return name, mode, int(saved[0]) if saved else None


def shown_struck(values: MultiDict[str, str]) -> set[int]:
    """The coupons that the form showed as not counting."""
    return {
        int(value) for value in values.getlist("without") if value.isascii() and value.isdigit() and len(value) < 19
    }


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat at checkout: what it can be sold as, each with its price in minor units, and what it now costs."""

    seat_id: int
    label: str
    field: str
    options: list[tuple[str, str, int, bool]]
    price: int


def seat_lines(seats: Sequence[PricedSeat], table: PriceTable) -> list[SeatLine]:
    return [
        SeatLine(
            seat.seat_id,
            seat.label,
            f"{TYPE_FIELD}{seat.seat_id}",
            [
                (
                    kind.value,
                    TYPE_NAMES[kind],
                    price_of(replace(seat, ticket_type=kind), table),
                    kind is seat.ticket_type,
                )
                for kind in types_for(seat, table)
            ],
            price_of(seat, table),
        )
        for seat in seats
    ]


def remember_draft(values: Mapping[str, str]) -> None:
    """Keep what was typed at checkout in the visitor's own session, for the next page that asks."""
    kinds = {key: value[:20] for key, value in values.items() if key.startswith(TYPE_FIELD) and len(key) < 30}
    session[DRAFT] = {
        **{name: trimmed(values.get(name))[:254] for name in (*TYPED, "method")},
        **dict(list(kinds.items())[:10]),
    }


def draft() -> dict[str, Any]:
    return dict(session.get(DRAFT, {}))


def typed_before(known: Mapping[str, Any], page: CheckoutPage) -> dict[str, Any]:
    """What the form begins with: the draft, else what the booking has. A tick that was taken away stays away."""
    asked = {name: known.get(name) or getattr(page, name) for name in TYPED}
    return {**asked, **{name: bool(known[name]) for name in CONSENTS if name in known}}


def forget_draft() -> None:
    session.pop(DRAFT, None)
