"""The first page of the staff, and the choice of a cinema."""

from __future__ import annotations

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.queries.groups import groups_waiting
from app.web.guards import staff
from app.web.links import HOME, local_path
from app.web.opening import open_steps
from app.web.render import render
from app.web.staff import StaffHouse, choose_cinema
from app.web.staff_forms import CinemaForm
from app.web.staff_nav import ways_for


@pages.get("", strict_slashes=False)
@staff(*Role)
def home(house: StaffHouse) -> Response:
    """What may be done here, what is left to do until tickets are on sale, and which groups wait."""
    ways, steps = [way for way in ways_for(house) if way.key != "start"], []
    if house.cinema and house.may(Role.MANAGER):
        steps = open_steps(house.cinema.id)
    answers = house.cinema is not None and any(way.key == "groups" for way in ways)
    waiting = groups_waiting(house.the_cinema().id) if answers else 0
    return render("staff/home.html", house=house, ways=ways, steps=steps, groups_waiting=waiting)


@pages.post("/cinema")
@staff(*Role)
def cinema(house: StaffHouse) -> AnyResponse:
    """Which cinema the pages are about from now on, in this browser."""
    form = CinemaForm()
    if form.validate_on_submit() and form.cinema_id.data in {one.id for one in house.cinemas}:
        choose_cinema(form.cinema_id.data)
    else:
        flash("That is not one of your cinemas.", "bad")
    wanted = local_path(form.next.data)
    return redirect(url_for("staff.home") if wanted == HOME else wanted, 303)
