"""A customer's booking at the counter: found by whatever they have, printed, sent, refunded, noted."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.staff import pages
from app.blueprints.staff.box_office import SELLERS, qr_codes
from app.config import settings
from app.db import end_read
from app.domain.links import booking_link
from app.domain.staff import Role
from app.domain.states import BookingState
from app.errors import AmountChanged, DomainError, Invalid, NoShift, NotFound
from app.money import format_money
from app.queries.bookings import BookingRef, find_booking
from app.queries.box_office import (
    OpenShift,
    begun_as,
    find_for_counter,
    open_shift_of,
    paid_at_counter,
    waiting_refunds,
    what_staff_did,
)
from app.queries.browsing.showings import Showing, seats_left
from app.queries.exchange_page import Exchangeable, exchangeable, offered_showings
from app.queries.shifts import shift_sheet
from app.queries.tickets import BookingView, booking_view
from app.services import counter_bookings
from app.services.box_office import owner_of
from app.services.cancelling import preview_cancellation
from app.services.counter_exchanges import exchange_best_seats
from app.services.counter_refunds import cancel_at_counter, pay_out, preview_refund
from app.services.exchanging import Change
from app.web.guards import staff
from app.web.once import once
from app.web.refund_words import back as step_words
from app.web.refund_words import customer_way, difference_back
from app.web.render import render
from app.web.staff import StaffHouse

MOST_TICKETS = 500


@pages.get("/bookings")
@staff(*SELLERS)
def bookings(house: StaffHouse) -> AnyResponse:
    """By number, name, e-mail, phone or a scanned ticket. A single hit is opened at once."""
    words = request.args.get("q", "")[:200]
    found = find_for_counter(house.where, words) if words.strip() else []
    if len(found) == 1:
        return redirect(url_for("staff.booking", code=found[0].code), 303)
    return render("staff/box_office/bookings.html", house=house, words=words, found=found)


@pages.get("/bookings/<code>")
@staff(*SELLERS)
def booking(house: StaffHouse, code: str) -> Response:
    return _page(house, _ref(code))


def _ref(code: str) -> BookingRef:
    found = find_booking(code)
    if found is None:
        raise NotFound("There is no such booking.")
    return found


def _page(
    house: StaffHouse, ref: BookingRef, problem: str = "", status: int = 200, fragment: str | None = None
) -> Response:
    view = booking_view(ref.show_id, ref.id)
    paid = view.state in (BookingState.CONFIRMED, BookingState.CANCELLED)
    cinema, shift = house.the_cinema(), open_shift_of(house.person.id, house.the_cinema().id)
    return render(
        "staff/box_office/booking.html",
        fragment=fragment,
        status_code=status,
        house=house,
        **_refund(ref, view, shift),
        b=view,
        policy=preview_cancellation(ref.show_id, ref.id, None) if paid else None,
        counter=paid_at_counter(ref.show_id, ref.id),
        happened=what_staff_did(ref.id),
        waiting=waiting_refunds(cinema.id, ref.code),
        link=booking_link("", settings.secret_key, ref.code),
        change=booking_link("", settings.secret_key, ref.code).replace("?", "/exchange?"),
        shift=shift,
        problem=problem,
        manager=Role.MANAGER,
    )


def _refund(ref: BookingRef, view: BookingView, shift: OpenShift | None) -> dict[str, Any]:
    """The refund's form: what is ticked, and what that brings. A single ticket needs no ticking on a page just opened."""
    live = [one.number for one in view.tickets]
    single = len(live) == 1 and not request.form
    ticked = live if single or request.form.get("all") else _numbers()
    full = request.form.get("how") != "policy"
    asked = view.state == BookingState.CONFIRMED and ticked
    back = preview_refund(ref.show_id, ref.id, ticked, full=full) if asked else None
    end_read()
    drawer = shift_sheet(shift.id).expected_minor if shift and back and back.cash_minor else None
    words = {"way_words": customer_way, "step_words": step_words}
    return {"ticked": ticked, "full": full, "back": back, "drawer": drawer, "typed": request.form, **words}


def _numbers() -> list[int]:
    return request.form.getlist("tickets", type=int)[:MOST_TICKETS]


def _done(house: StaffHouse, code: str, act: Callable[[BookingRef], str]) -> AnyResponse:
    ref = _ref(code)
    try:
        flash(act(ref), "ok")
    except DomainError as problem:
        return _page(house, ref, problem.message, problem.status)
    return redirect(url_for("staff.booking", code=ref.code), 303)


@pages.post("/bookings/<code>/resend")
@staff(*SELLERS)
@once(lambda made, code: url_for("staff.booking", code=code))
def resend_booking(house: StaffHouse, code: str) -> AnyResponse:
    return _done(
        house,
        code,
        lambda ref: f"The tickets go to {counter_bookings.resend_tickets(house.by, ref.show_id, ref.id)} again.",
    )


@pages.post("/bookings/<code>/note")
@staff(*SELLERS)
@once(lambda made, code: url_for("staff.booking", code=code))
def note_booking(house: StaffHouse, code: str) -> AnyResponse:
    def act(ref: BookingRef) -> str:
        counter_bookings.note_booking(house.by, ref.show_id, ref.id, request.form.get("note", ""))
        return "The note is kept."

    return _done(house, code, act)


@pages.post("/bookings/<code>/reprint")
@staff(*SELLERS)
@once(lambda made, code: url_for("staff.print_booking", code=code))
def reprint_booking(house: StaffHouse, code: str) -> AnyResponse:
    """The tickets to print once more; that they were is written down first."""
    ref = _ref(code)
    try:
        counter_bookings.note_reprint(house.by, ref.show_id, ref.id)
    except DomainError as problem:
        return _page(house, ref, problem.message, problem.status)
    return redirect(url_for("staff.print_booking", code=ref.code), 303)


@pages.get("/bookings/<code>/print")
@staff(*SELLERS)
def print_booking(house: StaffHouse, code: str) -> AnyResponse:
    ref = _ref(code)
    view = booking_view(ref.show_id, ref.id)
    if view.state != BookingState.CONFIRMED:
        flash("Only a paid booking has tickets to print.", "bad")
        return redirect(url_for("staff.booking", code=ref.code), 303)
    shift = open_shift_of(house.person.id, house.the_cinema().id)
    paper = shift.paper if shift else "roll"
    return render("staff/box_office/print.html", house=house, b=view, qrs=qr_codes(view), paper=paper)


@pages.post("/bookings/<code>/refund")
@staff(*SELLERS)
def quote_refund(house: StaffHouse, code: str) -> Response:
    """What the ticked tickets bring. Writes nothing."""
    return _page(house, _ref(code), fragment="staff/box_office/_refund_sum.html")


@pages.post("/bookings/<code>/cancel")
@staff(*SELLERS)
@once(lambda made, code: url_for("staff.booking", code=code))
def cancel_booking(house: StaffHouse, code: str) -> AnyResponse:
    """Give seats back: all of the money, or what was promised, if it is the sum that the page has said."""

    def act(ref: BookingRef) -> str:
        shift = open_shift_of(house.person.id, house.the_cinema().id)
        numbers = _numbers()
        if not numbers:
            raise Invalid("Tick the tickets that are given back.")
        if "shown" not in request.form:
            raise AmountChanged("Look at what is given back, then press once more.")
        done = cancel_at_counter(
            house.by,
            ref.show_id,
            ref.id,
            numbers,
            full=request.form.get("how") != "policy",
            expected_minor=request.form.get("shown", -1, type=int),
            reason=request.form.get("reason", "")[:300],
            shift_id=shift.id if shift else None,
        )
        currency = booking_view(ref.show_id, ref.id).currency
        parts = [(done.cash_minor, "out of the drawer"), (done.terminal_minor, "back on the card terminal")]
        hand_out = " and ".join(f"{format_money(minor, currency)} {where}" for minor, where in parts if minor)
        rest = done.returned_minor - done.cash_minor - done.terminal_minor
        words = f"Hand out {hand_out}." if hand_out else ""
        if rest:
            words += f" {format_money(rest, currency)} goes back the way it came."
        return words.strip() or "The seats are given back; nothing was to return."

    return _done(house, code, act)


@pages.get("/bookings/<code>/exchange")
@staff(*SELLERS)
def exchange_booking(house: StaffHouse, code: str) -> AnyResponse:
    """Which tickets, for which show of this cinema; the till does the rest."""
    ref = _ref(code)
    if open_shift_of(house.person.id, house.the_cinema().id) is None:
        flash("Open a shift first: what the new seats cost more needs a drawer.", "warn")
        return redirect(url_for("staff.shifts"), 303)
    return _exchange_page(house, ref)


def _exchange_page(house: StaffHouse, ref: BookingRef, problem: str = "", status: int = 200) -> Response:
    of = exchangeable(ref.show_id, ref.id)
    closed = of.why_not(clock.now())
    showings = [] if closed else _showings(of, house.the_cinema().id)
    left = seats_left(one.id for one in showings)
    end_read()
    page = "staff/box_office/exchange.html"
    context: dict[str, Any] = {"of": of, "closed": closed, "showings": showings, "left": left, "problem": problem}
    context["less"] = difference_back(of.step, of.currency)
    context["sale"] = secrets.token_urlsafe(12)
    return render(page, status_code=status, house=house, typed=request.form, **context)


def _showings(of: Exchangeable, cinema_id: int) -> list[Showing]:
    """The shows of this cinema that the tickets may be changed for: the money goes into its drawers."""
    offered = offered_showings(of)
    found = [*([offered.here] if offered.here else []), *offered.others]
    return [one for one in found if one.cinema_id == cinema_id]


@pages.post("/bookings/<code>/exchange")
@staff(*SELLERS)
def begin_exchange_at_till(house: StaffHouse, code: str) -> AnyResponse:
    """Seats are kept for the till, for the same number of tickets; nothing changes before they are paid.

    Sent again, the form leads to what it began: `sale` names it, as at the till.
    """
    ref, cinema = _ref(code), house.the_cinema()
    shift = open_shift_of(house.person.id, cinema.id)
    if shift is None:
        return _exchange_page(house, ref, NoShift.default, NoShift.status)
    sale = request.form.get("sale", "")[:40] or secrets.token_urlsafe(12)
    if begun := begun_as(owner_of(shift.id, sale)):
        return redirect(url_for("staff.sale", code=begun), 303)
    show_id = request.form.get("show", type=int)
    change = Change(ref.show_id, ref.id, tuple(_numbers()))
    try:
        showings = _showings(exchangeable(ref.show_id, ref.id), cinema.id)
        if show_id is None or show_id not in {one.id for one in showings}:
            raise Invalid("Choose a show.")
        hold = exchange_best_seats(house.by, shift.id, sale, show_id, change)
    except DomainError as problem:
        return _exchange_page(house, ref, problem.message, problem.status)
    return redirect(url_for("staff.sale", code=hold.code), 303)


@pages.post("/shows/<int:show_id>/refunds/<int:number>/pay-out")
@staff(*SELLERS)
def pay_out_refund(house: StaffHouse, show_id: int, number: int) -> AnyResponse:
    """Money that waits for its customer: cancelled online, or a cancelled show."""
    cinema = house.the_cinema()
    shift = open_shift_of(house.person.id, cinema.id)
    if shift is None:
        raise NoShift
    paid = pay_out(house.by, shift.id, cinema.id, show_id, number)
    words = f"Hand out {format_money(paid, shift.currency)}." if paid else "This refund was paid out already."
    flash(words, "ok" if paid else "note")
    back = find_booking(request.form.get("back", ""))
    return redirect(url_for("staff.booking", code=back.code) if back else url_for("staff.shifts"), 303)
