"""Lines of a CSV file to take along. Cells that a spreadsheet would run as a formula are defused."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell may not begin with, the wide forms of East Asian keyboards too."""


def defused(cell: Any) -> Any:
    """The cell as it may stand in a file: words that would be run get an apostrophe in front; numbers stay numbers."""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def csv_line(cells: Iterable[Any]) -> str:
    """With its end."""
    book = io.StringIO()
    csv.writer(book).writerow([defused(cell) for cell in cells])
    return book.getvalue()
