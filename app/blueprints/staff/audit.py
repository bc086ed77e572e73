"""What the staff did: searched, and taken along as a file."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Response, request, url_for

from app.blueprints.staff import pages
from app.domain.audit import Action
from app.domain.staff import Role
from app.queries.audit import AuditRow, AuditSearch, all_entries, audit_page
from app.web.audit_words import changes_in_words
from app.web.csv_files import csv_file
from app.web.guards import staff
from app.web.render import render
from app.web.staff import StaffHouse

FILTERS = ("person", "action", "subject", "subject_id", "cinema", "day", "to")
HEADER = ("id", "at", "person", "address", "cinema", "action", "subject", "subject id", "before", "after", "reason")


@pages.get("/audit")
@staff(Role.MANAGER)
def audit_log(house: StaffHouse) -> Response:
    search = _search(house)
    rows, older = audit_page(search)
    kept: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    links: dict[str, Any] = {
        "older": url_for("staff.audit_log", **kept, below=older) if older else None,
        "newest": url_for("staff.audit_log", **kept) if search.below else None,
        "csv": url_for("staff.audit_file", **kept),
    }
    told = [(row, changes_in_words(row, house.zone)) for row in rows]
    return render("staff/audit.html", house=house, rows=told, kept=kept, actions=list(Action), **links)


@pages.get("/audit.csv")
@staff(Role.MANAGER)
def audit_file(house: StaffHouse) -> Response:
    """Everything that is found, however long."""
    return csv_file("audit", HEADER, (_cells(row) for row in all_entries(_search(house))))


def _cells(row: AuditRow) -> list[Any]:
    changes = [json.dumps(side, ensure_ascii=False) if side else "" for side in (row.before, row.after)]
    who = [row.id, row.at, row.person, row.address, row.cinema, row.action, row.subject, row.subject_id]
    return [*who, *changes, row.reason]


def _search(house: StaffHouse) -> AuditSearch:
    """What the address asks for. What can't be read there is as if it was not there."""
    args = request.args
    start, end = _day(house, args.get("day")), _day(house, args.get("to") or args.get("day"))
    return AuditSearch(
        where=house.where,
        person=args.get("person", "")[:100],
        action=args.get("action", "") if args.get("action") in set(Action) else "",
        subject=args.get("subject", "").strip().replace(" ", "_")[:30],
        subject_id=args.get("subject_id", type=_number),
        cinema_id=args.get("cinema", type=_number),
        start=start,
        end=end + dt.timedelta(days=1) if end else None,
        below=args.get("below", type=_number),
    )


def _number(words: str) -> int:
    number = int(words)
    if not 0 <= number < 2**63:
        raise ValueError(words)
    return number


def _day(house: StaffHouse, words: str | None) -> dt.datetime | None:
    """The midnight that begins this day on the clocks of the cinema."""
    try:
        day = dt.date.fromisoformat(words or "")
    except ValueError:
        return None
    return dt.datetime.combine(day, dt.time(), house.zone) if 1900 <= day.year <= 9000 else None
