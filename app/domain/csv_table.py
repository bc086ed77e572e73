"""From the bytes of somebody's spreadsheet to a header and rows with line numbers. What the columns mean
is unknown here."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

SEPARATORS = ",;\t"
MAX_LINES_IN_A_ROW = 200
"""A row that goes on for longer has a quote that was never closed."""
_EXCEL_HINT = re.compile(r"^\ufeff?sep=(.)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which line (counted as an editor does) and column; column is empty where it is the
    whole row."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class TableRow:
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that have as many cells as the header; the others are in `errors`."""

    header: tuple[str, ...]
    rows: tuple[TableRow, ...]
    errors: tuple[RowError, ...]
    separator: str
    encoding: str


def read_table(data: bytes) -> Table:
    """Reads CSV in UTF-8, UTF-16 or Windows-1252, separated by comma, semicolon or tab, with any line
    ends."""
    text, encoding = _decoded(data)
    lines = _lines(text)
    first = 0
    hint = _EXCEL_HINT.match(lines[0]) if lines else None
    if hint and hint[1] in SEPARATORS:
        separator, first = hint[1], 1
    else:
        separator = _separator(lines)
    header: tuple[str, ...] = ()
    rows: list[TableRow] = []
    errors: list[RowError] = []
    for line, cells in _records(lines, first, separator):
        if isinstance(cells, str):
            errors.append(RowError(line, "", cells))
        elif not any(cell.strip() for cell in cells):
            continue
        elif not header:
            header = tuple(_without_empty_end(cells, 0))
        else:
            whole = _without_empty_end(cells, len(header))
            if len(whole) == len(header):
                rows.append(TableRow(line, tuple(whole)))
            else:
                reason = f"has {len(whole)} cells where the header has {len(header)}"
                errors.append(RowError(line, "", reason))
    return Table(header, tuple(rows), tuple(errors), separator, encoding)


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "utf-16"
    if b"\x00" in data[:200]:
        # UTF-16 without a mark: every other byte of plain letters is zero.
        for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if data[start:200:2].count(0) > 0.8 * len(data[start:200:2]):
                return data.decode(name, errors="replace"), name
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return _mixed(data.removeprefix(b"\xef\xbb\xbf"))


def _mixed(data: bytes) -> tuple[str, str]:
    """Line by line, because files that claim UTF-8 hold single lines pasted from elsewhere."""
    parts, names = [], set()
    for line in data.split(b"\n"):
        try:
            parts.append(line.decode("utf-8"))
            names |= set() if line.isascii() else {"utf-8"}
        except UnicodeDecodeError:
            parts.append(_windows_1252(line))
            names.add("windows-1252")
    return "\n".join(parts), " and ".join(sorted(names))


def _windows_1252(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")  # five bytes mean nothing in Windows-1252; Latin-1 takes all


def _lines(text: str) -> list[str]:
    plain = text.replace("\x00", "").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [line + "\n" for line in plain.split("\n")]


def _separator(lines: list[str]) -> str:
    """The one that cuts the first line with something in it into the most cells, outside quotes."""
    head = next((line for line in lines if line.strip()), "")
    return max(SEPARATORS, key=lambda each: len(next(csv.reader([head], delimiter=each), [])))


class _Feed:
    """Hands lines to the csv reader and notes whether it wanted more than there were."""

    def __init__(self, lines: list[str], start: int) -> None:
        self.lines, self.at, self.dry = lines, start, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            self.dry = True
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def _records(lines: list[str], start: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with the number of its first line; a text instead of cells says why it can't be read."""
    while start < len(lines):
        feed = _Feed(lines, start)
        reader = csv.reader(feed, delimiter=separator)
        begin = start
        broken = ""
        try:
            for cells in reader:
                if feed.dry or feed.at - begin > MAX_LINES_IN_A_ROW:
                    broken = "a quote is opened here and never closed"
                    break
                yield begin + 1, cells
                begin = feed.at
        except csv.Error as error:
            broken = f"can't be read: {error}"
        if not broken:
            return
        yield begin + 1, broken
        start = begin + 1  # go on after the line with the fault, not after all that it swallowed


def _without_empty_end(cells: list[str], least: int) -> list[str]:
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
