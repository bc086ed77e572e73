"""The load: browsers with open connections, each sending its next request when it has the answer to the last.

One process with raw sockets, so that on a small machine the servers get the rest of it. Figure and floor get the same.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

PATIENCE_SECONDS = 60.0
RECEIVE = 1 << 18


class WrongAnswer(RuntimeError):
    """The server said something else than what is being measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; empty without it."""
        start = f"{name.lower()}:"
        lines = (line for line in self.head.split("\r\n") if line.lower().startswith(start))
        return next((line[len(start) :].strip() for line in lines), "")


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: how long it took in all, and each answer's time and status, in seconds."""

    elapsed: float
    seconds: list[float]
    statuses: list[int]

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.elapsed


class Connection:
    """One browser's connection, kept alive."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._whole = 0
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self._received, self._whole = b"", 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take in what has arrived; True when the answer is whole."""
        part = self.socket.recv(RECEIVE)
        if not part:
            raise WrongAnswer("the server closed the connection")
        self._received += part
        if not self._whole:
            self._whole = self._length()
        return bool(self._whole) and len(self._received) >= self._whole

    def _length(self) -> int:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if self.status == 204:
            return end + 4
        head = self._received[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            raise WrongAnswer("an answer without its length")
        return end + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])

    @property
    def status(self) -> int:
        return int(self._received[9:12])

    def answer(self) -> Answer:
        head, _, body = self._received.partition(b"\r\n\r\n")
        return Answer(self.status, head.decode("latin-1"), body)

    def close(self) -> None:
        self.socket.close()


def ask(port: int, request: bytes) -> Answer:
    """One request on a connection of its own."""
    connection = Connection(port)
    try:
        connection.send(request)
        while not connection.receive():
            pass
        return connection.answer()
    finally:
        connection.close()


def browse(port: int, requests: Iterator[bytes], clients: int, seconds: float, status: int) -> Load:
    """Send requests for so many seconds. Raises WrongAnswer at the first answer with another status."""
    with ExitStack() as stack:
        connections = [Connection(port) for _ in range(clients)]
        for connection in connections:
            stack.callback(connection.close)
        return _drive(connections, requests, seconds, {status})


def race(port: int, requests: list[bytes], statuses: set[int]) -> Load:
    """A client for each request, all at once, connecting included."""
    start = time.perf_counter()
    with ExitStack() as stack:
        connections = []
        for _ in requests:
            connections.append(Connection(port))
            stack.callback(connections[-1].close)
        load = _drive(connections, iter(requests), 0.0, statuses)
    return Load(time.perf_counter() - start, load.seconds, load.statuses)


def _drive(connections: list[Connection], requests: Iterator[bytes], seconds: float, statuses: set[int]) -> Load:
    load = Load(0.0, [], [])
    with selectors.DefaultSelector() as selector:
        start = time.perf_counter()
        waiting = 0
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
            waiting += 1
        while waiting:
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise WrongAnswer(f"no answer within {PATIENCE_SECONDS:.0f} seconds")
            for key, _ in ready:
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                waiting -= 1
                load.seconds.append(now - connection.sent_at)
                load.statuses.append(connection.status)
                if connection.status not in statuses:
                    raise WrongAnswer(f"{connection.status} instead of {statuses}: {connection.answer().body[:300]!r}")
                following = next(requests, None) if now - start < seconds else None
                if following is not None:
                    connection.send(following)
                    waiting += 1
        return Load(time.perf_counter() - start, load.seconds, load.statuses)
