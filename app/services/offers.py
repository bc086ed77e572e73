"""Coupons as the house makes them: a new one, the list of them, and taking one out of use."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, transaction
from app.domain.coupons import CouponKind, fold_code
from app.domain.gift_cards import looks_like_code
from app.domain.pricing import TicketType
from app.errors import CodeTaken, Invalid, NotFound
from app.models import Coupon
from app.money import CURRENCIES

CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{2,39}")
MOST_MINOR = 2**31 - 1


@dataclass(frozen=True, slots=True)
class NewCoupon:
    """What a coupon promises. Amounts are minor units of `currency`; film and cinema are named by their slugs.

    `percent` (at most `max_minor`) or `amount_minor`, not both. Weekdays are the show's, 1 = Monday … 7 = Sunday.
    """

    code: str
    name: str
    percent: Decimal | None = None
    amount_minor: int | None = None
    max_minor: int | None = None
    min_minor: int = 0
    currency: str | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    total_limit: int | None = None
    person_limit: int | None = None
    movie: str | None = None
    cinema: str | None = None
    weekdays: Sequence[int] | None = None
    ticket_types: Sequence[str] | None = None
    stackable: bool = False


def create_coupon(new: NewCoupon) -> int:
    """Make a coupon; gives its id. Raises Invalid with a sentence (details: `fields`, the field at fault), CodeTaken."""
    code = fold_code(new.code)
    for field, wrong, words in _faults(new, code):
        if wrong:
            raise Invalid(words, fields={field: words})
    with transaction() as session:
        if session.scalar(select(Coupon.id).where(Coupon.code == code)):
            raise CodeTaken(f"There is a coupon {code} already. Codes are never used twice.")
        coupon = Coupon(
            code=code,
            name=new.name.strip(),
            kind=(CouponKind.FIXED if new.percent is None else CouponKind.PERCENT).value,
            percent=new.percent,
            amount_minor=new.amount_minor,
            max_minor=new.max_minor,
            min_minor=new.min_minor,
            currency=new.currency,
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            total_limit=new.total_limit,
            person_limit=new.person_limit,
            movie_id=_id_of(session, "movies", new.movie),
            cinema_id=_id_of(session, "cinemas", new.cinema),
            weekdays=sorted(set(new.weekdays)) if new.weekdays else None,
            ticket_types=sorted(set(new.ticket_types)) if new.ticket_types else None,
            stackable=new.stackable,
            created_at=clock.now(),
        )
        session.add(coupon)
    return coupon.id


def _fault(field: str, words: str) -> Invalid:
    return Invalid(words, fields={field: words})


def _faults(new: NewCoupon, code: str) -> list[tuple[str, bool, str]]:
    """Every rule about a new coupon: the field, whether it is broken, the words for it."""
    return [
        ("code", not CODE.fullmatch(code), "A code has 3 to 40 letters, digits, dots or dashes."),
        ("code", looks_like_code(code), "A code of 16 letters is taken for a gift card's. Make it shorter or longer."),
        ("name", not 0 < len(new.name.strip()) <= 60, "The name that stands on the bill has 1 to 60 letters."),
        *_money_faults(new),
        *_limit_faults(new),
    ]


def _money_faults(new: NewCoupon) -> list[tuple[str, bool, str]]:
    amounts = [amount for amount in (new.amount_minor, new.max_minor) if amount is not None]
    with_money = bool(amounts) or new.min_minor > 0
    return [
        (
            "percent",
            (new.percent is None) == (new.amount_minor is None),
            "Give a percentage or an amount: one of them.",
        ),
        ("percent", new.percent is not None and not _sane(new.percent), "A percentage is above 0 and at most 100."),
        ("max", new.max_minor is not None and new.percent is None, "Only a percentage has a maximum."),
        ("amount", any(not 0 < amount <= MOST_MINOR for amount in amounts), "An amount is more than 0."),
        ("minimum", not 0 <= new.min_minor <= MOST_MINOR, "The minimum is not below 0."),
        ("currency", with_money and new.currency is None, "Amounts need a currency, such as GBP."),
        ("currency", new.currency is not None and new.currency not in CURRENCIES, "There is no such currency."),
    ]


def _sane(percent: Decimal) -> bool:
    """A number the table holds: two digits after the point."""
    return percent.is_finite() and 0 < percent <= 100 and percent == percent.quantize(Decimal("0.01"))


def _limit_faults(new: NewCoupon) -> list[tuple[str, bool, str]]:
    limits = [limit for limit in (new.total_limit, new.person_limit) if limit is not None]
    kinds = {kind.value for kind in TicketType} - {TicketType.COMPANION.value}
    window = new.starts_at is not None and new.ends_at is not None and new.starts_at >= new.ends_at
    return [
        ("limit", any(not 0 < limit <= MOST_MINOR for limit in limits), "A limit is at least 1."),
        ("until", window, "It ends before it begins."),
        ("weekdays", not set(new.weekdays or ()) <= set(range(1, 8)), "Weekdays are 1 (Monday) to 7 (Sunday)."),
        ("types", not set(new.ticket_types or ()) <= kinds, f"Ticket types are {', '.join(sorted(kinds))}."),
    ]


_SLUGS = {
    "movies": (text("SELECT id FROM movies WHERE slug = :slug"), "film"),
    "cinemas": (text("SELECT id FROM cinemas WHERE slug = :slug"), "cinema"),
}


def _id_of(session: Session, table: str, slug: str | None) -> int | None:
    if slug is None:
        return None
    statement, word = _SLUGS[table]
    found: int | None = session.execute(statement, {"slug": slug}).scalar_one_or_none()
    if found is None:
        raise _fault(word, f"There is no {word} {slug}; its name in addresses is wanted.")
    return found


def archive_coupon(code: str) -> bool:
    """Take a coupon out of use; bookings being paid keep it. False if it was already. Raises NotFound. Locks its row."""
    with transaction() as session:
        wanted = select(Coupon).where(Coupon.code == fold_code(code)).with_for_update()
        coupon = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
        if coupon is None:
            raise NotFound(f"There is no coupon {fold_code(code)}.")
        if coupon.archived_at is not None:
            return False
        coupon.archived_at = clock.now()
    return True


def coupons(archived: bool = False) -> list[Coupon]:
    """Every coupon in use, newest first; those out of use too if asked for."""
    wanted = select(Coupon).order_by(Coupon.id.desc())
    rows = list(db.session.scalars(wanted if archived else wanted.where(Coupon.archived_at.is_(None))))
    end_read()
    return rows
