"""One thing alone on a table, lit from the side: hat, key, cup, case, umbrella or nugget."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.posters.palettes import contrast, mix, multiply
from app.domain.posters.shapes import WIDTH, box, disc, group, n, path, rect, sheet_of, window
from app.domain.posters.sheet import Art, Foot, Sheet

THINGS = ("hat", "key", "cup", "case", "umbrella", "nugget")
_TOPS = {"hat": 142, "key": 226, "cup": 176, "case": 120, "umbrella": 186, "nugget": 142}

# A thing as layers of path text with the part they play; it stands on y = 96 and is about 330 wide.
Layers = list[tuple[str, str]]


def emblem(sheet: Sheet) -> Art:
    """The thing, its shadow, two grounds, and a title as wide as the sheet."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 150, 130)
    wall, table = _grounds(sheet)
    edge = dice.between(360, 392) if title.height < 120 else dice.between(384, 404)
    name = sheet.variant(*THINGS)
    layers = _DRAWN[name](dice.whole(0, 2))
    foot = edge + dice.between(64, 84)
    size = min(dice.between(0.96, 1.14), (foot - title.height - 52) / (96 + _TOPS[name]))
    body = p.ink if contrast(p.ink, wall) > 2.4 else p.paper
    accent = p.farthest(wall, p.first, p.second) if contrast(p.first, wall) < 1.6 or body == p.first else p.first
    tones = {
        "body": body,
        "accent": accent,
        "light": mix(body, p.paper if body == p.ink else p.ink, 0.3),
        "hole": wall,
        "paper": p.paper if p.paper != wall else p.second,
        "shade": multiply(mix(body, p.second, 0.12), body),
    }
    if name == "nugget":
        glow = p.farthest(wall, p.second, p.first)
        tones |= {"body": mix(glow, p.ink, 0.45), "accent": glow, "light": mix(glow, p.ink, 0.2)}
        tones["shade"] = mix(glow, p.ink, 0.68)
    thing = "".join(path(d, tones[part]) for part, d in layers)
    lean = dice.pick((-1, 1)) * dice.between(34, 46)
    under = "".join(
        path(d, multiply(table, mix(p.ink, p.paper, 0.4))) for part, d in layers if part in ("body", "accent")
    )
    shadow = group(
        f"translate(200 {n(foot)}) skewX({n(lean)}) scale({size:.2f} {-size * 0.46:.2f}) translate(0 -96)",
        under,
    )
    shapes = [sheet_of(wall), rect(0, edge, WIDTH, 240, table), window(0, edge, WIDTH, 562 - edge, shadow)]
    shapes.append(group(f"translate(200 {n(foot)}) scale({size:.2f}) translate(0 -96)", thing))
    fill = p.ink if contrast(p.ink, wall) > 3 else p.paper
    return Art(
        shapes,
        sheet.heading(title, 28, fill, wall, "middle", fill),
        Foot(p.farthest(table, p.ink, p.paper), table),
    )


def _grounds(sheet: Sheet) -> tuple[str, str]:
    """Wall and table: neighbours in the palette that can be told apart."""
    p = sheet.palette
    pairs = [
        (p.paper, p.first),
        (mix(p.second, p.paper, 0.25), mix(p.first, p.second, 0.1)),
        (p.first, mix(p.first, p.ink, 0.4)),
        (p.second, p.first),
        (p.paper, p.second),
        (mix(p.first, p.paper, 0.12), p.paper),
    ]
    apart = [pair for pair in pairs if contrast(*pair) > 1.45 and contrast(pair[0], p.ink) > 3.2]
    return sheet.dice.pick(apart)


def _hat(kind: int) -> Layers:
    brim = "M-168 64A168 34 0 1 0 168 64A168 34 0 1 0-168 64z"
    if kind == 0:
        crown, band, gloss = (
            "M-98 64Q-112-92 0-96Q112-92 98 64Q0 92-98 64Z",
            "M-99 22Q0 54 99 22L98 58Q0 88-98 58Z",
            "M-76-14Q-62-78-14-84Q-58-56-64 8Z",
        )
    elif kind == 1:
        crown = "M-92 64L-98-128Q0-152 98-128L92 64Q0 92-92 64Z"
        band, gloss = "M-95 14Q0 44 95 14L94 56Q0 86-94 56Z", "M-76-110L-50-118L-52 8L-72 4Z"
    else:
        crown = "M-100 64Q-104-40-70-84Q-34-104 0-72Q34-104 70-84Q104-40 100 64Q0 92-100 64Z"
        band, gloss = "M-101 22Q0 54 101 22L100 58Q0 88-100 58Z", "M-80-10Q-72-62-50-74Q-60-40-62 12Z"
        brim = (
            "M-178 52Q-120 92 0 98Q120 92 178 52Q160 84 120 90Q0 116-120 90"
            "Q-160 84-178 52ZM-170 56Q0 20 170 56Q110 96 0 98Q-110 96-170 56Z"
        )
    return [("body", brim + crown), ("accent", band), ("light", gloss)]


def _key(kind: int) -> Layers:
    shaft = "M-16-70H16V48H46V70H16V82H58V112H16V122H-16Z"
    if kind == 0:
        bow, inner = disc(0, -132, 66), disc(0, -132, 35)
    elif kind == 1:
        bow = disc(-36, -140, 40) + disc(36, -140, 40) + disc(0, -184, 40)
        inner = disc(-36, -140, 19) + disc(36, -140, 19) + disc(0, -184, 19)
    else:
        bow, inner = "M0-204L64-138L0-72L-64-138Z", "M0-166L28-138L0-110L-28-138Z"
    collar = box(-24, -106 if kind == 1 else -74, 48, 44 if kind == 1 else 12) + box(-22, -52, 44, 8)
    return [("body", bow + shaft), ("accent", inner), ("light", "M-9-44H-2V114H-9Z"), ("body", collar)]


def _cup(kind: int) -> Layers:
    saucer = "M-150 78A150 24 0 1 0 150 78A150 24 0 1 0-150 78z"
    bowl = "M-104-50H104Q100 44 44 76H-44Q-100 44-104-50Z"
    grip = "M98-34Q158-44 152 4Q146 44 76 42L86 24Q128 22 130 0Q132-20 96-14Z"
    top = "M-104-50A104 20 0 1 0 104-50A104 20 0 1 0-104-50z"
    drink = "M-92-49A92 14 0 1 0 92-49A92 14 0 1 0-92-49z"
    steam = (
        "M-34-86q-18-24 0-44t0-44q30 22 8 48t4 40zM22-86q-18-24 0-44t0-44q30 22 8 48t4 40z"
        if kind != 1
        else "M-8-84q-26-34 0-62t4-58q40 34 10 66t6 54z"
    )
    trim = "M-100-10Q0 12 100-10L97 8Q0 30-97 8Z"
    return [
        ("body", saucer),
        ("body", bowl + grip),
        ("light", top),
        ("accent", drink + (trim if kind else "")),
        ("paper", steam),
    ]


def _case(kind: int) -> Layers:
    body = "M-150-74Q-150-86-138-86H138Q150-86 150-74V84Q150 96 138 96H-138Q-150 96-150 84Z"
    grip = "M-44-86V-104Q-44-118-30-118H30Q44-118 44-104V-86H30V-100Q30-104 26-104H-26Q-30-104-30-100V-86Z"
    straps = box(-106, -86, 22, 182) + box(84, -86, 22, 182)
    locks = box(-103, -14, 16, 22) + box(87, -14, 16, 22)
    label = "M-30 8L22-8L34 26L-18 42Z" if kind == 0 else disc(0, 20, 30) if kind == 1 else "M-40-20H40L26 6L40 32H-40Z"
    seam = box(-150, -26, 300, 4)
    gloss = "M-138-74H-114V-34H-138Z"
    return [
        ("body", grip + body),
        ("accent", straps),
        ("paper", label + locks),
        ("shade", seam),
        ("light", gloss),
    ]


def _umbrella(kind: int) -> Layers:
    canopy = (
        "M-164 0Q-154-148 0-158Q154-148 164 0Q140-26 110 0Q84-26 55 0Q28-26 0 0Q-28-26-55 0Q-84-26-110 0Q-140-26-164 0Z"
    )
    panels = (
        "M0-158Q52-120 55 0Q28-26 0 0ZM-110 0Q-106-112 0-158Q-50-120-55 0Q-84-26-110 0Z"
        if kind != 2
        else "M-55 0Q-52-120 0-158Q52-120 55 0Q28-26 0 0Q-28-26-55 0Z"
    )
    stick = "M-4-12H5V70Q5 98-22 98Q-48 98-48 72H-38Q-38 88-22 88Q-4 88-4 70Z"
    tip = "M-3-156L0-184L3-156Z"
    gloss = "M-140-30Q-128-100-72-128Q-116-88-124-26Z"
    return [("body", stick + tip + canopy), ("accent", panels), ("light", gloss)]


def _nugget(kind: int) -> Layers:
    rocks = (
        (
            "M-140 92L-158 30L-120-44L-62-74L-20-118L52-106L96-58L150-22L160 50L126 92Z",
            "M-62-74L-20-118L52-106L18-40L-48-22ZM96-58L150-22L106 34L52 8Z",
            "M-120-44L-62-74L-48-22L-84 34L-134 20Z",
            "M-84 34L-10 92H126L160 50L106 34L40 62Z",
        ),
        (
            "M-120 92L-150 40L-132-20L-86-34L-70-96L-6-128L60-104L78-40L132-18L152 46L122 92Z",
            "M-70-96L-6-128L12-60L-40-30L-86-34ZM78-40L132-18L96 44L40 16Z",
            "M-132-20L-86-34L-40-30L-62 46L-124 34Z",
            "M-62 46L-20 92H122L152 46L96 44L30 66Z",
        ),
        (
            "M-150 92L-146 14L-96-24L-78-84L-10-84L24-136L96-108L112-40L154 6L148 92Z",
            "M-10-84L24-136L96-108L70-46L8-28ZM112-40L154 6L110 60L62 12Z",
            "M-96-24L-78-84L-10-84L8-28L-40 34L-110 30Z",
            "M-110 30L-60 92H148L154 6L110 60L10 70Z",
        ),
    )
    body, bright, mid, deep = rocks[kind]
    sparkle = "M-104-120l4-20 4 20 20 4-20 4-4 20-4-20-20-4zM128-112l3-13 3 13 13 3-13 3-3 13-3-13-13-3z"
    return [("body", body), ("shade", deep), ("accent", bright), ("light", mid), ("paper", sparkle)]


_DRAWN: dict[str, Callable[[int], Layers]] = {
    "hat": _hat,
    "key": _key,
    "cup": _cup,
    "case": _case,
    "umbrella": _umbrella,
    "nugget": _nugget,
}
