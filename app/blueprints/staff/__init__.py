"""The staff pages: home.py is the first page and the choice of a cinema, entry.py the second factor and passwords,
box_office.py, bookings.py and shifts.py the counter,
people.py the accounts of the staff, audit.py what was done. Other parts have modules, or packages, of their own here.
"""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("staff", __name__, url_prefix="/staff")

from app.blueprints.staff import (  # noqa: E402,F401  the routes register themselves
    audit,
    bookings,
    box_office,
    entry,
    home,
    people,
    scan,
    shifts,
)
