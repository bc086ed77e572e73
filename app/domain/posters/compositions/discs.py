"""Pictures built on circles: the vortex, the dial, the lens."""

from __future__ import annotations

import math

from app.domain.posters.figures import cloaked, falling, hanging
from app.domain.posters.palettes import contrast, mix, multiply
from app.domain.posters.shapes import (
    Point,
    at,
    box,
    circle,
    curve,
    disc,
    moved,
    n,
    outline,
    path,
    polygon,
    rays,
    rect,
    ring,
    sheet_of,
    spot,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Sheet


def vortex(sheet: Sheet) -> Art:
    """Rings that turn inwards and someone falling into them."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("wide", 96, 50)
    top = sheet.panel_top(title)
    cx, cy = 200.0, top / 2 + 26
    tones = dice.pick(
        (
            (p.first, p.ink, p.paper, p.ink),
            (p.paper, p.ink, p.first, p.ink),
            (p.second, p.ink, p.paper, p.first),
        )
    )
    shapes = [sheet_of(p.ink)]
    shapes.append(
        {"rings": _whirl, "frames": _frames, "arms": _arms}[dice.pick(("rings", "frames", "arms", "rings"))](
            sheet, cx, cy, tones
        )
    )
    x, y = cx + dice.pick((-1, 1)) * dice.between(52, 84), cy - dice.between(56, 84)
    shapes.append(moved(x, y, falling(p.ink, p.paper), turn=dice.between(-50, 50), size=dice.between(1.4, 1.7)))
    panel, heading = sheet.panel(title, p.ink, p.paper, "left", p.farthest(p.ink, p.first, p.second))
    return Art(shapes + panel, heading, Foot(p.second, p.ink))


def _whirl(sheet: Sheet, cx: float, cy: float, tones: tuple[str, ...]) -> str:
    """Circles whose centres wander more the smaller they are."""
    start, turn = sheet.dice.between(0, 6.28), sheet.dice.pick((-1, 1)) * sheet.dice.between(0.42, 0.6)
    shapes, x, y = "", cx, cy
    for number in range(15):
        radius = 336 - number * 24.5 + number * number * 0.14
        drift = number * 1.38
        x, y = x + drift * math.cos(start + turn * number), y + drift * math.sin(start + turn * number)
        shapes += circle(x, y, max(radius, 20), tones[number % 4])
    return shapes


def _frames(sheet: Sheet, cx: float, cy: float, tones: tuple[str, ...]) -> str:
    """Squares inside squares, each turned a little more."""
    step, start = sheet.dice.pick((-1, 1)) * sheet.dice.between(6, 9), sheet.dice.between(-10, 20)
    shapes, radius = "", 430.0
    for number in range(17):
        corners = [at(cx, cy, radius, start + step * number + quarter * 90) for quarter in range(4)]
        shapes += polygon(corners, tones[number % 4])
        radius *= 0.845
    return shapes


def _arms(sheet: Sheet, cx: float, cy: float, tones: tuple[str, ...]) -> str:
    """Curved arms that run together in the middle."""
    count, turn = sheet.dice.pick((7, 8, 9)), sheet.dice.pick((-1, 1)) * sheet.dice.between(150, 220)
    shapes = sheet_of(tones[0])
    arms = ""
    for number in range(count):
        start = number * 360 / count
        edge = [at(cx, cy, 16 * 1.5**k, start + turn * k / 8) for k in range(9)]
        back = [at(cx, cy, 16 * 1.5**k, start + 180 / count + turn * k / 8) for k in reversed(range(9))]
        arms += f"M{spot(edge[0])}{curve(edge)}L{spot(back[0])}{curve(back)}Z"
    return shapes + path(arms, tones[1]) + circle(cx, cy, 34, tones[2]) + circle(cx, cy, 24, tones[1])


def dial(sheet: Sheet) -> Art:
    """A clock face: someone hangs from its hand, it wears a bow tie, or it is cracked."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 104, 60)
    ground = dice.pick((p.first, p.first, p.second, p.paper))
    face_fill = p.paper if ground != p.paper else p.farthest(p.ink, p.second, p.first)
    if sheet.about("comedy", "family", "romance"):
        kind = dice.pick(("tie", "hanging", "watch"))
    else:
        kind = dice.pick(("hanging", "cracked", "watch", "cracked"))
    top = 552 - title.height - 14
    big = kind in ("hanging", "cracked")
    radius = min(202.0, top / 2 - 14) if big else min(160.0, (top - 110) / 2)
    cx = dice.pick((150, 250, 200)) if big else 200.0
    cy = 20.0 + radius if big else (34.0 + radius if kind == "tie" else 84.0 + radius)
    rim = p.ink
    shapes = [sheet_of(ground)]
    if kind == "watch":
        shapes.append(_watch_crown(cx, cy - radius, p.ink, face_fill))
    shapes += [
        circle(cx + 9, cy + 11, radius, multiply(ground, mix(p.paper, p.ink, 0.45))),
        circle(cx, cy, radius, rim),
    ]
    shapes += [circle(cx, cy, radius - 13, face_fill), *_minutes(cx, cy, radius - 23, p.ink)]
    shapes += _dial_kind(sheet, kind, (cx, cy, radius), ground, face_fill)
    fill = p.paper if contrast(p.paper, ground) >= 3 else p.ink
    heading = sheet.heading(title, 548 - title.height, fill, ground, "left", fill)
    return Art(shapes, heading, Foot(fill, ground))


def _minutes(cx: float, cy: float, radius: float, ink: str) -> list[str]:
    thick, thin = "", ""
    for minute in range(60):
        turn = minute * 6
        if minute % 5:
            thin += f"M{spot(at(cx, cy, radius, turn))}L{spot(at(cx, cy, radius - 9, turn))}"
        else:
            thick += f"M{spot(at(cx, cy, radius, turn))}L{spot(at(cx, cy, radius - 26, turn))}"
    return [stroke(thick, ink, 7), stroke(thin, ink, 2.4)]


def _hand(cx: float, cy: float, length: float, turn: float, width: float) -> str:
    tail, shoulder = at(cx, cy, -34, turn), at(cx, cy, length - 26, turn)
    across: Point = (math.cos(math.radians(turn)), math.sin(math.radians(turn)))
    points = [
        (tail[0] - across[0] * width * 0.8, tail[1] - across[1] * width * 0.8),
        (shoulder[0] - across[0] * width * 0.5, shoulder[1] - across[1] * width * 0.5),
        at(cx, cy, length, turn),
        (shoulder[0] + across[0] * width * 0.5, shoulder[1] + across[1] * width * 0.5),
        (tail[0] + across[0] * width * 0.8, tail[1] + across[1] * width * 0.8),
    ]
    return outline(points)


def _dial_kind(sheet: Sheet, kind: str, place: tuple[float, float, float], ground: str, face_fill: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    cx, cy, radius = place
    hub = [circle(cx, cy, 17, p.ink), circle(cx, cy, 6, face_fill)]
    if kind == "tie":
        hands = _hand(cx, cy, radius * 0.75, 243, 22) + _hand(cx, cy, radius * 0.75, 117, 22)
        return [
            path(hands, p.ink),
            *hub,
            *_bow_tie(cx, cy + radius + 8, p.ink, ground, radius / 162),
            *_eyes(cx, cy, radius, p.ink, face_fill),
        ]
    if kind == "hanging":
        side = -1 if cx > 200 else 1
        turn = 90 - side * 6 if side > 0 else 270 + 6
        hour = dice.pick((-58.0, 24.0, 40.0)) if side > 0 else dice.pick((58.0, -24.0, -40.0))
        hands = _hand(cx, cy, radius * 0.53, hour, 22) + _hand(cx, cy, radius * 0.9, turn, 18)
        grip = at(cx, cy, radius * 0.66, turn)
        man = moved(
            grip[0],
            grip[1] + 2,
            hanging(p.ink, face_fill, ground),
            turn=dice.between(-7, 7),
            size=radius / 142,
        )
        return [path(hands, p.ink), *hub, man]
    hour = dice.between(0, 360)
    hands = _hand(cx, cy, radius * 0.52, hour, 22) + _hand(cx, cy, radius * 0.84, hour * 12, 18)
    if kind == "watch":
        second = cy + radius * 0.42
        small = ring(cx, second, radius * 0.2, p.ink, 2) + stroke(
            f"M{n(cx)} {n(second)}L{spot(at(cx, second, radius * 0.17, hour * 3))}", p.first, 3
        )
        return [small, path(hands, p.ink), *hub]
    return [_cracked(sheet, place, ground), path(hands, p.ink), *hub]


def _bow_tie(cx: float, y: float, ink: str, ground: str, size: float) -> list[str]:
    wing = "M0 0C-30-20-70-46-92-42Q-104 0-92 42C-70 46-30 20 0 0Z"
    fold = path("M-24-6L-66-16V-8Z", ground)
    side = path(wing, ink) + fold
    knot = rect(-20, -19, 40, 38, ink) + rect(-14, -13, 28, 26, ground)
    return [moved(cx, y, side, moved(0, 0, side, flip=True), knot, size=size)]


def _eyes(cx: float, cy: float, radius: float, ink: str, white: str) -> list[str]:
    dx, y = radius * 0.285, cy - radius * 0.3
    dark = disc(cx - dx, y, radius * 0.087) + disc(cx + dx, y, radius * 0.087)
    glint = disc(cx - dx - 4, y - 5, radius * 0.028) + disc(cx + dx - 4, y - 5, radius * 0.028)
    return [path(dark, ink), path(glint, white)]


def _watch_crown(cx: float, y: float, ink: str, light: str) -> str:
    bow = ring(cx, y - 34, 22, ink, 8) + path(box(cx - 15, y - 20, 30, 30), ink)
    return bow + stroke(f"M{n(cx - 7)} {n(y - 16)}v12M{n(cx)} {n(y - 16)}v12M{n(cx + 7)} {n(y - 16)}v12", light, 2)


def _cracked(sheet: Sheet, place: tuple[float, float, float], ground: str) -> str:
    """A wedge of the glass broken out, cracks running from it."""
    p, dice = sheet.palette, sheet.dice
    cx, cy, radius = place
    start = dice.between(20, 330)
    corners = [
        at(cx, cy, radius * far, start + turn)
        for far, turn in ((0.16, 10), (0.98, -8), (0.98, 34), (0.55, 40), (0.62, 24))
    ]
    veins = ""
    for number in range(5):
        turn = start - 30 + number * 74
        veins += (
            f"M{spot(at(cx, cy, radius * 0.2, turn))}L{spot(at(cx, cy, radius * 0.5, turn + dice.between(-14, 14)))}"
        )
        veins += f"L{spot(at(cx, cy, radius * 0.93, turn + dice.between(-9, 9)))}"
    return polygon(corners, ground) + stroke(veins, p.ink, 1.6)


def lens(sheet: Sheet) -> Art:
    """The blades of a lens, and what looks back out of it."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("wide", 92, 44)
    top = sheet.panel_top(title)
    back = dice.pick(((p.paper, p.first), (p.first, p.ink), (p.second, p.paper), (p.paper, p.second)))
    cy = min(262.0, top / 2 + 18)
    shapes = [sheet_of(back[0]), rays(200, cy, dice.pick((16, 20, 24)), back[1], dice.between(0, 12))]
    shapes.append(
        path(
            outline([(176, cy + 174), (196, cy + 168), (60, 600), (34, 600)])
            + outline([(204, cy + 168), (224, cy + 174), (366, 600), (340, 600)])
            + box(188, cy + 168, 24, 300),
            p.ink,
        )
    )
    shapes += [circle(200, cy, 178, p.ink), ring(200, cy, 160, p.paper, 8)]
    ticks = "".join(f"M{spot(at(200, cy, 168, t * 7.5))}L{spot(at(200, cy, 174, t * 7.5))}" for t in range(48))
    shapes.append(stroke(ticks, p.paper, 2))
    blade = p.second if back[1] == p.first or back[0] == p.first else p.first
    shapes += _blades(sheet, cy, blade)
    shapes += _core(sheet, cy, blade)
    panel, heading = sheet.panel(title, p.ink, p.paper, "left", p.farthest(p.ink, p.first, p.second))
    return Art(shapes + panel, heading, Foot(p.paper, p.ink))


def _blades(sheet: Sheet, cy: float, blade: str) -> list[str]:
    """Iris blades as a camera's: each from the rim to the next one's inner corner."""
    p, dice = sheet.palette, sheet.dice
    count, start = dice.pick((6, 7, 8, 8, 9)), dice.between(0, 40)
    outer = [at(200, cy, 148, start + k * 360 / count) for k in range(count)]
    inner = [at(200, cy, 62, start + 62 + k * 360 / count) for k in range(count)]
    tones = [
        mix(blade, p.ink, 0.5),
        mix(blade, p.ink, 0.26),
        mix(blade, p.ink, 0.5),
        blade,
        mix(blade, p.paper, 0.16),
    ]
    shapes = []
    for k in range(count):
        after = (k + 1) % count
        shapes.append(polygon([outer[k], outer[after], inner[after], inner[k]], tones[k % len(tones)]))
    return shapes


def _core(sheet: Sheet, cy: float, blade: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    white = p.farthest(p.ink, p.paper, p.second)
    iris = p.farthest(
        white, *(ink for ink in (p.first, p.second) if ink != white and (ink != blade or p.second == white))
    )
    rim = ring(200, cy, 66, p.ink, 4)
    if sheet.about("spy", "crime", "thriller", "action") and dice.chance(0.6):
        cross = f"M200 {n(cy - 66)}v40M200 {n(cy + 66)}v-40M134 {n(cy)}h40M266 {n(cy)}h-40"
        man = moved(200, cy + 58, cloaked(p.ink, True), size=0.64)
        return [
            circle(200, cy, 66, white),
            circle(200, cy, 50, mix(white, iris, 0.35)),
            man,
            stroke(cross, p.ink, 2),
            rim,
        ]
    look = dice.between(-8, 8)
    shapes = [circle(200, cy, 66, white), circle(200 + look, cy, 40, iris)]
    if dice.chance(0.5):
        spokes = "".join(
            f"M{spot(at(200 + look, cy, 24, t * 20))}L{spot(at(200 + look, cy, 37, t * 20))}" for t in range(18)
        )
        shapes.append(stroke(spokes, mix(iris, p.ink, 0.45), 2.4))
    shapes += [circle(200 + look, cy, 20, p.ink), circle(187 + look, cy - 15, 9, white)]
    if dice.chance(0.4):
        lid = f"M134 {n(cy)}A66 66 0 0 1 266 {n(cy)}Q200 {n(cy - 62)} 134 {n(cy)}Z"
        shapes.append(path(lid, mix(blade, p.ink, 0.35)))
    return [*shapes, rim]
