"""Reminders: whom, when on the cinema's clocks, and once."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.messages import MessageKind
from app.domain.staff import COMMAND
from app.jobs.tasks import run_task
from app.models import Booking, Show
from app.services import reminding
from app.services.reminding import send_reminders
from app.services.show_cancelling import cancel_show
from tests.builders import a_cinema, a_city, a_hold, a_paid_booking, a_show
from tests.support.post import bodies, give_back, messages, run

HOUR = dt.timedelta(hours=1)


def reminders(show: Show):
    return messages(show.id, MessageKind.REMINDER)


def a_show_in(hours: float, **values) -> Show:
    return a_show(starts_in=hours * HOUR, **values)


def test_a_visitor_is_reminded_a_day_before_and_once(post, moved_clock) -> None:
    show = a_show_in(30)
    a_paid_booking(show)
    assert send_reminders() == 0
    moved_clock.forward(hours=6, minutes=1)
    assert send_reminders() == 1
    assert send_reminders() == 0
    (message,) = reminders(show)
    assert run(message) == "done"
    (letter,) = post.sent
    for words in bodies(letter):
        assert "Doors open at" in words
        assert "A1, A2" in words


def test_two_schedules_at_once_remind_once(post, moved_clock) -> None:
    show = a_show_in(30)
    booking = a_paid_booking(show)
    moved_clock.forward(hours=7)
    assert send_reminders() == 1
    again = text(
        "INSERT INTO messages (show_id, kind, channel, booking_id, state, queued_at) "
        "VALUES (:show, 'reminder', 'email', :booking, 'queued', :now) ON CONFLICT DO NOTHING RETURNING id"
    )
    with transaction() as session:
        values = {"show": show.id, "booking": booking.id, "now": clock.now()}
        assert session.execute(again, values).one_or_none() is None


def test_a_show_whose_reminders_are_out_is_not_looked_at_again(post, moved_clock) -> None:
    moved_clock.stop_at(clock.now())
    show = a_show_in(30)
    a_paid_booking(show)
    moved_clock.forward(hours=6, minutes=1)
    send_reminders()
    assert marked(show) is None
    moved_clock.forward(minutes=6)
    send_reminders()
    assert marked(show) == clock.now()


def marked(show: Show) -> dt.datetime | None:
    found = db.session.execute(text("SELECT reminded_at FROM shows WHERE id = :id"), {"id": show.id}).scalar_one()
    db.session.commit()
    return found


def test_who_books_when_the_reminder_was_due_gets_none(post, moved_clock) -> None:
    show = a_show_in(30)
    moved_clock.forward(hours=6, minutes=1)
    a_paid_booking(show)
    assert send_reminders() == 0
    assert reminders(show) == []


def test_a_hold_and_a_show_that_is_called_off_are_not_reminded_of(post, moved_clock) -> None:
    held, cancelled = a_show_in(30), a_show_in(30)
    a_hold(held)
    a_paid_booking(cancelled)
    cancel_show(COMMAND, cancelled.id, "The lamp burst.")
    moved_clock.forward(hours=7)
    assert send_reminders() == 0


def test_who_no_longer_comes_when_it_is_sent_is_left_alone(post, moved_clock) -> None:
    show = a_show_in(30)
    booking = a_paid_booking(show)
    moved_clock.forward(hours=7)
    send_reminders()
    give_back(booking)
    run(reminders(show)[0])
    assert post.sent == []
    assert reminders(show)[0].state == "not_needed"


def test_a_reminder_that_comes_too_late_is_not_sent(post, moved_clock) -> None:
    show = a_show_in(30)
    a_paid_booking(show)
    moved_clock.forward(hours=7)
    send_reminders()
    moved_clock.forward(hours=30)
    run(reminders(show)[0])
    assert post.sent == []


def test_a_schedule_that_was_away_reminds_later_while_the_show_has_not_begun(post, moved_clock) -> None:
    show, begun = a_show_in(30), a_show_in(30)
    a_paid_booking(show)
    moved_clock.forward(hours=29)
    assert send_reminders() == 1
    a_paid_booking(begun)
    moved_clock.forward(hours=2)
    assert send_reminders() == 0


@pytest.mark.parametrize(
    ("night", "real"), [(dt.datetime(2027, 3, 28, 19, 30), 23), (dt.datetime(2027, 10, 31, 19, 30), 25)]
)
def test_on_the_nights_clocks_change_the_wall_decides(post, moved_clock, night: dt.datetime, real: int) -> None:
    starts_at = night.replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(dt.UTC)
    moved_clock.forward(seconds=(starts_at - 40 * HOUR - clock.now()).total_seconds())
    show = a_show(starts_in=starts_at - clock.now(), cinema=a_cinema(a_city(timezone="Europe/Paris")))
    a_paid_booking(show)
    moved_clock.forward(hours=40 - real, minutes=-2)
    assert send_reminders() == 0
    moved_clock.forward(minutes=3)
    assert send_reminders() == 1


def test_without_hours_nobody_is_reminded(post, moved_clock, set_setting) -> None:
    set_setting(reminder_hours=0)
    a_paid_booking(a_show_in(5))
    moved_clock.forward(hours=1)
    assert send_reminders() == 0


def test_many_are_reminded_in_batches_by_few_queries(post, moved_clock, monkeypatch) -> None:
    show = a_show_in(30)
    for _ in range(5):
        a_paid_booking(show)
    monkeypatch.setattr(reminding, "BATCH", 2)
    moved_clock.forward(hours=7)
    asked: list[str] = []
    monkeypatch.setattr(reminding, "transaction", counted(reminding.transaction, asked))
    assert send_reminders() == 5
    assert len(asked) == 4
    assert len({message.id for message in reminders(show)}) == 5


def counted(real, asked: list[str]):
    def opened():
        asked.append("transaction")
        return real()

    return opened


def test_each_is_reminded_by_the_ways_they_agreed_to(post, moved_clock, set_setting) -> None:
    set_setting(sms_url="json://127.0.0.1/{phone}")
    show = a_show_in(30)
    booking = a_paid_booking(show)
    with transaction() as session:
        row = session.get_one(Booking, (show.id, booking.id))
        row.wants_sms = row.wants_push = True
        row.phone = "+447700900123"
    moved_clock.forward(hours=7)
    assert send_reminders() == 2
    assert [message.channel for message in reminders(show)] == ["email", "sms"]


def test_the_schedule_sends_the_reminders(post, moved_clock) -> None:
    show = a_show_in(30)
    a_paid_booking(show)
    moved_clock.forward(hours=7)
    assert run_task("send_reminders") == "1"
