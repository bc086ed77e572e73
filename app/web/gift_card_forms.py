"""The forms of gift cards: ordering one, and asking what is left on one."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from app.domain.gift_cards import Range, is_order_code, new_order_code
from app.money import BadAmount, format_money, read_amount
from app.services.gift_cards import CardWish
from app.web.booking_forms import right_email, trimmed, trimmed_lines

OWN = "own"
LONGEST_NOTE = 300


class GiftCardForm(FlaskForm):
    """What it is worth, whom it is for, who pays. `order` names this very form, so that sent twice it is one order."""

    order = HiddenField()
    amount = RadioField("Worth", validate_choice=False)
    own = StringField("How much, if another", filters=[trimmed])
    recipient_name = StringField("Their name, optional", filters=[trimmed], validators=[Length(max=100)])
    recipient_email = EmailField(
        "Their e-mail, optional", filters=[trimmed], validators=[Optional(), Length(max=254), right_email]
    )
    note = TextAreaField(
        "A few words to them, optional",
        filters=[trimmed_lines],
        validators=[Length(max=LONGEST_NOTE, message=f"At most {LONGEST_NOTE} letters fit on the card")],
    )
    name = StringField(
        "Your name",
        filters=[trimmed],
        validators=[DataRequired("Tell us your name"), Length(max=100, message="That name is too long for the card")],
    )
    email = EmailField(
        "Your e-mail",
        filters=[trimmed],
        validators=[DataRequired("Tell us where to send the receipt"), Length(max=254), right_email],
    )

    def offer(self, allowed: Range) -> None:
        """Set the amounts that can be ticked, and the order's code where there is none yet."""
        self.allowed = allowed
        choices = [(str(minor), format_money(minor, allowed.currency)) for minor in allowed.presets]
        self.amount.choices = [*choices, (OWN, "Another amount")]
        self.amount.data = self.amount.data or choices[min(1, len(choices) - 1)][0]
        if not is_order_code(self.order.data or ""):
            self.order.data = new_order_code()

    def validate_amount(self, field: RadioField) -> None:
        if field.data != OWN and field.data not in {value for value, _ in field.choices}:
            raise ValidationError("Choose what it is worth")

    def validate_own(self, field: StringField) -> None:
        if self.chose_own() and self._own() is None:
            raise ValidationError(f"Type an amount from {self.allowed}")

    def _own(self) -> int | None:
        try:
            minor = read_amount(self.own.data or "", self.allowed.currency)
        except BadAmount:
            return None
        return minor if self.allowed.holds(minor) else None

    def chose_own(self) -> bool:
        """An amount that was typed counts before the one that is ticked: it was typed on purpose."""
        return self.amount.data == OWN or bool(self.own.data)

    def wish(self) -> CardWish:
        """What is ordered; only after validate() said that all is well."""
        minor = self._own() if self.chose_own() else int(self.amount.data)
        assert minor is not None
        return CardWish(
            currency=self.allowed.currency,
            initial_minor=minor,
            name=self.name.data,
            email=self.email.data,
            recipient_name=self.recipient_name.data or "",
            recipient_email=self.recipient_email.data or "",
            note=self.note.data or "",
        )


class BalanceForm(FlaskForm):
    code = StringField("The card’s code", validators=[DataRequired("Type the code of the card"), Length(max=60)])
