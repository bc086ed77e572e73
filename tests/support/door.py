"""What is shown at a door in tests: the code of a ticket, and the text of its QR code."""

from __future__ import annotations

from app.db import end_read
from app.models import Booking
from app.queries.tickets import booking_view
from app.services.tickets import signed_payload


def typed(booking: Booking, number: int = 1) -> str:
    """The code as it stands under the QR code."""
    return f"{booking.code}{number:02d}"


def shown(booking: Booking, number: int = 1) -> str:
    """The text of the ticket's QR code."""
    view = booking_view(booking.show_id, booking.id)
    end_read()
    ticket = next(one for one in view.tickets if one.number == number)
    return signed_payload(view.code, ticket)
