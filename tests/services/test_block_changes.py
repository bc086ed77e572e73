"""A block of an auditorium that is changed: seats added and taken away, another time, and what is over stays as it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app import clock
from app.domain.staff import COMMAND, Role
from app.errors import ConcurrentModification, Forbidden, Invalid, InvalidSeats, NotFound
from app.models import Cinema, Screen, Show
from app.services.block_changes import BlockChange, change_screen_block
from app.services.blocking import block_screen, lift_screen_block
from app.services.cancelling import cancel_seats
from tests.builders import a_cinema, a_paid_booking, a_person, a_screen, a_show, seat_ids
from tests.services.test_blocking import blocked, new_version
from tests.support.calling_off import rows
from tests.support.staff import by

WHY = "The row has no light."
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def cinema(app: Any) -> Cinema:
    return a_cinema()


@pytest.fixture
def screen(cinema: Cinema) -> Screen:
    return a_screen(cinema, 30, 10)


@pytest.fixture
def show(screen: Screen) -> Show:
    return a_show(screen=screen)


def a_block(show: Show, *labels: str, **times: Any) -> int:
    return block_screen(COMMAND, show.screen_id, seat_ids(show, *labels), WHY, **times).block_id


def to(show: Show, *labels: str, reason: str = WHY, **times: Any) -> BlockChange:
    return BlockChange(frozenset(seat_ids(show, *labels)), reason, **times)


def test_seats_are_added_and_taken_away_in_all_coming_shows(show: Show, screen: Screen):
    later = a_show(screen=screen, starts_in=30 * HOUR)
    done = change_screen_block(COMMAND, screen.id, a_block(show, "A1", "A2"), to(show, "A2", "A3", "B1"))
    assert done is not None
    assert (done.out, done.back, done.shows) == (4, 2, 2)
    assert done.names == ("A2", "A3", "B1")
    assert blocked(show) == blocked(later) == ["A2", "A3", "B1"]
    assert blocked(a_show(screen=screen, starts_in=60 * HOUR)) == ["A2", "A3", "B1"]
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    assert blocked(show) == blocked(later) == []


def test_another_time_moves_the_block_to_other_shows(show: Show, screen: Screen):
    later = a_show(screen=screen, starts_in=30 * HOUR)
    block_id = a_block(show, "A1", until_at=clock.now() + 10 * HOUR)
    assert (blocked(show), blocked(later)) == (["A1"], [])
    done = change_screen_block(COMMAND, screen.id, block_id, to(show, "A1", from_at=clock.now() + 20 * HOUR))
    assert done is not None
    assert (done.out, done.back, done.shows) == (1, 1, 2)
    assert (blocked(show), blocked(later)) == ([], ["A1"])


def test_a_seat_that_another_block_holds_stays_out_of_use(show: Show, screen: Screen):
    a_block(show, "A1")
    second = a_block(show, "A1", "A2")
    change_screen_block(COMMAND, screen.id, second, to(show, "A3"))
    assert blocked(show) == ["A1", "A3"]


def test_a_sold_seat_follows_when_it_is_given_back_and_not_once_it_is_taken_out_of_the_block(
    show: Show, screen: Screen
):
    booking = a_paid_booking(show, seats=seat_ids(show, "A1", "A2"))
    done = change_screen_block(COMMAND, screen.id, a_block(show, "B1"), to(show, "B1", "A1"))
    assert done is not None
    assert (done.out, done.back, done.shows, done.names) == (0, 0, 0, ("A1", "B1"))
    cancel_seats(show.id, booking.id, None, expected_minor=1935)
    assert blocked(show) == ["A1", "B1"]
    change_screen_block(COMMAND, screen.id, done.block_id, to(show, "B1"))
    assert blocked(show) == ["B1"]


def test_shows_that_are_over_keep_what_was_true_of_them(show: Show, screen: Screen, moved_clock: Any):
    """The promises of every show are looked at when this test ends."""
    block_id = a_block(show, "A1")
    moved_clock.forward(days=2)
    coming = a_show(screen=screen)
    change_screen_block(COMMAND, screen.id, block_id, to(show, "B1", from_at=clock.now() - 90 * HOUR))
    assert (blocked(show), blocked(coming)) == (["A1"], ["B1"])


def test_who_changes_what_somebody_else_changed_or_ended_is_told(show: Show, screen: Screen):
    block_id = a_block(show, "A1")
    done = change_screen_block(COMMAND, screen.id, block_id, to(show, "A2"))
    assert done is not None
    with pytest.raises(ConcurrentModification, match="has changed this block since you opened the page"):
        change_screen_block(COMMAND, screen.id, block_id, to(show, "A3"))
    with pytest.raises(ConcurrentModification, match="has changed this block since you opened the page"):
        lift_screen_block(COMMAND, screen.id, block_id, "mended")
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    with pytest.raises(ConcurrentModification, match="put back into use already"):
        change_screen_block(COMMAND, screen.id, done.block_id, to(show, "A3"))
    assert blocked(show) == []


def test_what_is_as_it_was_is_no_change(show: Show, screen: Screen):
    block_id = a_block(show, "A1", "A2")
    assert change_screen_block(COMMAND, screen.id, block_id, to(show, "A1", "A2", reason=f" {WHY} ")) is None
    assert len(rows("SELECT FROM seat_blocks")) == 1
    done = change_screen_block(COMMAND, screen.id, block_id, to(show, "A1", "A2", reason="The whole row is dark."))
    assert done is not None
    assert blocked(show) == ["A1", "A2"]


def test_what_can_not_be_is_told_and_nothing_is_changed(show: Show, screen: Screen):
    block_id, now = a_block(show, "A1"), clock.now()
    for wanted in (to(show, reason=" "), BlockChange(frozenset(), WHY), to(show, "A2", reason="x" * 301)):
        with pytest.raises(Invalid):
            change_screen_block(COMMAND, screen.id, block_id, wanted)
    for begins, ends in ((now + 2 * HOUR, now + HOUR), (None, now - HOUR)):
        with pytest.raises(Invalid, match="end has to lie after"):
            change_screen_block(COMMAND, screen.id, block_id, to(show, "A2", from_at=begins, until_at=ends))
    elsewhere = a_show(screen=a_screen(a_cinema(), 30, 10))
    with pytest.raises(InvalidSeats):
        change_screen_block(COMMAND, screen.id, block_id, to(elsewhere, "A2"))
    with pytest.raises(NotFound):
        change_screen_block(COMMAND, elsewhere.screen_id, block_id, to(elsewhere, "A2"))
    other = by(a_person(Role.MANAGER, a_cinema()))
    with pytest.raises(Forbidden):
        change_screen_block(other, screen.id, block_id, to(show, "A2"))
    assert blocked(show) == ["A1"]


def test_seats_that_the_version_in_use_does_not_have_stay_in_the_block(show: Show, screen: Screen):
    block_id = a_block(show, "A1", "C9")
    new_version(screen.id, "delete", {}, "C9", "C10")
    (a2,) = rows("SELECT id FROM seats WHERE layout_id = (SELECT layout_id FROM screens WHERE id = :id) "
                 "AND label = 'A2'", id=screen.id)  # fmt: skip
    change_screen_block(COMMAND, screen.id, block_id, BlockChange(frozenset({a2.id}), WHY))
    assert blocked(show) == ["A2", "C9"]


def test_a_change_is_written_down_with_what_it_was_before(cinema: Cinema, show: Show, screen: Screen):
    ruth = a_person(Role.MANAGER, cinema)
    change_screen_block(by(ruth), screen.id, a_block(show, "A1"), to(show, "A2", reason="A leak."))
    (entry,) = rows("SELECT * FROM audit_entries WHERE action = 'screen.seats_block_changed'")
    assert (entry.user_id, entry.subject_id, entry.cinema_id) == (ruth.id, screen.id, cinema.id)
    assert entry.before == {"seats": ["A1"], "reason": WHY}
    assert entry.after == {"seats": ["A2"], "reason": "A leak."}
