"""The mails we send about a booking. Each belongs to one outbox item, whose job marks it done right after the send.

A crash between the two sends a mail twice, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from app import clock
from app.adapters.mail import Attachment, Letter, send
from app.adapters.templates import fill
from app.config import settings
from app.db import end_read
from app.domain.links import booking_link
from app.domain.settling import RefundReason
from app.domain.states import LIVE_BOOKING, BookingState
from app.queries.papers import refund_of
from app.queries.tickets import BookingView, booking_view
from app.services.tickets import booking_calendar, render_tickets, spoken_language, tickets_pdf

log = structlog.get_logger(__name__)

REASONS: dict[str, str] = {
    RefundReason.WRONG_AMOUNT: "The amount that arrived was not the amount of your booking.",
    RefundReason.ALREADY_PAID: "Your booking was already paid. It stands as it is, and your tickets are valid.",
    RefundReason.RELEASED: "You had given the seats back before the payment arrived.",
    RefundReason.CANCELLED: "The booking had been cancelled before the payment arrived.",
    RefundReason.SHOW_CANCELLED: "The showing has been cancelled.",
    RefundReason.SHOW_BEGUN: "The payment arrived when this showing could no longer be booked.",
    RefundReason.SEATS_GONE: "The payment arrived after the time to pay, and by then the seats had been sold.",
}


def send_confirmation(show_id: int, booking_id: int, item_id: int) -> None:
    """Tickets as PDF and the calendar file, to the buyer. Nothing if the booking is no longer confirmed.

    Draws the tickets if nobody has yet. Raises MailNotSent.
    """
    view = booking_view(show_id, booking_id)
    end_read()
    if view.state != BookingState.CONFIRMED or not view.tickets:
        log.info("confirmation_not_needed", show_id=show_id, booking_id=booking_id, state=view.state)
        return
    pdf = tickets_pdf(show_id, booking_id) or render_tickets(show_id, booking_id)
    end_read()
    assert pdf is not None
    attachments = (
        Attachment(f"tickets-{view.code}.pdf", "application/pdf", pdf),
        Attachment(f"{view.code}.ics", "text/calendar", booking_calendar(view, _link(view))),
    )
    subject = f"Your tickets: {view.movie.title}, {_when(view)}"
    facts = {"language": spoken_language(view), "seats": ", ".join(ticket.seat for ticket in view.tickets)}
    _send("confirmation", view, item_id, subject, facts, attachments)


def send_payment_failed(show_id: int, booking_id: int, item_id: int) -> None:
    """That a payment did not go through, and until when the seats are kept. Nothing once the booking is paid."""
    view = booking_view(show_id, booking_id)
    end_read()
    if view.state in (BookingState.CONFIRMED, BookingState.CANCELLED):
        return
    kept = view.state in LIVE_BOOKING and view.expires_at > clock.now()
    subject = f"Your payment did not go through: {view.movie.title}, {_when(view)}"
    kept_until = view.expires_at.astimezone(view.starts_at.tzinfo)
    _send("payment_failed", view, item_id, subject, {"kept": kept, "kept_until": kept_until})


def send_late_payment(show_id: int, booking_id: int, payment_id: int, item_id: int) -> None:
    """That money arrived which we can't use, why, and that all of it goes back."""
    view = booking_view(show_id, booking_id)
    refund = refund_of(show_id, payment_id)
    end_read()
    subject = f"Your money comes back: {view.movie.title}, {_when(view)}"
    stands = view.state == BookingState.CONFIRMED
    _send("late_payment", view, item_id, subject, {"refund": refund, "why": REASONS[refund.reason], "stands": stands})


def _send(
    kind: str,
    view: BookingView,
    item_id: int,
    subject: str,
    facts: dict[str, Any],
    attachments: Sequence[Attachment] = (),
) -> None:
    """Fill both templates of a kind and send the letter; nothing for a booking that never got an address."""
    if not view.email:
        return
    context = {"b": view, "link": _link(view), "subject": subject, "base_url": settings.base_url, **facts}
    send(
        Letter(
            key=f"{kind}.{view.show_id}.{item_id}",
            to=view.email,
            name=view.name,
            subject=subject,
            text=fill(f"mail/{kind}.txt", **context),
            html=fill(f"mail/{kind}.html", **context),
            attachments=tuple(attachments),
        )
    )


def _link(view: BookingView) -> str:
    return booking_link(settings.base_url, settings.secret_key, view.code)


def _when(view: BookingView) -> str:
    """Sat 21 Nov 19:30, on the cinema's clocks."""
    return f"{view.starts_at:%a} {view.starts_at.day} {view.starts_at:%b %H:%M}"
