"""What tickets and mails need besides the booking itself: the poster, the kept file, the refund they tell of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.db import db
from app.domain.poster_sizes import MIDDLE
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class PosterFacts:
    """What a film's poster is: the uploaded one, else the drawn one, else the facts to generate it from."""

    id: int
    external_id: str | None
    title: str
    year: int | None
    runtime_minutes: int | None
    directors: tuple[str, ...]
    genres: tuple[str, ...]
    synopsis: str
    svg: str | None
    upload: bytes | None = None
    """The uploaded poster as WebP, in the width that is sharp on paper."""


_POSTER = text(
    "SELECT id, external_id, title, year, runtime_minutes, directors, genres, synopsis, poster_svg, p.content "
    "FROM movies LEFT JOIN movie_posters p ON p.movie_id = id AND p.width = :width WHERE id = :movie_id"
)


def poster_facts(movie_id: int) -> PosterFacts:
    row = db.session.execute(_POSTER, {"movie_id": movie_id, "width": MIDDLE}).one()
    return PosterFacts(
        row.id,
        row.external_id,
        row.title,
        row.year,
        row.runtime_minutes,
        tuple(row.directors),
        tuple(row.genres),
        row.synopsis,
        row.poster_svg,
        bytes(row.content) if row.content is not None else None,
    )


_DOCUMENT = text(
    "SELECT content FROM booking_documents WHERE show_id = :show_id AND booking_id = :booking_id AND kind = :kind"
)


def document(show_id: int, booking_id: int, kind: str) -> bytes | None:
    """A booking's kept file, if it has been made."""
    key = {"show_id": show_id, "booking_id": booking_id, "kind": kind}
    content = db.session.execute(_DOCUMENT, key).scalar_one_or_none()
    return None if content is None else bytes(content)


@dataclass(frozen=True, slots=True)
class RefundView:
    """What goes back of one payment, in minor units, and why (a RefundReason)."""

    amount_minor: int
    currency: str
    reason: str
    state: str


_REFUND = text(
    "SELECT amount_minor, currency, reason, state FROM refunds "
    "WHERE show_id = :show_id AND payment_id = :payment_id ORDER BY id DESC LIMIT 1"
)


def refund_of(show_id: int, payment_id: int) -> RefundView:
    """The last refund of a payment. Raises NotFound."""
    row = db.session.execute(_REFUND, {"show_id": show_id, "payment_id": payment_id}).one_or_none()
    if row is None:
        raise NotFound("Nothing of this payment was refunded.")
    return RefundView(*row)
