"""The rules by which new shows get their prices: made, changed, put into order, taken away, carried out."""

from __future__ import annotations

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.errors import ConcurrentModification, Invalid, NotFound
from app.queries.price_pages import PricesPage, prices_page
from app.services import price_rules as services
from app.web.guards import staff
from app.web.once import once
from app.web.price_forms import DefaultForm, RuleForm
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error, read_revision, typed_reason


@pages.route("/cinemas/<int:cinema_id>/price-rules/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made, cinema_id: url_for("staff.prices"))
def new_price_rule(house: StaffHouse, cinema_id: int) -> AnyResponse:
    shown = prices_page(cinema_id)
    form = RuleForm(_lists(shown), shown.screens, revision=shown.revision)
    if form.validate_on_submit():
        try:
            services.add_rule(house.by, cinema_id, form.seen, form.rule)
        except (ConcurrentModification, Invalid) as problem:
            return _rule_page(house, shown, form, None, problem)
        return _back("The rule is kept. It picks the prices of new shows; shows that are there keep theirs.")
    return _rule_page(house, shown, form, None)


@pages.route("/price-rules/<int:price_rule_id>", methods=["GET", "POST"])
@staff(Role.MANAGER)
def price_rule(house: StaffHouse, price_rule_id: int) -> AnyResponse:
    shown = prices_page(house.the_cinema().id)
    row = next((one for one in shown.rules if one.id == price_rule_id), None)
    if row is None:
        raise NotFound("There is no such rule any more.")
    form = RuleForm(_lists(shown), shown.screens, row.rule, shown.revision)
    if form.validate_on_submit():
        try:
            services.change_rule(house.by, price_rule_id, form.seen, form.rule)
        except (ConcurrentModification, Invalid) as problem:
            return _rule_page(house, shown, form, price_rule_id, problem)
        return _back("The rule is changed. It picks the prices of new shows; shows that are there keep theirs.")
    return _rule_page(house, shown, form, price_rule_id)


def _lists(shown: PricesPage) -> list[tuple[int, str]]:
    return [(one.id, one.name) for one in shown.lists]


def _rule_page(
    house: StaffHouse,
    shown: PricesPage,
    form: RuleForm,
    rule_id: int | None,
    problem: ConcurrentModification | Invalid | None = None,
) -> Response:
    """The form; what is wrong stands at its field, or above where it has none."""
    refused, status = "", 422 if form.errors else 200
    if problem is not None:
        status, refused = problem.status, problem.message
        for name in problem.details.get("fields", ()):
            form[name].errors, refused = [problem.message], ""
    return render(
        "staff/prices/rule.html", status_code=status, house=house, shown=shown, form=form, rule_id=rule_id,
        refused=refused,
    )  # fmt: skip


@pages.post("/price-rules/<int:price_rule_id>/shift")
@staff(Role.MANAGER)
def shift_price_rule(house: StaffHouse, price_rule_id: int) -> AnyResponse:
    """One place up or down, as the pressed button says."""
    services.shift_rule(house.by, price_rule_id, _seen(), request.form.get("way") == "up")
    return _back("The order is changed.")


@pages.post("/price-rules/<int:price_rule_id>/remove")
@staff(Role.MANAGER)
def remove_price_rule(house: StaffHouse, price_rule_id: int) -> AnyResponse:
    services.remove_rule(house.by, price_rule_id, _seen())
    return _back("The rule is taken away. Shows that are there keep their prices.")


@pages.post("/cinemas/<int:cinema_id>/price-rules/default")
@staff(Role.MANAGER)
def default_prices(house: StaffHouse, cinema_id: int) -> AnyResponse:
    form = DefaultForm(_lists(prices_page(cinema_id)))
    if not form.validate_on_submit():
        raise Invalid(first_error(form))
    services.choose_default(house.by, cinema_id, form.seen, form.price_list_id.data)
    return _back("Chosen. Shows that are there keep their prices.")


@pages.post("/cinemas/<int:cinema_id>/price-rules/carry-out")
@staff(Role.MANAGER)
def carry_out_price_rules(house: StaffHouse, cinema_id: int) -> AnyResponse:
    done = services.carry_out_rules(house.by, cinema_id, _seen(), typed_reason())
    return _back(done.words or "Every such show has the prices that the rules say.")


def _seen() -> int:
    """The revision of the rules that the page showed."""
    return read_revision(request.form.get("revision"))


def _back(words: str) -> AnyResponse:
    flash(words, "ok")
    return redirect(url_for("staff.prices"), 303)
