"""The staff pages, by what people do there: home.py the first page and the choice of a cinema; entry.py the second
factor and passwords; people.py and audit.py who works here and what they did. The names of the others are those of the
pages, as the bar and the menu have them (web/staff_nav.py)."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("staff", __name__, url_prefix="/staff")

from app.blueprints.staff import (  # noqa: E402,F401  the routes register themselves
    audit,
    blocks,
    bookings,
    box_office,
    calling_off,
    calling_off_day,
    cinemas,
    coupons,
    dashboard,
    demand,
    entry,
    film_tables,
    films,
    gift_cards,
    groups,
    home,
    layouts,
    messages,
    people,
    planner,
    price_rules,
    prices,
    reports,
    scan,
    shifts,
    shows,
)
