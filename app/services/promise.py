"""What a promise is: a sentence and a query that returns no rows while it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One more thing that belongs to a promise."""

    says: str
    sql: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A numbered promise; `also` are further queries of the same kind. `:now` and `:most` are given where they occur."""

    number: int
    says: str
    sql: str
    also: tuple[Check, ...] = ()

    @property
    def checks(self) -> tuple[Check, ...]:
        return (Check(self.says, self.sql), *self.also)


@dataclass(frozen=True, slots=True)
class Broken:
    """One row that breaks a promise."""

    number: int
    promise: str
    row: str
