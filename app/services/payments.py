"""Settling payments: one function, whoever tells us. And asking the gateways about those nobody told us of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import EventKind, PaymentEvent, gateway
from app.config import settings
from app.db import db, end_read, on_commit, transaction
from app.domain.groups import is_group
from app.domain.messages import MessageKind
from app.domain.settling import Arrival, RefundReason, Verdict, decide
from app.domain.states import LIVE_BOOKING, BookingState, SeatState
from app.errors import DomainError
from app.metrics import SETTLED
from app.models import Booking, Payment
from app.queries.seat_map import forget_seat_map
from app.services.alerts import raise_alert
from app.services.capturing import book_capture, lock_payment, note_failure
from app.services.confirming import confirm, reserve_again
from app.services.coupons import coupons_can_return, take_coupons_again
from app.services.credits import credits_can_return, take_credits_again
from app.services.exchanging import exchange_stands
from app.services.gift_cards import take_event
from app.services.holds import expire_booking
from app.services.invoices import invoice_again
from app.services.letting_go import let_go, seats_of
from app.services.locking import lock_to_settle
from app.services.outbox import Task, put
from app.services.refunds import note_refund_event, request_refund
from app.services.saved_methods import keep_method
from app.services.telling import tell

log = structlog.get_logger(__name__)
ATTEMPTS = 3


class _RunOut(Exception):
    """Others' holds on the seats of a late payment are over: expire them first."""

    def __init__(self, booking_ids: set[int]) -> None:
        self.booking_ids = booking_ids


_STORE = text("""
INSERT INTO gateway_events (show_id, provider, event_id, kind, provider_ref, payload, outcome, received_at)
VALUES (:show_id, :provider, :event_id, :kind, :ref, CAST(:payload AS jsonb), 'taken', :now)
ON CONFLICT DO NOTHING RETURNING event_id
""")
_OUTCOME = text(
    "UPDATE gateway_events SET outcome = :outcome "
    "WHERE show_id = :show_id AND provider = :provider AND event_id = :event_id"
)
_FIND = text(
    "SELECT id, booking_id, gift_card_id, provider_ref FROM payments WHERE show_id = :show_id AND provider = :provider "
    "AND (id = :payment_id OR provider_ref = :ref) ORDER BY id = :payment_id DESC LIMIT 1"
)


def settle_payment(event: PaymentEvent) -> str:
    """Give one verified event of a gateway its one effect; gives what came of it, in a word or two.

    The event's row and its effect are one transaction: a failure rolls both back, so that the gateway tells us again.
    "repeated" for an event, or an effect, that was there already. Locks the event's row, the booking's seats in
    order, the booking (or the gift card), its payment.
    """
    for _ in range(ATTEMPTS):
        try:
            return _settle_once(event)
        except _RunOut as over:
            for booking_id in sorted(over.booking_ids):
                expire_booking(event.show_id, booking_id)
    raise RuntimeError("others keep taking the seats of a late payment")


def _settle_once(event: PaymentEvent) -> str:
    with transaction() as session:
        if not _stored(session, event):
            return "repeated"
        payment = session.execute(
            _FIND,
            {
                "show_id": event.show_id,
                "provider": event.provider,
                "payment_id": event.payment_id,
                "ref": event.provider_ref,
            },
        ).one_or_none()
        outcome = _about_nothing(session, event) if payment is None else _take(session, event, payment)
        session.execute(
            _OUTCOME,
            {
                "outcome": outcome,
                "show_id": event.show_id,
                "provider": event.provider,
                "event_id": event.event_id,
            },
        )
    SETTLED.labels(event.provider, outcome.partition(":")[0]).inc()
    log.debug(
        "event_settled",
        provider=event.provider,
        kind=event.kind.value,
        outcome=outcome,
        show_id=event.show_id,
    )
    return outcome


def _take(session: Session, event: PaymentEvent, payment: Row[Any]) -> str:
    if event.kind in (EventKind.REFUND_DONE, EventKind.REFUND_FAILED):
        return note_refund_event(session, event)
    if event.kind is EventKind.PENDING:
        return "noted"
    if payment.gift_card_id is not None:
        return take_event(session, event, payment.gift_card_id, payment.id)
    if event.kind is EventKind.CAPTURED:
        return _take_capture(session, event, payment)
    return _take_failure(session, event, payment)


def _stored(session: Session, event: PaymentEvent) -> bool:
    row = session.execute(
        _STORE,
        {
            "show_id": event.show_id,
            "provider": event.provider,
            "event_id": event.event_id,
            "kind": event.kind.value,
            "ref": event.provider_ref,
            "payload": json.dumps(event.raw),
            "now": clock.now(),
        },
    ).one_or_none()
    return row is not None


def _about_nothing(session: Session, event: PaymentEvent) -> str:
    raise_alert(
        session,
        "unknown_payment",
        event.show_id,
        f"{event.provider} tells of {event.kind.value} for {event.provider_ref}, which we don't know.",
    )
    return "unknown"


_SHOW = text("SELECT state, starts_at, sales_open_at, sales_close_at FROM shows WHERE id = :show_id")


def _take_capture(session: Session, event: PaymentEvent, found: Row[Any]) -> str:
    booking, seats = lock_to_settle(session, event.show_id, found.booking_id)
    payment = lock_payment(session, event.show_id, found.id)
    now = clock.now()
    if payment.captured_at is not None:
        return "repeated"
    book_capture(session, payment, event, now)
    verdict, reason = decide(_arrival(session, booking, payment, seats, now))
    if verdict is not Verdict.REFUND and not _extras_stand(session, booking, now):
        verdict, reason = Verdict.REFUND, RefundReason.EXTRAS_GONE
    if verdict is Verdict.REFUND:
        assert reason is not None
        return _send_back(session, booking, payment, reason, now)
    if verdict is Verdict.CONFIRM_LATE:
        reserve_again(session, booking)
    take_coupons_again(session, booking.show_id, booking.id)
    take_credits_again(session, booking, now)
    payment.applied_at = now
    keep_method(session, booking.user_id, event, now)
    session.flush()
    confirm(session, booking, now, f"gateway:{event.provider}")
    _close_other_pages(session, booking, now)
    invoice_again(session, booking, now)
    on_commit(lambda: forget_seat_map(event.show_id))
    return "confirmed" if verdict is Verdict.CONFIRM else "confirmed late"


def _extras_stand(session: Session, booking: Booking, now: dt.datetime) -> bool:
    """Whether what pays the rest of the bill is there: taken, or given back meanwhile and free to be taken again."""
    return (
        exchange_stands(session, booking, now)
        and coupons_can_return(session, booking.show_id, booking.id)
        and credits_can_return(session, booking, now)
    )


_OPEN = text(
    "SELECT id FROM payments WHERE show_id = :show_id AND booking_id = :booking_id AND provider_ref IS NOT NULL "
    "AND state IN ('created', 'pending') ORDER BY id"
)


def _close_other_pages(session: Session, booking: Booking, now: dt.datetime) -> None:
    """Another attempt at a booking that is paid now can only take money that would have to go back."""
    for row in session.execute(_OPEN, {"show_id": booking.show_id, "booking_id": booking.id}):
        put(session, Task.CANCEL_PAYMENT, now, booking.show_id, booking.id, row.id)


def _arrival(
    session: Session, booking: Booking, payment: Payment, seats: Sequence[Row[Any]], now: dt.datetime
) -> Arrival:
    show = session.execute(_SHOW, {"show_id": booking.show_id}).one()
    state = BookingState(booking.state)
    for_group = is_group(booking.owner_key)
    on_sale = show.state == "published" and _sold_now(show, now, for_group=for_group)
    return Arrival(
        booking=state,
        right_amount=(payment.captured_minor, payment.captured_currency)
        == (payment.amount_minor, payment.currency)
        == (booking.total_minor - booking.credit_minor, booking.currency),
        seats_its_own=len(seats) == booking.seat_count and all(row.booking_id == booking.id for row in seats),
        seats_free=state is BookingState.EXPIRED and on_sale and _free(seats, booking, now),
        show_cancelled=show.state == "cancelled",
        show_on_sale=on_sale,
        offer_over=for_group and not _offer_stands(session, booking),
    )


def _sold_now(show: Row[Any], now: dt.datetime, *, for_group: bool) -> bool:
    """Within the time it is booked online and not begun; a group's seats are not bound to that time."""
    return now < show.starts_at and (for_group or show.sales_open_at <= now < show.sales_close_at)


_OFFERED = text(
    "SELECT EXISTS (SELECT FROM group_requests WHERE offer_show_id = :show_id AND booking_id = :booking_id "
    "AND state = 'offered')"
)


def _offer_stands(session: Session, booking: Booking) -> bool:
    """Whether this is what its group was last offered. Who offers anew locks the booking before."""
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    return bool(session.execute(_OFFERED, key).scalar_one())


def _free(seats: Sequence[Row[Any]], booking: Booking, now: dt.datetime) -> bool:
    over = {row.booking_id for row in seats if row.state == SeatState.HELD and row.held_until <= now}
    others = [row for row in seats if row.state != SeatState.FREE and row.booking_id not in over]
    if not others and over:
        raise _RunOut(over)
    return not others and len(seats) == booking.seat_count


def _send_back(session: Session, booking: Booking, payment: Payment, reason: RefundReason, now: dt.datetime) -> str:
    """Refund the capture in full, tell the buyer, and tell staff. What was to be exchanged and can't be is let go."""
    session.flush()
    if (
        reason is RefundReason.EXTRAS_GONE
        and booking.state in LIVE_BOOKING
        and not exchange_stands(session, booking, now)
    ):
        _release(session, booking, now)
    if payment.captured_minor:
        request_refund(session, payment, payment.captured_minor, reason.value, now)
    tell(session, MessageKind.LATE_PAYMENT, now, booking, payment.id)
    raise_alert(
        session,
        f"refund_{reason.value}",
        booking.show_id,
        f"Payment {payment.id} of booking {booking.code} goes back: {reason.value.replace('_', ' ')}.",
    )
    return f"refunded: {reason.value.replace('_', ' ')}"


def _release(session: Session, booking: Booking, now: dt.datetime) -> None:
    seat_ids = seats_of(session, booking.show_id, booking.id)
    state = BookingState(booking.state)
    let_go(session, booking.show_id, booking.id, seat_ids, state, BookingState.RELEASED, now, "clock")
    on_commit(lambda: forget_seat_map(booking.show_id))


def _take_failure(session: Session, event: PaymentEvent, found: Row[Any]) -> str:
    """The booking keeps its seats until its window ends; nothing is prolonged."""
    booking, _ = lock_to_settle(session, event.show_id, found.booking_id)
    payment = lock_payment(session, event.show_id, found.id)
    now = clock.now()
    outcome = note_failure(payment, event, now)
    if outcome == "failed" and booking.email and booking.state in LIVE_BOOKING:
        tell(session, MessageKind.PAYMENT_FAILED, now, booking, payment.id)
    return outcome


def take_webhook(provider: str, body: bytes, headers: dict[str, str]) -> str:
    """Verify a gateway's message and settle it. Raises BadSignature (nothing is stored), NotFound."""
    event = gateway(provider).verify_event(body, headers, clock.now())
    return settle_payment(event)


_STATE = text("SELECT provider, provider_ref, captured_at FROM payments WHERE show_id = :show_id AND id = :payment_id")
_CHECKED = text("UPDATE payments SET check_at = :check_at WHERE show_id = :show_id AND id = :payment_id")


def refresh_payment(show_id: int, payment_id: int) -> str:
    """Ask the gateway how an attempt stands and settle what it says: the redirect's way, and reconciliation's."""
    row = db.session.execute(_STATE, {"show_id": show_id, "payment_id": payment_id}).one()
    end_read()
    if row.captured_at is not None:
        return "repeated"
    event = gateway(row.provider).fetch(show_id, payment_id, row.provider_ref)
    if event is None or event.kind is EventKind.PENDING:
        return "pending" if event else "unknown"
    return settle_payment(event)


_LAST_PAYMENT = text(
    "SELECT id FROM payments WHERE show_id = :show_id AND booking_id = :booking_id ORDER BY id DESC LIMIT 1"
)


def refresh_booking_payment(show_id: int, booking_id: int) -> str:
    """What the gateway says of the booking's last attempt; "unknown" if there is none."""
    row = db.session.execute(_LAST_PAYMENT, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    return refresh_payment(show_id, row.id) if row else "unknown"


def close_booking_payment(show_id: int, booking_id: int) -> None:
    """The buyer turned back on the gateway's page: close it, unless it was paid after all, and settle what it says."""
    row = db.session.execute(_LAST_PAYMENT, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    end_read()
    if row is not None:
        cancel_gateway_session(show_id, row.id)


_TO_CHECK = text("SELECT show_id, id, created_at FROM payments WHERE check_at <= :now ORDER BY check_at LIMIT :limit")
GIVE_UP_ASKING = dt.timedelta(days=3)


def reconcile_payments(limit: int = 200) -> int:
    """Ask about every payment nobody told us of; gives how many were settled. One transaction each.

    An attempt that the gateway still calls pending, or that can't be asked about, is asked again after
    RECONCILE_MINUTES, for three days.
    """
    rows = db.session.execute(_TO_CHECK, {"now": clock.now(), "limit": limit}).all()
    end_read()
    return sum(_reconciled(row) for row in rows)


def _reconciled(row: Row[Any]) -> bool:
    try:
        outcome = refresh_payment(row.show_id, row.id)
    except DomainError as problem:
        log.warning("reconciliation_waits", show_id=row.show_id, payment_id=row.id, problem=problem.code)
        outcome = "pending"
    except Exception:  # one that can't be settled must not keep the others waiting
        log.exception("reconciliation_failed", show_id=row.show_id, payment_id=row.id)
        db.session.rollback()
        outcome = "pending"
    if outcome not in ("pending", "unknown", "repeated"):
        return True
    now = clock.now()
    again = None if row.created_at < now - GIVE_UP_ASKING else now + dt.timedelta(minutes=settings.reconcile_minutes)
    with transaction() as session:
        session.execute(_CHECKED, {"show_id": row.show_id, "payment_id": row.id, "check_at": again})
    return False


def cancel_gateway_session(show_id: int, payment_id: int) -> None:
    """Close the gateway's page of an attempt nobody needs any more; if it turns out to be paid, settle it."""
    row = db.session.execute(_STATE, {"show_id": show_id, "payment_id": payment_id}).one()
    end_read()
    if row.captured_at is None and row.provider_ref:
        gateway(row.provider).cancel(row.provider_ref)
        refresh_payment(show_id, payment_id)
