"""Seats given back in one line, and what became of them."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db
from app.models import Booking, Show
from app.services.cancelling import Preview, cancel_seats, preview_cancellation


def preview(booking: Booking, *numbers: int, **values) -> Preview:
    return preview_cancellation(booking.show_id, booking.id, numbers or None, **values)


def cancel(booking: Booking, *numbers: int, **values):
    """Cancel these tickets, or all, at what the page would show for them."""
    shown = preview(booking, *numbers).result.returned_minor
    return cancel_seats(booking.show_id, booking.id, numbers or None, **{"expected_minor": shown, **values})


def tickets(booking: Booking) -> dict[int, str]:
    rows = db.session.execute(
        text("SELECT number, state FROM tickets WHERE show_id = :show AND booking_id = :id ORDER BY number"),
        {"show": booking.show_id, "id": booking.id},
    ).all()
    db.session.commit()
    return {row.number: row.state for row in rows}


def ticket_id(booking: Booking, number: int) -> int:
    found = db.session.execute(
        text("SELECT id FROM tickets WHERE show_id = :show AND booking_id = :id AND number = :number"),
        {"show": booking.show_id, "id": booking.id, "number": number},
    ).scalar_one()
    db.session.commit()
    return int(found)


def free_seats(show: Show) -> int:
    found = db.session.execute(
        text("SELECT count(*) FROM show_seats WHERE show_id = :show AND state = 'free'"), {"show": show.id}
    ).scalar_one()
    db.session.commit()
    return int(found)


def rows_of(table: str) -> int:
    found = db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    db.session.commit()
    return int(found)
