"""Films and cinemas from a table: which columns there are and what a row must hold. Nothing is stored here.

One cell is read by cells.py, the file by csv_table.py. A bad row is reported and left out; the others go on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Generic, TypeVar

from app.domain import cells as read
from app.domain.cells import Cells
from app.domain.csv_table import RowError, Table, TableRow, read_table
from app.domain.text import fold

__all__ = [
    "CinemaRow",
    "ImportResult",
    "MovieRow",
    "RowError",
    "Table",
    "parse_cinemas",
    "parse_movies",
    "read_film",
    "read_table",
]

KINDS = ("film", "event", "concert", "talk", "theatre", "opera", "ballet", "sport", "other")
STATUSES = ("open", "temporarily_closed", "closed")
_ID = re.compile(r"[\w][\w.:-]{0,63}")
_DATE_LIKE = re.compile(r"\d{1,2}[-/][A-Za-z]{3}([-/]\d{2,4})?|[A-Za-z]{3}[-/]\d{2}|\d{4}-\d{2}-\d{2}( 00:00:00)?")
_ALIASES = {
    "runtime": "runtime_min", "runtime_minutes": "runtime_min", "duration": "runtime_min",
    "year": "release_year", "genre": "genres", "director": "directors", "language": "languages",
    "description": "synopsis", "trailer": "trailer_url", "postcode": "postal_code", "zip": "postal_code",
    "latitude": "lat", "longitude": "lon", "lng": "lon", "time_zone": "timezone", "licence": "license",
    "url": "website", "country": "country_code", "tax": "tax_percent", "fee": "booking_fee",
}  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MovieRow:
    """A film as the file tells it. A release that is known by its year alone has no date."""

    line: int
    id: str
    title: str
    original_title: str
    slug: str
    release_date: dt.date | None
    release_year: int | None
    runtime_min: int | None
    languages: tuple[str, ...]
    language_codes: tuple[str, ...]
    countries: tuple[str, ...]
    country_codes: tuple[str, ...]
    genres: tuple[str, ...]
    certificate: str
    certificate_system: str
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    synopsis: str
    sound: str
    poster: str
    advice: str
    trailer_url: str
    kind: str
    source: str
    source_ref: str
    license: str


@dataclass(frozen=True, slots=True)
class CinemaRow:
    """A cinema as the file tells it; booking_fee is in minor units of its currency, per seat."""

    line: int
    id: str
    name: str
    slug: str
    chain: str
    address: str
    postal_code: str
    city: str
    region: str
    country_code: str
    lat: float | None
    lon: float | None
    timezone: str
    currency: str
    screens: int | None
    seats: int | None
    wheelchair_spaces: int | None
    type: tuple[str, ...]
    status: str
    opened: dt.date | None
    website: str
    facilities: tuple[str, ...]
    booking_fee: int | None
    tax_percent: Decimal | None
    source: str
    source_id: str
    license: str


@dataclass(frozen=True, slots=True)
class ImportResult(Generic[T]):
    """The good rows, what is wrong with the others, and notes about good rows that somebody should look at.

    A fault of the whole file (no header, a column missing) is an error of line 1, and then there are no rows.
    """

    rows: tuple[T, ...]
    errors: tuple[RowError, ...]
    notes: tuple[RowError, ...]
    columns: frozenset[str]
    """The columns that the file has; of the others it says nothing."""
    ignored_columns: tuple[str, ...]
    separator: str
    encoding: str


def parse_movies(data: bytes) -> ImportResult[MovieRow]:
    """Films of a CSV file; needs the columns id and title."""
    return _parsed(data, {field.name for field in fields(MovieRow)}, ("id", "title"), _movie)


def parse_cinemas(data: bytes) -> ImportResult[CinemaRow]:
    """Cinemas of a CSV file; needs the columns id, name, city, country_code, timezone and currency."""
    needed = ("id", "name", "city", "country_code", "timezone", "currency")
    return _parsed(data, {field.name for field in fields(CinemaRow)}, needed, _cinema)


def _parsed(
    data: bytes,
    known: set[str],
    needed: tuple[str, ...],
    reader: Callable[[Cells], T],
) -> ImportResult[T]:
    table = read_table(data)
    columns, ignored, errors = _columns(table.header, known - {"line"}, needed)
    rows: list[T] = []
    notes: list[RowError] = []
    if not errors:
        errors += table.errors
        seen: dict[str, int] = {}
        for each in table.rows:
            cells = Cells(each, columns)
            row = reader(cells)
            _refuse_a_double(cells, seen)
            errors += cells.errors
            if not cells.errors:
                rows.append(row)
                notes += cells.notes
    errors.sort(key=lambda error: error.line)
    found = frozenset(columns)
    return ImportResult(tuple(rows), tuple(errors), tuple(notes), found, ignored, table.separator, table.encoding)


def _columns(
    header: tuple[str, ...], known: set[str], needed: tuple[str, ...]
) -> tuple[dict[str, int], tuple[str, ...], list[RowError]]:
    """Where each known column stands, the names of the others, and what makes the header useless."""
    columns: dict[str, int] = {}
    ignored, errors = [], []
    for index, told in enumerate(header):
        name = re.sub(r"[\s\-./]+", "_", fold(told).strip(" \ufeff\u200b*")).strip("_")
        name = name if name in known else _ALIASES.get(name, name)
        if name in known and name not in columns:
            columns[name] = index
        elif name in known:
            errors.append(RowError(1, name, f'the header has the column "{name}" twice'))
        else:
            ignored.append(told.strip())
    if not header:
        errors.append(RowError(1, "", "the file is empty"))
    else:
        errors += [RowError(1, name, f'the header lacks the column "{name}"') for name in needed if name not in columns]
    return columns, tuple(ignored), errors


def _refuse_a_double(cells: Cells, seen: dict[str, int]) -> None:
    key = cells.raw("id").casefold()
    if key and seen.setdefault(key, cells.line) != cells.line:
        cells.refuse("id", f'"{cells.raw("id")}" is already the id of line {seen[key]}')


def read_film(told: Mapping[str, str]) -> tuple[MovieRow | None, dict[str, str]]:
    """One film by columns, by the rules of a file's rows: the row, or what is wrong by column. Lists are cells.joined.

    What a file's row would leave out (an address that is none) is wrong here: somebody is there to put it right.
    """
    columns = {name: index for index, name in enumerate(told)}
    cells = Cells(TableRow(0, tuple(told.values())), columns)
    row = _movie(cells)
    wrong = {one.column: one.reason for one in (*cells.left_out, *cells.errors)}
    return (None if wrong else row), wrong


def _an_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("must be 1 to 64 letters, digits, dots, colons, dashes or underscores")
    return text


def _movie(cells: Cells) -> MovieRow:
    released = cells.read("release_date", read.a_film_date)
    told_year = cells.read("release_year", read.a_film_year)
    year_of_date = cells.raw("release_date")[:4]
    return MovieRow(
        line=cells.line,
        id=cells.read("id", _an_id, needed=True) or "",
        title=_title(cells),
        original_title=cells.text("original_title", 200),
        slug=cells.read("slug", read.a_slug) or "",
        release_date=released,
        release_year=told_year or (int(year_of_date) if year_of_date.isdecimal() else None),
        runtime_min=cells.read("runtime_min", read.a_runtime),
        languages=cells.items("languages"),
        language_codes=cells.codes("language_codes", r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language code such as en"),
        countries=cells.items("countries"),
        country_codes=cells.codes("country_codes", r"[A-Z]{2}", "a country code of two capitals"),
        genres=cells.items("genres"),
        certificate=cells.text("certificate", 20),
        certificate_system=cells.text("certificate_system", 40),
        directors=cells.items("directors", 150),
        cast=cells.items("cast", 150),
        synopsis=cells.text("synopsis", 5000),
        sound=cells.text("sound", 80),
        poster=cells.read("poster", read.a_poster) or "",
        advice=cells.text("advice", 300),
        trailer_url=cells.read("trailer_url", read.a_trailer) or "",
        kind=cells.read("kind", read.one_of(KINDS)) or "film",
        source=cells.text("source", 200),
        source_ref=cells.text("source_ref", 200),
        license=cells.text("license", 200),
    )


def _title(cells: Cells) -> str:
    title = cells.text("title", 200, needed=True)
    if _DATE_LIKE.fullmatch(title):
        cells.notes.append(RowError(cells.line, "title", f'"{title}" looks like a date that a spreadsheet made'))
    return title


def _cinema(cells: Cells) -> CinemaRow:
    currency = cells.read("currency", read.a_currency, needed=True) or ""
    lat = cells.read("lat", read.between(-90, 90, "latitude"))
    lon = cells.read("lon", read.between(-180, 180, "longitude"))
    if not cells.errors and (lat is None) != (lon is None):
        cells.refuse("lat" if lat is None else "lon", "is missing; a place needs latitude and longitude")
    return CinemaRow(
        line=cells.line,
        id=cells.read("id", _an_id, needed=True) or "",
        name=cells.text("name", 120, needed=True),
        slug=cells.read("slug", read.a_slug) or "",
        chain=cells.text("chain", 80),
        address=cells.text("address", 200),
        postal_code=cells.text("postal_code", 20),
        city=cells.text("city", 80, needed=True),
        region=cells.text("region", 80),
        country_code=cells.read("country_code", read.a_country, needed=True) or "",
        lat=lat,
        lon=lon,
        timezone=cells.read("timezone", read.a_timezone, needed=True) or "",
        currency=currency,
        screens=cells.read("screens", read.a_count),
        seats=cells.read("seats", read.a_count),
        wheelchair_spaces=cells.read("wheelchair_spaces", read.a_count),
        type=cells.items("type", 40),
        status=cells.read("status", read.one_of(STATUSES)) or "open",
        opened=cells.read("opened", read.a_date),
        website=cells.read("website", read.a_url) or "",
        facilities=cells.items("facilities"),
        booking_fee=cells.read("booking_fee", read.an_amount(currency)),
        tax_percent=cells.read("tax_percent", read.a_percentage),
        source=cells.text("source", 200),
        source_id=cells.text("source_id", 64),
        license=cells.text("license", 200),
    )
