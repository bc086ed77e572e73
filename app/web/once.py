"""Forms of the staff that do their work once, however often they are sent: `once_field()` in the form, `@once` at its view."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, flash, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.services.once import SentBefore, sent_once
from app.web.staff import StaffHouse

View = TypeVar("View", bound=Callable[..., Any])
FIELD = "once"


def once(there: Callable[..., str | AnyResponse], words: str = "") -> Callable[[View], View]:
    """Below the guard. A form that is sent a second time does nothing and leads `there`.

    `there` gets the id of what the first sending made, None if that was not one thing, and the parameters of the
    address; it gives the address to go to, or an answer. `words` say more than that nothing was done twice.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(house: StaffHouse, **values: Any) -> Any:
            if request.method != "POST" or FIELD not in request.form:
                return view(house=house, **values)
            try:
                with sent_once(house.by, request.path, request.form[FIELD]):
                    return view(house=house, **values)
            except SentBefore as sent:
                return _lead(there(sent.made, **values), words)

        guarded.once = True  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def _lead(there: str | AnyResponse, words: str) -> AnyResponse:
    if not isinstance(there, str):
        return there
    flash(f"This form was sent before and did its work then; nothing was done twice. {words}".strip(), "note")
    return redirect(there, 303)


def once_field() -> Markup:
    """The hidden field that names this sending of a form."""
    return Markup('<input type="hidden" name="once" value="{}">').format(secrets.token_urlsafe(16))


def init_once(app: Flask) -> None:
    app.jinja_env.globals["once_field"] = once_field
