"""Silhouettes that several pictures share. Each stands on the origin or hangs from it."""

from __future__ import annotations

from app.domain.posters.shapes import circle, moved, path, stroke

_FALLING = "M-5 -12L-26 -30L-23 -34L-1 -19L6 -20L20 -38L24 -35L11 -12L9 8L22 32L17 35L2 14L-8 36L-13 34L-6 8Z"
_LIMBS = "M-21 -4L-12 44M23 -4L17 44M-3 84L-13 112L-30 132M9 84L22 108L16 140"


def walker(fill: str, staff: bool = True) -> str:
    """A man in a hat on the road, 63 high."""
    body = "M-7 0L-10-26Q-10-40 0-42Q10-40 10-26L14 0H6L1-14L-2 0Z"
    hat = "M-11-50h22v-3h-4q0-9-7-9t-7 9h-4z"
    stick = stroke("M12-34L26 8", fill, 2.4) if staff else ""
    return path(body + hat, fill) + circle(0, -48, 6, fill) + stick


def rider(fill: str) -> str:
    """A rider on a standing horse, 92 high, looking right."""
    horse = (
        "M-40-46Q-30-54-10-50Q8-48 20-54Q26-70 36-76L38-83L42-77"
        "Q50-73 56-60L52-55Q46-58 42-60Q38-48 34-40Q32-34 30-30"
        "L32-14L30 0H25L25-16L19-28Q0-24-18-28L-24-16L-22 0H-27"
        "L-30-16L-34-28Q-40-34-42-40Q-48-26-46-10Q-52-24-48-40Z"
    )
    legs = "M14-30L17-14L13 0H9L11-14L4-30ZM-28-30L-35-14L-34 0H-38L-40-14L-34-32Z"
    man = "M-8-50Q-12-76 0-80Q10-78 10-66L26-62L25-58L8-58L6-48L12-28L8-22L3-26L0-46Z"
    hat = "M-14-89q14 4 28 0q-3 5-8 5h-12q-5 0-8-5zM-7-90q1-8 7-7q6-1 7 7z"
    return path(horse + legs + man + hat, fill) + circle(0, -85, 5.5, fill)


def winged_horse(fill: str) -> str:
    """A rider on a winged horse in the air, 170 wide."""
    horse = (
        "M-58 22Q-40-2-6 0Q18-4 26-20L30-46Q40-62 58-54L74-40"
        "Q76-32 66-33L52-34Q48-12 40 6L58 26L50 34L28 20Q10 26-8 22"
        "L-34 40L-52 64L-60 60L-46 34L-54 28Q-70 46-92 44Q-72 36-58 22Z"
    )
    wing = "M-4 2Q-30-56-84-62Q-52-48-50-38Q-70-42-78-38Q-52-30-44-20Q-58-22-62-18Q-34-8-20 6Z"
    return path(horse + wing + "M0-2Q-2-30 8-34Q16-28 14-4Z", fill) + circle(9, -40, 6, fill)


def cloaked(fill: str, hat: bool) -> str:
    """A tall figure in a long coat, seen from behind, 168 high."""
    coat = "M-13 0L-17-104Q-16-132-7-136H7Q16-132 17-104L30-68L24-64L15-84L13 0Z"
    head = "M-8-135Q-13-164 0-168Q13-164 8-135Z"
    brim = "M-24-157Q0-148 24-157L22-163H13Q12-184 0-182Q-12-184-13-163H-22Z"
    return path(coat + head + (brim if hat else ""), fill)


def couple(fill: str) -> str:
    """Two people close together, 46 high."""
    body = "M-15 0V-24Q-15-35-8-35Q-1-35-1-24V0ZM1 0V-20Q1-31 7-31Q13-31 14-20L17 0Z"
    return path(body, fill) + circle(-7, -41, 5.4, fill) + circle(6.5, -37, 5, fill)


def rowing_boat(fill: str) -> str:
    """Two people in a small boat, 36 high, the water line at the origin."""
    hull = "M-26-5H26Q20 8 12 8H-12Q-20 8-26-5Z"
    people = "M-7-5V-22Q-3-29 1-22V-5ZM7-5V-19Q11-25 15-19V-5Z"
    return path(hull + people, fill) + circle(-3, -28, 4.6, fill) + circle(11, -24, 4.3, fill)


def falling(fill: str, edge: str) -> str:
    """Someone falling, arms and legs spread, 74 high, with an edge that keeps him off the ground."""
    shape = (
        f'<path d="{_FALLING}" fill="{fill}" stroke="{edge}" stroke-width="5" stroke-linejoin="round"/>'
        f'<circle cx="3" cy="-28" r="8.8" fill="{fill}" stroke="{edge}" stroke-width="2.5"/>'
    )
    return shape + path(_FALLING, fill) + circle(3, -28, 7.6, fill)


def hanging(fill: str, edge: str, band: str) -> str:
    """A man in a straw hat hanging by his hands, 150 long."""
    under = stroke(_LIMBS, edge, 16, "round") + circle(2, 25, 14.5, edge)
    jacket = "M-14 42H19L14 90H-9Z"
    under += f'<path d="{jacket}" fill="{edge}" stroke="{edge}" stroke-width="9" stroke-linejoin="round"/>'
    body = stroke(_LIMBS, fill, 9, "round") + path(jacket + "M-14 20h32v-4h-6v-9h-20v9h-6z", fill)
    return under + body + circle(2, 25, 11, fill) + path("M-8 11.5h20v3h-20z", band) + path("M-2 44L2.5 70L7 44Z", edge)


def flock(places: list[tuple[float, float, float]], fill: str) -> str:
    """Birds on the wing: x, y and span of each."""
    d = ""
    for x, y, span in places:
        half, dip = span / 2, span / 5
        d += (
            f"M{x - half:.0f} {y:.0f}q{half / 2:.1f} {-dip * 1.6:.1f}"
            f" {half:.1f} 0q{half / 2:.1f} {-dip * 1.6:.1f}"
            f" {half:.1f} 0q{-half / 2:.1f} {-dip * 0.7:.1f} {-half:.1f} {dip:.1f}"
            f"q{-half / 2:.1f} {-dip * 1.7:.1f} {-half:.1f} {-dip:.1f}z"
        )
    return path(d, fill)


def pine(x: float, foot: float, height: float) -> str:
    """A fir in three tiers, as path text."""
    w = height * 0.24
    d = f"M{x:.0f} {foot - height:.0f}"
    for tier, out in ((0.42, 0.55), (0.72, 0.8)):
        d += (
            f"L{x + w * out:.0f} {foot - height * (1 - tier):.0f}"
            f"L{x + w * out * 0.45:.0f} {foot - height * (1 - tier):.0f}"
        )
    d += f"L{x + w:.0f} {foot:.0f}H{x - w:.0f}"
    for tier, out in ((0.72, 0.8), (0.42, 0.55)):
        d += (
            f"L{x - w * out * 0.45:.0f} {foot - height * (1 - tier):.0f}"
            f"L{x - w * out:.0f} {foot - height * (1 - tier):.0f}"
        )
    return d + "Z"


def spectator(x: float, base: float, size: float, hat: bool) -> str:
    """Head and shoulders from behind, as path text that ends under the sheet's edge."""
    s = size
    d = f"M{x - 44 * s:.0f} 606Q{x - 42 * s:.0f} {base + 8 * s:.0f} {x - 11 * s:.0f} {base:.0f}h{22 * s:.0f}"
    d += f"Q{x + 42 * s:.0f} {base + 8 * s:.0f} {x + 44 * s:.0f} 606Z"
    r = 22 * s
    d += f"M{x - r:.0f} {base - 15 * s:.0f}a{r:.0f} {r:.0f} 0 1 1 {2 * r:.0f} 0a{r:.0f} {r:.0f} 0 1 1 {-2 * r:.0f} 0z"
    if hat:
        d += (
            f"M{x - 36 * s:.0f} {base - 20 * s:.0f}h{72 * s:.0f}v-5h{-14 * s:.0f}v{-17 * s:.0f}q{-22 * s:.0f}"
            f" {-9 * s:.0f} {-44 * s:.0f} 0v{17 * s:.0f}h{-14 * s:.0f}z"
        )
    return d


def bare_tree(fill: str, lean: float = 0) -> str:
    """A leafless tree, 150 high."""
    trunk = "M-7 0Q-3-50-6-92L-22-118L-19-121L-4-104L-8-150H-4L2-108L20-136L23-134L6-92Q3-50 8 0Z"
    twigs = (
        "M-20-118L-34-124M-14-128L-16-146M14-128L30-138M18-124L34-120M-5-70L-28-84L-32-100M5-62L26-76L42-78M26-76L30-94"
    )
    return moved(0, 0, path(trunk, fill), stroke(twigs, fill, 3), turn=lean)
