"""What a coupon takes off, and why it may not be used. Amounts are minor units of the booking's currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from app.domain.shares import allocate


class CouponKind(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a coupon promises. `used` and `used_by_person` are living uses, this booking's own apart."""

    id: int
    code: str
    name: str
    kind: CouponKind
    percent: Decimal | None = None
    amount_minor: int | None = None
    max_minor: int | None = None
    min_minor: int = 0
    currency: str | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    total_limit: int | None = None
    person_limit: int | None = None
    movie_id: int | None = None
    cinema_id: int | None = None
    weekdays: frozenset[int] | None = None
    ticket_types: frozenset[str] | None = None
    stackable: bool = False
    archived: bool = False
    used: int = 0
    used_by_person: int = 0


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when a coupon is to be used. `weekday` is the show's on the cinema's clocks, 1 = Monday."""

    movie_id: int
    cinema_id: int
    weekday: int
    currency: str
    now: dt.datetime
    ticket_types: tuple[str, ...]
    amounts: tuple[int, ...]
    """What each ticket costs, fee apart."""


class CouponProblem(StrEnum):
    """Why a coupon does not count; the words for it are in `PROBLEMS`."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    USED_UP = "used_up"
    USED_BY_YOU = "used_by_you"
    MINIMUM = "minimum"
    NOT_THIS_SHOW = "not_this_show"
    NOT_THIS_DAY = "not_this_day"
    NOT_THESE_TICKETS = "not_these_tickets"
    NOT_THIS_CURRENCY = "not_this_currency"
    NOT_TOGETHER = "not_together"
    ALREADY_HERE = "already_here"
    NOTHING_LEFT = "nothing_left"


PROBLEMS = {
    CouponProblem.UNKNOWN: "We don't know this code. Check it for typing mistakes.",
    CouponProblem.EXPIRED: "This code has expired.",
    CouponProblem.NOT_YET: "This code is not valid yet.",
    CouponProblem.USED_UP: "This code has been used up.",
    CouponProblem.USED_BY_YOU: "You have used this code as often as one person may.",
    CouponProblem.MINIMUM: "This code is for larger bookings: the tickets, without the fee, come to too little.",
    CouponProblem.NOT_THIS_SHOW: "This code is not for this show.",
    CouponProblem.NOT_THIS_DAY: "This code is not for this day of the week.",
    CouponProblem.NOT_THESE_TICKETS: "This code is not for these kinds of ticket.",
    CouponProblem.NOT_THIS_CURRENCY: "This code is for another currency.",
    CouponProblem.NOT_TOGETHER: "These codes can't be used together.",
    CouponProblem.ALREADY_HERE: "This code is already on the booking.",
    CouponProblem.NOTHING_LEFT: "There is nothing left for this code to take off.",
}


def fold_code(typed: str) -> str:
    """A code as it is stored: capitals, without spaces."""
    return "".join(typed.split()).upper()


PROMISED = (
    "kind",
    "percent",
    "amount_minor",
    "max_minor",
    "min_minor",
    "currency",
    "movie_id",
    "cinema_id",
    "weekdays",
    "ticket_types",
    "stackable",
)
"""What stays as it was promised once somebody has entered the code."""
CHANGEABLE = ("name", "starts_at", "ends_at", "total_limit", "person_limit")
"""What may change at any time; no limit goes below what is used."""


class CouponState(StrEnum):
    """How a coupon stands, in the order in which it is looked at."""

    STOPPED = "stopped"
    OVER = "over"
    USED_UP = "used_up"
    TO_COME = "to_come"
    RUNNING = "running"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


def why_not(coupon: CouponTerms, occasion: Occasion) -> CouponProblem | None:
    """What keeps the coupon from counting here and now; None if nothing does. Limits are judged by `used`."""
    at = occasion.now
    if coupon.archived or (coupon.ends_at is not None and coupon.ends_at <= at):
        return CouponProblem.EXPIRED
    if coupon.starts_at is not None and at < coupon.starts_at:
        return CouponProblem.NOT_YET
    if coupon.total_limit is not None and coupon.used >= coupon.total_limit:
        return CouponProblem.USED_UP
    if coupon.person_limit is not None and coupon.used_by_person >= coupon.person_limit:
        return CouponProblem.USED_BY_YOU
    return _wrong_place(coupon, occasion) or _too_small(coupon, occasion)


def _wrong_place(coupon: CouponTerms, occasion: Occasion) -> CouponProblem | None:
    if coupon.currency is not None and coupon.currency != occasion.currency:
        return CouponProblem.NOT_THIS_CURRENCY
    if coupon.movie_id not in (None, occasion.movie_id) or coupon.cinema_id not in (None, occasion.cinema_id):
        return CouponProblem.NOT_THIS_SHOW
    if coupon.weekdays is not None and occasion.weekday not in coupon.weekdays:
        return CouponProblem.NOT_THIS_DAY
    return None


def _too_small(coupon: CouponTerms, occasion: Occasion) -> CouponProblem | None:
    eligible = _eligible(coupon, occasion.ticket_types, occasion.amounts)
    if not any(eligible):
        return CouponProblem.NOT_THESE_TICKETS
    return CouponProblem.MINIMUM if sum(eligible) < coupon.min_minor else None


def _eligible(coupon: CouponTerms, types: Sequence[str], amounts: Sequence[int]) -> list[int]:
    """Each ticket's amount where the coupon applies to it, else 0."""
    wanted = coupon.ticket_types
    return [amount if wanted is None or kind in wanted else 0 for kind, amount in zip(types, amounts, strict=True)]


def beside(counting: Sequence[CouponTerms], coupon: CouponTerms, occasion: Occasion) -> CouponProblem | None:
    """What keeps the coupon from counting beside those that do: a rule, or that they leave it nothing to take off."""
    together = [*counting, coupon]
    if not may_stand_together(together):
        return CouponProblem.NOT_TOGETHER
    takes = sum(discounts(together, occasion.ticket_types, occasion.amounts)[-1])
    return None if takes else CouponProblem.NOTHING_LEFT


def may_stand_together(coupons: Sequence[CouponTerms]) -> bool:
    """One alone always may; several only if all are stackable."""
    return len(coupons) < 2 or all(coupon.stackable for coupon in coupons)


def discounts(coupons: Sequence[CouponTerms], types: Sequence[str], amounts: Sequence[int]) -> list[tuple[int, ...]]:
    """What each coupon takes off each ticket, in order, each from what the ones before it left.

    A percentage is rounded half up to a whole minor unit and capped; nothing goes below 0.
    """
    left, cuts = list(amounts), []
    for coupon in coupons:
        eligible = _eligible(coupon, types, left)
        cut = tuple(allocate(min(_off(coupon, sum(eligible)), sum(eligible)), eligible))
        left = [before - off for before, off in zip(left, cut, strict=True)]
        cuts.append(cut)
    return cuts


def _off(coupon: CouponTerms, amount: int) -> int:
    if coupon.kind is CouponKind.FIXED:
        return coupon.amount_minor or 0
    off = int((Decimal(amount) * (coupon.percent or 0) / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return off if coupon.max_minor is None else min(off, coupon.max_minor)
