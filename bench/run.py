"""One run: what is measured, in which order, in which house."""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from sqlalchemy import text

from app import create_app
from app.config import read_settings
from app.db import db, end_read
from app.embedded.server import until
from app.services.holds import hold_seats
from bench.growth import FEW, MANY, growth
from bench.holds import Wish, hold_row
from bench.house import DATABASE, House, add_shows, furnish, open_house
from bench.pages import CLIENTS, Crowd, Visitor, Web, on_floor, page_row, race_for_one_seat, version_of, visit
from bench.papers import paid_booking, pdf_row
from bench.seats import a_show_of, layout_of, pairs_of, places, threes_of
from bench.servers import memory_of, running, web
from bench.sizes import FULL, Sizes
from bench.table import Fact, Row, percentiles

BEGAN = time.perf_counter()
MB = 1024 * 1024
MOST_MEMORY = 350 * MB
HALL = 300
JOBS_SECONDS = 60.0
MOST_HOLDS_PER_SECOND = 1500
SETTLED_SECONDS = 0.4
"""After a change: every web process has looked again."""
COUNTED = {"HOLDS_PER_MINUTE": "1000000", "REQUESTS_PER_MINUTE": "1000000"}
"""Limits that count every request and refuse none."""


def say(words: str) -> None:
    print(f"· {time.perf_counter() - BEGAN:3.0f} s  {words}", file=sys.stderr, flush=True)


def measure(sizes: Sizes) -> tuple[list[Row], list[Fact]]:
    """The rows of the table and what stands beside it. Raises WrongAnswer when the product does not do its work."""
    say("Starting PostgreSQL and Valkey, making a house of films and shows")
    with open_house() as house:
        run = Run(house, sizes)
        rows = run.service_rows()
        facts = []
        with ExitStack() as stack:
            run.start(stack)
            rows += run.page_rows()
            facts += [*run.counted(), run.race(), run.memory()]
        run.close()
        say(f"Holding seats among {sizes.many_shows:,} shows and among {sizes.few_shows}")
        facts.append(growth(house, run.like, run.pairs, sizes))
        if sizes.many_shows != FULL.many_shows:
            facts.append(Fact("this short run", f"grows to {sizes.many_shows:,} shows only, a full one to 10,000"))
        return [rows[0], *rows[2:], rows[1]], facts


class Run:
    """The house with its shows, and what its buyers want next."""

    def __init__(self, house: House, sizes: Sizes) -> None:
        self.house, self.sizes = house, sizes
        self.app = create_app(read_settings(house.env))
        with self.app.app_context():
            furnish()
            self.like = a_show_of(HALL)
            layout = layout_of(self.like)
            self.pairs, self.threes = pairs_of(layout), threes_of(layout)
        self.close()
        for copy in (FEW, MANY):
            house.copy(copy)
        shows = add_shows(house.superuser_url(DATABASE), self.like, sizes.shows)
        self.polled, self.raced = shows[:2]
        self.wishes: Iterator[Wish] = places(shows[2:], self.pairs)

    def close(self) -> None:
        """Nobody is connected to the database any more."""
        with self.app.app_context():
            db.engine.dispose()

    def service_rows(self) -> list[Row]:
        with self.app.app_context():
            say("hold_seats beside its own statements")
            holds = hold_row(self.wishes, self.sizes)
            say("A ticket's PDF beside WeasyPrint")
            show_id, seats = next(self.wishes)
            papers = pdf_row(show_id, paid_booking(show_id, seats), self.sizes)
            self._sell_some_of(self.polled)
        return [holds, papers]

    def _sell_some_of(self, show_id: int) -> None:
        for seats in self.pairs[len(self.pairs) // 2 :: 3]:
            hold_seats(show_id, seats, f"s:bench-{seats}")

    def start(self, stack: ExitStack) -> None:
        say("Starting web, worker, schedule and the bare floor")
        env = {**self.house.env}
        web_pid, self.port = stack.enter_context(web(env, "wsgi:app"))
        _, floor_port = stack.enter_context(web(env, "bench.floor:app"))
        worker = stack.enter_context(running(env, "worker.py"))
        schedule = stack.enter_context(running(env, "schedule.py"))
        self.pids = [web_pid, worker, schedule]
        self.web = Web(self.port, floor_port, self.sizes)
        self.visitor = visit(self.port, self.polled)

    def page_rows(self) -> list[Row]:
        say("Pages beside bare Flask")
        return [
            self._hold_row(self.web, self.visitor, 0.15),
            self._unchanged_row(),
            self._changed_row(),
            page_row(self.web, "seat map page, 300 seats", self.visitor.get(f"/shows/{self.polled}"), 0.08),
            page_row(self.web, "home page", self.visitor.get("/"), 0.15),
        ]

    def _hold_row(self, served: Web, visitor: Visitor, least: float | None) -> Row:
        crowd, ready = Crowd(self.app, visitor), deque[bytes]()

        def prepared() -> Iterator[bytes]:
            """New buyers' requests, written before the round begins, and more than it can use."""
            while len(ready) < self.sizes.seconds * MOST_HOLDS_PER_SECOND + CLIENTS:
                ready.append(next(crowd).hold(*next(self.wishes)))
            return (ready.popleft() for _ in range(len(ready)))

        floor = on_floor(visitor.hold(self.polled, self.pairs[0]))
        return served.row("POST hold over HTTP, 16 clients", prepared, 204, least, floor)

    def _unchanged_row(self) -> Row:
        path = f"/shows/{self.polled}/seats?v={version_of(self.port, self.polled)}"
        return page_row(self.web, "poll, nothing changed", self.visitor.get(path), 0.6, 204)

    def _changed_row(self) -> Row:
        """Before each round three more seats change, and the polls know the map of before."""
        changes = iter(self.threes)

        def changed() -> Iterator[bytes]:
            before = version_of(self.port, self.polled)
            seats = next(changes)
            with self.app.app_context():
                hold_seats(self.polled, seats, f"s:bench-{seats}")
            time.sleep(SETTLED_SECONDS)
            return itertools.repeat(self.visitor.get(f"/shows/{self.polled}/seats?v={before}"))

        return self.web.row("poll, 3 seats changed", changed, 200, 0.35, on_floor(self.visitor.get("/")))

    def counted(self) -> list[Fact]:
        """The same pages by a web process that counts every request in Valkey, which the table's did not."""
        say("The same with requests counted")
        with web({**self.house.env, **COUNTED}, "wsgi:app") as (_, port):
            served = replace(self.web, port=port)
            visitor = visit(port, self.polled)
            rows = [
                self._hold_row(served, visitor, None),
                page_row(served, "seat map page", visitor.get(f"/shows/{self.polled}"), None),
                page_row(served, "home page", visitor.get("/"), None),
            ]
        return [Fact(f"{row.title}, each request counted in Valkey", f"ratio {row.ratio:.2f}") for row in rows]

    def race(self) -> Fact:
        clients = self.sizes.racers
        say(f"{clients} buyers race for one seat")
        load = race_for_one_seat(self.port, Crowd(self.app, self.visitor), self.raced, self.pairs[0][0], clients)
        p50, p95 = percentiles(load.seconds)
        words = f"all answered in {load.elapsed:.2f} s, one with the seat; p50 {p50:.0f} ms, p95 {p95:.0f} ms"
        return Fact(f"{clients} clients race for one seat", words)

    def memory(self) -> Fact:
        say("Memory, once the worker has made a ticket")
        until(self._nothing_to_do, JOBS_SECONDS, 0.1)
        used = memory_of(self.pids)
        if used is None:
            return Fact("memory of web, worker and schedule", "can't be read on this system")
        words = f"{used / MB:.0f} MB (PSS; at most {MOST_MEMORY // MB})"
        return Fact("memory of web, worker and schedule", words, used > MOST_MEMORY)

    def _nothing_to_do(self) -> bool:
        with self.app.app_context():
            left = db.session.execute(text("SELECT count(*) FROM outbox WHERE done_at IS NULL")).scalar_one()
            end_read()
        return left == 0
