"""Who may not cancel, what happens once only, and what the door says of cancelled tickets."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.pricing import TicketType
from app.domain.refund_policy import CancellationReason, Return
from app.domain.staff import COMMAND
from app.domain.states import TicketState
from app.errors import DomainError, Invalid, NotAdmissible, NotCancellable, NotFound
from app.models import Booking
from app.services.admission import AtDoor, admit_ticket
from app.services.cancelling import cancel_seats, preview_cancellation
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.letting_go import lock_booking
from app.services.promises import check_promises
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import a_hold, a_paid_booking, a_show, seat_ids
from tests.support.cancels import cancel, preview, rows_of, ticket_id, tickets
from tests.support.purse import a_booking, a_house

# Who may not


def refused(booking: Booking, *numbers: int, error: type[DomainError] = NotCancellable) -> str:
    before = (tickets(booking), rows_of("refunds"), rows_of("cancellations"))
    with pytest.raises(error) as problem:
        cancel_seats(booking.show_id, booking.id, numbers or None, expected_minor=1)
    assert (tickets(booking), rows_of("refunds"), rows_of("cancellations")) == before
    return problem.value.message


def test_after_the_last_step_it_is_too_late_and_the_page_says_since_when(app, moved_clock):
    booking = a_paid_booking(a_show(starts_in=dt.timedelta(hours=3)), 2)
    moved_clock.forward(minutes=70)
    assert "could be given back until" in refused(booking)
    assert preview(booking).over.startswith("These tickets could be given back until")


def test_a_house_that_takes_nothing_back_says_so(app):
    booking = a_booking(a_show(cinema=a_house("")), 2)
    assert refused(booking) == "Tickets for this show can't be given back."


def test_seats_used_at_the_door_stay_sold_and_the_others_can_go(app):
    booking = a_paid_booking(a_show(), 3)
    admit_ticket(booking.show_id, ticket_id(booking, 2), COMMAND, AtDoor("scan-1"))
    assert "A2 was used at the door at" in refused(booking)
    assert "A2 was used at the door at" in refused(booking, 1, 2)
    assert [seat.chosen for seat in preview(booking).seats] == [True, False, True]
    assert cancel(booking, 1, 3).returned_minor == 1935
    assert tickets(booking) == {1: "void", 2: "admitted", 3: "void"}
    assert preview(booking).over == "All tickets of this booking were used at the door."


def test_what_is_not_paid_can_not_be_cancelled(app):
    assert "not paid" in refused(a_hold(a_show()))


def test_a_cancelled_showing_gives_all_back_by_itself(app):
    booking = a_paid_booking(a_show(), 2)
    cancel_show(COMMAND, booking.show_id, "The projector is broken.")
    assert "This show is cancelled" in refused(booking)
    assert "This show is cancelled" in preview(booking).over


def test_no_seat_and_no_such_seat_are_refused(app):
    booking = a_paid_booking(a_show(), 2)
    assert refused(booking, 9, error=Invalid) == "There is no such ticket in this booking."
    with pytest.raises(Invalid, match="at least one"):
        cancel_seats(booking.show_id, booking.id, [], expected_minor=0)
    assert preview_cancellation(booking.show_id, booking.id, []).problem == "Choose at least one seat."


def a_wheelchair_booking() -> Booking:
    show = a_show(seats=10, layout={"kinds": {"A1": "wheelchair", "A2": "companion"}})
    return a_paid_booking(show, seats=seat_ids(show, "A1", "A2", "A3"))


def test_a_companion_does_not_stay_without_the_wheelchair_space(app):
    booking = a_wheelchair_booking()
    free = db.session.execute(text("SELECT ticket_type FROM tickets WHERE number = 2")).scalar_one()
    assert free == TicketType.COMPANION
    assert refused(booking, 1) == "A2 came free with the wheelchair space: cancel both, or keep both."
    assert preview(booking, 1).problem.startswith("A2 came free")
    cancel(booking, 1, 2)
    assert tickets(booking)[3] == TicketState.ISSUED


def test_the_wheelchair_space_may_stay_without_its_companion(app):
    booking = a_wheelchair_booking()
    assert cancel(booking, 2).returned_minor == 0
    assert tickets(booking) == {1: "issued", 2: "void", 3: "issued"}


# Once


def test_a_second_click_answers_as_done_and_pays_nothing_twice(app):
    booking = a_paid_booking(a_show(), 4)
    first = cancel(booking, 1, 2)
    again = cancel_seats(booking.show_id, booking.id, [2, 1], expected_minor=1935)
    assert (again.cancellation_id, again.returned_minor, again.repeated) == (first.cancellation_id, 1935, True)
    assert (rows_of("refunds"), rows_of("cancellations")) == (1, 1)
    cancel(booking)
    assert cancel_seats(booking.show_id, booking.id, None, expected_minor=1935).repeated
    assert rows_of("cancellations") == 2


def test_another_tab_with_some_of_the_same_seats_is_told_which_are_gone(app):
    booking = a_paid_booking(a_show(), 4)
    cancel(booking, 1, 2)
    assert refused(booking, 2, 3) == "A2 is cancelled already. Choose again."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (CancellationReason.EXCHANGE, "changed to other ones"),
        (CancellationReason.STAFF, "cancelled these seats already"),
    ],
)
def test_seats_that_went_another_way_are_not_called_the_buyers_doing(app, reason, words):
    booking = a_paid_booking(a_show(), 2)
    give_back(booking, reason)
    assert words in refused(booking)


def test_after_the_showing_was_cancelled_and_refunded_the_buyer_reads_that(app):
    booking = a_paid_booking(a_show(), 2)
    cancel_show(COMMAND, booking.show_id, "The projector is broken.")
    refund_show(booking.show_id, 0)
    assert "all you paid goes back" in refused(booking)


def give_back(booking: Booking, reason: CancellationReason) -> None:
    """All that is left of a booking, in full: what others than the buyer do."""
    with transaction() as session:
        lock_booking(session, booking.show_id, booking.id)
        row = session.get_one(Booking, (booking.show_id, booking.id), populate_existing=True)
        live = [one for one in lock_tickets(session, row.show_id, row.id) if one.state != TicketState.VOID]
        value = sum(one.value_minor for one in live)
        give_back_seats(session, row, live, reason, Return(value, 0, value), clock.now(), "test")


# The door


def test_a_ticket_admits_once_and_says_when(app, moved_clock):
    booking = a_paid_booking(a_show(), 1)
    first = admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-1"))
    moved_clock.forward(minutes=5)
    again = admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-2"))
    assert (first.admitted, again.admitted, again.at) == (True, False, first.at)
    row = db.session.execute(text("SELECT * FROM state_changes WHERE subject = 'admission'")).one()
    assert (row.before, row.after, row.actor, row.at.astimezone(dt.UTC)) == ("issued", "admitted", "command", first.at)


def test_a_cancelled_or_unpaid_ticket_opens_no_door(app):
    show = a_show()
    paid, held = a_paid_booking(show, 2), a_hold(show, 2)
    cancel(paid, 1)
    with pytest.raises(NotAdmissible, match="was cancelled"):
        admit_ticket(show.id, ticket_id(paid, 1), COMMAND, AtDoor("scan-1"))
    with pytest.raises(NotAdmissible, match="not paid"):
        admit_ticket(show.id, ticket_id(held, 1), COMMAND, AtDoor("scan-1"))
    with pytest.raises(NotFound):
        admit_ticket(show.id, 0, COMMAND, AtDoor("scan-1"))


@pytest.mark.parametrize(
    "broken",
    [
        "INSERT INTO state_changes (show_id, subject, subject_id, before, after, at, actor) "
        "SELECT show_id, subject, subject_id, before, after, at, actor FROM state_changes WHERE subject = 'admission'",
        "UPDATE tickets SET admitted_at = admitted_at + interval '1 s'",
        "UPDATE tickets SET admitted_at = NULL",
    ],
)
def test_a_second_admission_and_one_that_is_not_noted_are_found(app, broken, monkeypatch):
    booking = a_paid_booking(a_show(), 1)
    admit_ticket(booking.show_id, ticket_id(booking, 1), COMMAND, AtDoor("scan-1"))
    assert list(check_promises({28})) == []
    monkeypatch.setattr("app.services.promises.end_read", lambda: None)
    db.session.execute(text(broken))
    assert {row.number for row in check_promises({28})} == {28}
    db.session.rollback()
