"""Which ways to pay a cinema offers, of those that the house has."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.adapters.payments import gateways
from app.db import db, end_read, transaction
from app.errors import Invalid, NotFound

_OFFER = text("UPDATE cinemas SET pay_ways = :ways WHERE slug = :slug RETURNING id")
_OFFERED = text("SELECT pay_ways FROM cinemas WHERE slug = :slug")


def offer_ways(cinema_slug: str, ways: Sequence[str] | None) -> None:
    """Offer these ways (gateway:mode) at a cinema, or all the house has (None). Raises NotFound, Invalid."""
    known = {f"{name}:{mode.value}" for name, each in gateways().items() for mode in each.modes}
    strange = [] if ways is None else [way for way in ways if way not in known]
    if strange or ways == []:
        raise Invalid(f"A way to pay is one of {', '.join(sorted(known))}; not {', '.join(strange) or 'nothing'}.")
    with transaction() as session:
        wanted = None if ways is None else list(ways)
        if session.execute(_OFFER, {"ways": wanted, "slug": cinema_slug}).one_or_none() is None:
            raise NotFound(f"There is no cinema {cinema_slug}.")


def ways_of_cinema(cinema_slug: str) -> list[str] | None:
    """What the cinema offers; None = everything. Raises NotFound."""
    row = db.session.execute(_OFFERED, {"slug": cinema_slug}).one_or_none()
    end_read()
    if row is None:
        raise NotFound(f"There is no cinema {cinema_slug}.")
    ways: list[str] | None = row.pay_ways
    return ways
