"""Pictures of open land: hills under a sun, and a field under a banded sky."""

from __future__ import annotations

from app.domain.posters.figures import bare_tree, couple, flock, pine, rider, walker, winged_horse
from app.domain.posters.palettes import contrast, mix
from app.domain.posters.shapes import (
    HEIGHT,
    WIDTH,
    box,
    circle,
    height_on,
    moved,
    n,
    outline,
    path,
    polygon,
    rect,
    ridge,
    sheet_of,
    stroke,
)
from app.domain.posters.sheet import Art, Foot, Sheet


def hills(sheet: Sheet) -> Art:
    """Ranges of hills under a low sun with halos, someone small on the way."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("deco" if sheet.about("fantasy", "romance", "musical") else "board", 108, 92)
    sky, sun = _light(sheet)
    cx = dice.between(110, 290)
    horizon = max(250.0, 96 + title.height)
    shapes = [sheet_of(sky)]
    for step, radius in enumerate((172, 138, 104)):
        shapes.append(circle(cx, horizon, radius, mix(sky, sun, (0.14, 0.32, 0.58)[step])))
    shapes.append(circle(cx, horizon, 70, sun))
    far = mix(sky, p.first if sky != p.first else p.ink, 0.5)
    if contrast(far, p.ink) < 2.4:
        far = mix(far, sun, 0.38)
    rows = [dice.heights(dice.whole(5, 9), horizon + 18 + row * 52, 31 - row * 2.4) for row in range(6)]
    tones = [mix(far, p.ink, share) for share in (0.04, 0.24, 0.44, 0.63, 0.82, 1)]
    what = _hill_motif(sheet)
    for row, (heights, tone) in enumerate(zip(rows, tones, strict=True)):
        if row == 2:
            shapes.append(_standing(sheet, what, rows[1], tone))
        shapes.append(ridge(heights, tone))
        if row == 3:
            shapes += _traveller(sheet, what, cx, horizon, heights, p.ink)
    halo = mix(sky, sun, 0.14)
    fill = dice.pick((p.ink, p.ink, p.paper))
    fill = fill if contrast(fill, halo) > 4.5 else p.farthest(halo, p.ink, p.paper)
    return Art(shapes, sheet.heading(title, 30, fill, halo, "middle", fill), Foot(p.paper, p.ink))


def _light(sheet: Sheet) -> tuple[str, str]:
    """Sky and sun, far enough apart to glow."""
    p, dice = sheet.palette, sheet.dice
    skies = (
        (mix(p.second, p.paper, 0.18), p.first),
        (p.paper, p.first),
        (mix(p.first, p.paper, 0.2), p.paper),
        (mix(p.ink, p.second, 0.3), p.paper),
    )
    return dice.pick(skies)


def _hill_motif(sheet: Sheet) -> str:
    if sheet.hint:
        return sheet.hint
    if sheet.about("western"):
        return sheet.dice.pick(("rider", "rider", "mesa"))
    if sheet.about("fantasy", "animation", "family"):
        return sheet.dice.pick(("winged", "castle", "pines"))
    return sheet.dice.pick(("pines", "walker", "tree", "birds", "couple"))


def _standing(sheet: Sheet, what: str, heights: list[float], tone: str) -> str:
    """What stands on a far ridge."""
    dice = sheet.dice
    if what == "castle":
        x = dice.between(90, 300)
        return moved(x, height_on(heights, x) + 34, path(_castle(), tone))
    if what in ("mesa", "rider"):
        return path(
            "".join(
                _mesa(dice.between(20, 380), height_on(heights, 200) + 60, dice.between(60, 110), 96) for _ in range(2)
            ),
            tone,
        )
    if what in ("winged", "birds"):
        return ""
    firs = ""
    for _ in range(dice.whole(9, 15)):
        x = dice.between(0, WIDTH)
        firs += pine(x, height_on(heights, x) + 44, dice.between(60, 100))
    return path(firs, tone)


def _castle() -> str:
    towers = ((-64, 84, 22), (-30, 120, 26), (10, 96, 22), (42, 140, 26))
    d = box(-66, -62, 136, 70)
    for x, height, width in towers:
        d += box(x, -height, width, height + 8)
        d += f"M{n(x - 4)} {n(-height)}L{n(x + width / 2)} {n(-height - width * 1.8)}L{n(x + width + 4)} {n(-height)}Z"
    return d


def _mesa(x: float, foot: float, width: float, height: float) -> str:
    half = width / 2
    steps = [
        (-half - 26, 0.0),
        (-half - 8, -height * 0.4),
        (-half + 2, -height * 0.45),
        (-half + 6, -height),
        (half - 8, -height + 3),
        (half - 2, -height * 0.5),
        (half + 10, -height * 0.42),
        (half + 30, 0),
    ]
    return outline([(x + dx, foot + dy) for dx, dy in steps])


def _traveller(sheet: Sheet, what: str, cx: float, horizon: float, heights: list[float], fill: str) -> list[str]:
    dice = sheet.dice
    x = dice.between(90, 310)
    y = height_on(heights, x)
    if what == "winged":
        return [moved(cx - 6, horizon - 8, winged_horse(fill), size=1.1, flip=dice.chance(0.5))]
    if what == "birds":
        return [
            flock(
                [(cx + dice.between(-90, 90), horizon - dice.between(-20, 90), dice.between(14, 34)) for _ in range(8)],
                fill,
            )
        ]
    if what in ("rider", "mesa"):
        return [moved(x, y + 6, rider(fill), size=1.15, flip=x > 200)]
    if what == "tree":
        return [moved(x, y + 14, bare_tree(fill, dice.between(-4, 4)), size=1.1)]
    if what == "couple":
        return [moved(x, y + 5, couple(fill), size=1.3)]
    return [moved(x, y + 6, walker(fill), size=1.1, flip=x > 200)]


def field(sheet: Sheet) -> Art:
    """A sky in flat bands, a big sun sinking, and what stands in rows in the field."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 110, 84)
    warm = p.first if dice.chance(0.7) else p.farthest(p.paper, p.second, p.first)
    horizon = dice.between(396, 424)
    bands = 10
    sky = [mix(p.paper, warm, step / (bands - 1)) for step in range(bands)]
    shapes = [sheet_of(sky[0])]
    shapes += [rect(0, horizon / bands * step, WIDTH, HEIGHT, tone) for step, tone in enumerate(sky) if step]
    cx, radius = dice.between(112, 288), dice.between(86, 108)
    cy = horizon - radius * dice.between(0.42, 0.66)
    disc_fill = p.paper if dice.chance(0.7) else p.ink
    shapes.append(circle(cx, cy, radius, disc_fill))
    slats = "".join(box(cx - 122, cy + 20 + 17 * i, 244, 3 + 2.2 * i) for i in range(5))
    shapes.append(path(slats, sky[-1]))
    land = f"M0 {n(horizon + 10)}Q90 {n(horizon - 6)} 180 {n(horizon + 6)}T400 {n(horizon - 2)}V600H0Z"
    shapes.append(path(land, p.ink))
    what = _field_motif(sheet)
    shapes += {"crosses": _crosses, "rows": _rows, "poppies": _poppies, "posts": _posts}[what](sheet, horizon, warm)
    fill = p.ink
    return Art(shapes, sheet.heading(title, 30, fill, sky[2], "left", fill), Foot(p.paper, p.ink))


def _field_motif(sheet: Sheet) -> str:
    if sheet.hint in ("crosses", "rows"):
        return sheet.hint
    if sheet.about("war", "horror"):
        return sheet.dice.pick(("crosses", "posts", "crosses"))
    return sheet.dice.pick(("rows", "poppies", "posts"))


def _crosses(sheet: Sheet, horizon: float, warm: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    shapes = []
    for row in range(6):
        size = 0.32 + row * 0.18
        y = horizon + 8 + row * (15 + row * 2.2)
        gap = 26 + row * 11.6
        d = ""
        for column in range(round(440 / gap) + 1):
            x, lean = (
                -18 + column * gap + dice.between(-6, 6) + (row % 2) * gap / 2,
                dice.between(-4, 4) * size,
            )
            d += _cross(x, y, size, lean)
        shapes.append(path(d, mix(p.ink, warm if row == 0 else p.paper, 0.3 + row * 0.08)))
    return shapes


def _cross(x: float, y: float, s: float, lean: float) -> str:
    w = 2 * s
    return (
        f"M{n(x - w)} {n(y)}l{n(lean)} {n(-28 * s)}h{n(2 * w)}l{n(-lean)} {n(28 * s)}z"
        f"M{n(x - 8.4 * s + lean * 0.7)} {n(y - 20.7 * s)}h{n(16.8 * s)}v{n(3.8 * s)}h{n(-16.8 * s)}z"
    )


def _rows(sheet: Sheet, horizon: float, warm: str) -> list[str]:
    """Furrows that run together at the horizon, and a house or a tree there."""
    p, dice = sheet.palette, sheet.dice
    x = dice.between(120, 280)
    d = ""
    for number in range(-9, 10):
        near = x + number * 74
        d += (
            f"M{n(x + number * 5)} {n(horizon + 8)}L{n(near)} 556"
            f"H{n(near + 30)}L{n(x + number * 5 + 2)} {n(horizon + 8)}Z"
        )
    furrows = path(d, mix(p.ink, warm, 0.42))
    post = x + dice.pick((-1, 1)) * dice.between(50, 90)
    if dice.chance(0.5):
        return [
            furrows,
            moved(post, horizon + 6, bare_tree(p.ink), size=0.95),
            rect(0, 552, WIDTH, 48, p.ink),
        ]
    house = "M-34 0V-40L0-70L34-40V0ZM16-62V-78H25V-52Z"
    light = path(box(-9, -34, 8, 11) + box(1, -34, 8, 11), p.paper)
    return [
        furrows,
        moved(post, horizon + 8, path(house, p.ink), light, size=1.1),
        rect(0, 552, WIDTH, 48, p.ink),
    ]


def _poppies(sheet: Sheet, horizon: float, warm: str) -> list[str]:
    p, dice = sheet.palette, sheet.dice
    stems, heads = "", ""
    for row in range(6):
        size = 2.4 + row * 1.7
        for column in range(15 - row * 2):
            x = (column + 0.5) * 400 / (15 - row * 2) + dice.between(-9, 9)
            y = horizon + 10 + row * 20 + dice.between(-6, 6)
            stems += f"M{n(x)} {n(y)}q{n(dice.between(-4, 4))} {n(size * 2)} 0 {n(size * 4.4)}"
            heads += _tulip(x, y, size)
    bright = p.farthest(p.ink, p.first, p.second)
    stem = stroke(stems, mix(p.ink, p.second, 0.4), 1.3)
    return [stem, path(heads, bright), rect(0, 560, WIDTH, 40, p.ink)]


def _tulip(x: float, y: float, size: float) -> str:
    """A flower head of three petals, as path text."""
    w, h = n(size), n(size * 1.5)
    return (
        f"M{n(x - size)} {n(y - size)}l{n(size * 0.5)} {n(size * 0.5)}l{n(size * 0.5)} {n(-size * 0.7)}"
        f"l{n(size * 0.5)} {n(size * 0.7)}l{n(size * 0.5)}"
        f" {n(-size * 0.5)}q{n(size * 0.2)} {h} -{w} {h}t-{w}-{h}z"
    )


def _posts(sheet: Sheet, horizon: float, warm: str) -> list[str]:
    """A line of posts and wire that comes nearer, and birds above."""
    p, dice = sheet.palette, sheet.dice
    x, y, size = 40.0, horizon + 12, 0.5
    posts, tops = "", []
    while x < 440:
        posts += box(x - 3.4 * size, y - 74 * size, 6.8 * size, 74 * size + 12)
        tops.append((x, y - 68 * size, size))
        x, y, size = x + 46 * size + 18, y + 7 * size, size * 1.24
    wire = ""
    for drop in (0, 22):
        start = tops[0]
        wire += f"M-10 {n(start[1] + drop * start[2])}" + "".join(f"L{n(px)} {n(py + drop * s)}" for px, py, s in tops)
    sky = [(dice.between(60, 340), dice.between(190, 300), dice.between(12, 26)) for _ in range(6)]
    return [
        path(posts, p.deep),
        polygon([(0, 600), (0, 552), (400, 552), (400, 600)], p.ink),
        stroke(wire, p.deep, 2),
        flock(sky, p.ink),
        path(_grass(sheet, horizon), mix(p.ink, warm, 0.35)),
    ]


def _grass(sheet: Sheet, horizon: float) -> str:
    dice = sheet.dice
    d = ""
    for _ in range(38):
        x, y = dice.between(0, 400), dice.between(horizon + 24, 552)
        tall = 5 + (y - horizon) * 0.09
        d += f"M{n(x)} {n(y)}l{n(dice.between(-3, 3))} {n(-tall)}l2 {n(tall)}z"
    return d
