"""The twelve palettes, how their colours mix and overprint, and when lettering is legible on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

TITLE_CONTRAST = 3.0


@dataclass(frozen=True)
class Palette:
    """Four inks on one sheet, as #rrggbb."""

    name: str
    paper: str
    ink: str
    first: str
    second: str

    @property
    def inks(self) -> tuple[str, str, str, str]:
        return self.paper, self.ink, self.first, self.second

    @property
    def deep(self) -> str:
        """Ink printed on ink: the darkest dark."""
        return multiply(self.ink, self.ink)

    @property
    def pale_second(self) -> bool:
        """Whether the second colour is a second paper, too light for walls and cloth."""
        return luminance(self.second) > 0.6

    def legible(self, colour: str, ground: str, least: float = TITLE_CONTRAST) -> str:
        """The colour, moved by tenths towards ink (on a dark ground towards paper) until it stands out."""
        goal = max(self.ink, self.paper, key=lambda end: contrast(end, ground))
        steps = (mix(colour, goal, step / 10) for step in range(10))
        return next((step for step in steps if contrast(step, ground) >= least), goal)

    def farthest(self, ground: str, *colours: str) -> str:
        """The one of these colours that stands out most from the ground."""
        return max(colours or self.inks, key=lambda colour: contrast(colour, ground))


def _palette(line: str) -> Palette:
    name, *inks = line.split()
    return Palette(name, *(f"#{value}" for value in inks))


PALETTES = tuple(
    _palette(line)
    for line in (
        "limelight f3e7cb 17120e d5371c e9a63a",
        "bluehour f1e6cc 10203f e7b23a 3f7fa6",
        "absinthe e3e3b4 12241b 1f7a4d e2562d",
        "nitrate f2cf94 26110b b8431c 7a2316",
        "carbon e9e7df 111113 d7201f 9d9b94",
        "rose f5d5cb 38101f cf2c4c f08a6a",
        "lagoon f2ead2 0b3d43 ef7746 6fbcae",
        "mustard edb21f 1a150d b0321a f6ead0",
        "lobby c4e0d1 122a30 e6533a f6efdc",
        "oxblood f4e0bd 4a0f14 e2482d c98f5a",
        "iron e6e1d4 1f262d d9522e 7e919d",
        "tobacco e8c58f 1d120a 8a3418 c58a45",
    )
)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _colour(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(value):02x}" for value in channels)


def mix(one: str, other: str, share: float) -> str:
    """One colour with a share (0 to 1) of the other in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return _colour(tuple(a + (b - a) * share for a, b in pairs))


def multiply(one: str, other: str) -> str:
    """The colour where two inks are printed over each other."""
    return _colour(tuple(a * b / 255 for a, b in zip(_channels(one), _channels(other), strict=True)))


@lru_cache(maxsize=4096)
def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2, 0 to 1."""
    shares = [value / 255 for value in _channels(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
