"""Where errors become answers: a page, a fragment for htmx, always with a sentence and a way on."""

from __future__ import annotations

import structlog
from flask import Flask, Response, request
from flask_wtf.csrf import CSRFError
from psycopg import OperationalError as DriverError
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from app.db import db
from app.errors import Busy, DomainError
from app.web.render import render

log = structlog.get_logger(__name__)

TITLES = {
    400: ("That did not work", "The request could not be understood."),
    403: (
        "Not from here",
        "This form is too old or came from another site. Open the page again and repeat it.",
    ),
    404: ("Reel missing", "There is no page at this address."),
    405: ("Wrong door", "This address does not take that kind of request."),
    409: ("Just taken", "Someone else was quicker."),
    410: ("Curtain down", "That is over."),
    413: ("Too large", "What was sent is larger than we take."),
    422: ("Look again", "Something in what was sent needs another look."),
    429: ("Slow down", "That was a lot at once. Please wait a minute and go on."),
    500: (
        "Film torn",
        "Something broke on our side. It has been written down; nothing was charged by this error.",
    ),
    502: ("No answer", "The payment service does not answer just now."),
    503: (
        "Lights out",
        "The house can't reach its books just now. Nothing is lost; please try again in a minute.",
    ),
}
TITLES_BY_CODE = {"FORBIDDEN": "Staff door"}
"""Refusals whose status alone says too little."""


def init_errors(app: Flask) -> None:
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    for unheard in (DataError, OverflowError):
        app.register_error_handler(unheard, _unstorable)
    for problem in (OperationalError, InterfaceError, TimeoutError, DriverError):
        app.register_error_handler(problem, _database_gone)
    app.register_error_handler(Exception, _broken)


def _refusal(problem: DomainError) -> Response:
    response = error_page(problem.status, problem.message, code=problem.code)
    if problem.status == 429:
        response.headers["Retry-After"] = str(problem.details.get("retry_after", 60))
    return response


def _stale_form(problem: CSRFError) -> Response:
    return error_page(403, TITLES[403][1])


def _http(problem: HTTPException) -> Response:
    status = problem.code or 500
    if status < 400 and problem.response is not None:
        return problem.response  # type: ignore[return-value]
    response = error_page(status, TITLES.get(status, TITLES[500])[1])
    for name, value in problem.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unstorable(problem: Exception) -> Response:
    """Numbers and dates out of range, letters that no text can hold: nobody types them."""
    db.session.remove()
    return error_page(422, TITLES[422][1])


def _database_gone(problem: Exception) -> Response:
    if isinstance(getattr(problem, "orig", None), LockNotAvailable | DeadlockDetected):
        return _refusal(Busy())  # it is there, only others hold these rows
    log.error("database_gone", problem=type(problem).__name__, detail=str(problem).split("\n")[0][:200])
    db.session.remove()
    response = error_page(503, TITLES[503][1])
    response.headers["Retry-After"] = "10"
    return response


def _broken(problem: Exception) -> Response:
    log.exception("request_failed", endpoint=request.endpoint)
    db.session.remove()
    return error_page(500, TITLES[500][1])


def error_page(status: int, sentence: str, code: str = "") -> Response:
    """The error page, or its fragment for htmx. It reads nothing from the database: it may be gone."""
    title = TITLES_BY_CODE.get(code) or TITLES.get(status, TITLES[500])[0]
    response = render(
        "errors/error.html",
        fragment="errors/_error.html",
        status=status,
        title=title,
        sentence=sentence,
        code=code,
    )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
