"""The beam: light thrown through the dark on a screen, from a street lamp, or by searchlights."""

from __future__ import annotations

from app.domain.posters.faces import face, letter_path
from app.domain.posters.figures import cloaked, spectator
from app.domain.posters.palettes import mix, multiply
from app.domain.posters.shapes import (
    WIDTH,
    Point,
    box,
    circle,
    disc,
    mirrored,
    moved,
    n,
    outline,
    path,
    polygon,
    rect,
    ring,
    sheet_of,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Sheet


def beam(sheet: Sheet) -> Art:
    """Light thrown through the dark: on a screen, from a lamp, or from searchlights."""
    kinds = ("screen", "lamp", "lamp") if sheet.about("crime", "film noir", "mystery", "spy") else ("screen", "lights")
    kind = sheet.variant(*kinds) if sheet.hint not in ("screen", "lamp") else sheet.hint
    return {"screen": _projected, "lamp": _streetlamp, "lights": _searchlights}[kind](sheet)


def _audience(sheet: Sheet, back: str, front: str) -> list[str]:
    dice = sheet.dice
    far, near = "", ""
    for number in range(9):
        far += spectator(-10 + number * 54 + dice.between(-4, 4), 518 + dice.between(-4, 9), 0.75, dice.chance(0.3))
    for number in range(7):
        near += spectator(4 + number * 68 + dice.between(-8, 8), 572 + dice.between(-6, 8), 1, dice.chance(0.22))
    return [path(far, back), path(near, front)]


def _projected(sheet: Sheet) -> Art:
    p, dice = sheet.palette, sheet.dice
    flip = dice.chance(0.5)
    title = sheet.title("board", 84, 58, width=300)
    drop = title.height - 50 if title.height > 56 else 0
    canvas = p.second if p.farthest(p.ink, p.second, p.first) == p.second else p.first
    tint = p.first if canvas == p.second else p.second
    light = [mix(p.ink, tint, share) for share in (0.36, 0.66, 0.92)]
    shapes = [outline([(28, 62), (440, y1 + drop), (440, y2)]) for y1, y2 in ((150, 560), (178, 520), (206, 482))]
    fan = [path(d, tone) for d, tone in zip(shapes, light, strict=True)]
    screen: list[Point] = [(366, 214 + drop), (162, 176 + drop), (154, 392), (370, 436)]
    picture = [polygon([(x - 6, y + 8) for x, y in screen], multiply(p.ink, tint)), polygon(screen, canvas)]
    picture.append(_leader(sheet, canvas, flip, 306 + drop / 2))
    lamp = circle(28, 62, 17, canvas) + circle(28, 62, 9, p.paper) + ring(28, 62, 24, canvas, 2)
    people = _audience(sheet, mix(p.ink, tint, 0.16), p.deep)
    heading = sheet.heading(
        title, 28, p.farthest(p.ink, p.first, p.second, p.paper), p.ink, "left" if flip else "right"
    )
    return Art(
        [sheet_of(p.ink), mirrored(flip, *fan, *picture), mirrored(flip, lamp), *people],
        heading,
        Foot(canvas, p.deep),
    )


def _leader(sheet: Sheet, canvas: str, flip: bool, cy: float) -> str:
    """The countdown of a film leader; mirrored back where the picture is mirrored."""
    p = sheet.palette
    number = str(sheet.dice.whole(2, 9))
    board = face("board")
    scale = 122 / board.units
    width = board.advance(number) * scale
    disc_fill = p.paper if p.paper != canvas else p.second
    sweep = f"M262 {n(cy)}V{n(cy - 70)}A70 70 0 0 1 246.8 {n(cy + 68.3)}Z"
    x = (138 if flip else 262) - width / 2
    digit = path(letter_path(board, number, (scale, 0, 0, scale, x, cy + 48)), p.ink)
    rims = "".join(ring(262, cy, radius, p.ink, 2) for radius in (86, 70))
    return (
        circle(262, cy, 86, disc_fill)
        + path(sweep, mix(disc_fill, p.ink, 0.28))
        + rims
        + stroke(f"M158 {n(cy)}H366M262 {n(cy - 108)}V{n(cy + 106)}", p.ink, 1.5)
        + mirrored(flip, digit)
    )


def _streetlamp(sheet: Sheet) -> Art:
    """A man under a street lamp, his shadow longer than he is."""
    p, dice = sheet.palette, sheet.dice
    flip = dice.chance(0.5)
    night = p.ink
    glow = p.farthest(night, p.second, p.first)
    title = sheet.title("board", 100, 74, width=360)
    top = 74 + title.height
    lamp_x, lamp_y, ground = 118.0, max(150.0, top + 14), 468.0
    cone = [
        (lamp_x - 12, lamp_y),
        (lamp_x + 12, lamp_y),
        (lamp_x + 190, ground + 26),
        (lamp_x - 112, ground + 26),
    ]
    house = mix(night, glow, 0.1)
    walls = "".join(box(x, lamp_y + dy, width, 400) for x, dy, width in ((214, 40, 92), (312, -6, 100), (-10, 84, 70)))
    lit = "".join(box(x, lamp_y + dy, 16, 24) for x, dy in ((236, 74), (334, 34), (366, 88)) if dice.chance(0.8))
    shapes = [path(walls, house), path(lit, mix(night, glow, 0.55))]
    shapes += [
        polygon(cone, mix(night, glow, 0.4)),
        polygon([(x * 0.55 + lamp_x * 0.45, y) for x, y in cone], mix(night, glow, 0.66)),
    ]
    shapes.append(rect(0, ground, WIDTH, 200, mix(night, glow, 0.07)))
    shapes.append(f'<ellipse cx="{n(lamp_x + 39)}" cy="{n(ground + 26)}" rx="158" ry="27" fill="{glow}"/>')
    post = box(lamp_x - 82, lamp_y - 30, 7, ground - lamp_y + 60) + box(lamp_x - 82, lamp_y - 30, 82, 6)
    shade = (
        f"M{n(lamp_x - 28)} {n(lamp_y)}Q{n(lamp_x - 20)} {n(lamp_y - 28)} {n(lamp_x)}"
        f" {n(lamp_y - 30)}Q{n(lamp_x + 20)} {n(lamp_y - 28)} {n(lamp_x + 28)} {n(lamp_y)}Z"
    )
    shapes += [path(post + shade, p.deep), circle(lamp_x, lamp_y + 3, 9, p.paper)]
    man = lamp_x + 60
    shadow = (
        f"M{n(man - 16)} {n(ground + 26)}L{n(man + 14)} {n(ground + 22)}"
        f"L{n(man + 190)} {n(ground + 84)}L{n(man + 140)} {n(ground + 98)}Z"
    )
    shapes += [path(shadow, p.deep), moved(man, ground + 28, cloaked(p.deep, True), size=1.06)]
    heading = sheet.heading(title, 32, p.farthest(night, p.first, p.second, p.paper), night, "left")
    return Art(
        [sheet_of(night), mirrored(flip, *shapes), rect(0, 556, WIDTH, 44, p.deep)],
        heading,
        Foot(p.paper, p.deep),
    )


def _searchlights(sheet: Sheet) -> Art:
    """Searchlights over a picture palace on the night of the premiere."""
    p, dice = sheet.palette, sheet.dice
    night = mix(p.ink, p.second, 0.1) if dice.chance(0.5) else p.ink
    title = sheet.title("deco", 100, 66)
    lights = []
    for x, lean, tint in ((70, 34, p.first), (330, -30, p.second), (150, -20, p.second), (262, 16, p.first)):
        lean += round(dice.between(-7, 7))
        tip = x + lean * 9
        share = dice.between(0.32, 0.48)
        lights.append(polygon([(x - 5, 462), (x + 5, 462), (tip + 62, -10), (tip - 62, -10)], mix(night, tint, share)))
    bright = p.farthest(p.ink, p.second, p.first)
    house = outline(
        [
            (70, 600),
            (70, 440),
            (104, 440),
            (104, 408),
            (142, 408),
            (142, 372),
            (176, 372),
            (176, 262),
            (188, 240),
            (212, 240),
            (224, 262),
            (224, 372),
            (258, 372),
            (258, 408),
            (296, 408),
            (296, 440),
            (330, 440),
            (330, 600),
        ]
    )
    fins = "".join(
        box(x, y, 5, 480 - y)
        for x, y in ((182, 276), (197, 256), (213, 276), (150, 386), (246, 386), (112, 422), (284, 422))
    )
    bulbs = "".join(disc(x, 484, 3.4) + disc(x, 506, 3.4) for x in range(66, 340, 15))
    canopy = [rect(52, 476, 296, 38, p.first if bright != p.first else p.second), path(bulbs, p.paper)]
    people = _audience(sheet, mix(p.ink, p.second, 0.16), p.deep)
    haze = mix(night, p.farthest(night, p.first, p.second), 0.48)
    heading = sheet.heading(title, 30, p.paper, haze, "middle", p.paper)
    return Art(
        [sheet_of(night), *lights, path(house, p.deep), path(fins, bright), *canopy, *people],
        heading,
        Foot(p.paper, p.deep),
    )
