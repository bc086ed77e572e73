"""Prices: the lists and rules of a cinema on one page, and each list with its versions and the shows that have it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.price_lists import LISTED, Cell, at_the_plain_price, filled, rounding_step
from app.domain.price_rules import week_of
from app.domain.pricing import TYPE_NAMES
from app.domain.staff import Role
from app.errors import ConcurrentModification, Conflict, Invalid
from app.queries.price_pages import (
    PriceListPage,
    categories_of,
    price_list_page,
    prices_of,
    prices_page,
    sources_for,
)
from app.services import price_lists as services
from app.services.price_moves import Along
from app.web.guards import staff
from app.web.once import once
from app.web.price_forms import (
    MORE_ROWS,
    AlongForm,
    ChangeListForm,
    DefaultForm,
    FillForm,
    NameForm,
    NewListForm,
    PricesForm,
    price_table_form,
)
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error

TABLE: dict[str, Any] = {"types": LISTED, "type_names": TYPE_NAMES, "more_rows": MORE_ROWS}


@pages.get("/prices")
@staff(Role.MANAGER)
def prices(house: StaffHouse) -> Response:
    """The lists, the rules by which new shows get them, and what a week costs by these."""
    cinema = house.the_cinema()
    shown = prices_page(cinema.id)
    monday, screen_id = _monday(house), request.args.get("screen", type=int)
    screen_id = screen_id if screen_id in shown.screens else None
    default = DefaultForm([(one.id, one.name) for one in shown.lists], shown.picker.default)
    return render(
        "staff/prices/prices.html",
        house=house,
        cinema=cinema,
        shown=shown,
        default=default,
        monday=monday,
        days=[monday + dt.timedelta(days=number) for number in range(7)],
        bands=week_of(shown.picker, monday, screen_id),
        screen_id=screen_id,
    )


def _monday(house: StaffHouse) -> dt.date:
    """Of the week asked for, or of this one on the cinema's clocks."""
    try:
        day = dt.date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        day = house.now.date()
    day = min(max(day, dt.date(2000, 1, 10)), dt.date(2200, 1, 1))
    return day - dt.timedelta(days=day.weekday())


@pages.route("/cinemas/<int:cinema_id>/prices/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made, cinema_id: url_for("staff.price_list", price_list_id=made))
def new_prices(house: StaffHouse, cinema_id: int) -> AnyResponse:
    """A new list, from nothing, from one price, or from another list in the same currency."""
    cinema = house.the_cinema()
    sources = sources_for(cinema, house.cinemas)
    copied = _copied({one.id for one in sources})
    categories = categories_of(cinema_id, copied)
    fill, start = _fill(cinema.currency, categories)
    name = request.args.get("name", "")[:80]
    form = price_table_form(NewListForm, categories, cinema.currency, start or copied, name=name)
    refused = ""
    if form.validate_on_submit():
        try:
            made = services.make_list(house.by, cinema_id, form.name.data, form.prices())
        except Invalid as problem:
            refused = _at_the_field(form, problem)
        else:
            flash("The list is made. Which shows get it is said by the rules.", "ok")
            return redirect(url_for("staff.price_list", price_list_id=made), 303)
    status = 422 if form.errors or refused else 200
    return render(
        "staff/prices/new.html", status_code=status, house=house, cinema=cinema, form=form, fill=fill,
        sources=sources, source=request.args.get("from", type=int), categories=categories, refused=refused, **TABLE,
    )  # fmt: skip


def _copied(allowed: set[int]) -> dict[Cell, int]:
    source = request.args.get("from", type=int)
    return prices_of(source) if source in allowed else {}


def _fill(currency: str, categories: dict[str, str]) -> tuple[FillForm, dict[Cell, int]]:
    """What one price makes of the whole table, if the address asks for it."""
    asked = "adult" in request.args
    fill = FillForm(currency, request.args if asked else None)
    if not asked or not fill.validate() or fill.adult.minor is None or not categories:
        return fill, {}
    plain = at_the_plain_price(categories)
    extras = {code: 0 if code in plain else fill.extra.data or 0 for code in categories}
    shares = {kind: getattr(fill, kind.value).data for kind in LISTED[1:]}
    known = {kind: share for kind, share in shares.items() if share is not None}
    return fill, filled(fill.adult.minor, extras, known, rounding_step(currency))


def _at_the_field(form: Any, problem: Invalid) -> str:
    """Put what is wrong at its field; what has none is given back."""
    for name in problem.details.get("fields", ()):
        if name in form:
            form[name].errors = [problem.message]
            return ""
    return problem.message


@pages.route("/price-lists/<int:price_list_id>", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made, price_list_id: url_for("staff.price_list", price_list_id=made))
def price_list(house: StaffHouse, price_list_id: int) -> AnyResponse:
    """One version of a list. What is kept here becomes the next version."""
    shown = price_list_page(price_list_id)
    fill, start = _fill(shown.currency, shown.categories)
    form = price_table_form(ChangeListForm, shown.categories, shown.currency, start or shown.prices)
    if not form.validate_on_submit():
        return _list_page(house, shown, form, fill, status=422 if form.errors else 200)
    try:
        done = services.change_list(house.by, price_list_id, form.prices(), Along(form.along.data), form.reason.data)
    except (ConcurrentModification, Invalid) as problem:
        return _list_page(house, shown, form, fill, problem.message, problem.status)
    words = f"Version {done.version} holds for new shows from now on. {done.shows.words}"
    return _back(done.price_list_id, words.strip())


def _list_page(
    house: StaffHouse,
    shown: PriceListPage,
    form: PricesForm,
    fill: FillForm,
    refused: str = "",
    status: int = 200,
    naming: NameForm | None = None,
) -> Response:
    naming = naming or NameForm(formdata=None, name=shown.name)
    return render(
        "staff/prices/list.html", status_code=status, house=house, shown=shown, form=form, fill=fill, refused=refused,
        naming=naming, categories=shown.categories, **TABLE,
    )  # fmt: skip


@pages.post("/price-lists/<int:price_list_id>/shows")
@staff(Role.MANAGER)
def move_to_prices(house: StaffHouse, price_list_id: int) -> AnyResponse:
    """Coming shows with an earlier version get this one."""
    form = AlongForm()
    if not form.validate_on_submit():
        raise Invalid(first_error(form))
    done = services.take_shows_along(house.by, price_list_id, Along(form.along.data), form.reason.data)
    return _back(price_list_id, done.words or "There was no such show any more.")


@pages.post("/price-lists/<int:price_list_id>/name")
@staff(Role.MANAGER)
def rename_prices(house: StaffHouse, price_list_id: int) -> AnyResponse:
    naming = NameForm()
    if naming.validate_on_submit():
        try:
            services.rename_list(house.by, price_list_id, naming.name.data)
        except Invalid as problem:
            naming.name.errors = [problem.message]
        else:
            return _back(price_list_id, f"The list is called {naming.name.data} now.")
    shown = price_list_page(price_list_id)
    form = price_table_form(ChangeListForm, shown.categories, shown.currency, shown.prices, formdata=None)
    return _list_page(house, shown, form, FillForm(shown.currency, None), status=422, naming=naming)


@pages.post("/price-lists/<int:price_list_id>/archive")
@staff(Role.MANAGER)
def archive_prices(house: StaffHouse, price_list_id: int) -> AnyResponse:
    try:
        services.archive_list(house.by, price_list_id)
    except Conflict as problem:
        flash(problem.message, "warn")
        return redirect(url_for("staff.price_list", price_list_id=price_list_id), 303)
    return _back(price_list_id, "The list is put away: new shows don't get it, and shows that have it keep it.")


@pages.post("/price-lists/<int:price_list_id>/restore")
@staff(Role.MANAGER)
def restore_prices(house: StaffHouse, price_list_id: int) -> AnyResponse:
    services.restore_list(house.by, price_list_id)
    return _back(price_list_id, "The list is offered to new shows again.")


def _back(price_list_id: int, words: str) -> AnyResponse:
    flash(words, "ok")
    return redirect(url_for("staff.price_list", price_list_id=price_list_id), 303)
