"""Best blocks, the orphan rule, companions and offers, against brute force on small halls."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.seating import (
    Hall,
    Seat,
    best_blocks,
    check_companions,
    companions_for,
    neighbours_to_offer,
    orphans,
)

QUICK = settings(max_examples=120, deadline=None)
LETTERS = {"s": "standard", "l": "love", "w": "wheelchair", "c": "companion", "p": "standard"}


def a_hall(*rows: str) -> list[Seat]:
    """Rows from the front; a letter is a seat (s, p = premium price, l, w, c), a space an aisle. Ids count
    from 1."""
    seats: list[Seat] = []
    run = 0
    for row_index, row in enumerate(rows):
        run += 1
        position = 0
        for column, letter in enumerate(row):
            if letter == " ":
                run += 1
                continue
            category = "premium" if letter == "p" else "standard"
            seats.append(
                Seat(
                    len(seats) + 1,
                    run,
                    position,
                    column * 10.0,
                    row_index * 12.0,
                    LETTERS[letter],
                    category,
                    row_index,
                )
            )
            position += 1
    return seats


def ids(seats: list[Seat]) -> set[int]:
    return {seat.id for seat in seats}


def runs_of(seats: list[Seat]) -> list[list[Seat]]:
    by_run: dict[int, list[Seat]] = {}
    for seat in seats:
        by_run.setdefault(seat.run, []).append(seat)
    return [sorted(run, key=lambda seat: seat.position) for run in by_run.values()]


def adjacent_blocks(seats: list[Seat], free: set[int], size: int) -> list[tuple[int, ...]]:
    """Every block of ordinary free seats side by side, found the plain way."""
    blocks = []
    for run in runs_of(seats):
        for start in range(len(run) - size + 1):
            part = run[start : start + size]
            ordinary = all(seat.kind not in ("wheelchair", "companion") for seat in part)
            if ordinary and all(seat.id in free for seat in part):
                blocks.append(tuple(seat.id for seat in part))
    return blocks


def lonely(run: list[Seat], free: set[int]) -> set[int]:
    found = set()
    for index, seat in enumerate(run):
        neighbours = [run[near].id for near in (index - 1, index + 1) if 0 <= near < len(run)]
        if seat.id in free and not any(near in free for near in neighbours):
            found.add(seat.id)
    return found


def newly_alone(run: list[Seat], free: set[int], chosen: set[int]) -> set[int]:
    exempt = {seat.id for seat in run if seat.kind in ("wheelchair", "companion")}
    before = free - (chosen & exempt)
    return lonely(run, before - chosen) - lonely(run, before) - exempt


def refused_by_hand(seats: list[Seat], free: set[int], chosen: set[int]) -> bool:
    for run in runs_of(seats):
        here = {seat.id for seat in run if seat.id in chosen and seat.kind not in ("wheelchair", "companion")}
        taken = {seat.id for seat in run if seat.id in chosen} - here
        if not newly_alone(run, free, here | taken):
            continue
        others = adjacent_blocks(run, free - taken, len(here))
        if any(not newly_alone(run, free - taken, set(other)) for other in others):
            return True
    return False


@st.composite
def halls(draw: st.DrawFn) -> list[Seat]:
    row = st.text("sssslwcp ", min_size=1, max_size=9).filter(lambda text: text.strip() != "")
    return a_hall(*draw(st.lists(row, min_size=1, max_size=4)))


@st.composite
def halls_and_free(draw: st.DrawFn) -> tuple[list[Seat], set[int]]:
    seats = draw(halls())
    return seats, draw(st.sets(st.sampled_from(sorted(ids(seats)))))


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[Seat], set[int], set[int]]:
    seats, free = draw(halls_and_free())
    chosen = draw(st.sets(st.sampled_from(sorted(ids(seats))), min_size=1, max_size=5))
    return seats, free | chosen, chosen


@QUICK
@given(halls_and_free(), st.integers(1, 6))
def test_blocks_are_free_ordinary_seats_of_the_right_number(hall: tuple[list[Seat], set[int]], size: int) -> None:
    seats, free = hall
    ordinary = {seat.id for seat in seats if seat.kind not in ("wheelchair", "companion")} & free
    blocks = best_blocks(seats, free, size)
    assert bool(blocks) == (len(ordinary) >= size)
    for block in blocks:
        assert len(set(block)) == len(block) == size
        assert set(block) <= ordinary


@QUICK
@given(halls_and_free(), st.integers(1, 5))
def test_a_party_sits_side_by_side_whenever_an_acceptable_block_exists(
    hall: tuple[list[Seat], set[int]], size: int
) -> None:
    seats, free = hall
    adjacent = adjacent_blocks(seats, free, size)
    if any(not refused_by_hand(seats, free, set(block)) for block in adjacent):
        assert set(best_blocks(seats, free, size)) <= set(adjacent)


@QUICK
@given(halls_and_free(), st.integers(1, 5))
def test_the_best_block_leaves_nobody_alone_when_some_block_does_not(
    hall: tuple[list[Seat], set[int]], size: int
) -> None:
    seats, free = hall
    run_of = {seat.id: run for run in runs_of(seats) for seat in run}
    adjacent = adjacent_blocks(seats, free, size)
    if any(not newly_alone(run_of[block[0]], free, set(block)) for block in adjacent):
        for block in best_blocks(seats, free, size):
            assert not newly_alone(run_of[block[0]], free, set(block))
            assert not orphans(seats, free, block).refused


@QUICK
@given(halls_and_free(), st.integers(2, 6))
def test_a_split_party_sits_in_as_few_parts_as_possible(hall: tuple[list[Seat], set[int]], size: int) -> None:
    seats, free = hall
    blocks = best_blocks(seats, free, size)
    if not blocks or adjacent_blocks(seats, free, size):
        return
    lengths = sorted((len(part) for part in pieces(seats, free)), reverse=True)
    fewest = next(count for count in range(1, size + 1) if sum(lengths[:count]) >= size)
    for block in blocks:
        assert len([part for part in pieces(seats, set(block)) if part]) == fewest


def pieces(seats: list[Seat], free: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for run in runs_of(seats):
        part: list[int] = []
        for seat in [*run, None]:
            if seat is not None and seat.id in free and seat.kind not in ("wheelchair", "companion"):
                part.append(seat.id)
            elif part:
                found.append(part)
                part = []
    return found


@QUICK
@given(halls_and_free(), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_the_seats(
    hall: tuple[list[Seat], set[int]], size: int, random: Random
) -> None:
    seats, free = hall
    shuffled = list(seats)
    random.shuffle(shuffled)
    assert best_blocks(shuffled, sorted(free, reverse=True), size) == best_blocks(Hall(seats), free, size)


def mirrored(seats: list[Seat]) -> list[Seat]:
    length = {seat.run: sum(other.run == seat.run for other in seats) for seat in seats}
    return [
        Seat(s.id, s.run, length[s.run] - 1 - s.position, -s.x, s.y, s.kind, s.category, s.row_index) for s in seats
    ]


@QUICK
@given(halls_and_free(), st.integers(1, 5))
def test_a_mirrored_hall_gives_blocks_that_are_just_as_good(hall: tuple[list[Seat], set[int]], size: int) -> None:
    seats, free = hall
    if any(seat.kind == "love" for seat in seats) or not adjacent_blocks(seats, free, size):
        return  # an odd number of love seats pairs up from the left
    cost = Hall(seats).cost
    straight, turned = best_blocks(seats, free, size, top=1), best_blocks(mirrored(seats), free, size, top=1)
    assert [round(sum(cost[one] for one in block), 6) for block in straight] == [
        round(sum(cost[one] for one in block), 6) for block in turned
    ]


@QUICK
@given(choices())
def test_a_mirrored_hall_gives_the_same_orphan_verdict(case: tuple[list[Seat], set[int], set[int]]) -> None:
    seats, free, chosen = case
    straight, turned = orphans(seats, free, chosen), orphans(mirrored(seats), free, chosen)
    assert (straight.refused, set(straight.orphans)) == (turned.refused, set(turned.orphans))


@settings(max_examples=400, deadline=None)
@given(choices())
def test_the_orphan_verdict_is_that_of_brute_force(case: tuple[list[Seat], set[int], set[int]]) -> None:
    seats, free, chosen = case
    verdict = orphans(seats, free, chosen)
    assert verdict.refused == refused_by_hand(seats, free, chosen)
    assert set(verdict.orphans) <= free - chosen
    assert bool(verdict.orphans) == bool(verdict.shifts) == verdict.refused


@settings(max_examples=300, deadline=None)
@given(choices())
def test_offered_shifts_are_free_of_the_same_size_and_accepted(
    case: tuple[list[Seat], set[int], set[int]],
) -> None:
    seats, free, chosen = case
    shifts = orphans(seats, free, chosen).shifts
    assert len(shifts) <= 2
    for shift in shifts:
        assert len(set(shift)) == len(chosen)
        assert set(shift) <= free
        assert not orphans(seats, free, shift).refused


def test_one_seat_from_the_aisle_is_refused_and_shifts_by_one_are_offered() -> None:
    seats = a_hall("ssssss")
    verdict = orphans(seats, ids(seats), [2, 3])
    assert verdict.refused
    assert verdict.orphans == (1,)
    assert verdict.shifts == ((3, 4), (1, 2))


def test_a_single_gap_that_cannot_be_avoided_is_allowed() -> None:
    seats = a_hall("sss")
    assert not orphans(seats, ids(seats), [1, 2]).refused


def test_a_seat_that_was_alone_before_is_nobodys_fault() -> None:
    seats = a_hall("sssssss")
    assert not orphans(seats, {1, 3, 4, 5, 6, 7}, [3, 4]).refused


def test_an_aisle_ends_the_run() -> None:
    seats = a_hall("ss ssss")
    assert not orphans(seats, ids(seats), [3, 4]).refused
    assert orphans(seats, ids(seats), [4, 5]).orphans == (3, 6)


def test_wheelchair_spaces_and_companion_seats_are_exempt() -> None:
    seats = a_hall("wcssss")
    assert not orphans(seats, {2, 3, 4}, [3, 4]).refused, "a companion seat left over is no orphan"
    assert not orphans(seats, {1, 2, 3}, [1, 2]).refused, "nobody is isolated by a companion"


def test_a_shift_in_the_same_price_category_comes_first() -> None:
    seats = a_hall("psss")
    assert orphans(seats, ids(seats), [2, 3]).shifts == ((3, 4), (1, 2))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 10])
def test_an_empty_hall_gives_the_middle_two_thirds_back(size: int) -> None:
    seats = a_hall(*["s" * 20] * 15)
    block = [seat for seat in seats if seat.id in best_blocks(seats, ids(seats), size)[0]]
    assert {seat.row_index for seat in block} == {9}
    assert abs(sum(seat.x for seat in block) / size - 95) <= 10


def test_the_five_best_blocks_share_no_seat() -> None:
    seats = a_hall(*["s" * 12] * 8)
    blocks = best_blocks(seats, ids(seats), 2)
    assert len(blocks) == 5
    assert len({one for block in blocks for one in block}) == 10


def test_love_seat_pairs_are_not_torn_apart_while_there_is_something_else() -> None:
    seats = a_hall("llll", "ssss")
    assert best_blocks(seats, {1, 2, 3, 4, 5}, 1) == [(5,)]
    assert set(best_blocks(seats, {1, 2, 3, 4}, 2)) == {(1, 2), (3, 4)}


def test_a_category_is_kept_to() -> None:
    seats = a_hall("ssss", "pppp", "ssss")
    assert all(set(block) <= {5, 6, 7, 8} for block in best_blocks(seats, ids(seats), 2, category="premium"))
    assert best_blocks(seats, {1, 2, 5}, 2, category="premium") == []


def test_step_free_gives_one_wheelchair_space_and_its_companions() -> None:
    seats = a_hall("ssssssss", "wccwssss")
    assert best_blocks(seats, ids(seats), 1, step_free=True)[0] in {(9,), (12,)}
    assert best_blocks(seats, ids(seats), 3, step_free=True)[0] in {(9, 10, 11), (10, 11, 12)}
    five = best_blocks(seats, ids(seats), 5, step_free=True)[0]
    assert {seat.kind for seat in seats if seat.id in five} == {"wheelchair", "companion", "standard"}


def test_step_free_spends_one_wheelchair_space_where_it_can() -> None:
    seats = a_hall("wccs", "wccw", "ssss")
    assert best_blocks(seats, ids(seats), 4, step_free=True)[0] == (1, 2, 3, 4)


def test_step_free_is_not_sent_elsewhere_for_the_sake_of_a_single_seat() -> None:
    seats = a_hall("wcss", "wcs")
    assert best_blocks(seats, ids(seats), 2, step_free=True)[0] == (5, 6)
    turned = a_hall("sscw", "scw")
    assert best_blocks(turned, ids(turned), 2, step_free=True)[0] == (6, 7)


def test_step_free_without_a_free_wheelchair_space_finds_nothing() -> None:
    seats = a_hall("wcss")
    assert best_blocks(seats, {2, 3, 4}, 2, step_free=True) == []


def test_nobody_sits_alone_when_the_party_can_be_split_evenly() -> None:
    seats = a_hall("ssss ssss")
    assert [len([one for one in best_blocks(seats, ids(seats), 5)[0] if one <= 4])] in ([2], [3])


def test_parts_of_a_party_sit_near_each_other() -> None:
    seats = a_hall("sss      sss", "sss      sss")
    block = best_blocks(seats, ids(seats) - {2}, 5)[0]
    assert len({seat.x < 50 for seat in seats if seat.id in block}) == 1


def test_a_party_of_nobody_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        best_blocks(a_hall("ss"), {1, 2}, 0)


def test_a_wheelchair_space_goes_with_three_adjoining_companion_seats_at_most() -> None:
    seats = a_hall("sccwccs", "wss c")
    assert companions_for(seats, 4) == (3, 5, 2)
    assert companions_for(seats, 8) == ()


def test_companion_seats_qualify_only_beside_a_chosen_wheelchair_space() -> None:
    seats = a_hall("wcccc sc", "wc")
    assert check_companions(seats, {1, 2, 3, 4, 5}) == {2, 3, 4}
    assert check_companions(seats, {2, 3, 7, 9}) == set()
    assert check_companions(seats, {1, 9}) == set()


def test_the_loser_of_one_seat_is_offered_a_block_with_the_kept_one() -> None:
    seats = a_hall("sssssss", "sssssss")
    assert neighbours_to_offer(seats, ids(seats) - {3}, [3], [4], 2) == (4, 5)


def test_an_offer_is_never_one_that_the_orphan_rule_refuses() -> None:
    seats = a_hall("ssssss", "ssssss")
    offer = neighbours_to_offer(seats, ids(seats) - {3}, [3], [4], 2)
    assert offer != (4, 5), "that would leave seat 6 alone"
    assert not orphans(seats, ids(seats) - {3}, offer).refused


def test_who_lost_all_is_offered_seats_nearby() -> None:
    seats = a_hall("ssssss", "ssssss", "ssssss")
    assert neighbours_to_offer(seats, ids(seats) - {9, 10}, [9, 10], [], 2) in {
        (3, 4),
        (15, 16),
        (7, 8),
        (11, 12),
    }


def test_who_lost_a_companion_seat_keeps_the_wheelchair_space() -> None:
    seats = a_hall("cwcss", "sssss")
    assert neighbours_to_offer(seats, ids(seats) - {1}, [1], [2], 2) == (2, 3)


def test_kept_seats_are_filled_up_from_elsewhere_when_nothing_is_side_by_side() -> None:
    seats = a_hall("s s s s")
    assert set(neighbours_to_offer(seats, {1, 3, 4}, [2], [3], 2)) in ({3, 4}, {3, 1})
    assert neighbours_to_offer(seats, {1}, [2], [3], 3) == ()


@QUICK
@given(choices(), st.data())
def test_offers_are_free_or_kept_and_of_the_right_number(
    case: tuple[list[Seat], set[int], set[int]], data: st.DataObject
) -> None:
    seats, free, wanted = case
    lost = data.draw(st.sets(st.sampled_from(sorted(wanted)), min_size=1))
    kept = wanted - lost
    offer = neighbours_to_offer(seats, free - wanted, lost, kept, len(wanted))
    if offer:
        assert len(set(offer)) == len(wanted)
        assert set(offer) <= (free - wanted) | kept


def test_of_five_seats_only_pairs_that_leave_three_together_are_accepted() -> None:
    seats = a_hall("sssss")
    verdicts = {pair: orphans(seats, ids(seats), pair).refused for pair in combinations(range(1, 6), 2)}
    assert {pair for pair, refused in verdicts.items() if not refused} == {(1, 2), (1, 5), (4, 5)}
