"""Checkout's coupons, gift cards and wallet: put on and taken off, by a form or by htmx, which gets the new bill."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.booking import booking as blueprint
from app.blueprints.booking.bill import CodeEntry
from app.blueprints.booking.checkout import elsewhere, form_page, types_of
from app.domain.coupons import CouponProblem
from app.domain.gift_cards import looks_like_code
from app.errors import (
    DomainError,
    HoldExpired,
    Invalid,
    InvalidCoupon,
    InvalidGiftCard,
    NotFound,
    PaymentStarted,
    TooManyRequests,
)
from app.queries.bookings import BookingRef
from app.queries.checkout_page import checkout_page
from app.services.extras import add_coupon, add_gift_card, drop_coupon, drop_credit, use_wallet
from app.web.booking_forms import BuyerForm, remember_draft
from app.web.extensions import htmx
from app.web.guards import booking_holder
from app.web.identity import user_id
from app.web.limits import count_code

LONGEST_CODE = 60


@blueprint.post("/<code>/code", endpoint="add_code")
@booking_holder
def add_code(booking: BookingRef) -> AnyResponse:
    """Use a coupon or a gift card, whichever the code is. A wrong one is told beside the field; the booking goes on."""
    typed = request.form.get("code", "").strip()[:LONGEST_CODE]
    return _change(booking, lambda: _enter(booking, typed), typed)


def _enter(ref: BookingRef, typed: str) -> None:
    if not typed:
        raise InvalidCoupon("Type the code of a coupon or a gift card.")
    count_code()
    try:
        add_coupon(ref.show_id, ref.id, typed, request.form.get("email", ""))
    except InvalidCoupon as problem:
        if problem.details.get("problem") != CouponProblem.UNKNOWN or not looks_like_code(typed):
            raise
        add_gift_card(ref.show_id, ref.id, typed)


@blueprint.post("/<code>/coupon/drop", endpoint="drop_coupon")
@booking_holder
def without_coupon(booking: BookingRef) -> AnyResponse:
    """Take a coupon off again."""
    return _change(booking, lambda: drop_coupon(booking.show_id, booking.id, _chosen("coupon")))


@blueprint.post("/<code>/credit/drop", endpoint="drop_credit")
@booking_holder
def without_credit(booking: BookingRef) -> AnyResponse:
    """Don't pay with this gift card, or the wallet, after all."""
    return _change(booking, lambda: drop_credit(booking.show_id, booking.id, _chosen("credit")))


@blueprint.post("/<code>/wallet", endpoint="wallet")
@booking_holder
def with_wallet(booking: BookingRef) -> AnyResponse:
    """Let the visitor's wallet pay what it can."""
    account = user_id()
    if account is None:
        raise NotFound
    return _change(booking, lambda: use_wallet(booking.show_id, booking.id, account))


def _chosen(name: str) -> int:
    """The id on the pressed button; 0, which is nobody's, for anything else."""
    value = request.form.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def _change(ref: BookingRef, change: Callable[[], object], typed: str = "") -> AnyResponse:
    """Do it and show the bill as it then is; what was typed in the rest of the form is kept."""
    page = checkout_page(ref.show_id, ref.id)
    if not page.live(clock.now()) or page.paying:
        return elsewhere(page)
    remember_draft(request.form)
    try:
        change()
    except (HoldExpired, PaymentStarted):
        return elsewhere(page)
    except (InvalidCoupon, InvalidGiftCard, TooManyRequests) as problem:
        return _refused(ref, problem, typed)
    return _bill(ref, CodeEntry()) if htmx else elsewhere(page)


def _bill(ref: BookingRef, entry: CodeEntry, status: int = 200) -> AnyResponse:
    page = checkout_page(ref.show_id, ref.id)
    return form_page(ref, page, BuyerForm(), types_of(request.form, page), status, entry=entry)


def _refused(ref: BookingRef, problem: DomainError, typed: str) -> AnyResponse:
    """The reason beside the field. htmx shows what comes with 422, and nothing that comes with 429."""
    waits = isinstance(problem, TooManyRequests)
    words = "Those were many codes in a short time. Please wait a minute." if waits else problem.message
    response = _bill(ref, CodeEntry(typed, words, refused=not waits), Invalid.status if htmx else problem.status)
    if waits:
        response.headers["Retry-After"] = str(problem.details["retry_after"])
    return response
