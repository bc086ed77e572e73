"""The figures over HTTP: the seat page, its poll, the home page and the hold, asked for as a browser does."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from app.web.identity import GUEST
from bench.load import Load, WrongAnswer, ask, browse, race
from bench.sizes import Sizes
from bench.table import Row

CLIENTS = 16
ENCODINGS = "Accept-Encoding: gzip, deflate, br"
HEADERS = (
    "Host: localhost",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.7",
    ENCODINGS,
    "Sec-Fetch-Site: same-origin",
)
FORM = "Content-Type: application/x-www-form-urlencoded"
FLOOR = "bare Flask"


def request(method: str, path: str, cookie: str = "", body: str = "", *more: str) -> bytes:
    """A browser's request, as bytes."""
    lines = [f"{method} {path} HTTP/1.1", *HEADERS, *more]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if method == "POST":
        lines += [FORM, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


def readable(wanted: bytes) -> bytes:
    """The same request by a browser that takes no compression."""
    return wanted.replace(f"{ENCODINGS}\r\n".encode(), b"")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who has opened a seat page: the session's cookie and the form's token."""

    cookie: str
    token: str

    def hold(self, show_id: int, seats: Sequence[int]) -> bytes:
        """The request that keeps these seats."""
        body = urlencode([("csrf_token", self.token), *(("seats", seat) for seat in seats)])
        return request("POST", f"/shows/{show_id}/hold", self.cookie, body, "HX-Request: true")

    def get(self, path: str) -> bytes:
        return request("GET", path, self.cookie)


def visit(port: int, show_id: int) -> Visitor:
    """Open the seat page as a new visitor."""
    answer = ask(port, readable(request("GET", f"/shows/{show_id}")))
    token = re.search(rb'name="csrf_token" value="([^"]+)"', answer.body)
    if answer.status != 200 or token is None:
        raise WrongAnswer(f"the seat page answers {answer.status}")
    return Visitor(answer.header("Set-Cookie").split(";")[0], token[1].decode())


@dataclass(frozen=True, slots=True)
class Web:
    """The product's port and the floor's; measures one beside the other."""

    port: int
    floor_port: int
    sizes: Sizes

    def row(
        self,
        title: str,
        requests: Callable[[], Iterator[bytes]],
        status: int,
        least: float | None,
        floor: bytes,
    ) -> Row:
        """`requests` is asked anew before each round, so that it can prepare it."""
        pairs, seconds = [], []
        for _ in range(self.sizes.rounds):
            figure = self._half(self.port, requests(), status)
            bare = self._half(self.floor_port, itertools.repeat(floor), 200)
            pairs.append((figure.rate, bare.rate))
            seconds += figure.seconds
        return Row(title, FLOOR, pairs, least, seconds)

    def _half(self, port: int, requests: Iterator[bytes], status: int) -> Load:
        return browse(port, requests, CLIENTS, self.sizes.seconds, status)


def on_floor(wanted: bytes) -> bytes:
    """The same request to the floor's one address."""
    line, _, rest = wanted.partition(b"\r\n")
    method, _, version = line.split(b" ")
    return b" ".join((method, b"/", version)) + b"\r\n" + rest


def page_row(web: Web, title: str, wanted: bytes, least: float | None, status: int = 200) -> Row:
    return web.row(title, lambda: itertools.repeat(wanted), status, least, on_floor(wanted))


def version_of(port: int, show_id: int) -> str:
    """The version of the map that the poll answers now."""
    answer = ask(port, readable(request("GET", f"/shows/{show_id}/seats")))
    found = re.search(rb"data-v=([\d.]+)", answer.body)
    if found is None:
        raise WrongAnswer(f"the poll answers {answer.status} without a version")
    return found[1].decode()


class Crowd:
    """Ever new visitors: each has the session that a first seat page would have given it, signed by the product's key."""

    def __init__(self, app: Flask, like: Visitor) -> None:
        sessions = SecureCookieSessionInterface().get_signing_serializer(app)
        assert sessions is not None
        self._sessions, self._token = sessions, like.token
        name, _, value = like.cookie.partition("=")
        self._name, self._like = name, sessions.loads(value)

    def __next__(self) -> Visitor:
        mine = {**self._like, GUEST: f"s:{secrets.token_urlsafe(18)}"}
        return Visitor(f"{self._name}={self._sessions.dumps(mine)}", self._token)


def race_for_one_seat(port: int, crowd: Crowd, show_id: int, seat: int, clients: int) -> Load:
    """Everyone asks for the same seat; 204 leads the one winner on, 409 tells all others."""
    load = race(port, [next(crowd).hold(show_id, [seat]) for _ in range(clients)], {204, 409})
    if load.statuses.count(204) != 1:
        raise WrongAnswer(f"{load.statuses.count(204)} buyers were given the same seat")
    return load
