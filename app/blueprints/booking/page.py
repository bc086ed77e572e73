"""The booking's own page by its state, its tickets on screen, and its files."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.booking import booking as blueprint
from app.blueprints.booking.cancel import money_back
from app.blueprints.booking.checkout import time_is_up
from app.blueprints.browse.posters import poster_url
from app.config import settings
from app.domain.groups import group_of_owner, is_group
from app.domain.links import booking_link, push_topic
from app.domain.states import BookingState, ShowState
from app.queries.bookings import BookingRef
from app.queries.checkout_page import checkout_page
from app.queries.exchange_page import Changes, changes_of, exchangeable
from app.queries.messages import last_confirmation
from app.queries.show_cancellation import called_off
from app.queries.tickets import BookingView, TicketView, booking_view
from app.services.group_papers import group_papers
from app.services.sending import resend_message
from app.services.tickets import booking_calendar, ticket_qr, tickets_pdf
from app.web.changing import forget_change
from app.web.filters import clock_time, day
from app.web.group_files import chosen_paper, paper_file
from app.web.guards import booking_holder
from app.web.identity import user_id
from app.web.limits import count
from app.web.render import htmx_redirect, render

SENDINGS_PER_MINUTE = 3
NUMBERS = ("nobody", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@blueprint.get("/<code>", endpoint="page")
@booking_holder
def page(booking: BookingRef) -> AnyResponse:
    """Tickets once it is paid; before, and after, what stands and the way on."""
    view = booking_view(booking.show_id, booking.id)
    changes = changes_of(booking.show_id, booking.id)
    over = view.show_state == ShowState.CANCELLED
    if view.state == BookingState.CONFIRMED and not over:
        _done(changes)
        can_change = exchangeable(booking.show_id, booking.id).why_not(clock.now()) is None
        facts = {"changes": changes, "can_change": can_change, **_confirmed(view), **money_back(booking)}
        facts["is_group"] = is_group(booking.owner_key)
        return render("booking/confirmed.html", **facts)
    at = checkout_page(booking.show_id, booking.id)
    if view.state in (BookingState.CONFIRMED, BookingState.CANCELLED):
        if changes.all_seats and not over:
            return render("booking/exchanged.html", booking=view, changes=changes, **money_back(booking))
        why = called_off(booking.show_id, booking.id) if over else None
        facts = {"called_off": why, "changes": changes, **money_back(booking)}
        return render("booking/cancelled.html", booking=view, **facts)
    if not at.live(clock.now()):
        if view.payment is not None and view.payment.refund_state is not None:
            if changes.failed:
                return render("booking/not_exchanged.html", booking=view, changes=changes)
            return render("booking/too_late.html", booking=view)
        return time_is_up(at, 200)
    if view.state == BookingState.HELD or not at.paying:
        return redirect(url_for("booking.checkout", code=view.code), 303)
    return render("booking/waiting.html", booking=view, at=at, now=clock.now())


def _done(changes: Changes) -> None:
    """What the seats were wanted for is reached."""
    for one in changes.instead_of:
        forget_change(one.code)


def _confirmed(view: BookingView) -> dict[str, Any]:
    count_words = NUMBERS[view.seat_count] if view.seat_count < len(NUMBERS) else str(view.seat_count)
    return {
        "booking": view,
        "admit": f"Admit {count_words}",
        "tickets": [_paper(view, ticket) for ticket in view.tickets],
        "mail_folder": None if settings.smtp_url or settings.production else settings.var_dir / "mail",
        "is_guest": user_id() is None,
        "push": _push(view),
        "can_cancel": clock.now() < view.starts_at,
    }


def _push(view: BookingView) -> dict[str, str] | None:
    """What the buyer's phone listens to, and where it is told so."""
    if not view.wants_push or not settings.push_url:
        return None
    topic = push_topic(settings.secret_key, view.code)
    return {"topic": topic, "page": settings.push_page_url.replace("{topic}", topic)}


def _paper(view: BookingView, ticket: TicketView) -> dict[str, Any]:
    """One ticket as components/ticket.html draws it."""
    return {
        "film": view.movie.title,
        "place": f"{view.cinema.name}, {view.cinema.street}",
        "date": day(view.starts_at),
        "time": clock_time(view.starts_at),
        "doors": clock_time(view.doors_at),
        "screen": view.screen.removeprefix("Screen "),
        "row": _row(ticket),
        "seat": ticket.seat_number,
        "kind": ticket.type_name,
        "category": ticket.category_name,
        "poster": poster_url(view.movie.slug, view.movie.poster_hash),
        "qr": Markup(ticket_qr(view.code, ticket)),  # noqa: S704  our own SVG, no text in it
        "code": _spaced(ticket.code),
        "void": None,
        "number": ticket.number,
        "state": ticket.state,
    }


def _row(ticket: TicketView) -> str:
    """The row, with its level where the seat's short name alone would not find it."""
    plain = ticket.seat == ticket.row + ticket.seat_number
    return " ".join(part for part in ("" if plain else ticket.level, ticket.row) if part) or "–"


def _spaced(code: str) -> str:
    """A ticket's code in groups for people, e.g. 2F 7K4X P2MD 01."""
    head = len(code) - 10
    return " ".join((code[:head], code[head : head + 4], code[head + 4 : head + 8], code[head + 8 :]))


@blueprint.get("/<code>/status", endpoint="status")
@booking_holder
def status(booking: BookingRef) -> AnyResponse:
    """What htmx asks again and again while something is under way; ?seen= is the state its page shows."""
    if request.args.get("file") == "pdf":
        return _being_made(booking)
    view = booking_view(booking.show_id, booking.id)
    at = checkout_page(booking.show_id, booking.id)
    moved = request.args.get("seen", view.state) != view.state
    if moved or (view.state == BookingState.AWAITING_PAYMENT and not (at.paying and at.live(clock.now()))):
        return htmx_redirect(url_for("booking.returned" if not moved else "booking.page", code=view.code))
    if view.state == BookingState.CONFIRMED:
        return render("booking/_papers.html", booking=view)
    return render("booking/_waiting.html", booking=view, at=at)


def _being_made(booking: BookingRef) -> AnyResponse:
    if tickets_pdf(booking.show_id, booking.id) is not None:
        return htmx_redirect(url_for("booking.tickets_pdf", code=booking.code))
    return render("booking/_being_made.html", code=booking.code)


@blueprint.get("/<code>/tickets/<int:number>", endpoint="ticket")
@booking_holder
def ticket(booking: BookingRef, number: int) -> Response:
    """One ticket for a phone's screen at the door."""
    view = booking_view(booking.show_id, booking.id)
    found = next((one for one in view.tickets if one.number == number), None)
    if view.state != BookingState.CONFIRMED or found is None:
        abort(404)
    numbers = [one.number for one in view.tickets]
    return render("booking/ticket.html", booking=view, t=_paper(view, found), numbers=numbers)


@blueprint.get("/<code>/tickets.pdf", endpoint="tickets_pdf")
@booking_holder
def tickets_pdf_file(booking: BookingRef) -> Response:
    """The tickets to print; 202 and a page that says so while they are being made."""
    if booking.state != BookingState.CONFIRMED:
        abort(404)
    content = tickets_pdf(booking.show_id, booking.id)
    if content is None:
        return render("booking/being_made.html", status_code=202, code=booking.code)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="tickets-{booking.code}.pdf"'
    return response


@blueprint.get("/<code>/invoice.pdf", endpoint="invoice_pdf")
@booking_holder
def invoice_file(booking: BookingRef) -> Response:
    """What a group has to pay, on paper, or the ?paper= that is asked for. Other bookings have none."""
    if not is_group(booking.owner_key):
        abort(404)
    papers = group_papers(group_of_owner(booking.owner_key))
    key = (booking.show_id, booking.id)
    paper = chosen_paper([one for one in papers if (one.show_id, one.booking_id) == key])
    if paper is None:
        abort(404)
    return paper_file(paper)


@blueprint.get("/<code>/calendar.ics", endpoint="calendar")
@booking_holder
def calendar(booking: BookingRef) -> Response:
    """The show as an appointment in the cinema's zone."""
    if booking.state != BookingState.CONFIRMED:
        abort(404)
    view = booking_view(booking.show_id, booking.id)
    link = booking_link(settings.base_url, settings.secret_key, view.code)
    response = Response(booking_calendar(view, link), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{view.code}.ics"'
    return response


@blueprint.post("/<code>/send-again", endpoint="send_again")
@booking_holder
def send_again(booking: BookingRef) -> AnyResponse:
    """The confirmation once more, to the address of the booking."""
    message_id = last_confirmation(booking.show_id, booking.id)
    if booking.state != BookingState.CONFIRMED or message_id is None:
        abort(404)
    count(f"send:{booking.code}", SENDINGS_PER_MINUTE)
    resend_message(booking.show_id, message_id)
    flash("The tickets are on their way once more.", "ok")
    return redirect(url_for("booking.page", code=booking.code), 303)
