"""Rules that raise and lower prices by demand: what they are, how far they go, and what they do now."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.demand import preview
from app.domain.staff import Role
from app.errors import ConcurrentModification, Invalid
from app.queries.demand import (
    DemandPage,
    RulePreview,
    RuleRow,
    coming_count,
    demand_page,
    demand_rule,
    formats_of,
    preview_rule,
)
from app.queries.programme import choices_of
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
    return render(
        "staff/demand/demand.html",
        status_code=status,
        house=house,
        now=page,
        form=form,
        preview=preview(page.in_use, page.limits),
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
    form = _form(RuleForm, cinema_id)
    if not form.validate_on_submit():
        return _rule(house, form)
    if _only_looks():
        return _rule(house, form, seen=preview_rule(cinema_id, form.rule))
    try:
        services.add_rule(house.by, cinema_id, form.rule)
    except Invalid as problem:
        form.form_errors.append(problem.message)
        return _rule(house, form)
    return _back("The rule is in use. Prices follow within a minute.")


@pages.route("/demand/rules/<int:demand_rule_id>", methods=["GET", "POST"])
@staff(Role.MANAGER)
def one_demand_rule(house: StaffHouse, demand_rule_id: int) -> AnyResponse:
    row = demand_rule(demand_rule_id)
    form = _form(ChangedRuleForm, row.cinema_id, row)
    if not form.is_submitted():
        form.show(row.rule, row.revision)
    if _only_looks():
        form.why.validators = []  # nothing changes yet
    if not form.validate_on_submit():
        return _rule(house, form, row)
    if _only_looks():
        return _rule(house, form, row, seen=preview_rule(row.cinema_id, form.rule, row.id))
    try:
        services.change_rule(house.by, demand_rule_id, form.seen, form.rule, form.why.data)
    except ConcurrentModification as problem:
        form.form_errors.append(problem.message)
        return _rule(house, form, row, status=problem.status)
    return _back("The rule is changed. Prices follow within a minute.")


def _form(kind: type[RuleForm], cinema_id: int, row: RuleRow | None = None) -> Any:
    """With what a rule can name: what it names now is always there."""
    films = choices_of(cinema_id, row.rule.movie_id or 0 if row else 0).films
    return kind([(one.id, one.title) for one in films], formats_of(cinema_id, row.rule.formats if row else ()))


def _only_looks() -> bool:
    """Which button was pressed."""
    return "look" in request.form


def _rule(
    house: StaffHouse,
    form: RuleForm,
    row: RuleRow | None = None,
    *,
    seen: RulePreview | None = None,
    status: int = 422,
) -> Response:
    """The form, and where somebody only looks what the rule would make."""
    return render(
        "staff/demand/rule.html",
        status_code=status if form.errors else 200,
        house=house,
        form=form,
        row=row,
        seen=seen,
        coming=coming_count(row.cinema_id) if row else 0,
    )


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
