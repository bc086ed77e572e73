"""Coupons on a booking: taken under the coupon's lock when paying begins, given back if nothing comes of it.

Non-committing helpers; typing one in is services/extras.py's, the rules are domain/coupons.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.coupons import (
    PROBLEMS,
    CouponKind,
    CouponProblem,
    CouponTerms,
    Occasion,
    beside,
    why_not,
)
from app.domain.states import UseState
from app.errors import InvalidCoupon
from app.models import Booking


@dataclass(frozen=True, slots=True)
class CouponHere:
    """A coupon on a booking, and what keeps it from counting, if anything does."""

    terms: CouponTerms
    problem: CouponProblem | None


def invalid_coupon(problem: CouponProblem, **details: object) -> InvalidCoupon:
    return InvalidCoupon(PROBLEMS[problem], problem=problem.value, **details)


_READ = text("""
SELECT c.*, u.state AS use_state,
       CASE WHEN c.person_limit IS NULL THEN 0 ELSE (
         SELECT count(*) FROM coupon_uses o WHERE o.coupon_id = c.id AND o.state = 'taken'
           AND (o.show_id, o.booking_id) <> (u.show_id, u.booking_id)
           AND (o.user_id = :user_id OR (o.email <> '' AND o.email = :email))) END AS used_by_person
FROM coupon_uses u JOIN coupons c ON c.id = u.coupon_id
WHERE u.show_id = :show_id AND u.booking_id = :booking_id ORDER BY u.entered_at, c.id
""")
_LOCK = text(
    "SELECT c.id FROM coupons c WHERE c.id IN (SELECT coupon_id FROM coupon_uses "
    "WHERE show_id = :show_id AND booking_id = :booking_id) ORDER BY c.id FOR UPDATE"
)


def lock_coupons(session: Session, booking: Booking) -> None:
    """Lock the coupons of a booking in the order of their ids."""
    session.execute(_LOCK, {"show_id": booking.show_id, "booking_id": booking.id})


def coupons_on(session: Session, booking: Booking, occasion: Occasion, email: str) -> list[CouponHere]:
    """The booking's coupons in the order they were entered, each judged for this occasion. Reads only.

    Of coupons that can't stand together the earlier ones count. `email` is whose uses count, beside the account's.
    """
    values = {"show_id": booking.show_id, "booking_id": booking.id, "user_id": booking.user_id, "email": email.lower()}
    found: list[CouponHere] = []
    for row in session.execute(_READ, values):
        terms = _terms(row)
        counting = [here.terms for here in found if here.problem is None]
        problem = why_not(terms, occasion) or beside(counting, terms, occasion)
        found.append(CouponHere(terms, problem))
    return found


def _terms(row: Row[Any]) -> CouponTerms:
    own = 1 if row.use_state == UseState.TAKEN else 0
    return CouponTerms(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=CouponKind(row.kind),
        percent=row.percent,
        amount_minor=row.amount_minor,
        max_minor=row.max_minor,
        min_minor=row.min_minor,
        currency=row.currency,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        total_limit=row.total_limit,
        person_limit=row.person_limit,
        movie_id=row.movie_id,
        cinema_id=row.cinema_id,
        weekdays=None if row.weekdays is None else frozenset(row.weekdays),
        ticket_types=None if row.ticket_types is None else frozenset(row.ticket_types),
        stackable=row.stackable,
        archived=row.archived_at is not None,
        used=row.used - own,
        used_by_person=row.used_by_person,
    )


_LEAVE_OUT = text(
    "UPDATE coupon_uses SET state = 'entered', amount_minor = 0 WHERE show_id = :show_id AND booking_id = :booking_id "
    "AND state = 'given_back'"
)
_TAKE = text("""
WITH use AS (
  UPDATE coupon_uses SET state = 'taken', amount_minor = :amount, user_id = :user_id, email = :email
  WHERE show_id = :show_id AND booking_id = :booking_id AND coupon_id = :coupon_id AND state <> 'taken'
  RETURNING coupon_id
)
UPDATE coupons SET used = used + 1 WHERE id IN (SELECT coupon_id FROM use)
""")


def take_coupons(
    session: Session, booking: Booking, coupons: Sequence[CouponTerms], amounts: Sequence[int], email: str
) -> None:
    """Count these coupons as used by the booking, for these amounts. The caller holds the coupons' locks.

    Others of it that an earlier bill counted on are not part of this one, whenever its money comes.
    """
    session.execute(_LEAVE_OUT, {"show_id": booking.show_id, "booking_id": booking.id})
    for coupon, amount in zip(coupons, amounts, strict=True):
        session.execute(
            _TAKE,
            {
                "show_id": booking.show_id,
                "booking_id": booking.id,
                "coupon_id": coupon.id,
                "amount": amount,
                "user_id": booking.user_id,
                "email": email.lower(),
            },
        )


_LOCK_TAKEN = text(
    "SELECT c.id FROM coupons c WHERE c.id IN (SELECT coupon_id FROM coupon_uses "
    "WHERE show_id = :show_id AND booking_id = :booking_id AND state = :state) ORDER BY c.id FOR UPDATE"
)
_GIVE_BACK = text("""
WITH use AS (
  UPDATE coupon_uses SET state = 'given_back'
  WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'taken' RETURNING coupon_id
)
UPDATE coupons SET used = used - 1 WHERE id IN (SELECT coupon_id FROM use)
""")


def give_back_coupons(session: Session, show_id: int, booking_id: int) -> None:
    """The booking came to nothing: its coupons may be used again. Locks them; nothing if none was taken."""
    key = {"show_id": show_id, "booking_id": booking_id}
    if session.execute(_LOCK_TAKEN, {**key, "state": UseState.TAKEN.value}).all():
        session.execute(_GIVE_BACK, key)


_GIVEN_BACK = text("""
SELECT c.id, c.used, c.total_limit, c.person_limit,
       (SELECT count(*) FROM coupon_uses o WHERE o.coupon_id = c.id AND o.state = 'taken'
          AND (o.user_id = u.user_id OR (o.email <> '' AND o.email = u.email))) AS used_by_person
FROM coupon_uses u JOIN coupons c ON c.id = u.coupon_id
WHERE u.show_id = :show_id AND u.booking_id = :booking_id AND u.state = 'given_back'
""")
_TAKE_AGAIN = text("""
WITH use AS (
  UPDATE coupon_uses SET state = 'taken'
  WHERE show_id = :show_id AND booking_id = :booking_id AND state = 'given_back' RETURNING coupon_id
)
UPDATE coupons SET used = used + 1 WHERE id IN (SELECT coupon_id FROM use)
""")


_COUNTED_ON = text("""
SELECT b.discount_minor = coalesce(sum(u.amount_minor), 0) FROM bookings b
LEFT JOIN coupon_uses u ON u.show_id = b.show_id AND u.booking_id = b.id AND u.state <> 'entered'
WHERE b.show_id = :show_id AND b.id = :booking_id GROUP BY b.show_id, b.id
""")


def coupons_can_return(session: Session, show_id: int, booking_id: int) -> bool:
    """Lock the coupons that a booking gave back; whether their limits still have room for it.

    Not if its bill counts on others, typed in since: they were never taken.
    """
    key = {"show_id": show_id, "booking_id": booking_id}
    session.execute(_LOCK_TAKEN, {**key, "state": UseState.GIVEN_BACK.value})
    if not session.execute(_COUNTED_ON, key).scalar_one():
        return False
    return all(
        (row.total_limit is None or row.used < row.total_limit)
        and (row.person_limit is None or row.used_by_person < row.person_limit)
        for row in session.execute(_GIVEN_BACK, key)
    )


def take_coupons_again(session: Session, show_id: int, booking_id: int) -> None:
    """Late money confirms the booking after all. Only after coupons_can_return said so, in the same transaction."""
    session.execute(_TAKE_AGAIN, {"show_id": show_id, "booking_id": booking_id})
