"""How large a request may be. Most carry a form of a few hundred bytes; a view that takes files says how much it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request, session

from app.config import MB
from app.errors import TooLarge

View = TypeVar("View", bound=Callable[..., Any])


def takes(megabytes: int) -> Callable[[View], View]:
    """Let a view take that much, from somebody signed in. Stands under the guard."""

    def marked(view: View) -> View:
        view.megabytes = megabytes  # type: ignore[attr-defined]
        return view

    return marked


def init_bodies(app: Flask) -> None:
    """Comes before the check of the form's token, which reads the whole request."""
    app.before_request(_judge_the_length)


def _judge_the_length() -> None:
    """Raises TooLarge, with how much may be sent, before anything of it is read."""
    view = current_app.view_functions.get(request.endpoint or "")
    taken = getattr(view, "megabytes", 0)
    if taken and "_user_id" in session:  # asked last: who looks at the session says that the answer depends on it
        request.max_content_length = taken * MB
        if (request.content_length or 0) > taken * MB:
            sent = f"What you sent has {(request.content_length or 0) // MB} MB; at most {taken} are taken here."
            raise TooLarge(f"{sent} Go back and choose a smaller file.")
