"""The accounts of the staff: who works where, made, given roles, taken roles, deactivated."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Grant, Role, may_give
from app.errors import Conflict, EmailTaken, Invalid
from app.queries.staff import PersonRow, people_within, person_within
from app.services import second_factors
from app.services import staff as services
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import PersonForm, RoleForm, typed_reason

SHOWN_ONCE = "The link to choose a password is shown only once: make a new one here if you did not get it."


@pages.get("/people")
@staff(Role.MANAGER)
def people(house: StaffHouse) -> Response:
    """Who works, or worked, at the cinemas that this person manages."""
    words = request.args.get("q", "")[:100]
    found = people_within(house.where, words, request.args.get("page", 1, type=int))

    def href(page: int) -> str:
        return url_for("staff.people", q=words or None, page=page)

    return render("staff/people.html", house=house, people=found, words=words, href=href)


@pages.route("/people/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.person", person_id=made), SHOWN_ONCE)
def new_person(house: StaffHouse) -> AnyResponse:
    form = PersonForm(house.cinemas, house.is_admin, house.cinema.id if house.cinema else None)
    if form.validate_on_submit():
        role = Role(form.role.data)
        try:
            made = services.make_staff_account(house.by, form.name.data, form.email.data, role, form.cinemas.data)
        except EmailTaken:
            form.email.errors = [
                "There is an account with this address already. Use a work address, or have an administrator give "
                "the role with flask create-staff."
            ]
        except Invalid as problem:
            form.cinemas.errors = [problem.message]
        else:
            return _hand_over(house, made, form.name.data)
    return render("staff/new_person.html", status_code=422 if form.errors else 200, house=house, form=form)


def _hand_over(house: StaffHouse, invited: services.Invited, name: str) -> Response:
    """The link to choose a password, this once."""
    link, days = services.password_link(invited.token), services.LINK_DAYS
    return render("staff/invited.html", house=house, person_id=invited.user_id, name=name, link=link, days=days)


@pages.get("/people/<int:person_id>")
@staff(Role.MANAGER)
def person(house: StaffHouse, person_id: int) -> Response:
    return _page(house, person_id, RoleForm(house.cinemas, house.is_admin))


def _page(house: StaffHouse, person_id: int, form: RoleForm, status: int = 200) -> Response:
    shown = person_within(house.where, person_id)
    return render("staff/person.html", status_code=status, **_what_may_be_done(house, shown), form=form)


def _what_may_be_done(house: StaffHouse, shown: PersonRow) -> dict[str, Any]:
    """For the page only: the services judge for themselves."""
    oneself = shown.id == house.person.id
    grants = [Grant(held.role, held.cinema_id) for held in shown.roles]
    takes = {grant for grant in grants if not oneself and may_give(house.grants, grant.role, grant.cinema_id)}
    whole = not oneself and services.whole_account_is_theirs(house.by, shown.id)
    return {"house": house, "person": shown, "oneself": oneself, "takes": takes, "whole": whole, "Grant": Grant}


@pages.post("/people/<int:person_id>/roles")
@staff(Role.MANAGER)
@once(lambda made, person_id: url_for("staff.person", person_id=person_id))
def give_role(house: StaffHouse, person_id: int) -> AnyResponse:
    form = RoleForm(house.cinemas, house.is_admin)
    if not form.validate_on_submit():
        return _page(house, person_id, form, 422)
    services.grant_role(house.by, person_id, Role(form.role.data), form.place)
    return _back(person_id, "The role is given. It works at once.")


@pages.post("/people/<int:person_id>/roles/take-away")
@staff(Role.MANAGER)
def take_role(house: StaffHouse, person_id: int) -> AnyResponse:
    """The form names one role that the page showed."""
    role, cinema_id = request.form.get("role", ""), request.form.get("cinema_id", type=int)
    if role not in set(Role):
        raise Invalid("There is no such role.")
    services.revoke_role(house.by, person_id, Role(role), cinema_id)
    return _back(person_id, "The role is taken away. It is gone at their next click.")


@pages.post("/people/<int:person_id>/deactivate")
@staff(Role.MANAGER)
def deactivate(house: StaffHouse, person_id: int) -> AnyResponse:
    services.deactivate(house.by, person_id, typed_reason())
    return _back(person_id, "The account is deactivated: no roles, and nobody can sign in to it.")


@pages.post("/people/<int:person_id>/reactivate")
@staff(Role.MANAGER)
@once(lambda made, person_id: url_for("staff.person", person_id=person_id), SHOWN_ONCE)
def reactivate(house: StaffHouse, person_id: int) -> AnyResponse:
    return _hand_over(house, services.reactivate(house.by, person_id), _name(house, person_id))


@pages.post("/people/<int:person_id>/password-link")
@staff(Role.MANAGER)
@once(lambda made, person_id: url_for("staff.person", person_id=person_id), SHOWN_ONCE)
def new_link(house: StaffHouse, person_id: int) -> AnyResponse:
    return _hand_over(house, services.new_password_link(house.by, person_id), _name(house, person_id))


def _name(house: StaffHouse, person_id: int) -> str:
    return person_within(house.where, person_id).name


@pages.post("/people/<int:person_id>/reset-second-factor")
@staff()
def reset_factor(house: StaffHouse, person_id: int) -> AnyResponse:
    """Administrators only: who lost telephone and recovery codes sets up a new one at the next sign-in."""
    try:
        second_factors.reset_factor(house.by, person_id, typed_reason())
    except Conflict as problem:
        flash(problem.message, "warn")
        return redirect(url_for("staff.person", person_id=person_id), 303)
    return _back(person_id, "The second factor is reset. They are signed out and set up a new one when they come back.")


def _back(person_id: int, words: str) -> AnyResponse:
    flash(words, "ok")
    return redirect(url_for("staff.person", person_id=person_id), 303)
