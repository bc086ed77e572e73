"""Seats taken out of use at the instant somebody holds them, gives them up, or puts the show on sale: one order of things."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import text

from app.db import db
from app.domain.staff import COMMAND
from app.errors import Busy, ConcurrentModification, SeatsTaken
from app.models import Show
from app.services.block_changes import BlockChange, BlockChanged, change_screen_block
from app.services.blocking import ScreenBlocked, block_screen, block_seats, lift_screen_block
from app.services.cancelling import Cancelled, cancel_seats
from app.services.holding import Hold
from app.services.holds import hold_seats, release_booking
from app.services.scheduling import publish_show
from app.services.show_changes import move_show
from tests.builders import a_cinema, a_hold, a_paid_booking, a_screen, a_show, seat_ids
from tests.support.crowd import together

ROUNDS = 40
WHY = "The row has no light."


def states(show_id: int, *seats: int) -> list[str]:
    rows = db.session.execute(
        text("SELECT state FROM show_seats WHERE show_id = :show AND (:all OR seat_id = ANY(:seats)) ORDER BY seat_id"),
        {"show": show_id, "all": not seats, "seats": list(seats)},
    )
    found = list(rows.scalars())
    db.session.commit()
    return found


def test_a_block_and_a_hold_of_the_same_seats_have_one_winner(crowd):
    show = a_show(seats=200, layout={"per_row": 10})
    seats, seen = seat_ids(show), Counter[str]()
    for place in range(ROUNDS):
        wanted = seats[4 * place : 4 * place + 2]
        tasks = [
            lambda w=wanted, p=place: hold_seats(show.id, w, f"s:{p}"),
            lambda w=wanted: block_seats(COMMAND, show.id, w, WHY),
        ]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        held, blocked = results if place % 2 else results[::-1]
        if isinstance(held, Hold):
            assert isinstance(blocked, SeatsTaken), blocked
            assert blocked.details["taken"] == wanted
            assert states(show.id, *wanted) == ["held", "held"]
        else:
            assert isinstance(held, SeatsTaken), held
            assert blocked == 2
            assert states(show.id, *wanted) == ["blocked", "blocked"]
        seen[type(held).__name__] += 1
    assert sum(seen.values()) == ROUNDS


def test_an_auditoriums_block_and_a_hold_leave_each_seat_with_one_of_them(crowd):
    for place in range(ROUNDS // 2):
        show = a_show(screen=a_screen(a_cinema(), 30, 10))
        wanted = seat_ids(show, "B3", "B4")
        tasks = [
            lambda s=show, w=wanted: hold_seats(s.id, w, "s:buyer"),
            lambda s=show, w=wanted: block_screen(COMMAND, s.screen_id, w, WHY),
        ]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        held, blocked = results if place % 2 else results[::-1]
        assert isinstance(blocked, ScreenBlocked), blocked
        assert isinstance(held, Hold | SeatsTaken), held
        assert states(show.id, *wanted) == (["held"] * 2 if isinstance(held, Hold) else ["blocked"] * 2)
        if isinstance(held, Hold):
            release_booking(show.id, held.booking_id)
            assert states(show.id, *wanted) == ["blocked", "blocked"]


def test_a_block_that_is_changed_and_a_hold_leave_each_seat_with_one_of_them(crowd):
    """The seats that a change adds go to the buyer or out of use, those it takes away can be held at once or not yet."""
    for place in range(ROUNDS // 2):
        show = a_show(screen=a_screen(a_cinema(), 30, 10))
        gone, added = seat_ids(show, "A1", "A2"), seat_ids(show, "B3", "B4")
        block_id = block_screen(COMMAND, show.screen_id, gone, WHY).block_id
        wish = BlockChange(frozenset(added), WHY)
        tasks = [
            lambda s=show, w=added: hold_seats(s.id, w, "s:one"),
            lambda s=show, b=block_id, w=wish: change_screen_block(COMMAND, s.screen_id, b, w),
            lambda s=show, w=gone: hold_seats(s.id, w, "s:two"),
        ]
        turned = place % 3
        results = together(crowd, tasks[turned:] + tasks[:turned])
        first, changed, second = results[-turned:] + results[:-turned] if turned else results
        assert isinstance(changed, BlockChanged), changed
        assert isinstance(first, Hold | SeatsTaken), first
        assert isinstance(second, Hold | SeatsTaken), second
        assert states(show.id, *added) == (["held"] * 2 if isinstance(first, Hold) else ["blocked"] * 2)
        assert states(show.id, *gone) == (["held"] * 2 if isinstance(second, Hold) else ["free"] * 2)
        if isinstance(first, Hold):
            release_booking(show.id, first.booking_id)
            assert states(show.id, *added) == ["blocked", "blocked"]


def test_of_two_who_change_one_block_at_once_one_is_told(crowd):
    for _ in range(ROUNDS // 4):
        show = a_show(screen=a_screen(a_cinema(), 30, 10))
        block_id = block_screen(COMMAND, show.screen_id, seat_ids(show, "A1"), WHY).block_id
        wishes = [BlockChange(frozenset(seat_ids(show, label)), WHY) for label in ("B1", "C1", "C2")]
        results = together(
            crowd, [lambda s=show, w=w, b=block_id: change_screen_block(COMMAND, s.screen_id, b, w) for w in wishes]
        )
        assert sorted(type(one).__name__ for one in results) == ["BlockChanged"] + ["ConcurrentModification"] * 2
        assert Counter(states(show.id)) == {"blocked": 1, "free": 29}


def test_a_show_published_while_its_auditorium_is_blocked_opens_without_those_seats(crowd):
    for place in range(ROUNDS // 2):
        show = a_show(screen=a_screen(a_cinema(), 30, 10), published=False)
        seats = seat_ids(show, "A1", "A2")
        tasks = [
            lambda s=show: publish_show(s.id, "test"),
            lambda s=show, w=seats: block_screen(COMMAND, s.screen_id, w, WHY),
        ]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        published, blocked = results if place % 2 else results[::-1]
        assert published is True
        assert isinstance(blocked, ScreenBlocked), blocked
        assert Counter(states(show.id)) == {"blocked": 2, "free": 28}


def test_a_show_published_while_its_own_seats_are_blocked_opens_without_them(crowd):
    for place in range(ROUNDS // 2):
        show = a_show(screen=a_screen(a_cinema(), 30, 10), published=False)
        seats = seat_ids(show, "A1", "A2")
        tasks = [
            lambda s=show: publish_show(s.id, "test"),
            lambda s=show, w=seats: block_seats(COMMAND, s.id, w, WHY),
        ]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        assert not [one for one in results if isinstance(one, Exception)], results
        assert Counter(states(show.id)) == {"blocked": 2, "free": 28}


def test_seats_given_up_while_they_are_blocked_are_never_free_again(crowd):
    for place in range(ROUNDS // 2):
        show = a_show(screen=a_screen(a_cinema(), 30, 10))
        held, sold = (
            a_hold(show, seats=seat_ids(show, "A1", "A2")),
            a_paid_booking(show, seats=seat_ids(show, "B1", "B2")),
        )
        seats = seat_ids(show, "A1", "A2", "B1", "B2")
        tasks = [
            lambda s=show, b=held: release_booking(s.id, b.id),
            lambda s=show, b=sold: cancel_seats(s.id, b.id, None, expected_minor=1935),
            lambda s=show, w=seats: block_screen(COMMAND, s.screen_id, w, WHY),
        ]
        turned = tasks[place % 3 :] + tasks[: place % 3]
        results = together(crowd, turned)
        assert any(isinstance(one, ScreenBlocked) for one in results), results
        assert any(isinstance(one, Cancelled) for one in results), results
        assert states(show.id, *seats) == ["blocked"] * 4


def test_a_show_moved_while_its_auditorium_is_blocked_has_the_seats_that_it_should(crowd):
    for place in range(ROUNDS // 2):
        cinema = a_cinema()
        broken, sound = a_screen(cinema, 30, 10), a_screen(cinema, 30, 10)
        show = a_show(screen=sound if place % 2 else broken)
        goes_to, starts_at = (broken if place % 2 else sound), show.starts_at
        seats = [seat.id for seat in _seats_of(broken.layout_id)[:2]]
        tasks = [
            lambda s=show, to=goes_to, at=starts_at: move_show(COMMAND, s.id, to.id, at, "other screen"),
            lambda b=broken, w=seats: block_screen(COMMAND, b.id, w, WHY),
            lambda s=show: publish_show(s.id, "test"),
        ]
        results = together(crowd, tasks[place % 3 :] + tasks[: place % 3])
        told = [one for one in results if isinstance(one, Exception)]  # who puts on sale what is just moved looks again
        assert all(isinstance(one, ConcurrentModification) for one in told), results
        assert Counter(states(show.id)) == ({"blocked": 2, "free": 28} if goes_to is broken else {"free": 30})


def _seats_of(layout_id):
    rows = db.session.execute(text("SELECT id FROM seats WHERE layout_id = :id ORDER BY id"), {"id": layout_id}).all()
    db.session.commit()
    return rows


def test_many_blocks_made_and_ended_over_many_shows_never_wait_in_a_ring(crowd, no_deadlock):
    """Managers of one screen, and buyers in all of its shows: nobody is deadlocked, and the end is what the blocks say."""
    screen = a_screen(a_cinema(), 30, 10)
    shows: list[Show] = [a_show(screen=screen, starts_in=dt.timedelta(hours=5 * number + 5)) for number in range(5)]
    seats = seat_ids(shows[0])

    def mend(place: int) -> str:
        done = block_screen(COMMAND, screen.id, seats[3 * place : 3 * place + 6], WHY)
        lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
        return "mended"

    def buy(place: int) -> str:
        try:
            hold = hold_seats(shows[place % 5].id, seats[3 * place : 3 * place + 2], f"s:{place}")
        except (SeatsTaken, Busy):
            return "refused"
        release_booking(hold.show_id, hold.booking_id)
        return "released"

    tasks = [*(lambda p=place: mend(p) for place in range(6)), *(lambda p=place: buy(p) for place in range(8))]
    results = together(crowd, tasks)
    assert {one for one in results if isinstance(one, str)} >= {"mended"}, results
    assert not [one for one in results if isinstance(one, Exception)], results
    for show in shows:
        assert Counter(states(show.id)) == {"free": 30}
