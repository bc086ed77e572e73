"""A cinema's own refund policy: read and set by whoever runs the house."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import settings
from app.db import db, end_read, transaction
from app.domain.refund_policy import RefundStep, parse_steps, read_steps, stored_steps
from app.errors import NotFound
from app.models import Cinema

_FIND = text("SELECT id FROM cinemas WHERE slug = :slug")


def set_refund_policy(slug: str, steps: Sequence[RefundStep] | None) -> None:
    """Give a cinema a policy of its own, or None for the house's. Bookings keep the one they were sold with.

    Raises NotFound. Locks the cinema's row.
    """
    with transaction() as session:
        cinema = session.get_one(Cinema, _id_of(session, slug), with_for_update=True)
        cinema.refund_steps = None if steps is None else stored_steps(steps)


def refund_policy(slug: str) -> tuple[tuple[RefundStep, ...], bool]:
    """A cinema's policy, and whether it is its own. Raises NotFound."""
    session = db.session()
    own = session.get_one(Cinema, _id_of(session, slug), populate_existing=True).refund_steps
    end_read()
    return (parse_steps(settings.refund_steps), False) if own is None else (read_steps(own), True)


def _id_of(session: Session, slug: str) -> int:
    found: int | None = session.execute(_FIND, {"slug": slug}).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no cinema called {slug}.")
    return found
