"""Which changes are refused, and in which words."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.db import transaction
from app.domain.staff import COMMAND
from app.errors import (
    InvalidSeats,
    NotExchangeable,
    NotFound,
    SeatsTaken,
    ShowNotOnSale,
)
from app.models import Booking, Show
from app.services.show_cancelling import cancel_show
from tests.builders import (
    a_cinema,
    a_city,
    a_hold,
    a_paid_booking,
    a_show,
    seat_ids,
    the_booking,
)
from tests.support.books import rows
from tests.support.exchanges import (
    ME,
    a_change,
    admit,
    cancel,
    finish,
    sound,
)


def refused(booking: Booking, show: Show, *numbers: int, labels: tuple[str, ...] = ()) -> str:
    """The words of the refusal; nothing is held."""
    before = rows("SELECT count(*) FROM bookings")
    with pytest.raises((NotExchangeable, InvalidSeats, NotFound)) as refusal:
        a_change(booking, show, *numbers, labels=labels)
    assert rows("SELECT count(*) FROM bookings") == before
    return refusal.value.message


@pytest.mark.parametrize("labels", [("C1",), ("C1", "C2", "C3")])
def test_as_many_seats_as_before_neither_fewer_nor_more(old, dearer, labels):
    assert refused(old, dearer, labels=labels) == "A1 and A2 can be changed for just as many: choose 2 seats."


def test_only_tickets_that_the_booking_has(old, dearer):
    assert refused(old, dearer, 1, 7, labels=("C1", "C2")) == "Choose which of these seats are to be changed."


def test_only_another_showing_of_the_same_film(old):
    assert "same film" in refused(old, a_show())


def test_only_a_showing_that_is_paid_in_the_same_money(old, film):
    paris = a_show(movie=film, cinema=a_cinema(a_city(currency="EUR")))
    assert refused(old, paris).startswith("That show is paid in EUR, these seats were paid in GBP")


def test_only_a_showing_that_is_on_sale(old, film):
    with pytest.raises(NotFound):
        a_change(old, a_show(movie=film, published=False))
    past = a_show(movie=film, starts_in=dt.timedelta(minutes=1))
    with transaction() as session:
        session.execute(text("UPDATE shows SET sales_close_at = :now"), {"now": clock.now()})
    with pytest.raises(ShowNotOnSale):
        a_change(old, past)


def test_only_until_the_last_refund_step_ends_which_still_counts(app, film, moved_clock):
    moved_clock.stop_at(clock.now().replace(microsecond=0))
    show, other = a_show(movie=film), a_show(movie=film, starts_in=dt.timedelta(hours=9))
    old = a_paid_booking(show, owner=ME)
    moved_clock.stop_at(show.starts_at - dt.timedelta(hours=2))
    new = a_change(old, other)
    moved_clock.forward(seconds=1)
    assert refused(old, other) == "It is too late to change these seats."
    assert finish(new) == "confirmed", "who began in time may pay in peace"


def test_a_booking_promised_no_refunds_is_not_changed(app, film):
    cinema = a_cinema(refund_steps=[])
    old = a_paid_booking(a_show(movie=film, cinema=cinema), owner=ME)
    assert refused(old, a_show(movie=film)) == "This cinema doesn't change seats once they are booked."


def test_a_ticket_used_at_the_door_stays_what_it_is(old, dearer):
    admit(old, 1)
    assert refused(old, dearer) == "A1 can't be changed: used at the door already."
    assert finish(a_change(old, dearer, 2)) == "confirmed"
    assert refused(old, dearer) == "All of these tickets have been used at the door."


def call_off(show_id: int) -> None:
    """The show is cancelled; its bookings wait to be refunded."""
    cancel_show(COMMAND, show_id, "Fog.")


def test_a_cancelled_showing_gives_its_money_back_instead(old, dearer):
    call_off(old.show_id)
    assert refused(old, dearer) == "This show is cancelled, so all of its money goes back instead."


def test_what_is_not_paid_or_not_there_any_more_is_not_changed(old, dearer, film):
    held = a_hold(a_show(movie=film), owner="s:other")
    assert refused(held, dearer) == "Only seats that are booked can be changed."
    cancel(old)
    assert refused(old, dearer, 1, 2) == "This booking has no seats left that could be changed."


def test_a_companion_seat_is_not_left_without_its_wheelchair_space(app, film):
    hall = {"kinds": {"A1": "wheelchair", "A2": "companion"}}
    show, other = a_show(movie=film, layout=hall), a_show(movie=film, layout=hall)
    old = a_paid_booking(show, owner=ME, seats=seat_ids(show, "A1", "A2"))
    assert refused(old, other, 1) == "A2 goes with its wheelchair space: change both, or keep both."
    new = a_change(old, other, labels=("A1", "A2"))
    assert finish(new) == "confirmed"
    assert the_booking(new.show_id, new.id).total_minor == 1075, "the companion is free there too"
    sound()


def test_seats_that_are_taken_are_refused_like_everybodys(old, dearer):
    a_hold(dearer, owner="s:other", seats=seat_ids(dearer, "C1", "C2"))
    with pytest.raises(SeatsTaken):
        a_change(old, dearer)
