"""Which refund policy holds: the one promised to a booking, else its cinema's, else the house's."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import settings
from app.domain.refund_policy import RefundStep, parse_steps, read_steps
from app.models import Booking

_OF_CINEMA = text("SELECT c.refund_steps FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id")


def steps_of(session: Session, show_id: int) -> tuple[RefundStep, ...]:
    """The policy of the show's cinema now."""
    own = session.execute(_OF_CINEMA, {"show_id": show_id}).scalar_one()
    return parse_steps(settings.refund_steps) if own is None else read_steps(own)


_IN_FULL = text("SELECT c.changes_in_full FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id")


def changes_in_full(session: Session, show_id: int) -> bool:
    """Whether the show's cinema gives back in full, now, what a change of seats gives back."""
    return bool(session.execute(_IN_FULL, {"show_id": show_id}).scalar_one())


def promised_steps(session: Session, booking: Booking) -> tuple[RefundStep, ...]:
    """The policy the booking was sold with."""
    return steps_of(session, booking.show_id) if booking.refund_steps is None else read_steps(booking.refund_steps)
