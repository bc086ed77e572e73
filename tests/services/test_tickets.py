"""Tickets: their signed codes, their PDF, and what keeps them from being made for nothing."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from icalendar import Calendar
from sqlalchemy import text

from app.config import settings
from app.db import db
from app.domain.staff import COMMAND
from app.domain.states import BookingState
from app.domain.ticket_payload import from_base45, read_keyring, verify
from app.errors import NotFound
from app.models import Booking
from app.queries.my_bookings import my_bookings
from app.queries.papers import poster_facts
from app.queries.tickets import BookingView, booking_view
from app.services.cancelling import cancel_seats
from app.services.show_cancelling import cancel_show, refund_show
from app.services.tickets import (
    booking_calendar,
    draw_tickets,
    render_tickets,
    signed_payload,
    tickets_pdf,
)
from tests.builders import a_cinema, a_city, a_hold, a_movie, a_paid_booking, a_show
from tests.support.queries import counted_queries

KB = 1024
OF_BOOKING = "WHERE show_id = :show_id AND booking_id = :booking_id"
ODD_WORDS = ["<script>alert(1)</script>", "שלום עולם", "محمد بن عبد الله", "黒澤 明", "Zoë \u202eevil", "x" * 300, ""]


def view_of(booking: Booking) -> BookingView:
    return booking_view(booking.show_id, booking.id)


def a_booking(n: int = 2, title: str = "Metropolis", **movie: Any) -> Booking:
    return a_paid_booking(a_show(10, movie=a_movie(title, certificate="PG", **movie)), n)


def drawn(view: BookingView) -> pypdfium2.PdfDocument:
    content = draw_tickets(view, poster_facts(view.movie.id))
    return pypdfium2.PdfDocument(io.BytesIO(content))


def words(page: pypdfium2.PdfPage) -> str:
    return " ".join(page.get_textpage().get_text_range().split())


def codes_on(page: pypdfium2.PdfPage) -> list[str]:
    """What a camera reads off the page at 110 dots per inch."""
    picture = page.render(scale=110 / 72).to_pil().convert("L")
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def inflated(content: bytes) -> bytes:
    """Everything in the file, uncompressed."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    return b"\n".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x")


def test_a_booking_is_read_by_three_queries(app) -> None:
    booking = a_booking()
    with counted_queries() as seen:
        view_of(booking)
    assert len(seen) == 3


def test_the_view_has_its_times_on_the_cinemas_clocks(app) -> None:
    cinema = a_cinema(a_city("Saint-Denis", "Indian/Reunion", "EUR", "RE"))
    view = view_of(a_paid_booking(a_show(cinema=cinema)))
    assert view.starts_at.utcoffset() == view.doors_at.utcoffset()
    assert view.starts_at.utcoffset().total_seconds() == 4 * 3600
    assert (view.starts_at - view.doors_at).total_seconds() == 30 * 60
    assert (view.ends_at - view.starts_at).total_seconds() == 90 * 60
    assert view.cinema.zone_name == "Saint-Denis time"


def test_the_lines_of_the_view_add_up_to_its_total(app) -> None:
    view = view_of(a_booking(3))
    assert sum(line.amount_minor for line in view.lines if line.kind != "tax") == view.total_minor
    assert sum(ticket.value_minor for ticket in view.tickets) == view.total_minor
    assert sum(ticket.tax_minor for ticket in view.tickets) == view.tax_minor


def test_an_unknown_booking_is_not_found(app) -> None:
    with pytest.raises(NotFound):
        booking_view(1, 2)


def test_the_list_of_a_visitor_has_what_comes_first_and_nothing_of_others(app, moved_clock) -> None:
    show = a_show()
    mine = a_paid_booking(show, 2, owner="s:me")
    held = a_hold(a_show(), 1, owner="s:me")
    a_paid_booking(show, 2, owner="s:you")
    listed = my_bookings(["s:me"], None)
    assert {one.code for one in listed.upcoming} == {mine.code, held.code}
    assert [len(one.seats) for one in listed.upcoming if one.code == mine.code] == [2]
    moved_clock.forward(days=1)
    later = my_bookings(["s:me"], None)
    assert later.upcoming == ()
    assert [one.code for one in later.past] == [mine.code]
    assert my_bookings([], None).past == ()


def test_the_pdf_has_a_page_a_ticket_and_says_film_and_seat(app) -> None:
    view = view_of(a_booking(2))
    pdf = drawn(view)
    assert len(pdf) == 2
    for page, ticket in zip(pdf, view.tickets, strict=True):
        said = words(page)
        assert "METROPOLIS" in said
        assert ticket.row in said
        assert ticket.seat_number in said
        assert view.cinema.name.upper() in said
        assert "£10.75" in said


def test_the_page_is_a5_and_tagged_for_readers(app) -> None:
    booking = a_booking(1)
    content = render_tickets(booking.show_id, booking.id)
    assert content is not None
    pdf = pypdfium2.PdfDocument(io.BytesIO(content))
    assert [round(side / 72 * 25.4) for side in pdf[0].get_size()] == [148, 210]
    assert pdf.is_tagged()
    assert b"pdfuaid:part" in inflated(content)
    assert "Metropolis" in pdf.get_metadata_dict()["Title"]


def test_every_font_is_in_the_file(app) -> None:
    fonts = set()
    for thing in drawn(view_of(a_booking(1)))[0].get_objects(max_depth=4):
        if isinstance(thing, pypdfium2.PdfTextObj):
            font = thing.get_font()
            fonts.add(font.get_base_name())
            assert font.is_embedded
    assert len(fonts) == 4


def test_the_code_on_each_page_is_read_and_verifies(app) -> None:
    view = view_of(a_booking(2))
    keys = read_keyring(settings.ticket_signing_keys).public_keys
    for page, ticket in zip(drawn(view), view.tickets, strict=True):
        (code,) = codes_on(page)
        payload = verify(code, keys)
        assert (payload.show_id, payload.booking_id) == (view.show_id, view.id)
        assert (payload.seat_id, payload.ticket_code) == (ticket.seat_id, ticket.code)
        assert payload.issued_at == ticket.issued_at.replace(microsecond=0)


def test_ten_tickets_stay_below_150_kilobytes(app) -> None:
    booking = a_booking(10, directors=["Fritz Lang"], genres=["Drama"], synopsis="A city and its machines.")
    content = render_tickets(booking.show_id, booking.id)
    assert len(pypdfium2.PdfDocument(io.BytesIO(content))) == 10
    assert len(content) <= 150 * KB


def test_a_payload_stays_below_a_hundred_bytes(app) -> None:
    view = view_of(a_booking(1))
    assert len(from_base45(signed_payload(view.code, view.tickets[0]))) <= 100


@pytest.mark.parametrize("odd", ODD_WORDS)
def test_no_name_and_no_title_breaks_a_page(app, odd: str) -> None:
    view = view_of(a_booking(2))
    movie = replace(view.movie, title=odd or "–")
    cinema = replace(view.cinema, name=odd, address=odd, city=odd)
    tickets = tuple(replace(t, row=odd[:50], seat_number=odd[:50], level=odd) for t in view.tickets)
    pdf = drawn(replace(view, name=odd, movie=movie, cinema=cinema, note=odd, screen=odd, tickets=tickets))
    assert len(pdf) == 2
    assert all(len(codes_on(page)) == 1 for page in pdf)


def test_many_tickets_are_drawn_in_parts_and_after_each_the_worker_says_so(app, monkeypatch) -> None:
    said: list[int] = []
    monkeypatch.setattr("app.services.tickets.PART", 2)
    monkeypatch.setattr("app.services.tickets.still_at_work", lambda: said.append(1))
    view = view_of(a_booking(5))
    pdf = drawn(view)
    assert (len(pdf), len(said)) == (5, 3)
    assert "ticket 5 of 5" in words(pdf[4])
    assert [codes_on(page) for page in pdf] == [[signed_payload(view.code, ticket)] for ticket in view.tickets]


def test_what_people_type_opens_no_file_and_no_address(app) -> None:
    view = view_of(a_booking(1))
    trap = '<img src="file:///etc/passwd"><link rel=attachment href="file:///etc/passwd">'
    poster = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 6">'
        '<image href="file:///etc/passwd" width="4" height="6"/><use href="http://127.0.0.1:9/x#y"/></svg>'
    )
    facts = replace(poster_facts(view.movie.id), svg=poster)
    content = draw_tickets(replace(view, name=trap, note=trap), facts)
    pdf = pypdfium2.PdfDocument(io.BytesIO(content))
    assert "<img" in words(pdf[0])
    assert b"EmbeddedFile" not in content


def test_a_poster_that_is_no_picture_leaves_its_place_empty(app) -> None:
    view = view_of(a_booking(1))
    facts = replace(poster_facts(view.movie.id), svg="<svg>nothing of the kind")
    pdf = pypdfium2.PdfDocument(io.BytesIO(draw_tickets(view, facts)))
    assert len(codes_on(pdf[0])) == 1


def test_the_drawn_poster_is_stored_once_however_many_tickets(app) -> None:
    shapes = "".join(f'<path d="M{x} {x * 7 % 600}L{x * 13 % 400} {x}"/>' for x in range(3000))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600">{shapes}</svg>'
    view = view_of(a_booking(10))
    facts = replace(poster_facts(view.movie.id), svg=svg)
    one = len(draw_tickets(replace(view, tickets=view.tickets[:1]), facts))
    ten = len(draw_tickets(view, facts))
    assert ten - one < 9 * 10 * KB


def test_rendering_keeps_the_file_and_twice_is_once(app) -> None:
    booking = a_booking(2)
    assert tickets_pdf(booking.show_id, booking.id) is None
    assert not view_of(booking).pdf_ready
    first = render_tickets(booking.show_id, booking.id)
    assert render_tickets(booking.show_id, booking.id) == first
    assert tickets_pdf(booking.show_id, booking.id) == first
    assert view_of(booking).pdf_ready
    assert db.session.execute(text("SELECT count(*) FROM booking_documents")).scalar_one() == 1


def test_a_booking_that_is_not_paid_has_no_tickets_drawn(app) -> None:
    booking = a_hold(a_show())
    assert render_tickets(booking.show_id, booking.id) is None
    assert tickets_pdf(booking.show_id, booking.id) is None


def test_a_pdf_that_was_being_drawn_while_seats_were_cancelled_is_not_kept(app, monkeypatch) -> None:
    booking = a_booking(3)

    def slowly(view: BookingView, poster: object) -> bytes:
        cancel_seats(booking.show_id, booking.id, [view.tickets[0].number], expected_minor=967)
        return b"three tickets"

    monkeypatch.setattr("app.services.tickets.draw_tickets", slowly)
    assert render_tickets(booking.show_id, booking.id) is None
    assert tickets_pdf(booking.show_id, booking.id) is None


def test_after_a_cancellation_the_pdf_has_the_seats_that_are_left_and_what_they_cost(app) -> None:
    booking = a_booking(3)
    assert len(drawn(view_of(booking))) == 3
    cancel_seats(booking.show_id, booking.id, [2], expected_minor=967)
    pages = drawn(view_of(booking))
    assert len(pages) == 2
    assert "The booking came to £21.50" in words(pages[0])


def test_the_calendar_file_names_seats_place_and_local_time(app) -> None:
    cinema = a_cinema(a_city("Rennes", "Europe/Paris", "EUR", "FR"), latitude=48.1, longitude=-1.7)
    view = view_of(a_paid_booking(a_show(cinema=cinema)))
    (visit,) = Calendar.from_ical(booking_calendar(view, "https://x.example/b")).walk("VEVENT")
    assert visit["DTSTART"].params["TZID"] == "Europe/Paris"
    assert visit["DTSTART"].dt == view.starts_at
    assert all(ticket.seat in str(visit["DESCRIPTION"]) for ticket in view.tickets)
    assert cinema.name in str(visit["LOCATION"])


def test_a_cancelled_booking_shows_no_tickets(app) -> None:
    booking = a_booking(2)
    cancel_show(COMMAND, booking.show_id, "The projector broke.")
    refund_show(booking.show_id, 0)
    assert view_of(booking).state == BookingState.CANCELLED
    assert view_of(booking).tickets == ()
    assert render_tickets(booking.show_id, booking.id) is None
