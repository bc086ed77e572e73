"""Films: the list, a new one, one with its facts and its poster, the archive. Tables of films are film_tables.py's."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.csv_import import MovieRow
from app.domain.staff import Role
from app.errors import BadPicture, ConcurrentModification, Conflict
from app.queries.films import PLACES, StaffFilm, films_of_the_house, staff_film
from app.services import films as services
from app.services.posters import remove_poster, upload_poster
from app.web.bodies import takes
from app.web.film_forms import FilmForm
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse


@pages.get("/films")
@staff(Role.MANAGER)
def films(house: StaffHouse) -> Response:
    """Every film of the house: what runs, what comes, what nobody planned, what is put away."""
    words, place = request.args.get("q", "")[:100], request.args.get("show", "")
    place = place if place in PLACES else ""
    found = films_of_the_house(house.now.date(), words, place, request.args.get("page", 1, type=int))

    def href(page: int) -> str:
        return url_for("staff.films", q=words or None, show=place or None, page=page)

    return render("staff/films/films.html", house=house, films=found, words=words, place=place, href=href)


@pages.route("/films/new", methods=["GET", "POST"])
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.film", movie_id=made))
def new_film(house: StaffHouse) -> AnyResponse:
    form = FilmForm()
    if form.validate_on_submit() and form.row is not None:
        movie_id = _made(house, form.row)
        flash(f"{form.row.title} is kept. Give it a poster, or leave the one that was drawn for it.", "ok")
        return redirect(url_for("staff.film", movie_id=movie_id), 303)
    return render("staff/films/new.html", status_code=422 if form.errors else 200, house=house, form=form)


def _made(house: StaffHouse, row: MovieRow) -> int:
    try:
        return services.add_film(house.by, row)
    except ConcurrentModification:  # a film of the same name was made at this instant; now its address is known
        return services.add_film(house.by, row)


@pages.route("/films/<int:movie_id>", methods=["GET", "POST"])
@staff(Role.MANAGER)
def film(house: StaffHouse, movie_id: int) -> AnyResponse:
    """One film. A change names the facts that it began from, so that two who edit at once do not undo each other."""
    form = FilmForm()
    if not form.is_submitted():
        return _page(house, staff_film(movie_id))
    if not form.validate() or form.row is None:
        return _page(house, staff_film(movie_id), 422, form)
    try:
        changed = services.change_film(house.by, movie_id, form.seen.data or "", form.row)
    except ConcurrentModification:
        return _meanwhile(house, staff_film(movie_id), form)
    flash("Kept." if changed else "Nothing was different.", "ok")
    return _back(movie_id)


def _meanwhile(house: StaffHouse, shown: StaffFilm, form: FilmForm) -> Response:
    """Somebody was quicker: what was typed stays, with what is kept beside it, and keeping it again is then on purpose."""
    form.seen.data = form.seen.raw_data = shown.seen
    return _page(house, shown, 409, form, meanwhile=form.other_than(shown.facts))


def _page(
    house: StaffHouse, shown: StaffFilm, status: int = 200, form: FilmForm | None = None, **more: Any
) -> Response:
    if form is None:
        form = FilmForm(formdata=None)
        form.show(shown.facts, shown.seen)
    return render("staff/films/film.html", status_code=status, house=house, film=shown, form=form, **more)


@pages.post("/films/<int:movie_id>/poster")
@staff(Role.MANAGER)
@takes(20)
def put_poster(house: StaffHouse, movie_id: int) -> AnyResponse:
    """A picture in place of the drawn poster."""
    file = request.files.get("picture")
    try:
        if file is None or not file.filename:
            raise BadPicture("Choose a picture first.")
        upload_poster(house.by, movie_id, request.form.get("seen"), file.read())
    except (BadPicture, ConcurrentModification) as problem:
        return _page(house, staff_film(movie_id), problem.status, picture_problem=problem.message)
    flash("The poster is there. It is cut to 2:3 where its shape allows.", "ok")
    return _back(movie_id)


@pages.post("/films/<int:movie_id>/poster/remove")
@staff(Role.MANAGER)
def drop_poster(house: StaffHouse, movie_id: int) -> AnyResponse:
    """Back to the drawn poster."""
    try:
        remove_poster(house.by, movie_id, request.form.get("seen"))
    except ConcurrentModification as problem:
        return _page(house, staff_film(movie_id), problem.status, picture_problem=problem.message)
    flash("The drawn poster is back.", "ok")
    return _back(movie_id)


@pages.post("/films/<int:movie_id>/archive")
@staff(Role.MANAGER)
def archive_film(house: StaffHouse, movie_id: int) -> AnyResponse:
    try:
        services.archive_film(house.by, movie_id)
    except Conflict as problem:
        flash(problem.message, "warn")
    else:
        flash("The film is archived: it is in no public list, and no shows of it are planned.", "ok")
    return _back(movie_id)


@pages.post("/films/<int:movie_id>/restore")
@staff(Role.MANAGER)
def restore_film(house: StaffHouse, movie_id: int) -> AnyResponse:
    services.restore_film(house.by, movie_id)
    flash("The film is back: shows of it can be planned.", "ok")
    return _back(movie_id)


def _back(movie_id: int) -> AnyResponse:
    return redirect(url_for("staff.film", movie_id=movie_id), 303)
