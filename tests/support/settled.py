"""What a payment left behind: seats, tickets, refunds, tasks and alerts."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db
from app.models import Payment
from app.services import checkout, holds
from tests.builders import A_BUYER, the_booking


def rows(sql: str, **values):
    found = db.session.execute(text(sql), values).all()
    db.session.commit()
    return found


def ticket_states(booking) -> list[str]:
    sql = "SELECT state FROM tickets WHERE show_id = :show AND booking_id = :booking ORDER BY number"
    return [row.state for row in rows(sql, show=booking.show_id, booking=booking.id)]


def seats(booking) -> dict[str, int]:
    """How many of the booking's seats are in which state, for whom: {"sold": 2}, {"held by another": 1}."""
    sql = (
        "SELECT state, booking_id FROM show_seats WHERE show_id = :show AND seat_id IN "
        "(SELECT seat_id FROM tickets WHERE show_id = :show AND booking_id = :booking)"
    )
    states: dict[str, int] = {}
    for row in rows(sql, show=booking.show_id, booking=booking.id):
        words = row.state if row.booking_id in (None, booking.id) else f"{row.state} by another"
        states[words] = states.get(words, 0) + 1
    return states


def tasks(booking) -> list[str]:
    sql = """
        SELECT coalesce(m.kind || ' by ' || m.channel, o.kind) AS kind FROM outbox o
        LEFT JOIN messages m ON o.kind = 'send_message' AND m.show_id = o.show_id AND m.id = o.subject_id
        WHERE o.show_id = :show AND o.booking_id = :booking ORDER BY kind
    """
    return [row.kind for row in rows(sql, show=booking.show_id, booking=booking.id)]


def alerts() -> list[str]:
    return [row.kind for row in rows("SELECT kind FROM alerts ORDER BY id")]


def refunds(booking) -> list[tuple[int, str, str]]:
    sql = (
        "SELECT r.amount_minor, r.currency, r.reason FROM refunds r JOIN payments p ON p.id = r.payment_id "
        "WHERE p.booking_id = :booking ORDER BY r.id"
    )
    return [tuple(row) for row in rows(sql, booking=booking.id)]


def the_payment(payment) -> Payment:
    found = db.session.get_one(Payment, (payment.show_id, payment.id), populate_existing=True)
    db.session.commit()
    return found


def state_of(booking) -> str:
    return the_booking(booking.show_id, booking.id).state


def events() -> list[str]:
    return [row.outcome for row in rows("SELECT outcome FROM gateway_events ORDER BY received_at")]


def expire(booking, moved_clock) -> None:
    moved_clock.forward(minutes=16)
    assert holds.expire_booking(booking.show_id, booking.id)


def started(booking) -> str:
    begun = checkout.start_payment(
        booking.show_id,
        booking.id,
        A_BUYER,
        {},
        provider="fake",
        mode="card",
        return_url="http://localhost/back",
    )
    assert begun.redirect_url
    return begun.redirect_url
