"""The seats of the screens: the list, the editor with its forms and its script, files, versions put into use, shows moved."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.layout_edit.document import (
    EditError,
    boxes_of,
    color_of,
    guids_of,
    kind_in,
    pick,
    rows_of,
    zone_name,
)
from app.domain.seat_kinds import KINDS
from app.domain.staff import Role
from app.errors import ConcurrentModification, ImportRefused, Invalid
from app.queries.layout_drafts import Drawing, drawing_of, other_shows, screens_of, version_of
from app.services import layouts_edit
from app.services.layout_moves import move_shows
from app.services.layouts_edit import problem_of
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import read_revision, typed_reason

SIDE = 44
"""Room on the drawing for the name of a row."""


@pages.get("/layouts")
@staff(Role.MANAGER)
def layouts(house: StaffHouse) -> Response:
    """The screens of the cinema, with their plans."""
    return render("staff/layouts/screens.html", house=house, screens=screens_of(house.the_cinema().id))


@pages.get("/screens/<int:screen_id>/layout")
@staff(Role.MANAGER)
def layout(house: StaffHouse, screen_id: int) -> Response:
    """The editor. Its forms work alone; static/staff/layout.js draws, drags and takes back."""
    return _editor(house, screen_id)


def _editor(house: StaffHouse, screen_id: int, status: int = 200, refused: str = "", open_form: str = "") -> Response:
    drawing = drawing_of(screen_id)
    shown: dict[str, Any] = {"house": house, "drawing": drawing, "refused": refused, "open_form": open_form}
    if drawing.document is None:
        return render("staff/layouts/begin.html", status_code=status, **shown)
    others = other_shows(screen_id, drawing.layout_id)
    return render("staff/layouts/editor.html", status_code=status, **shown, **_facts(drawing.document), others=others)


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of a plan."""
    rows = list(rows_of(document))
    used = [seat["category"] for row in rows for seat in row.seats]
    categories = [
        {"name": one["name"], "color": color_of(one), "kind": kind_in(one), "seats": used.count(one["name"])}
        for one in document["categories"]
    ]
    levels = [zone_name(zone, index) for index, zone in enumerate(document["zones"])]
    looks = {one["name"]: one for one in categories}
    return {
        "plan": document,
        "rows": rows,
        "boxes": [box for zone in document["zones"] for box in boxes_of(zone)],
        "categories": categories,
        "looks": looks,
        "levels": levels,
        "kind_choices": [("", "as the name says"), *((kind, kind) for kind in KINDS)],
        "seat_count": len(used),
        "problem": problem_of(document),
        "sheet": _sheet(document, rows),
    }


def _sheet(document: dict[str, Any], rows: list[Any]) -> dict[str, int]:
    """What the drawing shows of the plane: the sheet, and what stands beyond its edges with the names of the rows."""
    size = document.get("size") or {"width": 200, "height": 200}
    points = [point for row in rows for point in row.points()] or [(40.0, 40.0)]
    left = min(0, round(min(x for x, _ in points)) - SIDE)
    top = min(0, round(min(y for _, y in points)) - SIDE)
    right = max(size["width"], max(x for x, _ in points) + SIDE)
    bottom = max(size["height"], max(y for _, y in points) + SIDE)
    return {"x": left, "y": top, "width": round(right) - left, "height": round(bottom) - top}


@pages.post("/screens/<int:screen_id>/layout/change")
@staff(Role.MANAGER)
def change_layout(house: StaffHouse, screen_id: int) -> AnyResponse:
    """One change by a form: seats are named by level, row and number."""
    words, change = request.form, request.form.get("change", "")
    try:
        chosen = _named(screen_id, words) if words.get("picks") else frozenset[str]()
        layouts_edit.change_draft(house.by, screen_id, read_revision(words.get("revision")), change, words, chosen)
    except EditError as problem:
        return _editor(house, screen_id, 422, problem.message, change)
    except Invalid as problem:
        return _editor(house, screen_id, 422, problem.message, change)
    flash("Done. It is kept as a draft.", "ok")
    return _back(screen_id)


def _named(screen_id: int, words: Any) -> frozenset[str]:
    """The seats that the form's words mean."""
    document = drawing_of(screen_id).document
    if document is None:
        raise EditError("There are no seats yet.")
    level = words.get("in_level", "")
    return pick(document, level, words.get("rows_named", ""), words.get("seats_named", ""))


def _back(screen_id: int) -> AnyResponse:
    return redirect(url_for("staff.layout", screen_id=screen_id), 303)


@pages.post("/screens/<int:screen_id>/layout/draft")
@staff(Role.MANAGER)
def draw_layout(house: StaffHouse, screen_id: int) -> AnyResponse:
    """What the script sends: the whole plan, and a change to make to it. Answers in JSON, with a sentence if refused."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("revision"), int):
        return _refused(Invalid("This could not be read. Open the plan again."))
    plan, words = sent.get("plan"), _words(sent.get("words"))
    chosen = frozenset(one for one in _a_list(sent.get("chosen")) if isinstance(one, str))
    change = sent.get("change") if isinstance(sent.get("change"), str) else None
    try:
        revision, document = layouts_edit.change_draft(
            house.by, screen_id, sent["revision"], change, words, chosen, plan if isinstance(plan, dict) else None
        )
    except (ConcurrentModification, Invalid, ImportRefused) as problem:
        return _refused(problem)
    answer: dict[str, Any] = {"revision": revision, "problem": problem_of(document), "seats": len(guids_of(document))}
    return jsonify({**answer, "plan": document} if change else answer)


def _words(sent: Any) -> dict[str, str]:
    return {str(name): value for name, value in (sent if isinstance(sent, dict) else {}).items() if type(value) is str}


def _a_list(sent: Any) -> list[Any]:
    return sent if isinstance(sent, list) else []


def _refused(problem: ConcurrentModification | Invalid | ImportRefused) -> AnyResponse:
    response = jsonify({"error": {"code": problem.code, "message": problem.message}})
    response.status_code = problem.status
    return response


@pages.post("/screens/<int:screen_id>/layout/upload")
@staff(Role.MANAGER)
def upload_layout(house: StaffHouse, screen_id: int) -> AnyResponse:
    file = request.files.get("file")
    if file is None or not file.filename:
        return _editor(house, screen_id, 422, "Choose a file first.", "upload")
    try:
        seats = layouts_edit.upload_draft(house.by, screen_id, read_revision(request.form.get("revision")), file.read())
    except ImportRefused as problem:
        return _editor(house, screen_id, 422, problem.message, "upload")
    flash(f"{seats} seats are taken in as a draft. Look at them, then put them into use.", "ok")
    return _back(screen_id)


@pages.get("/screens/<int:screen_id>/layout.json")
@staff(Role.MANAGER)
def layout_file(house: StaffHouse, screen_id: int) -> Response:
    """The plan as the editor shows it, as a file in the pretix format."""
    drawing = drawing_of(screen_id)
    if drawing.document is None:
        raise Invalid("This screen has no plan yet.")
    return _file(drawing.document, f"screen-{screen_id}{'-draft' if drawing.is_draft else ''}")


@pages.get("/layouts/<int:layout_id>.json")
@staff(Role.MANAGER)
def version_file(house: StaffHouse, layout_id: int) -> Response:
    """One version, as it was put into use."""
    return _file(*version_of(layout_id))


def _file(document: dict[str, Any], name: str) -> Response:
    # Written by json rather than jsonify, which would sort the keys: what nobody touched goes out as it came in.
    response = Response(json.dumps(document, ensure_ascii=False), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.json")
    return response


@pages.post("/screens/<int:screen_id>/layout/discard")
@staff(Role.MANAGER)
def discard_layout(house: StaffHouse, screen_id: int) -> AnyResponse:
    layouts_edit.discard_draft(house.by, screen_id, read_revision(request.form.get("revision")))
    flash("The draft is thrown away.", "ok")
    return _back(screen_id)


@pages.post("/screens/<int:screen_id>/layout/use")
@staff(Role.MANAGER)
def use_layout(house: StaffHouse, screen_id: int) -> AnyResponse:
    try:
        layouts_edit.use_draft(house.by, screen_id, read_revision(request.form.get("revision")), typed_reason())
    except Invalid as problem:
        return _editor(house, screen_id, 422, problem.message, "use")
    drawing = drawing_of(screen_id)
    flash(f"Version {drawing.version} is in use: new shows of {drawing.screen} get it.", "ok")
    there = "staff.layout_shows" if other_shows(screen_id, drawing.layout_id) else "staff.layout"
    return redirect(url_for(there, screen_id=screen_id), 303)


@pages.get("/screens/<int:screen_id>/layout/shows")
@staff(Role.MANAGER)
def layout_shows(house: StaffHouse, screen_id: int) -> Response:
    """Coming shows that keep an older version, and which of them can follow."""
    return _shows(house, drawing_of(screen_id))


def _shows(house: StaffHouse, drawing: Drawing, status: int = 200, refused: str = "") -> Response:
    shows = other_shows(drawing.screen_id, drawing.layout_id)
    shown: dict[str, Any] = {"house": house, "drawing": drawing, "shows": shows, "refused": refused}
    return render("staff/layouts/shows.html", status_code=status, **shown)


@pages.post("/screens/<int:screen_id>/layout/shows")
@staff(Role.MANAGER)
def move_layout_shows(house: StaffHouse, screen_id: int) -> AnyResponse:
    wanted = request.form.getlist("show", type=int)
    try:
        if not wanted:
            raise Invalid("Choose the shows that are to have the newest version.")
        done = move_shows(house.by, screen_id, wanted, typed_reason())
    except Invalid as problem:
        return _shows(house, drawing_of(screen_id), 422, problem.message)
    if done.shows:
        count = len(done.shows)
        flash(f"{count} {'show has' if count == 1 else 'shows have'} the newest version now.", "ok")
    for why_not in done.kept.values():
        flash(f"One show keeps its version. {why_not}", "warn")
    return redirect(url_for("staff.layout_shows", screen_id=screen_id), 303)
