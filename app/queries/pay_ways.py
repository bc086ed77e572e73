"""Ways to pay: what a show's cinema offers, and what an account has had remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from app.adapters.payments import PayMode, gateways
from app.db import db

_OF_SHOW = text("SELECT c.currency, c.pay_ways FROM shows s JOIN cinemas c ON c.id = s.cinema_id WHERE s.id = :show_id")


def ways_of_show(show_id: int) -> list[tuple[str, PayMode]]:
    """Gateway and mode of each way to pay for this show, in the order of GATEWAYS."""
    row = db.session.execute(_OF_SHOW, {"show_id": show_id}).one()
    return ways_on_offer(row.currency, row.pay_ways)


def ways_on_offer(currency: str, allowed: Sequence[str] | None = None) -> list[tuple[str, PayMode]]:
    """What the gateways take in this currency, and of that what a cinema allows (gateway:mode; None = all)."""
    return [
        (name, mode)
        for name, each in gateways().items()
        for mode in each.modes
        if each.takes(currency, mode) and (allowed is None or f"{name}:{mode.value}" in allowed)
    ]


def ways_of_house(currency: str) -> list[tuple[str, PayMode, bool]]:
    """Gateway and mode of every way that the house has, and whether it takes this currency."""
    return [(name, mode, each.takes(currency, mode)) for name, each in gateways().items() for mode in each.modes]


@dataclass(frozen=True, slots=True)
class SavedWay:
    """A remembered card; `expiry` is MM/YYYY."""

    id: int
    provider: str
    brand: str
    last4: str
    expiry: str


_SAVED = text(
    "SELECT id, provider, brand, last4, expiry FROM saved_methods WHERE user_id = :user_id AND forgotten_at IS NULL "
    "ORDER BY created_at DESC, id DESC"
)


def saved_ways(user_id: int | None) -> list[SavedWay]:
    """What this account has had remembered, the latest first."""
    if user_id is None:
        return []
    return [SavedWay(*row) for row in db.session.execute(_SAVED, {"user_id": user_id})]
