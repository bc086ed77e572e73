"""Drawing a plan: numbers, arcs and aisles, what each change does, and that a plan goes out as it came in."""

from __future__ import annotations

import copy
import json
import math
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.layout_edit.changes import CHANGES, NEED_SEATS, apply
from app.domain.layout_edit.document import (
    EditError,
    blank,
    guids_of,
    kinds_of,
    opened,
    pick,
    rows_of,
    with_kinds,
)
from app.domain.layout_edit.geometry import curved, gaps_of, spread, straight, with_aisle
from app.domain.layout_edit.moving import SeatName, match
from app.domain.layout_edit.numbering import Numbering, letters, letters_number, row_names
from app.domain.plan_fields import PlanError
from app.domain.seat_kinds import KINDS
from app.domain.seating_plan import MAX_SEATS, parse_plan

PLANS = sorted((Path(__file__).parents[2] / "demo" / "plans").glob("*.json"))
Json = dict[str, Any]


def a_hall(rows: int = 5, seats: int = 10, **words: str) -> Json:
    words = {"rows": str(rows), "seats_each": str(seats), "first": "A", **words}
    return apply(blank("Hall"), "add-rows", words, ())


def row(plan: Json, name: str) -> Any:
    return next(ref for ref in rows_of(plan) if ref.name == name)


def numbers(plan: Json, name: str) -> list[str]:
    return [seat["seat_number"] for seat in row(plan, name).ordered()]


def in_row(plan: Json, rows: str, seats: str = "") -> frozenset[str]:
    return pick(plan, "", rows, seats)


# Numbers and names


@given(st.integers(1, 10_000_000))
def test_letters_count_like_the_columns_of_a_table(number: int) -> None:
    assert letters_number(letters(number)) == number


@pytest.mark.parametrize(
    ("numbering", "names"),
    [
        (Numbering(), "1 2 3 4 5"),
        (Numbering(start=3), "3 4 5 6 7"),
        (Numbering(step=2), "1 3 5 7 9"),
        (Numbering(start=2, step=2, side="right"), "10 8 6 4 2"),
        (Numbering(start=11, skip=frozenset({"13"})), "11 12 14 15 16"),
        (Numbering(start=25, lettered=True), "Y Z AA AB AC"),
        (Numbering(side="middle"), "5 3 1 2 4"),
        (Numbering(start=11, side="middle", skip=frozenset({"13"})), "17 15 11 12 14"),
    ],
)
def test_seats_are_counted_as_wished(numbering: Numbering, names: str) -> None:
    assert numbering.names(5) == names.split()


def test_rows_are_named_on_from_a_letter_or_a_number() -> None:
    assert row_names("H", 4, {"I"}) == ["H", "J", "K", "L"]
    assert row_names("9", 3, set()) == ["9", "10", "11"]
    assert row_names("Y", 3, set()) == ["Y", "Z", "AA"]


# Places


lengths = st.integers(2, 60)


@given(lengths, st.integers(-150, 150))
def test_a_curve_keeps_the_way_from_seat_to_seat(seats: int, depth: int) -> None:
    """As the crow flies it is a little shorter than along the arc, the more so the fewer the seats."""
    points = curved(straight(seats, 26), depth)
    assert all(21.8 <= gap <= 26.001 for gap in gaps_of(points))


@given(lengths, st.integers(1, 40))
def test_the_ends_of_a_curve_come_forward_by_its_depth(seats: int, depth: int) -> None:
    points = curved(straight(seats * 4, 26), depth)
    lift = max(y for _, y in points) - min(y for _, y in points)
    assert math.isclose(lift, depth, rel_tol=0.15, abs_tol=1)
    assert points[0][1] < points[len(points) // 2][1]
    assert math.isclose(points[0][1], points[-1][1], abs_tol=0.01)


@given(lengths, st.integers(-40, 40))
def test_a_curve_of_nothing_makes_the_row_straight_again(seats: int, depth: int) -> None:
    points = curved(curved(straight(seats * 3, 26), depth), 0)
    assert max(y for _, y in points) - min(y for _, y in points) < 0.01


def test_spacing_keeps_aisles_and_the_middle() -> None:
    points = straight(6, 26, {3}, 26)
    wider = spread(points, 30)
    assert [round(gap) for gap in gaps_of(wider)] == [30, 30, 56, 30, 30]
    assert math.isclose(wider[0][0] + wider[-1][0], points[0][0] + points[-1][0])


def test_an_aisle_opens_and_closes() -> None:
    points = straight(6, 26)
    opened_up = with_aisle(points, 2, 28)
    assert [round(gap) for gap in gaps_of(opened_up)] == [26, 54, 26, 26, 26]
    assert [round(gap) for gap in gaps_of(with_aisle(opened_up, 2, 0))] == [26] * 5
    assert with_aisle(points, 6, 28) == points


# Changes


def test_a_hall_from_nothing_is_read_back_with_its_aisles() -> None:
    plan = parse_plan(a_hall(8, 20, curve="24", aisles="5, 15"))
    assert len(plan.seats) == 160
    assert {seat.row_index for seat in plan.seats} == set(range(8))
    front = [seat for seat in plan.seats if seat.row == "A"]
    assert [len([seat for seat in front if seat.run == run]) for run in sorted({seat.run for seat in front})] == [
        5,
        10,
        5,
    ]


def test_rows_go_behind_those_that_are_there_and_a_new_level_behind_all() -> None:
    plan = apply(a_hall(2), "add-level", {"name": "Balcony"}, ())
    plan = apply(plan, "add-rows", {"level": "Balcony", "rows": "1", "seats_each": "6", "first": "A"}, ())
    plan = apply(plan, "add-rows", {"level": "Stalls", "rows": "1", "seats_each": "6", "first": "C"}, ())
    read = parse_plan(plan)
    assert read.levels == ("Stalls", "Balcony")
    assert len({seat.guid for seat in read.seats}) == 32
    assert len({seat.label for seat in read.seats}) == 32


def test_numbers_change_and_ids_stay() -> None:
    plan = a_hall(2, 5)
    changed = apply(plan, "number", {"start": "2", "count": "even", "side": "right"}, in_row(plan, "B"))
    assert numbers(changed, "A") == ["1", "2", "3", "4", "5"]
    assert numbers(changed, "B") == ["10", "8", "6", "4", "2"]
    assert guids_of(changed) == guids_of(plan)


def test_a_wish_for_odd_numbers_begins_with_an_odd_one() -> None:
    plan = a_hall(1, 3)
    assert numbers(apply(plan, "number", {"start": "2", "count": "odd"}, in_row(plan, "A")), "A") == ["3", "5", "7"]


def test_rows_are_named_from_the_back_and_halves_stay_one_row() -> None:
    plan = a_hall(3, 4)
    zone = plan["zones"][0]
    half = copy.deepcopy(zone["rows"][0])
    for seat in half["seats"]:
        seat["seat_guid"] += "-right"
        seat["seat_number"] = str(int(seat["seat_number"]) + 4)
        seat["position"]["x"] += 200
    zone["rows"].append(half)
    changed = apply(plan, "name-rows", {"first": "1", "from": "back"}, guids_of(plan))
    assert sorted(ref.name for ref in rows_of(changed)) == ["1", "2", "3", "3"]


def test_a_row_grows_with_the_next_numbers_and_shrinks_at_its_end() -> None:
    plan = a_hall(2, 5)
    longer = apply(plan, "length", {"seats_each": "7"}, in_row(plan, "A"))
    assert numbers(longer, "A") == list("1234567")
    left = apply(plan, "length", {"seats_each": "6", "end": "left"}, in_row(plan, "A"))
    assert numbers(left, "A") == list("612345")
    assert numbers(apply(longer, "length", {"seats_each": "3"}, in_row(longer, "A")), "A") == list("123")
    parse_plan(longer), parse_plan(left)


def test_a_cross_aisle_pushes_all_rows_behind_it_back() -> None:
    plan = a_hall(4, 6, spacing="32")
    changed = apply(plan, "cross-aisle", {"width": "40"}, in_row(plan, "C"))
    lines = parse_plan(changed).lines
    assert [line.gap_before for line in lines] == [False, False, True, False]


def test_rows_get_an_even_distance() -> None:
    plan = a_hall(4, 6)
    changed = apply(plan, "space-rows", {"spacing": "50"}, guids_of(plan))
    ys = sorted(ref.y for ref in rows_of(changed))
    assert [round(b - a) for a, b in pairwise(ys)] == [50, 50, 50]


def test_what_is_dragged_over_the_edge_moves_the_whole_plan() -> None:
    plan = a_hall(2, 4)
    changed = apply(plan, "move", {"across": "-900"}, in_row(plan, "A", "1"))
    points = [point for ref in rows_of(changed) for point in ref.points()]
    assert min(x for x, _ in points) == 20
    assert changed["size"]["width"] >= max(x for x, _ in points)


def test_categories_are_made_given_renamed_and_deleted() -> None:
    plan = a_hall(2, 4)
    plan = apply(plan, "save-category", {"name": "Sofa", "color": "#123456"}, ())
    plan = apply(plan, "category", {"category": "Sofa"}, in_row(plan, "B", "1-2"))
    assert [seat.kind for seat in parse_plan(plan).seats].count("love") == 2
    plan = apply(plan, "save-category", {"category": "Sofa", "name": "Sofa bed", "kind": "recliner"}, ())
    assert [seat.kind for seat in parse_plan(plan).seats].count("recliner") == 2
    with pytest.raises(EditError, match="2 seats are “Sofa bed”"):
        apply(plan, "drop-category", {"category": "Sofa bed"}, ())
    plan = apply(plan, "category", {"category": "Standard"}, guids_of(plan))
    assert [one["name"] for one in apply(plan, "drop-category", {"category": "Sofa bed"}, ())["categories"]] == [
        "Standard"
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Standard", "VIP", "Zebra", "Rollstuhl"])
def test_a_kind_that_the_name_does_not_say_goes_out_and_comes_in(name: str, kind: str) -> None:
    plan = apply(a_hall(1, 2), "save-category", {"category": "Standard", "name": name, "kind": kind}, ())
    read = parse_plan(json.dumps(plan))
    assert {seat.kind for seat in read.seats} == {kind}
    assert parse_plan(json.dumps(with_kinds(plan, kinds_of(read)))) == read


def test_a_kind_told_beside_the_file_is_written_into_it() -> None:
    plan = a_hall(1, 2)
    told = parse_plan(plan, {"Standard": "recliner"})
    assert parse_plan(with_kinds(plan, kinds_of(told))) == told


def test_levels_are_renamed_filled_and_deleted() -> None:
    plan = apply(a_hall(3, 4), "add-level", {"name": "Box"}, ())
    plan = apply(plan, "to-level", {"level": "Box"}, in_row(plan, "C"))
    assert {seat.level for seat in parse_plan(plan).seats} == {"Stalls", "Box"}
    with pytest.raises(EditError, match="has seats"):
        apply(plan, "drop-level", {"level": "Box"}, ())
    with pytest.raises(EditError, match="already"):
        apply(plan, "rename-level", {"level": "Box", "name": "Stalls"}, ())
    plan = apply(plan, "to-level", {"level": "Stalls"}, pick(plan, "Box", "", ""))
    assert [zone["name"] for zone in apply(plan, "drop-level", {"level": "Box"}, ())["zones"]] == ["Stalls"]


def test_the_screen_stands_before_the_first_row_and_only_once() -> None:
    plan = a_hall(3, 10)
    for width in ("", "200"):
        plan = apply(plan, "screen", {"width": width}, ())
    read = parse_plan(plan)
    assert read.screen is not None
    assert read.screen.width == 200
    assert read.screen.y < min(seat.y for seat in read.seats)
    assert len(plan["zones"][0]["areas"]) == 1


@pytest.mark.parametrize("change", sorted(NEED_SEATS))
def test_a_change_of_seats_asks_for_them(change: str) -> None:
    with pytest.raises(EditError, match="Choose seats first"):
        apply(a_hall(), change, {}, ())


@pytest.mark.parametrize(
    ("rows", "seats", "labels"),
    [
        ("A", "", "A1 A2 A3"),
        ("A-B", "2", "A2 B2"),
        ("a, c", "2-3", "A2 A3 C2 C3"),
        ("B-A", "1", "A1 B1"),
    ],
)
def test_words_name_rows_and_seats(rows: str, seats: str, labels: str) -> None:
    plan = a_hall(3, 3)
    wanted = pick(plan, "Stalls", rows, seats)
    found = [seat.label for seat in parse_plan(plan).seats if seat.guid in wanted]
    assert found == labels.split()


def test_more_seats_than_a_hall_can_have_are_refused() -> None:
    with pytest.raises(EditError, match="2,000"):
        a_hall(21, 100)
    with pytest.raises(PlanError, match="at most 2,000"):
        opened(_many(MAX_SEATS + 1))


def _many(count: int) -> Json:
    plan = blank("Hall")
    seat = {"category": "Standard", "position": {"x": 0, "y": 0}}
    seats = [{**seat, "seat_guid": str(one), "seat_number": str(one)} for one in range(count)]
    plan["zones"][0]["rows"] = [{"row_number": "A", "seats": seats}]
    return plan


def test_two_thousand_seats_change_in_less_than_half_a_second() -> None:
    plan = a_hall(40, 50)
    begun = time.process_time()
    changed = apply(plan, "curve", {"curve": "40"}, guids_of(plan))
    apply(changed, "number", {"start": "1", "side": "middle"}, guids_of(plan))
    assert time.process_time() - begun < 0.5
    assert len(parse_plan(changed).seats) == 2000


# Whatever is typed


junk = st.one_of(
    st.text(max_size=8), st.sampled_from(["", "0", "-1", "1", "5", "A", "1e9", "NaN", "Standard", "Stalls"])
)
names = "rows seats_each first skip_rows skip start count side pitch spacing curve after width across down category name".split()
names += ["kind", "color", "level", "from", "end", "number", "distance", "aisles"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.dictionaries(st.sampled_from(names), junk), st.booleans())
def test_any_words_change_the_plan_or_are_refused_in_a_sentence(
    change: str, words: dict[str, str], all_seats: bool
) -> None:
    plan = a_hall(3, 4)
    before = copy.deepcopy(plan)
    told = ""
    try:
        changed = apply(plan, change, words, guids_of(plan) if all_seats else ())
    except EditError as problem:
        changed, told = plan, problem.message
    assert not told or told.endswith(".")
    assert opened(json.dumps(changed)) == changed
    assert len(guids_of(changed)) == sum(len(ref.seats) for ref in rows_of(changed))
    assert plan == before


# Out as it came in


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_of_the_demo_go_out_as_they_came_in(path: Path) -> None:
    plan = parse_plan(path.read_bytes())
    out = json.dumps(with_kinds(opened(path.read_bytes()), kinds_of(plan)))
    assert parse_plan(out) == plan
    assert json.loads(out) == json.loads(path.read_text())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("curve"), st.fixed_dictionaries({"curve": st.integers(-20, 40).map(str)})),
        st.tuples(st.just("space-seats"), st.fixed_dictionaries({"pitch": st.integers(24, 40).map(str)})),
        st.tuples(st.just("space-rows"), st.fixed_dictionaries({"spacing": st.integers(30, 60).map(str)})),
        st.tuples(st.just("aisle"), st.fixed_dictionaries({"after": st.integers(1, 20).map(str)})),
        st.tuples(
            st.just("number"),
            st.fixed_dictionaries(
                {"start": st.integers(1, 30).map(str), "side": st.sampled_from(["left", "right", "middle"]),
                 "count": st.sampled_from(["all", "odd", "even"]), "skip": st.sampled_from(["", "13", "4, 13"])}
            ),
        ),
        st.tuples(st.just("name-rows"), st.fixed_dictionaries({"first": st.sampled_from(["A", "1", "C"]),
                                                               "from": st.sampled_from(["front", "back"])})),
        st.tuples(st.just("screen"), st.just({})),
        st.tuples(st.just("save-category"), st.fixed_dictionaries(
            {"name": st.sampled_from(["Zebra", "VIP", "Loge"]), "kind": st.sampled_from(KINDS)})),
    ),
    max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(2, 24), steps)
def test_any_plan_that_is_drawn_goes_out_as_it_came_in(
    rows: int, seats: int, todo: list[tuple[str, dict[str, str]]]
) -> None:
    plan = a_hall(rows, seats)
    for change, words in todo:
        try:
            plan = apply(plan, change, words, guids_of(plan))
        except EditError:
            assert change == "save-category"
    read = parse_plan(plan)
    out = json.dumps(with_kinds(plan, kinds_of(read)))
    again = parse_plan(out)
    assert again == read
    assert json.dumps(with_kinds(opened(out), kinds_of(again))) == out


# Which shows follow


def seats_of(*names: str, first: int = 1) -> list[SeatName]:
    return [SeatName(first + place, name.split("=")[0], name.split("=")[-1]) for place, name in enumerate(names)]


def test_a_booked_seat_must_be_there_under_its_name() -> None:
    old, new = seats_of("a=A1", "b=A2", "c=A3"), seats_of("a=A1", "b=A9", first=11)
    assert match(old, new, {1}, set()).why_not == ""
    assert match(old, new, {1}, set()).successors == {1: 11, 2: 12}
    assert "A2 (to A9) would change the name" in match(old, new, {2}, set()).why_not
    assert "A3 would vanish" in match(old, new, {3}, set()).why_not
    assert match(old, new, set(), {2}).why_not == ""
    assert "A3 would vanish" in match(old, new, set(), {3}).why_not
