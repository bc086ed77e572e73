"""One show: its facts; moved, changed, put on sale and taken off it, thrown away."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.staff import pages
from app.blueprints.staff.planner import clock_words, refuse, to_planner
from app.domain.film_week import week_of
from app.domain.local_time import programme_day
from app.domain.marks import mark
from app.domain.staff import Role
from app.errors import ConcurrentModification, Conflict, DomainError, Invalid, NotFound
from app.queries.planner import ShowFacts, show_facts
from app.queries.programme import Choices, choices_of
from app.services import show_changes
from app.services.scheduling import TOLD as FACTS
from app.services.scheduling import publish_shows
from app.web.guards import staff
from app.web.render import render
from app.web.shows_forms import MoveForm, ShowForm
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error, typed_reason


@pages.get("/shows/<int:show_id>")
@staff(Role.MANAGER)
def show(house: StaffHouse, show_id: int) -> Response:
    return _page(house, show_id)


def _page(
    house: StaffHouse,
    show_id: int,
    *,
    move: MoveForm | None = None,
    form: ShowForm | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    shown = show_facts(show_id, (*FACTS, "cinema_id"))
    choices = _choices(house, shown)
    seen = mark({name: shown.facts[name] for name in FACTS})
    facts: dict[str, Any] = {
        "shown": shown,
        "move": move or MoveForm(shown, choices),
        "form": form or ShowForm(shown, choices),
        "seen": seen,
        "refused": refused,
        "week": week_of(programme_day(ZoneInfo(shown.timezone), shown.starts_at)).start.isoformat(),
        "over": shown.starts_at <= clock.now(),
    }
    return render("staff/shows/show.html", status_code=status, house=house, **facts)


def _choices(house: StaffHouse, shown: ShowFacts) -> Choices:
    return choices_of(shown.facts["cinema_id"], shown.facts["movie_id"], shown.facts["price_list_id"])


@pages.post("/shows/<int:show_id>")
@staff(Role.MANAGER)
def edit_show(house: StaffHouse, show_id: int) -> AnyResponse:
    shown = show_facts(show_id, (*FACTS, "cinema_id"))
    form = ShowForm(shown, _choices(house, shown))
    wanted = form.wanted() if form.validate_on_submit() else None
    if wanted is None:
        return _page(house, show_id, form=form, status=422)
    try:
        show_changes.edit_show(house.by, show_id, wanted, form.reason.data or "", form.seen.data or "")
    except (Conflict, Invalid) as problem:
        _tell_at_field(form, problem)
        return _page(house, show_id, form=form, refused=problem.message, status=problem.status)
    flash("The show is changed.", "ok")
    return _back(show_id)


def _tell_at_field(form: Any, problem: DomainError) -> None:
    for name in problem.details.get("fields", ()):
        if name in form:
            form[name].errors = [problem.message]


def _back(show_id: int) -> AnyResponse:
    return redirect(url_for("staff.show", show_id=show_id), 303)


@pages.post("/shows/<int:show_id>/move")
@staff(Role.MANAGER)
def move_show(house: StaffHouse, show_id: int) -> AnyResponse:
    """Another time or screen; the planner's script is answered in JSON."""
    shown = show_facts(show_id, (*FACTS, "cinema_id"))
    form = MoveForm(shown, _choices(house, shown))
    dragged = request.form.get("dragged") == "1"
    if dragged and request.form.get("was") != was(shown):
        return refuse(ConcurrentModification("Somebody else moved this show meanwhile. Look at the week again."))
    starts_at = form.instant() if form.validate_on_submit() else None
    if starts_at is None:
        return refuse(Invalid(first_error(form))) if dragged else _page(house, show_id, move=form, status=422)
    try:
        show_changes.move_show(
            house.by, show_id, form.screen_id.data, starts_at, form.reason.data or "", form.seen.data or ""
        )
    except (Conflict, Invalid, NotFound) as problem:
        if dragged:
            return refuse(problem)
        _tell_at_field(form, problem)
        return _page(house, show_id, move=form, refused=problem.message, status=problem.status)
    words = f"{shown.title} is moved to {clock_words(starts_at, ZoneInfo(shown.timezone))}."
    if dragged:
        return jsonify({"words": words, "show": show_id})
    flash(words, "ok")
    return _back(show_id)


def was(shown: ShowFacts) -> str:
    """Where the planner shows it, as its script sends back."""
    return f"{shown.facts['screen_id']}@{int(shown.starts_at.timestamp())}"


@pages.post("/shows/<int:show_id>/publish")
@staff(Role.MANAGER)
def publish(house: StaffHouse, show_id: int) -> AnyResponse:
    cinema_id = show_facts(show_id, ("cinema_id",)).facts["cinema_id"]
    done = publish_shows(house.by, cinema_id, [show_id])
    if show_id in done.kept:
        flash(done.kept[show_id], "warn")
    else:
        flash("The show is on sale.", "ok")
    return _back(show_id)


@pages.post("/shows/<int:show_id>/unpublish")
@staff(Role.MANAGER)
def unpublish(house: StaffHouse, show_id: int) -> AnyResponse:
    try:
        show_changes.unpublish_show(house.by, show_id, typed_reason())
    except (Conflict, Invalid) as problem:
        return _page(house, show_id, refused=problem.message, status=problem.status)
    flash("The show is a draft again; nobody can book it.", "ok")
    return _back(show_id)


@pages.post("/shows/<int:show_id>/delete")
@staff(Role.MANAGER)
def delete_show(house: StaffHouse, show_id: int) -> AnyResponse:
    shown = show_facts(show_id, ("starts_at",))
    try:
        show_changes.delete_draft(house.by, show_id)
    except Conflict as problem:
        return _page(house, show_id, refused=problem.message, status=problem.status)
    flash(f"The draft of {shown.title} is thrown away.", "ok")
    return to_planner(week_of(programme_day(ZoneInfo(shown.timezone), shown.starts_at)))
