"""The buyer gives seats of a paid booking back: what that brings, shown before, and then done exactly so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.db import db, end_read, on_commit, transaction
from app.domain.messages import MessageKind
from app.domain.pricing import TYPE_NAMES, TicketType
from app.domain.refund_policy import CancellationReason, RefundStep, Return, kept_by_seat, what_returns
from app.domain.states import TicketState
from app.errors import AmountChanged, Invalid, NotCancellable
from app.models import Booking
from app.money import format_money
from app.queries.seat_map import forget_seat_map
from app.services.cancel_rules import WHY_GONE, Facts, check_booking, check_tickets, chosen_tickets, facts_of
from app.services.giving_back import give_back_seats, lock_tickets, read_tickets
from app.services.letting_go import lock_booking
from app.services.returning import tenders_of
from app.services.telling import tell
from app.services.ways_back import WayBack, may_go_elsewhere, ways_back


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The cancellation that gave the seats back; `repeated` if it was there already."""

    cancellation_id: int
    returned_minor: int
    repeated: bool = False


def cancel_seats(
    show_id: int,
    booking_id: int,
    numbers: Collection[int] | None,
    *,
    expected_minor: int,
    to_wallet: bool = False,
    actor: str = "guest",
) -> Cancelled:
    """Give back the tickets of these numbers, or all that are left; their money goes back by the steps promised.

    Cancelling what the buyer has cancelled already answers as done. Raises NotCancellable, Invalid (no such ticket, a
    wallet without an account), and AmountChanged if not `expected_minor`, which was shown, would come back (minor
    units). Locks the seats, the booking, its tickets, its payments, then balances.
    """
    with transaction() as session:
        lock_booking(session, show_id, booking_id)
        facts = facts_of(session, show_id, booking_id, lock_tickets(session, show_id, booking_id))
        done = _done_already(session, facts, numbers)
        if done is not None:
            return done
        chosen = chosen_tickets(facts, numbers)
        check_tickets(facts, chosen)
        result = what_returns([ticket.value_minor for ticket in chosen], facts.step)
        _check_shown(facts.booking, result, expected_minor, to_wallet)
        cancellation = give_back_seats(
            session, facts.booking, chosen, CancellationReason.BUYER, result, facts.now, actor, to_wallet=to_wallet
        )
        tell(session, MessageKind.CANCELLATION, facts.now, facts.booking, cancellation.id)
        on_commit(lambda: forget_seat_map(show_id))
    return Cancelled(cancellation.id, result.returned_minor)


_CANCELLATIONS = text(
    "SELECT id, reason, returned_minor FROM cancellations WHERE show_id = :show_id AND id = ANY(:ids) ORDER BY id"
)


def _done_already(session: Session, facts: Facts, numbers: Collection[int] | None) -> Cancelled | None:
    """What became of the seats if none of them is left; a second click, another tab."""
    asked = facts.tickets if numbers is None else [ticket for ticket in facts.tickets if ticket.number in numbers]
    if not asked or any(ticket.cancellation_id is None for ticket in asked):
        return None
    ids = sorted({ticket.cancellation_id for ticket in asked})
    found = session.execute(_CANCELLATIONS, {"show_id": facts.booking.show_id, "ids": ids}).all()
    for row in found:
        if row.reason != CancellationReason.BUYER:
            raise NotCancellable(WHY_GONE[CancellationReason(row.reason)])
    return Cancelled(found[-1].id, found[-1].returned_minor, repeated=True)


def _check_shown(booking: Booking, result: Return, expected_minor: int, to_wallet: bool) -> None:
    if to_wallet and booking.user_id is None:
        raise Invalid("A wallet needs an account. The money can go back the way it came.")
    if result.returned_minor != expected_minor:
        back = format_money(result.returned_minor, booking.currency)
        raise AmountChanged(f"What comes back is {back} now. Please look at it once more.")


@dataclass(frozen=True, slots=True)
class SeatBack:
    """One seat that may be given back. Amounts in minor units; `kept_minor` and what comes back only if chosen."""

    number: int
    seat: str
    type_name: str
    value_minor: int
    kept_minor: int
    chosen: bool
    admitted_at: dt.datetime | None
    """On the cinema's clocks."""

    @property
    def returned_minor(self) -> int:
        return self.value_minor - self.kept_minor


@dataclass(frozen=True, slots=True)
class Preview:
    """What cancelling would do now. `over` says why nothing can be cancelled any more, `problem` why not these seats."""

    seats: tuple[SeatBack, ...]
    result: Return
    ways: tuple[WayBack, ...]
    steps: tuple[RefundStep, ...]
    step: RefundStep | None
    to_choose: bool
    """Whether any of it could go to a wallet instead: what comes back to a gift card or its payment can't."""
    over: str = ""
    problem: str = ""

    @property
    def chosen(self) -> list[SeatBack]:
        return [seat for seat in self.seats if seat.chosen]


def preview_cancellation(
    show_id: int, booking_id: int, numbers: Collection[int] | None, *, to_wallet: bool = False
) -> Preview:
    """What giving these seats back (or all that nobody has used) brings. Reads only, and locks nothing."""
    session = db.session()
    facts = facts_of(session, show_id, booking_id, read_tickets(session, show_id, booking_id))
    if numbers is None:
        numbers = [ticket.number for ticket in facts.live if ticket.state != TicketState.ADMITTED]
    chosen = [ticket for ticket in facts.live if ticket.number in numbers]
    result = what_returns([ticket.value_minor for ticket in chosen], facts.step)
    over = _refusal(lambda: check_booking(facts))
    tenders = [] if over else tenders_of(session, show_id, booking_id, lock=False)
    preview = Preview(
        seats=_seats_back(facts, chosen),
        result=result,
        ways=() if over else ways_back(session, facts.booking, tenders, result.returned_minor, to_wallet),
        steps=facts.steps,
        step=facts.step,
        to_choose=may_go_elsewhere(facts.booking, tenders),
        over=over,
        problem=_refusal(lambda: check_tickets(facts, chosen_tickets(facts, numbers))),
    )
    end_read()
    return preview


def _refusal(check: Callable[[], object]) -> str:
    try:
        check()
    except (NotCancellable, Invalid) as refusal:
        return refusal.message
    return ""


def _seats_back(facts: Facts, chosen: Sequence[Row[Any]]) -> tuple[SeatBack, ...]:
    shares = kept_by_seat([ticket.value_minor for ticket in chosen], facts.step)
    kept = {ticket.id: share for ticket, share in zip(chosen, shares, strict=True)}
    return tuple(
        SeatBack(
            number=ticket.number,
            seat=facts.name(ticket),
            type_name=TYPE_NAMES[TicketType(ticket.ticket_type)],
            value_minor=ticket.value_minor,
            kept_minor=kept.get(ticket.id, 0),
            chosen=ticket.id in kept,
            admitted_at=facts.local(ticket.admitted_at) if ticket.admitted_at else None,
        )
        for ticket in sorted(facts.live, key=lambda ticket: ticket.number)
    )
