"""How staff come in: a link to choose the password, the second factor set up and shown, and one's own sign-in."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.adapters.qr import plain_qr_svg
from app.blueprints.account import start_log_in
from app.blueprints.staff import pages
from app.config import settings
from app.domain.second_factor import spoken_recovery
from app.domain.staff import FactorRule, Role, factor_rule
from app.errors import Forbidden, WrongCode
from app.queries.staff import recovery_codes_left
from app.services import second_factors
from app.services.accounts import WrongPassword, change_password
from app.services.staff import choose_password, who_is_invited
from app.web.guards import public, staff
from app.web.limits import count
from app.web.links import HOME, local_path
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse, go_on_as, log_in_token, shown_factor
from app.web.staff_forms import ChangePasswordForm, CodeForm, PasswordForm, SetUpForm

TRIES_PER_MINUTE = 10


@pages.route("/welcome", methods=["GET", "POST"])
@public
def welcome() -> AnyResponse:
    """Choose a password by the link that was handed over, and be signed in. The key is no part of the path: paths are logged."""
    token = request.args.get("key", "")
    count(f"welcome:{request.remote_addr}", settings.logins_per_minute)
    email = who_is_invited(token)
    form = PasswordForm()
    if form.validate_on_submit():
        log_in = choose_password(token, form.password.data, request.remote_addr or "")
        return start_log_in(log_in, email, url_for("staff.home"))
    return render("staff/welcome.html", status_code=422 if form.errors else 200, form=form, email=email, token=token)


@pages.route("/second-factor", methods=["GET", "POST"])
@staff(*Role, second_factor=False)
def second_factor(house: StaffHouse) -> AnyResponse:
    """Show the second factor of this account, once for each log-in."""
    form = CodeForm(next=request.args.get("next"))
    if shown_factor() or not house.person.has_factor:
        return _on(form.next.data)
    if form.validate_on_submit():
        _throttle(house)
        try:
            go_on_as(second_factors.show_factor(house.by, log_in_token(), form.code.data))
        except WrongCode as problem:
            form.code.errors = [problem.message]
        else:
            return _on(form.next.data)
    return render("staff/second_factor.html", status_code=422 if form.errors else 200, form=form, house=house)


def _on(address: str | None) -> AnyResponse:
    wanted = local_path(address)
    return redirect(url_for("staff.home") if wanted == HOME else wanted, 303)


def _throttle(house: StaffHouse) -> None:
    count(f"second-factor:{house.person.id}", TRIES_PER_MINUTE if settings.logins_per_minute else 0)


@pages.route("/second-factor/set-up", methods=["GET", "POST"])
@staff(*Role, second_factor=False)
def set_up(house: StaffHouse) -> AnyResponse:
    """A key for the authenticator app; it counts once a code shows that the app has it."""
    if house.person.has_factor and not shown_factor():
        return redirect(url_for("staff.second_factor", next=url_for("staff.set_up")), 303)
    if factor_rule(house.grants, settings.staff_totp) is FactorRule.OFF:
        raise Forbidden("This house works without a second factor (setting STAFF_TOTP).")
    form = SetUpForm(next=request.args.get("next"))
    offered = second_factors.offer(house.person.id, house.email, form.sealed.data)
    if form.validate_on_submit():
        _throttle(house)
        try:
            token, codes = second_factors.set_up_factor(house.by, log_in_token(), offered, form.code.data)
        except WrongCode as problem:
            form.code.errors = [problem.message]
        else:
            go_on_as(token)
            return _show_codes(house, codes, local_path(form.next.data))
    form.sealed.data = offered.sealed
    qr = Markup(plain_qr_svg(offered.link))  # noqa: S704  drawn by us, from digits
    key = " ".join(offered.secret[start : start + 4] for start in range(0, len(offered.secret), 4))
    status = 422 if form.errors else 200
    return render("staff/set_up.html", status_code=status, form=form, house=house, qr=qr, key=key)


def _show_codes(house: StaffHouse, codes: list[str], address: str) -> Response:
    """The recovery codes, this once: they are not kept anywhere in words."""
    shown = [spoken_recovery(code) for code in codes]
    on = url_for("staff.home") if address == HOME else address
    return render("staff/recovery_codes.html", house=house, codes=shown, on=on)


@pages.get("/me")
@staff(*Role)
def me(house: StaffHouse) -> Response:
    """One's own sign-in: roles, second factor, recovery codes."""
    return _me(house)


def _me(house: StaffHouse, form: CodeForm | None = None, password: ChangePasswordForm | None = None) -> Response:
    """With the form that was refused, if one was."""
    status = 422 if form or password else 200
    shown: dict[str, Any] = {
        "form": form or CodeForm(formdata=None),
        "password": password or ChangePasswordForm(formdata=None),
    }
    return render("staff/me.html", status_code=status, **_own(house), **shown)


@pages.post("/me/password")
@staff(*Role)
def change_own_password(house: StaffHouse) -> AnyResponse:
    """The old one is asked; every other log-in ends."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        count(f"password:{house.person.id}", settings.logins_per_minute)
        try:
            go_on_as(change_password(house.person.id, form.old.data, form.password.data, log_in_token(), house.by))
        except WrongPassword as problem:
            form.old.errors = [problem.message]
        else:
            flash("Your password is changed. You are signed out everywhere else.", "ok")
            return redirect(url_for("staff.me"), 303)
    return _me(house, password=form)


def _own(house: StaffHouse) -> dict[str, Any]:
    rule = factor_rule(house.grants, settings.staff_totp)
    names = {cinema.id: cinema.name for cinema in house.cinemas}
    roles = [
        (names.get(grant.cinema_id, "") if grant.cinema_id else "Every cinema", grant.role.words)
        for grant in house.grants
    ]
    left = recovery_codes_left(house.person.id)
    return {"house": house, "rule": rule.value, "roles": sorted(roles), "left": left}


@pages.post("/me/recovery-codes")
@staff(*Role)
@once(lambda made: url_for("staff.me"), "Recovery codes are shown only once: make new ones if you did not get them.")
def recovery_codes(house: StaffHouse) -> AnyResponse:
    """Ten new recovery codes; the old ones are worth nothing from then on."""
    form = CodeForm()
    if form.validate_on_submit():
        _throttle(house)
        try:
            codes = second_factors.new_recovery_codes(house.by, form.code.data)
        except WrongCode as problem:
            form.code.errors = [problem.message]
        else:
            flash("The recovery codes from before no longer work.", "ok")
            return _show_codes(house, codes, url_for("staff.me"))
    return _me(house, form)
