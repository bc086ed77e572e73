"""Addresses of our own files: each carries a hash of its content, so that browsers keep it for a year."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

YEAR = 31_536_000


def init_assets(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 304):
            response.headers["Cache-Control"] = (
                f"public, max-age={YEAR}, immutable" if "v" in request.args else "public, max-age=3600"
            )
        return response


def asset(name: str) -> str:
    """The address of a file in app/static/."""
    return url_for("static", filename=name, v=_digest(current_app.static_folder or "", name))


@lru_cache(maxsize=256)
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:10]
