"""The messages: what each says in both forms, what it brings along, and when it is not sent at all."""

from __future__ import annotations

import io
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
from icalendar import Calendar
from sqlalchemy import text

from app.adapters.payments import EventKind
from app.config import settings
from app.db import db, transaction
from app.domain.links import link_is_valid
from app.domain.messages import MessageKind
from app.domain.settling import RefundReason
from app.errors import NotFound
from app.models import Booking
from app.queries.tickets import booking_view
from app.services.holds import expire_booking
from app.services.payments import settle_payment
from app.services.sending import resend_message
from app.services.tickets import tickets_pdf
from tests.builders import a_hold, a_movie, a_paid_booking, a_show, a_started_payment, an_event
from tests.support.post import bodies, deliver, give_back, messages, run, the_message

TRAP = "<script>alert(1)</script>\r\nBcc: all@example.org & {{ 7*7 }}"


def link_in(words: str) -> str:
    (link,) = re.findall(r"http\S+/bookings/\S+", words)
    return link


def test_the_confirmation_says_everything_in_text_and_in_html(post) -> None:
    booking = a_paid_booking(a_show(movie=a_movie("Metropolis", certificate="PG"), language="German"))
    deliver(booking)
    view = booking_view(booking.show_id, booking.id)
    (letter,) = post.sent
    for words in bodies(letter):
        for needed in (
            "Ada Byron",
            "Metropolis",
            f"{view.starts_at:%H:%M}",
            f"{view.doors_at:%H:%M}",
            view.cinema.name,
            view.screen,
            view.cinema.zone_name,
            "German",
            "£21.50",
            "Booking fee",
            *(ticket.seat for ticket in view.tickets),
        ):
            assert needed in words
    assert letter["To"] == "Ada Byron <ada@example.org>"
    assert "Metropolis" in letter["Subject"]
    assert f"{view.starts_at:%H:%M}" in letter["Subject"]


def test_each_fact_of_the_text_has_its_own_line(post) -> None:
    booking = a_paid_booking(a_show())
    deliver(booking)
    lines = bodies(post.sent[0])[0].splitlines()
    for start in ("Hello Ada Byron,", "Doors: ", "Seats: ", "Booking: ", "Paid: £21.50", "Your booking: http"):
        assert any(line.startswith(start) for line in lines), start
    assert not any("<" in line for line in lines)
    assert "\n\n\n" not in bodies(post.sent[0])[0]


def test_the_link_opens_this_booking_and_no_other(post) -> None:
    show = a_show()
    booking, other = a_paid_booking(show), a_paid_booking(show)
    message = next(one for one in messages(show.id) if one.kind == "confirmation")
    run(message)
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


def pages_of(letter: EmailMessage) -> int:
    pdf = next(iter(letter.iter_attachments()))
    assert pdf.get_content_type() == "application/pdf"
    with io.BytesIO(pdf.get_content()) as file:
        document = pypdfium2.PdfDocument(file)
        count = len(document)
        document.close()
    return count


def test_the_confirmation_brings_tickets_and_calendar(post) -> None:
    booking = a_paid_booking(a_show(), 2)
    deliver(booking)
    assert pages_of(post.sent[0]) == 2
    _, ics = post.sent[0].iter_attachments()
    assert ics.get_content_type() == "text/calendar"
    (visit,) = Calendar.from_ical(ics.get_payload(decode=True)).walk("VEVENT")
    assert str(visit["URL"]) == link_in(bodies(post.sent[0])[0])


def test_the_confirmation_draws_the_tickets_once_and_keeps_them(post) -> None:
    booking = a_paid_booking(a_show(), 1)
    assert tickets_pdf(booking.show_id, booking.id) is None
    deliver(booking)
    kept = tickets_pdf(booking.show_id, booking.id)
    resend_message(booking.show_id, the_message(booking, MessageKind.CONFIRMATION).id)
    deliver(booking)
    assert [next(letter.iter_attachments()).get_content() for letter in post.sent] == [kept, kept]


def test_a_message_sent_again_is_a_new_one_that_names_the_first(post) -> None:
    booking = a_paid_booking(a_show(), 1)
    deliver(booking)
    first = the_message(booking, MessageKind.CONFIRMATION)
    again = resend_message(booking.show_id, resend_message(booking.show_id, first.id))
    deliver(booking)
    newest = the_message(booking, MessageKind.CONFIRMATION)
    assert (newest.id, newest.resend_of, newest.state) == (again, first.id, "sent")
    assert len({letter["Message-ID"] for letter in post.sent}) == 2


def test_there_is_no_sending_again_of_what_never_was(app) -> None:
    with pytest.raises(NotFound, match="no such message"):
        resend_message(1, 2)


def test_a_message_sent_again_goes_to_the_address_the_booking_has_now(post) -> None:
    booking = a_paid_booking(a_show(), 1)
    with transaction() as session:
        session.get_one(Booking, (booking.show_id, booking.id)).email = "ada@example.com"
    deliver(booking)
    assert post.sent[0]["To"].addresses[0].addr_spec == "ada@example.com"
    assert the_message(booking, MessageKind.CONFIRMATION).recipient == "ada@example.com"


def test_without_a_mail_server_the_confirmation_is_a_file(app) -> None:
    booking = a_paid_booking(a_show(), 1)
    deliver(booking)
    number = the_message(booking, MessageKind.CONFIRMATION).id
    path = settings.var_dir / "mail" / f"confirmation.{booking.show_id}.{number}.eml"
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert [part.get_content_type() for part in letter.iter_attachments()] == ["application/pdf", "text/calendar"]


def test_nothing_typed_becomes_markup_or_a_header_or_a_template(post) -> None:
    booking = a_paid_booking(a_show(movie=a_movie(TRAP, certificate="PG")), 1)
    with transaction() as session:
        session.get_one(Booking, (booking.show_id, booking.id)).name = TRAP
    deliver(booking)
    (letter,) = post.sent
    assert letter["Bcc"] is None
    assert "<script>" not in letter.get_body(("html",)).get_content()
    assert "<script>alert(1)</script>" in bodies(letter)[0]
    assert "& {{ 7*7 }}" in bodies(letter)[0]
    assert letter["To"].addresses[0].addr_spec == "ada@example.org"


def test_a_booking_that_is_no_longer_confirmed_gets_no_tickets(post) -> None:
    booking = a_paid_booking(a_show())
    give_back(booking)
    deliver(booking)
    assert post.sent == []
    assert the_message(booking, MessageKind.CONFIRMATION).state == "not_needed"


def test_a_message_to_nobody_is_not_needed(post) -> None:
    booking = a_paid_booking(a_show())
    with transaction() as session:
        session.get_one(Booking, (booking.show_id, booking.id)).email = ""
    deliver(booking)
    assert post.sent == []
    assert the_message(booking, MessageKind.CONFIRMATION).state == "not_needed"


def a_declined(show=None):
    booking = a_hold(show or a_show())
    payment = a_started_payment(booking)
    settle_payment(an_event(payment, EventKind.FAILED))
    return booking, payment


def test_a_failed_payment_is_told_with_the_time_the_seats_are_kept(post, moved_clock) -> None:
    booking, _ = a_declined()
    deliver(booking, MessageKind.PAYMENT_FAILED)
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
    deliver(booking, MessageKind.PAYMENT_FAILED)
    for words in bodies(post.sent[0]):
        assert "run out" in words
        assert "kept until" not in words.lower()


def test_who_paid_in_the_meantime_is_not_told_of_the_failure(post) -> None:
    booking, _ = a_declined()
    second = a_started_payment(booking)
    assert settle_payment(an_event(second)) == "confirmed"
    deliver(booking, MessageKind.PAYMENT_FAILED)
    assert post.sent == []


def test_late_money_is_told_with_the_reason_and_the_amount(post, moved_clock) -> None:
    show = a_show()
    booking = a_hold(show)
    payment = a_started_payment(booking)
    moved_clock.forward(minutes=40)
    expire_booking(show.id, booking.id)
    a_paid_booking(show, seats=[ticket.seat_id for ticket in _tickets(booking)])
    assert settle_payment(an_event(payment)).startswith("refunded")
    deliver(booking, MessageKind.LATE_PAYMENT)
    for words in bodies(post.sent[0]):
        assert "by then the seats had been sold" in " ".join(words.split())
        assert "£21.50" in words
        assert "no tickets" in words


def _tickets(booking: Booking):
    query = text("SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :booking ORDER BY number")
    return db.session.execute(query, {"show": booking.show_id, "booking": booking.id}).all()


def test_paid_twice_is_told_that_the_booking_stands(post) -> None:
    booking, first = a_declined()
    assert settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    assert settle_payment(an_event(first)).startswith("refunded")
    deliver(booking, MessageKind.LATE_PAYMENT)
    for words in bodies(post.sent[0]):
        assert "already paid" in " ".join(words.split())
        assert "no tickets" not in words


@pytest.mark.parametrize("reason", list(RefundReason))
def test_every_reason_for_a_refund_has_its_words(app, reason: RefundReason) -> None:
    say = app.jinja_env.get_template("mail/words.html").module
    assert str(say.late(reason)).endswith(".")


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_of_message_has_its_template(app, kind: MessageKind) -> None:
    assert app.jinja_env.get_template(f"mail/{kind.value}.html").blocks.keys() >= {"subject", "title", "words"}


def test_seats_given_back_are_told_with_what_comes_back_and_what_is_kept(post) -> None:
    booking = a_paid_booking(a_show(), 4)
    seats = [ticket.seat for ticket in booking_view(booking.show_id, booking.id).tickets]
    give_back(booking, 2, kept=215)
    deliver(booking, MessageKind.CANCELLATION)
    (letter,) = post.sent
    assert letter["Subject"].startswith("Seats given back")
    for words in bodies(letter):
        for needed in (*seats, "£21.50", "-£2.15", "£19.35", "The way you paid", "Still yours"):
            assert needed in words
    assert pages_of(letter) == 2


def test_a_booking_given_back_whole_has_no_tickets_attached(post) -> None:
    booking = a_paid_booking(a_show(), 2)
    give_back(booking, kept=2150)
    deliver(booking, MessageKind.CANCELLATION)
    (letter,) = post.sent
    assert letter["Subject"].startswith("Cancelled")
    assert list(letter.iter_attachments()) == []
    for words in bodies(letter):
        assert "nothing comes back" in words
        assert "Still yours" not in words


def test_the_tickets_sent_again_after_some_were_given_back_say_so(post) -> None:
    booking = a_paid_booking(a_show(), 4)
    give_back(booking, 2)
    deliver(booking)
    assert pages_of(post.sent[0]) == 2
    for words in bodies(post.sent[0]):
        assert "2 seats given back since" in words
        assert "£21.50" in words


def test_what_goes_wrong_while_a_message_is_written_is_in_the_log(post, monkeypatch) -> None:
    booking = a_paid_booking(a_show())
    message = the_message(booking, MessageKind.CONFIRMATION)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no fonts")

    monkeypatch.setattr("app.services.drafts.render_tickets", broken)
    assert run(message) == "postponed"
    now = the_message(booking, MessageKind.CONFIRMATION)
    assert (now.state, now.detail, now.attempts) == ("failed", "RuntimeError: no fonts", 1)


def log_of(app, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_the_log_lists_what_was_sent_and_what_was_not(post, app) -> None:
    show = a_show()
    booking, other = a_paid_booking(show), a_paid_booking(show)
    run(messages(show.id)[0])
    listed = log_of(app, "messages").output
    assert "2 messages." in listed
    assert booking.code in listed
    assert "queued" in listed
    assert "sent" in listed
    assert "1 message." in log_of(app, "messages", "--booking", other.code).output
    assert "0 messages." in log_of(app, "messages", "--failed").output


def test_the_log_of_a_code_that_is_none_says_so(app) -> None:
    answer = log_of(app, "messages", "--booking", "?")
    assert answer.exit_code == 1
    assert "no such booking" in answer.output


def test_a_message_is_sent_again_by_command(post, app) -> None:
    booking = a_paid_booking(a_show())
    first = the_message(booking, MessageKind.CONFIRMATION)
    answer = log_of(app, "resend-message", str(booking.show_id), str(first.id))
    newest = the_message(booking, MessageKind.CONFIRMATION)
    assert f"Queued as message {booking.show_id} {newest.id}." in answer.output
    assert newest.resend_of == first.id
    assert log_of(app, "resend-message", "1", "1").exit_code == 1
