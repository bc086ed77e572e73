"""Invoices of groups: issued with their offer, taken back by credit notes with what ends or comes back. Commits nothing.

Number and paper are written in the transaction of what they tell of: the counter's row is locked from the taking of a
number to the commit, so there is none twice and none left out. That lock comes after all others but the shift's and the
person's role.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.domain.codes import spoken
from app.domain.groups import group_of_owner, in_runs, is_group
from app.domain.invoices import Content, Item, PaperKind, in_words, one_rate, read_content, seller_lines
from app.domain.pricing import LineKind
from app.domain.states import LIVE_BOOKING, BookingState
from app.models import Booking, Cancellation, GroupRequest

_NEXT = text("""
INSERT INTO invoice_counters (cinema_id, year, last) VALUES (:cinema_id, :year, 1)
ON CONFLICT (cinema_id, year) DO UPDATE SET last = invoice_counters.last + 1 RETURNING last
""")
_ADD = text("""
INSERT INTO invoices (cinema_id, year, number, kind, corrects_id, group_id, show_id, booking_id, issued_at, currency,
                      total_minor, tax_minor, content)
VALUES (:cinema_id, :year, :number, :kind, :corrects_id, :group_id, :show_id, :booking_id, :now, :currency,
        :total, :tax, CAST(:content AS jsonb)) RETURNING id
""")
_SHOW = text("""
SELECT c.id AS cinema_id, c.name, c.address, c.postal_code, city.name AS city, c.seller, c.tax_number, c.timezone,
       m.title, screen.name AS screen, s.starts_at
FROM shows s JOIN cinemas c ON c.id = s.cinema_id JOIN cities city ON city.id = c.city_id
JOIN movies m ON m.id = s.movie_id JOIN screens screen ON screen.id = s.screen_id WHERE s.id = :show_id
""")
_LINES = text(
    "SELECT kind, label, quantity, amount_minor FROM booking_lines "
    "WHERE show_id = :show_id AND booking_id = :booking_id ORDER BY position"
)
_LABELS = text("""
SELECT seat.label FROM tickets t JOIN seats seat ON seat.id = t.seat_id
WHERE t.show_id = :show_id AND t.booking_id = :booking_id AND t.state <> 'void' ORDER BY t.number
""")
_NAMES = text("SELECT label FROM seats WHERE id = ANY(:seat_ids) ORDER BY id")
_BACK = text(
    "SELECT coalesce(sum(returned_minor), 0)::integer AS minor, coalesce(sum(seat_count), 0)::integer AS seats "
    "FROM cancellations WHERE show_id = :show_id AND booking_id = :booking_id"
)
_PAPERS = text(
    "SELECT i.*, c.timezone FROM invoices i JOIN cinemas c ON c.id = i.cinema_id "
    "WHERE i.show_id = :show_id AND i.booking_id = :booking_id ORDER BY i.id"
)


def issue_invoice(session: Session, booking: Booking, group: GroupRequest, now: dt.datetime) -> int:
    """Issue the invoice of what was just offered; gives its id. The caller holds the booking's lock."""
    key = {"show_id": booking.show_id, "booking_id": booking.id}
    show = session.execute(_SHOW, {"show_id": booking.show_id}).one()
    content = _content(booking, group, show, session.execute(_LINES, key).all(), session.execute(_LABELS, key).all())
    facts = {**key, "cinema_id": show.cinema_id, "group_id": group.id, "currency": booking.currency}
    return _write(session, PaperKind.INVOICE, {**facts, "corrects_id": None}, content, show.timezone, now)


def _content(
    booking: Booking, group: GroupRequest, show: Row[Any], lines: Sequence[Row[Any]], labels: Sequence[Row[Any]]
) -> Content:
    zone = ZoneInfo(show.timezone)
    bill = [Item(line.label, line.quantity, line.amount_minor) for line in lines if line.kind != LineKind.TAX]
    percent = f"{Decimal(booking.tax_percent).normalize():f}"
    place = [show.address, " ".join(part for part in (show.postal_code, show.city) if part)]
    starts, until = (in_words(at.astimezone(zone)) for at in (show.starts_at, booking.expires_at))
    return Content(
        seller=seller_lines(show.name, place, show.seller),
        tax_number=show.tax_number,
        buyer="\n".join(line for line in (group.organisation, group.name) if line),
        reference=f"G{group.id}-{group.offers}",
        show=f"{show.title}, {starts}, {show.name}, {show.screen}",
        seats=in_runs([row.label for row in labels]),
        booking=spoken(booking.code),
        pay_until=f"{until} {show.city} time",
        sold=tuple(bill),
        rates=one_rate(percent, booking.total_minor, booking.tax_minor),
    )


def _write(
    session: Session, kind: PaperKind, facts: dict[str, Any], content: Content, zone: str, now: dt.datetime
) -> int:
    """The paper under the next number of the year that the cinema's clocks show."""
    year = now.astimezone(ZoneInfo(zone)).year
    number = session.execute(_NEXT, {"cinema_id": facts["cinema_id"], "year": year}).scalar_one()
    amounts = {"total": content.total_minor, "tax": content.tax_minor, "content": json.dumps(content.stored())}
    values = {**facts, **amounts, "kind": kind.value, "year": year, "number": number, "now": now}
    made: int = session.execute(_ADD, values).scalar_one()
    return made


# Taking back


def credit_rest(session: Session, show_id: int, booking_id: int, now: dt.datetime) -> None:
    """A credit note over all that is still asked for: its offer has ended. Nothing for who has no invoice.

    The caller holds the booking's lock.
    """
    papers = _papers(session, show_id, booking_id)
    open_minor, open_tax = _open(papers)
    if not open_minor:
        return
    content = read_content(_last_invoice(papers).content)
    if open_minor != content.total_minor:
        content = replace(content, sold=(Item("What was left of it", 1, open_minor),))
        content = replace(content, rates=one_rate(content.rates[0].percent, open_minor, open_tax))
    _note(session, papers, content, now)


def credit_returned(
    session: Session, booking: Booking, cancellation: Cancellation, seat_ids: Sequence[int], tax_minor: int
) -> None:
    """A credit note over what comes back for cancelled seats. Nothing for who has no invoice.

    `tax_minor` is the tax in it. The caller holds the booking's lock.
    """
    papers = _papers(session, booking.show_id, booking.id) if is_group(booking.owner_key) else []
    back = cancellation.returned_minor
    if not back or not _open(papers)[0]:
        return
    content = read_content(_last_invoice(papers).content)
    sold = (Item("Seats given back", cancellation.seat_count, back),)
    rates = one_rate(content.rates[0].percent, back, tax_minor)
    seats = in_runs(session.execute(_NAMES, {"seat_ids": list(seat_ids)}).scalars().all())
    _note(session, papers, replace(content, sold=sold, rates=rates, seats=seats), cancellation.at)


def invoice_again(session: Session, booking: Booking, now: dt.datetime) -> None:
    """Late money has brought the seats after all: what was credited is invoiced anew. Nothing for who has no invoice."""
    papers = _papers(session, booking.show_id, booking.id) if is_group(booking.owner_key) else []
    if papers and not _open(papers)[0]:
        last = _last_invoice(papers)
        facts = {**_key(last), "corrects_id": None}
        _write(session, PaperKind.INVOICE, facts, read_content(last.content), last.timezone, now)


def invoice_what_stands(session: Session, booking: Booking, now: dt.datetime) -> None:
    """The invoice of an offer that stands or is paid and has none, being from before invoices had numbers."""
    if booking.state not in (*LIVE_BOOKING, BookingState.CONFIRMED) or _papers(session, booking.show_id, booking.id):
        return
    group = session.get_one(GroupRequest, group_of_owner(booking.owner_key))
    issue_invoice(session, booking, group, now)
    back = session.execute(_BACK, {"show_id": booking.show_id, "booking_id": booking.id}).one()
    if back.minor:
        papers = _papers(session, booking.show_id, booking.id)
        content = read_content(papers[0].content)
        rates = one_rate(content.rates[0].percent, back.minor, content.tax_minor * back.minor // content.total_minor)
        _note(
            session,
            papers,
            replace(content, sold=(Item("Seats given back", back.seats, back.minor),), rates=rates),
            now,
        )


def _papers(session: Session, show_id: int, booking_id: int) -> Sequence[Row[Any]]:
    return session.execute(_PAPERS, {"show_id": show_id, "booking_id": booking_id}).all()


def _open(papers: Sequence[Row[Any]]) -> tuple[int, int]:
    """What the papers ask for together, and the tax in it."""
    signs = [(-1 if one.kind == PaperKind.CREDIT_NOTE else 1, one) for one in papers]
    return sum(sign * one.total_minor for sign, one in signs), sum(sign * one.tax_minor for sign, one in signs)


def _last_invoice(papers: Sequence[Row[Any]]) -> Row[Any]:
    return next(one for one in reversed(papers) if one.kind == PaperKind.INVOICE)


def _key(paper: Row[Any]) -> dict[str, Any]:
    names = ("cinema_id", "group_id", "show_id", "booking_id", "currency")
    return {name: getattr(paper, name) for name in names}


def _note(session: Session, papers: Sequence[Row[Any]], content: Content, now: dt.datetime) -> None:
    last = _last_invoice(papers)
    facts = {**_key(last), "corrects_id": last.id}
    _write(session, PaperKind.CREDIT_NOTE, facts, replace(content, pay_until=""), last.timezone, now)
