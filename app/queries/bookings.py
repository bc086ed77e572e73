"""Bookings as their pages see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db
from app.domain.codes import normal_code, show_of


@dataclass(frozen=True, slots=True)
class BookingRef:
    """A booking, as far as it takes to decide who may open it and where it stands."""

    show_id: int
    id: int
    code: str
    state: str
    owner_key: str
    user_id: int | None
    expires_at: dt.datetime


_BY_CODE = text(
    "SELECT show_id, id, code, state, owner_key, user_id, expires_at FROM bookings "
    "WHERE show_id = :show_id AND code = :code"
)


def find_booking(code: str) -> BookingRef | None:
    """The booking with this public code, however it was typed."""
    code = normal_code(code)
    show_id = show_of(code)
    if show_id is None:
        return None
    row = db.session.execute(_BY_CODE, {"show_id": show_id, "code": code}).one_or_none()
    return BookingRef(*row) if row else None
