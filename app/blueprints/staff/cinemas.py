"""Cinemas and their screens: the list, a cinema's page, the form that makes or changes one, screens made and closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.config import settings
from app.domain.cinemas import CinemaFacts
from app.domain.refund_policy import parse_steps
from app.domain.staff import Role
from app.errors import CinemaAddressTaken, ConcurrentModification, Conflict, ImportRefused, Invalid, ScreenNameTaken
from app.queries import cinemas as queries
from app.services import screens as screen_services
from app.services.cinemas import change_cinema as change_service
from app.services.cinemas import make_cinema
from app.services.screens import MadeScreen, close_screen, make_screen, rename_screen, reopen_screen
from app.web.cinema_forms import MODES, CinemaFactsForm, ScreenForm, zones
from app.web.guards import staff
from app.web.once import once
from app.web.opening import open_steps
from app.web.refund_words import policy_by_steps, policy_in_hours
from app.web.render import render
from app.web.staff import StaffHouse, choose_cinema
from app.web.staff_forms import typed_reason


@pages.get("/cinemas")
@staff(Role.MANAGER)
def cinemas(house: StaffHouse) -> Response:
    """The cinemas that this person runs."""
    return render("staff/cinemas/list.html", house=house, cinemas=queries.cinemas_with_counts(house.where))


@pages.route("/cinemas/new", methods=["GET", "POST"])
@staff()
@once(lambda made: url_for("staff.cinema_page", cinema_id=made))
def new_cinema(house: StaffHouse) -> AnyResponse:
    """Administrators only: nobody has a role at a cinema that is not there yet."""
    form, made = CinemaFactsForm(queries.all_cities()), []

    def make(facts: CinemaFacts) -> None:
        made.append(make_cinema(house.by, facts))

    if _kept(form, make):
        flash("The cinema is made. What is left to do until tickets are on sale stands below.", "ok")
        return _to(made[0])
    return _form(house, form, None)


@pages.route("/cinemas/<int:cinema_id>/change", methods=["GET", "POST"])
@staff(Role.MANAGER)
def change_cinema(house: StaffHouse, cinema_id: int) -> AnyResponse:
    """Everything that can be set about a cinema."""
    facts, binds = queries.cinema_facts(cinema_id), queries.what_binds(cinema_id)
    form, told = CinemaFactsForm(queries.all_cities(), facts, binds), ""

    def change(wanted: CinemaFacts) -> None:
        changed = change_service(house.by, cinema_id, form.seen.data or "", wanted, form.reason.data or "")
        flash("It is kept." if changed else "Nothing was different, so nothing was changed.", "ok")

    try:
        if _kept(form, change):
            return _to(cinema_id)
    except ConcurrentModification as problem:
        told = problem.message
    return _form(house, form, cinema_id, told)


def _kept(form: CinemaFactsForm, keep: Callable[[CinemaFacts], None]) -> bool:
    """Whether the form was sent and its facts are kept; what is wrong stands at the fields then."""
    if not form.is_submitted():
        return False
    if form.wants_row:
        form.change_rows()
        return False
    valid, facts = form.validate(), form.read()
    if not valid or facts is None:
        return False
    try:
        keep(facts)
    except Invalid as problem:
        form.refuse(problem.details["fields"])
    except CinemaAddressTaken as problem:
        form.refuse({"slug": problem.message})
    return not form.errors


def _form(house: StaffHouse, form: CinemaFactsForm, cinema_id: int | None, told: str = "") -> Response:
    """`told` says that somebody else was quicker; what was typed stays on the page, to be looked at."""
    usual = parse_steps(settings.refund_steps)
    return render(
        "staff/cinemas/form.html",
        status_code=409 if told else 422 if form.errors else 200,
        house=house,
        form=form,
        cinema_id=cinema_id,
        told=told,
        zones=zones(),
        house_policy=policy_by_steps(usual, form.before.currency)
        if form.before
        else policy_in_hours(usual) or "nothing",
    )


@pages.get("/cinemas/<int:cinema_id>")
@staff(Role.MANAGER)
def cinema_page(house: StaffHouse, cinema_id: int) -> Response:
    """What is left to do, the screens, and the terms. From here on the staff pages are about this cinema."""
    choose_cinema(cinema_id)
    return _page(house, cinema_id, ScreenForm())


def _page(house: StaffHouse, cinema_id: int, form: ScreenForm, status: int = 200, **shown: Any) -> Response:
    facts = queries.cinema_facts(cinema_id)
    steps = parse_steps(settings.refund_steps) if facts.refund_steps is None else facts.refund_steps
    return render(
        "staff/cinemas/page.html",
        status_code=status,
        house=house,
        cinema_id=cinema_id,
        facts=facts,
        policy=policy_by_steps(steps, facts.currency),
        steps_in_force=steps,
        ways=[_way(way) for way in facts.pay_ways or ()],
        screens=queries.screens_at(cinema_id),
        steps=open_steps(cinema_id),
        form=form,
        templates=queries.plan_templates(),
        **{"open_screen": None, "refused": "", "typed": "", **shown},
    )


def _way(way: str) -> str:
    gateway, _, mode = way.partition(":")
    return f"{gateway.title()}: {MODES.get(mode, mode)}"  # type: ignore[call-overload]


def _to(cinema_id: int, anchor: str | None = None) -> AnyResponse:
    return redirect(url_for("staff.cinema_page", cinema_id=cinema_id, _anchor=anchor), 303)


@pages.post("/cinemas/<int:cinema_id>/screens")
@staff(Role.MANAGER)
@once(lambda made, cinema_id: url_for("staff.cinema_page", cinema_id=cinema_id, _anchor=f"screen-{made}"))
def new_screen(house: StaffHouse, cinema_id: int) -> AnyResponse:
    """A screen: without seats yet, with a plan that comes with the product, or with one from a file."""
    form = ScreenForm()
    try:
        made = make_screen(house.by, cinema_id, form.name.data or "", _plan(form))
    except (Invalid, ScreenNameTaken) as problem:
        form.name.errors = [problem.message]
    except ImportRefused as problem:
        form.file.errors = [problem.message]
    else:
        return _made(cinema_id, form.name.data or "", made)
    return _page(house, cinema_id, form, 422)


def _plan(form: ScreenForm) -> bytes | None:
    """What the screen begins with; None to draw it."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.read()
    chosen = next((one for one in queries.plan_templates() if one.key == form.begin.data), None)
    return chosen.data if chosen else None


def _made(cinema_id: int, name: str, made: MadeScreen) -> AnyResponse:
    if not made.seats:
        flash(f"{name} is made. Draw its seats, or take a plan in.", "ok")
        return redirect(url_for("staff.layout", screen_id=made.id), 303)
    flash(f"{name} is made with {made.seats} seats, ready for shows.", "ok")
    for category in made.unmapped:
        flash(
            f"“{category}” became ordinary seats. If they are not, change their kind where the seats are drawn.", "warn"
        )
    return _to(cinema_id, f"screen-{made.id}")


@pages.post("/screens/<int:screen_id>/rename")
@staff(Role.MANAGER)
def rename(house: StaffHouse, screen_id: int) -> AnyResponse:
    name, was = request.form.get("name", ""), request.form.get("was", "")
    try:
        rename_screen(house.by, screen_id, was, name)
    except (Invalid, Conflict) as problem:
        return _screen_refused(house, screen_id, problem)
    return _back(screen_id, "The screen has its new name.")


def _screen_refused(house: StaffHouse, screen_id: int, problem: Invalid | Conflict) -> Response:
    """The cinema's page with the sentence at the screen that it is about."""
    cinema_id = queries.cinema_of_screen(screen_id)
    typed = request.form.get("name", "")[: screen_services.LONGEST_NAME]
    shown = {"open_screen": screen_id, "refused": problem.message, "typed": typed}
    return _page(house, cinema_id, ScreenForm(formdata=None), problem.status, **shown)


def _back(screen_id: int, words: str) -> AnyResponse:
    flash(words, "ok")
    return _to(queries.cinema_of_screen(screen_id), f"screen-{screen_id}")


@pages.post("/screens/<int:screen_id>/close")
@staff(Role.MANAGER)
def close(house: StaffHouse, screen_id: int) -> AnyResponse:
    try:
        close_screen(house.by, screen_id, typed_reason())
    except (Invalid, Conflict) as problem:
        return _screen_refused(house, screen_id, problem)
    return _back(screen_id, "The screen is closed: no new shows are put on it.")


@pages.post("/screens/<int:screen_id>/reopen")
@staff(Role.MANAGER)
def reopen(house: StaffHouse, screen_id: int) -> AnyResponse:
    reopen_screen(house.by, screen_id)
    return _back(screen_id, "The screen is open again.")
