"""The extensions of the pages, unbound: made here, bound to an application in init_page_extensions()."""

from __future__ import annotations

from flask import Flask, Response
from flask_compress import Compress
from flask_htmx import HTMX
from flask_login import LoginManager
from flask_wtf import CSRFProtect

login_manager = LoginManager()
csrf = CSRFProtect()
htmx = HTMX()
compress = Compress()
NEVER_LARGE = frozenset({204, 303})
"""Answers without a page: nothing to compress, and the same whatever the browser takes."""


def init_page_extensions(app: Flask) -> None:
    csrf.init_app(app)
    htmx.init_app(app)
    _init_compress(app)


def _init_compress(app: Flask) -> None:
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_LEVEL=5, COMPRESS_MIN_SIZE=1000)
    app.config["COMPRESS_REGISTER"] = False
    app.config["COMPRESS_MIMETYPES"] = [
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
        "image/svg+xml",
    ]
    compress.init_app(app)
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    return response if response.status_code in NEVER_LARGE else compress.after_request(response)
