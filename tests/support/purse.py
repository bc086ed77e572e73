"""Bookings paid out of a purse of coupons, gift cards, a wallet and money, and what the books say of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app import clock
from app.adapters.payments import EventKind
from app.adapters.payments.fake import FakeGateway
from app.db import db, transaction
from app.domain.coupons import CouponProblem
from app.domain.ledger import Account
from app.domain.refund_policy import parse_steps, stored_steps
from app.domain.states import PaymentState
from app.errors import InvalidCoupon
from app.models import Booking, Cinema, Payment, Show
from app.services import checkout, extras, holds, payments
from app.services.outbox import Task
from tests.builders import A_BUYER, a_cinema, an_event, seat_ids, the_booking
from tests.support.money import an_account, money_in_wallet

_numbers = itertools.count(1)


def a_house(steps: str = "120:90", **values: Any) -> Cinema:
    """A cinema with this refund policy, as people write them."""
    return a_cinema(refund_steps=stored_steps(parse_steps(steps)), **values)


@dataclass
class Purse:
    """What a booking is paid with before a gateway is asked for the rest."""

    user_id: int | None = None
    coupons: Sequence[str] = ()
    cards: Sequence[str] = ()
    wallet: bool = False
    fake: FakeGateway | None = None
    """The rest is paid there; else by a gateway that only tells."""
    types: dict[int, Any] = field(default_factory=dict)


def a_booking(show: Show, n: int = 2, purse: Purse | None = None, seats: Sequence[int] | None = None) -> Booking:
    """A confirmed booking of the show's first n free seats (or of `seats`), paid out of this purse."""
    purse = purse or Purse()
    owner = f"u:{purse.user_id}" if purse.user_id else f"s:purse-{next(_numbers)}"
    wanted = list(seats or _free(show, n))
    hold = holds.hold_seats(show.id, wanted, owner, user_id=purse.user_id)
    key = (show.id, hold.booking_id)
    for code in purse.coupons:
        _add(key, code)
    for code in purse.cards:
        extras.add_gift_card(*key, code)
    if purse.wallet and purse.user_id:
        extras.use_wallet(*key, purse.user_id)
    if purse.fake:
        _pay_at(purse.fake, key, purse.types)
    else:
        begun = checkout.begin_payment(*key, A_BUYER, purse.types, "sandbox", "card", "guest")
        if begun is not None:
            pay(show.id, begun.payment_id)
    booking = the_booking(*key)
    assert booking.state == "confirmed"
    return booking


def _add(key: tuple[int, int], code: str) -> None:
    """A coupon that would take nothing off, not even a penny, stays in the purse."""
    try:
        extras.add_coupon(*key, code)
    except InvalidCoupon as problem:
        if problem.details["problem"] != CouponProblem.NOTHING_LEFT:
            raise


def _pay_at(fake: FakeGateway, key: tuple[int, int], types: dict[int, Any]) -> None:
    back = "http://localhost/back"
    started = checkout.start_payment(*key, A_BUYER, types, provider="fake", mode="card", return_url=back)
    if started.redirect_url:
        ref = list(fake.sessions)[-1]
        assert payments.settle_payment(fake.happens(ref, EventKind.CAPTURED)) == "confirmed"


def _free(show: Show, n: int) -> list[int]:
    rows = db.session.execute(
        text("SELECT seat_id FROM show_seats WHERE show_id = :show_id AND state = 'free'"), {"show_id": show.id}
    )
    free = {row.seat_id for row in rows}
    db.session.commit()
    return [seat for seat in seat_ids(show) if seat in free][:n]


def pay(show_id: int, payment_id: int) -> str:
    """The gateway takes the money and tells."""
    with transaction() as session:
        payment = session.get_one(Payment, (show_id, payment_id))
        payment.provider_ref = payment.provider_ref or f"ref-{next(_numbers)}-money"
        payment.redirect_url = "http://localhost/pay"
        payment.move_to(PaymentState.PENDING, clock.now(), "test")
    return payments.settle_payment(an_event(payment))


def a_wallet(amount: int) -> int:
    """The id of an account whose wallet holds this much."""
    user_id = an_account()
    money_in_wallet(user_id, amount)
    return user_id


def books(booking: Booking | None = None) -> dict[str, int]:
    """The balance of every account that is not 0, of one booking or of the house."""
    where = "WHERE show_id = :show_id AND booking_id = :booking_id" if booking else ""
    rows = db.session.execute(
        text(f"SELECT account, sum(amount_minor) AS amount FROM ledger_entries {where} GROUP BY account"),
        {"show_id": booking.show_id, "booking_id": booking.id} if booking else {},
    ).all()
    db.session.commit()
    return {row.account: int(row.amount) for row in rows if row.amount}


def balance(user_id: int, currency: str = "GBP") -> int:
    """What an account's wallet holds."""
    found = db.session.execute(
        text("SELECT balance_minor FROM wallets WHERE user_id = :user_id AND currency = :currency"),
        {"user_id": user_id, "currency": currency},
    ).scalar_one_or_none()
    db.session.commit()
    return found or 0


def refund_ids() -> list[tuple[int, int]]:
    """(show, refund) of every refund that was not sent, in the order of asking."""
    rows = db.session.execute(text("SELECT show_id, id FROM refunds WHERE state = 'requested' ORDER BY id")).all()
    db.session.commit()
    return [(row.show_id, row.id) for row in rows]


def tasks(task: Task) -> int:
    """How many outbox items of this kind wait."""
    found = db.session.execute(
        text("SELECT count(*) FROM outbox WHERE kind = :kind AND done_at IS NULL"), {"kind": task.value}
    ).scalar_one()
    db.session.commit()
    return int(found)


INCOME = (Account.TICKET_REVENUE, Account.FEE_REVENUE, Account.DISCOUNTS)
"""Of a booking that was cancelled as a whole, nothing of these is left."""
