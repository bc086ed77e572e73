"""The words of a form as values: numbers within limits, names, ways of counting. Each raises EditError with a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.domain.layout_edit.document import EditError
from app.domain.layout_edit.numbering import Numbering, letters_number, row_names
from app.domain.seating_plan import MAX_NAME
from app.domain.text import tidy

Words = Mapping[str, str]


def a_text(words: Words, name: str, what: str, most: int = MAX_NAME) -> str:
    value = tidy(words.get(name, ""))
    if not value:
        raise EditError(f"Write {what}.")
    if len(value) > most:
        raise EditError(f"At most {most} letters are possible for {what}.")
    return value


def a_number(words: Words, name: str, what: str, least: int, most: int, otherwise: int | None = None) -> int:
    value = words.get(name, "").strip()
    if not value and otherwise is not None:
        return otherwise
    try:
        number = round(float(value))
    except (ValueError, OverflowError):
        raise EditError(f"Write a number for {what}.") from None
    if not least <= number <= most:
        raise EditError(f"For {what}, numbers from {least} to {most} are possible.")
    return number


def a_list(words: Words, name: str) -> list[str]:
    return [part for part in (tidy(part) for part in words.get(name, "").replace(";", ",").split(",")) if part]


def one_of(words: Words, name: str, allowed: Collection[str], otherwise: str) -> str:
    value = words.get(name) or otherwise
    if value not in allowed:
        raise EditError(f"“{value}” is not possible here.")
    return value


def a_numbering(words: Words) -> Numbering:
    start = tidy(words.get("start", "")) or "1"
    lettered = not start.isdecimal()
    try:
        number = letters_number(start) if lettered else int(start)
    except ValueError:
        raise EditError("Begin the seats with a number or a letter.") from None
    if number > 9999:
        raise EditError("Seat numbers end at 9999.")
    count = one_of(words, "count", ("all", "odd", "even"), "all")
    if count != "all" and number % 2 != (count == "odd"):
        number += 1
    side = one_of(words, "side", ("left", "right", "middle"), "left")
    return Numbering(number, 1 if count == "all" else 2, side, lettered, frozenset(a_list(words, "skip")))


def names_of_rows(words: Words, rows: int) -> list[str]:
    try:
        names = row_names(a_text(words, "first", "the first row's name", 6), rows, a_list(words, "skip_rows"))
    except ValueError:
        raise EditError("A row is called by letters A to Z, or by a number.") from None
    return names
