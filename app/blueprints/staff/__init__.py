"""The staff pages: home.py is the first page and the choice of a cinema, entry.py the second factor and passwords,
people.py and audit.py who works here and what they did; box_office.py, bookings.py and shifts.py the counter, groups.py the
groups, scan.py the door, layouts.py the drawing of seats, dashboard.py and reports.py the figures."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("staff", __name__, url_prefix="/staff")

from app.blueprints.staff import (  # noqa: E402,F401  the routes register themselves
    audit,
    bookings,
    box_office,
    dashboard,
    entry,
    groups,
    home,
    layouts,
    people,
    reports,
    scan,
    shifts,
)
