"""A customer's booking at the counter: found by whatever they have, printed, sent, refunded, noted."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.blueprints.staff.box_office import SELLERS, qr_codes
from app.config import settings
from app.domain.links import booking_link
from app.domain.staff import Role
from app.domain.states import BookingState
from app.errors import DomainError, Invalid, NoShift, NotFound
from app.money import format_money
from app.queries.bookings import BookingRef, find_booking
from app.queries.box_office import (
    find_for_counter,
    open_shift_of,
    paid_at_counter,
    waiting_refunds,
    what_staff_did,
)
from app.queries.tickets import booking_view
from app.services import counter_bookings
from app.services.cancelling import preview_cancellation
from app.services.counter_refunds import cancel_at_counter, pay_out
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse


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


def _page(house: StaffHouse, ref: BookingRef, problem: str = "", status: int = 200) -> Response:
    view = booking_view(ref.show_id, ref.id)
    paid = view.state in (BookingState.CONFIRMED, BookingState.CANCELLED)
    cinema = house.the_cinema()
    return render(
        "staff/box_office/booking.html",
        status_code=status,
        house=house,
        b=view,
        preview=preview_cancellation(ref.show_id, ref.id, None) if paid else None,
        counter=paid_at_counter(ref.show_id, ref.id),
        happened=what_staff_did(ref.id),
        waiting=waiting_refunds(cinema.id, ref.code),
        link=booking_link("", settings.secret_key, ref.code),
        change=booking_link("", settings.secret_key, ref.code).replace("?", "/exchange?"),
        shift=open_shift_of(house.person.id, cinema.id),
        problem=problem,
        manager=Role.MANAGER,
    )


def _done(house: StaffHouse, code: str, act: Callable[[BookingRef], str]) -> AnyResponse:
    ref = _ref(code)
    try:
        flash(act(ref), "ok")
    except DomainError as problem:
        return _page(house, ref, problem.message, problem.status)
    return redirect(url_for("staff.booking", code=ref.code), 303)


@pages.post("/bookings/<code>/resend")
@staff(*SELLERS)
def resend_booking(house: StaffHouse, code: str) -> AnyResponse:
    return _done(
        house,
        code,
        lambda ref: f"The tickets go to {counter_bookings.resend_tickets(house.by, ref.show_id, ref.id)} again.",
    )


@pages.post("/bookings/<code>/note")
@staff(*SELLERS)
def note_booking(house: StaffHouse, code: str) -> AnyResponse:
    def act(ref: BookingRef) -> str:
        counter_bookings.note_booking(house.by, ref.show_id, ref.id, request.form.get("note", ""))
        return "The note is kept."

    return _done(house, code, act)


@pages.post("/bookings/<code>/reprint")
@staff(*SELLERS)
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


@pages.post("/bookings/<code>/cancel")
@staff(*SELLERS)
def cancel_booking(house: StaffHouse, code: str) -> AnyResponse:
    """Give seats back: all of the money, or what was promised."""

    def act(ref: BookingRef) -> str:
        shift = open_shift_of(house.person.id, house.the_cinema().id)
        numbers = request.form.getlist("tickets", type=int)[:50]
        if not numbers:
            raise Invalid("Tick the tickets that are given back.")
        full = request.form.get("how") != "policy"
        preview = preview_cancellation(ref.show_id, ref.id, numbers)
        result = preview.result
        done = cancel_at_counter(
            house.by,
            ref.show_id,
            ref.id,
            numbers,
            full=full,
            expected_minor=result.value_minor if full else result.returned_minor,
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
    return redirect(url_for("staff.shifts"), 303)
