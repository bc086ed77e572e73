"""Coupons, gift cards and wallets that are there already, with the books right: as if sold for cash at the desk."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from app import clock
from app.db import transaction
from app.domain.coupons import CouponKind
from app.domain.ledger import Account, Entry
from app.models import Coupon, GiftCard, User
from app.services.credits import pay_into_wallet
from app.services.ledger import post
from tests.support.cards import a_card_in_the_books

_numbers = itertools.count(1)


def a_coupon(code: str = "TENOFF", percent: int | None = 10, **values: Any) -> Coupon:
    """Ten per cent off, for everybody, unless told otherwise."""
    kind = CouponKind.FIXED if percent is None else CouponKind.PERCENT
    share = None if percent is None else Decimal(percent)
    with transaction() as session:
        coupon = Coupon(code=code, name=code.title(), kind=kind.value, percent=share, created_at=clock.now(), **values)
        session.add(coupon)
    return coupon


def a_gift_card(minor: int, code: str | None = None, currency: str = "GBP") -> tuple[GiftCard, str]:
    """A gift card with this balance, and the code to type."""
    typed = code or f"GIFT{next(_numbers):08}"
    return a_card_in_the_books(minor, typed, currency=currency, name="Grace Hopper", email="grace@example.org"), typed


def an_account() -> int:
    """The id of somebody who has an account."""
    number = next(_numbers)
    with transaction() as session:
        user = User(name="Ada Byron", email=f"ada{number}@example.org", password_hash="-", created_at=clock.now())
        session.add(user)
    return user.id


def money_in_wallet(user_id: int, minor: int, currency: str = "GBP") -> None:
    number = next(_numbers)
    with transaction() as session:
        pay_into_wallet(session, user_id, currency, minor)
        entries = [Entry(Account.CASH_DRAWER, minor), Entry(Account.WALLET_LIABILITY, -minor, str(user_id))]
        post(session, f"wallet-{user_id}-{number}", entries, currency, clock.now(), show_id=0, booking_id=None)
