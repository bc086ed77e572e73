"""The forms of accounts. What is not a field here can't be set by a request."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length

from app.domain.text import tidy

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200
LONGEST_NAME = 100
LONGEST_EMAIL = 254


def tidied(value: str | None) -> str | None:
    return tidy(value) if value else value


class LoginForm(FlaskForm):
    email = EmailField("E-mail", [DataRequired("Write your e-mail address.")], filters=[tidied])
    password = PasswordField("Password", [InputRequired("Write your password."), Length(max=LONGEST_PASSWORD)])
    next = HiddenField()


class RegisterForm(FlaskForm):
    name = StringField(
        "Name",
        [DataRequired("Write your name."), Length(max=LONGEST_NAME, message="That name is too long for us.")],
        filters=[tidied],
    )
    email = EmailField(
        "E-mail",
        [
            DataRequired("Write your e-mail address."),
            Length(max=LONGEST_EMAIL, message="That address is too long."),
            Email("This is not an e-mail address; it should look like name@example.org."),
        ],
        filters=[tidied],
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Choose a password."),
            Length(min=SHORTEST_PASSWORD, message="The password needs at least 8 characters."),
            Length(max=LONGEST_PASSWORD, message="The password may have at most 200 characters."),
        ],
    )
    next = HiddenField()
    booking = HiddenField()
