"""What an entry of the audit says, as people read it: the one place that knows the words of fields and how their values
are written. A field that is not named here is shown too, its name and value as readable as they can be made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.codes import spoken
from app.domain.films import FACTS
from app.domain.pricing import TYPE_NAMES, TicketType
from app.domain.staff import ROLE_WORDS, Role
from app.domain.week_times import DAYS
from app.money import CURRENCIES, format_money
from app.queries.audit import AuditRow
from app.web.filters import clock_time, short_date


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its name, and from what to what; None where there was or is nothing."""

    name: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the words of a value depend on besides it."""

    subject: str
    field: str
    currency: str | None
    zone: ZoneInfo
    names: Mapping[tuple[str, int], str]


Words = Callable[[Any, _Entry], str]


def changes_in_words(row: AuditRow, zone: ZoneInfo) -> list[Change]:
    """What changed, field by field. Times are on the clocks of its cinema, else on those of `zone`."""
    zone = ZoneInfo(row.timezone) if row.timezone else zone
    made = all(was is None for _, was, _ in row.changes)
    shown = [one for one in row.changes if not (made and one[0] == "currency" and len(row.changes) > 1)]
    return [_change(row, zone, name, was, now, made) for name, was, now in shown]


def _change(row: AuditRow, zone: ZoneInfo, name: str, was: Any, now: Any, made: bool) -> Change:
    words, written = FIELDS.get(name, (_unknown(name), _any))
    nothing = NOTHING.get(name) if row.subject == "cinema" else None

    def side(value: Any, facts: Mapping[str, Any]) -> str | None:
        if value is None or value == "":
            return nothing
        return written(value, _Entry(row.subject, name, facts.get("currency") or row.currency, zone, row.names))

    return Change(words, None if made else side(was, row.before), side(now, row.after))


def _unknown(name: str) -> str:
    """lowest_of_all → Lowest of all."""
    words = re.sub(r"_(minor|id|at)$", "", name).replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else name


# How values are written. Each takes what it does not understand to _any, which takes everything.

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AMOUNT = re.compile(r"(-?\d{1,15}) ([A-Z]{3})")


def _any(value: Any, entry: _Entry) -> str:
    """By what it looks like; the name of the field says whether it is money."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and entry.field.endswith("_minor"):
        return _money(value, entry)
    if isinstance(value, str):
        return _text(value, entry)
    if isinstance(value, list):
        return ", ".join(_any(one, entry) for one in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{_unknown(name).lower()} {_any(one, entry)}" for name, one in value.items())
    return "none" if value is None else str(value)


def _text(value: str, entry: _Entry) -> str:
    if _INSTANT.fullmatch(value) or _DAY.fullmatch(value):
        return _time(value, entry)
    amount = _AMOUNT.fullmatch(value)
    if amount and entry.subject == "price_list" and amount[2] in CURRENCIES:
        return format_money(int(amount[1]), amount[2])
    return value


def _money(value: Any, entry: _Entry) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return _text(str(value), entry)
    return format_money(value, entry.currency) if entry.currency in CURRENCIES else f"{value} in the smallest coin"


def _time(value: Any, entry: _Entry) -> str:
    """20 Nov 2026, 19:30; a day alone without a time."""
    try:
        if _DAY.fullmatch(value):
            return short_date(dt.datetime.fromisoformat(value))
        at = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value)
    there = at.astimezone(entry.zone) if at.tzinfo else at
    return f"{short_date(there)}, {clock_time(there)}"


def _percent(value: Any, entry: _Entry) -> str:
    words = str(value).replace("-", "−")
    return f"{words.rstrip('0').rstrip('.') if '.' in words else words} %"


def _hours(value: Any, entry: _Entry) -> str:
    return "1 hour" if value == 1 else f"{value} hours"


def _minutes(value: Any, entry: _Entry) -> str:
    return "1 minute" if value == 1 else f"{value} minutes"


def _state(value: Any, entry: _Entry) -> str:
    """partly_refunded → partly refunded; a show's in the words of its page."""
    known = {"published": "on sale", "cancelled": "called off"} if entry.subject == "show" else {}
    return known.get(value, str(value).replace("_", " "))


def _code(value: Any, entry: _Entry) -> str:
    return spoken(str(value)) if entry.subject in ("booking", "show") else str(value)


def _role(value: Any, entry: _Entry) -> str:
    return ROLE_WORDS[Role(value)] if value in set(Role) else _state(value, entry)


def _types(value: Any, entry: _Entry) -> str:
    return ", ".join(TYPE_NAMES[TicketType(one)] if one in set(TicketType) else str(one) for one in value)


def _weekdays(value: Any, entry: _Entry) -> str:
    return ", ".join(DAYS[one - 1] if one in range(1, 8) else str(one) for one in value)


def _thing(value: Any, entry: _Entry) -> str:
    """What it is called, else its number."""
    known = entry.names.get((entry.field, value)) if isinstance(value, int) else None
    return known or f"number {value}"


def _steps(value: Any, entry: _Entry) -> str:
    """A policy: until 12 hours before 90 %, until it begins 50 % less £1.00 a seat."""
    return "; ".join(_step(one, entry) for one in value) or "nothing is given back"


def _step(one: Mapping[str, Any], entry: _Entry) -> str:
    minutes, fee = one.get("minutes_before", 0), one.get("seat_fee_minor", 0)
    before = _hours(minutes // 60, entry) if minutes % 60 == 0 else _minutes(minutes, entry)
    until = f"until {before} before" if minutes else "until it begins"
    less = f" less {_money(fee, entry)} a seat" if fee else ""
    return f"{until} {_percent(one.get('percent', ''), entry)}{less}"


def _ways(value: Any, entry: _Entry) -> str:
    """stripe:card → Stripe card."""
    return (
        ", ".join(" ".join(_state(part, entry) for part in str(one).split(":")).capitalize() for one in value) or "none"
    )


NOTHING = {"refund_steps": "the house’s policy", "pay_ways": "all that the house has"}
"""What it means for a cinema that nothing is set."""
_FILM: dict[str, tuple[str, Words]] = {name: (words, _any) for name, (words, _) in FACTS.items()}
FIELDS: dict[str, tuple[str, Words]] = {
    **_FILM,
    "active": ("In use", _any),
    "address": ("Address", _any),
    "amount_minor": ("Amount", _money),
    "at": ("At", _time),
    "audio_description": ("Audio description", _any),
    "balance_minor": ("Balance", _money),
    "begins_with": ("Codes begin with", _any),
    "booking": ("Booking", _thing),
    "captions": ("Captions", _any),
    "changes_in_full": ("A change for cheaper seats gives all back", _any),
    "cinema_id": ("Cinema", _thing),
    "city": ("City", _any),
    "code": ("Code", _code),
    "codes": ("Codes", _any),
    "counted_minor": ("Counted", _money),
    "country_code": ("Country", _any),
    "currency": ("Currency", _any),
    "device": ("Device", _any),
    "door": ("Door", _any),
    "email": ("E-mail", _any),
    "ends_at": ("Ends", _time),
    "expected_minor": ("Expected", _money),
    "facilities": ("Facilities", _any),
    "fee_minor": ("Booking fee of a seat", _money),
    "float_minor": ("Float", _money),
    "for": ("For booking", _code),
    "format": ("Format", _any),
    "from": ("From", _time),
    "full_from": ("From sold", _percent),
    "full_to": ("To sold", _percent),
    "highest": ("At most", _percent),
    "hours_from": ("Before the show by at least", _hours),
    "hours_to": ("Before the show by less than", _hours),
    "kind": ("Kind", _state),
    "language": ("Language", _any),
    "latitude": ("Latitude", _any),
    "layout": ("Seats", _thing),
    "list": ("Price list", _any),
    "longitude": ("Longitude", _any),
    "lowest": ("At least", _percent),
    "max_minor": ("At most off", _money),
    "message": ("Message", _any),
    "messages": ("Messages", _any),
    "min_minor": ("From a total of", _money),
    "movie_id": ("Film", _thing),
    "name": ("Name", _any),
    "note": ("Note", _any),
    "offline": ("Without a network", _any),
    "paid_minor": ("Paid", _money),
    "pay_until": ("To pay until", _time),
    "pay_ways": ("Ways to pay", _ways),
    "percent": ("Per cent", _percent),
    "person_limit": ("Uses a person", _any),
    "place": ("Place", _any),
    "postal_code": ("Postcode", _any),
    "poster": ("Poster", _any),
    "price_list": ("Price list", _thing),
    "price_list_id": ("Price list", _thing),
    "reason": ("Reason", _any),
    "refund_steps": ("Refund policy", _steps),
    "refunds": ("Refunds", _any),
    "relaxed": ("Relaxed", _any),
    "resolved": ("Settled", _time),
    "returned_minor": ("Given back", _money),
    "role": ("Role", _role),
    "runtime_minutes": (FACTS["runtime_minutes"][0], _minutes),
    "sales_close_at": ("Booking closes", _time),
    "sales_open_at": ("Booking opens", _time),
    "screen_id": ("Screen", _thing),
    "seats": ("Seats", _any),
    "seller": ("Seller on invoices", _any),
    "show": ("Show", _thing),
    "show_id": ("Show", _thing),
    "shows": ("Shows", _any),
    "slug": ("Name in addresses", _any),
    "stackable": ("With other coupons", _any),
    "starts_at": ("Begins", _time),
    "state": ("State", _state),
    "step_minor": ("Steps of prices", _money),
    "stopped_at": ("Stopped", _time),
    "subtitles": ("Subtitles", _any),
    "tax_number": ("Tax number", _any),
    "tax_percent": ("Tax", _percent),
    "tender": ("Paid with", _state),
    "though": ("Though", _any),
    "ticket_types": ("Ticket types", _types),
    "tickets": ("Tickets", _any),
    "timezone": ("Time zone", _any),
    "to_wallet": ("To the wallet", _any),
    "told": ("Told to the buyers", _any),
    "total_limit": ("Uses in all", _any),
    "total_minor": ("Total", _money),
    "until": ("Until", _time),
    "used": ("Used", _any),
    "value_minor": ("Value", _money),
    "version": ("Version", _any),
    "website": ("Website", _any),
    "weekdays": ("Weekdays", _weekdays),
    "when": ("When", _any),
    "wrong_codes_in_a_row": ("Wrong codes in a row", _any),
}
"""Field → what it is called, and how its values are written."""
