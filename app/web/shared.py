"""The answer that is the same for everybody: the seat map's poll, many times a second. It has no session, no token and
no personal header, so nothing is done for it that only those need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import Headers

from app.web.extensions import compress

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

POLL = "shows.live"


class Shared(Response):
    """What anyone between us and the browser may keep for a second."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Cache-Control"] = "public, max-age=1"
        headers["X-Content-Type-Options"] = "nosniff"
        headers.remove("Vary")
        if "Content-Encoding" in headers and self.status_code == 200:
            headers["Vary"] = "Accept-Encoding"
        return headers


class _Sessions(SecureCookieSessionInterface):
    """One for each application: what signs its cookies is made once, and not twice for every request."""

    def __init__(self) -> None:
        self._signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._signing is None:
            self._signing = super().get_signing_serializer(app)
        return self._signing

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """None for the poll: reading that session finds nothing, writing to it is an error."""
        if request.path.endswith("/seats") and request.path.startswith("/shows/"):
            return None
        return super().open_session(app, request)


class House(Flask):
    """Flask, with a short way for what is shared: a third of what a page costs before its view has done anything."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.session_interface = _Sessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view and no hook of ours is a coroutine: Flask would ask each of ten at every request."""
        return func

    def preprocess_request(self) -> ResponseReturnValue | None:
        return None if request.endpoint == POLL else super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        if isinstance(response, Shared):
            return compress.after_request(response) if response.status_code == 200 else response
        return super().process_response(response)
