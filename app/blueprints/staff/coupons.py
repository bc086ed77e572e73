"""Coupons at the manager's desk: the list, one made or changed, many of one use each, stopped and started, and who used it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.coupons import CouponState
from app.domain.staff import Role
from app.errors import CodeTaken, ConcurrentModification, Forbidden, Invalid
from app.money import write_amount
from app.queries.coupons import (
    PAGE,
    CouponRow,
    CouponSearch,
    all_uses,
    codes_made_with,
    coupon_by_id,
    coupons_within,
    films_to_name,
    mark_of,
    taken_off,
    uses_of,
    was_entered,
)
from app.services import offers
from app.services.offers import NewCoupon
from app.web.csv_files import csv_file
from app.web.guards import staff
from app.web.offers_forms import CouponForm
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import typed_reason

USES = ("typed in at", "booking", "film", "cinema", "show", "e-mail", "amount", "currency", "booking's state")


@pages.get("/coupons")
@staff(Role.MANAGER)
def coupons(house: StaffHouse) -> Response:
    """Those of the cinemas within reach, and those that hold at every cinema."""
    args = request.args
    state = args.get("state", "") if args.get("state") in set(CouponState) else ""
    words = args.get("q", "")[:100]
    found = coupons_within(CouponSearch(house.where, words, state, _page_number()))

    def href(page: int) -> str:
        return url_for("staff.coupons", q=words or None, state=state or None, page=page)

    return render(
        "staff/desk/coupons.html",
        house=house,
        found=found,
        words=words,
        state=state,
        states=list(CouponState),
        href=href,
    )


def _page_number() -> int:
    """Of the address; what is no sensible number is the first page."""
    page = request.args.get("page", 1, type=int)
    return page if 1 <= page <= 100_000 else 1


def _form(house: StaffHouse, kept: CouponRow | None = None) -> CouponForm:
    films = films_to_name(kept.film_slug if kept else None)
    return CouponForm(house.cinemas, house.where.everywhere, house.cinema, films, kept)


@pages.route("/coupons/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.coupon", coupon_id=made))
def new_coupon(house: StaffHouse) -> AnyResponse:
    form = _form(house)
    if form.validate_on_submit():
        new = form.read()
        made = _try(form, lambda: offers.create_coupon(new, house.by)) if new else None
        if made is not None:
            flash("The coupon is made.", "ok")
            return redirect(url_for("staff.coupon", coupon_id=made), 303)
    return _edit(house, form, None)


@pages.route("/coupons/batch", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made: _batch_file(codes_made_with(made)))
def coupon_batch(house: StaffHouse) -> AnyResponse:
    """Many codes of one use each, taken along as a file."""
    form = _form(house)
    if form.validate_on_submit():
        count, new = form.number("count", 0), form.read()
        made = _try(form, lambda: offers.create_batch(new, count or 0, house.by)) if new else None
        if made is not None:
            return _batch_file([(code, form.name.data) for code in made])
    return _edit(house, form, None, batch=True)


def _batch_file(codes: Sequence[tuple[str, str]]) -> Response:
    return csv_file("coupons", ("code", "name"), codes)


def _try(form: CouponForm, act: Any) -> Any:
    """What comes of it; None with the refusal at its field."""
    try:
        return act()
    except CodeTaken as problem:
        form.blame("code", problem.message)
    except Forbidden as problem:
        form.blame("cinema", problem.message)
    except Invalid as problem:
        fields: dict[str, str] = problem.details.get("fields", {"code": problem.message})
        for name, words in fields.items():
            form.blame(name, words)
    return None


def _edit(
    house: StaffHouse, form: CouponForm, kept: CouponRow | None, *, entered: bool = False, batch: bool = False
) -> Response:
    return render(
        "staff/desk/coupon_form.html",
        status_code=422 if form.errors else 200,
        house=house,
        form=form,
        kept=kept,
        entered=entered,
        batch=batch,
    )


@pages.route("/coupons/<int:coupon_id>/change", methods=["GET", "POST"])
@staff(Role.MANAGER)
def change_coupon(house: StaffHouse, coupon_id: int) -> AnyResponse:
    kept, entered = coupon_by_id(coupon_id), was_entered(coupon_id)
    form = _form(house, kept)
    form.code.data = kept.code
    if form.is_submitted() and entered:
        form.keep_promised()
    if not form.is_submitted():
        form.seen.data = mark_of(coupon_id)
    elif form.validate():
        new = form.read()
        try:
            changed = new is not None and _try(form, lambda: _change(house, new, form.seen.data or ""))
        except ConcurrentModification as problem:
            flash(problem.message, "warn")
            return redirect(url_for("staff.coupon", coupon_id=coupon_id), 303)
        if changed:
            flash("The coupon is changed.", "ok")
            return redirect(url_for("staff.coupon", coupon_id=coupon_id), 303)
    return _edit(house, form, kept, entered=entered)


def _change(house: StaffHouse, new: NewCoupon, seen: str) -> bool:
    offers.change_coupon(new, seen, house.by)
    return True


@pages.get("/coupons/<int:coupon_id>")
@staff(Role.MANAGER)
def coupon(house: StaffHouse, coupon_id: int) -> Response:
    page = _page_number()
    uses = uses_of(coupon_id, house.where, page)
    links: dict[str, Any] = {
        "older": url_for("staff.coupon", coupon_id=coupon_id, page=page + 1) if len(uses) > PAGE else None,
        "newest": url_for("staff.coupon", coupon_id=coupon_id) if page > 1 else None,
    }
    return render(
        "staff/desk/coupon.html",
        house=house,
        coupon=coupon_by_id(coupon_id),
        entered=was_entered(coupon_id),
        uses=uses[:PAGE],
        off=taken_off(coupon_id),
        **links,
    )


@pages.get("/coupons/<int:coupon_id>/uses.csv")
@staff(Role.MANAGER)
def coupon_uses(house: StaffHouse, coupon_id: int) -> Response:
    code = coupon_by_id(coupon_id).code
    return csv_file(f"coupon-{code.lower()}", USES, _cells(coupon_id, house))


def _cells(coupon_id: int, house: StaffHouse) -> Iterator[list[Any]]:
    for use in all_uses(coupon_id, house.where):
        amount = write_amount(use.amount_minor, use.currency)
        yield [use.at, use.code, use.film, use.cinema, use.starts_at, use.email, amount, use.currency, use.state]


@pages.post("/coupons/<int:coupon_id>/stop")
@staff(Role.MANAGER)
def stop_coupon(house: StaffHouse, coupon_id: int) -> AnyResponse:
    stopped = offers.archive_coupon(coupon_by_id(coupon_id).code, house.by, typed_reason())
    flash(*(("The coupon is stopped.", "ok") if stopped else ("It was stopped already.", "note")))
    return redirect(url_for("staff.coupon", coupon_id=coupon_id), 303)


@pages.post("/coupons/<int:coupon_id>/start")
@staff(Role.MANAGER)
def start_coupon(house: StaffHouse, coupon_id: int) -> AnyResponse:
    started = offers.start_again(coupon_by_id(coupon_id).code, house.by)
    flash(*(("The coupon is in use again.", "ok") if started else ("It was in use already.", "note")))
    return redirect(url_for("staff.coupon", coupon_id=coupon_id), 303)
