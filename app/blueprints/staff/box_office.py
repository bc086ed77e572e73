"""The counter: one page on which a show, tickets, seats and money come together, by keyboard, touch or plain forms."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.staff import pages
from app.blueprints.staff.sale_map import map_of_sale, names_of
from app.config import settings
from app.db import db, end_read
from app.domain.counter import LETTERS, WHEELCHAIR, BadEntry, CounterTender, kinds_of, parse_entry
from app.domain.gift_cards import looks_like_code
from app.domain.pricing import TYPE_NAMES, TicketType
from app.domain.staff import Role
from app.domain.states import BookingState, ShowState
from app.errors import ConcurrentModification, DomainError, InvalidCoupon, InvalidSeats, NotFound, SeatsTaken
from app.models import Booking
from app.money import BadAmount, read_amount
from app.queries.bookings import BookingRef, find_booking
from app.queries.box_office import (
    OpenShift,
    WaitingRefund,
    credits_entered,
    last_sales,
    open_shift_of,
    paid_at_counter,
    sessions_of_day,
    sold_as,
    waiting_refunds,
)
from app.queries.exchange_page import changes_of
from app.queries.tickets import BookingView, booking_view
from app.services import box_office as services
from app.services.counter_exchanges import change_of_sale, exchange_for_seats
from app.services.exchanging import Exchange, preview_exchange
from app.services.extras import add_coupon, add_gift_card
from app.services.holds import release_booking
from app.services.tickets import ticket_qr
from app.web.booking_forms import chosen_types
from app.web.guards import staff
from app.web.limits import count_code
from app.web.refund_words import customer_way
from app.web.render import render
from app.web.staff import StaffHouse

AHEAD = 60
"""Days that can be sold for at the counter."""
SELLERS = (Role.BOX_OFFICE, Role.MANAGER)
KEYS = [(letter, TYPE_NAMES[kind]) for letter, kind in LETTERS.items()] + [(WHEELCHAIR, "Wheelchair, companion")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the entry line or the fields say."""

    show_id: int
    letters: str
    tender: CounterTender | None
    given_minor: int | None
    reference: str = ""

    @property
    def money(self) -> services.Money | None:
        return services.Money(self.tender, self.given_minor, self.reference) if self.tender else None


@pages.get("/box-office")
@staff(*SELLERS)
def box_office(house: StaffHouse) -> AnyResponse:
    """A new sale. Without an open shift there is no drawer, so that comes first."""
    shift = _shift(house)
    return _page(house, shift) if shift else _to_the_shift()


def _shift(house: StaffHouse) -> OpenShift | None:
    return open_shift_of(house.person.id, house.the_cinema().id)


def _to_the_shift() -> AnyResponse:
    flash("Open a shift first: the money needs a drawer.", "warn")
    return redirect(url_for("staff.shifts"), 303)


def _page(house: StaffHouse, shift: OpenShift, problem: str = "", status: int = 200, **context: Any) -> Response:
    cinema = house.the_cinema()
    blank: dict[str, Any] = {
        "way_words": customer_way,
        "sale": None,
        "sold": None,
        "paid": None,
        "qrs": {},
        "every": settings.poll_seconds,
        "typed": request.form,
        "owed": [],
    }
    context, day = {**blank, **context}, _day_asked(house)
    return render(
        "staff/box_office/counter.html",
        status_code=status,
        house=house,
        shift=shift,
        sessions=sessions_of_day(cinema.id, cinema.timezone, day),
        day=day,
        days=_days(house),
        keys=KEYS,
        last=last_sales(shift.id),
        token=secrets.token_urlsafe(12),
        problem=problem,
        **context,
    )


def _day_asked(house: StaffHouse) -> dt.date | None:
    """The day whose shows are listed, of address or form; None for today, whose night goes on past midnight."""
    try:
        day = dt.date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None
    return day if 0 < (day - house.now.date()).days <= AHEAD else None


def _days(house: StaffHouse) -> list[dt.date]:
    """The days that tickets are sold for, today in."""
    return [house.now.date() + dt.timedelta(days=number) for number in range(AHEAD + 1)]


OVER = (
    "That sale was made already, and given back or changed since. Nothing was sold now; press once more for a new one."
)


@pages.post("/box-office/sell")
@staff(*SELLERS)
def sell(house: StaffHouse) -> AnyResponse:
    """Keep the best seats and, where the line says how it is paid, sell them at once."""
    shift = _shift(house)
    if shift is None:
        return _to_the_shift()
    token = request.form.get("sale", "")[:40] or secrets.token_urlsafe(12)
    done = sold_as(services.owner_of(shift.id, token))
    if done:
        return _page(house, shift, OVER, 409) if done.is_over else _to_sale(done.code)
    try:
        wanted = _wanted(house, shift)
        kinds, wheelchairs = kinds_of(wanted.letters)
        hold = services.keep_best_seats(house.by, shift.id, token, wanted.show_id, kinds, wheelchairs)
    except (BadEntry, BadAmount, DomainError) as problem:
        return _page(house, shift, str(problem), getattr(problem, "status", 422))
    if wanted.money:
        _take(house, shift, hold.show_id, hold.booking_id, wanted.money)
        done = sold_as(services.owner_of(shift.id, token))
        return _to_sale(done.code if done else hold.code)
    return _to_sale(hold.code)


def _to_sale(code: str) -> AnyResponse:
    return redirect(url_for("staff.sale", code=code), 303)


def _take(house: StaffHouse, shift: OpenShift, show_id: int, booking_id: int, money: services.Money) -> None:
    """Take the money, or say what is missing; the seats stay kept."""
    name = request.form.get("name", "")
    try:
        services.take_payment(house.by, shift.id, show_id, booking_id, money, name)
    except ConcurrentModification:
        flash("This sale was taken already.", "note")
    except DomainError as problem:
        flash(problem.message, "bad")


def _wanted(house: StaffHouse, shift: OpenShift) -> Wanted:
    """Raises BadEntry. A number in the line means the show that the page listed under it, whatever began meanwhile."""
    cinema = house.the_cinema()
    on_sale = {one.id for one in sessions_of_day(cinema.id, cinema.timezone, _day_asked(house))}
    line = request.form.get("entry", "").strip()
    wanted = _of_line(line, shift) if line else _of_fields(shift)
    if wanted.show_id not in on_sale:
        raise BadEntry("This show is not on sale any more. Choose another one.")
    return wanted


def _of_line(line: str, shift: OpenShift) -> Wanted:
    entry = parse_entry(line)
    listed = [int(one) for one in request.form.get("listed", "").split(",") if one.isdecimal() and len(one) < 16]
    if not 1 <= entry.show <= len(listed):
        raise BadEntry(f"There is no show {entry.show} on this page.")
    given = read_amount(entry.cash, shift.currency) if entry.cash else None
    return Wanted(listed[entry.show - 1], entry.letters, entry.tender, given, entry.reference)


def _of_fields(shift: OpenShift) -> Wanted:
    show_id = request.form.get("show", type=int)
    if show_id is None:
        raise BadEntry("Choose a show.")
    counts = {letter: request.form.get(f"n-{letter}", 0, type=int) for letter, _ in KEYS}
    letters = "".join(letter * min(max(count, 0), 10) for letter, count in counts.items())
    if not letters:
        raise BadEntry("Say how many tickets of which kind.")
    tender, given, reference = _tendered(shift.currency)
    return Wanted(show_id, letters, tender, given, reference)


def _tendered(currency: str) -> tuple[CounterTender | None, int | None, str]:
    """How the pressed button pays. Raises BadEntry."""
    pay, cash = request.form.get("pay", ""), request.form.get("cash", "").strip()
    if pay not in set(CounterTender):
        return None, None, ""
    tender = CounterTender(pay)
    given = read_amount(cash, currency) if cash and tender is CounterTender.CASH else None
    return tender, given, request.form.get("reference", "")[:60]


# A sale with its seats kept, or done


@pages.get("/box-office/sales/<code>")
@staff(*SELLERS)
def sale(house: StaffHouse, code: str) -> AnyResponse:
    """The kept seats on their map and the bill; once paid, the change and the tickets to print."""
    shift = _shift(house)
    if shift is None:
        return _to_the_shift()
    return _sale_page(house, shift, _own(shift, code))


def _own(shift: OpenShift, code: str) -> BookingRef:
    found = find_booking(code)
    if found is None or not found.owner_key.startswith(services.owner_of(shift.id, "")):
        raise NotFound("This is not a sale of your shift. Find it among the bookings.")
    return found


def _sale_page(
    house: StaffHouse, shift: OpenShift, ref: BookingRef, problem: str = "", status: int = 200
) -> AnyResponse:
    view = booking_view(ref.show_id, ref.id)
    if view.state == BookingState.CONFIRMED:
        paid = paid_at_counter(ref.show_id, ref.id)
        owed = _to_hand_out(house, ref)
        return _page(house, shift, problem, status, sold=view, paid=paid, qrs=qr_codes(view), owed=owed)
    if view.state == BookingState.CANCELLED:
        flash("This sale was made already, and given back or changed since.", "note")
        return redirect(url_for("staff.booking", code=view.code), 303)
    if view.state != BookingState.HELD or view.expires_at <= clock.now():
        flash(_why_not_kept(view), "warn")
        return redirect(url_for("staff.box_office"), 303)
    due = max(0, view.total_minor - credits_entered(ref.show_id, ref.id))
    replaced, exchange = change_of_sale(ref.show_id, ref.id), _exchange(view)
    context = {
        "map": map_of_sale(view),
        "most": len(replaced.numbers) if replaced else settings.max_seats,
        "kinds": kinds_on_offer(view),
        "due": due,
        "replaced": replaced,
        "exchange": exchange,
    }
    return _page(house, shift, problem, status, sale=view, **context)


def _why_not_kept(view: BookingView) -> str:
    """Why a sale can't go on: what the seller has to know with the customer in front of them."""
    if view.show_state == ShowState.CANCELLED:
        return "This show has been called off meanwhile. Nothing was sold; hand back what you were given."
    if view.state == BookingState.RELEASED:
        return "These seats were given up meanwhile. Nothing was sold; choose seats anew."
    return "The seats were kept too long and are free again. Nothing was sold; choose seats anew."


def _exchange(view: BookingView) -> Exchange | None:
    """What the sale's replaced seats pay, what is kept of them, and what goes back by which way."""
    booking = db.session.get_one(Booking, (view.show_id, view.id))
    found = preview_exchange(db.session(), booking, view.total_minor)
    end_read()
    return found


def _to_hand_out(house: StaffHouse, ref: BookingRef) -> list[WaitingRefund]:
    """What an exchange gave back of seats that were paid at a counter."""
    codes = [one.code for one in changes_of(ref.show_id, ref.id).instead_of]
    end_read()
    return [refund for code in codes for refund in waiting_refunds(house.the_cinema().id, code)]


def qr_codes(view: BookingView) -> dict[int, Markup]:
    """The tickets' codes by number, to be printed."""
    return {one.number: Markup(ticket_qr(view.code, one)) for one in view.tickets}  # noqa: S704  drawn by us


def kinds_on_offer(view: BookingView) -> list[tuple[str, str]]:
    """Every kind of ticket there is; one that the seat has no price for is refused with a sentence."""
    return [(kind.value, TYPE_NAMES[kind]) for kind in TicketType if kind is not TicketType.COMPANION]


@pages.post("/box-office/sales/<code>/seats")
@staff(*SELLERS)
def sale_seats(house: StaffHouse, code: str) -> AnyResponse:
    """Other seats for the same sale."""

    def change(shift: OpenShift, ref: BookingRef) -> str:
        values = request.form.getlist("seats")
        if any(not one.isdecimal() or len(one) > 15 for one in values):
            raise InvalidSeats("Those are no seats of this show.")
        view = booking_view(ref.show_id, ref.id)
        kinds = [TicketType(one.ticket_type) for one in view.tickets if one.ticket_type != TicketType.COMPANION]
        token = ref.owner_key.rpartition(":")[2]
        seats = [int(one) for one in values]
        replaced = change_of_sale(ref.show_id, ref.id)
        if replaced:
            return exchange_for_seats(house.by, shift.id, token, ref.show_id, seats, replaced).code
        return services.keep_these_seats(house.by, shift.id, token, ref.show_id, seats, kinds).code

    return _changed(house, code, change)


def _changed(house: StaffHouse, code: str, change: Any) -> AnyResponse:
    """Do it to the sale and show it; a refusal is told on the page, with everything as it was."""
    shift = _shift(house)
    if shift is None:
        return _to_the_shift()
    ref = _own(shift, code)
    try:
        return _to_sale(change(shift, ref) or ref.code)
    except SeatsTaken as problem:
        return _sale_page(house, shift, ref, _gone(ref.show_id, problem), problem.status)
    except (BadEntry, BadAmount, DomainError) as problem:
        return _sale_page(house, shift, ref, str(problem), getattr(problem, "status", 422))


def _gone(show_id: int, problem: SeatsTaken) -> str:
    gone = problem.details["taken"]
    went = f"{names_of(show_id, gone)} {'has' if len(gone) == 1 else 'have'} just been taken."
    return f"{went} The sale keeps the seats that it has."


@pages.post("/box-office/sales/<code>/kinds")
@staff(*SELLERS)
def sale_kinds(house: StaffHouse, code: str) -> AnyResponse:
    """Which seat is whose: adult, child …"""

    def change(shift: OpenShift, ref: BookingRef) -> None:
        view = booking_view(ref.show_id, ref.id)
        types = chosen_types(request.form, [one.seat_id for one in view.tickets])
        services.price_sale(house.by, shift.id, ref.show_id, ref.id, types)

    return _changed(house, code, change)


@pages.post("/box-office/sales/<code>/code")
@staff(*SELLERS)
def sale_code(house: StaffHouse, code: str) -> AnyResponse:
    """A coupon or a gift card."""

    def change(shift: OpenShift, ref: BookingRef) -> None:
        typed = request.form.get("code", "").strip()[:60]
        count_code()
        try:
            name = add_coupon(ref.show_id, ref.id, typed)
            flash(f"{name} counts.", "ok")
        except InvalidCoupon:
            if not looks_like_code(typed):
                raise
            add_gift_card(ref.show_id, ref.id, typed)
            flash("The gift card pays what it holds; the rest is to pay.", "ok")
        services.price_sale(house.by, shift.id, ref.show_id, ref.id, {})

    return _changed(house, code, change)


@pages.post("/box-office/sales/<code>/pay")
@staff(*SELLERS)
def sale_pay(house: StaffHouse, code: str) -> AnyResponse:
    def change(shift: OpenShift, ref: BookingRef) -> None:
        tender, given, reference = _tendered(shift.currency)
        money = services.Money(tender or CounterTender.CASH, given, reference)
        services.take_payment(house.by, shift.id, ref.show_id, ref.id, money, request.form.get("name", ""))

    return _changed(house, code, change)


@pages.post("/box-office/sales/<code>/release")
@staff(*SELLERS)
def sale_release(house: StaffHouse, code: str) -> AnyResponse:
    """Nobody wants them after all."""
    shift = _shift(house)
    if shift is None:
        return _to_the_shift()
    ref = _own(shift, code)
    release_booking(ref.show_id, ref.id, house.by.actor)
    return redirect(url_for("staff.box_office"), 303)
