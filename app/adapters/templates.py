"""Templates filled outside a request: messages and PDF pages. Pages of the site come from web/render.py."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from flask import current_app

from app.adapters.words import language_now, speaking

_BLANKS = re.compile(r"\n{3,}")


def fill(template: str, **context: Any) -> str:
    """The template with the application's filters and globals, but nothing of a visitor; .html is escaped."""
    return current_app.jinja_env.get_template(template).render(**context)


@dataclass(frozen=True, slots=True)
class Written:
    """A message in words."""

    subject: str
    text: str
    html: str


def write_letter(template: str, language: str, context: dict[str, Any]) -> Written:
    """The subject and both bodies of a mail from one template, in a language."""
    with speaking(language):
        spoken = {**context, "lang": str(language_now()).replace("_", "-"), "dir": language_now().text_direction}
        subject = _line(_form(template, "subject", spoken))
        spoken["subject"] = subject
        return Written(subject, _plain(_form(template, "text", spoken)), _form(template, "html", spoken).lstrip())


def write_short(template: str, language: str, context: dict[str, Any]) -> tuple[str, str]:
    """The same message for a small screen, in a language: its title and its words, each a line."""
    with speaking(language):
        return _line(_form(template, "subject", context)), _line(_form(template, "short", context))


def _form(template: str, form: str, context: dict[str, Any]) -> str:
    """A message's template fills the blocks of one of four frames; `put` is how that form sets a paragraph or a table."""
    environment = current_app.jinja_env
    parts = "html" if form == "html" else "text"
    put = environment.get_template(f"mail/parts_{parts}.html").module
    return fill(template, frame=f"mail/as_{form}.html", put=put, **context)


def _plain(escaped: str) -> str:
    """All forms are escaped alike, so that none can be forgotten; in plain text the letters stand for themselves."""
    lines = (line.strip() for line in html.unescape(escaped).splitlines())
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _line(escaped: str) -> str:
    return " ".join(html.unescape(escaped).split())
