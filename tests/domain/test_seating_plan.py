"""Seating plans: the three of the demo, odd halls of every shape, and files with faults."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.plan_fields import PlanError
from app.domain.seat_kinds import kind_of
from app.domain.seating_plan import MAX_SEATS, Plan, PlannedSeat, parse_plan

PLANS = Path(__file__).parents[2] / "demo" / "plans"
Json = dict[str, Any]


def a_plan(*zones: Json, categories: tuple[str, ...] = ("Standard",)) -> Json:
    guids = count(1)
    for zone in zones:
        for row in zone["rows"]:
            for seat in row["seats"]:
                seat.setdefault("seat_guid", f"seat-{next(guids)}")
    return {
        "name": "Hall",
        "size": {"width": 600, "height": 400},
        "categories": [{"name": name, "color": "#123456"} for name in categories],
        "zones": list(zones),
    }


def a_zone(*rows: Json, name: str = "Stalls", x: float = 0, y: float = 0, areas: tuple[Json, ...] = ()) -> Json:
    return {"name": name, "position": {"x": x, "y": y}, "rows": list(rows), "areas": list(areas)}


def a_row(number: str, *seats: Json, x: float = 0, y: float = 0) -> Json:
    return {"row_number": number, "position": {"x": x, "y": y}, "seats": list(seats)}


def a_seat(number: object, x: float, y: float = 0, category: str = "Standard") -> Json:
    return {"seat_number": str(number), "position": {"x": x, "y": y}, "category": category}


def straight(number: str, seats: int, y: float, *, x: float = 0, pitch: float = 26, first: int = 1) -> Json:
    return a_row(number, *(a_seat(first + index, index * pitch) for index in range(seats)), x=x, y=y)


def a_screen(x: float, y: float, width: float, text: str = "SCREEN") -> Json:
    size = {"width": width, "height": 10}
    return {"shape": "rectangle", "position": {"x": x, "y": y}, "rectangle": size, "text": {"text": text}}


def rows_of(plan: Plan) -> Iterator[list[PlannedSeat]]:
    keys = dict.fromkeys((seat.level, seat.row) for seat in plan.seats)
    for level, row in keys:
        yield sorted((s for s in plan.seats if (s.level, s.row) == (level, row)), key=lambda seat: seat.position)


def drawn(plan: Plan) -> list[str]:
    """The table as text: a seat's number, dots where no seat is."""
    cells = {(seat.line, seat.column): seat.number for seat in plan.seats}
    return [" ".join(cells.get((line.index, c), ".") for c in range(plan.columns)) for line in plan.lines]


def assert_sound(plan: Plan) -> None:
    assert len({(seat.line, seat.column) for seat in plan.seats}) == len(plan.seats), "two seats share a cell"
    assert len({seat.label for seat in plan.seats}) == len(plan.seats)
    assert {seat.line for seat in plan.seats} == {line.index for line in plan.lines}
    assert {seat.column for seat in plan.seats} <= set(range(plan.columns))
    assert min(seat.column for seat in plan.seats) == 0
    by_run: dict[int, list[PlannedSeat]] = {}
    for seat in plan.seats:
        by_run.setdefault(seat.run, []).append(seat)
    for run in by_run.values():
        run.sort(key=lambda seat: seat.position)
        assert len({(seat.level, seat.row) for seat in run}) == 1
        assert [seat.position for seat in run] == list(range(run[0].position, run[0].position + len(run)))


@pytest.mark.parametrize(
    ("name", "seats", "columns", "runs"),
    [("standard-300", 300, 22, 45), ("boutique-46", 46, 10, 7), ("village-92", 92, 15, 16)],
)
def test_the_plans_of_the_demo_are_read(name: str, seats: int, columns: int, runs: int) -> None:
    plan = parse_plan((PLANS / f"{name}.json").read_text("utf-8"))
    assert_sound(plan)
    assert (len(plan.seats), plan.columns, len({seat.run for seat in plan.seats})) == (seats, columns, runs)
    kinds = [seat.kind for seat in plan.seats]
    assert kinds.count("wheelchair") >= 2
    assert kinds.count("companion") >= 2
    assert plan.screen is not None
    assert plan.unmapped == ()


def test_a_cross_aisle_is_a_gap_before_a_line() -> None:
    plan = parse_plan((PLANS / "standard-300.json").read_bytes())
    assert [line.index for line in plan.lines if line.gap_before] == [5]


def test_aisles_are_empty_columns_and_end_runs() -> None:
    plan = parse_plan((PLANS / "standard-300.json").read_bytes())
    used = {seat.column for seat in plan.seats}
    assert set(range(plan.columns)) - used == {4, 17}
    first = [seat.run for seat in next(rows_of(plan))]
    assert [first.count(run) for run in dict.fromkeys(first)] == [4, 12, 4]


def test_a_bis_seat_has_its_own_label_and_column() -> None:
    plan = parse_plan((PLANS / "village-92.json").read_bytes())
    assert "D13 bis" in {seat.label for seat in plan.seats}
    assert drawn(plan)[3].endswith("12 13 13 bis")


def test_pairs_with_a_table_between_are_no_aisles() -> None:
    plan = parse_plan((PLANS / "boutique-46.json").read_bytes())
    for row in rows_of(plan):
        assert len({seat.run for seat in row}) == (3 if row[0].row == "A" else 1)


def curved(rows: int, seats: int) -> Json:
    made = []
    for index in range(rows):
        radius, number = 300 + 35 * index, seats + index
        angles = [(place - (number - 1) / 2) * 26 / radius for place in range(number)]
        places = [(radius * math.sin(angle), radius * math.cos(angle)) for angle in angles]
        made.append(a_row(chr(65 + index), *(a_seat(k + 1, x, y) for k, (x, y) in enumerate(places))))
    return a_zone(*made, x=-40, y=-300)


def test_curved_rows_stay_rows() -> None:
    plan = parse_plan(a_plan(curved(8, 12)))
    assert_sound(plan)
    assert len(plan.lines) == 8
    assert [row[0].row_index for row in rows_of(plan)] == list(range(8))
    for row in rows_of(plan):
        columns = [seat.column for seat in row]
        assert columns == list(range(columns[0], columns[0] + len(row)))
        assert len({seat.run for seat in row}) == 1


def test_a_horseshoe_is_followed_along_the_row() -> None:
    angles = [math.pi * 1.2 - k * 1.4 * math.pi / 15 for k in range(16)]
    row = a_row("A", *(a_seat(k + 1, 100 * math.cos(a), 100 * math.sin(a)) for k, a in enumerate(angles)))
    plan = parse_plan(a_plan(a_zone(row)))
    assert [seat.number for seat in next(rows_of(plan))] == [str(k) for k in range(1, 17)]
    assert len({seat.run for seat in plan.seats}) == 1


def test_odd_and_even_numbers_meet_in_the_middle_whatever_the_order_in_the_file() -> None:
    numbers = [5, 3, 1, 2, 4, 6]
    seats = [a_seat(number, k * 26 + (26 if k > 2 else 0)) for k, number in enumerate(numbers)]
    plan = parse_plan(a_plan(a_zone(a_row("A", *sorted(seats, key=lambda seat: int(seat["seat_number"]))))))
    assert drawn(plan) == ["5 3 1 . 2 4 6"]
    assert [seat.run for seat in next(rows_of(plan))] == [0, 0, 0, 1, 1, 1]


def test_numbers_may_run_from_right_to_left() -> None:
    row = a_row("A", *(a_seat(number, -26 * number) for number in range(1, 6)))
    plan = parse_plan(a_plan(a_zone(row)))
    assert drawn(plan) == ["5 4 3 2 1"]


def test_rows_set_off_by_half_a_seat_share_the_grid() -> None:
    plan = parse_plan(a_plan(a_zone(*(straight(r, 6, y * 30, x=13 * (y % 2)) for y, r in enumerate("ABCD")))))
    assert_sound(plan)
    assert plan.columns == 7
    assert len({tuple(s.column for s in row) for row in rows_of(plan)}) == 2


def test_narrow_aisles_line_up_also_where_a_row_lacks_a_block() -> None:
    def row(name: str, y: int, skip: range = range(0)) -> Json:
        return a_row(name, *(a_seat(k + 1, k * 26 + (12.2 if k > 3 else 0)) for k in range(10) if k not in skip), y=y)

    plan = parse_plan(a_plan(a_zone(row("A", 0), row("B", 30, range(4)), row("C", 60, range(3, 6)), row("D", 90))))
    assert_sound(plan)
    by_number: dict[str, set[int]] = {}
    for seat in plan.seats:
        by_number.setdefault(seat.number, set()).add(seat.column)
    assert all(len(columns) == 1 for columns in by_number.values())
    assert plan.columns == 11


def test_a_wheelchair_space_stands_further_apart_without_an_aisle() -> None:
    seats = [a_seat(1, 0, category="PMR"), *(a_seat(k, 16 + 26 * (k - 1)) for k in range(2, 8))]
    plan = parse_plan(a_plan(a_zone(a_row("A", *seats)), categories=("Standard", "PMR")))
    assert {seat.run for seat in plan.seats} == {0}


def test_zones_beside_each_other_share_lines_and_a_balcony_comes_after() -> None:
    left = a_zone(*(straight(r, 4, y * 30 + 6) for y, r in enumerate("ABC")), name="Left", x=-150)
    centre = a_zone(*(straight(r, 8, y * 30) for y, r in enumerate("ABC")), name="Centre")
    balcony = a_zone(*(straight(r, 8, y * 30) for y, r in enumerate("AB")), name="Balcony", y=200)
    plan = parse_plan(a_plan(left, centre, balcony))
    assert_sound(plan)
    assert len(plan.lines) == 5
    assert plan.levels == ("Left", "Centre", "Balcony")
    assert [line.index for line in plan.lines if line.gap_before] == [3]
    assert {seat.label for seat in plan.seats if seat.number == "1" and seat.row == "A"} == {
        "Left A1",
        "Centre A1",
        "Balcony A1",
    }
    assert not {s.run for s in plan.seats if s.level == "Left"} & {s.run for s in plan.seats if s.level == "Centre"}


def test_a_side_box_whose_seats_stand_behind_each_other_takes_one_line_each() -> None:
    centre = a_zone(*(straight(r, 8, y * 26) for y, r in enumerate("ABC")), name="Centre")
    box = a_zone(a_row("1", *(a_seat(k + 1, 0, k * 26) for k in range(3))), name="Box", x=-5000)
    plan = parse_plan(a_plan(centre, box))
    assert_sound(plan)
    assert drawn(plan) == [f"{k} . . 1 2 3 4 5 6 7 8" for k in (1, 2, 3)]
    assert len({seat.run for seat in plan.seats if seat.level == "Box"}) == 1


def test_row_objects_of_one_name_beside_each_other_are_one_row() -> None:
    rows = [straight("A", 4, 0), straight("A", 4, 0, x=160, first=5)]
    plan = parse_plan(a_plan(a_zone(*rows)))
    assert [seat.position for seat in next(rows_of(plan))] == list(range(8))
    assert len({seat.run for seat in plan.seats}) == 2


def test_a_rotated_hall_keeps_its_rows() -> None:
    cos, sin = math.cos(0.5), math.sin(0.5)
    rows = [
        a_row(r, *(a_seat(k + 1, k * 26 * cos - y * 30 * sin, k * 26 * sin + y * 30 * cos) for k in range(9)))
        for y, r in enumerate("ABCD")
    ]
    plan = parse_plan(a_plan(a_zone(*rows)))
    assert_sound(plan)
    assert len(plan.lines) == 4
    assert len({seat.run for seat in plan.seats}) == 4


def test_a_hall_drawn_sideways_is_turned() -> None:
    rows = [a_row(r, *(a_seat(k + 1, x * 30, k * 26) for k in range(6))) for x, r in enumerate("ABC")]
    screen = a_screen(200, 0, 10, "Leinwand")
    plan = parse_plan(a_plan(a_zone(*rows, areas=(screen,))))
    assert drawn(plan) == ["1 2 3 4 5 6"] * 3
    assert {row[0].row: row[0].row_index for row in rows_of(plan)} == {"A": 2, "B": 1, "C": 0}


@pytest.mark.parametrize(
    ("text", "is_screen"), [("Écran", True), ("The stage", True), ("Backstage", False), ("Bar", False)]
)
def test_the_screen_is_known_by_its_text(text: str, is_screen: bool) -> None:
    plan = parse_plan(a_plan(a_zone(straight("A", 3, 0), areas=(a_screen(0, -30, 60, text),))))
    assert (plan.screen is not None) == is_screen


def test_rows_are_counted_from_a_screen_that_is_drawn_below() -> None:
    rows = [straight(r, 5, y * 30) for y, r in enumerate("CBA")]
    plan = parse_plan(a_plan(a_zone(*rows, areas=(a_screen(0, 200, 100, "Écran"),))))
    assert {row[0].row: row[0].row_index for row in rows_of(plan)} == {"A": 0, "B": 1, "C": 2}
    assert plan.screen is not None
    assert (plan.screen.first_column, plan.screen.last_column) == (0, 3)


def test_numbered_rows_are_told_from_their_seats_in_labels() -> None:
    plan = parse_plan(a_plan(a_zone(straight("1", 12, 0), straight("11", 2, 30))))
    assert {"1-12", "11-2"} <= {seat.label for seat in plan.seats}


def test_two_thousand_seats_take_less_than_a_fifth_of_a_second() -> None:
    text = json.dumps(a_plan(a_zone(*(straight(str(r), 50, r * 30) for r in range(40)))))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(parse_plan(text).seats) == MAX_SEATS
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.tuples(st.integers(-20, 20), st.integers(-6, 6)), min_size=1, max_size=60),
    st.integers(-500, 500),
)
def test_any_heap_of_seats_gets_a_grid_without_collisions(places: set[tuple[int, int]], shift: int) -> None:
    rows: dict[int, list[Json]] = {}
    for x, y in sorted(places):
        rows.setdefault(y, []).append(a_seat(x, x * 17 + shift + (y % 3) * 5, abs(x)))
    plan = parse_plan(a_plan(a_zone(*(a_row(str(y), *seats, y=y * 29) for y, seats in rows.items()))))
    assert_sound(plan)
    for row in rows_of(plan):
        for one, other in pairwise(row):
            assert one.line != other.line or one.column < other.column


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Wheelchair space", "wheelchair"),
        ("Fauteuil roulant (PMR)", "wheelchair"),
        ("Rollstuhlplatz", "wheelchair"),
        ("Silla de ruedas", "wheelchair"),
        ("Cadeirante", "wheelchair"),
        ("車椅子席", "wheelchair"),
        ("プレミアムシート", "premium"),
        ("カップルシート", "love"),
        ("Wheelchair companion", "companion"),
        ("Accompagnateur", "companion"),
        ("Begleitperson", "companion"),
        ("Acompañante", "companion"),
        ("Acompanhante", "companion"),
        ("Love seat", "love"),
        ("Kuschelsitz", "love"),
        ("Electric recliners", "recliner"),
        ("VIP", "premium"),
        ("Parterre", "standard"),
        ("Front row", "standard"),
        ("Kategorie 2", "standard"),
        ("Fauteuil", "standard"),
        ("Zirbelstüberl", None),
        ("Blue", None),
    ],
)
def test_the_names_of_categories_tell_the_kind_of_seat(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_a_category_whose_name_says_nothing_is_standard_and_listed() -> None:
    plan = parse_plan(a_plan(a_zone(a_row("A", a_seat(1, 0, category="Blue"))), categories=("Blue",)))
    assert plan.seats[0].kind == "standard"
    assert plan.unmapped == ("Blue",)


def test_a_mapping_tells_the_kind_of_seat() -> None:
    source = a_plan(a_zone(a_row("A", a_seat(1, 0, category="Blue"))), categories=("Blue",))
    plan = parse_plan(source, {"Blue": "wheelchair"})
    assert plan.seats[0].kind == "wheelchair"
    assert plan.unmapped == ()


@pytest.mark.parametrize(("kinds", "said"), [({"Red": "love"}, "no category"), ({"Standard": "throne"}, "no kind")])
def test_a_mapping_to_nothing_is_refused(kinds: dict[str, str], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        parse_plan(a_plan(a_zone(straight("A", 2, 0))), kinds)


def test_categories_of_like_names_get_different_codes() -> None:
    plan = parse_plan(a_plan(a_zone(straight("A", 2, 0)), categories=("Standard", "standard!", "STANDARD", "神")))
    assert len({category.code for category in plan.categories}) == 4


def _seat(plan: Json) -> Json:
    seat: Json = plan["zones"][0]["rows"][1]["seats"][2]
    return seat


FAULTS: dict[str, tuple[Callable[[Json], object], str]] = {
    "no guid": (lambda plan: _seat(plan).pop("seat_guid"), "zones[0].rows[1].seats[2].seat_guid"),
    "a doubled guid": (
        lambda plan: _seat(plan).update(seat_guid="seat-1"),
        "zones[0].rows[1].seats[2].seat_guid",
    ),
    "a number as number": (
        lambda plan: _seat(plan).update(seat_number=3),
        "zones[0].rows[1].seats[2].seat_number",
    ),
    "an empty number": (
        lambda plan: _seat(plan).update(seat_number=" "),
        "zones[0].rows[1].seats[2].seat_number",
    ),
    "a number twice": (
        lambda plan: _seat(plan).update(seat_number="2"),
        "zones[0].rows[1].seats[2].seat_number",
    ),
    "no category": (lambda plan: _seat(plan).pop("category"), "zones[0].rows[1].seats[2].category"),
    "an unknown category": (
        lambda plan: _seat(plan).update(category="X"),
        "zones[0].rows[1].seats[2].category",
    ),
    "a place twice": (
        lambda plan: _seat(plan).update(position={"x": 26, "y": 0}),
        "zones[0].rows[1].seats[2].position",
    ),
    "x as text": (lambda plan: _seat(plan)["position"].update(x="5"), "zones[0].rows[1].seats[2].position.x"),
    "x as true": (
        lambda plan: _seat(plan)["position"].update(x=True),
        "zones[0].rows[1].seats[2].position.x",
    ),
    "NaN": (lambda plan: _seat(plan)["position"].update(y=math.nan), "zones[0].rows[1].seats[2].position.y"),
    "infinity": (
        lambda plan: _seat(plan)["position"].update(y=math.inf),
        "zones[0].rows[1].seats[2].position.y",
    ),
    "a huge number": (
        lambda plan: _seat(plan)["position"].update(y=10**400),
        "zones[0].rows[1].seats[2].position.y",
    ),
    "a seat that is a list": (
        lambda plan: plan["zones"][0]["rows"][1]["seats"].__setitem__(2, []),
        "zones[0].rows[1].seats[2]",
    ),
    "rows as object": (lambda plan: plan["zones"][0].update(rows={}), "zones[0].rows"),
    "no row number": (
        lambda plan: plan["zones"][0]["rows"][0].pop("row_number"),
        "zones[0].rows[0].row_number",
    ),
    "no zones": (lambda plan: plan.pop("zones"), "zones"),
    "no name": (lambda plan: plan.pop("name"), "name"),
    "a long name": (lambda plan: plan.update(name="x" * 200), "name"),
    "no seats": (lambda plan: plan.update(zones=[]), "zones"),
    "a category twice": (lambda plan: plan["categories"].append({"name": "Standard"}), "categories[1].name"),
    "a size of text": (lambda plan: plan["size"].update(width="wide"), "size.width"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_its_place_in_the_file(fault: str) -> None:
    plan = a_plan(a_zone(straight("A", 3, 0), straight("B", 3, 30)))
    parse_plan(copy.deepcopy(plan))
    spoil, place = FAULTS[fault]
    spoil(plan)
    with pytest.raises(PlanError) as caught:
        parse_plan(json.dumps(plan))
    assert caught.value.place == place
    assert "\n" not in str(caught.value)


def test_one_seat_too_many_is_refused() -> None:
    with pytest.raises(PlanError, match=r"2,001 seats"):
        parse_plan(a_plan(a_zone(straight("A", MAX_SEATS + 1, 0))))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n  'name': 1}", "line 2, column 3"),
        ("", "line 1, column 1"),
        ("[]", "must be an object"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{", "not UTF-8"),
        (" " * 8_000_001, "larger than"),
        ('{"name": ' + "9" * 5000 + "}", "number without end"),
    ],
)
def test_what_is_no_plan_at_all_is_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        parse_plan(text)


def test_a_byte_order_mark_does_no_harm() -> None:
    text = "\ufeff" + json.dumps(a_plan(a_zone(straight("A", 3, 0))))
    assert parse_plan(text) == parse_plan(text.encode())


def test_a_broken_decoration_is_passed_over() -> None:
    areas = ({"text": {"text": "Screen"}, "position": 5}, "nonsense", a_screen(0, -50, 60))
    plan = parse_plan(a_plan(a_zone(straight("A", 3, 0), areas=areas)))  # type: ignore[arg-type]
    assert plan.screen is not None
    assert plan.screen.width == 60
