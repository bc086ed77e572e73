"""Invoices of groups: their numbers, what stands on them, and the credit notes that take them back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import text

from app.db import db, transaction
from app.domain.groups import Party, PriceMode
from app.domain.messages import MessageKind
from app.domain.pricing import TicketType
from app.domain.staff import By, Role
from app.errors import SeatsTaken
from app.models import Booking, Cinema, GroupRequest, Show
from app.queries.groups import group_of
from app.queries.invoices import Paper
from app.services import groups, holds, payments
from app.services.cancelling import cancel_seats, preview_cancellation
from app.services.group_papers import group_papers, paper_pdf
from app.services.show_cancelling import cancel_show, refund_show
from tests.builders import (
    a_cinema,
    a_city,
    a_group,
    a_hold,
    a_person,
    a_show,
    a_started_payment,
    an_event,
    an_offer,
    seat_ids,
)
from tests.support.books import rows
from tests.support.groups import in_hours, pay, revision, year_of
from tests.support.post import deliver
from tests.support.staff import by

pytestmark = pytest.mark.usefixtures("drawn_here")


def told(group_id: int) -> list[tuple[str, int, str | None]]:
    """Kind, amount and what is corrected of each paper of a group, in order."""
    return [(paper.kind.value, paper.total_minor, paper.corrects) for paper in group_papers(group_id)]


def words_of(paper: Paper) -> str:
    pdf = pypdfium2.PdfDocument(paper_pdf(paper))
    words = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    pdf.close()
    return words


def set_facts(cinema: Cinema, **values: Any) -> None:
    with transaction() as session:
        for name, value in values.items():
            setattr(session.get_one(Cinema, cinema.id), name, value)


def test_numbers_are_of_a_cinema_and_its_year(regent: Cinema, ruth: By, show: Show, moved_clock: Any) -> None:
    year, found = year_of(regent), []
    for place in range(3):
        group_id = a_group(regent)
        an_offer(group_id, ruth, show, seat_ids(show)[place * 12 : place * 12 + 12])
        found.append(group_papers(group_id)[0].number)
    assert found == [f"{regent.id}-{year}-0000{place}" for place in (1, 2, 3)]


def test_a_new_year_begins_on_the_clocks_of_the_cinema(app: Flask, moved_clock: Any) -> None:
    """At three in the afternoon of the year's last day in London it is the next year in Kiritimati."""
    moved_clock.stop_at(dt.datetime(2026, 12, 31, 15, tzinfo=dt.UTC))
    far = a_cinema(a_city(timezone="Pacific/Kiritimati"))
    show = a_show(60, cinema=far, starts_in=dt.timedelta(days=5))
    group_id = a_group(far)
    an_offer(group_id, by(a_person(Role.MANAGER, far)), show, seat_ids(show)[:12])
    assert group_papers(group_id)[0].number == f"{far.id}-2027-00001"


def test_what_is_refused_takes_no_number(regent: Cinema, ruth: By, show: Show) -> None:
    a_hold(show, 2, seats=seat_ids(show, "A1", "A2"))
    with pytest.raises(SeatsTaken):
        an_offer(a_group(regent), ruth, show, seat_ids(show)[:12])
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[20:32])
    assert group_papers(group_id)[0].number.endswith("-00001")


def test_an_invoice_names_the_seller_its_tax_number_and_the_tax_by_rate(regent: Cinema, ruth: By, show: Show) -> None:
    set_facts(regent, seller="Regent Pictures Ltd\n2 Low Street\nBristol BS1 5TR", tax_number="GB 123 4567 89")
    group_id = a_group(regent, 31)
    besides = (Party(TicketType.ADULT, 3, 900), Party(TicketType.ADULT, 1, 0))
    an_offer(group_id, ruth, show, seat_ids(show)[:31], PriceMode.PER_SEAT, 550, kind=TicketType.CHILD, besides=besides)
    words = words_of(group_papers(group_id)[0])
    for needed in (
        "Regent Pictures Ltd 2 Low Street Bristol BS1 5TR", "Tax number GB 123 4567 89", "Analytical Society",
        "Child, standard 27 £148.50", "Adult, standard 3 £27.00", "Adult, standard, free of charge 1 £0.00",
        "Total 31 £175.50", "20 % £146.25 £29.25 £175.50",
    ):  # fmt: skip
        assert needed in words, words


def test_an_invoice_is_drawn_once_and_stays_as_it_was(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    first = an_offer(group_id, ruth, show, seat_ids(show)[:12])
    (paper,) = group_papers(group_id)
    content = paper_pdf(paper)
    set_facts(regent, seller="Another Ltd")
    assert pay(first) == "confirmed"
    assert group_papers(group_id) == [paper]
    assert paper_pdf(paper) == content


def ended(how: str, group_id: int, ruth: By, show: Show, booking: Booking) -> None:
    if how == "taken back":
        groups.withdraw_offer(ruth, group_id, revision(group_id), "broken")
    elif how == "declined":
        groups.decline_group(ruth, group_id, revision(group_id), "full")
    elif how == "given up":
        holds.release_booking(show.id, booking.id)
    else:
        cancel_show(ruth, show.id, "The lamp burst.")


@pytest.mark.parametrize("how", ["taken back", "declined", "given up", "called off"])
def test_an_offer_that_ends_has_its_invoice_taken_back(regent: Cinema, ruth: By, show: Show, how: str) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:12])
    ended(how, group_id, ruth, show, booking)
    invoice = f"{regent.id}-{year_of(regent)}-00001"
    assert told(group_id) == [("invoice", 12_000, None), ("credit_note", 12_000, invoice)]
    if how != "taken back":
        return
    words = words_of(group_papers(group_id)[1])
    for needed in (f"Credit note {regent.id}-{year_of(regent)}-00002", f"Takes back Invoice {invoice}", "−£120.00"):
        assert needed in words.replace("CREDIT NOTE", "Credit note"), words


def test_a_new_offer_takes_the_old_invoice_back_and_brings_both_papers(
    post: Any, regent: Cinema, ruth: By, show: Show
) -> None:
    group_id = a_group(regent)
    an_offer(group_id, ruth, show, seat_ids(show)[:12])
    second = an_offer(group_id, ruth, show, seat_ids(show)[:20], reason="more come")
    assert [one[:2] for one in told(group_id)] == [("invoice", 12_000), ("credit_note", 12_000), ("invoice", 20_000)]
    deliver(second, MessageKind.GROUP_OFFER)
    names = [str(paper.get_filename()) for paper in post.sent[0].iter_attachments()]
    start = f"{regent.id}-{year_of(regent)}-0000"
    assert names == [f"credit-note-{start}2.pdf", f"invoice-{start}3.pdf"]


def test_what_runs_out_is_credited_and_mailed_and_invoiced_anew_by_late_money(
    post: Any, regent: Cinema, ruth: By, show: Show, moved_clock: Any
) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:12], pay_until=in_hours(24))
    payment = a_started_payment(booking)
    moved_clock.forward(hours=25)
    assert holds.expire_holds() == 1
    deliver(booking, MessageKind.GROUP_EXPIRED)
    (paper,) = post.sent[0].iter_attachments()
    assert str(paper.get_filename()).startswith("credit-note-")
    assert payments.settle_payment(an_event(payment)) == "confirmed late"
    assert [one[:2] for one in told(group_id)] == [("invoice", 12_000), ("credit_note", 12_000), ("invoice", 12_000)]


def test_seats_that_a_paid_group_gives_back_are_credited_with_what_comes_back(
    post: Any, regent: Cinema, ruth: By, show: Show
) -> None:
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:40], PriceMode.TOTAL, 20_003)
    assert pay(booking) == "confirmed"
    some = preview_cancellation(show.id, booking.id, range(1, 13)).result.returned_minor
    cancel_seats(show.id, booking.id, range(1, 13), expected_minor=some)
    deliver(booking, MessageKind.CANCELLATION)
    assert [str(one.get_filename())[:11] for one in post.sent[0].iter_attachments()][-1] == "credit-note"
    rest = preview_cancellation(show.id, booking.id, None).result.returned_minor
    cancel_seats(show.id, booking.id, None, expected_minor=rest)
    deliver(booking, MessageKind.CANCELLATION)
    names = [str(one.get_filename()) for one in post.sent[-1].iter_attachments()]
    assert names == [group_papers(group_id)[2].file_name], "what came back now, and not once more what came back before"
    assert [one[:2] for one in told(group_id)] == [
        ("invoice", 20_003),
        ("credit_note", some),
        ("credit_note", rest),
    ]
    assert group_papers(group_id)[1].content.seats == "A1–A10, B1, B2"
    taxes = rows("SELECT kind, total_minor, tax_minor FROM invoices ORDER BY id")
    assert taxes[0].tax_minor == 3334
    assert 0 <= taxes[0].tax_minor - taxes[1].tax_minor - taxes[2].tax_minor <= taxes[0].total_minor - some - rest


def test_a_paid_group_whose_show_is_called_off_is_credited_in_full(regent: Cinema, ruth: By, show: Show) -> None:
    group_id = a_group(regent)
    assert pay(an_offer(group_id, ruth, show, seat_ids(show)[:12])) == "confirmed"
    cancel_show(ruth, show.id, "The lamp burst.")
    (item,) = rows("SELECT id, subject_id FROM outbox WHERE kind = 'refund_show'")
    refund_show(show.id, item.id, item.subject_id)
    assert [one[:2] for one in told(group_id)] == [("invoice", 12_000), ("credit_note", 12_000)]


def test_bookings_of_others_have_no_papers(regent: Cinema, show: Show, moved_clock: Any) -> None:
    a_hold(show)
    moved_clock.forward(days=1)
    assert holds.expire_holds() == 1
    assert rows("SELECT * FROM invoices") == []


def test_an_offer_from_before_there_were_numbers_gets_its_invoice_when_it_is_asked_for(
    regent: Cinema, ruth: By, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "issue_invoice", lambda *_: None)
    group_id = a_group(regent)
    booking = an_offer(group_id, ruth, show, seat_ids(show)[:12])
    with transaction() as session:
        session.execute(text("UPDATE group_requests SET parties = '[]'"))
    offer = group_of(group_id).offer
    assert offer is not None
    assert offer.who == "12 adult"
    db.session.commit()
    assert pay(booking) == "confirmed"
    back = preview_cancellation(show.id, booking.id, [1, 2]).result.returned_minor
    cancel_seats(show.id, booking.id, [1, 2], expected_minor=back)
    assert [one[:2] for one in told(group_id)] == [("invoice", 12_000), ("credit_note", back)]
    assert len(told(group_id)) == 2, "asked for once more it stays so"
    assert db.session.get_one(GroupRequest, group_id).booking_id == booking.id
