"""Giving seats back at the instant somebody else does something to them: the door, another tab, the whole show."""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db import db
from app.domain.staff import COMMAND
from app.errors import NotAdmissible, NotCancellable
from app.models import Booking
from app.services import admission, giving_back
from app.services.admission import Admission, AtDoor, admit_ticket
from app.services.cancelling import Cancelled, cancel_seats
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import a_paid_booking, a_show, seat_ids, the_booking
from tests.support.crowd import together
from tests.support.money import a_gift_card
from tests.support.purse import Purse, a_booking

ROUNDS = 200
PATIENCE_SECONDS = 30.0


def bookings_of_two(count: int) -> list[Booking]:
    show = a_show(seats=2 * count, layout={"per_row": 20})
    seats = seat_ids(show)
    return [a_paid_booking(show, seats=seats[place : place + 2]) for place in range(0, 2 * count, 2)]


def tickets(booking: Booking) -> list[tuple[int, str]]:
    """(id, state) in the order of their numbers."""
    rows = db.session.execute(
        text("SELECT id, state FROM tickets WHERE show_id = :show AND booking_id = :id ORDER BY number"),
        {"show": booking.show_id, "id": booking.id},
    ).all()
    db.session.commit()
    return [(row.id, row.state) for row in rows]


def count_of(table: str, show_id: int) -> int:
    found = db.session.execute(text(f"SELECT count(*) FROM {table} WHERE show_id = :show"), {"show": show_id})
    number = int(found.scalar_one())
    db.session.commit()
    return number


def canceller(booking: Booking, *numbers: int, shown: int = 1935):
    return lambda: cancel_seats(booking.show_id, booking.id, numbers or None, expected_minor=shown)


_scans = itertools.count(1)


def admitter(booking: Booking, ticket_id: int):
    return lambda: admit_ticket(booking.show_id, ticket_id, COMMAND, AtDoor(f"scan-{next(_scans)}"))


def test_a_cancellation_and_the_door_at_one_instant_have_one_outcome_two_hundred_times(crowd):
    seen: Counter[str] = Counter()
    for place, booking in enumerate(bookings_of_two(ROUNDS)):
        (ticket_id, _), _ = tickets(booking)
        tasks = [canceller(booking), admitter(booking, ticket_id)]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        cancelled, admitted = results if place % 2 else results[::-1]
        states = [state for _, state in tickets(booking)]
        if isinstance(cancelled, Cancelled):
            assert isinstance(admitted, NotAdmissible), admitted
            assert states == ["void", "void"]
        else:
            assert isinstance(cancelled, NotCancellable), cancelled
            assert admitted == Admission(True, admitted.at)
            assert states == ["admitted", "issued"]
        seen["cancelled" if isinstance(cancelled, Cancelled) else "admitted"] += 1
    assert sum(seen.values()) == ROUNDS
    assert count_of("refunds", booking.show_id) == seen["cancelled"]


@pytest.mark.parametrize("locked", [True, False])
def test_it_is_the_tickets_lock_that_decides(crowd, monkeypatch, locked):
    """The control: the door has read the ticket, and a cancellation comes before it writes. Without the lock both go
    on, and only the database's last line stops the second one."""
    if not locked:
        monkeypatch.setattr(admission, "_LOCK", text(re.sub("FOR UPDATE.*", "", admission._LOCK.text)))
        monkeypatch.setattr(giving_back, "_LOCK", giving_back._READ)
    (booking,) = bookings_of_two(1)
    (ticket_id, _), _ = tickets(booking)
    read, done = threading.Event(), threading.Event()
    check = admission.not_admissible

    def slowly(ticket: object) -> object:
        read.set()
        done.wait(PATIENCE_SECONDS if not locked else 0.3)
        return check(ticket)

    def cancel() -> object:
        assert read.wait(PATIENCE_SECONDS)
        try:
            return canceller(booking)()
        finally:
            done.set()

    monkeypatch.setattr(admission, "not_admissible", slowly)
    admitted, cancelled = together(crowd, [admitter(booking, ticket_id), cancel])
    if locked:
        assert (type(admitted), type(cancelled)) == (Admission, NotCancellable)
    else:
        assert (type(admitted), type(cancelled)) == (IntegrityError, Cancelled)
        assert "cancelled_is_void" in str(admitted)


def test_many_doors_admit_a_ticket_once(crowd):
    for booking in bookings_of_two(20):
        (ticket_id, _), _ = tickets(booking)
        results = together(crowd, [admitter(booking, ticket_id)] * 6)
        assert [answer.admitted for answer in results].count(True) == 1
        assert len({answer.at for answer in results}) == 1


def test_many_clicks_cancel_once_and_all_are_told_it_is_done(crowd):
    for booking in bookings_of_two(20):
        before = count_of("refunds", booking.show_id)
        results = together(crowd, [canceller(booking)] * 5)
        assert all(isinstance(one, Cancelled) for one in results), results
        assert [one.repeated for one in results].count(False) == 1
        assert len({one.cancellation_id for one in results}) == 1
        assert count_of("refunds", booking.show_id) == before + 1


def test_two_tabs_with_a_seat_in_common_cancel_it_once(crowd):
    show = a_show(seats=60, layout={"per_row": 15})
    seats = seat_ids(show)
    for place in range(0, 60, 3):
        booking = a_paid_booking(show, seats=seats[place : place + 3])
        results = together(crowd, [canceller(booking, 1, 2), canceller(booking, 2, 3)])
        assert sorted(type(one).__name__ for one in results) == ["Cancelled", "NotCancellable"], results
        assert sorted(state for _, state in tickets(booking)) == ["issued", "void", "void"]


def test_one_seat_after_another_by_many_hands_gives_each_back_once(crowd):
    show = a_show(seats=10)
    booking = a_paid_booking(show, 8)
    results = together(crowd, [canceller(booking, number, shown=967) for number in range(1, 9)])
    assert all(isinstance(one, Cancelled) and not one.repeated for one in results), results
    assert the_booking(show.id, booking.id).state == "cancelled"
    assert count_of("refunds", show.id) == 8


def test_a_buyer_and_the_house_cancel_at_once_and_the_money_goes_back_once(crowd):
    for place in range(15):
        (booking,) = bookings_of_two(1)

        def call_off(show_id: int = booking.show_id) -> str:
            cancel_show(COMMAND, show_id, "The projector is broken.")
            return refund_show(show_id, 0)

        tasks = [canceller(booking), call_off]
        results = together(crowd, tasks if place % 2 else tasks[::-1])
        cancelled, ended = results if place % 2 else results[::-1]
        assert ended == "finished"
        refunds = db.session.execute(
            text("SELECT amount_minor FROM refunds WHERE show_id = :s"), {"s": booking.show_id}
        )
        amounts = refunds.scalars().all()
        db.session.commit()
        assert amounts == ([1935] if isinstance(cancelled, Cancelled) else [2150])
        assert isinstance(cancelled, Cancelled | NotCancellable), cancelled
        assert the_booking(booking.show_id, booking.id).state == "cancelled"


def test_bookings_paid_with_the_same_gift_cards_crosswise_never_wait_for_each_other(crowd, no_deadlock):
    show = a_show(seats=120, layout={"per_row": 20})
    one, other = a_gift_card(100_000)[1], a_gift_card(100_000)[1]
    for _ in range(8):
        crosswise = [a_booking(show, 2, Purse(cards=cards)) for cards in ([one, other], [other, one]) for _ in "ab"]
        results = together(crowd, [canceller(booking) for booking in crosswise])
        assert all(isinstance(result, Cancelled) for result in results), results
