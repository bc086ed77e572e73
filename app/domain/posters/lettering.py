"""Setting titles: even lines, none ending in a small word, what follows a colon below. Not their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

from app.domain.posters.dice import Dice
from app.domain.posters.faces import Face, drawable, face, letter_path
from app.domain.posters.shapes import path

SMALL_WORDS = frozenset(
    [
        "A",
        "AN",
        "AND",
        "AS",
        "AT",
        "BY",
        "FOR",
        "FROM",
        "IN",
        "INTO",
        "IS",
        "NO",
        "OF",
        "ON",
        "OR",
        "THE",
        "TO",
        "UP",
        "VS",
        "WITH",
        "&",
        "DE",
        "DER",
        "DIE",
        "DAS",
        "DU",
        "EL",
        "EN",
        "ET",
        "LA",
        "LAS",
        "LE",
        "LES",
        "LOS",
        "UN",
        "UND",
        "UNE",
        "UNA",
        "IL",
        "I",
    ]
)
LEADING = {"board": 0.95, "wide": 0.84, "deco": 0.88, "label": 1.1}
SUBTITLE_SIZE = 17.0
SUBTITLE_TRACKING = 0.11
LEAST_SIZE = 13.0
MOST_LETTERS = 170


@dataclass(frozen=True)
class Block:
    """Lines of one face and size, with an optional subtitle; empty when nothing could be drawn."""

    cut: Face
    size: float
    lines: tuple[str, ...]
    tracking: float = 0
    subtitle: Block | None = None

    @property
    def empty(self) -> bool:
        return not self.lines

    @property
    def width(self) -> float:
        return max((self.measure(line) for line in self.lines), default=0)

    @property
    def own_height(self) -> float:
        return (self.cut.cap + (len(self.lines) - 1) * LEADING[self.cut.name]) * self.size if self.lines else 0

    @property
    def height(self) -> float:
        """From the top of the first capitals to the last baseline, in px."""
        if self.subtitle is None:
            return self.own_height
        return self.own_height + self.gap + self.subtitle.own_height

    @property
    def gap(self) -> float:
        return min(12.0, 7 + self.size * 0.08)

    def measure(self, line: str) -> float:
        return self.cut.places(line, self.tracking)[1] * self.size

    def draw(self, x: float, top: float, align: str, fill: str, subfill: str = "", dice: Dice | None = None) -> str:
        """The block as paths; x is its left edge, middle or right edge. With dice letters are cut by hand."""
        if self.empty:
            return ""
        d = ""
        for number, line in enumerate(self.lines):
            base = top + (self.cut.cap + number * LEADING[self.cut.name]) * self.size
            left = x - self.measure(line) * {"left": 0, "middle": 0.5, "right": 1}[align]
            d += self._line(line, left, base, dice)
        below = ""
        if self.subtitle:
            below = self.subtitle.draw(x, top + self.own_height + self.gap, align, subfill or fill)
        return path(d, fill) + below

    def _line(self, line: str, left: float, base: float, dice: Dice | None) -> str:
        scale = self.size / self.cut.units
        starts, _ = self.cut.places(line, self.tracking)
        letters = []
        for letter, start in zip(line, starts, strict=True):
            x, y = left + start * self.size, base
            turn = lean = 0.0
            if dice:
                turn, lean = dice.between(-0.07, 0.07), dice.between(-0.04, 0.04)
                y += dice.between(-0.035, 0.035) * self.size
            affine = (scale, scale * turn, scale * (lean - turn), scale, x, y)
            letters.append(letter_path(self.cut, letter, affine))
        return "".join(letters)


def set_title(
    title: str, name: str, width: float, height: float, biggest: float, tracking: float = 0, lines: int = 3
) -> Block:
    """The title as large as width and height (px) allow, up to biggest; at most three lines."""
    cut = face(name)
    head, below = _parts(title)
    words = drawable(head, cut)
    if not legible_share(title, words + below):
        return Block(cut, 0, ())
    subtitle = set_subtitle(below, width) if below else None
    room = height - (subtitle.own_height + 10 if subtitle else 0)
    best = _largest(_shortened(words, MOST_LETTERS), cut, width, room, biggest, tracking, lines)
    while best.size < LEAST_SIZE and len(words) > 12:
        words = words[: len(words) * 4 // 5]
        best = _largest(_shortened(words, len(words) - 1), cut, width, room, biggest, tracking, lines)
    return Block(cut, best.size, best.lines, tracking, subtitle)


def set_subtitle(text: str, width: float) -> Block:
    """What follows a colon, at 17 px, smaller or in two lines where it is long."""
    cut = face("label")
    words = _shortened(drawable(text, cut), 90)
    best = _largest(words, cut, width, 40, SUBTITLE_SIZE, SUBTITLE_TRACKING, 1)
    if best.size < 13:
        best = _largest(words, cut, width, 40, 14, SUBTITLE_TRACKING, 2)
    return best


def one_line(text: str, name: str, size: float, width: float, tracking: float = 0) -> Block:
    """A single line at this size, smaller if the width (px) asks for it."""
    return _largest(drawable(text, face(name)), face(name), width, 999, size, tracking, 1)


def _parts(title: str) -> tuple[str, str]:
    head, colon, below = title.partition(": ")
    label = face("label")
    if colon and drawable(head, label) and drawable(below, label):
        return head, below
    return title, ""


def legible_share(title: str, drawn: str) -> bool:
    """Whether enough of a title could be drawn to stand for it: a few digits of a Japanese title are not."""
    wanted = sum(letter.isalnum() for letter in title)
    got = sum(letter.isalnum() for letter in drawn)
    return bool(drawn.strip()) and got * 2 >= wanted


def _shortened(words: str, most: int) -> str:
    if len(words) <= most:
        return words
    whole = words[:most].rsplit(" ", 1)[0] if " " in words[:most] else words[:most]
    return whole.rstrip(" ,.;:-–—&") + "…"


def _largest(words: str, cut: Face, width: float, height: float, biggest: float, tracking: float, most: int) -> Block:
    best = Block(cut, 0, ())
    if not words:
        return best
    for lines in _even_lines(words, cut, tracking, most):
        widest = max(cut.places(line, tracking)[1] for line in lines)
        high = cut.cap + (len(lines) - 1) * LEADING[cut.name]
        size = min(biggest, width / widest, height / high)
        if size > best.size * 1.04:
            best = Block(cut, size, lines, tracking)
    return best


def _even_lines(words: str, cut: Face, tracking: float, most: int) -> Iterator[tuple[str, ...]]:
    """For one, two, three lines the most even break that leaves no small word at a line's end."""
    parts = words.split()
    gap = cut.space / cut.units + 2 * tracking
    ends = list(accumulate((cut.places(part, tracking)[1] + gap for part in parts), initial=0.0))
    for count in range(1, min(most, len(parts)) + 1):
        breaks = combinations(range(1, len(parts)), count - 1)
        good = [stops for stops in breaks if not any(parts[stop - 1] in SMALL_WORDS for stop in stops)]
        if good:
            best = min(good, key=lambda stops: _widest(ends, stops))
            yield tuple(" ".join(parts[start:end]) for start, end in pairwise((0, *best, len(parts))))


def _widest(ends: list[float], stops: tuple[int, ...]) -> float:
    return max(ends[end] - ends[start] for start, end in pairwise((0, *stops, len(ends) - 1)))
