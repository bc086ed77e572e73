"""Pictures of town: the tower and the crooked street."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.posters.figures import cloaked
from app.domain.posters.palettes import mix
from app.domain.posters.shapes import (
    WIDTH,
    Point,
    box,
    circle,
    mirrored,
    moved,
    n,
    outline,
    path,
    polygon,
    rays,
    ring,
    sheet_of,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Sheet


def tower(sheet: Sheet) -> Art:
    """A great building against a rising disc, the city at its feet."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("deco", 96, 56)
    top = sheet.panel_top(title)
    night = dice.chance(0.35)
    sky = mix(p.ink, p.second, 0.3) if night else mix(p.second, p.paper, dice.pick((0.1, 0.3)))
    glow = p.farthest(sky, p.first, p.paper) if night else p.first
    cy = dice.between(188, 232)
    shapes = [
        sheet_of(sky),
        rays(200, 300, dice.pick((14, 16, 18)), mix(sky, p.ink, 0.2), dice.between(0, 20)),
    ]
    shapes += [circle(200, cy, 118, mix(sky, glow, 0.85)), circle(200, cy, 88, mix(glow, p.paper, 0.4))]
    lit = p.farthest(p.ink, p.first, p.second)
    shapes += _skyline(sheet, mix(sky, p.ink, 0.42), mix(sky, p.paper, 0.45), 300, top)
    shapes += _skyline(sheet, mix(sky, p.ink, 0.68), lit, 362, top)
    kinds = ("castle", "spire") if sheet.about("fantasy", "horror") else ("spire", "slabs", "spire")
    shapes += {"spire": _spire, "slabs": _slabs, "castle": _keep}[dice.pick(kinds)](sheet, top, lit)
    panel, heading = sheet.panel(title, p.ink, p.paper, "middle", lit, lit)
    return Art(shapes + panel, heading, Foot(lit, p.ink))


def _skyline(sheet: Sheet, wall: str, light: str, height: float, foot: float) -> list[str]:
    """A row of houses with some windows lit; it stops short of the middle."""
    dice = sheet.dice
    walls, windows = "", ""
    x = dice.between(-14, 0)
    while x < 400:
        width = dice.between(40, 70)
        if not 128 < x + width / 2 < 272:
            roof = height + dice.between(0, 70)
            walls += box(x, roof, width, foot - roof)
            windows += _windows(sheet, x, roof, width, foot)
        x += width + dice.between(2, 7)
    return [path(walls, wall), path(windows, light)]


def _windows(sheet: Sheet, x: float, roof: float, width: float, foot: float) -> str:
    """Lit windows, each floor one subpath group; a floor repeats an earlier pattern more often than not."""
    dice = sheet.dice
    columns = int((width - 9) // 12)
    d, y = "", roof + 11
    left = x + (width - columns * 12 + 7.6) / 2
    while y < foot - 10:
        for column in range(columns):
            if dice.chance(0.52):
                d += f"M{n(left + column * 12)} {n(y)}h4v7h-4z"
        y += 14
    return d


def _stepped(steps: Sequence[tuple[float, float]], foot: float, fill: str, shade: str) -> list[str]:
    """A building of blocks round the middle line, the right half in shade; steps are half width and top."""
    light = "".join(box(200 - half, top, half, foot - top) for half, top in steps)
    dark = "".join(box(200, top, half, foot - top) for half, top in steps)
    return [path(light, fill), path(dark, shade)]


def _spire(sheet: Sheet, foot: float, lit: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    lift = dice.between(-14, 16)
    halves = (88, 68, 49, 31, 15) if dice.chance(0.5) else (80, 60, 44, 24, 11)
    steps = list(zip(halves, (372 + lift, 300 + lift, 232 + lift, 172 + lift, 120 + lift), strict=True))
    shapes = _stepped(steps, foot, p.ink, p.deep)
    lines = "".join(
        f"M{n(200 + offset)} {n(top + 9)}v56" for half, top in steps for offset in range(-int(half) + 6, int(half), 11)
    )
    shapes.append(f'<path d="{lines}" fill="none" stroke="{lit}" stroke-width="2.6" stroke-dasharray="7 5"/>')
    tip = 46 + lift
    shapes += [polygon([(195, 124 + lift), (205, 124 + lift), (201, tip), (199, tip)], p.ink)]
    shapes += [circle(200, tip, 6, lit), ring(200, tip, 13, p.paper, 2)]
    if dice.chance(0.6):
        loops = (
            f"M50 {n(214 + lift)}A150 30 0 0 0 350 {n(214 + lift)}M82 {n(276 + lift)}A118 23 0 0 0 318 {n(276 + lift)}"
        )
        shapes.append(stroke(loops, p.paper, 5))
    return shapes


def _slabs(sheet: Sheet, foot: float, lit: str) -> list[str]:
    """Two slabs seen from below, leaning together."""
    p, dice = sheet.palette, sheet.dice
    high, low = dice.between(84, 116), dice.between(140, 176)
    left: list[Point] = [(112, foot), (140, high), (196, high + 26), (204, foot)]
    right: list[Point] = [(196, foot), (210, low + 22), (262, low), (292, foot)]
    shapes = [
        polygon(left, p.ink),
        polygon([(204, foot), (196, high + 26), (212, high + 14), (226, foot)], p.deep),
    ]
    shapes += [
        polygon(right, mix(p.ink, p.first, 0.14)),
        polygon([(292, foot), (262, low), (276, low + 14), (318, foot)], p.deep),
    ]
    d = ""
    for row in range(18):
        y = high + 44 + row * 20
        for column in range(4):
            x = 138 - row * 1.3 + column * (14 + row * 0.16)
            if y < foot - 12 and dice.chance(0.6):
                d += f"M{n(x)} {n(y)}h8v9h-8z"
        for column in range(4):
            x = 218 + column * (12 + row * 0.3)
            if low + 34 < y < foot - 12 and dice.chance(0.6):
                d += f"M{n(x)} {n(y)}h7v9h-7z"
    mast = stroke(f"M168 {n(high + 16)}V{n(high - 44)}", p.ink, 3)
    return [mast, circle(168, high - 46, 5, lit), *shapes, path(d, lit)]


def _keep(sheet: Sheet, foot: float, lit: str) -> list[str]:
    """A castle of slim towers on a rock."""
    p, dice = sheet.palette, sheet.dice
    rock = polygon([(60, foot), (118, 420), (150, 396), (252, 392), (290, 424), (344, foot)], p.ink)
    bright, shade = "", ""
    towers = ((150, 300, 34), (222, 270, 38), (184, 200, 32), (204, 158, 22), (130, 352, 24), (258, 340, 26))
    for x, peak, width in towers:
        roof = peak + dice.between(-14, 14)
        bright += box(x, roof, width, 420 - roof) + outline(
            [(x - 5, roof), (x + width / 2, roof - width * 1.9), (x + width + 5, roof)]
        )
        shade += box(x + width * 0.58, roof, width * 0.42, 420 - roof)
        shade += outline([(x + width / 2, roof - width * 1.9), (x + width + 5, roof), (x + width * 0.58, roof)])
    slits = "".join(f"M{n(x + 7)} {n(roof + dice.between(26, 44))}v-7q3-6 6 0v7z" for x, roof, _ in towers)
    return [path(bright, p.ink), path(shade, p.deep), rock, path(slits, lit)]


def shards(sheet: Sheet) -> Art:
    """A crooked street of torn paper, a figure walking away, the moon too big."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 92, 66, width=348, tracking=0.045)
    sky = dice.pick((p.first, p.first, p.second)) if not p.pale_second else p.first
    far = dice.between(186, 222)
    lid = 62 + title.height if not title.empty else 40
    shapes = [sheet_of(sky), rays(far, 300, 16, mix(sky, p.paper, 0.18), dice.between(-9, 9), 0.28)]
    shapes.append(rays(far, 300, 16, mix(sky, p.ink, 0.26), dice.between(12, 16), 0.24))
    mx, my = (
        far + dice.pick((-1, 1)) * dice.between(4, 44),
        dice.between(max(196, lid + 60), max(212, lid + 76)),
    )
    bright = p.paper if p.paper != sky else p.second
    shapes += [circle(mx, my, 62, bright), circle(mx - 13, my - 9, 50, mix(bright, p.second, 0.25))]
    shapes += _houses(sheet, mix(sky, p.ink, 0.68), p.second if sky == p.first else p.first, 0)
    shapes += _houses(sheet, p.ink, bright, 1)
    shapes.append(polygon([(far - 8, 392), (far + 32, 386), (432, 600), (-32, 600)], bright))
    shapes.append(path(_cracks(sheet, far), p.ink))
    shapes.append(polygon([(far + 2, 472), (far + 26, 472), (372, 600), (262, 600)], p.ink))
    shapes.append(moved(far + 13, 478, cloaked(p.ink, dice.chance(0.4)), turn=dice.between(-2, 2)))
    torn = [
        (0.0, 0.0),
        (400.0, 0.0),
        (400.0, lid - 6),
        (dice.between(240, 290), lid + 10),
        (dice.between(110, 170), lid - 8),
        (0.0, lid + 12),
    ]
    shapes.append(polygon(torn, p.ink))
    shapes.append(path("M0 566L120 560L270 567L400 559V600H0Z", p.ink))
    flip = dice.chance(0.5)
    top = (lid - title.height) / 2 + 2
    heading = sheet.heading(title, top, bright, p.ink, "middle", p.farthest(p.ink, p.first, p.second), by_hand=True)
    return Art([mirrored(flip, *shapes)], heading, Foot(p.paper, p.ink))


def _houses(sheet: Sheet, wall: str, light: str, row: int) -> list[str]:
    """Two leaning houses, left and right; the nearer row stands further out."""
    dice = sheet.dice
    out = 22 * row
    walls, windows = "", ""
    for side in (0, 1):
        inner, roof = 92 - out + dice.between(-6, 10), 244 + row * 44 + dice.between(-18, 16)
        peak = inner - dice.between(30, 46)
        points = [
            (-40, roof + dice.between(-6, 24)),
            (peak, roof - dice.between(44, 88)),
            (inner, roof),
            (inner - dice.between(10, 20), 600),
            (-40, 600),
        ]
        panes = [(col, roof + 34 + 62 * floor) for floor in range(4) for col in (4 - out / 2, 40 - out / 2)]
        for x, y in panes:
            if dice.chance(0.6):
                windows += _side(side, _pane(sheet, x, y))
        walls += _side(side, points)
    return [path(walls, wall), path(windows, light)]


def _side(side: int, points: list[Point]) -> str:
    return outline((WIDTH - x, y) if side else (x, y) for x, y in points)


def _pane(sheet: Sheet, x: float, y: float) -> list[Point]:
    corners = ((0, 0), (22, -4), (18, 34), (-2, 30))
    return [(x + dx + sheet.dice.between(-4, 4), y + dy + sheet.dice.between(-4, 4)) for dx, dy in corners]


def _cracks(sheet: Sheet, far: float) -> str:
    """Jagged shadows across the street, wider towards the viewer."""
    dice = sheet.dice
    d = ""
    for step in range(6):
        y, reach, thick = 400 + step * 26 + step * step * 1.2, 18 + step * 24, 2 + step * 1.5
        x = far + 8 + dice.between(-8, 8)
        d += outline(
            [
                (x - reach, y),
                (x + reach * 0.5, y + thick),
                (x + reach * 0.1, y + thick * 2.6),
                (x + reach, y + thick * 4.2),
                (x + reach, y + thick * 5),
                (x - reach * 0.1, y + thick * 3.6),
                (x + reach * 0.25, y + thick * 1.8),
                (x - reach, y + thick),
            ]
        )
    return d
