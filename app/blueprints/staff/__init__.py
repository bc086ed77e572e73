"""The staff pages: home.py is the first page and the choice of a cinema, entry.py the second factor and passwords,
people.py and audit.py who works here and what they did; box_office.py, bookings.py and shifts.py the counter, scan.py
the door, layouts.py the drawing of seats, dashboard.py and reports.py the figures; coupons.py, gift_cards.py
and messages.py the manager's desk."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("staff", __name__, url_prefix="/staff")

from app.blueprints.staff import (  # noqa: E402,F401  the routes register themselves
    audit,
    bookings,
    box_office,
    coupons,
    dashboard,
    entry,
    gift_cards,
    home,
    layouts,
    messages,
    people,
    reports,
    scan,
    shifts,
)
