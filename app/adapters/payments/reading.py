"""Reading what comes from outside: JSON whose every part is checked before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.errors import BadSignature

MAX_ID = 2**63 - 1
MAX_AMOUNT = 2**31 - 1
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What reading raises on a message that is none; adapters turn these into BadSignature."""


def header(headers: Mapping[str, str], wanted: str) -> str:
    """The header's value whatever the case of its name; empty if it is not there."""
    return next((value for name, value in headers.items() if name.lower() == wanted.lower()), "")


def message_of(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises one of UNREADABLE where it is something else, or can't be stored as JSON."""
    message = json.loads(body, parse_constant=_refuse)
    if not isinstance(message, dict) or b"\\u0000" in json.dumps(message, ensure_ascii=False).encode():
        _refuse("this")
    return message


def unreadable() -> BadSignature:
    """The refusal of a signed message that makes no sense."""
    return BadSignature("This message can't be read.")


def whole(value: Any, most: int) -> int:
    """A whole number from 0 to `most`, not written as text. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a number is missing or out of range")
    return value


def number_in(value: Any) -> int:
    """An id that travelled as text in a provider's metadata; 0 where there is none. Raises ValueError."""
    if value in (None, ""):
        return 0
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19):
        raise ValueError("an id is none")
    return whole(int(value), MAX_ID)


def words(value: Any, longest: int) -> str:
    """A text of at most `longest` letters. Raises ValueError."""
    if type(value) is not str or len(value) > longest:
        raise ValueError("a text is missing or too long")
    return value


def _refuse(what: str) -> None:
    raise ValueError(f"{what} can't be stored")
