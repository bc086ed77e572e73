"""Holding seats: all or nothing, one hold a buyer, and the ends of holds."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app.db import db
from app.errors import (
    AlreadyExtended,
    HoldExpired,
    InvalidSeats,
    NotFound,
    OrphanSeat,
    SeatsTaken,
    ShowNotOnSale,
)
from app.queries.seat_map import seat_map
from app.services import holds
from tests.builders import a_hold, a_paid_booking, a_show, a_started_payment, seat_ids, the_booking


def states(show) -> dict[str, int]:
    rows = db.session.execute(
        text("SELECT state, count(*) FROM show_seats WHERE show_id = :id GROUP BY state"), {"id": show.id}
    ).all()
    db.session.commit()
    return {row.state: row.count for row in rows}


def test_a_hold_keeps_all_its_seats_for_ten_minutes(app, moved_clock):
    show = a_show()
    hold = holds.hold_seats(show.id, seat_ids(show, "A1", "A2"), "s:me")
    assert states(show) == {"held": 2, "free": 28}
    booking = the_booking(show.id, hold.booking_id)
    assert booking.state == "held"
    assert booking.expires_at - booking.held_at == dt.timedelta(minutes=10)
    assert booking.total_minor == 2 * (1000 + 75)


def test_the_loser_is_told_which_seats_are_gone_and_keeps_the_earlier_hold(app):
    show = a_show()
    mine = a_hold(show, owner="s:me", seats=seat_ids(show, "B1", "B2"))
    a_hold(show, owner="s:other", seats=seat_ids(show, "A1", "A2"))
    with pytest.raises(SeatsTaken) as told:
        holds.hold_seats(show.id, seat_ids(show, "A2", "A3"), "s:me")
    assert told.value.details["taken"] == seat_ids(show, "A2")
    assert the_booking(show.id, mine.id).state == "held"


def test_a_new_hold_replaces_the_buyers_own_one(app):
    show = a_show()
    first = a_hold(show, owner="s:me", seats=seat_ids(show, "A1", "A2"))
    second = a_hold(show, owner="s:me", seats=seat_ids(show, "A1", "A2", "A3"))
    assert the_booking(show.id, first.id).state == "released"
    assert second.state == "held"
    assert states(show) == {"held": 3, "free": 27}


def test_a_run_out_hold_never_stops_another_buyer(app, moved_clock):
    show = a_show()
    first = a_hold(show, owner="s:slow", seats=seat_ids(show, "A1", "A2"))
    moved_clock.forward(minutes=11)
    second = a_hold(show, owner="s:quick", seats=seat_ids(show, "A1", "A2"))
    assert the_booking(show.id, first.id).state == "expired"
    assert second.state == "held"
    assert states(show) == {"held": 2, "free": 28}


@pytest.mark.parametrize(
    ("choose", "why"),
    [
        (lambda ids: [], "at least one"),
        (lambda ids: ids[:11], "at most 10"),
        (lambda ids: [ids[0], ids[0]], "twice"),
        (lambda ids: [2**40], "not in this auditorium"),
    ],
)
def test_a_wrong_choice_is_refused_with_the_reason(app, choose, why):
    show = a_show(40)
    with pytest.raises(InvalidSeats, match=why):
        holds.hold_seats(show.id, choose(seat_ids(show)), "s:me")


def test_seats_of_another_show_are_refused(app):
    show, other = a_show(), a_show()
    with pytest.raises(InvalidSeats):
        holds.hold_seats(show.id, seat_ids(other, "A1"), "s:me")


def test_a_choice_that_strands_one_seat_is_refused_with_better_ones(app):
    show = a_show()
    a_hold(show, owner="s:other", seats=seat_ids(show, "A1", "A2"))
    with pytest.raises(OrphanSeat) as told:
        holds.hold_seats(show.id, seat_ids(show, "A4", "A5"), "s:me")
    assert told.value.details["orphans"] == seat_ids(show, "A3")
    assert told.value.details["shifts"]


def test_shows_that_are_not_on_sale_are_refused(app, moved_clock):
    draft = a_show(published=False)
    with pytest.raises(ShowNotOnSale):
        holds.hold_seats(draft.id, [1], "s:me")
    show = a_show()
    moved_clock.forward(hours=6)
    with pytest.raises(ShowNotOnSale):
        holds.hold_seats(show.id, seat_ids(show, "A1"), "s:me")
    with pytest.raises((NotFound, ShowNotOnSale)):
        holds.hold_seats(2**40, [1], "s:me")


def test_one_buyer_books_ten_seats_of_a_show_at_most(app):
    show = a_show(40)
    a_paid_booking(show, 8, owner="s:me")
    with pytest.raises(InvalidSeats, match="already have 8"):
        holds.hold_seats(show.id, seat_ids(show, "C1", "C2", "C3"), "s:me")


def test_a_hold_is_extended_once_and_never_past_the_cap(app, set_setting):
    show = a_show()
    booking = a_hold(show)
    until = holds.extend_hold(show.id, booking.id)
    assert until - booking.expires_at == dt.timedelta(minutes=5)
    with pytest.raises(AlreadyExtended):
        holds.extend_hold(show.id, booking.id)
    set_setting(hold_cap_minutes=12)
    capped = a_hold(show, owner="s:capped")
    assert holds.extend_hold(show.id, capped.id) == capped.cap_at


def test_a_run_out_hold_is_not_extended(app, moved_clock):
    booking = a_hold(a_show())
    moved_clock.forward(minutes=10, seconds=1)
    with pytest.raises(HoldExpired):
        holds.extend_hold(booking.show_id, booking.id)


def test_release_frees_the_seats_at_once_and_a_second_one_does_nothing(app):
    show = a_show()
    booking = a_hold(show)
    assert holds.release_booking(show.id, booking.id)
    assert not holds.release_booking(show.id, booking.id)
    assert states(show) == {"free": 30}


def test_a_booking_that_awaits_payment_is_not_released_by_a_new_hold(app):
    show = a_show()
    first = a_hold(show, owner="s:me", seats=seat_ids(show, "A1", "A2"))
    a_started_payment(first)
    a_hold(show, owner="s:me", seats=seat_ids(show, "B1", "B2"))
    assert the_booking(show.id, first.id).state == "awaiting_payment"
    assert states(show) == {"held": 4, "free": 26}


def test_expiry_frees_every_run_out_hold_and_no_other(app, moved_clock):
    show = a_show()
    old = a_hold(show)
    moved_clock.forward(minutes=6)
    young = a_hold(show)
    moved_clock.forward(minutes=5)
    assert holds.expire_holds() == 1
    assert holds.expire_holds() == 0
    assert the_booking(show.id, old.id).state == "expired"
    assert the_booking(show.id, young.id).state == "held"


def test_the_map_tells_every_change_by_its_version(app):
    show = a_show(10)
    before = seat_map(show.id)
    assert before.states == "f" * 10
    a_hold(show, seats=seat_ids(show, "A1", "A2"))
    after = seat_map(show.id)
    assert after.states == "hh" + "f" * 8
    assert after.version != before.version
    assert after.changed(before.states) == [0, 1]


def test_starting_to_pay_makes_the_hold_last_fifteen_minutes_once(app, moved_clock):
    booking = a_hold(a_show())
    moved_clock.forward(minutes=8)
    a_started_payment(booking)
    longer = the_booking(booking.show_id, booking.id)
    assert dt.timedelta(minutes=22) < longer.expires_at - longer.held_at < dt.timedelta(minutes=24)
