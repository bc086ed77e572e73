"""From a hold to a started payment: who is coming, the quote that will be charged, and the gateway's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import clock
from app.adapters.payments import PaymentOrder, gateway, gateways
from app.config import settings
from app.db import on_commit, transaction
from app.domain.pricing import TicketType
from app.domain.refund_policy import stored_steps
from app.domain.states import LIVE_BOOKING, BookingState, PaymentState
from app.errors import (
    AmountChanged,
    ConcurrentModification,
    GatewayUnavailable,
    HoldExpired,
    NotExchangeable,
    NotFound,
    PaymentStarted,
)
from app.models import Booking, Payment
from app.queries.pay_ways import ways_of_show
from app.queries.refund_terms import changes_in_full, steps_of
from app.queries.seat_map import forget_seat_map
from app.services.billing import keep_bill
from app.services.confirming import confirm
from app.services.coupons import give_back_coupons, invalid_coupon, lock_coupons, take_coupons
from app.services.credits import give_back_credits, take_credits
from app.services.exchanging import choose_way_back, judge_exchange
from app.services.extras import note_balance
from app.services.holds import prolong, release_booking
from app.services.locking import lock_to_settle
from app.services.outbox import Task, put
from app.services.quoting import quote_booking
from app.services.saved_methods import check_saved, remembered

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as typed at checkout and already checked for shape."""

    name: str
    email: str
    phone: str = ""
    wants_sms: bool = False
    wants_push: bool = False
    """Whether they agreed to be told by text message, by push; mail is always sent."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a gateway is to remember of this payment, or has remembered: for account holders alone."""

    saved_id: int | None = None
    """Pay with this saved method."""
    save: bool = False
    """Save the one that is typed in."""


NOTHING_REMEMBERED = Memory()
LONGEST_PAGE = dt.timedelta(hours=22)
"""A group may have days to pay; no gateway keeps a page open for more than one."""


@dataclass(frozen=True, slots=True)
class Started:
    """Where the buyer goes now: the gateway's page, or nowhere because nothing was to pay."""

    redirect_url: str | None


class Begun(NamedTuple):
    """A payment that runs: its page where that is known already, otherwise the order that makes one."""

    payment_id: int
    provider: str
    redirect_url: str | None
    order: PaymentOrder


def start_payment(
    show_id: int,
    booking_id: int,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    *,
    provider: str,
    mode: str,
    return_url: str,
    cancel_url: str = "",
    memory: Memory = NOTHING_REMEMBERED,
    actor: str = "guest",
    without: Collection[int] = (),
    to_wallet: bool = False,
) -> Started:
    """Keep the quote, make the hold last, open a session at the gateway and say where to go.

    `without` are the coupons of which the buyer was told that they don't count; another one that does not raises
    InvalidCoupon (details: `coupon_id`), a balance that shrank AmountChanged: the amount is to be shown anew.
    With `to_wallet`, what exchanged seats give back goes to their buyer's wallet.
    The same submit twice gives the same session. A booking that costs nothing is confirmed at once. Raises
    HoldExpired, PaymentStarted (details: `redirect_url`, the page where that payment goes on), Invalid,
    NotFound (no such gateway), GatewayUnavailable (the seats stay kept), NotExchangeable (what it was to replace is no
    longer there: its seats are let go), ExchangeUnderway. Locks the booking's seats, then the booking.
    """
    try:
        begun = begin_payment(show_id, booking_id, buyer, types, provider, mode, actor, memory, without, to_wallet)
    except AmountChanged as problem:
        note_balance(show_id, booking_id, **problem.details)
        raise
    except NotExchangeable:
        release_booking(show_id, booking_id, actor)
        raise
    if begun is None:
        return Started(None)
    return Started(begun.redirect_url or open_session(begun, return_url, cancel_url))


def begin_payment(
    show_id: int,
    booking_id: int,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    provider: str,
    mode: str,
    actor: str,
    memory: Memory = NOTHING_REMEMBERED,
    without: Collection[int] = (),
    to_wallet: bool = False,
) -> Begun | None:
    """The first half of start_payment: the quote kept, the payment made; None if it cost nothing. Calls no gateway.

    Raises AmountChanged and InvalidCoupon where a balance or a coupon no longer gives what was shown.
    """
    with transaction() as session:
        booking, _ = lock_to_settle(session, show_id, booking_id)
        now = clock.now()
        if booking.state == BookingState.CONFIRMED:
            raise ConcurrentModification("This booking is already paid.")
        if booking.state not in LIVE_BOOKING or booking.expires_at <= now:
            raise HoldExpired
        running = _running_payment(session, show_id, booking_id)
        if running is not None:
            return _join(session, running, booking, types)
        judge_exchange(session, booking, now)
        choose_way_back(session, booking, to_wallet)
        due = keep_quote(session, booking, buyer, types, now, without)
        if due == 0:
            session.flush()
            confirm(session, booking, now, actor)
            on_commit(lambda: forget_seat_map(show_id))
            return None
        _last_longer(session, booking, now, actor)
        payment = _new_payment(session, booking, due, provider, mode, memory, now)
        order = _order(session, booking, payment)
        on_commit(lambda: forget_seat_map(show_id))
    return Begun(payment.id, provider, None, order)


_RUNNING = text(
    "SELECT id FROM payments WHERE show_id = :show_id AND booking_id = :booking_id "
    "AND state IN ('created', 'pending') ORDER BY id DESC LIMIT 1 FOR UPDATE"
)


def _running_payment(session: Session, show_id: int, booking_id: int) -> Payment | None:
    row = session.execute(_RUNNING, {"show_id": show_id, "booking_id": booking_id}).one_or_none()
    return session.get_one(Payment, (show_id, row.id), populate_existing=True) if row else None


_TYPES_NOW = text(
    "SELECT seat_id, ticket_type FROM tickets WHERE show_id = :show_id AND booking_id = :booking_id AND state <> 'void'"
)


def _join(session: Session, running: Payment, booking: Booking, types: Mapping[int, TicketType]) -> Begun:
    """A second submit of the same form joins the payment that runs; a changed one is refused.

    Where the first has no page yet (it is on its way, or died there), the same order is sent again: its key
    makes it the same session.
    """
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    now = {row.seat_id: row.ticket_type for row in session.execute(_TYPES_NOW, key)}
    if any(now.get(seat_id, kind) != kind for seat_id, kind in types.items()):
        raise PaymentStarted(redirect_url=running.redirect_url)
    return Begun(running.id, running.provider, running.redirect_url, _order(session, booking, running))


def keep_quote(
    session: Session,
    booking: Booking,
    buyer: Buyer,
    types: Mapping[int, TicketType],
    now: dt.datetime,
    without: Collection[int],
) -> int:
    """Keep who buys and the bill, take what coupons and balances pay of it; gives what is left to pay, minor units.

    What an earlier attempt took is given back first. Locks the coupons, then the balances.
    """
    lock_coupons(session, booking)
    give_back_coupons(session, booking.show_id, booking.id)
    give_back_credits(session, booking, now)
    priced = quote_booking(session, booking, types, buyer.email)
    for here in priced.coupons:
        if here.problem is not None and here.terms.id not in without:
            raise invalid_coupon(here.problem, coupon_id=here.terms.id)
    keep_bill(session, booking, priced)
    booking.name, booking.email, booking.phone = buyer.name, buyer.email, buyer.phone
    booking.wants_sms, booking.wants_push, booking.language = buyer.wants_sms, buyer.wants_push, buyer.language
    booking.refund_steps = stored_steps(steps_of(session, booking.show_id))
    booking.changes_in_full = changes_in_full(session, booking.show_id)
    take_coupons(session, booking, priced.counting, priced.bill.discounts, buyer.email)
    booking.credit_minor = take_credits(session, booking, booking.total_minor, now)
    return booking.total_minor - booking.credit_minor


def _last_longer(session: Session, booking: Booking, now: dt.datetime, actor: str) -> None:
    """The first start of payment leaves at least PAYMENT_MINUTES, never past the cap; later ones prolong nothing."""
    if booking.payment_started_at is None:
        booking.payment_started_at = now
        least = now + dt.timedelta(minutes=settings.payment_minutes)
        until = min(max(booking.expires_at, least), booking.cap_at)
        session.flush()
        if until != booking.expires_at:
            prolong(session, booking.show_id, booking.id, until)
            session.refresh(booking)
    booking.move_to(BookingState.AWAITING_PAYMENT, now, actor)


def _new_payment(
    session: Session, booking: Booking, due_minor: int, provider: str, mode: str, memory: Memory, now: dt.datetime
) -> Payment:
    if (provider, mode) not in ways_of_show(booking.show_id):
        raise NotFound("This way to pay is not on offer.")
    if memory.saved_id is not None:
        check_saved(session, memory.saved_id, booking.user_id, provider)
    payment = Payment(
        show_id=booking.show_id,
        booking_id=booking.id,
        provider=provider,
        mode=mode,
        save_method=memory.save and booking.user_id is not None and gateways()[provider].saves_methods,
        saved_method_id=memory.saved_id,
        state=PaymentState.CREATED.value,
        amount_minor=due_minor,
        currency=booking.currency,
        created_at=now,
        check_at=now + dt.timedelta(minutes=settings.reconcile_minutes),
    )
    session.add(payment)
    session.flush()
    payment.log_birth(now, "clock")
    return payment


_DESCRIPTION = text("SELECT m.title FROM shows s JOIN movies m ON m.id = s.movie_id WHERE s.id = :show_id")


def _order(session: Session, booking: Booking, payment: Payment) -> PaymentOrder:
    token, customer = remembered(session, payment.saved_method_id, booking.user_id, payment.provider)
    title = session.execute(_DESCRIPTION, {"show_id": booking.show_id}).scalar_one()
    return PaymentOrder(
        show_id=booking.show_id,
        payment_id=payment.id,
        booking_code=booking.code,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        mode=payment.mode,
        description=f"{title}, {booking.seat_count} {'seat' if booking.seat_count == 1 else 'seats'}",
        email=booking.email,
        return_url="",
        expires_at=min(booking.expires_at, payment.created_at + LONGEST_PAGE),
        customer_ref=customer,
        save_method=payment.save_method,
        saved_token=token,
    )


def open_session(begun: Begun, return_url: str, cancel_url: str) -> str:
    """The second half: the gateway's page for a payment that was begun. Raises GatewayUnavailable, and HoldExpired if
    the payment was given up meanwhile."""
    order = begun.order
    try:
        started = gateway(begun.provider).start(replace(order, return_url=return_url, cancel_url=cancel_url))
    except GatewayUnavailable as problem:
        _note_no_answer(begun, problem.message)
        raise
    with transaction() as session:
        payment = _lock_payment(session, begun)
        payment.provider_ref, payment.redirect_url = started.provider_ref, started.redirect_url
        if payment.state == PaymentState.CREATED:
            payment.move_to(PaymentState.PENDING, clock.now(), f"gateway:{begun.provider}")
        over = payment.state == PaymentState.EXPIRED
        if over:
            put(session, Task.CANCEL_PAYMENT, clock.now(), order.show_id, payment.booking_id, payment.id)
    if over:
        raise HoldExpired
    return started.redirect_url


def _note_no_answer(begun: Begun, problem: str) -> None:
    """The attempt failed, unless another submit of it came through meanwhile."""
    with transaction() as session:
        payment = _lock_payment(session, begun)
        if payment.state == PaymentState.CREATED:
            payment.failure = problem
            payment.move_to(PaymentState.FAILED, clock.now(), f"gateway:{begun.provider}")


def _lock_payment(session: Session, begun: Begun) -> Payment:
    key = (begun.order.show_id, begun.payment_id)
    return session.get_one(Payment, key, populate_existing=True, with_for_update=True)
