"""Tables as CSV files to take along, by the lines of domain/csv_lines.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

from app.domain.csv_lines import csv_line

BOM = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""


def csv_file(name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Response:
    """The rows as a file `name`.csv, sent as they come: however many there are, few are held in memory."""
    response = Response(stream_with_context(_lines(header, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    yield BOM + csv_line(header)
    for row in rows:
        yield csv_line(row)
