"""The forms of the staff pages. What is not a field here can't be set by a request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, IntegerField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.domain.staff import GIVEN_BY_MANAGERS, Role
from app.errors import ConcurrentModification, Invalid
from app.queries.staff import CinemaRef
from app.web.account_forms import LONGEST_EMAIL, LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD, tidied

LONGEST_REASON = 300


def at_most(letters: int) -> Length:
    return Length(max=letters, message=f"Write at most {letters} letters.")


def reason_field(label: str = "Reason") -> StringField:
    """Why something is done, which the audit keeps."""
    return StringField(label, [DataRequired("Write in a few words why."), at_most(LONGEST_REASON)], filters=[tidied])


class CodeForm(FlaskForm):
    """A code of the second factor. `next` is where to go on."""

    code = StringField("Code", [DataRequired("Write the code."), at_most(40)], filters=[tidied])
    next = HiddenField()


class SetUpForm(CodeForm):
    sealed = HiddenField()


class PasswordForm(FlaskForm):
    password = PasswordField(
        "New password",
        [
            InputRequired("Choose a password."),
            Length(min=SHORTEST_PASSWORD, message="The password needs at least 8 characters."),
            Length(max=LONGEST_PASSWORD, message="The password may have at most 200 characters."),
        ],
    )


class ChangePasswordForm(PasswordForm):
    """One's own: who sits down at a screen that was left open does not know the old one."""

    old = PasswordField("Password now", [InputRequired("Write your password as it is now."), at_most(LONGEST_PASSWORD)])


def read_revision(typed: str | None) -> int:
    """The revision that a page showed, as its form sends it back. Raises ConcurrentModification for what is none."""
    if typed is None or not re.fullmatch(r"-?\d{1,18}", typed, re.ASCII):
        raise ConcurrentModification("Open the page again and repeat it.")
    return int(typed)


class SeenForm(FlaskForm):
    """A form about something that others may change meanwhile."""

    revision = HiddenField()

    @property
    def seen(self) -> int:
        """The revision that the form showed. Raises ConcurrentModification where it can't be read."""
        return read_revision(self.revision.data)


class ReasonForm(FlaskForm):
    """An act that says why."""

    reason = reason_field()


def first_error(form: FlaskForm) -> str:
    """One sentence of what is wrong."""
    errors: Sequence[str] = next((found for found in form.errors.values() if found), ["This could not be read."])
    return str(errors[0])


def typed_reason() -> str:
    """Why, as the form that was sent says. Raises Invalid with what is wrong with it."""
    form = ReasonForm()
    if not form.validate_on_submit():
        raise Invalid(first_error(form))
    return str(form.reason.data)


class CinemaForm(FlaskForm):
    cinema_id = IntegerField("Cinema", [InputRequired("Choose a cinema.")])
    next = HiddenField()


class Boxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RoleForm(FlaskForm):
    """A role at one cinema; an administrator's needs none."""

    role = SelectField("Role")
    cinema_id = SelectField("Cinema", coerce=int, validate_choice=False)

    def validate_cinema_id(self, field: SelectField) -> None:
        if self.role.data != Role.ADMIN and field.data not in {number for number, _ in field.choices}:
            raise ValidationError("Choose one of your cinemas.")

    def __init__(self, cinemas: Sequence[CinemaRef], is_admin: bool) -> None:
        super().__init__()
        self.role.choices = roles_to_give(is_admin)
        self.cinema_id.choices = [(cinema.id, cinema.name) for cinema in cinemas]

    @property
    def place(self) -> int | None:
        return None if self.role.data == Role.ADMIN else self.cinema_id.data


class PersonForm(FlaskForm):
    name = StringField("Name", [DataRequired("Write their name."), at_most(LONGEST_NAME)], filters=[tidied])
    email = EmailField(
        "E-mail",
        [
            DataRequired("Write their e-mail address."),
            at_most(LONGEST_EMAIL),
            Email("This is not an e-mail address; it should look like name@example.org."),
        ],
        filters=[tidied],
    )
    role = SelectField("Role")
    cinemas = Boxes("Cinemas", coerce=int)

    def __init__(self, cinemas: Sequence[CinemaRef], is_admin: bool, chosen: int | None = None) -> None:
        super().__init__()
        self.role.choices = roles_to_give(is_admin)
        self.cinemas.choices = [(cinema.id, cinema.name) for cinema in cinemas]
        if not self.is_submitted():
            self.cinemas.data = [chosen] if chosen is not None else []


def roles_to_give(is_admin: bool) -> list[tuple[str, str]]:
    """The roles that a person of this standing gives, and their names."""
    return [(role.value, role.words) for role in Role if is_admin or role in GIVEN_BY_MANAGERS]
