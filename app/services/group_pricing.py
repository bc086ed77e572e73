"""What a group is offered, and its price on the tickets: by the list, for each seat or in all, for each kind of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.counter import Channel
from app.domain.groups import KINDS, NoSuchPrice, Party, PriceMode, TooMany, parties, spread
from app.domain.pricing import Tariff, TicketType
from app.domain.seating import check_companions
from app.errors import Invalid
from app.models import Booking, GroupRequest
from app.queries.layouts import layout_facts, price_table
from app.services.billing import keep_bill
from app.services.quoting import quote_booking


@dataclass(frozen=True, slots=True)
class Offer:
    """Seats of a show at a price. `amount_minor` is of a seat or of all, as `mode` says; for LIST it counts nothing."""

    show_id: int
    seat_ids: tuple[int, ...]
    mode: PriceMode
    amount_minor: int
    pay_until: dt.datetime
    kind: TicketType = TicketType.ADULT
    besides: tuple[Party, ...] = ()
    """Those among them who come on another kind of ticket, or at another price. They get the last seats."""
    note: str = ""
    reason: str = ""
    """Why it takes the place of another one."""


_PRICE = text("""
UPDATE tickets SET ticket_type = one.kind, price_minor = one.price
FROM unnest(CAST(:seats AS bigint[]), CAST(:kinds AS text[]), CAST(:prices AS integer[])) AS one(seat_id, kind, price)
WHERE show_id = :show_id AND booking_id = :booking_id AND tickets.seat_id = one.seat_id AND state = 'reserved'
""")


def price_offer(
    session: Session, group: GroupRequest, booking: Booking, offer: Offer, layout_id: int
) -> tuple[Party, ...]:
    """The agreed price on each ticket, and the bill; who pays it is known already. Gives who comes on the seats.

    Raises Invalid (fields: amount, besides, kind). Commits nothing.
    """
    come, seats = _who_comes(offer, layout_id)
    kinds = [kind for kind, _ in seats]
    listed = list_prices(layout_id, booking.price_list_id, offer.seat_ids, kinds)
    try:
        prices = spread(offer.mode, offer.amount_minor, listed, [each for _, each in seats])
    except NoSuchPrice as problem:
        raise Invalid(str(problem), fields={"amount": str(problem)}) from problem
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    session.execute(
        _PRICE, {**key, "seats": list(offer.seat_ids), "kinds": [kind.value for kind in kinds], "prices": prices}
    )
    booking.seat_fee_minor, booking.channel = 0, Channel.GROUP.value
    booking.demand_percent, booking.demand_step, booking.demand_reason = 0, 1, ""  # its price is its own
    booking.name, booking.email, booking.phone = group.name, group.email, group.phone
    booking.language = group.language
    session.flush()
    keep_bill(session, booking, quote_booking(session, booking))
    return come


def _who_comes(offer: Offer, layout_id: int) -> tuple[tuple[Party, ...], list[tuple[TicketType, int | None]]]:
    """Who comes, and the kind and own price of each seat; those beside a wheelchair space are companions' and free."""
    if any(kind not in KINDS for kind in (offer.kind, *(party.kind for party in offer.besides))):
        raise Invalid("There is no such kind of ticket.", fields={"kind": "Choose a kind of ticket."})
    free = check_companions(layout_facts(layout_id).hall, offer.seat_ids)
    beside = sum(seat_id in free for seat_id in offer.seat_ids)
    try:
        come = parties(offer.kind, offer.besides, len(offer.seat_ids), beside)
    except TooMany as problem:
        raise Invalid(str(problem), fields={"besides": str(problem)}) from problem
    others = iter([(party.kind, party.each_minor) for party in come if party.kind in KINDS for _ in range(party.count)])
    return come, [(TicketType.COMPANION, None) if seat_id in free else next(others) for seat_id in offer.seat_ids]


def list_prices(layout_id: int, price_list_id: int, seat_ids: Sequence[int], kinds: Sequence[TicketType]) -> list[int]:
    """The list price of each seat, without a fee: its kind's, an adult's where the list has none of it; companions are
    free."""
    layout, table = layout_facts(layout_id), price_table(Tariff(price_list_id))
    prices = []
    for seat_id, kind in zip(seat_ids, kinds, strict=True):
        category = layout.by_id[seat_id].category
        one = kind if (category, kind) in table else TicketType.ADULT
        prices.append(0 if kind is TicketType.COMPANION else table[category, one])
    return prices
