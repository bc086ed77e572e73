"""Seats out of use: for one show and for an auditorium, always with a reason, never under somebody who has them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.staff import COMMAND, Role
from app.errors import ConcurrentModification, Conflict, Forbidden, Invalid, InvalidSeats, NotFound, SeatsTaken
from app.models import Cinema, Screen, Show
from app.queries.layout_drafts import drawing_of
from app.queries.seat_map import fresh_seat_map, seat_map
from app.services import holds
from app.services.blocking import block_screen, block_seats, lift_screen_block, put_back
from app.services.cancelling import cancel_seats
from app.services.layout_moves import move_shows
from app.services.layouts_edit import change_draft, use_draft
from app.services.payments import settle_payment
from app.services.scheduling import publish_show, publish_shows
from app.services.show_changes import delete_draft, move_show
from tests.builders import (
    a_cinema,
    a_hold,
    a_paid_booking,
    a_person,
    a_screen,
    a_show,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.calling_off import one, rows
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


def blocked(show: Show) -> list[str]:
    """The labels of the seats that are out of use."""
    found = rows(
        "SELECT s.label FROM show_seats z JOIN seats s ON s.id = z.seat_id "
        "WHERE z.show_id = :id AND z.state = 'blocked' ORDER BY s.id",
        id=show.id,
    )
    return [row.label for row in found]


def ids(show: Show, *labels: str) -> list[int]:
    return seat_ids(show, *labels)


# One show


def test_blocked_seats_say_who_took_them_when_and_why(cinema: Cinema, show: Show):
    ruth = a_person(Role.MANAGER, cinema)
    seat_map(show.id)
    assert block_seats(by(ruth), show.id, ids(show, "A1", "A2"), WHY) == 2
    assert blocked(show) == ["A1", "A2"]
    assert seat_map(show.id).states.count("b") == 2, "the kept map is forgotten at once"
    assert rows("SELECT show_id, screen_id, reason, made_by FROM seat_blocks") == [(show.id, None, WHY, ruth.id)]
    (entry,) = rows("SELECT user_id, cinema_id, action, subject_id, after, reason FROM audit_entries")
    assert entry == (ruth.id, cinema.id, "show.seats_blocked", show.id, {"seats": ["A1", "A2"]}, WHY)
    assert one("SELECT sum(version) FROM show_seats WHERE show_id = :id", id=show.id) == 2


def test_blocking_again_keeps_the_first_reason(show: Show):
    block_seats(COMMAND, show.id, ids(show, "A1"), WHY)
    assert block_seats(COMMAND, show.id, ids(show, "A1", "A2"), "Guests of honour.") == 1
    assert block_seats(COMMAND, show.id, ids(show, "A1", "A2"), "Once more.") == 0
    assert [row.reason for row in rows("SELECT reason FROM seat_blocks ORDER BY id")] == [WHY, "Guests of honour."]


def test_what_somebody_has_is_not_blocked_and_nothing_else_either(show: Show):
    a_hold(show, seats=ids(show, "A1", "A2"))
    a_paid_booking(show, seats=ids(show, "B1", "B2"))
    with pytest.raises(SeatsTaken) as refused:
        block_seats(COMMAND, show.id, ids(show, "A2", "A3", "B1"), WHY)
    assert refused.value.details["taken"] == ids(show, "A2", "B1")
    assert blocked(show) == []
    assert one("SELECT count(*) FROM seat_blocks") == 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_no_block_without_a_reason(show: Show, reason: str):
    with pytest.raises(Invalid, match="in a few words why"):
        block_seats(COMMAND, show.id, ids(show, "A1"), reason)
    with pytest.raises(Invalid, match="in a few words why"):
        block_screen(COMMAND, show.screen_id, ids(show, "A1"), reason)


def test_what_can_not_be_blocked_is_told(show: Show, moved_clock: Any):
    other = a_show()
    with pytest.raises(Invalid, match="at least one seat"):
        block_seats(COMMAND, show.id, [], WHY)
    with pytest.raises(InvalidSeats):
        block_seats(COMMAND, show.id, ids(other, "A1"), WHY)
    with pytest.raises(NotFound):
        block_seats(COMMAND, 999, [1], WHY)
    moved_clock.forward(days=2)
    with pytest.raises(Invalid, match="over"):
        block_seats(COMMAND, show.id, ids(show, "A1"), WHY)


def test_another_cinemas_manager_blocks_nothing(show: Show):
    stranger = by(a_person(Role.MANAGER, a_cinema()))
    with pytest.raises(Forbidden):
        block_seats(stranger, show.id, ids(show, "A1"), WHY)
    with pytest.raises(Forbidden):
        block_screen(stranger, show.screen_id, ids(show, "A1"), WHY)
    assert blocked(show) == []


def test_put_back_seats_can_be_sold_at_once(cinema: Cinema, show: Show):
    ruth = a_person(Role.MANAGER, cinema)
    block_seats(by(ruth), show.id, ids(show, "A1", "A2", "A3"), WHY)
    assert put_back(by(ruth), show.id, ids(show, "A1", "A2"), "mended") == 2
    assert blocked(show) == ["A3"]
    a_paid_booking(show, seats=ids(show, "A1", "A2"))
    lifted = rows("SELECT guid, lifted_by FROM seat_block_seats WHERE lifted_at IS NOT NULL ORDER BY guid")
    assert lifted == [("A1", ruth.id), ("A2", ruth.id)]
    assert one("SELECT before FROM audit_entries ORDER BY id DESC LIMIT 1") == {"seats": ["A1", "A2"]}
    with pytest.raises(Invalid, match="None of these"):
        put_back(COMMAND, show.id, ids(show, "A1"), "again")


def test_a_block_that_somebody_else_made_meanwhile_is_not_lifted_unseen(show: Show):
    block_seats(COMMAND, show.id, ids(show, "A1"), WHY)
    seen = [row.id for row in rows("SELECT id FROM seat_blocks")]
    put_back(COMMAND, show.id, ids(show, "A1"), "mended")
    block_seats(COMMAND, show.id, ids(show, "A1"), "Water comes in.")
    with pytest.raises(ConcurrentModification, match="Water comes in"):
        put_back(COMMAND, show.id, ids(show, "A1"), "mended", seen)
    assert blocked(show) == ["A1"]


def test_a_draft_is_published_with_its_seats_out_of_use(screen: Screen):
    draft = a_show(screen=screen, published=False)
    block_seats(COMMAND, draft.id, ids(draft, "B5"), "For the speaker.")
    publish_show(draft.id, "test")
    assert blocked(draft) == ["B5"]


# An auditorium


def test_an_auditoriums_block_holds_in_the_shows_that_run_meanwhile(screen: Screen):
    early, meanwhile, late = (a_show(screen=screen, starts_in=hours * HOUR) for hours in (2, 10, 30))
    begins, ends = clock.now() + 8 * HOUR, clock.now() + 20 * HOUR
    done = block_screen(COMMAND, screen.id, ids(early, "A1", "A2"), WHY, begins, ends)
    assert (done.seats, done.shows) == (2, 1)
    assert [blocked(show) for show in (early, meanwhile, late)] == [[], ["A1", "A2"], []]


def test_a_block_that_begins_during_a_show_holds_for_that_show(screen: Screen):
    show = a_show(screen=screen, starts_in=2 * HOUR)
    block_screen(COMMAND, screen.id, ids(show, "A1"), WHY, show.starts_at + HOUR, None)
    assert blocked(show) == ["A1"]
    after = a_show(screen=a_screen(a_cinema(), 30, 10), starts_in=2 * HOUR)
    block_screen(COMMAND, after.screen_id, ids(after, "A1"), WHY, after.ends_at, None)
    assert blocked(after) == []


def test_without_an_end_it_holds_for_shows_published_later_until_it_is_lifted(show: Show, screen: Screen):
    done = block_screen(COMMAND, screen.id, ids(show, "C1", "C2"), WHY)
    later = a_show(screen=screen, starts_in=50 * HOUR)
    assert blocked(later) == ["C1", "C2"]
    lifted = lift_screen_block(COMMAND, screen.id, done.block_id, "The light burns again.")
    assert (lifted.seats, lifted.shows) == (4, 2)
    assert blocked(show) == blocked(later) == []
    assert blocked(a_show(screen=screen, starts_in=80 * HOUR)) == []


def test_a_lifted_block_frees_only_what_no_other_block_holds(show: Show, screen: Screen):
    first = block_screen(COMMAND, screen.id, ids(show, "A1", "A2"), WHY)
    block_screen(COMMAND, screen.id, ids(show, "A2", "A3"), "The floor is wet.")
    other = a_show(screen=screen, starts_in=20 * HOUR)
    block_seats(COMMAND, other.id, ids(other, "B1"), "Guests.")
    lift_screen_block(COMMAND, screen.id, first.block_id, "mended")
    assert blocked(show) == ["A2", "A3"]
    assert blocked(other) == ["A2", "A3", "B1"]


def test_an_auditoriums_block_is_not_lifted_from_one_show(show: Show, screen: Screen):
    block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    with pytest.raises(Invalid, match="A1: out of use on the whole screen"):
        put_back(COMMAND, show.id, ids(show, "A1"), "mended")


def test_the_second_who_lifts_a_block_is_told(show: Show, screen: Screen):
    done = block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    with pytest.raises(ConcurrentModification, match="already"):
        lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    with pytest.raises(NotFound):
        lift_screen_block(COMMAND, a_screen(a_cinema()).id, done.block_id, "not theirs")


def test_an_end_before_the_beginning_or_over_is_refused(show: Show, screen: Screen):
    now = clock.now()
    for begins, ends in ((now + 2 * HOUR, now + HOUR), (None, now - HOUR), (now - 3 * HOUR, now - HOUR)):
        with pytest.raises(Invalid, match="end has to lie after"):
            block_screen(COMMAND, screen.id, ids(show, "A1"), WHY, begins, ends)


# Seats that somebody has


def test_a_sold_seat_that_is_given_back_during_a_block_is_not_sold_again(show: Show, screen: Screen):
    booking = a_paid_booking(show, seats=ids(show, "A1", "A2"))
    done = block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    assert (done.seats, blocked(show)) == (0, []), "whoever has it keeps it"
    cancel_seats(show.id, booking.id, None, expected_minor=1935)
    assert blocked(show) == ["A1"]
    with pytest.raises(SeatsTaken):
        holds.hold_seats(show.id, ids(show, "A1", "A2"), "s:next")
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    assert blocked(show) == []


def test_a_hold_that_ends_during_a_block_leaves_its_seats_out_of_use(show: Show, screen: Screen, moved_clock: Any):
    let_go, run_out = a_hold(show, seats=ids(show, "A1", "A2")), a_hold(show, seats=ids(show, "B1", "B2"))
    block_screen(COMMAND, screen.id, ids(show, "A1", "A2", "B1", "B2"), WHY)
    holds.release_booking(show.id, let_go.id)
    assert blocked(show) == ["A1", "A2"]
    moved_clock.forward(minutes=11)
    with pytest.raises(SeatsTaken):
        holds.hold_seats(show.id, ids(show, "B1", "B2"), "s:next")
    assert blocked(show) == ["A1", "A2", "B1", "B2"]
    assert the_booking(show.id, run_out.id).state == "expired"


def test_money_that_comes_late_for_a_blocked_seat_goes_back(show: Show, screen: Screen, moved_clock: Any):
    booking = a_hold(show, seats=ids(show, "A1", "A2"))
    payment = a_started_payment(booking)
    block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    moved_clock.forward(minutes=31)
    holds.expire_booking(show.id, booking.id)
    assert blocked(show) == ["A1"]
    assert settle_payment(an_event(payment)).startswith("refunded")
    assert blocked(show) == ["A1"]


# Past shows and other versions


def test_past_shows_keep_what_was_true_of_them(show: Show, screen: Screen, moved_clock: Any):
    done = block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    moved_clock.forward(days=2)
    block_screen(COMMAND, screen.id, ids(show, "C1"), "Later.")
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    assert blocked(show) == ["A1"]


def new_version(screen_id: int, change: str, words: dict[str, str], *guids: str) -> None:
    revision, _ = change_draft(COMMAND, screen_id, drawing_of(screen_id).revision, change, words, guids)
    use_draft(COMMAND, screen_id, revision, "new chairs")


def test_blocks_follow_a_show_to_a_new_version(show: Show, screen: Screen):
    block_seats(COMMAND, show.id, ids(show, "B5"), "Guests.")
    done = block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    new_version(screen.id, "delete", {}, "C9", "C10")
    assert move_shows(COMMAND, screen.id, [show.id], "new chairs").shows == (show.id,)
    moved = db.session.get_one(Show, show.id, populate_existing=True)
    db.session.commit()
    assert blocked(moved) == ["A1", "B5"]
    lift_screen_block(COMMAND, screen.id, done.block_id, "mended")
    assert put_back(COMMAND, show.id, ids(moved, "B5"), "They stay away.") == 1
    assert fresh_seat_map(show.id).states == "f" * 28


def test_a_block_made_on_the_new_version_holds_in_shows_of_the_old_one(show: Show, screen: Screen):
    new_version(screen.id, "delete", {}, "C9", "C10")
    new_ids = rows("SELECT id FROM seats WHERE layout_id = (SELECT layout_id FROM screens WHERE id = :id) "
                   "AND label IN ('A1', 'A2') ORDER BY id", id=screen.id)  # fmt: skip
    block_screen(COMMAND, screen.id, [row.id for row in new_ids], WHY)
    assert blocked(show) == ["A1", "A2"]


def test_an_old_pages_seats_are_refused_after_the_show_has_moved(show: Show, screen: Screen):
    old = ids(show, "A1")
    new_version(screen.id, "delete", {}, "C9", "C10")
    move_shows(COMMAND, screen.id, [show.id], "new chairs")
    with pytest.raises(InvalidSeats, match="Look at its seats again"):
        block_seats(COMMAND, show.id, old, WHY)


def test_nothing_of_a_block_is_ever_thrown_away(show: Show):
    block_seats(COMMAND, show.id, ids(show, "A1"), WHY)
    put_back(COMMAND, show.id, ids(show, "A1"), "mended")
    db.session.execute(text("SELECT 1"))
    assert one("SELECT count(*) FROM seat_block_seats WHERE lifted_at IS NOT NULL") == 1


# Shows that are moved, put on sale by a person, thrown away


def test_a_show_that_is_moved_into_a_blocks_time_or_out_of_it_has_the_seats_that_it_should(screen: Screen):
    show = a_show(screen=screen, starts_in=5 * HOUR)
    begins = show.starts_at
    block_screen(COMMAND, screen.id, ids(show, "A1"), WHY, begins + 20 * HOUR, None)
    assert blocked(show) == []
    move_show(COMMAND, show.id, screen.id, begins + 24 * HOUR, "later")
    assert blocked(show) == ["A1"]
    move_show(COMMAND, show.id, screen.id, begins, "sooner again")
    assert blocked(show) == []


def test_a_show_leaves_an_auditorium_that_is_mended_but_not_with_seats_of_its_own_out_of_use(
    cinema: Cinema, screen: Screen
):
    show, other = a_show(screen=screen), a_screen(cinema, 20, 10)
    block_screen(COMMAND, screen.id, ids(show, "A1"), WHY)
    block_seats(COMMAND, show.id, ids(show, "B1"), "Guests.")
    with pytest.raises(Conflict, match="1 seat of this show is out of use"):
        move_show(COMMAND, show.id, other.id, show.starts_at, "mended")
    put_back(COMMAND, show.id, ids(show, "B1"), "They stay away.")
    move_show(COMMAND, show.id, other.id, show.starts_at, "mended")
    assert fresh_seat_map(show.id).states == "f" * 20


def test_shows_put_on_sale_by_a_person_open_without_blocked_seats(cinema: Cinema, screen: Screen):
    drafts = [a_show(screen=screen, starts_in=hours * HOUR, published=False) for hours in (5, 10)]
    block_screen(COMMAND, screen.id, ids(drafts[0], "A1"), WHY)
    assert publish_shows(COMMAND, cinema.id, [draft.id for draft in drafts]).kept == {}
    assert [blocked(draft) for draft in drafts] == [["A1"], ["A1"]]


def test_a_draft_is_thrown_away_with_its_blocks(screen: Screen):
    draft = a_show(screen=screen, published=False)
    block_seats(COMMAND, draft.id, ids(draft, "A1"), WHY)
    delete_draft(COMMAND, draft.id)
    assert one("SELECT count(*) FROM seat_blocks") == 0
