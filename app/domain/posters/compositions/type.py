"""A poster of wood type alone: the title's words as wide as the sheet, rules and ornaments between."""

from __future__ import annotations

from itertools import pairwise

from app.domain.posters.faces import drawable, face, letter_path
from app.domain.posters.lettering import SMALL_WORDS, legible_share, one_line, set_title
from app.domain.posters.palettes import contrast, mix
from app.domain.posters.shapes import box, circle, n, outline, path, rays, rect, sheet_of, window
from app.domain.posters.sheet import MARGIN, MEASURE, Art, Heading, Sheet

TOP, FOOT = 62.0, 548.0


def wood(sheet: Sheet) -> Art:
    """Words stretched to the measure like wood type, big ones high, small ones between rules."""
    p, dice = sheet.palette, sheet.dice
    ground = dice.pick((p.paper, p.paper, p.second if contrast(p.second, p.ink) > 4 else p.paper, p.ink))
    dark = p.farthest(ground, p.ink, p.paper)
    colour = p.legible(p.first if ground != p.first else p.second, ground)
    shapes = [sheet_of(ground), *_frame(sheet, dark, ground)]
    rows = _rows_of(sheet.film.title)
    if not rows:
        shapes.append(_sunburst(sheet, TOP + 10, FOOT - TOP - 20, colour, ground, dark))
        return Art(shapes, Heading("", dark, ground), None)
    room = FOOT - TOP
    heights = _row_heights(rows, room)
    ornament = room - sum(heights) - 10 * (len(rows) - 1)
    y = TOP
    svg = ""
    if ornament > 60:
        shapes.append(_sunburst(sheet, TOP + 4, ornament - 16, colour, ground, dark))
        y += ornament
    tones = (dark, colour) if dice.chance(0.5) else (colour, dark)
    big = 0
    for (words, small), height in zip(rows, heights, strict=True):
        if small:
            svg += _small_row(words, y, height, dark)
            shapes.append(_rules_beside(words, y, height, colour))
        else:
            svg += _stretched(words, y, height, tones[big % 2])
            big += 1
        y += height + 10
    worn = path(_scratches(sheet), ground)
    return Art(shapes, Heading(svg + worn, tones[0] if big else dark, ground), None)


def _frame(sheet: Sheet, dark: str, ground: str) -> list[str]:
    """The lines of small type at head and foot, with their rules."""
    film = sheet.film
    left = f"{film.runtime_minutes} minutes" if film.runtime_minutes else (film.genres[0] if film.genres else "")
    fill = sheet.palette.legible(dark, ground, 4.5)
    year = str(film.year) if film.year else ""
    names = " & ".join(film.directors[:2])
    shapes = [path(box(MARGIN, 24, MEASURE, 3) + box(MARGIN, 50, MEASURE, 1.4) + box(MARGIN, 556, MEASURE, 1.4), dark)]
    for text, name, x, top, align, room in (
        (left, "label", MARGIN, 34, "left", 230),
        (year, "label", 380, 34, "right", 90),
        (names, "label", MARGIN, 569, "left", 290),
        (year, "board", 380, 569, "right", 90),
    ):
        shapes.append(one_line(text, name, 12.5, room, 0.09).draw(x, top, align, fill))
    return shapes


def _rows_of(title: str) -> list[tuple[str, bool]]:
    """Rows of the title: long words alone, runs of small words together and marked."""
    board = face("board")
    words = drawable(title, board).replace(":", "").split()
    if not words or not legible_share(title, " ".join(words)):
        return []
    if len(words) > 7 or max(len(word) for word in words) > 14:
        block = set_title(title.replace(": ", " "), "board", MEASURE, 480, 200, lines=3)
        return [(line, False) for line in block.lines]
    rows: list[tuple[str, bool]] = []
    for word in words:
        small = word in SMALL_WORDS and len(words) > 1
        if rows and ((small and rows[-1][1]) or (not small and not rows[-1][1] and _close(rows[-1][0], word))):
            rows[-1] = (f"{rows[-1][0]} {word}", small)
        else:
            rows.append((word, small))
    return _packed(rows)


def _close(before: str, word: str) -> bool:
    """A word of three letters or less shares a row: alone it would be stretched out of shape."""
    return min(len(before), len(word)) < 4 and len(before) + len(word) < 12


def _packed(rows: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """At most five rows: neighbours of the same kind share one."""
    while len(rows) > 5:
        pairs = list(pairwise(rows))
        at = min(range(len(pairs)), key=lambda i: len(pairs[i][0][0]) + len(pairs[i][1][0]))
        joined = (f"{rows[at][0]} {rows[at + 1][0]}", False)
        rows = [*rows[:at], joined, *rows[at + 2 :]]
    return rows


def _row_heights(rows: list[tuple[str, bool]], room: float) -> list[float]:
    """Small rows 26 high; big rows share the rest, none taller than 2.9 times its natural height."""
    board = face("board")
    small = sum(26.0 for _, is_small in rows if is_small)
    left = room - small - 10 * (len(rows) - 1)
    natural = [MEASURE / max(board.places(words)[1], 0.4) * board.cap for words, _ in rows]
    limits = [26.0 if is_small else height * 2.9 for (_, is_small), height in zip(rows, natural, strict=True)]
    share = left / max(1, sum(not is_small for _, is_small in rows))
    heights = [limit if is_small else min(limit, share) for (_, is_small), limit in zip(rows, limits, strict=True)]
    spare = room - sum(heights) - 10 * (len(rows) - 1)
    free = [i for i, (_, is_small) in enumerate(rows) if not is_small and heights[i] < limits[i]]
    for i in free:
        heights[i] = min(limits[i], heights[i] + spare / len(free))
    return heights


def _stretched(words: str, y: float, height: float, fill: str) -> str:
    board = face("board")
    starts, width = board.places(words)
    sx, sy = MEASURE / width, height / board.cap
    letters = (
        letter_path(board, letter, (sx / board.units, 0, 0, sy / board.units, MARGIN + start * sx, y + height))
        for letter, start in zip(words, starts, strict=True)
    )
    return path("".join(letters), fill)


def _small_row(words: str, y: float, height: float, fill: str) -> str:
    return one_line(words, "board", height / 0.8, MEASURE - 60, 0.04).draw(200, y, "middle", fill)


def _rules_beside(words: str, y: float, height: float, fill: str) -> str:
    side = (MEASURE - one_line(words, "board", height / 0.8, MEASURE - 60, 0.04).width) / 2 - 14
    d = "".join(box(x, y + dy, side, 3) for dy in (height / 2 - 5, height / 2 + 3) for x in (MARGIN, 380 - side))
    return path(d, fill)


def _sunburst(sheet: Sheet, top: float, height: float, colour: str, ground: str, dark: str) -> str:
    """A rising sun, a target or a row of stars to fill a band."""
    dice = sheet.dice
    what = dice.pick(("sun", "target", "stars")) if height > 130 else "stars"
    if what == "sun":
        radius = min(height * 0.55, 120)
        sun = rays(200, top + height, dice.pick((28, 32, 36)), mix(ground, colour, 0.85), 2) + circle(
            200, top + height, radius, ground
        )
        return window(MARGIN, top, MEASURE, height, sun, circle(200, top + height, radius - 9, dark))
    if what == "target":
        radius = min(height / 2, 176)
        tones = (colour, ground, dark, ground, colour)
        return "".join(
            circle(200, top + height / 2, radius * (1 - step * 0.2), tone) for step, tone in enumerate(tones)
        )
    size = min(26.0, height / 3)
    stars = "".join(_star(38 + 81 * number, top + height / 2, size) for number in range(5))
    return (
        path(stars, colour)
        + rect(MARGIN, top + height / 2 - size - 12, MEASURE, 3, dark)
        + rect(MARGIN, top + height / 2 + size + 9, MEASURE, 3, dark)
    )


def _star(x: float, y: float, size: float) -> str:
    corners = (
        (0, -1),
        (0.24, -0.32),
        (0.95, -0.31),
        (0.38, 0.12),
        (0.59, 0.81),
        (0, 0.4),
        (-0.59, 0.81),
        (-0.38, 0.12),
        (-0.95, -0.31),
        (-0.24, -0.32),
    )
    return outline([(x + dx * size, y + dy * size) for dx, dy in corners])


def _scratches(sheet: Sheet) -> str:
    """Where the ink did not take."""
    dice = sheet.dice
    d = ""
    for _ in range(46):
        x, y = dice.between(24, 376), dice.between(TOP + 4, FOOT - 4)
        d += f"M{n(x)} {n(y)}l{n(dice.between(-9, 9))} {n(dice.between(-1, 1))}l1 1z"
    return d
