"""Small makers of SVG elements and of the outlines the pictures share. Numbers carry one decimal at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from app.domain.posters.dice import Dice

WIDTH = 400
HEIGHT = 600

Point = tuple[float, float]


def n(value: float) -> str:
    """A number as short as it goes at one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def spot(point: Point) -> str:
    return f"{n(point[0])} {n(point[1])}"


def at(cx: float, cy: float, radius: float, degrees: float) -> Point:
    """The point on a circle, clockwise from twelve o'clock."""
    turn = math.radians(degrees)
    return cx + radius * math.sin(turn), cy - radius * math.cos(turn)


def path(d: str, fill: str) -> str:
    return f'<path d="{d}" fill="{fill}"/>'


def stroke(d: str, colour: str, width: float, cap: str = "") -> str:
    """An unfilled line; cap "round" rounds ends and corners."""
    ends = f' stroke-linecap="{cap}" stroke-linejoin="{cap}"' if cap else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{n(width)}"{ends}/>'


def outline(points: Iterable[Point]) -> str:
    return "M" + "L".join(spot(point) for point in points) + "Z"


def polygon(points: Iterable[Point], fill: str) -> str:
    return path(outline(points), fill)


def box(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as path text, so that many can share one element."""
    return f"M{n(x)} {n(y)}h{n(width)}v{n(height)}h{n(-width)}z"


def rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" fill="{fill}"/>'


def sheet_of(fill: str) -> str:
    return f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{fill}"/>'


def circle(cx: float, cy: float, radius: float, fill: str) -> str:
    return f'<circle cx="{n(cx)}" cy="{n(cy)}" r="{n(radius)}" fill="{fill}"/>'


def ring(cx: float, cy: float, radius: float, colour: str, width: float, dashes: str = "") -> str:
    dash = f' stroke-dasharray="{dashes}" stroke-linecap="round"' if dashes else ""
    return (
        f'<circle cx="{n(cx)}" cy="{n(cy)}" r="{n(radius)}" fill="none" stroke="{colour}"'
        f' stroke-width="{n(width)}"{dash}/>'
    )


def ellipse(cx: float, cy: float, rx: float, ry: float, fill: str) -> str:
    return f'<ellipse cx="{n(cx)}" cy="{n(cy)}" rx="{n(rx)}" ry="{n(ry)}" fill="{fill}"/>'


def disc(cx: float, cy: float, radius: float) -> str:
    """A circle as path text, so that many can share one element."""
    r = n(radius)
    return f"M{n(cx - radius)} {n(cy)}a{r} {r} 0 1 0 {n(2 * radius)} 0a{r} {r} 0 1 0 {n(-2 * radius)} 0z"


def group(transform: str, *shapes: str) -> str:
    return f'<g transform="{transform}">{"".join(shapes)}</g>'


def moved(x: float, y: float, *shapes: str, turn: float = 0, size: float = 1, flip: bool = False) -> str:
    """Shapes drawn round the origin, brought to a place, turned (degrees), sized and flipped."""
    parts = [f"translate({n(x)} {n(y)})"]
    if turn:
        parts.append(f"rotate({n(turn)})")
    if flip or size != 1:
        parts.append(f"scale({size * (-1 if flip else 1):.2f} {size:.2f})")
    return group(" ".join(parts), *shapes)


def mirrored(flip: bool, *shapes: str) -> str:
    """The picture as it is, or left and right exchanged."""
    return group(f"matrix(-1 0 0 1 {WIDTH} 0)", *shapes) if flip else "".join(shapes)


def window(x: float, y: float, width: float, height: float, *shapes: str) -> str:
    """Shapes cut off at a rectangle, without an id that two posters on a page could share."""
    place = f'x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}"'
    view = f'viewBox="{n(x)} {n(y)} {n(width)} {n(height)}"'
    return f"<svg {place} {view}>{''.join(shapes)}</svg>"


def rays(cx: float, cy: float, count: int, fill: str, start: float = 0, share: float = 0.5) -> str:
    """A sunburst to beyond the sheet's edges; share is the part of the circle that is lit."""
    step = 360 / count
    wedges = []
    for number in range(count):
        turn = start + number * step
        ends = (at(cx, cy, 760, turn), at(cx, cy, 760, turn + step * share))
        wedges.append(f"M{spot((cx, cy))}L" + "L".join(f"{round(x)} {round(y)}" for x, y in ends) + "Z")
    return path("".join(wedges), fill)


def rough(points: Sequence[Point], dice: Dice, amount: float, pieces: int = 4) -> list[Point]:
    """The polygon as scissors would cut it: every side in pieces, every corner a little off."""
    cut: list[Point] = []
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        parts = max(1, min(pieces, round(math.hypot(x2 - x1, y2 - y1) / 40)))
        for part in range(parts):
            share = part / parts
            off_x, off_y = dice.between(-amount, amount), dice.between(-amount, amount)
            cut.append((x1 + (x2 - x1) * share + off_x, y1 + (y2 - y1) * share + off_y))
    return cut


def curve(points: Sequence[Point]) -> str:
    """A smooth line on from the first point through all others (Catmull-Rom), as path text."""
    d = ""
    for number, (here, there) in enumerate(pairwise(points)):
        before = points[number - 1] if number else here
        after = points[number + 2] if number + 2 < len(points) else there
        first = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
        second = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
        d += f"C{spot(first)} {spot(second)} {spot(there)}"
    return d


def ridge(heights: Sequence[float], fill: str, foot: float = HEIGHT) -> str:
    """A soft range of hills through these heights over the whole width, filled down to the foot."""
    step = WIDTH / (len(heights) - 1)
    points = [(number * step, height) for number, height in enumerate(heights)]
    return path(f"M0 {n(foot)}V{n(heights[0])}{curve(points)}V{n(foot)}Z", fill)


def height_on(heights: Sequence[float], x: float) -> float:
    """About how high a ridge over the whole width is at x."""
    place = min(max(x, 0), WIDTH - 0.1) / WIDTH * (len(heights) - 1)
    left = int(place)
    share = place - left
    share = share * share * (3 - 2 * share)
    return heights[left] + (heights[left + 1] - heights[left]) * share
