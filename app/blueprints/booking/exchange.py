"""Changing seats: which ones, for which show of the same film; the seat map does the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.booking import booking as blueprint
from app.blueprints.browse.cards import TimeButton, time_button
from app.db import db, end_read
from app.errors import DomainError, Invalid, NotExchangeable
from app.queries.bookings import BookingRef
from app.queries.browsing.showings import Showing, lowest_prices, seats_left
from app.queries.exchange_page import LISTED, Exchangeable, Offered, exchangeable, offered_showings
from app.queries.show_page import show_page
from app.services.exchanging import Change, judge_change
from app.web.changing import forget_change, remember_change
from app.web.filters import clock_time, day
from app.web.guards import booking_holder
from app.web.refund_words import difference_back
from app.web.render import render


@dataclass(frozen=True, slots=True)
class Row:
    """One cinema's shows of one day, each with its show's id."""

    day: str
    place: str
    times: list[tuple[int, TimeButton]]


@blueprint.get("/<code>/exchange", endpoint="exchange")
@booking_holder
def exchange(booking: BookingRef) -> AnyResponse:
    """The booking's seats to tick, and the shows they can be changed for."""
    return _page(exchangeable(booking.show_id, booking.id), None)


@blueprint.post("/<code>/exchange", endpoint="begin_exchange")
@booking_holder
def begin_exchange(booking: BookingRef) -> AnyResponse:
    """On to the seat map of the chosen show, with the tickets to be changed kept in mind. Writes nothing."""
    numbers = request.form.getlist("tickets", type=int)[:50]
    try:
        show_id = _show_id()
        judge_change(db.session(), Change(booking.show_id, booking.id, tuple(numbers)), show_id)
    except DomainError as problem:
        return _page(exchangeable(booking.show_id, booking.id), numbers, problem)
    end_read()
    remember_change(show_id, booking.code, numbers)
    return redirect(url_for("shows.show", show_id=show_id, party=len(numbers)), 303)


def _show_id() -> int:
    asked = request.form.get("show", "")
    if not asked.isdecimal() or len(asked) > 15:
        raise Invalid("Choose a show.")
    return int(asked)


@blueprint.post("/<code>/exchange/stop", endpoint="stop_exchange")
@booking_holder
def stop_exchange(booking: BookingRef) -> AnyResponse:
    """Keep the old seats after all."""
    forget_change()
    return redirect(url_for("booking.page", code=booking.code), 303)


def _page(of: Exchangeable, ticked: Sequence[int] | None, problem: DomainError | None = None) -> Response:
    now = clock.now()
    closed = of.why_not(now)
    offered = None if closed else offered_showings(of)
    show = show_page(of.show_id)
    showings = _rows(offered) if offered else []
    end_read()
    return render(
        "booking/exchange.html",
        status_code=problem.status if problem else NotExchangeable.status if closed else 200,
        of=of,
        show=show,
        closed=closed,
        trouble=problem.message if problem and not closed else "",
        ticked=[ticket.number for ticket in of.tickets] if ticked is None else ticked,
        here=offered.here if offered else None,
        rows=showings,
        elsewhere=offered.other_currencies if offered else (),
        listed=LISTED if offered and offered.cut else 0,
        until=_until(of),
        less=difference_back(of.step, of.currency),
    )


def _until(of: Exchangeable) -> str:
    """Sat 21 Nov, 17:30, on the cinema's clocks; empty where nothing is ever changed."""
    return f"{day(of.until, of.zone)}, {clock_time(of.until, of.zone)}" if of.until else ""


def _rows(offered: Offered) -> list[Row]:
    """By day and cinema, the booking's own city first; other cities are named."""
    left, lowest = seats_left(one.id for one in offered.others), lowest_prices(offered.others)
    buttons = {one.id: time_button(one, left.get(one.id), lowest[one.id]) for one in offered.others}

    def key(one: Showing) -> tuple[bool, str, dt.date, str, int]:
        own, city = offered.cities[one.cinema_id]
        there = one.starts_at.astimezone(ZoneInfo(one.zone)).date()
        return not own, "" if own else city, there, one.cinema, one.cinema_id

    ordered = sorted(offered.others, key=lambda one: (key(one), one.starts_at))
    grouped = [(city, list(same)) for (_, city, *_), same in groupby(ordered, key=key)]
    return [_row(city, same, buttons) for city, same in grouped]


def _row(city: str, same: list[Showing], buttons: dict[int, TimeButton]) -> Row:
    first = same[0]
    place = f"{first.cinema}, {city}" if city else first.cinema
    return Row(day(first.starts_at, first.zone), place, [(one.id, buttons[one.id]) for one in same])
