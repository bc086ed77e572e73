"""Tables as CSV files to take along. Cells that a spreadsheet would run as a formula are defused."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell may not begin with, the wide forms of East Asian keyboards too."""
BOM = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""


def defused(cell: Any) -> Any:
    """The cell as it may stand in a file: words that would be run get an apostrophe in front; numbers stay numbers."""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def csv_file(name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Response:
    """The rows as a file `name`.csv, sent as they come: however many there are, few are held in memory."""
    response = Response(stream_with_context(_lines(header, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    yield BOM + _line(header)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Any]) -> str:
    book = io.StringIO()
    csv.writer(book).writerow([defused(cell) for cell in cells])
    return book.getvalue()
