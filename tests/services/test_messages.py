"""The mails: what each says in both forms, what it brings along, and when it is not sent at all."""

from __future__ import annotations

import html
import io
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
from icalendar import Calendar
from sqlalchemy import text

from app.adapters.mail import EXTENSION, FakeOutgoing, MailNotSent, MailRefused
from app.adapters.payments import EventKind
from app.config import settings
from app.db import db, transaction
from app.domain.links import link_is_valid
from app.domain.settling import RefundReason
from app.jobs.outbox import run_outbox_item
from app.models import Booking
from app.queries.tickets import booking_view
from app.services.holds import expire_booking
from app.services.messages import REASONS, send_confirmation, send_late_payment, send_payment_failed
from app.services.outbox import Task
from app.services.payments import settle_payment
from app.services.tickets import tickets_pdf
from tests.builders import a_hold, a_movie, a_paid_booking, a_show, a_started_payment, an_event

TRAP = "<script>alert(1)</script>\r\nBcc: all@example.org"


@pytest.fixture
def post(app, monkeypatch) -> FakeOutgoing:
    fake = FakeOutgoing()
    monkeypatch.setitem(app.extensions, EXTENSION, fake)
    return fake


def an_item(booking: Booking, task: Task) -> int:
    """The id of the newest outbox item of a kind."""
    query = text("SELECT max(id) FROM outbox WHERE show_id = :show AND booking_id = :booking AND kind = :kind")
    key = {"show": booking.show_id, "booking": booking.id, "kind": task.value}
    return db.session.execute(query, key).scalar_one()


def bodies(message: EmailMessage) -> tuple[str, str]:
    """The text, and the HTML as a reader sees it."""
    page = message.get_body(("html",)).get_content()
    seen = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S))
    return message.get_body(("plain",)).get_content(), html.unescape(seen)


def link_in(words: str) -> str:
    (link,) = re.findall(r"http\S+/bookings/\S+", words)
    return link


def test_the_confirmation_says_everything_in_text_and_in_html(post) -> None:
    booking = a_paid_booking(a_show(movie=a_movie("Metropolis", certificate="PG"), language="German"))
    send_confirmation(booking.show_id, booking.id, 1)
    view = booking_view(booking.show_id, booking.id)
    (message,) = post.sent
    for words in bodies(message):
        for needed in (
            "Ada Byron",
            "Metropolis",
            f"{view.starts_at:%H:%M}",
            f"Doors {view.doors_at:%H:%M}",
            view.cinema.name,
            view.screen,
            view.cinema.zone_name,
            "German",
            "£21.50",
            "Booking fee",
            *(ticket.seat for ticket in view.tickets),
        ):
            assert needed in words
    assert message["To"] == "Ada Byron <ada@example.org>"
    assert "Metropolis" in message["Subject"]


def test_each_fact_of_the_text_has_its_own_line(post) -> None:
    booking = a_paid_booking(a_show())
    send_confirmation(booking.show_id, booking.id, 1)
    lines = [line.strip() for line in bodies(post.sent[0])[0].splitlines()]
    for start in ("Hello Ada Byron,", "Doors ", "Seats ", "Booking ", "Paid: ", "Your booking: http"):
        assert any(line.startswith(start) for line in lines), start


def test_the_link_opens_this_booking_and_no_other(post) -> None:
    show = a_show()
    booking, other = a_paid_booking(show), a_paid_booking(show)
    send_confirmation(booking.show_id, booking.id, 1)
    link = urlsplit(link_in(bodies(post.sent[0])[0]))
    key = parse_qs(link.query)["key"][0]
    assert link.path == f"/bookings/{booking.code}"
    assert link_is_valid(settings.secret_key, booking.code, key)
    assert not link_is_valid(settings.secret_key, other.code, key)
    assert not link_is_valid("another secret", booking.code, key)
    assert f"{settings.base_url}/bookings/{booking.code}?key={key}" in post.sent[0].get_body(("html",)).get_content()


@pytest.mark.parametrize("key", ["", "x", "é", "a.b", "A" * 500])
def test_a_made_up_key_opens_nothing(key: str) -> None:
    assert not link_is_valid("secret", "2F7K4XP2MD", key)


def test_the_confirmation_brings_tickets_and_calendar(post) -> None:
    booking = a_paid_booking(a_show(), 2)
    send_confirmation(booking.show_id, booking.id, 1)
    pdf, ics = post.sent[0].iter_attachments()
    assert pdf.get_filename() == f"tickets-{booking.code}.pdf"
    assert len(pypdfium2.PdfDocument(io.BytesIO(pdf.get_content()))) == 2
    (visit,) = Calendar.from_ical(ics.get_payload(decode=True)).walk("VEVENT")
    assert str(visit["URL"]) == link_in(bodies(post.sent[0])[0])


def test_the_confirmation_draws_the_tickets_once_and_keeps_them(post) -> None:
    booking = a_paid_booking(a_show(), 1)
    assert tickets_pdf(booking.show_id, booking.id) is None
    send_confirmation(booking.show_id, booking.id, 1)
    kept = tickets_pdf(booking.show_id, booking.id)
    send_confirmation(booking.show_id, booking.id, 2)
    assert [next(message.iter_attachments()).get_content() for message in post.sent] == [kept, kept]


def test_a_second_attempt_has_the_same_message_id_and_a_second_sending_another(post) -> None:
    booking = a_paid_booking(a_show(), 1)
    for item in (7, 7, 8):
        send_confirmation(booking.show_id, booking.id, item)
    first, again, other = (message["Message-ID"] for message in post.sent)
    assert first == again != other


def test_the_job_sends_the_confirmation_once(post, app) -> None:
    booking = a_paid_booking(a_show(), 1)
    item = an_item(booking, Task.MAIL_CONFIRMATION)
    assert booking_view(booking.show_id, booking.id).mail_state == "queued"
    assert run_outbox_item(booking.show_id, item) == "done"
    assert run_outbox_item(booking.show_id, item) == "nothing to do"
    assert len(post.sent) == 1
    assert booking_view(booking.show_id, booking.id).mail_state == "sent"


@pytest.mark.parametrize("trouble", [MailNotSent("451 later"), MailRefused("550 no such box")])
def test_a_mail_that_did_not_go_out_is_said_and_tried_again(post, moved_clock, trouble) -> None:
    booking = a_paid_booking(a_show(), 1)
    item = an_item(booking, Task.MAIL_CONFIRMATION)
    post.trouble.append(trouble)
    assert run_outbox_item(booking.show_id, item) == "postponed"
    assert booking_view(booking.show_id, booking.id).mail_state == "failed"
    moved_clock.forward(minutes=1)
    assert run_outbox_item(booking.show_id, item) == "done"
    assert len(post.sent) == 1


def test_without_a_mail_server_the_confirmation_is_a_file(app) -> None:
    booking = a_paid_booking(a_show(), 1)
    send_confirmation(booking.show_id, booking.id, 5)
    path = settings.var_dir / "mail" / f"confirmation.{booking.show_id}.5.eml"
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert [part.get_content_type() for part in message.iter_attachments()] == ["application/pdf", "text/calendar"]


def test_nothing_typed_becomes_markup_or_a_header(post) -> None:
    booking = a_paid_booking(a_show(movie=a_movie(TRAP, certificate="PG")), 1)
    with transaction() as session:
        session.get_one(Booking, (booking.show_id, booking.id)).name = TRAP
    send_confirmation(booking.show_id, booking.id, 1)
    (message,) = post.sent
    assert message["Bcc"] is None
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert message["To"].addresses[0].addr_spec == "ada@example.org"


def test_a_booking_that_is_no_longer_confirmed_gets_no_tickets(post) -> None:
    booking = a_hold(a_show())
    send_confirmation(booking.show_id, booking.id, 1)
    assert post.sent == []


def a_declined(show=None):
    booking = a_hold(show or a_show())
    payment = a_started_payment(booking)
    settle_payment(an_event(payment, EventKind.FAILED))
    return booking, payment


def test_a_failed_payment_is_told_with_the_time_the_seats_are_kept(post, moved_clock) -> None:
    booking, _ = a_declined()
    send_payment_failed(booking.show_id, booking.id, an_item(booking, Task.MAIL_PAYMENT_FAILED))
    view = booking_view(booking.show_id, booking.id)
    until = view.expires_at.astimezone(view.starts_at.tzinfo)
    for words in bodies(post.sent[0]):
        assert "did not go through" in words
        assert f"{until:%H:%M}" in words
        assert "£21.50" in words
    assert list(post.sent[0].iter_attachments()) == []


def test_a_failed_payment_told_late_does_not_promise_seats(post, moved_clock) -> None:
    booking, _ = a_declined()
    moved_clock.forward(minutes=40)
    send_payment_failed(booking.show_id, booking.id, 1)
    for words in bodies(post.sent[0]):
        assert "run out" in words
        assert "kept until" not in words


def test_who_paid_in_the_meantime_is_not_told_of_the_failure(post) -> None:
    booking, _ = a_declined()
    second = a_started_payment(booking)
    assert settle_payment(an_event(second)) == "confirmed"
    send_payment_failed(booking.show_id, booking.id, 1)
    assert post.sent == []


def test_late_money_is_told_with_the_reason_and_the_amount(post, moved_clock) -> None:
    show = a_show()
    booking = a_hold(show)
    payment = a_started_payment(booking)
    moved_clock.forward(minutes=40)
    expire_booking(show.id, booking.id)
    a_paid_booking(show, seats=[ticket.seat_id for ticket in _tickets(booking)])
    assert settle_payment(an_event(payment)).startswith("refunded")
    item = an_item(booking, Task.MAIL_LATE_PAYMENT)
    send_late_payment(show.id, booking.id, payment.id, item)
    for words in bodies(post.sent[0]):
        assert REASONS[RefundReason.SEATS_GONE] in " ".join(words.split())
        assert "£21.50" in words
        assert "no tickets" in words


def _tickets(booking: Booking):
    query = text("SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :booking ORDER BY number")
    return db.session.execute(query, {"show": booking.show_id, "booking": booking.id}).all()


def test_paid_twice_is_told_that_the_booking_stands(post) -> None:
    booking, first = a_declined()
    assert settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    assert settle_payment(an_event(first)).startswith("refunded")
    send_late_payment(booking.show_id, booking.id, first.id, 1)
    for words in bodies(post.sent[0]):
        assert REASONS[RefundReason.ALREADY_PAID] in " ".join(words.split())
        assert "no tickets" not in words


@pytest.mark.parametrize("reason", list(RefundReason))
def test_every_reason_for_a_refund_has_its_words(reason: RefundReason) -> None:
    assert REASONS[reason].endswith(".")
