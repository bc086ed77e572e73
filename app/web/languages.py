"""Which language a visitor reads: the first of their browser's that we have texts in."""

from __future__ import annotations

from flask import Flask, has_request_context, request

from app.adapters.words import DEFAULT, languages


def init_languages(app: Flask) -> None:
    app.extensions["babel"].locale_selector = visitors_language


def visitors_language() -> str:
    """English where we share no language, and outside a request."""
    if not has_request_context():
        return DEFAULT
    return request.accept_languages.best_match(languages(), DEFAULT) or DEFAULT
