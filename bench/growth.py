"""The hold in a house of many shows over the hold in a house of few, two databases side by side."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from statistics import median

from flask import Flask

from app import create_app
from app.config import read_settings
from app.db import db
from bench.holds import Wish, hold, timed
from bench.house import House, add_shows
from bench.seats import Pair, places
from bench.sizes import Sizes
from bench.table import Fact

MOST = 1.2


class Town:
    """One of the two houses: its application, and buyers who want seats all over it."""

    def __init__(self, house: House, name: str, like: int, shows: int, pairs: Sequence[Pair]) -> None:
        urls = house.copy(name)
        wishes = list(places(add_shows(house.superuser_url(name), like, shows), pairs))
        random.shuffle(wishes)
        self._wishes: Iterator[Wish] = iter(wishes)
        settings = dataclasses.replace(read_settings(house.env), database_url=urls.database_url)
        self._app: Flask = create_app(settings)

    def seconds_of_a_hold(self, count: int) -> float:
        with self._app.app_context():
            return sum(timed(hold, list(itertools.islice(self._wishes, count)))) / count

    def close(self) -> None:
        with self._app.app_context():
            db.engine.dispose()


def growth(house: House, like: int, pairs: Sequence[Pair], sizes: Sizes) -> Fact:
    """The median of the paired ratios. Nobody may be connected to the database that is copied."""
    few = Town(house, "bench_few", like, sizes.few_shows, pairs)
    many = Town(house, "bench_many", like, sizes.many_shows, pairs)
    for town in (many, few):
        town.seconds_of_a_hold(sizes.growth_holds)
    ratios = [
        many.seconds_of_a_hold(sizes.growth_holds) / few.seconds_of_a_hold(sizes.growth_holds)
        for _ in range(sizes.growth_rounds)
    ]
    few.close(), many.close()
    ratio = median(ratios)
    title = f"hold with {sizes.many_shows:,} shows ({sizes.many_shows * 300:,} seat rows) over {sizes.few_shows} shows"
    return Fact(title, f"{ratio:.2f} (at most {MOST})", ratio > MOST)
