"""Checkout: the clock, who is coming, the bill, the way to the gateway and back."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping

from flask import Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.booking import booking as blueprint
from app.blueprints.booking.bill import CodeEntry, look_at
from app.config import settings
from app.db import end_read
from app.domain.groups import group_of_owner
from app.domain.pricing import TicketType
from app.domain.states import BookingState, PaymentState
from app.errors import (
    AlreadyExtended,
    AmountChanged,
    ConcurrentModification,
    DomainError,
    ExchangeUnderway,
    GatewayUnavailable,
    HoldExpired,
    Invalid,
    InvalidCoupon,
    NotExchangeable,
    NotFound,
    PaymentStarted,
)
from app.queries.bookings import BookingRef
from app.queries.checkout_page import CheckoutPage, checkout_page
from app.queries.groups import group_of
from app.queries.layouts import layout_facts
from app.queries.pay_ways import saved_ways, ways_of_show
from app.queries.show_page import ShowPage, show_page
from app.services.checkout import Memory, start_payment
from app.services.holds import extend_hold, release_booking
from app.services.payments import close_booking_payment, refresh_booking_payment
from app.web.booking_forms import (
    BuyerForm,
    can_save,
    chosen_types,
    chosen_way,
    draft,
    forget_draft,
    pay_ways,
    remember_draft,
    shown_struck,
    ticked_way,
    typed_before,
)
from app.web.changing import forget_change
from app.web.extensions import htmx
from app.web.filters import clock_time
from app.web.guards import booking_holder
from app.web.identity import actor, has_wallet, user_id
from app.web.refund_words import way_words
from app.web.render import htmx_redirect, render

PAID_FOR = (BookingState.CONFIRMED, BookingState.CANCELLED)
"""A booking's own page says more of these than the checkout."""
GONE_BACK = (PaymentState.CAPTURED, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED)
"""Money that arrived and did not pay the booking: it was not the right amount, or came too late."""


def _show(show_id: int) -> ShowPage:
    show = show_page(show_id)
    assert show is not None, "a booking has a show"
    return show


@blueprint.get("/<code>/checkout", endpoint="checkout")
@booking_holder
def checkout(booking: BookingRef) -> AnyResponse:
    """The clock, the tickets, the form and the bill; or what became of the hold meanwhile."""
    page = checkout_page(booking.show_id, booking.id)
    if page.state in PAID_FOR:
        return redirect(url_for("booking.page", code=page.code), 303)
    if not page.live(clock.now()):
        return _over(page)
    if page.paying:
        return _started(page, page.redirect_url)
    known = draft()
    typed = typed_before(known, page)
    if current_user.is_authenticated:
        typed |= {"name": typed["name"] or current_user.name, "email": typed["email"] or current_user.email}
    form = BuyerForm(formdata=None, **typed)
    return form_page(booking, page, form, types_of(known, page))


@blueprint.get("/<code>/code", endpoint="code_again")
@blueprint.get("/<code>/quote", endpoint="quote_again")
@blueprint.get("/<code>/pay", endpoint="pay_again")
@booking_holder
def asked_again(booking: BookingRef) -> AnyResponse:
    """The address of a form that came back with a problem, opened anew: the checkout, not a wrong door."""
    return redirect(url_for("booking.checkout", code=booking.code), 303)


def types_of(values: Mapping[str, str], page: CheckoutPage) -> dict[int, TicketType]:
    try:
        return chosen_types(values, page.seat_ids)
    except Invalid:
        return {}


def form_page(
    ref: BookingRef,
    page: CheckoutPage,
    form: BuyerForm,
    types: Mapping[int, TicketType],
    status: int = 200,
    trouble: str = "",
    entry: CodeEntry | None = None,
) -> Response:
    """The whole page, or for htmx the bill and what changes with it; `entry` if the field for codes does too."""
    try:
        state = look_at(ref, page, types, form.email.data or "", to_wallet=to_wallet(ref))
    except Invalid:
        state = look_at(ref, page, {}, form.email.data or "", to_wallet=to_wallet(ref))
    offered = ways_of_show(ref.show_id)
    methods = pay_ways(offered, saved_ways(user_id()))
    end_read()
    return render(
        "booking/checkout.html",
        fragment="booking/_bill.html",
        status_code=status,
        at=state,
        form=form,
        methods=methods,
        way=ticked_way(methods, request.form.get("method") or draft().get("method")),
        can_save=user_id() is not None and can_save(offered),
        trouble=trouble,
        entry=entry,
        is_part=bool(htmx),
        way_words=way_words,
        has_wallet=has_wallet(ref),
        wallet=to_wallet(ref),
        now=clock.now(),
        extension_minutes=settings.extension_minutes,
    )


def _over(page: CheckoutPage) -> AnyResponse:
    """The time is up; money that came too late is told of where its refund is."""
    if page.payment_state in GONE_BACK:
        return redirect(url_for("booking.page", code=page.code), 303)
    return time_is_up(page)


def to_wallet(ref: BookingRef) -> bool:
    """Whether the form asks that money which comes back goes to the wallet of whose booking it is."""
    return request.form.get("to") == "wallet" and has_wallet(ref)


def time_is_up(page: CheckoutPage, status: int = 410) -> Response:
    """What happened to the seats, and one click that asks for the same ones again."""
    if page.is_group:
        return _group_is_over(page, status)
    show = _show(page.show_id)
    layout = layout_facts(show.layout_id)
    names = [layout.by_id[seat_id].label for seat_id in page.seat_ids]
    if page.name and not draft():
        remember_draft({"name": page.name, "email": page.email, "phone": page.phone})
    over = show.why_over(clock.now())
    return render("booking/time_is_up.html", status_code=status, at=page, show=show, names=names, over=over)


def _group_is_over(page: CheckoutPage, status: int) -> Response:
    """What is offered to the group now is asked for, not its seats: they need a new offer."""
    group = group_of(group_of_owner(page.owner_key))
    end_read()
    return render("groups/over.html", status_code=status, group=group, paying=page.payment_state is not None)


def _started(page: CheckoutPage, address: str | None, status: int = 200) -> Response:
    show = _show(page.show_id)
    return render("booking/started.html", status_code=status, at=page, show=show, address=address, now=clock.now())


@blueprint.post("/<code>/quote", endpoint="quote")
@booking_holder
def quote(booking: BookingRef) -> AnyResponse:
    """The bill for other ticket types. Writes nothing; prices in the form, if any, are not read."""
    page = checkout_page(booking.show_id, booking.id)
    if not page.live(clock.now()) or page.paying:
        return elsewhere(page)
    remember_draft(request.form)
    types = types_of(request.form, page)
    return form_page(booking, page, BuyerForm(), types)


def elsewhere(page: CheckoutPage) -> AnyResponse:
    """To checkout, which says what happened: for a whole page and from inside a fragment."""
    address = url_for("booking.checkout", code=page.code)
    return htmx_redirect(address) if htmx else redirect(address, 303)


@blueprint.post("/<code>/pay", endpoint="pay")
@booking_holder
def pay(booking: BookingRef) -> AnyResponse:
    """Keep the quote and lead to the gateway's page; a booking that costs nothing is confirmed at once.

    A code that was typed and not used yet is used first: nobody pays more than they believe they do. One
    that was refused already, with the reason beside it, is left out: the booking goes on without it.
    """
    typed = request.form.get("code", "").strip()
    if typed and typed != request.form.get("refused", "").strip():
        return redirect(url_for("booking.add_code", code=booking.code), 307)
    page = checkout_page(booking.show_id, booking.id)
    form = BuyerForm()
    remember_draft(request.form)
    if not form.validate():
        return _form_again(booking, page, form, types_of(request.form, page), Invalid.status)
    try:
        address = _start(booking, page, form)
    except (HoldExpired, PaymentStarted, ConcurrentModification, NotExchangeable) as problem:
        return _not_here(booking, page, problem)
    except (InvalidCoupon, AmountChanged, Invalid, ExchangeUnderway, GatewayUnavailable) as problem:
        return _not_so(booking, page, form, problem)
    forget_draft()
    return redirect(address or url_for("booking.page", code=page.code), 303)


def _start(ref: BookingRef, page: CheckoutPage, form: BuyerForm) -> str | None:
    """The gateway's page for what was chosen; None if there was nothing to pay."""
    methods = pay_ways(ways_of_show(ref.show_id), saved_ways(user_id()))
    provider, mode, saved_id = chosen_way(methods, request.form.get("method"))
    started = start_payment(
        ref.show_id,
        ref.id,
        form.buyer(),
        chosen_types(request.form, page.seat_ids),
        provider=provider,
        mode=mode,
        return_url=url_for("booking.returned", code=page.code, _external=True),
        cancel_url=url_for("booking.checkout", code=page.code, _external=True),
        memory=Memory(saved_id, bool(request.form.get("save_method")) and saved_id is None),
        actor=actor(),
        without=shown_struck(request.form),
        to_wallet=to_wallet(ref),
    )
    return started.redirect_url


def _not_here(ref: BookingRef, page: CheckoutPage, problem: DomainError) -> AnyResponse:
    """Where it goes on for a booking that can't be paid by this form any more."""
    if isinstance(problem, HoldExpired):
        return _over(checkout_page(ref.show_id, ref.id))
    if isinstance(problem, PaymentStarted):
        return _started(page, problem.details.get("redirect_url"), problem.status)
    if isinstance(problem, ConcurrentModification):
        return redirect(url_for("booking.page", code=page.code), 303)
    forget_change()
    flash(problem.message, "warn")
    return redirect(url_for("shows.show", show_id=ref.show_id), 303)


def _not_so(ref: BookingRef, page: CheckoutPage, form: BuyerForm, problem: DomainError) -> AnyResponse:
    """The form again with what is wrong; what others may have changed meanwhile is read anew."""
    types, words = types_of(request.form, page), problem.message
    if isinstance(problem, InvalidCoupon | AmountChanged):
        words = _new_amount(problem)
    elif isinstance(problem, Invalid):
        types = {}
    if isinstance(problem, InvalidCoupon | AmountChanged | GatewayUnavailable):
        page = checkout_page(ref.show_id, ref.id)
    return _form_again(ref, page, form, types, problem.status, words)


def _new_amount(problem: InvalidCoupon | AmountChanged) -> str:
    if isinstance(problem, AmountChanged):
        return "A balance is not what it was when you began. Nothing was charged; please look at the new amount."
    return f"{problem.message} Nothing was charged; please look at the new amount."


def _form_again(
    ref: BookingRef,
    page: CheckoutPage,
    form: BuyerForm,
    types: Mapping[int, TicketType],
    status: int,
    trouble: str = "",
) -> AnyResponse:
    """The form with what is wrong in it; a booking that is over says so instead, for it has no seats to pay."""
    if not page.live(clock.now()):
        return elsewhere(page) if page.state in PAID_FOR else _over(page)
    return form_page(ref, page, form, types, status, trouble)


@blueprint.post("/<code>/extend", endpoint="extend")
@booking_holder
def extend(booking: BookingRef) -> AnyResponse:
    """Once more five minutes, before the end."""
    remember_draft(request.form)
    try:
        until = extend_hold(booking.show_id, booking.id, actor())
    except (AlreadyExtended, PaymentStarted, ConcurrentModification) as problem:
        flash(problem.message, "warn")
    except HoldExpired:
        pass
    else:
        flash(f"Kept longer, until {_clock(booking, until)}.", "ok")
    return redirect(url_for("booking.checkout", code=booking.code), 303)


def _clock(ref: BookingRef, instant: dt.datetime) -> str:
    """On the cinema's clocks."""
    return clock_time(instant, _show(ref.show_id).timezone)


@blueprint.post("/<code>/release", endpoint="release")
@booking_holder
def release(booking: BookingRef) -> AnyResponse:
    """Give the seats up at once."""
    try:
        given = release_booking(booking.show_id, booking.id, actor())
    except ConcurrentModification:
        return redirect(url_for("booking.page", code=booking.code), 303)
    if given:
        flash("The seats are given up; nothing was charged.", "ok")
    return redirect(url_for("shows.show", show_id=booking.show_id), 303)


@blueprint.post("/<code>/other-way", endpoint="other_way")
@booking_holder
def other_way(booking: BookingRef) -> AnyResponse:
    """Turned back from the gateway: its page is closed, so that another way to pay can be chosen."""
    try:
        close_booking_payment(booking.show_id, booking.id)
    except (GatewayUnavailable, NotFound) as problem:
        flash(problem.message, "warn")
    return redirect(url_for("booking.returned", code=booking.code), 303)


@blueprint.get("/<code>/return", endpoint="returned")
@booking_holder
def returned(booking: BookingRef) -> AnyResponse:
    """Back from the gateway: ask it how the payment stands, and lead on to where that is told."""
    with contextlib.suppress(GatewayUnavailable, NotFound):
        refresh_booking_payment(booking.show_id, booking.id)
    page = checkout_page(booking.show_id, booking.id)
    if page.live(clock.now()) and page.payment_state == PaymentState.FAILED:
        reason = page.failure or "The payment was declined."
        flash(f"{reason.rstrip('.')}. Your seats are kept until {_clock(booking, page.expires_at)}.", "warn")
        return redirect(url_for("booking.checkout", code=page.code), 303)
    if page.live(clock.now()) and page.payment_state in GONE_BACK:
        until = _clock(booking, page.expires_at)
        flash(
            f"What arrived was not the amount asked for, so all of it goes back. Your seats are kept until {until}.",
            "warn",
        )
        return redirect(url_for("booking.checkout", code=page.code), 303)
    return redirect(url_for("booking.page", code=page.code), 303)
