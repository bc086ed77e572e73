"""Templates filled outside a request: mails and PDF pages. Pages of the site come from web/render.py."""

from __future__ import annotations

from typing import Any

from flask import current_app


def fill(template: str, **context: Any) -> str:
    """The template with the application's filters and globals, but nothing of a visitor; .html is escaped."""
    return current_app.jinja_env.get_template(template).render(**context)
