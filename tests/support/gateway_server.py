"""What our stand-ins for payment providers share: a real HTTP server on this machine that can be told to misbehave."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Message:
    """A webhook as it arrives: the raw body, and the headers with its signature."""

    body: bytes
    headers: dict[str, str]
    kind: str = ""


@dataclass(frozen=True)
class Asked:
    """One request: `values` are the query's or the form's, `headers` have names in small letters."""

    method: str
    path: str
    values: list[tuple[str, str]]
    body: bytes
    headers: dict[str, str]


class Refused(Exception):
    """The provider's no, with the answer that it gives."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.status, self.answer = status, answer


class GatewayServer:
    """A provider on 127.0.0.1. `trouble` is used up request by request:

    down = 500, busy = 429, stranger = 401, html = 502 with a page of a proxy, drop = the connection breaks before
    anything is done, lost = it is done and then the connection breaks, slow = it is done and no answer comes.
    """

    def __init__(self) -> None:
        self.trouble: list[str] = []
        self.asked: list[Asked] = []
        self.lock = threading.RLock()
        self._over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, asked: Asked) -> dict[str, Any]:
        """What the provider answers. Raises Refused."""
        raise NotImplementedError

    def error(self, status: int, words: str) -> dict[str, Any]:
        """How this provider writes an error that is none of the request's."""
        raise NotImplementedError

    def close(self) -> None:
        self._over.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(owner) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 5

            def log_message(self, *_: Any) -> None:
                """Tests print nothing."""

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                form = "urlencoded" in (self.headers.get("Content-Type") or "")
                values = parse_qsl(body.decode() if form else parts.query, keep_blank_values=True)
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner._serve(self, Asked(self.command, parts.path, values, body, headers))

            do_GET = do_POST = do_PATCH = handle_any

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler, asked: Asked) -> None:
        with self.lock:
            trouble = self.trouble.pop(0) if self.trouble else ""
            self.asked.append(asked)
        if trouble == "drop":
            return _hang_up(handler)
        if trouble in ("down", "busy", "stranger"):
            status = {"down": 500, "busy": 429, "stranger": 401}[trouble]
            return _say(handler, status, json.dumps(self.error(status, trouble)), "application/json")
        if trouble == "html":
            return _say(handler, 502, "<html><h1>Bad Gateway</h1></html>", "text/html")
        status, answer = self._answered(asked)
        if trouble == "slow":
            self._over.wait(30)
            return _hang_up(handler)
        if trouble == "lost":
            return _hang_up(handler)
        return _say(handler, status, json.dumps(answer), "application/json")

    def _answered(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        with self.lock:
            try:
                return 200, self.answer(asked)
            except Refused as refusal:
                return refusal.status, refusal.answer


def _say(handler: BaseHTTPRequestHandler, status: int, body: str, kind: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body.encode())))
    handler.end_headers()
    handler.wfile.write(body.encode())


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()
