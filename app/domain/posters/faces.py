"""The four cuts of lettering as outlines: letters, widths, kerning, and how a letter becomes a path.

The data files are named by role; faces/SOURCES.md says which typefaces they were cut from.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

_COMMAND = re.compile(r"([mlhvqz])([^mlhvqz]*)")
_NUMBER = re.compile(r"-?\d+")
_STANDINS = {"№": "NO", "Ø": "O", "Ł": "L", "Đ": "D", "Þ": "TH", "ẞ": "SS", "ʻ": "’", "ʼ": "’", "―": "—"}

# A letter's strokes: a command (M, L, Q or Z) and its absolute points, in the face's units, y downwards.
Strokes = tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
Affine = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Face:
    """One cut; widths in its own units, of which `units` make an em."""

    name: str
    units: int
    cap: float
    space: int
    glyphs: dict[str, list[Any]]
    marks: list[str]
    kerning: dict[str, int]

    def has(self, letter: str) -> bool:
        return letter == " " or letter in self.glyphs

    def advance(self, letter: str) -> float:
        if letter == " ":
            return self.space
        entry = self.glyphs[letter]
        return self.advance(entry[0]) if isinstance(entry[0], str) else float(entry[0])

    def places(self, text: str, tracking: float = 0) -> tuple[list[float], float]:
        """Where each letter begins and how wide the text is, both in ems."""
        starts, pen = [], 0.0
        for number, letter in enumerate(text):
            pen += self.kerning.get(text[number - 1] + letter, 0) if number else 0
            starts.append(pen / self.units)
            pen += self.advance(letter) + tracking * self.units
        return starts, max(0.0, pen / self.units - tracking)


@lru_cache(maxsize=8)
def face(name: str) -> Face:
    """Board, label, wide or deco; read once."""
    data = json.loads(resources.files(__package__).joinpath(f"faces/{name}.json").read_text("utf-8"))
    kerning = {pair: int(by) for by, pairs in data["kern"].items() for pair in pairs.split()}
    return Face(
        name,
        data["units"],
        data["cap"] / data["units"],
        data["space"],
        data["glyphs"],
        data["marks"],
        kerning,
    )


def drawable(text: str, cut: Face) -> str:
    """The text in capitals as far as the face can draw it; accents that it lacks fall away."""
    letters = "".join(_fold(letter, cut) for letter in unicodedata.normalize("NFC", text.upper()))
    return " ".join(letters.split())


def _fold(letter: str, cut: Face) -> str:
    if letter.isspace() or cut.has(letter):
        return letter
    plain = "".join(c for c in unicodedata.normalize("NFKD", letter).upper() if not unicodedata.combining(c))
    return "".join(c for c in _STANDINS.get(letter, plain) if cut.has(c))


def _walk(text: str, x: float, y: float) -> Strokes:
    strokes: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    start = (x, y)
    for command, rest in _COMMAND.findall(text):
        values = [int(number) for number in _NUMBER.findall(rest)]
        if command == "z":
            strokes.append(("Z", ()))
            x, y = start
        elif command in "hv":
            for value in values:
                x, y = (x + value, y) if command == "h" else (x, y + value)
                strokes.append(("L", ((x, y),)))
        else:
            size = 4 if command == "q" else 2
            for first in range(0, len(values), size):
                offsets = values[first : first + size]
                points = tuple((x + dx, y + dy) for dx, dy in zip(offsets[::2], offsets[1::2], strict=True))
                strokes.append(("M" if command == "m" else "Q" if command == "q" else "L", points))
                x, y = points[-1]
            start = (x, y) if command == "m" else start
    return tuple(strokes)


@lru_cache(maxsize=1024)
def _strokes(name: str, letter: str) -> Strokes:
    cut = face(name)
    entry = cut.glyphs[letter]
    if isinstance(entry[0], str):
        base, mark, dx, dy = entry
        return _strokes(name, base) + _walk(cut.marks[mark], dx, dy)
    return _walk(entry[1], 0, 0)


def letter_path(cut: Face, letter: str, affine: Affine) -> str:
    """One letter as path text: absolute where contours begin, relative within, one decimal throughout."""
    if letter == " ":
        return ""
    a, b, c, d, e, f = affine
    # Tenths as whole numbers: what is rounded once cannot drift.
    home_x, home_y = round(e * 10), round(f * 10)
    text, here = "", (0, 0)
    for command, points in _strokes(cut.name, letter):
        tenths = [(round((a * x + c * y) * 10), round((b * x + d * y) * 10)) for x, y in points]
        if command == "Z":
            text += "z"
            continue
        base = (-home_x, -home_y) if command == "M" else here
        offsets = [value - base[axis] for point in tenths for axis, value in enumerate(point)]
        here = tenths[-1]
        text += _command(command, offsets)
    return text


def _command(command: str, offsets: list[int]) -> str:
    if command == "L" and 0 in offsets:
        return "" if offsets == [0, 0] else f"h{_tenth(offsets[0])}" if offsets[0] else f"v{_tenth(offsets[1])}"
    numbers = [_tenth(value) for value in offsets]
    joined = "".join(v if v.startswith("-") or not i else f" {v}" for i, v in enumerate(numbers))
    return ("M" if command == "M" else command.lower()) + joined


def _tenth(value: int) -> str:
    whole, rest = divmod(abs(value), 10)
    text = (str(whole) if whole or not rest else "") + (f".{rest}" if rest else "")
    return f"-{text}" if value < 0 else text
