"""Seats changed at the counter: the same exchange as online, held by a till and paid into a drawer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.db import db, end_read
from app.domain.pricing import TicketType
from app.domain.staff import By
from app.errors import NotExchangeable, OrphanSeat, SeatsTaken
from app.queries.exchange_page import exchangeable
from app.queries.layouts import layout_facts, price_table, terms_of_show
from app.services.box_office import NoSeats, candidates, owner_of, place_of, price_sale
from app.services.exchanging import Change, hold_for_exchange
from app.services.holding import Hold


def exchange_best_seats(by: By, shift_id: int, sale: str, show_id: int, change: Change) -> Hold:
    """Keep the best seats of the show for a sale that replaces these tickets once it is paid, kinds as they were.

    Raises NoSeats and what exchange_for_seats() raises; nothing of the old booking changes before the sale is paid.
    """
    size = len(change.numbers)
    if not size:
        raise NotExchangeable("Tick the tickets that are to be changed.")
    step_free = "wheelchair" in _kinds_of_seats(change)
    refused: Exception = NoSeats()
    for place in candidates(show_id, size, step_free):
        try:
            return exchange_for_seats(by, shift_id, sale, show_id, place, change)
        except (SeatsTaken, OrphanSeat) as problem:
            refused = problem
    raise refused


def _kinds_of_seats(change: Change) -> set[str]:
    of = exchangeable(change.show_id, change.booking_id)
    seats = layout_facts(of.layout_id).by_id
    return {seats[ticket.seat_id].kind for ticket in of.tickets if ticket.number in change.numbers}


def exchange_for_seats(by: By, shift_id: int, sale: str, show_id: int, seat_ids: Sequence[int], change: Change) -> Hold:
    """Keep exactly these seats for a sale that replaces those tickets. What the sale kept before is given up.

    Raises what hold_for_exchange() does, and Invalid where a new seat has no price for the old kind of ticket.
    """
    end_read()
    hold = hold_for_exchange(show_id, seat_ids, owner_of(shift_id, sale), change, actor=by.actor)
    price_sale(by, shift_id, show_id, hold.booking_id, _kinds(show_id, seat_ids, change))
    return hold


def _kinds(show_id: int, seat_ids: Sequence[int], change: Change) -> dict[int, TicketType]:
    """The old tickets' kinds on the new seats in order; companions stay where the house gives one, else are adults.
    So is who came with a group as a kind that the price list does not know."""
    old = exchangeable(change.show_id, change.booking_id)
    kinds = [t.type for t in old.tickets if t.number in change.numbers and t.type is not TicketType.COMPANION]
    terms = terms_of_show(show_id)
    known = {kind for _, kind in price_table(terms.tariff)} if terms else set()
    kinds = [kind if kind in known else TicketType.ADULT for kind in kinds]
    return place_of(show_id, seat_ids, kinds)


_REPLACES = text("""
SELECT c.source_show_id, c.source_id, ARRAY(
  SELECT t.number FROM tickets t WHERE t.show_id = c.source_show_id AND t.id = ANY(c.ticket_ids) ORDER BY t.number)
FROM booking_credits c WHERE c.show_id = :show_id AND c.booking_id = :booking_id AND c.kind = 'exchange'
""")


def change_of_sale(show_id: int, booking_id: int) -> Change | None:
    """What a sale replaces, if it is an exchange."""
    row = db.session.execute(_REPLACES, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    end_read()
    return Change(row[0], row[1], tuple(row[2])) if row else None
