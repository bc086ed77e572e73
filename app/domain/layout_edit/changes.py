"""What a person may do to a plan: each change is a function of the document, the chosen seats and the words of a form.

The page's forms and its script send the same words, so there is one set of rules. Coordinates are the plan's units.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from app.domain.layout_edit.document import (
    COLOR,
    PALETTE,
    EditError,
    RowRef,
    boxes_of,
    category_named,
    chosen_rows,
    chosen_seats,
    copied,
    fitted,
    guids_of,
    kind_in,
    new_guid,
    rows_of,
    whole,
    zone_called,
    zone_name,
)
from app.domain.layout_edit.geometry import curved, spread, straight, usual_gap, with_aisle
from app.domain.layout_edit.words import Words, a_list, a_number, a_numbering, a_text, names_of_rows, one_of
from app.domain.plan_fields import Json
from app.domain.seat_kinds import KINDS, kind_of
from app.domain.seating_plan import MAX_NUMBER, MAX_SEATS, speaks_of_a_screen

Chosen = Collection[str]
FARTHEST = 5000


def apply(document: Json, change: str, words: Words, chosen: Chosen) -> Json:
    """The plan after a change; the one given stays as it is. Raises EditError with a sentence."""
    act = CHANGES.get(change)
    if act is None:
        raise EditError("There is no such change.")
    if change in NEED_SEATS and not chosen:
        raise EditError("Choose seats first.")
    changed = copied(document)
    act(changed, words, chosen)
    return changed


# Rows


def add_rows(document: Json, words: Words, chosen: Chosen) -> None:
    """New rows behind the last one of a level, alike and centred on each other."""
    zone = zone_called(document, words.get("level", ""))
    rows = a_number(words, "rows", "the rows", 1, 60)
    seats = a_number(words, "seats_each", "the seats in a row", 1, 100)
    if len(guids_of(document)) + rows * seats > MAX_SEATS:
        raise EditError(f"That would be more than {MAX_SEATS:,} seats, the most that an auditorium can have.")
    names = names_of_rows(words, rows)
    category = str(category_named(document, words.get("category") or document["categories"][0]["name"])["name"])
    pitch = a_number(words, "pitch", "the distance of seats", 10, 200, 26)
    depth = a_number(words, "spacing", "the distance of rows", 10, 300, 32)
    aisles = [int(place) for place in a_list(words, "aisles") if place.isdecimal()]
    points = curved(straight(seats, pitch, aisles, pitch), a_number(words, "curve", "the curve", -200, 200, 0))
    top, middle = _next_row(document, zone, depth)
    middle = max(middle, (points[-1][0] - points[0][0]) / 2 + 60)
    shift = middle - (points[0][0] + points[-1][0]) / 2
    lift = min(y for _, y in points)
    for index, name in enumerate(names):
        row = _new_row(document, zone, name, a_numbering(words).names(seats), category)
        row.put([(x + shift, y - lift + top + index * depth) for x, y in points])
    fitted(document)


def _next_row(document: Json, zone: Json, depth: int) -> tuple[float, float]:
    """Where the next row of a level begins, and its middle: behind what is there, below the screen."""
    own = [point for ref in rows_of(document) if ref.zone is zone for point in ref.points()]
    everything = own or [point for ref in rows_of(document) for point in ref.points()]
    if everything:
        left, right = min(x for x, _ in everything), max(x for x, _ in everything)
        return max(y for _, y in everything) + (depth if own else 3 * depth), (left + right) / 2
    boxes = [box for each in document["zones"] for box in boxes_of(each)]
    lowest = max((box.y + box.height for box in boxes), default=40)
    middle = sum(box.x + box.width / 2 for box in boxes) / len(boxes) if boxes else 320
    return lowest + 60, middle


def _new_row(document: Json, zone: Json, name: str, numbers: list[str], category: str) -> RowRef:
    taken = guids_of(document)
    level = zone_name(zone, document["zones"].index(zone))
    row: Json = {"row_number": name, "position": {"x": 0, "y": 0}, "seats": []}
    for place, number in enumerate(numbers):
        row["seats"].append(_new_seat(new_guid(taken, level, name, number), number, place, 0, category))
    zone["rows"].append(row)
    return RowRef(zone, row)


def _new_seat(guid: str, number: str, x: float, y: float, category: str) -> Json:
    return {"seat_guid": guid, "seat_number": number, "position": {"x": x, "y": y}, "category": category}


def number_seats(document: Json, words: Words, chosen: Chosen) -> None:
    """Count the chosen seats of each row anew. Their ids stay, so tickets go on pointing at them."""
    numbering = a_numbering(words)
    for row in chosen_rows(document, chosen):
        seats = [seat for seat in row.ordered() if seat["seat_guid"] in chosen]
        for seat, number in zip(seats, numbering.names(len(seats)), strict=True):
            seat["seat_number"] = number


def name_rows(document: Json, words: Words, chosen: Chosen) -> None:
    """Name the chosen rows from the front, or from the back. Halves of a row that share a name keep sharing one."""
    rows = chosen_rows(document, chosen)
    if one_of(words, "from", ("front", "back"), "front") == "back":
        rows.reverse()
    together: list[list[RowRef]] = []
    for row in rows:
        halves = next((parts for parts in together if parts[0].zone is row.zone and parts[0].name == row.name), None)
        if halves is not None and row.name:
            halves.append(row)
        else:
            together.append([row])
    for parts, name in zip(together, names_of_rows(words, len(together)), strict=True):
        for part in parts:
            part.row["row_number"] = name
            if part.row.get("row_label"):
                part.row["row_label"] = f"Row {name}"


def set_length(document: Json, words: Words, chosen: Chosen) -> None:
    """Make each chosen row this long: seats go at its end, or come there with the next numbers."""
    wanted = a_number(words, "seats_each", "the seats in a row", 1, 100)
    at_left = one_of(words, "end", ("left", "right"), "right") == "left"
    for row in chosen_rows(document, chosen):
        ordered = row.ordered()[:: -1 if at_left else 1]
        for seat in ordered[wanted:]:
            row.seats.remove(seat)
        _lengthen(document, row, wanted - len(ordered), at_left)
    if len(guids_of(document)) > MAX_SEATS:
        raise EditError(f"That would be more than {MAX_SEATS:,} seats, the most that an auditorium can have.")
    fitted(document)


def _lengthen(document: Json, row: RowRef, more: int, at_left: bool) -> None:
    taken = guids_of(document)
    level = zone_name(row.zone, document["zones"].index(row.zone))
    gap = usual_gap(row.points())
    numbers = {seat["seat_number"] for seat in row.seats}
    for _ in range(more):
        last = row.ordered()[0 if at_left else -1]
        number = _further(numbers)
        numbers.add(number)
        x = last["position"]["x"] + (-gap if at_left else gap)
        guid = new_guid(taken, level, row.name, number)
        row.seats.append(_new_seat(guid, number, whole(x), last["position"]["y"], last["category"]))


def _further(numbers: Collection[str]) -> str:
    return str(max((int(number) for number in numbers if number.isdecimal()), default=0) + 1)


def curve(document: Json, words: Words, chosen: Chosen) -> None:
    """Bend each chosen row: its ends come forward by this depth; 0 makes it straight."""
    depth = a_number(words, "curve", "the curve", -400, 400)
    for row in chosen_rows(document, chosen):
        row.put(curved(row.points(), depth))
    fitted(document)


def space_seats(document: Json, words: Words, chosen: Chosen) -> None:
    pitch = a_number(words, "pitch", "the distance of seats", 10, 200)
    for row in chosen_rows(document, chosen):
        row.put(spread(row.points(), pitch))
    fitted(document)


def space_rows(document: Json, words: Words, chosen: Chosen) -> None:
    """The same distance between each two chosen rows; the first stays."""
    distance = a_number(words, "spacing", "the distance of rows", 10, 300)
    rows = chosen_rows(document, chosen)
    at = before = rows[0].y
    for row in rows:
        here = row.y
        at += distance if here - before > 0.5 else here - before
        row.put([(x, y + at - here) for x, y in row.points()])
        before = here
    fitted(document)


def aisle(document: Json, words: Words, chosen: Chosen) -> None:
    """An aisle in each chosen row behind that many seats from the left; a width of 0 closes it."""
    after = a_number(words, "after", "the place of the aisle", 1, 100)
    width = a_number(words, "width", "the width of the aisle", 0, 300, 28)
    for row in chosen_rows(document, chosen):
        row.put(with_aisle(row.points(), after, width))
    fitted(document)


def cross_aisle(document: Json, words: Words, chosen: Chosen) -> None:
    """Move the chosen rows, and all behind them in their levels, back by this much (or forward, below zero)."""
    width = a_number(words, "width", "the width of the aisle", -300, 300, 28)
    rows = chosen_rows(document, chosen)
    for row in rows_of(document):
        fronts = [one.y for one in rows if one.zone is row.zone]
        if fronts and row.y >= min(fronts) - 0.5:
            row.put([(x, y + width) for x, y in row.points()])
    fitted(document)


# Seats


def move(document: Json, words: Words, chosen: Chosen) -> None:
    across = a_number(words, "across", "the way to the right", -FARTHEST, FARTHEST, 0)
    down = a_number(words, "down", "the way to the back", -FARTHEST, FARTHEST, 0)
    for seat in chosen_seats(document, chosen):
        position = seat["position"]
        seat["position"] = {"x": whole(position["x"] + across), "y": whole(position["y"] + down)}
    fitted(document)


def put_category(document: Json, words: Words, chosen: Chosen) -> None:
    category = category_named(document, words.get("category", ""))
    for seat in chosen_seats(document, chosen):
        seat["category"] = category["name"]


def rename_seat(document: Json, words: Words, chosen: Chosen) -> None:
    seats = chosen_seats(document, chosen)
    if len(seats) != 1:
        raise EditError("Choose the one seat whose number is to change.")
    seats[0]["seat_number"] = a_text(words, "number", "the seat's number", MAX_NUMBER)


def delete(document: Json, words: Words, chosen: Chosen) -> None:
    """The seats go, and rows that have none left."""
    for zone in document["zones"]:
        for row in zone["rows"]:
            row["seats"] = [seat for seat in row["seats"] if seat["seat_guid"] not in chosen]
        zone["rows"] = [row for row in zone["rows"] if row["seats"]]


# Categories, levels, the screen


def save_category(document: Json, words: Words, chosen: Chosen) -> None:
    """A new category, or another name, colour or kind for the one called `category`."""
    name, old = a_text(words, "name", "the category's name"), words.get("category", "")
    kind = one_of(words, "kind", KINDS, kind_of(name) or "standard")
    color = words.get("color", "")
    if any(one["name"] == name != old for one in document["categories"]):
        raise EditError(f"There is a category called “{name}” already.")
    category = category_named(document, old) if old else {}
    if not old:
        document["categories"].append(category)
    category["name"] = name
    category["color"] = color if COLOR.fullmatch(color) else PALETTE[(len(document["categories"]) - 1) % len(PALETTE)]
    category.pop("kind", None)
    if kind_in(category) != kind:
        category["kind"] = kind
    for seat in chosen_seats(document, guids_of(document)):
        if old and seat["category"] == old:
            seat["category"] = name


def drop_category(document: Json, words: Words, chosen: Chosen) -> None:
    category = category_named(document, words.get("category", ""))
    used = sum(seat["category"] == category["name"] for seat in chosen_seats(document, guids_of(document)))
    if used:
        raise EditError(f"{used} seats are “{category['name']}”. Give them another category first.")
    if len(document["categories"]) == 1:
        raise EditError("One category has to stay.")
    document["categories"].remove(category)


def add_level(document: Json, words: Words, chosen: Chosen) -> None:
    name = a_text(words, "name", "the level's name")
    _free_level(document, name)
    document["zones"].append({"name": name, "position": {"x": 0, "y": 0}, "rows": [], "areas": []})


def rename_level(document: Json, words: Words, chosen: Chosen) -> None:
    zone = zone_called(document, words.get("level", ""))
    name = a_text(words, "name", "the level's name")
    if zone.get("name") != name:
        _free_level(document, name)
    zone["name"] = name


def _free_level(document: Json, name: str) -> None:
    if any(zone_name(zone, index) == name for index, zone in enumerate(document["zones"])):
        raise EditError(f"There is a level called “{name}” already.")


def drop_level(document: Json, words: Words, chosen: Chosen) -> None:
    zone = zone_called(document, words.get("level", ""))
    if any(row["seats"] for row in zone["rows"]):
        raise EditError("This level has seats. Delete them or move them to another level first.")
    if len(document["zones"]) == 1:
        raise EditError("One level has to stay.")
    document["zones"].remove(zone)


def to_level(document: Json, words: Words, chosen: Chosen) -> None:
    """The chosen rows belong to another level and stay where they stand."""
    zone = zone_called(document, words.get("level", ""))
    for row in chosen_rows(document, chosen):
        if row.zone is not zone:
            points = row.points()
            row.zone["rows"].remove(row.row)
            zone["rows"].append(row.row)
            RowRef(zone, row.row).put(points)


def put_screen(document: Json, words: Words, chosen: Chosen) -> None:
    """The screen in front of all seats, over their middle; one that the plan has already is replaced."""
    points = [point for ref in rows_of(document) for point in ref.points()] or [(120.0, 120.0), (520.0, 120.0)]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    width = a_number(words, "width", "the width of the screen", 20, FARTHEST, max(80, whole((right - left) * 0.8)))
    distance = a_number(words, "distance", "the distance of the screen", 10, 1000, 70)
    zone = document["zones"][0]
    position = zone.get("position") or {"x": 0, "y": 0}
    x, y = (
        whole((left + right - width) / 2 - position["x"]),
        whole(min(y for _, y in points) - distance - position["y"]),
    )
    box = {
        "shape": "rectangle",
        "color": "#eeeeee",
        "border_color": "#888888",
        "rotation": 0,
        "position": {"x": x, "y": y},
        "rectangle": {"width": width, "height": 16},
        "text": {"text": "SCREEN", "color": "#333333", "size": 16, "position": {"x": width // 2, "y": 8}},
    }
    for each in document["zones"]:
        each["areas"] = [area for area in each.get("areas") or [] if not _is_screen(area)]
    zone["areas"].append(box)
    fitted(document)


def _is_screen(area: object) -> bool:
    return isinstance(area, dict) and speaks_of_a_screen(area)


def rename(document: Json, words: Words, chosen: Chosen) -> None:
    document["name"] = a_text(words, "name", "the plan's name")


CHANGES: dict[str, Callable[[Json, Words, Chosen], None]] = {
    "add-rows": add_rows,
    "number": number_seats,
    "name-rows": name_rows,
    "length": set_length,
    "curve": curve,
    "space-seats": space_seats,
    "space-rows": space_rows,
    "aisle": aisle,
    "cross-aisle": cross_aisle,
    "move": move,
    "category": put_category,
    "rename-seat": rename_seat,
    "delete": delete,
    "save-category": save_category,
    "drop-category": drop_category,
    "add-level": add_level,
    "rename-level": rename_level,
    "drop-level": drop_level,
    "to-level": to_level,
    "screen": put_screen,
    "rename": rename,
}
NEED_SEATS = frozenset(
    "number name-rows length curve space-seats space-rows aisle cross-aisle move category rename-seat delete to-level".split()
)
"""Changes of chosen seats, or of the rows they stand in."""
