"""Rules that raise and lower prices by demand: what they are, how far they go, and what they do now."""

from __future__ import annotations

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.demand import preview
from app.domain.pricing import Tariff
from app.domain.staff import Role
from app.errors import ConcurrentModification, Invalid
from app.money import CURRENCIES, format_money
from app.queries.demand import ChangedShow, DemandPage, coming_shows, demand_page, demand_rule
from app.services import demand as services
from app.web.demand_forms import ChangedRuleForm, LimitsForm, RuleForm, SwitchForm
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error


@pages.get("/demand")
@staff(Role.MANAGER)
def demand(house: StaffHouse) -> Response:
    """The rules of the chosen cinema, what they would make of any show, and the coming shows they change now."""
    cinema = house.the_cinema()
    page = demand_page(cinema.id)
    form = LimitsForm(cinema.currency)
    form.show(page.limits, page.limits_revision)
    return _demand(house, page, form)


def _demand(house: StaffHouse, page: DemandPage, form: LimitsForm, status: int = 200) -> Response:
    """`sample` is a price as they are there: £10.00, JP¥1,000, KWD 10.000."""
    currency = house.the_cinema().currency
    sample = 10 ** max(3, CURRENCIES[currency] + 1)

    def made(show: ChangedShow) -> str:
        return format_money(Tariff(0, show.percent, show.step_minor).of(sample), currency)

    return render(
        "staff/demand/demand.html",
        status_code=status,
        house=house,
        now=page,
        form=form,
        preview=preview(page.in_use, page.limits),
        sample=format_money(sample, currency),
        made=made,
    )


@pages.post("/cinemas/<int:cinema_id>/demand/limits")
@staff(Role.MANAGER)
def demand_limits(house: StaffHouse, cinema_id: int) -> AnyResponse:
    form, status = LimitsForm(house.the_cinema().currency), 422
    if form.validate_on_submit():
        try:
            services.set_limits(house.by, cinema_id, form.seen, form.limits, form.why.data)
            return _back("The limits are kept. Prices follow within a minute.")
        except ConcurrentModification as problem:
            form.form_errors.append(problem.message)
            status = problem.status
    return _demand(house, demand_page(cinema_id), form, status)


@pages.route("/cinemas/<int:cinema_id>/demand/rules/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made, cinema_id: url_for("staff.demand"))
def new_demand_rule(house: StaffHouse, cinema_id: int) -> AnyResponse:
    form = RuleForm()
    if form.validate_on_submit():
        try:
            services.add_rule(house.by, cinema_id, form.rule)
            return _back("The rule is in use. Prices follow within a minute.")
        except Invalid as problem:
            form.form_errors.append(problem.message)
    return render("staff/demand/rule.html", status_code=422 if form.errors else 200, house=house, form=form, row=None)


@pages.route("/demand/rules/<int:demand_rule_id>", methods=["GET", "POST"])
@staff(Role.MANAGER)
def one_demand_rule(house: StaffHouse, demand_rule_id: int) -> AnyResponse:
    form, row, status = ChangedRuleForm(), demand_rule(demand_rule_id), 422
    if form.validate_on_submit():
        try:
            services.change_rule(house.by, demand_rule_id, form.seen, form.rule, form.why.data)
            return _back("The rule is changed. Prices follow within a minute.")
        except ConcurrentModification as problem:
            form.form_errors.append(problem.message)
            status = problem.status
    elif not form.is_submitted():
        form.show(row.rule, row.revision)
    status, coming = status if form.errors else 200, coming_shows(row.cinema_id)
    return render("staff/demand/rule.html", status_code=status, house=house, form=form, row=row, coming=coming)


@pages.post("/demand/rules/<int:demand_rule_id>/switch-on")
@staff(Role.MANAGER)
def demand_rule_on(house: StaffHouse, demand_rule_id: int) -> AnyResponse:
    return _switched(house, demand_rule_id, True)


@pages.post("/demand/rules/<int:demand_rule_id>/switch-off")
@staff(Role.MANAGER)
def demand_rule_off(house: StaffHouse, demand_rule_id: int) -> AnyResponse:
    return _switched(house, demand_rule_id, False)


def _switched(house: StaffHouse, rule_id: int, active: bool) -> AnyResponse:
    form = SwitchForm()
    if not form.validate_on_submit():
        raise Invalid(first_error(form))
    services.switch_rule(house.by, rule_id, form.seen, active, form.reason.data)
    return _back(
        f"The rule is switched {'on' if active else 'off'}. Prices follow within a minute; what is held or sold keeps its own."
    )


def _back(words: str) -> AnyResponse:
    flash(words, "ok")
    return redirect(url_for("staff.demand"), 303)
