"""Films from a table: uploaded, looked at, taken in. Its errors and an empty table as files."""

from __future__ import annotations

from dataclasses import fields

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.csv_import import MovieRow
from app.domain.staff import Role
from app.errors import ConcurrentModification, ImportRefused
from app.services import film_imports
from app.web.bodies import takes
from app.web.csv_files import csv_file
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse

SHOWN = 200
"""Rows of each kind that the page lists; the numbers are of all."""
NOT_KEPT = frozenset(
    {"line", "language_codes", "country_codes", "certificate_system", "poster", "source", "source_ref", "license"}
)
"""What the reader knows of a row and no film keeps, or only a folder of posters beside the file could tell."""


@pages.get("/films/import")
@staff(Role.MANAGER)
def film_table(house: StaffHouse) -> Response:
    return _page(house)


def _page(house: StaffHouse, status: int = 200, problem: str = "") -> Response:
    plan = film_imports.look_at_file(house.by)
    return render(
        "staff/films/table.html",
        status_code=status,
        house=house,
        plan=plan,
        problem=problem,
        most=SHOWN,
        columns=_columns(),
    )


@pages.post("/films/import")
@staff(Role.MANAGER)
@takes(4)
def upload_film_table(house: StaffHouse) -> AnyResponse:
    """Keep the file to look at; no film is touched."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise ImportRefused("Choose a file first.")
        film_imports.keep_file(house.by, file.filename, file.read())
    except ImportRefused as problem:
        return _page(house, 422, problem.message)
    return redirect(url_for("staff.film_table"), 303)


@pages.post("/films/import/take-in")
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.films"))
def take_in_film_table(house: StaffHouse) -> AnyResponse:
    try:
        done = film_imports.take_in(house.by, request.form.get("plan", ""))
    except ConcurrentModification as problem:
        return _page(house, problem.status, problem.message)
    flash(f"Taken in: {len(done.added)} new, {len(done.changed)} changed, {done.unchanged} as they were.", "ok")
    return redirect(url_for("staff.films"), 303)


@pages.post("/films/import/discard")
@staff(Role.MANAGER)
def discard_film_table(house: StaffHouse) -> AnyResponse:
    film_imports.discard_file(house.by)
    flash("The table is put away. Nothing was taken in.", "ok")
    return redirect(url_for("staff.film_table"), 303)


@pages.get("/films/import/errors.csv")
@staff(Role.MANAGER)
def film_table_errors(house: StaffHouse) -> AnyResponse:
    """What is wrong with the rows of this person's table, to go through it with."""
    plan = film_imports.look_at_file(house.by)
    if plan is None:
        flash("There is no table any more. Upload it again.", "warn")
        return redirect(url_for("staff.film_table"), 303)
    rows = [(one.line, one.column, one.reason) for one in (*plan.errors, *plan.notes)]
    return csv_file("film-errors", ("line", "column", "reason"), rows)


@pages.get("/films/import/empty.csv")
@staff(Role.MANAGER)
def empty_film_table(house: StaffHouse) -> Response:
    """A table with nothing but its header."""
    return csv_file("films", _columns(), ())


def _columns() -> list[str]:
    return [field.name for field in fields(MovieRow) if field.name not in NOT_KEPT]
