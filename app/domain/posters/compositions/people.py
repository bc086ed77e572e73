"""Pictures of people close by: the face in two halves, the curtain, the hands."""

from __future__ import annotations

from app.domain.posters.figures import cloaked, flock
from app.domain.posters.palettes import contrast, mix, multiply
from app.domain.posters.shapes import (
    WIDTH,
    box,
    circle,
    disc,
    ellipse,
    mirrored,
    moved,
    n,
    outline,
    path,
    polygon,
    rect,
    sheet_of,
    stroke,
    window,
)
from app.domain.posters.sheet import Art, Foot, Sheet

HEAD = "M200 96C292 96 330 170 326 262C322 356 270 446 200 446C130 446 78 356 74 262C70 170 108 96 200 96Z"
HAIR = {
    "short": "M200 70C312 66 352 160 340 268L322 250C318 196 292 158 246 150C214 168 150 172 110 196"
    "C92 212 84 232 78 256L60 268C48 160 88 66 200 70Z",
    "bob": "M200 62C318 58 362 160 352 330Q350 372 326 382Q330 330"
    " 322 250C318 196 292 158 246 150C214 168 150 172 110 196"
    "C92 212 84 232 78 256Q70 330 76 382Q50 372 48 330C38 160 82 58 200 62Z",
    "parted": "M200 72C310 66 344 150 336 262L322 236C316 190 296 168 262 160C226 160 206 150 196 128"
    "C184 152 150 166 112 180C92 196 84 222 80 250L64 262C56 150 90 66 200 72Z",
    "hat": "M20 176Q200 128 380 176Q372 200 330 196Q200 164 70 196"
    "Q28 200 20 176ZM88 158Q84 40 130 34Q166 30 200 48Q234 30"
    " 270 34Q316 40 312 158Q200 128 88 158Z",
}


def face(sheet: Sheet) -> Art:
    """A face from the front, by day on one side and by night on the other."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 100, 62)
    hair = dice.pick(
        ("short", "bob", "parted", "hat") if not sheet.about("crime", "film noir") else ("hat", "bob", "short")
    )
    bright, dark = p.paper, dice.pick((p.first, p.first, p.second if p.second != p.paper else p.first))
    if contrast(bright, dark) < 1.5:
        dark = p.first
    left = _half(sheet, hair, dark, p.ink, bright)
    right = _half(sheet, hair, bright, dark, p.ink)
    shapes = [
        window(0, 0, 200, 600, rect(0, 0, 200, 600, p.ink), left),
        window(200, 0, 200, 600, rect(200, 0, 200, 600, dark), right),
    ]
    shapes += _features(sheet, dark, bright)
    top = sheet.panel_top(title)
    lift = min(0.0, top - 462) * 0.5
    picture = moved(0, lift, mirrored(dice.chance(0.5), *shapes))
    panel, heading = sheet.panel(title, p.ink, p.paper, "left", p.second)
    return Art([sheet_of(p.ink), picture, *panel], heading, Foot(p.second, p.ink))


def _half(sheet: Sheet, hair: str, skin: str, ground: str, mark: str) -> str:
    p = sheet.palette
    neck = "M150 410H250V520Q330 528 380 560L420 600H-20L20 560Q70 528 150 520Z"
    fill = p.ink if ground != p.ink else mix(p.ink, p.paper, 0.12)
    crop = path(HAIR[hair], fill)
    if hair == "hat":
        crop += path("M89 150Q200 120 311 150L312 128Q200 98 88 128Z", mix(fill, skin, 0.45))
        crop += path("M78 206Q200 176 322 206L324 190Q200 158 76 190Z", mix(skin, p.ink, 0.35))
    return path(neck, mix(skin, p.ink, 0.2)) + path(HEAD, skin) + crop


def _features(sheet: Sheet, dark: str, bright: str) -> list[str]:
    """Eyes, brows, nose, mouth, each half in the other's colours."""
    p, dice = sheet.palette, sheet.dice
    red = dark if contrast(dark, bright) > 1.7 else p.ink
    shapes = []
    closed = dice.chance(0.25)
    if closed:
        shapes += [
            stroke("M226 258Q262 284 298 258M236 270l-6 8M262 276v10M288 270l6 8", p.ink, 5, "round"),
            stroke("M174 258Q138 284 102 258M164 270l6 8M138 276v10M112 270l-6 8", bright, 5, "round"),
        ]
    else:
        shapes += [
            path("M226 262Q260 236 298 262Q262 284 226 262Z", p.ink),
            circle(262, 260, 10, bright),
            circle(262, 260, 5, p.ink),
        ]
        shapes += [path("M174 262Q140 236 102 262Q138 284 174 262Z", bright), circle(138, 260, 10, p.ink)]
    if dice.chance(0.22):
        rims = (
            "M262 260m-42 0a42 42 0 1 0 84 0a42 42 0 1 0-84 0M138 260m-42"
            " 0a42 42 0 1 0 84 0a42 42 0 1 0-84 0M180 252Q200 242 220 252"
        )
        shapes.append(stroke(rims, p.ink, 5))
    shapes.append(
        path(
            "M222 236Q258 206 304 232L303 240Q258 218 226 244ZM178 236Q142 206 96 232L97 240Q142 218 174 244Z",
            p.ink,
        )
    )
    shapes += [
        path("M200 246L218 336Q210 346 200 344Z", mix(bright, p.ink, 0.22)),
        path("M200 246L186 336Q192 346 200 344Z", p.ink),
    ]
    lips = dice.pick(
        (
            ("M200 384Q226 372 244 386Q222 404 200 402Z", "M200 384Q174 372 156 386Q178 404 200 402Z"),
            ("M200 388Q230 378 250 376Q230 404 200 404Z", "M200 388Q170 378 150 376Q170 404 200 404Z"),
            ("M200 382Q214 374 230 384Q218 408 200 408Z", "M200 382Q186 374 170 384Q182 408 200 408Z"),
        )
    )
    shapes += [path(lips[0], red), path(lips[1], p.ink)]
    extra = dice.pick(("tear", "tear", "scar", "spot", "none"))
    if extra == "tear":
        shapes.append(
            path(
                "M270 290Q262 312 270 324Q280 328 282 316Q282 304 270 290Z",
                p.second if contrast(p.second, bright) > 1.3 else red,
            )
        )
    elif extra == "scar":
        shapes.append(stroke("M290 296L262 350M270 312l14 6M264 328l14 6", red, 3))
    elif extra == "spot":
        shapes.append(circle(246, 366, 3.4, p.ink))
    return shapes


def curtain(sheet: Sheet) -> Art:
    """A stage: the curtain half open, and what stands in the light."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("deco", 96, 56)
    top = sheet.panel_top(title)
    cloth = dice.pick((p.first, p.first, p.second)) if not p.pale_second else p.first
    glow = p.second if cloth == p.first else p.first
    shapes = [sheet_of(p.deep)]
    apex = dice.between(170, 230)
    shapes.append(polygon([(apex - 44, -30), (apex + 44, -30), (350, top + 8), (50, top + 8)], mix(p.ink, glow, 0.42)))
    shapes += [ellipse(200, top, 150, 36, mix(glow, p.paper, 0.1)), ellipse(200, top, 118, 26, p.paper)]
    what = (
        "microphone"
        if sheet.hint == "microphone" or (sheet.about("music") and dice.chance(0.6))
        else dice.pick(
            ("mask", "performer", "mask", "microphone")
            if sheet.about("musical", "comedy")
            else ("mask", "mask", "performer")
        )
    )
    shapes += {"mask": _mask, "performer": _performer, "microphone": _microphone}[what](sheet, top, cloth)
    shapes += _drapes(sheet, cloth, top)
    trim = p.farthest(cloth, p.second, p.paper, p.first) if glow == cloth else glow
    shapes += _valance(sheet, mix(cloth, p.ink, 0.16), trim)
    shapes.append(rect(0, top - 4, WIDTH, 200, p.ink))
    panel, heading = sheet.panel(title, p.ink, p.paper, "middle", trim)
    shapes += [*panel, rect(0, top, WIDTH, 4, trim)]
    return Art(shapes, heading, Foot(trim, p.ink))


def _drapes(sheet: Sheet, cloth: str, foot: float) -> list[str]:
    """Seven folds a side, gathered towards the foot."""
    p = sheet.palette
    tones = (cloth, mix(cloth, p.ink, 0.28), mix(cloth, p.ink, 0.5))
    folds = ["", "", ""]
    reach = sheet.dice.between(0.86, 1.1)
    for number in range(7):
        x = (-6 + number * 24) * (1 if number < 2 else reach)
        near = 7 + number * 13.4
        d = (
            f"M{n(x)}-5H{n(x + 27)}C{n(x + 27)} 210 {n(near + 8)} 300 {n(near)} {n(foot)}"
            f"V600H{n(near - 19)}V{n(foot)}C{n(near - 12)} 300 {n(x)} 210 {n(x)}-5Z"
        )
        folds[number % 3] += d
    side = "".join(path(d, tone) for d, tone in zip(folds, tones, strict=True))
    return [side, mirrored(True, side)]


def _valance(sheet: Sheet, fill: str, trim: str) -> list[str]:
    count = sheet.dice.pick((6, 8, 10))
    step, deep = 400 / count, sheet.dice.between(28, 40)
    scallops = "".join(f"q{n(-step / 2)} {n(deep)} {n(-step)} 0" for _ in range(count))
    return [path(f"M0 0H400V58{scallops}Z", fill), stroke(f"M400 58{scallops}", trim, 5)]


def _mask(sheet: Sheet, foot: float, cloth: str) -> list[str]:
    """A mask in two halves, laughing or not."""
    p, dice = sheet.palette, sheet.dice
    dark = mix(cloth, p.ink, 0.4)
    happy = sheet.about("comedy", "musical", "family")
    half = "M0-104C60-104 92-66 90-8C88 40 62 58 40 66C34 88 20 106 0 112Z"
    other = "M0-104C-60-104-92-66-90-8C-88 40-62 58-40 66C-34 88-20 106 0 112Z"
    eyes = ("M18-8Q44-34 72-10Q46 8 18-8Z", "M-18-8Q-44-34-72-10Q-46 8-18-8Z")
    mouth = (
        ("M0 64Q22 62 42 46Q34 84 0 88Z", "M0 64Q-22 62-42 46Q-34 84 0 88Z")
        if happy
        else ("M0 74Q18 66 34 74Q18 84 0 82Z", "M0 74Q-18 66-34 74Q-18 84 0 82Z")
    )
    d = path(half, p.paper) + path(other, dark)
    d += path(eyes[0] + mouth[0] + "M20-34Q46-56 76-36L74-31Q46-48 22-28Z", p.ink)
    d += path(eyes[1] + mouth[1] + "M-20-34Q-46-56-76-36L-74-31Q-46-48-22-28Z", p.paper)
    d += (
        circle(-45, -10, 7, p.ink)
        + path("M0-20L14 34Q8 44 0 42Z", mix(p.paper, p.ink, 0.24))
        + path("M0-20L-14 34Q-8 44 0 42Z", p.ink)
    )
    return [moved(200, min(290, foot - 170), d, turn=dice.between(-6, 6), size=1.2, flip=dice.chance(0.5))]


def _performer(sheet: Sheet, foot: float, cloth: str) -> list[str]:
    """Top hat, tails and cane in the light."""
    p, dice = sheet.palette, sheet.dice
    legs = "M-24-4L-15-118H15L26-4L34 0H10L0-92L-10 0H-32Z"
    coat = "M-30-112Q-36-190-22-214Q0-226 22-214Q36-190 30-112L20-66L8-112H-8L-20-66Z"
    arms = "M20-212L62-172L96-208L102-202L62-156L24-186ZM-20-212L-46-156L-22-128L-28-122L-60-154L-30-210Z"
    hat = "M-24-252H24V-257H15L17-290H-17L-15-257H-24Z"
    shirt = path("M-8-214L0-160L8-214Z", p.paper) + path("M-9-212L0-206L9-212L9-202L0-206L-9-202Z", p.first)
    cane = stroke("M-24-125L30-92", p.ink, 4, "round")
    body = path(legs + coat + arms, p.ink) + shirt + circle(0, -234, 16, p.ink) + cane
    lifted = moved(100, -206, path("M-24 0H24V-5H15L17-38H-17L-15-5H-24Z", p.ink), turn=16)
    worn = path(hat, p.ink)
    return [
        moved(
            200,
            foot,
            body,
            lifted if dice.chance(0.5) else worn,
            size=min(1.14, (foot - 90) / 300),
            flip=dice.chance(0.5),
        )
    ]


def _microphone(sheet: Sheet, foot: float, cloth: str) -> list[str]:
    """An old microphone on a stand, notes of light round it."""
    p = sheet.palette
    head = "M-40-250Q-40-292 0-292Q40-292 40-250V-196Q40-156 0-156Q-40-156-40-196Z"
    slots = "".join(box(-32, y, 64, 6) for y in range(-262, -170, 14))
    stand = (
        box(-5, -158, 10, 154)
        + "M-48 0Q-44-14 0-14Q44-14 48 0Z"
        + "M-54-206H-46Q-46-146 0-146Q46-146 46-206H54Q54-138 0-138Q-54-138-54-206Z"
    )
    shine = path("M-28-272Q-18-286-4-286V-270Q-16-270-28-272Z", mix(p.ink, p.paper, 0.5))
    rings = stroke(
        "M-78-262Q-96-224-78-186M-100-278Q-126-224-100-170M78-262Q96-224 78-186M100-278Q126-224 100-170",
        p.paper,
        4,
        "round",
    )
    return [
        moved(
            200,
            foot + 4,
            rings,
            path(head + stand, p.ink),
            path(slots, p.paper),
            shine,
            size=min(1.08, (foot - 86) / 300),
        )
    ]


HAND = (
    "M-17 250V24Q-40 6-47-22Q-50-32-43-33Q-37-33-33-22L-22-4"
    "L-29-52Q-31-64-23-65Q-17-66-15-54L-9-14L-8-70Q-8-82 0-82"
    "Q8-82 8-70L8-14L15-58Q17-69 24-67Q31-66 29-54L23-6L34-32Q39-43 46-39Q51-36 47-26L32 14Q28 28 18 34V250Z"
)


def fingers(sheet: Sheet) -> Art:
    """Hands that reach for something in a glowing disc."""
    p, dice = sheet.palette, sheet.dice
    title = sheet.title("board", 96, 58)
    top = sheet.panel_top(title)
    dread = sheet.about("horror", "war", "disaster", "thriller")
    glow = p.first if contrast(p.first, p.ink) > 1.9 else p.second
    night = p.ink if dread or dice.chance(0.5) else mix(p.ink, p.second, 0.25)
    cy = 250 + min(0, top - 470) * 0.6
    shapes = [sheet_of(night)]
    shapes += [
        circle(200, cy, radius, tone)
        for radius, tone in ((206, mix(night, glow, 0.5)), (168, glow), (126, mix(glow, p.paper, 0.38)))
    ]
    shapes.append(_prize(sheet, cy, dread))
    edge = mix(night, glow, 0.55)
    count = dice.pick((4, 5, 6))
    for number in range(count):
        x = 20 + number * 360 / (count - 1)
        size = dice.between(0.92, 1.22)
        y = top - 96 + dice.between(-34, 22) + (18 if 110 < x < 290 else -8)
        shapes.append(
            moved(
                x,
                y,
                _arm(p.ink if number % 2 else p.deep, edge),
                turn=(200 - x) * 0.12 + dice.between(-5, 5),
                size=size,
                flip=dice.chance(0.5),
            )
        )
    panel, heading = sheet.panel(title, p.deep, p.paper, "middle", glow)
    return Art(shapes + panel, heading, Foot(p.paper, p.deep))


def _arm(fill: str, edge: str) -> str:
    return f'<path d="{HAND}" fill="{fill}" stroke="{edge}" stroke-width="2"/>'


def _prize(sheet: Sheet, cy: float, dread: bool) -> str:
    """House, crown, birds, a lone figure or a star in the disc."""
    p, dice = sheet.palette, sheet.dice
    what = dice.pick(("house", "figure", "house", "birds") if dread else ("crown", "birds", "star", "house"))
    y = cy - 46
    if what == "house":
        panes = path(
            box(-10, 4, 9, 11) + box(1, 4, 9, 11) + box(-10, 17, 9, 11) + box(1, 17, 9, 11),
            p.farthest(p.ink, p.second, p.paper),
        )
        return moved(200, y, path("M-42 54V-12L0-50L42-12V54ZM26-48h10v30h-10z", p.ink), panes)
    if what == "crown":
        gems = path(disc(0, 22, 5) + disc(-26, 22, 4) + disc(26, 22, 4), p.farthest(p.ink, p.second, p.first))
        return moved(
            200,
            y,
            path(
                "M-52 36L-60-24L-30 4L0-44L30 4L60-24L52 36Z" + disc(-60, -28, 6) + disc(0, -48, 7) + disc(60, -28, 6),
                p.ink,
            ),
            gems,
        )
    if what == "star":
        points = [
            (0, -58),
            (14, -18),
            (56, -18),
            (22, 8),
            (34, 48),
            (0, 24),
            (-34, 48),
            (-22, 8),
            (-56, -18),
            (-14, -18),
        ]
        return moved(200, y, path(outline(points), p.ink))
    if what == "figure":
        return moved(200, cy + 40, cloaked(p.ink, False), size=0.86)
    return flock(
        [(200 + dice.between(-90, 90), y + dice.between(-50, 40), dice.between(22, 52)) for _ in range(7)],
        multiply(p.ink, p.first),
    )
