"""The door by its services: every answer, once and no more, taken back, and what devices report that were alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.admission import Door, Refusal, Verdict
from app.domain.audit import Action
from app.domain.staff import COMMAND, By, Role
from app.domain.ticket_payload import from_base45, to_base45
from app.errors import Forbidden, Invalid, NotAdmissible, NotFound
from app.models import AdmissionReport, AuditEntry, Cinema, StateChange
from app.queries.door import door_list, door_log, shows_at_door
from app.services.admission import AtDoor, scan, undo_admission
from app.services.door_sync import take_report
from app.services.show_cancelling import cancel_show
from app.services.staff import revoke_role
from tests.builders import a_cinema, a_hold, a_paid_booking, a_person, a_show
from tests.support.calling_off import refund_all
from tests.support.cancels import cancel
from tests.support.clock import MovedClock
from tests.support.door import shown, typed
from tests.support.staff import by

SOON = dt.timedelta(minutes=30)


@pytest.fixture
def regent(app: Flask) -> Cinema:
    return a_cinema(name="The Regent")


@pytest.fixture
def sam(regent: Cinema) -> By:
    return by(a_person(Role.SCANNER, regent))


@pytest.fixture
def ruth(regent: Cinema) -> By:
    return by(a_person(Role.MANAGER, regent))


def rows(model: Any, **values: Any) -> list[Any]:
    found = list(db.session.query(model).filter_by(**values).order_by(model.id))
    db.session.commit()
    return found


def state_of(booking: Any, number: int = 1) -> str:
    found = db.session.execute(
        text("SELECT state FROM tickets WHERE show_id = :show AND booking_id = :id AND number = :number"),
        {"show": booking.show_id, "id": booking.id, "number": number},
    ).scalar_one()
    db.session.commit()
    return str(found)


def call_off(show_id: int) -> None:
    cancel_show(COMMAND, show_id, "The projector is broken.")
    refund_all()


@pytest.mark.parametrize("code", [shown, typed])
def test_a_ticket_lets_in_once_by_camera_or_by_hand(regent: Cinema, sam: By, moved_clock: MovedClock, code: Any):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    door = Door(regent.id, booking.show_id, "Door A", "device 1")
    first = scan(code(booking), door, sam, "a")
    assert first.verdict is Verdict.ADMIT
    assert first.ticket is not None
    assert first.ticket.place == "Row A seat 1"
    moved_clock.forward(minutes=1)
    again = scan(code(booking), Door(regent.id, None, "Door B"), sam, "b")
    assert again.verdict is Verdict.USED
    assert again.admission is not None
    assert first.admission is not None
    assert (again.admission.at, again.admission.door) == (first.admission.at, "Door A")
    assert scan(code(booking, 2), door, sam, "c").verdict is Verdict.ADMIT


def test_an_admission_is_noted_with_person_device_and_door(regent: Cinema, sam: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    scan(typed(booking), Door(regent.id, None, "Door A", "device 1"), sam, "a")
    (change,) = rows(StateChange, subject="admission")
    assert (change.before, change.after, change.actor) == ("issued", "admitted", sam.actor)
    (report,) = rows(AdmissionReport)
    assert (report.door, report.device, report.user_id, report.offline) == ("Door A", "device 1", sam.user_id, False)
    (entry,) = rows(AuditEntry, action=Action.TICKET_ADMITTED.value)
    assert entry.cinema_id == regent.id
    assert entry.after["door"] == "Door A"


def test_the_same_scan_sent_again_is_answered_the_same_and_another_ticket_is_not_mixed_up(regent: Cinema, sam: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 2)
    door = Door(regent.id)
    assert scan(typed(booking), door, sam, "key").verdict is Verdict.ADMIT
    assert scan(typed(booking), door, sam, "key").verdict is Verdict.ADMIT
    assert scan(typed(booking, 2), door, sam, "key").verdict is Verdict.ADMIT
    assert scan(typed(booking), door, sam, "other").verdict is Verdict.USED
    assert len(rows(StateChange, subject="admission")) == len(rows(AdmissionReport)) == 2


def test_every_reason_to_refuse_is_its_own(regent: Cinema, sam: By):
    show = a_show(cinema=regent, starts_in=dt.timedelta(hours=3))
    paid, door = a_paid_booking(show, 2), Door(regent.id, show.id)
    elsewhere = a_paid_booking(a_show(starts_in=SOON))
    later = a_paid_booking(a_show(cinema=regent, starts_in=dt.timedelta(days=2)))
    cancel(paid, 2)
    data = from_base45(shown(paid))
    forged = to_base45(data[:-1] + bytes([data[-1] ^ 1]))
    foreign = to_base45(data[:1] + bytes([200]) + data[2:])
    expected = {
        typed(paid, 2): Refusal.CANCELLED,
        typed(a_hold(show)): Refusal.UNPAID,
        shown(elsewhere): Refusal.CINEMA,
        shown(later): Refusal.DAY,
        forged: Refusal.FORGED,
        foreign: Refusal.UNKNOWN_KEY,
        "https://example.org/a-poster-with-a-code-of-its-own": Refusal.UNREADABLE,
        "": Refusal.UNREADABLE,
        "\0" * 40: Refusal.UNREADABLE,
        typed(paid, 9): Refusal.UNKNOWN,
        paid.code: Refusal.WHICH,
    }
    answers = {words: scan(words, door, sam, f"k{n}") for n, words in enumerate(expected)}
    assert {words: answer.refusal for words, answer in answers.items()} == expected
    assert scan(shown(paid), door, sam, "last").verdict is Verdict.ADMIT, "bad input stops nobody after it"


def test_any_show_now_follows_the_settings_and_a_chosen_show_does_not(regent: Cinema, sam: By, set_setting: Any):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=dt.timedelta(minutes=61)), 2)
    other = a_show(cinema=regent, starts_in=SOON)
    assert scan(typed(booking), Door(regent.id), sam, "a").refusal in (Refusal.TIME, Refusal.DAY)
    assert scan(typed(booking), Door(regent.id, other.id), sam, "b").refusal in (Refusal.SHOW, Refusal.DAY)
    set_setting(door_before_minutes=70)
    assert scan(typed(booking), Door(regent.id), sam, "c").verdict is Verdict.ADMIT
    set_setting(door_before_minutes=10)
    assert scan(typed(booking, 2), Door(regent.id, booking.show_id), sam, "d").verdict is Verdict.ADMIT


def test_a_show_that_was_called_off_lets_nobody_in(regent: Cinema, sam: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    code = shown(booking)
    call_off(booking.show_id)
    assert scan(code, Door(regent.id), sam, "a").refusal is Refusal.SHOW_CANCELLED


def test_whose_role_is_gone_lets_nobody_in_any_more(regent: Cinema, sam: By, ruth: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    assert sam.user_id is not None
    revoke_role(ruth, sam.user_id, Role.SCANNER, regent.id)
    with pytest.raises(Forbidden):
        scan(typed(booking), Door(regent.id), sam, "a")
    assert state_of(booking) == "issued"
    assert not rows(AdmissionReport)


def test_a_manager_takes_it_back_with_a_reason_and_it_lets_in_once_more(regent: Cinema, sam: By, ruth: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    scan(typed(booking), Door(regent.id, None, "Door A"), sam, "a")
    (report,) = rows(AdmissionReport)
    with pytest.raises(Invalid):
        undo_admission(ruth, booking.show_id, report.id, "  ")
    with pytest.raises(NotFound):
        undo_admission(ruth, booking.show_id, report.id + 1, "wrong one")
    assert undo_admission(ruth, booking.show_id, report.id, "scanned the wrong telephone")
    assert not undo_admission(ruth, booking.show_id, report.id, "again")
    assert state_of(booking) == "issued"
    (entry,) = rows(AuditEntry, action=Action.ADMISSION_UNDONE.value)
    assert entry.reason == "scanned the wrong telephone"
    assert entry.before["door"] == "Door A"
    assert scan(typed(booking), Door(regent.id), sam, "a").verdict is Verdict.USED, "a repeated request lets nobody in"
    assert scan(typed(booking), Door(regent.id), sam, "b").verdict is Verdict.ADMIT
    assert [change.after for change in rows(StateChange, subject="admission")] == ["admitted", "issued", "admitted"]


def test_nothing_is_taken_back_of_a_ticket_that_was_cancelled_since(regent: Cinema, sam: By, ruth: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    scan(typed(booking), Door(regent.id), sam, "a")
    call_off(booking.show_id)
    (report,) = rows(AdmissionReport)
    assert state_of(booking) == "void"
    with pytest.raises(NotAdmissible):
        undo_admission(ruth, booking.show_id, report.id, "a mistake")


def report(booking: Any, key: str, door: str, at: dt.datetime | None, cinema: Cinema, who: By, number: int = 1) -> Any:
    how = AtDoor(key, door, f"device {door}", True, at)
    return take_report(shown(booking, number), how, cinema.id, who)


def test_two_devices_alone_with_one_ticket_are_shown_with_both_places_and_times(
    regent: Cinema, sam: By, moved_clock: MovedClock
):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    moved_clock.forward(minutes=20)
    early, late = clock.now() - dt.timedelta(minutes=9), clock.now() - dt.timedelta(minutes=4)
    assert report(booking, "b1", "Door B", late, regent, sam).outcome == "admitted"
    double = report(booking, "a1", "Door A", early, regent, sam)
    assert (double.outcome, double.first_at, double.first_door) == ("double", late, "Door B")
    assert report(booking, "a1", "Door A", early, regent, sam).outcome == "double", "sent twice, it counts once"
    assert report(booking, "b1", "Door B", late, regent, sam).outcome == "admitted"
    log = door_log(regent.id, dt.UTC, clock.now() - dt.timedelta(hours=1))  # type: ignore[arg-type]
    (one,) = log.disputed
    assert (one.door, one.at, one.first_door, one.first_at) == ("Door A", early, "Door B", late)
    assert len(log.admitted) == 1
    assert log.admitted[0].offline
    assert len(rows(StateChange, subject="admission")) == 1


def test_a_report_of_a_ticket_cancelled_meanwhile_is_kept_as_what_it_is(regent: Cinema, sam: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=dt.timedelta(hours=3)), 1)
    code = shown(booking)
    cancel(booking)
    taken = take_report(code, AtDoor("a", "Door A", "device", True, clock.now()), regent.id, sam)
    assert (taken.outcome, taken.reason) == ("refused", "cancelled")
    assert state_of(booking) == "void"
    assert rows(AuditEntry, action=Action.TICKET_ADMITTED_WRONGLY.value)


def test_a_report_of_nothing_or_of_another_cinema_is_lost_and_says_so(regent: Cinema, sam: By):
    elsewhere = a_paid_booking(a_show(starts_in=SOON))
    how = AtDoor("a", "Door A", "device", True, None)
    assert take_report("nonsense", how, regent.id, sam).outcome == "lost"
    assert take_report(shown(elsewhere), how, regent.id, sam).reason == "cinema"
    assert not rows(AdmissionReport)


def test_an_online_answer_that_was_lost_is_no_double_when_the_device_sends_it(regent: Cinema, sam: By):
    booking = a_paid_booking(a_show(cinema=regent, starts_in=SOON), 1)
    assert scan(shown(booking), Door(regent.id, None, "Door A"), sam, "same").verdict is Verdict.ADMIT
    assert report(booking, "same", "Door A", clock.now(), regent, sam).outcome == "admitted"
    assert len(rows(AdmissionReport)) == 1


def test_the_list_of_a_device_holds_what_was_sold_let_in_and_cancelled_and_no_names(regent: Cinema, sam: By):
    show = a_show(cinema=regent, starts_in=SOON)
    booking = a_paid_booking(show, 3)
    a_hold(show, 1)
    scan(typed(booking, 1), Door(regent.id, None, "Door A"), sam, "a")
    lines = door_list([show.id], dt.UTC)  # type: ignore[arg-type]
    assert [(line[1][-2:], line[3], line[5]) for line in lines] == [
        ("01", "Row A seat 1", 1),
        ("02", "Row A seat 2", 0),
        ("03", "Row A seat 3", 0),
    ]
    assert lines[0][7] == "Door A"
    assert booking.email not in str(lines)


def test_the_shows_of_a_door_count_who_is_in_and_who_is_to_come(regent: Cinema, sam: By):
    show = a_show(cinema=regent, starts_in=SOON)
    booking = a_paid_booking(show, 3)
    a_show(cinema=regent, starts_in=SOON, published=False)
    scan(typed(booking, 1), Door(regent.id), sam, "a")
    (one,) = [each for each in shows_at_door(regent.id, dt.UTC, clock.now()) if each.now]  # type: ignore[arg-type]
    assert (one.id, one.admitted, one.sold, one.to_come) == (show.id, 1, 3, 2)
