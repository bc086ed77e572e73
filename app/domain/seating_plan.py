"""Reads a seating plan in the pretix format and checks it. Where seats land on the grid is plan_layout.py's,
what kind of seat a category means is seat_kinds.py's, what is stored is nobody's here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.plan_fields import (
    Json,
    PlanError,
    a_list,
    a_number,
    a_position,
    a_text,
    an_object,
    loaded,
)
from app.domain.plan_layout import Layout, Line, Spot, arrange
from app.domain.seat_kinds import KINDS, kind_of
from app.domain.text import fold, slugify, tidy

__all__ = ["Category", "Line", "Plan", "PlanError", "PlannedSeat", "Screen", "parse_plan"]

MAX_SEATS = 2000
MAX_NAME = 80
MAX_NUMBER = 20
MAX_GUID = 200
SCREEN = re.compile(
    r"\b(screen|ecran|leinwand|buhne|stage|scene|pantalla|escenario|tela|palco|schermo|palcoscenico|doek|duk)\b"
    r"|\b(larred|lerret|ekran|platno|экран|сцена)\b|スクリーン|银幕|銀幕|스크린"
)
"""How plans call the area that all seats look at; compared with folded text."""


@dataclass(frozen=True, slots=True)
class Category:
    """A price category; `code` is unique in the plan, `name` is as in the file."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the film is seen: the upper left corner and the size, in the plan's units, and its first and
    last column."""

    x: float
    y: float
    width: float
    height: float
    first_column: int
    last_column: int


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    """One seat; row_index counts from the screen, position from the left in its row, run between two aisles.

    `line` and `column` are its cell in a table whose columns line up; no two seats share a cell.
    """

    guid: str
    level: str
    row: str
    row_label: str
    number: str
    label: str
    x: float
    y: float
    kind: str
    category: str
    row_index: int
    position: int
    run: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan. `unmapped` names the categories whose kind nobody told and which therefore became
    standard."""

    name: str
    width: float
    height: float
    categories: tuple[Category, ...]
    levels: tuple[str, ...]
    seats: tuple[PlannedSeat, ...]
    lines: tuple[Line, ...]
    columns: int
    screen: Screen | None
    unmapped: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    place: str
    guid: str
    zone: int
    level: str
    row: str
    row_label: str
    number: str
    x: float
    y: float
    category: str
    row_object: int


def parse_plan(source: str | bytes | Json, kinds: Mapping[str, str] | None = None) -> Plan:
    """The plan in a file's text (or its parsed JSON); `kinds` maps names of categories to kinds of seats.

    Raises PlanError with one message and the place in the file; nothing is guessed but a missing kind.
    """
    root = an_object(source if isinstance(source, dict) else loaded(source), "the file")
    name = a_text(root, "name", "", MAX_NAME)
    told, said = _categories(root)
    categories, unmapped = _mapped(told, {**said, **(kinds or {})})
    zones = a_list(root, "zones", "")
    levels = _levels(zones)
    drafts = list(_drafts(zones, levels, set(told)))
    _check(drafts)
    by_name = {category.name: category for category in categories}
    box = _screen_box(zones)
    width, height = _size(root, drafts)
    layout = _arranged(drafts, by_name, box)
    return Plan(
        name=name,
        width=width,
        height=height,
        categories=tuple(categories),
        levels=tuple(level for level in levels if any(draft.level == level for draft in drafts)),
        seats=tuple(_seats(drafts, layout, by_name)),
        lines=layout.lines,
        columns=layout.columns,
        screen=_screen(box, drafts, layout) if box else None,
        unmapped=tuple(unmapped),
    )


def _categories(root: Json) -> tuple[list[str], dict[str, str]]:
    """The names of the categories, and the kinds that the file itself says: our own addition to the format, written
    where a name does not tell the kind."""
    names: list[str] = []
    kinds: dict[str, str] = {}
    for index, item in enumerate(a_list(root, "categories", "")):
        place = f"categories[{index}]"
        name = a_text(an_object(item, place), "name", place, MAX_NAME)
        if name in names:
            raise PlanError(f'"{name}" is there twice', f"{place}.name")
        names.append(name)
        if item.get("kind") is not None:
            kinds[name] = a_text(item, "kind", place, MAX_NAME)
    return names, kinds


def _mapped(names: list[str], kinds: Mapping[str, str]) -> tuple[list[Category], list[str]]:
    for name, kind in kinds.items():
        if name not in names:
            raise PlanError(f'the plan has no category "{name}"; it has {", ".join(names) or "none"}', "categories")
        if kind not in KINDS:
            raise PlanError(f'"{kind}" is no kind of seat; the kinds are {", ".join(KINDS)}', "categories")
    codes: Counter[str] = Counter()
    categories = []
    for name in names:
        code = slugify(name, "category")[:40]
        while code in codes:
            codes[code] += 1
            code = f"{code}-{codes[code]}"
        codes[code] = 1
        categories.append(Category(code, name, kinds.get(name) or kind_of(name) or "standard"))
    return categories, [name for name in names if name not in kinds and kind_of(name) is None]


def _levels(zones: list[Any]) -> list[str]:
    """The names of the zones, in order; a name that is there twice gets a number, a missing one becomes
    its id."""
    levels: list[str] = []
    for index, item in enumerate(zones):
        zone = an_object(item, f"zones[{index}]")
        name = ""
        for key in ("name", "zone_id"):
            if not name and zone.get(key) is not None:
                name = a_text(zone, key, f"zones[{index}]", MAX_NAME, empty=True)
        name = name or f"Zone {index + 1}"
        twin = 2
        while name in levels:
            name = f"{name.removesuffix(f' ({twin - 1})')} ({twin})"
            twin += 1
        levels.append(name)
    return levels


def _drafts(zones: list[Json], levels: list[str], categories: set[str]) -> Iterator[_Draft]:
    row_object = 0
    for zone_index, zone in enumerate(zones):
        zone_place = f"zones[{zone_index}]"
        zone_x, zone_y = a_position(zone, zone_place, needed=False)
        for row_index, item in enumerate(a_list(zone, "rows", zone_place)):
            place = f"{zone_place}.rows[{row_index}]"
            row = an_object(item, place)
            row_x, row_y = a_position(row, place, needed=False)
            row_name = a_text(row, "row_number", place, MAX_NUMBER, empty=True)
            label = row.get("row_label")
            row_object += 1
            for seat_index, raw in enumerate(a_list(row, "seats", place)):
                seat_place = f"{place}.seats[{seat_index}]"
                seat = an_object(raw, seat_place)
                x, y = a_position(seat, seat_place)
                yield _Draft(
                    place=seat_place,
                    guid=a_text(seat, "seat_guid", seat_place, MAX_GUID),
                    zone=zone_index,
                    level=levels[zone_index],
                    row=row_name,
                    row_label=tidy(label)[:MAX_NAME] if isinstance(label, str) else "",
                    number=a_text(seat, "seat_number", seat_place, MAX_NUMBER),
                    x=zone_x + row_x + x,
                    y=zone_y + row_y + y,
                    category=_category(seat, seat_place, categories),
                    row_object=row_object,
                )


def _category(seat: Json, place: str, known: set[str]) -> str:
    name = a_text(seat, "category", place, MAX_NAME)
    if name not in known:
        raise PlanError(f'"{name}" is not one of the categories of this plan', f"{place}.category")
    return name


def _check(drafts: list[_Draft]) -> None:
    if not drafts:
        raise PlanError("the plan has no seats", "zones")
    if len(drafts) > MAX_SEATS:
        raise PlanError(f"the plan has {len(drafts):,} seats; at most {MAX_SEATS:,} are possible", "zones")
    guids: dict[str, _Draft] = {}
    numbers: dict[tuple[int, str, str], _Draft] = {}
    spots: dict[tuple[float, float], _Draft] = {}
    for draft in drafts:
        if (twin := guids.setdefault(draft.guid, draft)) is not draft:
            raise PlanError(f'"{draft.guid}" is already the guid of {twin.place}', f"{draft.place}.seat_guid")
        key = (draft.zone, draft.row.casefold(), draft.number.casefold())
        if (twin := numbers.setdefault(key, draft)) is not draft:
            message = f'row "{draft.row}" of "{draft.level}" already has a seat "{draft.number}" ({twin.place})'
            raise PlanError(message, f"{draft.place}.seat_number")
        if (twin := spots.setdefault((round(draft.x, 1), round(draft.y, 1)), draft)) is not draft:
            raise PlanError(f"this is the same place as {twin.place}", f"{draft.place}.position")


def _arranged(drafts: list[_Draft], categories: Mapping[str, Category], box: _Box | None) -> Layout:
    rows: dict[int, list[int]] = {}
    spots = []
    for index, draft in enumerate(drafts):
        rows.setdefault(draft.row_object, []).append(index)
        wide = categories[draft.category].kind == "wheelchair"
        spots.append(Spot(draft.x, draft.y, draft.zone, draft.row or str(draft.row_object), wide))
    front = (box.x + box.width / 2, box.y + box.height / 2) if box else None
    return arrange(spots, rows.values(), front)


def _seats(drafts: list[_Draft], layout: Layout, categories: Mapping[str, Category]) -> Iterator[PlannedSeat]:
    labels = _labels(drafts)
    for draft, place, label in zip(drafts, layout.places, labels, strict=True):
        category = categories[draft.category]
        yield PlannedSeat(
            guid=draft.guid,
            level=draft.level,
            row=draft.row,
            row_label=draft.row_label,
            number=draft.number,
            label=label,
            x=draft.x,
            y=draft.y,
            kind=category.kind,
            category=category.code,
            row_index=place.row_index,
            position=place.position,
            run=place.run,
            line=place.line,
            column=place.column,
        )


def _labels(drafts: list[_Draft]) -> list[str]:
    """What people call the seats: A1, 12-4, and the zone's name before it where the short name is there
    twice."""
    short = [_short(draft.row, draft.number) for draft in drafts]
    if len(set(short)) < len(short):
        short = [f"{draft.level} {name}" for draft, name in zip(drafts, short, strict=True)]
    seen: Counter[str] = Counter()
    labels = []
    for label in short:
        seen[label] += 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def _short(row: str, number: str) -> str:
    # Row 1 seat 12 and row 11 seat 2 must not both become 112.
    return f"{row}{number}" if not row or (row[-1].isalpha() and number[0].isdigit()) else f"{row}-{number}"


def _size(root: Json, drafts: list[_Draft]) -> tuple[float, float]:
    if root.get("size") is None:
        return max(draft.x for draft in drafts), max(draft.y for draft in drafts)
    size = an_object(root["size"], "size")
    return a_number(size, "width", "size"), a_number(size, "height", "size")


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


def _screen_box(zones: list[Json]) -> _Box | None:
    """The first area whose text speaks of a screen or a stage. Areas are decoration: a broken one is
    passed over."""
    for index, zone in enumerate(zones):
        zone_x, zone_y = a_position(zone, f"zones[{index}]", needed=False)
        areas = zone.get("areas")
        for area in areas if isinstance(areas, list) else []:
            if isinstance(area, dict) and speaks_of_a_screen(area):
                try:
                    x, y = a_position(area, "")
                    width, height, left, top = _area_size(area)
                except PlanError:
                    continue
                return _Box(zone_x + x + left, zone_y + y + top, width, height)
    return None


def speaks_of_a_screen(area: Json) -> bool:
    """Whether an area of a plan is where the film is seen."""
    return bool(SCREEN.search(fold(_area_text(area))))


def _area_text(area: Json) -> str:
    text = area.get("text")
    text = text.get("text") if isinstance(text, dict) else text
    return text if isinstance(text, str) else ""


def _area_size(area: Json) -> tuple[float, float, float, float]:
    """Width, height, and where the left upper corner lies from the area's position, by the area's shape."""
    match area.get("shape"):
        case "circle":
            around = a_number(an_object(area.get("circle"), "circle"), "radius", "circle")
            return 2 * around, 2 * around, -around, -around
        case "ellipse":
            radius = an_object(an_object(area.get("ellipse"), "ellipse").get("radius"), "radius")
            across, down = a_number(radius, "x", "radius"), a_number(radius, "y", "radius")
            return 2 * across, 2 * down, -across, -down
        case "polygon":
            points = a_list(an_object(area.get("polygon"), "polygon"), "points", "polygon")
            xs = [a_number(an_object(point, "points"), "x", "points") for point in points] or [0.0]
            ys = [a_number(an_object(point, "points"), "y", "points") for point in points] or [0.0]
            return max(xs) - min(xs), max(ys) - min(ys), min(xs), min(ys)
        case "text":
            return 0.0, 0.0, 0.0, 0.0
        case _:
            size = an_object(area.get("rectangle", area), "rectangle")
            return (
                abs(a_number(size, "width", "rectangle")),
                abs(a_number(size, "height", "rectangle")),
                0.0,
                0.0,
            )


def _screen(box: _Box, drafts: list[_Draft], layout: Layout) -> Screen:
    """The screen's box with the columns of the seats that it spans; all columns where it spans none."""
    inside = [
        place.column
        for draft, place in zip(drafts, layout.places, strict=True)
        if box.x <= draft.x <= box.x + box.width
    ]
    first, last = (min(inside), max(inside)) if inside else (0, layout.columns - 1)
    return Screen(box.x, box.y, box.width, box.height, first, last)
