"""The door: one page that scans, the list and the queue of a device that loses its connection, and what the doors did."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import secrets
from typing import Any

from flask import Response, flash, jsonify, redirect, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.staff import pages
from app.config import settings
from app.domain.admission import LONGEST_KEY, LONGEST_NAME, Door
from app.domain.staff import Role
from app.queries.door import DoorLog, DoorShow, door_list, door_log, public_keys, shows_at_door
from app.services.admission import AtDoor, undo_admission
from app.services.admission import scan as scan_ticket
from app.services.door_sync import Taken, take_report
from app.web.assets import asset
from app.web.csv_files import csv_file
from app.web.door_words import DoorAnswer, in_words
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import ReasonForm

AT_THE_DOOR = (Role.SCANNER, Role.BOX_OFFICE, Role.MANAGER)
LONGEST_QUEUE = 100
"""Reports that one request brings at most; a device sends the rest after it."""
LONGEST_CODE = 300
LOG_HOURS = 48
LOOK_BACK = (12, 48, 168, 720)
"""Hours that the log can be looked back; LOG_HOURS unless asked."""
SCRIPTS = (
    "vendor/jsqr-1.4.0.js",
    "vendor/tweetnacl-1.0.3.min.js",
    "staff/scan-check.js",
    "staff/scan-store.js",
    "staff/scan.js",
)
FRAME = ("marquee.css", "staff.css", "favicon.svg", "htmx.min.js", "marquee.js", "staff.js")


@pages.get("/scan")
@staff(*AT_THE_DOOR)
def scan(house: StaffHouse) -> Response:
    return _page(house, request.args.get("show", type=int), request.args.get("door", ""))


@pages.post("/scan/<int:cinema_id>")
@staff(*AT_THE_DOOR)
def scan_code(house: StaffHouse, cinema_id: int) -> Response:
    """The answer to one code: as JSON for the script, else as a page. It is not kept, so there is nothing to redirect
    to; sent again it is the same answer, for the form's key is the same."""
    form = request.form
    door = Door(cinema_id, form.get("show", type=int) or None, _name(form.get("door")), _name(form.get("device")))
    key = form.get("key", "")[:LONGEST_KEY] or secrets.token_hex(16)
    words = form.get("words", "")[:LONGEST_CODE]
    answer = in_words(scan_ticket(words, door, house.by, key), house.zone, clock.now())
    if request.accept_mimetypes.best == "application/json":
        return jsonify(dataclasses.asdict(answer) | {"counts": _counts(house)})
    return _page(house, door.show_id, door.name, answer)


def _name(words: str | None) -> str:
    return " ".join((words or "").split())[:LONGEST_NAME]


def _page(house: StaffHouse, show_id: int | None, door: str, answer: DoorAnswer | None = None) -> Response:
    cinema = house.the_cinema()
    shows = shows_at_door(cinema.id, house.zone, clock.now())
    chosen = next((show for show in shows if show.id == show_id), None)
    scripts = [asset(name) for name in SCRIPTS]
    facts: dict[str, Any] = {"chosen": chosen, "door": _name(door), "answer": answer, **_sums(shows, chosen)}
    key = secrets.token_hex(16)
    return render("staff/scan/scan.html", house=house, key=key, shows=shows, scripts=scripts, **facts)


def _sums(shows: tuple[DoorShow, ...], chosen: DoorShow | None) -> dict[str, int]:
    counted = [chosen] if chosen else [show for show in shows if show.now]
    return {"admitted": sum(show.admitted for show in counted), "to_come": sum(show.to_come for show in counted)}


def _counts(house: StaffHouse) -> list[dict[str, Any]]:
    """The shows of the day and how full they are, as the script keeps them."""
    return [_show(show) for show in shows_at_door(house.the_cinema().id, house.zone, clock.now())]


def _show(show: DoorShow) -> dict[str, Any]:
    words = {"title": show.title, "time": f"{show.starts_at:%H:%M}", "screen": show.screen}
    starts = int(show.starts_at.timestamp() * 1000)
    return {"id": show.id, **words, "starts": starts, "admitted": show.admitted, "sold": show.sold}


# A device without a connection


@pages.get("/scan/<int:cinema_id>/list")
@staff(*AT_THE_DOOR)
def scan_list(house: StaffHouse, cinema_id: int) -> Response:
    """What a device keeps: keys, shows, tickets. `since` names the tickets that it has; the same are not sent again."""
    shows = _counts(house)
    facts = {
        "at": int(clock.now().timestamp() * 1000),
        "zone": house.zone.key,
        "before": settings.door_before_minutes,
        "after": settings.door_after_minutes,
        "keys": public_keys(),
        "shows": shows,
        "csrf": generate_csrf(),
    }
    if "counts" in request.args:
        return jsonify(facts)
    wanted = request.args.get("show", type=int)
    ids = [show["id"] for show in shows if not wanted or show["id"] == wanted]
    tickets = door_list(ids, house.zone)
    version = hashlib.sha256(json.dumps([ids, tickets]).encode()).hexdigest()[:16]
    same = request.args.get("since") == version
    return jsonify(facts | {"version": version} | ({} if same else {"tickets": tickets, "of": ids}))


@pages.post("/scan/<int:cinema_id>/queue")
@staff(*AT_THE_DOOR)
def scan_queue(house: StaffHouse, cinema_id: int) -> Response:
    """What a device did while it was alone, in its order. Each report stands alone: a bad one stops no other."""
    sent = request.get_json(silent=True)
    reports = sent.get("reports") if isinstance(sent, dict) else None
    some = reports[:LONGEST_QUEUE] if isinstance(reports, list) else []
    taken = [_take(one, house, cinema_id) for one in some if isinstance(one, dict)]
    return jsonify({"taken": [_told(one, house) for one in taken]})


def _take(one: dict[str, Any], house: StaffHouse, cinema_id: int) -> Taken:
    key, words = str(one.get("key", "")), str(one.get("words", ""))
    if not 0 < len(key) <= LONGEST_KEY or len(words) > LONGEST_CODE:
        return Taken(key, "lost", "unreadable")
    how = AtDoor(key, _name(str(one.get("door", ""))), _name(str(one.get("device", ""))), True, _instant(one.get("at")))
    return take_report(words, how, cinema_id, house.by)


def _instant(milliseconds: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _told(one: Taken, house: StaffHouse) -> dict[str, Any]:
    times = {name: value and f"{value.astimezone(house.zone):%H:%M:%S}" for name, value in _times(one).items()}
    return {
        "key": one.key,
        "outcome": one.outcome,
        "reason": one.reason,
        "seat": one.seat,
        "door": one.first_door,
        **times,
    }


def _times(one: Taken) -> dict[str, dt.datetime | None]:
    return {"at": one.at, "first": one.first_at}


@pages.get("/scan/worker.js")
@staff(*AT_THE_DOOR)
def scan_worker(house: StaffHouse) -> Response:
    """The service worker of the door: it keeps this page and its files, and nothing else."""
    font = url_for("static", filename="fonts/board-1.woff2", v=1)
    files = [*(asset(name) for name in (*FRAME, *SCRIPTS)), font, url_for("staff.scan_manifest")]
    lines = [
        f"const FILES = {json.dumps(files)};",
        f"const PAGE = {json.dumps(url_for('staff.scan'))};",
        f"importScripts({json.dumps(asset('staff/scan-worker.js'))});",
    ]
    response = Response("\n".join(lines), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = url_for("staff.scan")
    return response


@pages.get("/scan/manifest.webmanifest")
@staff(*AT_THE_DOOR)
def scan_manifest(house: StaffHouse) -> Response:
    icons = [{"src": asset("favicon.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}]
    icons += [{"src": asset(f"icons/door-{n}.png"), "type": "image/png", "sizes": f"{n}x{n}"} for n in (192, 512)]
    start = url_for("staff.scan")
    words = {"name": f"{settings.site_name}: the door", "short_name": "Door", "lang": "en"}
    looks = {"display": "standalone", "background_color": "#101418", "theme_color": "#9a2310", "icons": icons}
    response = jsonify({**words, **looks, "id": start, "start_url": start, "scope": start})
    response.mimetype = "application/manifest+json"
    return response


# What the doors did


@pages.get("/scan/log")
@staff(*AT_THE_DOOR)
def scan_log(house: StaffHouse) -> Response:
    """The last hours, or those asked for; `q` are words of seat, film, screen, door or ticket code."""
    found, log = _log_asked(), _log(house)
    return render("staff/scan/log.html", house=house, log=log, **found, may_undo=house.may(Role.MANAGER))


def _log_asked() -> dict[str, Any]:
    hours = request.args.get("hours", LOG_HOURS, type=int)
    return {"hours": hours if hours in LOOK_BACK else LOG_HOURS, "words": request.args.get("q", "")[:60].strip()}


def _log(house: StaffHouse) -> DoorLog:
    asked = _log_asked()
    since = clock.now() - dt.timedelta(hours=asked["hours"])
    return door_log(house.the_cinema().id, house.zone, since, asked["words"])


@pages.get("/scan/log.csv")
@staff(*AT_THE_DOOR)
def scan_log_file(house: StaffHouse) -> Response:
    """The same as a file."""
    log = _log(house)
    header = (
        "time",
        "outcome",
        "seat",
        "film",
        "show",
        "screen",
        "ticket",
        "door",
        "device",
        "by",
        "undone",
        "why undone",
    )
    rows = (
        (
            one.at, one.outcome, one.seat, one.title, one.starts_at, one.screen, one.code, one.door, one.device,
            one.person, one.undone_at, one.undone_why,
        )
        for one in (*log.disputed, *log.admitted)
    )  # fmt: skip
    return csv_file(f"door-{house.now.date()}", header, rows)


@pages.post("/shows/<int:show_id>/admissions/<int:number>/undo")
@staff(Role.MANAGER)
def undo(house: StaffHouse, show_id: int, number: int) -> AnyResponse:
    form = ReasonForm()
    if not form.validate_on_submit():
        flash("Nothing was undone: write in a few words why.", "bad")
    elif undo_admission(house.by, show_id, number, form.reason.data):
        flash("Undone. This ticket lets in once more.", "ok")
    else:
        flash("That was undone already.", "note")
    return redirect(url_for("staff.scan_log"), 303)
