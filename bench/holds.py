"""The hold as a service call, against its own statements sent by plain psycopg."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest.mock import patch

import psycopg
from flask import current_app
from sqlalchemy import event

from app.db import array_of, db
from app.domain.codes import new_booking_code
from app.services.holds import hold_seats
from bench.seats import Pair, layout_of
from bench.sizes import Sizes
from bench.table import Row

COMMIT = "COMMIT"
Step = tuple[str | bytes, dict[str, Any]]
Wish = tuple[int, Pair]
"""A show, and two of its seats."""

_buyers = itertools.count()


def hold(wish: Wish) -> None:
    show_id, seats = wish
    hold_seats(show_id, seats, f"s:bench-{next(_buyers)}")


def hold_row(wishes: Iterator[Wish], sizes: Sizes) -> Row:
    """hold_seats for two seats, in one process, against the same statements and commits. Needs the app context."""
    script = record(lambda: hold(next(wishes)))
    with plain_connection() as plain:
        warm = list(itertools.islice(wishes, 40))
        timed(hold, warm[:20]), timed(replayer(plain, script), [fresh(script, wish) for wish in warm[20:]])
        pairs, seconds = [], []
        for _ in range(max(9, sizes.rounds)):
            figure = timed(hold, list(itertools.islice(wishes, sizes.holds)))
            again = [fresh(script, wish) for wish in itertools.islice(wishes, sizes.holds)]
            floor = timed(replayer(plain, script), again)
            pairs.append((len(figure) / sum(figure), len(floor) / sum(floor)))
            seconds += figure
    return Row("hold_seats, 2 seats, service call", "the same statements by psycopg", pairs, 0.45, seconds)


def plain_connection() -> psycopg.Connection:
    """psycopg without SQLAlchemy, connected with the very options that the application has."""
    options = current_app.config["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, **options)


def record(action: Callable[[], object]) -> list[Step]:
    """Every statement that `action` sends, by SQLAlchemy or by itself, and where it commits."""
    steps: list[Step] = []
    execute = psycopg.Cursor.execute

    def sent(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:
        steps.append((statement, dict(parameters or {})))
        return execute(cursor, statement, parameters, **options)

    def committed(connection: Any) -> None:
        steps.append((COMMIT, {}))

    event.listen(db.engine, "commit", committed)
    try:
        with patch.object(psycopg.Cursor, "execute", sent):
            action()
    finally:
        event.remove(db.engine, "commit", committed)
    return steps


def fresh(script: Sequence[Step], wish: Wish) -> list[Step]:
    """The same statements for other seats and another buyer."""
    show_id, seats = wish
    other = {
        "show_id": show_id,
        "seat_ids": array_of(seats),
        "near": array_of(layout_of(show_id).near(seats)),
        "owner_key": f"s:bench-{next(_buyers)}",
        "code": new_booking_code(show_id),
    }
    return [
        (statement, values | {name: value for name, value in other.items() if name in values})
        for statement, values in script
    ]


def replayer(plain: psycopg.Connection, script: Sequence[Step]) -> Callable[[list[Step]], None]:
    """Sends the steps of one hold and reads what comes back."""

    def replay(steps: list[Step]) -> None:
        for statement, values in steps:
            if statement is COMMIT:
                plain.commit()
            else:
                plain.execute(statement, values).fetchall()

    return replay


def timed(action: Callable[[Any], object], each: Sequence[Any]) -> list[float]:
    """Seconds of each call."""
    spent = []
    for one in each:
        start = time.perf_counter()
        action(one)
        spent.append(time.perf_counter() - start)
    return spent
