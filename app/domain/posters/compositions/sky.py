"""Pictures that hang in the sky: the moon, and two discs that overlap over water."""

from __future__ import annotations

import math

from app.domain.posters.figures import bare_tree, couple, flock, pine, rowing_boat
from app.domain.posters.palettes import contrast, mix, multiply
from app.domain.posters.shapes import (
    HEIGHT,
    WIDTH,
    box,
    circle,
    disc,
    moved,
    n,
    path,
    polygon,
    rect,
    ridge,
    ring,
    sheet_of,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Sheet

NIGHT = ("science fiction", "fantasy", "adventure", "animation", "superhero")


def moon(sheet: Sheet) -> Art:
    """A great moon over the foot of the sheet."""
    p, dice = sheet.palette, sheet.dice
    ground = dice.pick((p.ink, p.ink, mix(p.ink, p.second, 0.22)))
    title = sheet.title("deco", 126, 62)
    names = ("rocket", "ringed", "birds", "crescent") if sheet.about(*NIGHT) else ("birds", "pines", "crescent")
    what = sheet.variant(*names)
    radius = dice.between(128, 146) if title.height > 70 else dice.between(142, 164)
    middle = (52 + title.height + (516 if what in ("rocket", "ringed", "crescent") else 490)) / 2
    cx, cy = 200 + dice.between(-24, 24), middle + dice.between(-10, 14)
    body = p.farthest(ground, p.first, p.second) if dice.chance(0.7) else p.paper
    light = (cx, cy, radius, body)
    shapes = [sheet_of(ground), _stars(sheet, ground, cy + radius * 0.6)]
    shapes.append(ring(cx, cy, radius + 20, mix(ground, body, 0.5), 1.4, "1 7"))
    if what == "crescent":
        shapes += [_crescent(cx, cy, radius, body), _on_crescent(sheet, cx, cy, radius, ground)]
    else:
        shapes += [circle(cx + 7, cy + 7, radius, mix(ground, body, 0.35)), _globe(sheet, light)]
    shapes += _company(sheet, what, light, ground)
    shapes += _foreground(sheet, what, ground)
    foot = mix(ground, p.second, 0.12) if what in ("rocket", "ringed", "crescent") else p.deep
    bright = p.farthest(ground, p.first, p.second)
    fill = bright if body == p.paper and contrast(bright, ground) > 5.5 else p.paper
    return Art(shapes, sheet.heading(title, 32, fill, ground, "middle", p.second), Foot(p.paper, foot))


def _stars(sheet: Sheet, ground: str, lowest: float) -> str:
    p, dice = sheet.palette, sheet.dice
    dots = [(dice.between(12, 388), dice.between(14, lowest), dice.pick((0.8, 1.1, 1.5))) for _ in range(34)]
    small = path("".join(disc(*dot) for dot in dots), mix(ground, p.paper, 0.8))
    points = ""
    for _ in range(6):
        x, y = dice.between(20, 380), dice.between(110, lowest)
        points += f"M{n(x)} {n(y - 6)}l1.3 4.7l4.7 1.3l-4.7 1.3l-1.3 4.7l-1.3-4.7l-4.7-1.3l4.7-1.3z"
    return small + path(points, p.farthest(ground, p.second, p.first))


def _globe(sheet: Sheet, light: tuple[float, float, float, str]) -> str:
    p, dice = sheet.palette, sheet.dice
    cx, cy, radius, body = light
    shade, deep = mix(body, p.ink, 0.17), mix(body, p.ink, 0.3)
    dents, lit = "", ""
    for _ in range(13):
        turn, far = dice.between(0, 6.28), radius * math.sqrt(dice.between(0.02, 0.78))
        size = radius * dice.between(0.04, 0.13)
        x, y = cx + far * math.cos(turn), cy + far * math.sin(turn)
        dents += disc(x, y, size)
        lit += disc(x + size * 0.2, y + size * 0.22, size * 0.76)
    return sheet.clipped(
        disc(cx, cy, radius),
        circle(cx, cy, radius, mix(body, p.paper, 0.22)),
        circle(cx + radius * 0.33, cy + radius * 0.28, radius * 1.02, body),
        circle(cx + radius * 0.54, cy + radius * 0.48, radius, shade),
        path(dents, deep),
        path(lit, mix(body, p.paper, 0.12)),
    )


def _crescent(cx: float, cy: float, radius: float, fill: str) -> str:
    r, inner = n(radius), n(radius * 0.86)
    x1, y1 = cx + radius * 0.5, cy - radius * 0.866
    x2, y2 = cx + radius * 0.5, cy + radius * 0.866
    return path(f"M{n(x1)} {n(y1)}A{r} {r} 0 1 0 {n(x2)} {n(y2)}A{inner} {inner} 0 1 1 {n(x1)} {n(y1)}Z", fill)


def _on_crescent(sheet: Sheet, cx: float, cy: float, radius: float, ground: str) -> str:
    p = sheet.palette
    fill = p.farthest(ground, p.second, p.first, p.paper)
    line = stroke(f"M{n(cx + 73)} {n(cy + radius * 0.62 - 66)}V{n(cy + 112)}", fill, 1.2)
    sitter = "M-9 0V-26Q-9-38 0-38Q9-38 9-27L8-12H24L25 14H18L17-4H-4ZM8-34L44-44L45-41L10-26Z"
    figure = path(sitter, fill) + circle(2, -46, 7, fill) + stroke("M34-40L62-58V-52", fill, 1.4)
    star = polygon([(58, 74), (61, 84), (71, 87), (61, 90), (58, 100), (55, 90), (45, 87), (55, 84)], fill)
    seat = radius * 0.62
    return moved(cx - 4, cy + seat, figure, size=1.25) + moved(cx + 15, cy + 36, star) + line


def _company(sheet: Sheet, what: str, light: tuple[float, float, float, str], ground: str) -> list[str]:
    dice = sheet.dice
    cx, cy, radius, body = light
    if what == "rocket":
        turn = dice.pick((-1, 1)) * dice.between(18, 34)
        return [moved(cx + radius * 0.3 * (1 if turn > 0 else -1), cy - radius * 0.25, _rocket(sheet), turn=turn)]
    if what == "ringed":
        return [_rings(sheet, light, ground)]
    if what == "birds":
        places = [
            (
                cx + dice.between(-0.75, 0.75) * radius,
                cy + dice.between(-0.6, 0.45) * radius,
                dice.between(16, 44),
            )
            for _ in range(9)
        ]
        return [flock(places, multiply(ground, body))]
    return []


def _rocket(sheet: Sheet) -> str:
    p = sheet.palette
    flames = "".join(
        f"M0 0L{n(62 * math.cos(a))} {n(62 * math.sin(a))}L{n(62 * math.cos(a + 0.1))} {n(62 * math.sin(a + 0.1))}Z"
        for a in (number * 0.42 for number in range(15))
    )
    hull = p.second if p.second != p.paper else p.first
    return (
        path(flames, p.paper)
        + path("M-24 20V-70Q-24-104 0-124Q24-104 24-70V20Z", p.ink)
        + path("M-20 14V-70Q-20-98 0-116Q20-98 20-70V14Z", hull)
        + path("M-20 14V-70Q-20-98 0-116Q-6-98-6-70V14Z", mix(hull, p.paper, 0.45))
        + path(disc(2, -62, 8) + box(-24, -22, 48, 7) + box(-24, 4, 48, 16), p.ink)
        + circle(2, -62, 5, p.paper)
    )


def _rings(sheet: Sheet, light: tuple[float, float, float, str], ground: str) -> str:
    p, dice = sheet.palette, sheet.dice
    cx, cy, radius, body = light
    tone = p.farthest(body, p.paper, p.second, p.first)
    bands = ""
    for reach, width, colour in ((1.62, 9, tone), (1.44, 4, mix(tone, body, 0.4)), (1.3, 2, tone)):
        rx, ry = n(radius * reach), n(radius * reach * 0.24)
        bands += stroke(f"M{n(-radius * reach)} 0A{rx} {ry} 0 0 0 {n(radius * reach)} 0", colour, width)
    small = circle(cx - radius * 0.95, cy - radius * 0.92, radius * 0.15, p.farthest(ground, p.second, p.paper))
    return moved(cx, cy, bands, turn=dice.pick((-18, 16))) + small


def _foreground(sheet: Sheet, what: str, ground: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    if what in ("rocket", "ringed", "crescent"):
        tones = [mix(ground, p.second, 0.04 * step) for step in range(1, 4)]
        return [rect(0, 516 + 18 * step, WIDTH, HEIGHT, tone) for step, tone in enumerate(tones)]
    back = mix(ground, p.second, 0.2)
    heights = dice.heights(6, 506, 16)
    shapes = [ridge(heights, back), ridge([h + 30 for h in dice.heights(5, 506, 12)], p.deep)]
    if what == "pines":
        firs = "".join(pine(dice.between(-10, 410), 548, dice.between(60, 128)) for _ in range(13))
        return [*shapes, path(firs, p.deep)]
    side = dice.pick((52, 346))
    return [*shapes, moved(side, 540, bare_tree(p.deep, dice.between(-5, 5)), size=1.5, flip=side > 200)]


def twomoons(sheet: Sheet) -> Art:
    """Two discs, overprinted where they meet, and their light on water."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("deco", 112, 74)
    night = dice.chance(0.3)
    sky = p.ink if night else p.paper
    sea = mix(p.ink, p.second, 0.12) if night else mix(p.ink, p.paper, 0.1)
    horizon = dice.between(386, 418)
    room = horizon - (56 + title.height if not title.empty else 70)
    discs = _pair(sheet, room, horizon)
    one, other = (p.first, p.second) if dice.chance(0.6) else (p.second, p.first)
    if p.pale_second and not night and dice.chance(0.5):
        sky, other = p.second, p.paper
    (x1, y1, r1), (x2, y2, r2) = discs
    both = multiply(one, other) if not night else mix(one, other, 0.5)
    shapes = [sheet_of(sky), circle(x1, y1, r1, one), circle(x2, y2, r2, other), path(_lens(*discs), both)]
    shapes.append(rect(0, horizon, WIDTH, HEIGHT - horizon, sea))
    shapes += [_gleam(sheet, x1, r1, horizon, one, sea), _gleam(sheet, x2, r2, horizon, other, sea)]
    what = sheet.variant("boat", "couple", "tree", "boat")
    x = (x1 + x2) / 2 + dice.between(-30, 30)
    dark = p.deep if night else p.ink
    shapes += _shore(what, x, horizon, dark)
    bold = p.first if contrast(p.first, sky) >= 3.4 else p.ink
    fill = p.paper if night else dice.pick((p.ink, p.ink, bold))
    return Art(shapes, sheet.heading(title, 30, fill, sky, "middle", p.first), Foot(p.paper, sea))


def _pair(sheet: Sheet, room: float, horizon: float) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    dice = sheet.dice
    side = dice.pick((-1, 1))
    if dice.chance(0.55):
        radius = min(116, room / 2 - 4)
        drop = dice.between(-12, 22)
        y = horizon - room / 2 + 14
        apart = radius * dice.between(0.5, 0.62)
        return (200 - side * apart, y + drop, radius), (200 + side * apart, y - drop / 3, radius)
    big, small = min(138, room / 2 + 12), min(72, room / 3.4)
    y = horizon - big * dice.between(0.55, 0.9)
    return (200 - side * 34, y, big), (
        200 + side * big * 0.66,
        max(y - big * 0.62, horizon - room + small),
        small,
    )


def _lens(one: tuple[float, float, float], other: tuple[float, float, float]) -> str:
    """The outline shared by two circles."""
    (x1, y1, r1), (x2, y2, r2) = one, other
    far = math.hypot(x2 - x1, y2 - y1)
    along = (r1 * r1 - r2 * r2 + far * far) / (2 * far)
    half = math.sqrt(max(0.0, r1 * r1 - along * along))
    ux, uy = (x2 - x1) / far, (y2 - y1) / far
    ax, ay = x1 + ux * along, y1 + uy * along
    top, low = (ax + uy * half, ay - ux * half), (ax - uy * half, ay + ux * half)
    wide = 1 if along > far else 0
    return (
        f"M{n(top[0])} {n(top[1])}A{n(r1)} {n(r1)} 0 0 1 {n(low[0])} {n(low[1])}"
        f"A{n(r2)} {n(r2)} 0 {wide} 1 {n(top[0])} {n(top[1])}Z"
    )


def _gleam(sheet: Sheet, x: float, radius: float, horizon: float, colour: str, sea: str) -> str:
    """Broken light under a disc, narrower and dimmer towards the viewer."""
    bars = ["", "", ""]
    y = horizon + 8
    for number in range(12):
        width = radius * (1.86 - number * 0.105)
        high = 6.2 - number * 0.34
        bars[number // 4] += box(x - width / 2 + sheet.dice.between(-7, 7), y, width, high)
        y += 9 + number * 0.25
    return "".join(path(d, mix(colour, sea, step * 0.24)) for step, d in enumerate(bars))


def _shore(what: str, x: float, horizon: float, dark: str) -> list[str]:
    if what == "boat":
        return [moved(x, horizon + 3, rowing_boat(dark), size=1.15)]
    if what == "couple":
        jetty = box(-10, horizon - 5, x + 48, 7) + "".join(box(px, horizon, 5, 26) for px in (30, 84, x + 20))
        return [path(jetty, dark), moved(x, horizon - 5, couple(dark), size=1.25)]
    isle = f"M{n(x - 74)} {n(horizon + 2)}Q{n(x)} {n(horizon - 26)} {n(x + 74)} {n(horizon + 2)}Z"
    return [path(isle, dark), moved(x, horizon - 8, bare_tree(dark), size=0.82)]
