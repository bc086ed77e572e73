"""Languages: texts by Flask-Babel's gettext, and amounts and dates as the readers of a language write them.

English is what the templates say; every other language is a compiled catalogue in app/translations
(docs/patterns.md, "A text in another language"). Only messages speak them so far, pages are English.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from flask import Flask
from flask_babel import Babel, force_locale, get_locale

from app.money import ENGLISH, format_money

DEFAULT = "en"
babel = Babel()


def init_words(app: Flask) -> None:
    babel.init_app(app, default_locale=DEFAULT)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters.update(amount=amount, hour=hour, date=date, moment=moment)


def languages() -> list[str]:
    """The languages we have texts in, English first."""
    found = {str(locale) for locale in babel.list_translations()}
    return [DEFAULT, *sorted(found - {DEFAULT})]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is written inside is in this language; in English where we don't speak it."""
    with force_locale(language if language in languages() else DEFAULT):
        yield


def language_now() -> Locale:
    """What is being spoken."""
    return get_locale() or Locale.parse(DEFAULT)


def _writing() -> str:
    """The locale that numbers and dates are written by: English ones as in the house."""
    spoken = str(language_now())
    return ENGLISH if spoken == DEFAULT else spoken


def amount(minor: int, currency: str) -> str:
    """£12.75, or 12,75 £."""
    return format_money(minor, currency, _writing())


def hour(instant: dt.datetime) -> str:
    """19:30. The instant is on the clocks it is meant for, here and below."""
    return format_time(instant.replace(tzinfo=None), "short", locale=_writing())


def date(instant: dt.datetime) -> str:
    """Friday 20 November 2026."""
    return format_date(instant, "full", locale=_writing())


def moment(instant: dt.datetime) -> str:
    """Fri 20 Nov 19:30."""
    there = instant.replace(tzinfo=None)
    return f"{format_skeleton('MMMEd', there, locale=_writing())} {hour(instant)}"
