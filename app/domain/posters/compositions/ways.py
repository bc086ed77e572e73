"""Pictures of the way: the road cut from paper, and the express or the bow of a ship."""

from __future__ import annotations

from app.domain.posters.lettering import Block
from app.domain.posters.palettes import contrast, mix
from app.domain.posters.shapes import (
    WIDTH,
    Point,
    at,
    box,
    circle,
    disc,
    group,
    mirrored,
    moved,
    n,
    outline,
    path,
    polygon,
    rect,
    ring,
    rough,
    sheet_of,
    spot,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Heading, Sheet


def cut(sheet: Sheet) -> Art:
    """A road of torn paper to the horizon, the title on a strip across it."""
    p, dice = sheet.palette, sheet.dice
    ground = dice.pick((p.paper, p.paper, p.second, p.first))
    if contrast(ground, p.ink) < 3:
        ground = p.paper
    mark = p.farthest(ground, p.first, p.second) if ground != p.first else p.paper
    title = sheet.title("board", 88, 78, width=318, tracking=0.035)
    horizon, far = dice.between(196, 232), dice.between(150, 250)
    shapes = [sheet_of(ground)]
    sx, sy = dice.pick((100, 138, 262, 304)), dice.between(92, 126)
    sun = [at(sx, sy, 50, 40 * corner + 12) for corner in range(9)]
    shapes.append(polygon(rough(sun, dice, 3, 1), mark))
    tilt = dice.between(-9, 9)
    line: list[Point] = [
        (-20, horizon + tilt),
        (420, horizon - tilt),
        (420, horizon - tilt - 9),
        (-20, horizon + tilt - 9),
    ]
    shapes.append(polygon(rough(line, dice, 2, 9), p.ink))
    shapes.append(polygon([(far - 7, horizon), (far + 7, horizon), (392, 610), (8, 610)], p.ink))
    shapes.append(path(_dashes(sheet, far, horizon), ground))
    kind = (
        dice.pick(("poles", "poles", "cacti", "palms")) if not sheet.about("western") else dice.pick(("cacti", "poles"))
    )
    shapes.append(path(_wayside(sheet, kind, horizon), p.ink))
    height = max(58.0, title.height + 44)
    middle = dice.between(404, 436)
    if not title.empty:
        strip: list[Point] = [
            (16, middle - height / 2),
            (384, middle - height / 2 - 6),
            (384, middle + height / 2),
            (16, middle + height / 2 + 4),
        ]
        shapes.append(polygon(rough(strip, dice, 6, 5), mark))
    shapes.append(rect(0, 556, WIDTH, 44, p.ink))
    heading = _torn_title(sheet, title, middle, mark, ground)
    return Art(shapes, heading, Foot(p.paper, p.ink))


def _torn_title(sheet: Sheet, title: Block, middle: float, mark: str, ground: str) -> Heading:
    p = sheet.palette
    fill = p.farthest(mark, ground, p.ink, p.paper) if contrast(ground, mark) < 3 else ground
    return sheet.heading(title, middle - title.height / 2 - 1, fill, mark, "middle", fill, by_hand=True)


def _dashes(sheet: Sheet, far: float, horizon: float) -> str:
    d, y, step = "", horizon + 10, 6.4
    while y < 556:
        share, below = (y - horizon) / (610 - horizon), (y + step - horizon) / (610 - horizon)
        top, low = far + (200 - far) * share, far + (200 - far) * below
        d += outline(
            [
                (top - 1.2 - 6 * share, y),
                (top + 1.2 + 6 * share, y + sheet.dice.between(-1, 1)),
                (low + 1.2 + 7 * below, y + step),
                (low - 1.2 - 7 * below, y + step),
            ]
        )
        y += step * 1.75
        step *= 1.19
    return d


def _wayside(sheet: Sheet, kind: str, horizon: float) -> str:
    dice = sheet.dice
    places = (
        (24, 0.98, horizon + 90),
        (66, 0.56, horizon + 46),
        (332, 0.6, horizon + 50),
        (374, 1.04, horizon + 96),
    )
    d = ""
    for x, size, foot in places:
        shapes = {"poles": _pole, "cacti": _cactus, "palms": _palm}[kind](dice.between(-4, 4))
        for shape in shapes:
            d += outline(rough([(x + px * size, foot + py * size) for px, py in shape], dice, 1.7, 4))
    return d


def _pole(lean: float) -> list[list[Point]]:
    return [
        [(-5, 0), (-4 + lean, -222), (4 + lean, -222), (5, 0)],
        [(-24 + lean, -198), (24 + lean, -204), (24 + lean, -196), (-24 + lean, -190)],
    ]


def _cactus(lean: float) -> list[list[Point]]:
    return [
        [(-9, 0), (-10 + lean, -128), (lean, -138), (10 + lean, -128), (9, 0)],
        [(-6, -50), (-36, -58), (-38, -98), (-26, -98), (-24, -70), (-6, -66)],
        [(6, -66), (28, -74), (28, -112), (40, -110), (38, -62), (6, -50)],
    ]


def _palm(lean: float) -> list[list[Point]]:
    x, y = lean * 3, -170.0
    fronds = ((-62, 14), (-48, -34), (-8, -52), (40, -40), (62, 6), (30, 36), (-34, 40))
    leaves: list[list[Point]] = [
        [
            (x, y),
            (x + dx * 0.5 - dy * 0.14, y + dy * 0.5 - 12),
            (x + dx, y + dy),
            (x + dx * 0.45, y + dy * 0.4 + 4),
        ]
        for dx, dy in fronds
    ]
    return [[(-6, 0), (x - 4, y), (x + 4, y), (6, 0)], *leaves]


def express(sheet: Sheet) -> Art:
    """Speed on the slant: a locomotive, or in war and at sea the bow of a ship."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("wide", 84, 42)
    sea = sheet.hint == "prow" or (sheet.hint != "train" and sheet.about("war"))
    ground = _open_ground(sheet)
    top = sheet.panel_top(title)
    streaks = _streaks(sheet, mix(ground, p.paper, 0.36) if ground != p.paper else mix(ground, p.second, 0.4))
    picture = _prow(sheet, ground, top) if sea else _train(sheet, ground)
    flip = dice.chance(0.5)
    panel, heading = sheet.panel(title, p.ink, p.paper, "left", p.farthest(p.ink, p.first, p.second))
    return Art([sheet_of(ground), mirrored(flip, streaks, *picture), *panel], heading, Foot(p.second, p.ink))


def _open_ground(sheet: Sheet) -> str:
    p = sheet.palette
    grounds = [colour for colour in (p.second, p.paper, p.first) if contrast(colour, p.ink) > 3.5]
    return sheet.dice.pick(grounds or [p.paper])


def _streaks(sheet: Sheet, fill: str) -> str:
    d, y = "", -120.0
    while y < 780:
        thick = sheet.dice.pick((4, 7, 12, 22))
        d += box(-160, y, 720, thick)
        y += thick + sheet.dice.between(12, 34)
    return group("rotate(-24 200 300)", path(d, fill))


def _train(sheet: Sheet, ground: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    trim = p.farthest(p.ink, p.first, p.second) if p.first == ground or contrast(p.first, p.ink) < 1.6 else p.first
    light = p.paper
    smoke = light if ground != light else p.second
    shift = dice.between(-46, 30)
    boiler = box(-180, 196, 680, 120) + "M440 196L500 196L560 316L440 316Z" + "M380 196v-74h-14l16-26h30l16 26h-14v74z"
    boiler += box(250, 150, 60, 46) + box(-150, 90, 220, 110)
    bands = box(-180, 196, 640, 18) + box(-180, 250, 640, 6) + "M250 150q30-34 60 0z" + box(-170, 78, 260, 16)
    panes = box(-84, 112, 60, 50) + box(0, 112, 50, 50)
    lamp = circle(470, 222, 20, light) + circle(470, 222, 12, trim)
    wheels = [_wheel(40 + k * 196, 400, 88, trim, sheet) for k in (-1, 0, 1)] + [_wheel(392, 434, 54, trim, sheet)]
    rod = stroke("M-156 440L40 440L236 440L430 372", light, 13, "round")
    engine = group(
        f"rotate(-24 200 300) translate({n(shift)} 0)",
        path(boiler, p.ink),
        path(bands, trim),
        path(panes, ground),
        lamp,
        *wheels,
        rod,
    )
    return [_smoke(sheet, 344 + shift, smoke, mix(smoke, ground, 0.35)), engine]


def _wheel(x: float, y: float, radius: float, trim: str, sheet: Sheet) -> str:
    p = sheet.palette
    start = sheet.dice.between(0, 36)
    spokes = "".join(f"M{n(x)} {n(y)}L{spot(at(x, y, radius - 14, start + k * 36))}" for k in range(10))
    return (
        circle(x, y, radius, p.ink)
        + ring(x, y, radius - 10, trim, 7)
        + stroke(spokes, p.paper, 4)
        + circle(x, y, 16, p.paper)
        + circle(x, y, 8, p.ink)
    )


def _smoke(sheet: Sheet, start: float, light: str, shade: str) -> str:
    dice = sheet.dice
    puffs = ""
    x, radius = start - 70, 24.0
    while x > -20:
        puffs += circle(x, 58 + dice.between(-20, 24), radius, shade if dice.chance(0.36) else light)
        x, radius = x - 27, min(52.0, radius + dice.between(0, 7))
    return puffs


def _prow(sheet: Sheet, ground: str, foot: float) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    light = p.paper if ground != p.paper else p.second
    red = p.farthest(ground, p.first, p.second) if p.first == ground else p.first
    lift = foot - 476
    tip = 120 + dice.between(-14, 24) + lift / 2
    low = 470 + lift
    hull = polygon([(-10, low), (320, tip), (352, tip + 8), (300, low)], p.ink)
    stem = polygon([(320, tip), (352, tip + 8), (300, low), (250, low)], red)
    deck = polygon([(-10, low), (320, tip), (306, tip - 8), (-10, low - 50)], light)
    holes = ""
    for k in range(5):
        x = 244 - k * 46
        y = tip + (320 - x) * (low - tip) / 330 + 56
        holes += circle(x, y, 8.5, light) + circle(x, y, 5, p.ink)
    guns = path(
        outline([(60, tip + 180), (210, tip + 30), (222, tip + 40), (96, tip + 200)])
        + outline([(108, tip + 92), (212, tip - 28), (224, tip - 20), (128, tip + 112)]),
        red,
    )
    anchor = moved(
        262,
        tip + 116,
        path(
            "M-4-2H4V12H16V20H4V58Q20 56 26 38L20 40L30 26L38 42L32 40Q24 68 0 70"
            "Q-24 68-32 40L-38 42L-30 26L-20 40L-26 38Q-20 56-4 58V20H-16V12H-4Z" + disc(0, -9, 10),
            red,
        ),
    )
    swell = "".join(path(_wave(foot - 34 + 12 * k), p.ink if k % 2 else light) for k in range(5))
    return [guns, hull, stem, deck, holes, anchor, swell]


def _wave(y: float) -> str:
    return f"M-10 {n(y)}q20 12 40 0" + "t40 0" * 10 + f"V{n(y + 10)}H-10Z"
