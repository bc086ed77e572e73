"""One ticket at many doors in the same instant: one lets in."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import text

from app.db import db
from app.domain.admission import Door, Verdict
from app.domain.staff import COMMAND, Role
from app.services.admission import AtDoor, scan, undo_admission
from app.services.door_sync import take_report
from tests.builders import a_cinema, a_paid_booking, a_person, a_show
from tests.support.books import rows
from tests.support.crowd import together
from tests.support.door import shown
from tests.support.staff import by

DOORS, ROUNDS = 8, 12


def test_at_eight_doors_in_one_instant_a_ticket_lets_in_once(crowd):
    cinema = a_cinema()
    show = a_show(cinema=cinema, starts_in=dt.timedelta(minutes=20))
    for _ in range(ROUNDS):
        code = shown(a_paid_booking(show, 1))
        tasks = [
            lambda n=n, code=code: scan(code, Door(cinema.id, show.id, f"Door {n}"), COMMAND, f"key-{n}")
            for n in range(DOORS)
        ]
        answers = together(crowd, tasks)
        assert Counter(answer.verdict for answer in answers) == {Verdict.ADMIT: 1, Verdict.USED: DOORS - 1}
        (first,) = [answer.admission.door for answer in answers if answer.verdict is Verdict.ADMIT]
        assert {answer.admission.door for answer in answers} == {first}
    assert _changes(show.id) == ROUNDS


def test_queues_that_come_back_while_a_door_scans_make_one_admission_and_the_rest_doubles(crowd):
    cinema = a_cinema()
    show = a_show(cinema=cinema, starts_in=dt.timedelta(minutes=20))
    for _ in range(ROUNDS):
        code = shown(a_paid_booking(show, 1))
        queues = [
            lambda n=n, code=code: take_report(code, AtDoor(f"key-{n}", f"Door {n}", "", True), cinema.id, COMMAND)
            for n in range(3)
        ]
        online = [lambda code=code: scan(code, Door(cinema.id), COMMAND, "online")]
        *taken, answer = together(crowd, [*queues, *online])
        admitted = [one.outcome for one in taken].count("admitted") + (answer.verdict is Verdict.ADMIT)
        assert admitted == 1
        assert {one.outcome for one in taken} <= {"admitted", "double"}
    assert _changes(show.id) == ROUNDS


def test_an_undo_while_other_doors_scan_lets_in_once_more_at_most(crowd):
    cinema = a_cinema()
    ruth = by(a_person(Role.MANAGER, cinema))
    show = a_show(cinema=cinema, starts_in=dt.timedelta(minutes=20))
    for _ in range(ROUNDS):
        booking = a_paid_booking(show, 1)
        code = shown(booking)
        assert scan(code, Door(cinema.id, show.id, "Front"), COMMAND, "front").verdict is Verdict.ADMIT
        (first,) = rows("SELECT max(id) AS id FROM admission_reports")
        doors = [
            lambda n=n, code=code: scan(code, Door(cinema.id, show.id, f"Door {n}"), COMMAND, f"key-{n}")
            for n in range(3)
        ]
        undo = [lambda report=first.id: undo_admission(ruth, show.id, report, "The wrong person")]
        undone, *answers = together(crowd, [*undo, *doors])
        assert undone is True
        again = [answer.verdict for answer in answers].count(Verdict.ADMIT)
        (ticket,) = rows("SELECT state FROM tickets WHERE booking_id = :id", id=booking.id)
        assert (again, ticket.state) in [(0, "issued"), (1, "admitted")]
        assert undo_admission(ruth, show.id, first.id, "Pressed twice") is False, "it takes nobody else's back"


def _changes(show_id: int) -> int:
    words = text("SELECT count(*) FROM state_changes WHERE show_id = :show AND subject = 'admission'")
    found = int(db.session.execute(words, {"show": show_id}).scalar_one())
    db.session.commit()
    return found
