"""Public booking and ticket codes: the show in base32, then random letters that are easy to read aloud.

Crockford's alphabet (no I, L, O, U). The last eight characters are random (40 bits), what stands before them is the
show, so that a look-up by code knows its show. A ticket's code is its booking's, followed by two or more digits.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 8
MAX_SHOW_ID = 2**53
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_ALIASES = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": ""})


@lru_cache(maxsize=1024)
def _encode(number: int) -> str:
    digits = ""
    while number:
        number, value = divmod(number, 32)
        digits = ALPHABET[value] + digits
    return digits or "0"


def new_booking_code(show_id: int) -> str:
    """A fresh code for a booking of this show, e.g. 2F7K4XP2MD."""
    bits = secrets.randbits(5 * RANDOM_LENGTH)
    letters = "".join(ALPHABET[(bits >> (5 * place)) & 31] for place in range(RANDOM_LENGTH))
    return _encode(show_id) + letters


def normal_code(code: str) -> str:
    """The code as stored: upper case, without spaces and dashes, look-alike letters mended."""
    return code.strip().upper().translate(_ALIASES)


def show_of(code: str) -> int | None:
    """The show a booking code belongs to, or None if it is no code."""
    prefix = code[:-RANDOM_LENGTH]
    if not prefix or len(code) > 11 + RANDOM_LENGTH or any(letter not in _VALUES for letter in code):
        return None
    number = 0
    for letter in prefix:
        number = number * 32 + _VALUES[letter]
    return number if number <= MAX_SHOW_ID else None


def ticket_code(booking_code: str, number: int) -> str:
    return f"{booking_code}{number:02d}"


def spoken(code: str) -> str:
    """The code in groups for people: 2F-7K4X-P2MD, tickets 2F-7K4X-P2MD-01."""
    return "-".join(_groups(code))


def _groups(code: str) -> list[str]:
    head = len(code) - RANDOM_LENGTH
    return [code[:head], code[head : head + 4], code[head + 4 :]]


def spoken_ticket(code: str, number: int) -> str:
    return f"{spoken(code)}-{number:02d}"
