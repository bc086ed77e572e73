"""The tickets of a paid booking: their signed codes, and their PDF, made once and kept in the database."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import text

from app import clock
from app.adapters.qr import Squares, qr_code
from app.adapters.templates import fill
from app.config import settings
from app.db import end_read, transaction
from app.domain.codes import spoken, spoken_ticket
from app.domain.states import BookingState
from app.domain.ticket_payload import TicketPayload, read_keyring, sign
from app.queries.papers import PosterFacts, document, poster_facts
from app.queries.tickets import BookingView, TicketView, booking_view
from app.services.outbox import still_at_work

KIND = "tickets"
STYLE = "tickets.css"
LONGEST_TITLE = 180
"""Letters of a title that fit on the board in its smallest size."""
TITLE_STEPS = (11, 16, 28, 60, 110)
"""Up to so many letters a title stands in the first, second … size."""
SEAT_STEPS = (3, 4, 7, 11)
REPEATED = ("poster.svg",)
PART = 25
"""So many tickets are laid out at once; after each such part the worker says that it is still at work."""


@dataclass(frozen=True, slots=True)
class Page:
    """One ticket as it is printed."""

    ticket: TicketView
    code: str
    sign: tuple[str, str, str]
    place: str
    words: str
    seat_size: int


def signed_payload(booking_code: str, ticket: TicketView) -> str:
    """The text of the ticket's QR code. The ticket is issued."""
    assert ticket.issued_at is not None
    payload = TicketPayload(
        ticket.show_id,
        ticket.booking_id,
        ticket.seat_id,
        booking_code,
        ticket.number,
        ticket.issued_at.replace(microsecond=0),
    )
    return sign(payload, read_keyring(settings.ticket_signing_keys))


def ticket_qr(booking_code: str, ticket: TicketView) -> str:
    """The ticket's QR code as SVG."""
    return qr_code(signed_payload(booking_code, ticket)).svg


def tickets_pdf(show_id: int, booking_id: int) -> bytes | None:
    """The kept PDF; None until it has been made."""
    return document(show_id, booking_id, KIND)


_KEEP = text("""
INSERT INTO booking_documents (show_id, booking_id, kind, content, made_at)
VALUES (:show_id, :booking_id, :kind, :content, :now)
ON CONFLICT (show_id, booking_id, kind) DO UPDATE SET content = excluded.content, made_at = excluded.made_at
""")


_SEATS_NOW = text("SELECT state, seat_count FROM bookings WHERE show_id = :show_id AND id = :booking_id FOR SHARE")


def render_tickets(show_id: int, booking_id: int) -> bytes | None:
    """Make the PDF and keep it; None for a booking that is not confirmed or has no ticket left.

    Making it again replaces it by an equal one. Drawn outside the transaction: it takes a while, and if seats were
    cancelled meanwhile it is not kept. Locks the booking against that.
    """
    view = booking_view(show_id, booking_id)
    if view.state != BookingState.CONFIRMED or not view.tickets:
        end_read()
        return None
    poster = poster_facts(view.movie.id)
    end_read()
    content = draw_tickets(view, poster)
    key = {"show_id": show_id, "booking_id": booking_id}
    with transaction() as session:
        now = session.execute(_SEATS_NOW, key).one()
        if (now.state, now.seat_count) != (view.state, len(view.tickets)):
            return None
        session.execute(_KEEP, {**key, "kind": KIND, "content": content, "now": clock.now()})
    return content


def draw_tickets(view: BookingView, poster: PosterFacts) -> bytes:
    """The PDF of these tickets, a page each. Reads nothing."""
    # Imported here: it takes a second and 28 MB, which web processes, who draw no PDF, need not spend.
    from app.adapters.pdf import render_pdf

    parts, pictures = ticket_sheets(view, poster)
    return render_pdf(parts, STYLE, pictures, [name for name in REPEATED if name in pictures], still_at_work)


def ticket_sheets(view: BookingView, poster: PosterFacts) -> tuple[list[str], dict[str, str | bytes | Squares]]:
    """The pages that become the PDF, in parts, and their pictures by name: SVG as words, an uploaded poster as JPEG."""
    pages = [_page(view, ticket) for ticket in view.tickets]
    pictures: dict[str, str | bytes | Squares] = {
        f"qr-{ticket.number}.svg": qr_code(signed_payload(view.code, ticket)) for ticket in view.tickets
    }
    poster_name = "poster.jpg" if poster.upload else "poster.svg"
    pictures[poster_name] = _jpeg(poster.upload) if poster.upload else poster_of(poster)
    title = view.movie.title[:LONGEST_TITLE]
    size = _step(title, TITLE_STEPS)
    facts = {"b": view, "count": len(pages), "title": title, "title_size": size, "poster": poster_name}
    starts = range(0, len(pages), PART)
    parts = [fill("pdf/tickets.html", pages=pages[at : at + PART], before=at, **facts) for at in starts]
    return parts, pictures


def _jpeg(upload: bytes) -> bytes:
    # Imported here: web processes draw no PDF and seldom take a poster.
    from app.adapters.pictures import as_jpeg

    return as_jpeg(upload)


def booking_calendar(view: BookingView, link: str) -> bytes:
    """The confirmed visit as an .ics file; `link` opens the booking."""
    # Imported here: 3 MB in every process, and few visitors ask for it.
    from app.adapters.calendar import Entry, calendar_file

    seats = ", ".join(ticket.seat for ticket in view.tickets)
    entry = Entry(
        uid=f"booking-{view.code}@{urlsplit(settings.base_url).hostname}",
        stamp=view.confirmed_at or view.held_at,
        title=view.movie.title,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        place=f"{view.cinema.name}, {view.screen}, {view.cinema.street}",
        latitude=view.cinema.latitude,
        longitude=view.cinema.longitude,
        words=f"Seats {seats}. Booking {spoken(view.code)}. Doors open at {view.doors_at:%H:%M}.",
        url=link,
    )
    return calendar_file(entry, settings.site_name)


def poster_of(facts: PosterFacts) -> str:
    """The film's poster as SVG, where none is uploaded: the drawn one, or the generated one."""
    if facts.svg:
        return facts.svg
    from app.domain.posters import PosterFilm, poster_svg

    return poster_svg(
        PosterFilm(
            facts.external_id or str(facts.id),
            facts.title,
            facts.year,
            facts.runtime_minutes,
            facts.directors,
            facts.genres,
            facts.synopsis,
        )
    )


def _page(view: BookingView, ticket: TicketView) -> Page:
    seat = ticket.row + ticket.seat_number if ticket.row else ticket.seat
    return Page(
        ticket=ticket,
        code=spoken_ticket(view.code, ticket.number),
        sign=_sign(settings.site_name),
        place=", ".join(part for part in (ticket.level, ticket.category_name) if part),
        words=_words(view),
        seat_size=_step(seat, SEAT_STEPS),
    )


def _sign(name: str) -> tuple[str, str, str]:
    """The name with its one red letter: the Q, or none."""
    before, letter, after = name.upper().partition("Q")
    return before, letter, after


def _words(view: BookingView) -> str:
    """What and where, in sentences: running time, language, address, whose time it is."""
    film = [f"{view.movie.runtime_minutes} minutes"] if view.movie.runtime_minutes else []
    film += [view.format] if view.format and view.format != "2D" else []
    film += [spoken_language(view)] if spoken_language(view) else []
    sentences = [", ".join(film), view.note, f"{view.cinema.name}, {view.cinema.street}"]
    sentences.append(f"Times are {view.cinema.zone_name}")
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)


def spoken_language(view: BookingView) -> str:
    """e.g. German with English subtitles; Silent, English titles."""
    language = view.language or view.movie.languages
    if not view.subtitles:
        return language
    if "title" in view.subtitles.lower():
        return f"{language}, {view.subtitles}" if language else view.subtitles
    return f"{language} with {view.subtitles} subtitles" if language else f"{view.subtitles} subtitles"


def _step(words: str, steps: tuple[int, ...]) -> int:
    """Which size, from 1, these words stand in; Chinese, Japanese and Korean letters count twice."""
    length = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in words)
    return 1 + sum(length > step for step in steps)
