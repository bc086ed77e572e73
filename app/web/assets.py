"""Our own files: squeezed and compressed once per process, at addresses that carry a hash of their content, so that
browsers keep them for a year. In production nginx may serve the folder instead; the addresses are the same."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import brotli
import rcssmin
import rjsmin
from flask import Flask, Response, abort, current_app, request
from werkzeug.security import safe_join

YEAR = 31_536_000
SQUEEZERS = {"text/css": rcssmin.cssmin, "text/javascript": rjsmin.jsmin}
COMPRESSED = frozenset({"text/css", "text/javascript", "image/svg+xml", "text/plain"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out: `bodies` by content coding, "" for none."""

    mimetype: str
    digest: str
    bodies: dict[str, bytes]


def init_assets(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
    app.view_functions["static"] = serve


def asset(name: str) -> str:
    """The address of a file in app/static/."""
    return _address(current_app.static_url_path or "", current_app.static_folder or "", name)


@lru_cache(maxsize=256)
def _address(url: str, folder: str, name: str) -> str:
    return f"{url}/{quote(name)}?v={_asset(folder, name).digest}"


def serve(filename: str) -> Response:
    """A file of app/static/, in the smallest form that the browser takes."""
    folder = current_app.static_folder or ""
    path = safe_join(folder, filename)
    if path is None or not Path(path).is_file():
        abort(404)
    found = _asset(folder, filename)
    coding = next((name for name in found.bodies if name and request.accept_encodings[name] > 0), "")
    response = Response(found.bodies[coding], mimetype=found.mimetype)
    response.headers["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if "v" in request.args else "public, max-age=3600"
    )
    if len(found.bodies) > 1:
        response.headers["Vary"] = "Accept-Encoding"
    if coding:
        response.headers["Content-Encoding"] = coding
    response.set_etag(found.digest + coding)
    response.make_conditional(request)
    return response


@lru_cache(maxsize=256)
def _asset(folder: str, name: str) -> Asset:
    content = (Path(folder) / name).read_bytes()
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if mimetype in SQUEEZERS and ".min." not in name:
        content = SQUEEZERS[mimetype](content.decode()).encode()
    bodies = (
        {"br": brotli.compress(content), "gzip": gzip.compress(content, 9, mtime=0)} if mimetype in COMPRESSED else {}
    )
    return Asset(mimetype, hashlib.sha256(content).hexdigest()[:10], bodies | {"": content})
