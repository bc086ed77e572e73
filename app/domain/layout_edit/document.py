"""A plan as a document that can be changed: its shape checked, its rows and seats found, new ids made, its size kept."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.layout_edit.geometry import Point
from app.domain.plan_fields import Json, PlanError, a_list, a_number, a_position, a_text, an_object, loaded
from app.domain.seat_kinds import KINDS, kind_of
from app.domain.seating_plan import MAX_GUID, MAX_NAME, MAX_NUMBER, MAX_SEATS, Plan
from app.domain.text import slugify

MARGIN = 40
"""Room around the outermost seats."""
NEAREST = 20
PALETTE = ("#5b8def", "#8a5cf6", "#e05297", "#3aa6a0", "#9aa5b1", "#c98b1f", "#1f9d55", "#7bc96f")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class EditError(ValueError):
    """A change that can't be made; `message` is a sentence for the person who draws."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RowRef:
    """One row of the document, with where it hangs."""

    zone: Json
    row: Json

    @property
    def name(self) -> str:
        return str(self.row["row_number"])

    @property
    def seats(self) -> list[Json]:
        return self.row["seats"]

    @property
    def origin(self) -> Point:
        (a, b), (c, d) = _position(self.zone), _position(self.row)
        return a + c, b + d

    def ordered(self) -> list[Json]:
        """Its seats from left to right."""
        return sorted(self.seats, key=lambda seat: (_position(seat)[0], _position(seat)[1]))

    def points(self) -> list[Point]:
        """Where they stand in the plan, from left to right."""
        left, top = self.origin
        return [(left + x, top + y) for x, y in map(_position, self.ordered())]

    def put(self, points: Sequence[Point]) -> None:
        """Place the seats, from left to right."""
        left, top = self.origin
        for seat, (x, y) in zip(self.ordered(), points, strict=True):
            seat["position"] = {"x": whole(x - left), "y": whole(y - top)}

    @property
    def y(self) -> float:
        points = self.points()
        return sum(y for _, y in points) / len(points) if points else self.origin[1]


def whole(value: float) -> int:
    """Files of this format hold whole units."""
    return round(value)


def _position(thing: Json) -> Point:
    position = thing.get("position") or {"x": 0, "y": 0}
    return float(position["x"]), float(position["y"])


def blank(name: str) -> Json:
    """A plan without a seat."""
    return {
        "name": name[:MAX_NAME] or "Auditorium",
        "size": {"width": 640, "height": 480},
        "categories": [{"name": "Standard", "color": PALETTE[0]}],
        "zones": [{"name": "Stalls", "position": {"x": 0, "y": 0}, "rows": [], "areas": []}],
    }


def opened(source: str | bytes | Json) -> Json:
    """A document of the right shape, which may still be unfinished (two seats of one number). Raises PlanError."""
    root = an_object(source if isinstance(source, dict) else loaded(source), "the file")
    a_text(root, "name", "", MAX_NAME)
    if root.get("size") is not None:
        size = an_object(root["size"], "size")
        a_number(size, "width", "size"), a_number(size, "height", "size")
    for index, item in enumerate(a_list(root, "categories", "")):
        a_text(an_object(item, f"categories[{index}]"), "name", f"categories[{index}]", MAX_NAME)
    seats = sum(_zone_shape(item, f"zones[{index}]") for index, item in enumerate(a_list(root, "zones", "")))
    if seats > MAX_SEATS:
        raise PlanError(f"the plan has {seats:,} seats; at most {MAX_SEATS:,} are possible", "zones")
    return root


def _zone_shape(item: Any, place: str) -> int:
    zone = an_object(item, place)
    a_position(zone, place, needed=False)
    seats = 0
    for index, raw in enumerate(a_list(zone, "rows", place)):
        row = an_object(raw, f"{place}.rows[{index}]")
        a_position(row, f"{place}.rows[{index}]", needed=False)
        a_text(row, "row_number", f"{place}.rows[{index}]", MAX_NUMBER, empty=True)
        for number, seat in enumerate(a_list(row, "seats", f"{place}.rows[{index}]")):
            _seat_shape(seat, f"{place}.rows[{index}].seats[{number}]")
            seats += 1
    return seats


def _seat_shape(raw: Any, place: str) -> None:
    seat = an_object(raw, place)
    a_position(seat, place)
    for key, most in (("seat_guid", MAX_GUID), ("seat_number", MAX_NUMBER), ("category", MAX_NAME)):
        a_text(seat, key, place, most, empty=True)


def copied(document: Json) -> Json:
    return copy.deepcopy(document)


def zone_name(zone: Json, index: int) -> str:
    return str(zone.get("name") or zone.get("zone_id") or f"Zone {index + 1}")


def zone_called(document: Json, name: str) -> Json:
    """The level of this name; the first one without a name. Raises EditError."""
    for index, zone in enumerate(document["zones"]):
        if not name or zone_name(zone, index) == name:
            return zone
    raise EditError(f"There is no level called “{name}”.")


def rows_of(document: Json, level: str = "") -> Iterator[RowRef]:
    """All rows with seats, of one level or of the whole plan."""
    for index, zone in enumerate(document["zones"]):
        if not level or zone_name(zone, index) == level:
            yield from (RowRef(zone, row) for row in zone["rows"] if row["seats"])


def chosen_rows(document: Json, guids: Collection[str]) -> list[RowRef]:
    """Rows with a chosen seat, from the front to the back."""
    found = [ref for ref in rows_of(document) if any(seat["seat_guid"] in guids for seat in ref.seats)]
    return sorted(found, key=lambda ref: ref.y)


def chosen_seats(document: Json, guids: Collection[str]) -> list[Json]:
    return [seat for ref in rows_of(document) for seat in ref.seats if seat["seat_guid"] in guids]


def pick(document: Json, level: str, rows: str, seats: str) -> frozenset[str]:
    """The guids that words name: rows "A-C, F", seats "1-4, 9"; nothing means all. Raises EditError."""
    refs = sorted(rows_of(document, level), key=lambda ref: ref.y)
    wanted = _named([ref.name for ref in refs], rows, "row")
    found = []
    for place in wanted:
        ordered = refs[place].ordered()
        numbers = [seat["seat_number"] for seat in ordered]
        found += [ordered[index]["seat_guid"] for index in _named(numbers, seats, "seat", strict=False)]
    if not found:
        raise EditError("No seat is meant by that. Check the level, the rows and the seats.")
    return frozenset(found)


def _named(names: list[str], words: str, what: str, strict: bool = True) -> list[int]:
    """Places that words like "A-C, F" name among names that stand in order."""
    if not words.strip():
        return list(range(len(names)))
    folded = [name.casefold() for name in names]
    places: set[int] = set()
    for part in filter(None, (part.strip().casefold() for part in re.split(r"[,;]", words))):
        ends = [part] if part in folded else [end.strip() for end in part.split("-", 1)]
        missing = [end for end in ends if end not in folded]
        if missing and strict:
            raise EditError(f"There is no {what} “{missing[0].upper()}” there.")
        if not missing:
            first, last = sorted((folded.index(ends[0]), len(folded) - 1 - folded[::-1].index(ends[-1])))
            places.update(range(first, last + 1) if len(ends) == 2 else _all(folded, ends[0]))
    return sorted(places)


def _all(names: list[str], name: str) -> list[int]:
    return [place for place, one in enumerate(names) if one == name]


def new_guid(taken: set[str], level: str, row: str, number: str) -> str:
    """An id for a new seat, which no other ever gets in this plan; renaming the seat keeps it."""
    base = f"{slugify(level, 'level')}-{row or 'row'}-{number}"[: MAX_GUID - 6]
    guid, twin = base, 2
    while guid in taken:
        guid, twin = f"{base}-{twin}", twin + 1
    taken.add(guid)
    return guid


def guids_of(document: Json) -> set[str]:
    return {seat["seat_guid"] for zone in document["zones"] for row in zone["rows"] for seat in row["seats"]}


def category_named(document: Json, name: str) -> Json:
    """Raises EditError."""
    for category in document["categories"]:
        if category["name"] == name:
            return category
    raise EditError(f"There is no category called “{name}”.")


def kind_in(category: Json) -> str:
    """The kind of seat that a category of the document stands for."""
    told = category.get("kind")
    return told if told in KINDS else kind_of(str(category["name"])) or "standard"


def with_kinds(document: Json, kinds: dict[str, str]) -> Json:
    """The document that says the kinds (name → kind) itself, where a category's name does not say them."""
    told = copied(document)
    for category in told.get("categories", []):
        kind = kinds.get(category["name"])
        if kind and kind_in(category) != kind:
            category["kind"] = kind
    return told


def kinds_of(plan: Plan) -> dict[str, str]:
    return {category.name: category.kind for category in plan.categories}


def fitted(document: Json) -> None:
    """Keep everything inside the sheet: what lies beyond its left or upper edge moves it all, the rest makes it larger."""
    points = [point for ref in rows_of(document) for point in ref.points()]
    points += [corner for zone in document["zones"] for corner in _corners(zone)]
    if not points:
        return
    right = max(0, whole(NEAREST - min(x for x, _ in points)))
    down = max(0, whole(NEAREST - min(y for _, y in points)))
    if right or down:
        for zone in document["zones"]:
            x, y = _position(zone)
            zone["position"] = {"x": whole(x + right), "y": whole(y + down)}
    size = document.get("size") or {}
    document["size"] = {
        "width": max(size.get("width", 0), whole(max(x for x, _ in points) + right + MARGIN)),
        "height": max(size.get("height", 0), whole(max(y for _, y in points) + down + MARGIN)),
    }


def _corners(zone: Json) -> Iterator[Point]:
    for box in boxes_of(zone):
        yield box.x, box.y
        yield box.x + box.width, box.y + box.height


@dataclass(frozen=True, slots=True)
class Box:
    """A plain box among the areas of a level: the screen, a table."""

    x: float
    y: float
    width: float
    height: float
    text: str


def boxes_of(zone: Json) -> Iterator[Box]:
    """Boxes where they stand in the plan. Areas are decoration: what is no plain box is passed over."""
    left, top = _position(zone)
    areas = zone.get("areas")
    for area in areas if isinstance(areas, list) else []:
        try:
            x, y = a_position(an_object(area, ""), "")
            box = an_object(area.get("rectangle", area), "")
            width, height = a_number(box, "width", ""), a_number(box, "height", "")
        except PlanError:
            continue
        told = area.get("text")
        words = told.get("text") if isinstance(told, dict) else told
        yield Box(left + x, top + y, abs(width), abs(height), words if isinstance(words, str) else "")


def color_of(category: Json) -> str:
    """Its colour as #rrggbb; grey where it has none that can be read."""
    color = category.get("color")
    return color if isinstance(color, str) and COLOR.fullmatch(color) else "#9aa5b1"
