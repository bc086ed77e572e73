"""What seats and rows are called: counted on, odd or even, from either side or the middle, some left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count, islice

LETTERS = 26


def letters(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    name = ""
    while number > 0:
        number, place = divmod(number - 1, LETTERS)
        name = chr(65 + place) + name
    return name


def letters_number(name: str) -> int:
    """The other way: AA is 27. Raises ValueError for anything but letters A to Z."""
    number = 0
    for letter in name.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(name)
        number = number * LETTERS + ord(letter) - 64
    if number == 0:
        raise ValueError(name)
    return number


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the seats of a row are counted. `start` is a number, in letters too; `side` is left, right or middle."""

    start: int = 1
    step: int = 1
    side: str = "left"
    lettered: bool = False
    skip: frozenset[str] = frozenset()

    def names(self, seats: int) -> list[str]:
        """What the seats are called, from left to right."""
        if self.side == "middle":
            return self._from_the_middle(seats)
        names = list(islice(counted(self.start, self.step, self.lettered, self.skip), seats))
        return names[::-1] if self.side == "right" else names

    def _from_the_middle(self, seats: int) -> list[str]:
        """Odd numbers go to the left of the middle, even ones to the right, as old theatres have it."""
        odd = self.start if self.start % 2 else self.start + 1
        even = self.start + 1 if self.start % 2 else self.start
        left = islice(counted(odd, 2, self.lettered, self.skip), (seats + 1) // 2)
        right = islice(counted(even, 2, self.lettered, self.skip), seats // 2)
        return [*list(left)[::-1], *right]


def counted(start: int, step: int, lettered: bool, skip: Collection[str]) -> Iterator[str]:
    """Names without end, those to skip left out."""
    for number in count(start, step):
        name = letters(number) if lettered else str(number)
        if name not in skip:
            yield name


def row_names(first: str, rows: int, skip: Collection[str]) -> list[str]:
    """Names of rows from the first on: letters after a letter, numbers after a number. Raises ValueError otherwise."""
    lettered = not first.isdecimal()
    start = letters_number(first) if lettered else int(first)
    return list(islice(counted(start, 1, lettered, skip), rows))
