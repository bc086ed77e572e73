"""How long and how often: the sizes of a full run, of --quick, and of the tests' own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """`seconds` is one half of a pair over HTTP; `holds` and `documents` are calls in one half of a pair;
    `shows` are there for the buyers to use up, `few_shows` and `many_shows` are what growth compares."""

    rounds: int
    seconds: float
    holds: int
    documents: int
    racers: int
    shows: int
    few_shows: int
    many_shows: int
    growth_rounds: int
    growth_holds: int


FULL = Sizes(
    rounds=7,
    seconds=2.0,
    holds=150,
    documents=5,
    racers=500,
    shows=300,
    few_shows=100,
    many_shows=10_000,
    growth_rounds=15,
    growth_holds=100,
)
QUICK = Sizes(
    rounds=3,
    seconds=0.6,
    holds=80,
    documents=3,
    racers=500,
    shows=120,
    few_shows=100,
    many_shows=1_000,
    growth_rounds=9,
    growth_holds=60,
)
TINY = Sizes(
    rounds=3,
    seconds=0.1,
    holds=10,
    documents=1,
    racers=12,
    shows=8,
    few_shows=100,
    many_shows=150,
    growth_rounds=3,
    growth_holds=10,
)
