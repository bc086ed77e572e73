"""Deliveries over a real mail server that takes, refuses, stalls and drops: what the log says, and when it is tried again."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.messages import MessageKind
from app.models import Booking
from app.queries.tickets import booking_view
from app.services.outbox import GIVE_UP_AFTER, due_items
from tests.builders import a_paid_booking, a_show
from tests.support.post import run, the_item, the_message

KIND = MessageKind.CONFIRMATION


class Office:
    """aiosmtpd's handler: keeps what it takes, or answers what the test wants."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" not in self.answers:
            self.taken.append(message_from_bytes(envelope.content, policy=default))
        return self.answers.get("DATA", "250 taken")


@pytest.fixture
def office(set_setting) -> Iterator[Office]:
    """A mail server that the settings name."""
    kept = Office()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    set_setting(smtp_url=f"smtp://127.0.0.1:{port}", mail_timeout_seconds=2)
    yield kept
    controller.stop()


@pytest.fixture
def booking(app, moved_clock) -> Booking:
    moved_clock.stop_at(clock.now())
    return a_paid_booking(a_show(), 1)


def stands(booking: Booking) -> tuple[str, str, int]:
    message = the_message(booking, KIND)
    return message.state, message.detail, message.attempts


def waits(booking: Booking) -> dt.timedelta:
    """How long until the message's item is due again."""
    item = the_item(the_message(booking, KIND))
    return item.due_at - clock.now()


def test_what_the_server_takes_is_sent(office: Office, booking: Booking) -> None:
    assert booking_view(booking.show_id, booking.id).mail_state == "queued"
    assert run(the_message(booking, KIND)) == "done"
    assert run(the_message(booking, KIND)) == "nothing to do"
    assert stands(booking) == ("sent", "", 1)
    assert the_message(booking, KIND).sent_at == clock.now()
    assert booking_view(booking.show_id, booking.id).mail_state == "sent"
    (letter,) = office.taken
    assert letter["To"] == "Ada Byron <ada@example.org>"


def test_what_the_server_refuses_for_good_is_given_up_at_once_with_its_words(office: Office, booking: Booking) -> None:
    office.answers["RCPT"] = "550 5.1.1 no such box here"
    assert run(the_message(booking, KIND)) == "postponed"
    assert stands(booking) == ("failed", "550 5.1.1 no such box here", 1)
    assert the_item(the_message(booking, KIND)).attempts == GIVE_UP_AFTER
    alert = text("SELECT message FROM alerts WHERE kind = 'outbox_given_up'")
    assert "no such box here" in db.session.execute(alert).scalar_one()


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_what_the_server_refuses_for_now_is_tried_again_with_growing_pauses(
    office: Office, booking: Booking, moved_clock, step: str
) -> None:
    office.answers[step] = "451 4.7.1 come back later"
    for tries, pause in enumerate((10, 20, 40), start=1):
        assert run(the_message(booking, KIND)) == "postponed"
        assert stands(booking) == ("failed", "451 4.7.1 come back later", tries)
        assert waits(booking) == dt.timedelta(seconds=pause)
        assert run(the_message(booking, KIND)) == "nothing to do"
        moved_clock.forward(seconds=pause)
    office.answers.clear()
    assert run(the_message(booking, KIND)) == "done"
    assert stands(booking) == ("sent", "", 4)
    assert len(office.taken) == 1


def test_a_server_that_never_takes_it_is_asked_twelve_times_and_then_staff_is_told(
    office: Office, booking: Booking, moved_clock
) -> None:
    office.answers["DATA"] = "452 the disk is full"
    for _ in range(GIVE_UP_AFTER):
        assert run(the_message(booking, KIND)) == "postponed"
        moved_clock.forward(minutes=20)
    assert stands(booking) == ("failed", "452 the disk is full", GIVE_UP_AFTER)
    item = the_item(the_message(booking, KIND))
    assert (item.show_id, item.id) not in due_items()
    assert booking_view(booking.show_id, booking.id).state == "confirmed"


class BadServer:
    """Speaks just enough SMTP to go wrong where the test wants it to."""

    def __init__(self, *, stall: bool) -> None:
        self.stall = stall
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            while line := connection.recv(1024):
                if line.upper().startswith(b"DATA"):
                    connection.sendall(b"354 go on\r\n")
                    connection.recv(16)
                    if self.stall:
                        self.over.wait()
                    return
                connection.sendall(b"250 ok\r\n")

    def __enter__(self) -> str:
        self.thread.start()
        return f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        self.listener.close()


def test_a_server_that_hangs_up_in_the_middle_is_asked_later(booking: Booking, set_setting) -> None:
    with BadServer(stall=False) as url:
        set_setting(smtp_url=url, mail_timeout_seconds=2)
        assert run(the_message(booking, KIND)) == "postponed"
    state, words, _ = stands(booking)
    assert state == "failed"
    assert words
    assert waits(booking) == dt.timedelta(seconds=10)


def test_a_server_that_stalls_costs_the_timeout_and_is_asked_later(booking: Booking, set_setting) -> None:
    with BadServer(stall=True) as url:
        set_setting(smtp_url=url, mail_timeout_seconds=0.2)
        assert run(the_message(booking, KIND)) == "postponed"
    state, words, _ = stands(booking)
    assert (state, "timed out" in words) == ("failed", True)
    assert waits(booking) == dt.timedelta(seconds=10)


def test_a_crash_between_sending_and_noting_sends_the_same_message_id(
    office: Office, booking: Booking, moved_clock, monkeypatch
) -> None:
    """Nobody can know whether it went out, so it goes again, and who gets two can tell that they are one."""

    def power_cut(name: str) -> None:
        raise SystemExit(name)

    with monkeypatch.context() as patched:
        patched.setattr("app.services.messages.failpoint", power_cut)
        with pytest.raises(SystemExit, match="message-sent-before-noted"):
            run(the_message(booking, KIND))
    assert stands(booking)[0] == "queued"
    moved_clock.forward(minutes=1)
    assert run(the_message(booking, KIND)) == "done"
    first, again = office.taken
    assert first["Message-ID"] == again["Message-ID"]
    assert stands(booking) == ("sent", "", 2)


def test_a_crash_after_noting_sends_nothing_twice(office: Office, booking: Booking, moved_clock, monkeypatch) -> None:
    def power_cut(name: str) -> None:
        raise SystemExit(name)

    with monkeypatch.context() as patched:
        patched.setattr("app.jobs.outbox.failpoint", power_cut)
        with pytest.raises(SystemExit):
            run(the_message(booking, KIND))
    moved_clock.forward(minutes=1)
    assert run(the_message(booking, KIND)) == "done"
    assert len(office.taken) == 1


def test_no_booking_waits_for_a_mail_server(app, set_setting) -> None:
    """Nothing of a mail happens before the job: the server here is not even asked."""
    set_setting(smtp_url="smtp://127.0.0.1:1")
    booking = a_paid_booking(a_show())
    assert booking.state == "confirmed"
    assert stands(booking) == ("queued", "", 0)


def test_what_is_told_of_a_failure_names_it(app, set_setting) -> None:
    booking = a_paid_booking(a_show())
    set_setting(smtp_url="smtp://127.0.0.1:1")
    assert run(the_message(booking, KIND)) == "postponed"
    assert "ConnectionRefusedError" in stands(booking)[1]
