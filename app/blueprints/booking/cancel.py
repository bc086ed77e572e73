"""Giving seats back: which ones, what comes of it, and afterwards how the money stands."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.booking import booking as blueprint
from app.domain.refund_policy import CancellationReason
from app.domain.states import BookingState
from app.errors import AmountChanged, DomainError, Invalid, NotCancellable
from app.money import format_money
from app.queries.bookings import BookingRef
from app.queries.cancel_page import GivenBack, given_back
from app.queries.tickets import BookingView, booking_view
from app.services.cancelling import Cancelled, Preview, cancel_seats, preview_cancellation
from app.web.extensions import htmx
from app.web.guards import booking_holder
from app.web.identity import actor, has_wallet
from app.web.refund_words import NOT_AT_ALL, in_force, policy_rows, state_words, way_words
from app.web.render import htmx_redirect, render

MOST_DIGITS = 9
NO_TICKET = 0
"""Tickets are counted from 1."""


@blueprint.get("/<code>/cancel", endpoint="cancel")
@booking_holder
def cancel(booking: BookingRef) -> AnyResponse:
    """Which seats to give back, and what comes back. None is ticked beforehand, unless there is only one."""
    if booking.state != BookingState.CONFIRMED:
        return redirect(url_for("booking.page", code=booking.code), 303)
    return _cancel_page(booking, None if booking_view(booking.show_id, booking.id).seat_count == 1 else [])


@blueprint.post("/<code>/cancel/quote", endpoint="cancel_quote")
@booking_holder
def cancel_quote(booking: BookingRef) -> AnyResponse:
    """What other seats would bring. Writes nothing."""
    if booking.state != BookingState.CONFIRMED:
        return _to_booking(booking)
    numbers = None if request.form.get("all") else _numbers()
    return _cancel_page(booking, numbers, Invalid.status if numbers and NO_TICKET in numbers else 200)


@blueprint.post("/<code>/cancel", endpoint="cancel_seats")
@booking_holder
def do_cancel(booking: BookingRef) -> AnyResponse:
    """Give the chosen seats back, if what comes back is what was shown; a second click finds it done."""
    try:
        done = cancel_seats(
            booking.show_id,
            booking.id,
            _numbers(),
            expected_minor=_shown(),
            to_wallet=_to_wallet(booking),
            actor=actor(),
        )
    except (NotCancellable, AmountChanged, Invalid) as problem:
        return _refused(booking, problem)
    _tell_done(booking, done)
    return redirect(url_for("booking.page", code=booking.code), 303)


def _numbers() -> list[int]:
    """The ticket numbers ticked in the form; what is no number is that of no ticket, which is refused on the form."""
    return sorted({_number(value) for value in request.form.getlist("ticket")})


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else NO_TICKET


def _shown() -> int:
    """What the page said would come back, in minor units: compared with what does, and never paid out."""
    value = request.form.get("shown", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else -1


def _to_wallet(booking: BookingRef) -> bool:
    return request.form.get("to") == "wallet" and has_wallet(booking)


def _refused(booking: BookingRef, problem: DomainError) -> AnyResponse:
    view = booking_view(booking.show_id, booking.id)
    if view.state != BookingState.CONFIRMED:
        flash(problem.message, "warn")
        return redirect(url_for("booking.page", code=booking.code), 303)
    return _cancel_page(booking, _numbers(), problem.status, problem.message)


def _to_booking(booking: BookingRef) -> AnyResponse:
    address = url_for("booking.page", code=booking.code)
    return htmx_redirect(address) if htmx else redirect(address, 303)


def _tell_done(booking: BookingRef, done: Cancelled) -> None:
    if done.repeated:
        flash("These seats were cancelled already; nothing was done twice.", "ok")
        return
    currency = booking_view(booking.show_id, booking.id).currency
    back = f"{format_money(done.returned_minor, currency)} comes back" if done.returned_minor else "Nothing comes back"
    flash(f"Cancelled. {back}.", "ok")


def _cancel_page(
    booking: BookingRef, numbers: Collection[int] | None, status: int = 200, trouble: str = ""
) -> Response:
    wallet = _to_wallet(booking)
    preview = preview_cancellation(booking.show_id, booking.id, numbers, to_wallet=wallet)
    view = booking_view(booking.show_id, booking.id)
    return render(
        "booking/cancel.html",
        fragment="booking/_cancel_sum.html",
        status_code=status,
        booking=view,
        at=preview,
        wallet=wallet,
        has_wallet=has_wallet(booking),
        trouble=trouble,
        way_words=way_words,
        **_policy(view, preview),
    )


def _policy(view: BookingView, preview: Preview) -> dict[str, Any]:
    terms = (view.starts_at, view.cinema.timezone, view.currency)
    return {
        "rows": policy_rows(preview.steps, *terms, clock.now()),
        "why": in_force(preview.step, *terms) if preview.step else NOT_AT_ALL,
    }


def money_back(booking: BookingRef) -> dict[str, Any]:
    """What a booking's page shows of seats given back; `pending` while a refund may still move."""
    parts = given_back(booking.show_id, booking.id)
    return {
        "given_back": parts,
        "seen": _seen(parts),
        "pending": not all(part.settled for part in parts),
        "way_words": way_words,
        "refund_words": state_words,
        "reasons": CancellationReason,
    }


def _seen(parts: Collection[GivenBack]) -> str:
    """The states a page shows, short: the same again needs no answer."""
    return "-".join(f"{money.state.value[0]}{'x' if money.given_up else ''}" for part in parts for money in part.money)


@blueprint.get("/<code>/refunds", endpoint="refunds")
@booking_holder
def refunds(booking: BookingRef) -> AnyResponse:
    """How the money stands, asked again and again by a page that shows it; nothing if it is as ?seen= says."""
    context = money_back(booking)
    if request.args.get("seen") == context["seen"]:
        return Response(status=204)
    view = booking_view(booking.show_id, booking.id)
    return render("booking/_given_back.html", booking=view, **context)
