"""Coupons as the house makes them: new ones, changed within what was promised, taken out of use and back."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import db, end_read, transaction
from app.domain.audit import Action
from app.domain.codes import ALPHABET
from app.domain.coupons import CHANGEABLE, PROMISED, CouponKind, fold_code
from app.domain.gift_cards import looks_like_code
from app.domain.marks import mark
from app.domain.pricing import TicketType
from app.domain.staff import COMMAND, By
from app.errors import CodeTaken, Invalid, NotFound
from app.models import Coupon
from app.money import CURRENCIES
from app.services.audit import audit
from app.services.managing import check_manages
from app.services.seen import check_seen

CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{2,39}")
MOST_MINOR = 2**31 - 1
MOST_AT_ONCE = 1000
"""Codes of one batch."""


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


NOT_YOURS = "A coupon for every cinema is an administrator's to make and change. Choose one of your cinemas."


def create_coupon(new: NewCoupon, by: By = COMMAND) -> int:
    """Make a coupon; gives its id.

    Raises Invalid with a sentence (details: `fields`, the field at fault), CodeTaken, Forbidden: a coupon that holds
    everywhere is an administrator's, one of a cinema its managers'.
    """
    code = _sound(new)
    with transaction() as session:
        if session.scalar(select(Coupon.id).where(Coupon.code == code)):
            raise CodeTaken(f"There is a coupon {code} already. Codes are never used twice.")
        values = _values(session, new)
        coupon = Coupon(code=code, created_at=clock.now(), **values)
        session.add(coupon)
        session.flush()
        check_manages(session, by, coupon.cinema_id, NOT_YOURS)
        _write_down(session, by, Action.COUPON_MADE, coupon, after=values)
    return coupon.id


def create_batch(new: NewCoupon, count: int, by: By = COMMAND) -> list[str]:
    """Make so many coupons of one use each, whose codes begin with `new.code`; gives the codes.

    Raises what create_coupon raises, and Invalid for a number that is out of bounds.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        words = f"Make 1 to {MOST_AT_ONCE} codes at once."
        raise Invalid(words, fields={"count": words})
    each = replace(new, total_limit=1)
    start = _sound(each)
    codes = list({f"{start}-{_letters(start)}" for _ in range(count + 5)})[:count]
    _sound(replace(each, code=codes[0]))
    with transaction() as session:
        values, now = _values(session, each), clock.now()
        coupons = [Coupon(code=code, created_at=now, **values) for code in codes]
        session.add_all(coupons)
        session.flush()
        check_manages(session, by, values["cinema_id"], NOT_YOURS)
        made = {"begins_with": start, "codes": count, **values}
        audit(session, by, Action.COUPONS_MADE, coupons[0].id, cinema_id=values["cinema_id"], after=made)
    return codes


def _letters(start: str) -> str:
    """Letters that nobody guesses (50 bits); one more where the code would be taken for a gift card's."""
    length = 11 if looks_like_code(f"{start}-{ALPHABET[:10]}") else 10
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def change_coupon(new: NewCoupon, seen: str, by: By = COMMAND) -> None:
    """Change the coupon with this code to what is asked for; `seen` is the mark of what was shown before.

    What it promises stays once somebody has entered it, and no limit goes below what is used. Raises Invalid (details:
    `fields`), NotFound, Forbidden, ConcurrentModification if somebody else changed it meanwhile. Locks the coupon.
    """
    code = _sound(new)
    with transaction() as session:
        coupon = _lock(session, code)
        before = _kept(coupon)
        check_seen(mark(before), seen, code)
        after = _values(session, new)
        changed = [name for name in after if after[name] != before[name]]
        if not changed:
            return
        _check_promised(session, coupon, changed)
        _check_limits(session, coupon, new)
        check_manages(session, by, before["cinema_id"], NOT_YOURS)
        check_manages(session, by, after["cinema_id"], NOT_YOURS)
        for name in changed:
            setattr(coupon, name, after[name])
        session.flush()
        _write_down(session, by, Action.COUPON_CHANGED, coupon, before=before, after=after)


_ENTERED = text("SELECT EXISTS (SELECT FROM coupon_uses WHERE coupon_id = :id)")


def _check_promised(session: Session, coupon: Coupon, changed: Sequence[str]) -> None:
    broken = [name for name in changed if name in PROMISED]
    if broken and session.execute(_ENTERED, {"id": coupon.id}).scalar_one():
        raise Invalid(
            f"Somebody has entered {coupon.code} already, so what it takes off and where stays as it was promised. "
            "Stop it and make a new one instead."
        )


_MOST_BY_ONE = text("""
SELECT coalesce(max(uses), 0) FROM (
  SELECT count(*) AS uses FROM coupon_uses WHERE coupon_id = :id AND state = 'taken' AND user_id IS NOT NULL
  GROUP BY user_id
  UNION ALL
  SELECT count(*) FROM coupon_uses WHERE coupon_id = :id AND state = 'taken' AND email <> '' GROUP BY email
) AS each
""")


def _check_limits(session: Session, coupon: Coupon, new: NewCoupon) -> None:
    """Whoever takes the coupon waits for its lock, so these counts hold until the commit."""
    if new.total_limit is not None and new.total_limit < coupon.used:
        raise _fault("limit", f"It is used {_times(coupon.used)} already; the limit can't be less.")
    if new.person_limit is None:
        return
    most = session.execute(_MOST_BY_ONE, {"id": coupon.id}).scalar_one()
    if new.person_limit < most:
        raise _fault("per_person", f"Somebody has used it {_times(most)} already; the limit can't be less.")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _sound(new: NewCoupon) -> str:
    """The code as it is stored. Raises Invalid for the first rule that is broken."""
    code = fold_code(new.code)
    for field, wrong, words in _faults(new, code):
        if wrong:
            raise _fault(field, words)
    return code


def _values(session: Session, new: NewCoupon) -> dict[str, Any]:
    """The columns of a coupon, but for its code. In the order of _kept()."""
    return {
        "name": new.name.strip(),
        "kind": (CouponKind.FIXED if new.percent is None else CouponKind.PERCENT).value,
        "percent": None if new.percent is None else new.percent.quantize(Decimal("0.01")),
        "amount_minor": new.amount_minor,
        "max_minor": new.max_minor,
        "min_minor": new.min_minor,
        "currency": new.currency,
        "starts_at": new.starts_at,
        "ends_at": new.ends_at,
        "total_limit": new.total_limit,
        "person_limit": new.person_limit,
        "movie_id": _id_of(session, "movies", new.movie),
        "cinema_id": _id_of(session, "cinemas", new.cinema),
        "weekdays": sorted(set(new.weekdays)) if new.weekdays else None,
        "ticket_types": sorted(set(new.ticket_types)) if new.ticket_types else None,
        "stackable": new.stackable,
    }


def _kept(coupon: Coupon) -> dict[str, Any]:
    """What may be changed of a coupon, as it is."""
    return {name: getattr(coupon, name) for name in (*CHANGEABLE, *PROMISED)}


def _write_down(session: Session, by: By, action: Action, coupon: Coupon, **changes: Any) -> None:
    audit(session, by, action, coupon.id, cinema_id=coupon.cinema_id, **changes)


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


def archive_coupon(code: str, by: By = COMMAND, reason: str = "") -> bool:
    """Take a coupon out of use; bookings being paid keep it. False if it was already.

    Raises NotFound, Forbidden. Locks its row.
    """
    with transaction() as session:
        coupon = _lock(session, fold_code(code))
        check_manages(session, by, coupon.cinema_id, NOT_YOURS)
        if coupon.archived_at is not None:
            return False
        coupon.archived_at = clock.now()
        _write_down(session, by, Action.COUPON_STOPPED, coupon, after={"used": coupon.used}, reason=reason)
    return True


def start_again(code: str, by: By = COMMAND) -> bool:
    """Put a coupon back into use; its window and limits hold as before. False if it was. Raises as archive_coupon."""
    with transaction() as session:
        coupon = _lock(session, fold_code(code))
        check_manages(session, by, coupon.cinema_id, NOT_YOURS)
        if coupon.archived_at is None:
            return False
        was, coupon.archived_at = coupon.archived_at, None
        _write_down(session, by, Action.COUPON_STARTED, coupon, before={"stopped_at": was})
    return True


def _lock(session: Session, code: str) -> Coupon:
    wanted = select(Coupon).where(Coupon.code == code).with_for_update()
    coupon = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if coupon is None:
        raise NotFound(f"There is no coupon {code}.")
    return coupon


def coupons(archived: bool = False) -> list[Coupon]:
    """Every coupon in use, newest first; those out of use too if asked for."""
    wanted = select(Coupon).order_by(Coupon.id.desc())
    rows = list(db.session.scalars(wanted if archived else wanted.where(Coupon.archived_at.is_(None))))
    end_read()
    return rows
