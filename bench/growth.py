"""The hold in a house of many shows over the hold in a house of few, two databases side by side."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from statistics import median

import psycopg
from flask import Flask
from psycopg.sql import SQL, Identifier

from app import create_app
from app.config import read_settings
from app.db import db
from app.embedded import connect
from bench.holds import Wish, hold, timed
from bench.house import House, add_shows
from bench.seats import Pair, places
from bench.sizes import Sizes
from bench.table import Fact

MOST = 1.2


class Town:
    """One of the two houses: its application, and buyers who want seats all over it. `like` names one of its shows."""

    def __init__(self, house: House, name: str, like: int, shows: int, pairs: Sequence[Pair]) -> None:
        url = house.superuser_url(name)
        with connect(url) as database:
            made = add_shows(url, like, shows - number(database, "shows"))
            self.shows, self.seats = number(database, "shows"), number(database, "show_seats")
        wishes = list(places(made, pairs))
        random.shuffle(wishes)
        self._wishes: Iterator[Wish] = iter(wishes)
        urls = house.urls.for_database(name)
        settings = dataclasses.replace(read_settings(house.env), database_url=urls.database_url)
        self._app: Flask = create_app(settings)

    def seconds_of_a_hold(self, count: int) -> float:
        with self._app.app_context():
            return sum(timed(hold, list(itertools.islice(self._wishes, count)))) / count

    def close(self) -> None:
        with self._app.app_context():
            db.engine.dispose()


def number(database: psycopg.Connection, table: str) -> int:
    """How many rows a table has."""
    found = database.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table))).fetchone()
    return int(found[0]) if found else 0


FEW, MANY = "bench_few", "bench_many"
"""The two databases, copies of the house before anything was sold in it."""


def growth(house: House, like: int, pairs: Sequence[Pair], sizes: Sizes) -> Fact:
    """The median of the paired ratios."""
    few, many = Town(house, FEW, like, sizes.few_shows, pairs), Town(house, MANY, like, sizes.many_shows, pairs)
    for town in (many, few):
        town.seconds_of_a_hold(sizes.growth_holds)
    ratios = [
        many.seconds_of_a_hold(sizes.growth_holds) / few.seconds_of_a_hold(sizes.growth_holds)
        for _ in range(sizes.growth_rounds)
    ]
    few.close()
    many.close()
    ratio = median(ratios)
    title = f"hold with {many.shows:,} shows ({many.seats:,} seat rows) over {few.shows} shows"
    return Fact(title, f"{ratio:.2f} (at most {MOST})", ratio > MOST)
