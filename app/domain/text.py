"""Text as people type it made fit for searching, for addresses and for storing. No rules about films or
cinemas."""

from __future__ import annotations

import re
import unicodedata

SLUG_LENGTH = 80
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n",
     "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
)  # fmt: skip
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Lower case without accents, for comparing and searching: "Amélie" and "AMELIE" fold to the same."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare.translate(_LETTERS))


def slugify(text: str, fallback: str = "untitled") -> str:
    """An address part of a-z, 0-9 and dashes; the fallback where nothing of the text can be written so."""
    slug = _NOT_SLUG.sub("-", fold(text).replace("'", "")).strip("-")
    return slug[:SLUG_LENGTH].rstrip("-") or fallback


def tidy(text: str) -> str:
    """One line with single plain spaces: zero-width, non-breaking and control characters are gone, accents
    composed."""
    composed = unicodedata.normalize("NFC", text)
    spaced = _SPACES.sub(" ", composed)
    return "".join(letter for letter in spaced if letter == " " or _visible(letter)).strip()


def tidy_lines(text: str) -> str:
    """The same line by line, with an empty line between paragraphs at most and none around."""
    lines = "\n".join(tidy(line) for line in text.splitlines())
    return _EMPTY_LINES.sub("\n\n", lines).strip()


def _visible(letter: str) -> bool:
    # The joiners are invisible, yet Persian, Hindi and emoji are spelt with them.
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }
