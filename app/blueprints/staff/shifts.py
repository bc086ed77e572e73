"""Shifts: opened with a float, looked at, cashed up, printed."""

from __future__ import annotations

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.errors import DomainError, Invalid
from app.money import BadAmount, read_amount
from app.queries.box_office import open_shift_of, waiting_refunds
from app.queries.shifts import shift_sheet, shifts_of
from app.services import shifts as services
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse


@pages.get("/shifts")
@staff(Role.BOX_OFFICE, Role.MANAGER)
def shifts(house: StaffHouse) -> Response:
    return _list(house)


def _list(house: StaffHouse, problem: str = "") -> Response:
    cinema = house.the_cinema()
    mine = open_shift_of(house.person.id, cinema.id)
    everybody = house.may(Role.MANAGER)
    rows = [row for row in shifts_of(cinema.id) if everybody or row.user_id == house.person.id]
    waiting = waiting_refunds(cinema.id)
    status = Invalid.status if problem else 200
    page = "staff/box_office/shifts.html"
    return render(page, status_code=status, house=house, mine=mine, rows=rows, waiting=waiting, problem=problem)


@pages.post("/shifts")
@staff(Role.BOX_OFFICE, Role.MANAGER)
@once(lambda made: url_for("staff.box_office"))
def begin_shift(house: StaffHouse) -> AnyResponse:
    cinema = house.the_cinema()
    try:
        minor = read_amount(request.form.get("float", ""), cinema.currency)
        services.open_shift(house.by, cinema.id, minor, request.form.get("paper", "roll"))
    except (BadAmount, DomainError) as problem:
        return _list(house, str(problem))
    return redirect(url_for("staff.box_office"), 303)


@pages.get("/shifts/<int:shift_id>")
@staff(Role.BOX_OFFICE, Role.MANAGER)
def shift(house: StaffHouse, shift_id: int) -> AnyResponse:
    """The running total, or the end-of-day sheet of a closed one."""
    return _sheet(house, shift_id)


def _sheet(house: StaffHouse, shift_id: int, problem: str = "") -> AnyResponse:
    sheet = shift_sheet(shift_id)
    own = sheet.user_id == house.person.id
    if not own and not house.may(Role.MANAGER):
        flash("That is somebody else's shift; a manager may look at it.", "note")
        return redirect(url_for("staff.shifts"), 303)
    status = Invalid.status if problem else 200
    waiting = [] if sheet.closed_at else waiting_refunds(house.the_cinema().id)
    return render(
        "staff/box_office/shift.html", status_code=status, house=house, sheet=sheet, own=own, problem=problem,
        waiting=waiting, typed=request.form,
    )  # fmt: skip


@pages.post("/shifts/<int:shift_id>/close")
@staff(Role.BOX_OFFICE, Role.MANAGER)
def end_shift(house: StaffHouse, shift_id: int) -> AnyResponse:
    try:
        minor = read_amount(request.form.get("counted", ""), shift_sheet(shift_id).currency)
        services.close_shift(house.by, shift_id, minor, request.form.get("note", ""))
    except (BadAmount, DomainError) as problem:
        return _sheet(house, shift_id, str(problem))
    flash("The shift is closed. Print its sheet and put it with the money.", "ok")
    return redirect(url_for("staff.shift", shift_id=shift_id), 303)
