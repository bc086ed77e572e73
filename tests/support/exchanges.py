"""Changes of bookings in one line, and what became of them."""

from __future__ import annotations

from sqlalchemy import text

from app import clock
from app.db import db, transaction
from app.domain.ledger import Account
from app.domain.refund_policy import CancellationReason, Return
from app.domain.staff import COMMAND
from app.domain.states import TicketState
from app.models import Booking, Show
from app.queries.exchange_page import exchangeable
from app.services import checkout, payments
from app.services.admission import AtDoor, admit_ticket
from app.services.exchanging import Change, hold_for_exchange
from app.services.giving_back import give_back_seats, lock_tickets
from app.services.locking import lock_to_settle
from tests.builders import (
    A_BUYER,
    PRICES,
    a_started_payment,
    an_event,
    seat_ids,
    the_booking,
)
from tests.support.books import books, rows, unbalanced

DEAR = {key: amount + 500 for key, amount in PRICES.items()}

CHEAP = {key: amount - 400 for key, amount in PRICES.items()}

ME = "s:me"


def numbers_of(booking: Booking) -> tuple[int, ...]:
    return tuple(ticket.number for ticket in exchangeable(booking.show_id, booking.id).tickets)


def change_of(booking: Booking, *numbers: int) -> Change:
    return Change(booking.show_id, booking.id, numbers or numbers_of(booking))


def a_change(booking: Booking, show: Show, *numbers: int, labels: tuple[str, ...] = (), owner: str = ME) -> Booking:
    """New seats held in row C, or those named, for these tickets or all of them."""
    change = change_of(booking, *numbers)
    wanted = seat_ids(show, *(labels or [f"C{n + 1}" for n in range(len(change.numbers))]))
    hold = hold_for_exchange(show.id, wanted, owner, change)
    return the_booking(show.id, hold.booking_id)


def finish(booking: Booking) -> str:
    """Pay what there is to pay; "confirmed" if that was nothing."""
    begun = checkout.begin_payment(booking.show_id, booking.id, A_BUYER, {}, "sandbox", "card", "guest")
    if begun is None:
        return "confirmed"
    return payments.settle_payment(an_event(with_page(booking)))


def with_page(booking: Booking):
    """The running payment, once its gateway has a page for it."""
    return a_started_payment(booking)


def seat_states(booking: Booking) -> dict[str, int]:
    sql = (
        "SELECT s.state, s.booking_id = :id AS own FROM show_seats s WHERE s.show_id = :show AND s.seat_id IN "
        "(SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :id)"
    )
    states: dict[str, int] = {}
    for row in rows(sql, show=booking.show_id, id=booking.id):
        words = row.state if row.own or row.own is None else f"{row.state} by another"
        states[words] = states.get(words, 0) + 1
    return states


def state_of(booking: Booking) -> str:
    return the_booking(booking.show_id, booking.id).state


def refunds() -> list[tuple[int, str]]:
    return [tuple(row) for row in rows("SELECT amount_minor, reason FROM refunds ORDER BY requested_at, id")]


def cancel(booking: Booking, *numbers: int, reason=CancellationReason.STAFF, percent: int = 100) -> int:
    """Give back these tickets or all of them; gives what comes back."""
    with transaction() as session:
        locked, _ = lock_to_settle(session, booking.show_id, booking.id)
        live = [t for t in lock_tickets(session, locked.show_id, locked.id) if t.state != TicketState.VOID]
        chosen = [t for t in live if not numbers or t.number in numbers]
        if not chosen:
            return 0
        value = sum(t.value_minor for t in chosen)
        kept = value * (100 - percent) // 100
        give_back_seats(session, locked, chosen, reason, Return(value, kept, value - kept), clock.now(), "guest")
    return value - kept


def sound() -> None:
    """Nothing is left on its way: every movement balances, no deposit and no exchange stays open."""
    assert unbalanced() == []
    assert books(Account.DEPOSITS, Account.EXCHANGES) == {}


def admit(booking: Booking, number: int) -> None:
    wanted = text("SELECT id FROM tickets WHERE show_id = :show_id AND booking_id = :id AND number = :number")
    key = {"show_id": booking.show_id, "id": booking.id, "number": number}
    ticket_id = db.session.execute(wanted, key).scalar_one()
    db.session.commit()
    admit_ticket(booking.show_id, ticket_id, COMMAND, AtDoor("scan-1"))
