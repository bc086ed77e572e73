"""The mails we send about a booking. Each belongs to one outbox item, whose job marks it done right after the send.

A crash between the two sends a mail twice, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from app import clock
from app.adapters.mail import Attachment, Letter, MailNotSent, send
from app.adapters.templates import fill
from app.config import settings
from app.db import end_read, transaction
from app.domain.links import booking_link
from app.domain.messages import MessageKind
from app.domain.settling import RefundReason
from app.domain.states import LIVE_BOOKING, BookingState, MessageState
from app.queries.papers import refund_of
from app.queries.tickets import BookingView, booking_view
from app.services.tickets import booking_calendar, render_tickets, spoken_language, tickets_pdf

REASONS: dict[str, str] = {
    RefundReason.WRONG_AMOUNT: "The amount that arrived was not the amount of your booking.",
    RefundReason.ALREADY_PAID: "Your booking was already paid. It stands as it is, and your tickets are valid.",
    RefundReason.RELEASED: "You had given the seats back before the payment arrived.",
    RefundReason.CANCELLED: "The booking had been cancelled before the payment arrived.",
    RefundReason.SHOW_CANCELLED: "The showing has been cancelled.",
    RefundReason.SHOW_BEGUN: "The payment arrived when this showing could no longer be booked.",
    RefundReason.SEATS_GONE: "The payment arrived after the time to pay, and by then the seats had been sold.",
    RefundReason.EXTRAS_GONE: "The coupon, gift card or exchanged seats that paid the rest were no longer there.",
}


_MESSAGE = text("""
UPDATE messages SET attempts = attempts + 1 WHERE show_id = :show_id AND id = :id AND state <> 'sent'
RETURNING kind, channel, booking_id, subject_id, facts, attempts
""")
_NOTE = text("""
UPDATE messages SET state = :state, detail = :detail, sent_at = :sent_at
WHERE show_id = :show_id AND id = :id AND state <> 'sent'
""")


def send_message(show_id: int, message_id: int) -> None:
    """Write one queued message and send it; what came of it is noted in the delivery log.

    Raises MailNotSent, to be tried again.
    """
    with transaction() as session:
        row = session.execute(_MESSAGE, {"show_id": show_id, "id": message_id}).one_or_none()
    if row is None:
        return
    try:
        sent = WRITERS[MessageKind(row.kind)](show_id, row, message_id)
    except MailNotSent as problem:
        _note(show_id, message_id, MessageState.FAILED, str(problem))
        raise
    _note(show_id, message_id, MessageState.SENT if sent else MessageState.NOT_NEEDED, "")


def _note(show_id: int, message_id: int, state: MessageState, detail: str) -> None:
    now = clock.now() if state is MessageState.SENT else None
    with transaction() as session:
        values = {"state": state.value, "detail": detail[:1000], "sent_at": now, "show_id": show_id, "id": message_id}
        session.execute(_NOTE, values)


def _confirmation(show_id: int, message: Row[Any], message_id: int) -> bool:
    """Tickets as PDF and the calendar file. Not needed if the booking is no longer confirmed.

    Draws the tickets if nobody has yet. Raises MailNotSent.
    """
    view = booking_view(show_id, message.booking_id)
    end_read()
    if view.state != BookingState.CONFIRMED or not view.tickets:
        return False
    pdf = tickets_pdf(show_id, view.id) or render_tickets(show_id, view.id)
    end_read()
    assert pdf is not None
    attachments = (
        Attachment(f"tickets-{view.code}.pdf", "application/pdf", pdf),
        Attachment(f"{view.code}.ics", "text/calendar", booking_calendar(view, _link(view))),
    )
    subject = f"Your tickets: {view.movie.title}, {_when(view)}"
    facts = {"language": spoken_language(view), "seats": ", ".join(ticket.seat for ticket in view.tickets)}
    return _send("confirmation", view, message_id, subject, facts, attachments)


def _payment_failed(show_id: int, message: Row[Any], message_id: int) -> bool:
    """That a payment did not go through, and until when the seats are kept. Not needed once the booking is paid."""
    view = booking_view(show_id, message.booking_id)
    end_read()
    if view.state in (BookingState.CONFIRMED, BookingState.CANCELLED):
        return False
    kept = view.state in LIVE_BOOKING and view.expires_at > clock.now()
    subject = f"Your payment did not go through: {view.movie.title}, {_when(view)}"
    kept_until = view.expires_at.astimezone(view.starts_at.tzinfo)
    return _send("payment_failed", view, message_id, subject, {"kept": kept, "kept_until": kept_until})


def _late_payment(show_id: int, message: Row[Any], message_id: int) -> bool:
    """That money arrived which we can't use, why, and that all of it goes back."""
    view = booking_view(show_id, message.booking_id)
    refund = refund_of(show_id, message.subject_id)
    end_read()
    subject = f"Your money comes back: {view.movie.title}, {_when(view)}"
    stands = view.state == BookingState.CONFIRMED
    facts = {"refund": refund, "why": REASONS[refund.reason], "stands": stands}
    return _send("late_payment", view, message_id, subject, facts)


WRITERS = {
    MessageKind.CONFIRMATION: _confirmation,
    MessageKind.PAYMENT_FAILED: _payment_failed,
    MessageKind.LATE_PAYMENT: _late_payment,
}


def _send(
    kind: str,
    view: BookingView,
    message_id: int,
    subject: str,
    facts: dict[str, Any],
    attachments: Sequence[Attachment] = (),
) -> bool:
    """Fill both templates of a kind and send the letter; nothing for a booking that never got an address."""
    if not view.email:
        return False
    context = {"b": view, "link": _link(view), "subject": subject, "base_url": settings.base_url, **facts}
    send(
        Letter(
            key=f"{kind}.{view.show_id}.{message_id}",
            to=view.email,
            name=view.name,
            subject=subject,
            text=fill(f"mail/{kind}.txt", **context),
            html=fill(f"mail/{kind}.html", **context),
            attachments=tuple(attachments),
        )
    )
    return True


def _link(view: BookingView) -> str:
    return booking_link(settings.base_url, settings.secret_key, view.code)


def _when(view: BookingView) -> str:
    """Sat 21 Nov 19:30, on the cinema's clocks."""
    return f"{view.starts_at:%a} {view.starts_at.day} {view.starts_at:%b %H:%M}"
