"""Whom a booking was made for: what an account made from it begins with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.db import db


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    email: str


_CONTACT = text("SELECT name, email FROM bookings WHERE show_id = :show_id AND id = :booking_id")


def contact_of(show_id: int, booking_id: int) -> Contact:
    return Contact(*db.session.execute(_CONTACT, {"show_id": show_id, "booking_id": booking_id}).one())
