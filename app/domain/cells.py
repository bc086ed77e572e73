"""One cell of an imported table at a time: cleaned, checked, turned into a value, or refused with a
sentence."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app.domain.csv_table import RowError, TableRow
from app.domain.text import slugify, tidy
from app.money import CURRENCIES

FIRST_FILM = 1888
LAST_YEAR = 2100
LONGEST_FILM = 900
"""Minutes; the longest films that cinemas have shown in one go take about fifteen hours."""
NO_DATA = frozenset({"s/d", "n/d", "n/a", "s.d.", "n.d.", "-", "--", "null", "nan", "\\n", "sin datos", "sem dados"})

JOINT = re.compile(r"[;|]")
"""What stands between the entries of a list."""

_BARE_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?")

T = TypeVar("T")


class LeftOut(ValueError):
    """A cell that is of no use, yet no reason to refuse its row."""


class Cells:
    """The cells of one row by column name; what is wrong is put into `errors`, what was left out into
    `notes`."""

    def __init__(self, row: TableRow, columns: dict[str, int]) -> None:
        self.line = row.line
        self.errors: list[RowError] = []
        self.notes: list[RowError] = []
        self.left_out: list[RowError] = []
        """The reasons alone of those notes that left something out."""
        self._row, self._columns = row, columns

    def refuse(self, column: str, reason: str) -> None:
        self.errors.append(RowError(self.line, column, reason))

    def raw(self, column: str) -> str:
        index = self._columns.get(column)
        return "" if index is None else tidy(self._row.cells[index])

    def text(self, column: str, longest: int, *, needed: bool = False) -> str:
        value = self.raw(column)
        if needed and not value:
            self.refuse(column, "is empty")
        elif not needed and value.casefold() in NO_DATA:
            return ""
        if len(value) > longest:
            self.refuse(column, f"has {len(value)} characters, at most {longest} are possible")
        return value

    def read(self, column: str, reader: Callable[[str], T | None], *, needed: bool = False) -> T | None:
        """The value that `reader` makes of the cell, None where there is none; its ValueError is the
        reason."""
        value = self.text(column, 2000, needed=needed)
        if not value:
            return None
        try:
            return reader(value)
        except LeftOut as note:
            self.notes.append(RowError(self.line, column, f"{note}; it was left out"))
            self.left_out.append(RowError(self.line, column, str(note)))
        except ValueError as error:
            self.refuse(column, str(error))
        return None

    def items(self, column: str, longest: int = 100, most: int = 60) -> tuple[str, ...]:
        """A list joined with semicolons; entries without a letter or digit are dirt and dropped."""
        parts = (part.strip() for part in JOINT.split(self.text(column, 5000)))
        found = dict.fromkeys(part for part in parts if any(letter.isalnum() for letter in part))
        if any(len(part) > longest for part in found):
            self.refuse(column, f"holds an entry of more than {longest} characters")
        if len(found) > most:
            self.refuse(column, f"holds {len(found)} entries, at most {most} are possible")
        return tuple(found)

    def codes(self, column: str, pattern: str, what: str) -> tuple[str, ...]:
        codes = self.items(column)
        wrong = [code for code in codes if not re.fullmatch(pattern, code)]
        if wrong:
            self.refuse(column, f'"{wrong[0]}" is not {what}')
        return codes


def a_date(text: str) -> dt.date | None:
    """A day; None for a year or a month alone, which are not wrong."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ]00:00:00)?", text)
    if not match:
        raise ValueError(f'"{text}" is not a date like 2026-12-31')
    year, month, day = (int(part) if part else 1 for part in match.groups())
    a_year(match[1])
    try:
        whole = dt.date(year, month, day)
    except ValueError:
        raise ValueError(f'"{text}" is not a day of the calendar') from None
    return whole if match[3] else None


def a_film_date(text: str) -> dt.date | None:
    day = a_date(text)
    a_film_year(text[:4])
    return day


def a_year(text: str) -> int:
    year = a_count(text)
    if not 1000 <= year <= LAST_YEAR:
        raise ValueError(f"{year} is not a year that can be meant")
    return year


def a_film_year(text: str) -> int:
    year = a_year(text)
    if year < FIRST_FILM:
        raise ValueError(f"{year} is before the first film ({FIRST_FILM})")
    return year


def a_count(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}(?:[.,]0+)?", text, re.ASCII):
        raise ValueError(f'"{_short(text)}" is not a whole number')
    return int(re.split("[.,]", text)[0])


def a_decimal(text: str) -> Decimal:
    """A number with a decimal point or comma."""
    if not re.fullmatch(r"[+-]?\d{1,12}(?:[.,]\d{1,20})?", text, re.ASCII):
        raise ValueError(f'"{_short(text)}" is not a number')
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f'"{_short(text)}" is not a number') from None


def a_runtime(text: str) -> int:
    """Minutes, rounded to whole ones."""
    minutes = int(a_decimal(text) + Decimal("0.5"))
    if not 1 <= minutes <= LONGEST_FILM:
        raise ValueError(f"{_short(text)} minutes is not a running time (1 to {LONGEST_FILM})")
    return minutes


def between(low: int, high: int, what: str) -> Callable[[str], float]:
    def reader(text: str) -> float:
        value = float(a_decimal(text))
        if not low <= value <= high:
            raise ValueError(f"{_short(text)} is not a {what} ({low} to {high})")
        return value

    return reader


def a_percentage(text: str) -> Decimal:
    value = a_decimal(text.removesuffix("%").strip())
    if not 0 <= value <= 100:
        raise ValueError(f"{_short(text)} is not between 0 and 100 percent")
    return value


def an_amount(currency: str) -> Callable[[str], int]:
    """Reads an amount such as 1.50 into minor units of the currency."""

    def reader(text: str) -> int:
        minor = a_decimal(text).scaleb(CURRENCIES.get(currency, 2))
        if minor < 0 or minor > 10**9 or minor != minor.to_integral_value():
            raise ValueError(f'"{_short(text)}" is not an amount in {currency or "a currency"}')
        return int(minor)

    return reader


def a_url(text: str) -> str | None:
    """An http or https address; a bare host gets http. E-mail addresses and mistypings are left out.

    Another scheme, which could run as a script, raises ValueError.
    """
    if text.casefold() in {"http://", "https://"}:
        return None
    if _BARE_HOST.fullmatch(text):
        text = f"http://{text}"
    scheme = re.match(r"[\s\x00-\x20]*([A-Za-z][A-Za-z0-9+.-]*)\s*:", text)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        raise ValueError(f'"{_short(text)}" is not an http or https address')
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise LeftOut(f'"{_short(text)}" is not a web address') from None
    usable = parts.scheme in {"http", "https"} and re.fullmatch(r"[\w-]+(\.[\w-]+)+", host) and not parts.username
    if not usable or re.search(r'[\s<>"\\]', text):
        raise LeftOut(f'"{_short(text)}" is not a web address')
    return parts._replace(netloc=host if port is None else f"{host}:{port}").geturl()


def a_trailer(text: str) -> str | None:
    """An https address; a bare host gets https. Without encryption it is left out, for our pages would lead there."""
    found = a_url(f"https://{text}" if _BARE_HOST.fullmatch(text) else text)
    if found is not None and not found.startswith("https://"):
        raise LeftOut(f'"{_short(text)}" is not an https address')
    return found


def a_timezone(text: str) -> str:
    if text not in known_zones():
        raise ValueError(f'"{_short(text)}" is not an IANA time zone such as Europe/Paris')
    return text


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every IANA name that a place can have."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"})


def a_currency(text: str) -> str:
    if text.upper() not in CURRENCIES:
        raise ValueError(f'"{_short(text)}" is not a currency of ISO 4217 such as EUR')
    return text.upper()


def a_country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError(f'"{_short(text)}" is not a country code of two letters')
    return text.upper()


def a_poster(text: str) -> str:
    if not re.fullmatch(r"[\w][\w .-]{0,99}\.(svg|png|jpe?g|webp)", text, re.IGNORECASE) or ".." in text:
        raise ValueError(f'"{_short(text)}" is not the name of a picture file (svg, png, jpg, webp; no folders)')
    return text


def a_slug(text: str) -> str:
    if slugify(text, "") != text:
        raise ValueError(f'"{_short(text)}" is not made of a-z, 0-9 and single dashes')
    return text


def one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def reader(text: str) -> str:
        if text.casefold() not in words:
            raise ValueError(f'"{_short(text)}" is not one of {", ".join(words)}')
        return text.casefold()

    return reader


def _short(text: Any) -> str:
    shown = str(text)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
