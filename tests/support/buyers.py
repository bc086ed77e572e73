"""Many buyers over real HTTP at one instant: raw keep-alive connections, a session and a form's token for each."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

PATIENCE_SECONDS = 240.0


@dataclass
class Buyer:
    """A browser's session without the browser: its key, its cookie, and the token that its forms carry."""

    owner_key: str
    cookie: str
    token: str

    def post(self, path: str, fields: Iterable[tuple[str, object]] = (), **headers: str) -> bytes:
        """The request that a form without JavaScript would send."""
        body = urlencode([*fields, ("csrf_token", self.token)]).encode()
        return self.request("POST", path, body, **headers)

    def get(self, path: str, **headers: str) -> bytes:
        return self.request("GET", path, b"", **headers)

    def hold(self, show_id: int, seats: Iterable[int]) -> bytes:
        """As marquee.js does: the answer is a fragment, which costs the server less than a page."""
        return self.post(f"/shows/{show_id}/hold", [("seats", seat) for seat in seats], HX_Request="true")

    def hold_by_form(self, show_id: int, seats: Iterable[int]) -> bytes:
        return self.post(f"/shows/{show_id}/hold", [("seats", seat) for seat in seats])

    def request(self, method: str, path: str, body: bytes, **headers: str) -> bytes:
        lines = {
            "Host": "127.0.0.1",
            "Cookie": f"session={self.cookie}",
            "Content-Length": str(len(body)),
            "Content-Type": "application/x-www-form-urlencoded",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return _head(f"{method} {path} HTTP/1.1", lines) + body


def _head(first: str, lines: Mapping[str, str]) -> bytes:
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in lines.items()), "", ""]).encode()


def a_buyer(app: Flask, owner_key: str | None = None) -> Buyer:
    """A guest with a session of the application's own making; asks the server nothing."""
    key = owner_key or f"s:{secrets.token_urlsafe(12)}"
    mark = secrets.token_hex(20)
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(mark)
    return Buyer(key, signer.dumps({"guest": key, "csrf_token": mark, "_permanent": True}), str(token))


def buyers(app: Flask, count: int) -> list[Buyer]:
    return [a_buyer(app) for _ in range(count)]


@dataclass
class Answer:
    """What came back, and when by the machine's clock: `sent` and `answered` are seconds since the epoch."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: float = 0.0
    answered: float = 0.0

    @property
    def goes_to(self) -> str:
        """Where the browser is sent, whichever way."""
        return self.headers.get("location") or self.headers.get("hx-redirect") or ""

    @property
    def held(self) -> bool:
        """The seats are kept: the buyer is sent to checkout (303 to a page, 204 with a redirect to htmx)."""
        return self.status in (303, 204) and self.goes_to.endswith("/checkout")

    @property
    def code(self) -> str:
        """The booking that the answer leads to."""
        return self.goes_to.rstrip("/").split("/")[-2]


class Line:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> Line:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def ask(self, request: bytes) -> Answer:
        sent = time.time()
        self.writer.write(request)
        await self.writer.drain()
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self._read()
        answer.sent, answer.answered = sent, time.time()
        return answer

    async def _read(self) -> Answer:
        status = int((await self.reader.readline()).split()[1])
        headers: dict[str, str] = {}
        while line := (await self.reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, await self._body(headers, status))

    async def _body(self, headers: Mapping[str, str], status: int) -> bytes:
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked" or status in (204, 304):
            return b""
        parts = []
        while size := int(await self.reader.readline(), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        self.writer.close()


def all_at_once(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Every request on a connection of its own, opened beforehand and warm, sent together; answers in their order."""
    return asyncio.run(_all_at_once(port, requests))


async def _all_at_once(port: int, requests: Sequence[bytes]) -> list[Answer]:
    lines = [await _warm(port) for _ in requests]
    try:
        return list(await asyncio.gather(*(line.ask(request) for line, request in zip(lines, requests, strict=True))))
    finally:
        for line in lines:
            line.close()


async def _warm(port: int) -> Line:
    line = await Line(port).open()
    await line.ask(_head("GET /healthz HTTP/1.1", {"Host": "127.0.0.1"}))
    return line
