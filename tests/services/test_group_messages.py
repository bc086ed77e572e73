"""What groups are mailed: in text and HTML, with the link that leads to what stands, and the invoice."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest

from app.config import settings
from app.db import db
from app.domain.groups import PriceMode
from app.domain.links import group_link, group_link_is_valid
from app.domain.messages import MessageKind
from app.domain.staff import By
from app.models import Cinema, GroupRequest, Show
from app.services import groups, holds, payments
from app.services.messages import send_message
from app.services.sending import resend_message
from app.services.show_cancelling import cancel_show
from tests.builders import (
    a_group,
    a_hold,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
)
from tests.support.groups import year_of
from tests.support.post import bodies, deliver, messages, run

pytestmark = pytest.mark.usefixtures("drawn_here")


def send(kind: MessageKind) -> None:
    message = messages(kind=kind)[-1]
    send_message(message.show_id, message.id)


def pdf_words(content: bytes) -> str:
    pdf = pypdfium2.PdfDocument(content)
    words = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    pdf.close()
    return words


def test_a_request_is_answered(post: Any, regent: Cinema) -> None:
    a_group(regent, 40)
    send(MessageKind.GROUP_REQUEST)
    for words in bodies(post.sent[0]):
        assert "40 seats" in words
        assert "The Regent" in words
    assert post.sent[0]["To"] == "Charles Babbage <charles@example.org>"


def test_an_offer_says_what_when_and_how_much_and_brings_the_invoice(
    post: Any, regent: Cinema, ruth: By, show: Show
) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:13], PriceMode.TOTAL, 10_001, note="Doors at <six>.")
    deliver(booking, MessageKind.GROUP_OFFER)
    for words in bodies(post.sent[0]):
        for needed in ("Metropolis", "£100.01", "A1–A10, B1–B3", "Doors at <six>.", "£16.67", "Adult, standard × 13"):
            assert needed in words, needed
    (paper,) = post.sent[0].iter_attachments()
    assert paper.get_filename() == f"invoice-{regent.id}-{year_of(regent)}-00001.pdf"
    words = pdf_words(paper.get_payload(decode=True))
    for needed in (
        f"G{group_id}-1",
        "The Regent",
        "1 High Street",
        "Analytical Society Charles Babbage",
        "20 %",
        "£100.01",
        "£16.67",
        "£83.34",
        "13",
        "A1–A10, B1–B3",
    ):
        assert needed in words, needed


def test_the_link_leads_to_the_group_and_no_other(post: Any, regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    deliver(an_offer(group_id, ruth, show, seat_ids(show)[:12]), MessageKind.GROUP_OFFER)
    (address,) = re.findall(r"http\S+/groups/\S+", bodies(post.sent[0])[0])
    assert address == group_link(settings.base_url, settings.secret_key, group_id)
    key = parse_qs(urlsplit(address).query)["key"][0]
    assert group_link_is_valid(settings.secret_key, group_id, key)
    assert not group_link_is_valid(settings.secret_key, group_id + 1, key)
    assert not group_link_is_valid("another secret", group_id, key)
    assert not group_link_is_valid(settings.secret_key, group_id, "é")


def test_what_no_longer_stands_is_not_mailed(post: Any, regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    first = an_offer(group_id, ruth, show, seat_ids(show)[:12])
    mail = messages(show.id, MessageKind.GROUP_OFFER)[-1]
    an_offer(group_id, ruth, show, seat_ids(show)[:20], reason="more come")
    assert run(mail) == "done"
    assert post.sent == []
    assert messages(show.id, MessageKind.GROUP_OFFER)[0].state == "not_needed"
    revision = db.session.get_one(GroupRequest, group_id, populate_existing=True).revision
    db.session.commit()
    groups.withdraw_offer(ruth, group_id, revision, "broken")
    assert first.id


def test_the_second_offer_says_that_it_is_another(post: Any, regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:12])
    deliver(an_offer(group_id, ruth, show, seat_ids(show)[:20], reason="more come"), MessageKind.GROUP_OFFER)
    assert "takes the place of the earlier one" in bodies(post.sent[0])[0]


def test_taking_back_and_no_are_told(post: Any, regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:12])
    groups.withdraw_offer(ruth, group_id, 1, "not told to the group")
    send(MessageKind.GROUP_WITHDRAWN)
    groups.decline_group(ruth, group_id, 2, "We are full <that> week.")
    send(MessageKind.GROUP_DECLINED)
    taken_back, declined = post.sent
    assert "not told to the group" not in bodies(taken_back)[0]
    for words in bodies(declined):
        assert "We are full <that> week." in words


def test_that_the_time_to_pay_ran_out_is_told_once(
    post: Any, regent: Cinema, ruth: By, show: Show, moved_clock: Any
) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    moved_clock.forward(days=5)
    assert (holds.expire_holds(), holds.expire_holds()) == (1, 0)
    assert len(messages(show.id, MessageKind.GROUP_EXPIRED)) == 1
    deliver(booking, MessageKind.GROUP_EXPIRED)
    (letter,) = post.sent
    assert letter["To"] == "Charles Babbage <charles@example.org>"
    for words in bodies(letter):
        for needed in ("Metropolis", "The Regent", "12", "free for others now", "nothing is to pay"):
            assert needed in " ".join(words.split()), needed


def test_a_hold_of_anybody_else_runs_out_in_silence(post: Any, show: Show, moved_clock: Any) -> None:
    a_hold(show)
    moved_clock.forward(days=1)
    assert holds.expire_holds() == 1
    assert messages(show.id) == []


def test_who_pays_late_or_is_offered_something_new_is_not_told_that_it_ran_out(
    post: Any, regent: Cinema, ruth: By, show: Show, moved_clock: Any
) -> None:
    late = a_group(regent)
    first = an_offer(late, ruth, show, seat_ids(show)[:12], pay_until=show.starts_at - dt.timedelta(days=2))
    payment = a_started_payment(first)
    again = a_group(regent)
    second = an_offer(again, ruth, show, seat_ids(show)[20:32], pay_until=show.starts_at - dt.timedelta(days=2))
    moved_clock.forward(days=3, minutes=1)
    assert holds.expire_holds() == 2
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    an_offer(again, ruth, show, seat_ids(show)[20:32], reason="they asked once more")
    assert [run(one) for one in messages(show.id, MessageKind.GROUP_EXPIRED)] == ["done", "done"]
    assert [one.state for one in messages(show.id, MessageKind.GROUP_EXPIRED)] == ["not_needed"] * 2
    assert second.id


def test_a_group_with_an_unpaid_offer_is_told_that_its_show_is_called_off(
    post: Any, regent: Cinema, ruth: By, show: Show
) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    a_hold(show, seats=seat_ids(show)[30:32])
    cancel_show(ruth, show.id, "The lamp burst.")
    assert [one.kind for one in messages(show.id)][-1:] == [MessageKind.GROUP_SHOW_CANCELLED]
    assert len(messages(show.id)) == 2, "the offer's and this one"
    deliver(booking, MessageKind.GROUP_SHOW_CANCELLED)
    for words in bodies(post.sent[0]):
        for needed in ("Metropolis", "does not take place", "The lamp burst.", "nothing to pay"):
            assert needed in " ".join(words.split()), needed


def test_a_group_that_has_paid_is_told_of_its_refund_instead(post: Any, regent: Cinema, ruth: By, show: Show) -> None:
    booking = an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    assert payments.settle_payment(an_event(a_started_payment(booking))) == "confirmed"
    cancel_show(ruth, show.id, "The lamp burst.")
    assert messages(show.id, MessageKind.GROUP_SHOW_CANCELLED) == []


def test_a_groups_mail_is_sent_again_like_any(post: Any, regent: Cinema) -> None:
    a_group(regent)
    (first,) = messages()
    again = resend_message(0, first.id)
    send_message(0, again)
    assert len(post.sent) == 1
