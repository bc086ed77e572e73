"""By which ways money of seats given back would go, in words that a page can use. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.tenders import VOID_CARD, Tender, TenderKind, share_return
from app.models import Booking


@dataclass(frozen=True, slots=True)
class WayBack:
    """Part of the money and where it goes: `detail` is a payment's mode, VOID_CARD, one AT_THE_COUNTER, or a gift card's
    last letters."""

    kind: TenderKind
    amount_minor: int
    detail: str = ""


_MODE = text("""
SELECT CASE WHEN shift_id IS NULL THEN mode ELSE provider END FROM payments WHERE show_id = :show_id AND id = :id
""")
_CARD_END = text("SELECT code_end FROM gift_cards WHERE id = :source_id")


def may_go_elsewhere(booking: Booking, tenders: Sequence[Tender]) -> bool:
    """Whether any of it could go to a wallet instead: what comes back to a gift card or its payment can't."""
    movable = (
        tender.kind is TenderKind.PAYMENT and not tender.of_void_card and tender.left_minor > 0 for tender in tenders
    )
    return booking.user_id is not None and any(movable)


def ways_back(
    session: Session, booking: Booking, tenders: Sequence[Tender], amount_minor: int, to_wallet: bool
) -> tuple[WayBack, ...]:
    """What of this much, in minor units, goes where, in the order of the tenders that paid the booking."""
    sums: dict[tuple[TenderKind, str], int] = {}
    for tender, part in share_return(amount_minor, tenders):
        way = _way(session, tender, to_wallet and booking.user_id is not None)
        sums[way] = sums.get(way, 0) + part
    return tuple(WayBack(kind, amount, detail) for (kind, detail), amount in sums.items())


def _way(session: Session, tender: Tender, to_wallet: bool) -> tuple[TenderKind, str]:
    if tender.kind is TenderKind.GIFT_CARD:
        return tender.kind, session.execute(_CARD_END, {"source_id": tender.source_id}).scalar_one()
    if tender.of_void_card:
        return tender.kind, VOID_CARD
    if tender.kind is TenderKind.WALLET or to_wallet:
        return TenderKind.WALLET, ""
    mode = session.execute(_MODE, {"show_id": tender.show_id, "id": tender.id}).scalar_one()
    return tender.kind, mode
