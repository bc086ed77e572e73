"""The staff pages: home.py is the first page and the choice of a cinema, entry.py the second factor and passwords,
people.py the accounts of the staff, layouts.py the seats of the screens, audit.py what was done.
Other parts have modules, or packages, of their own here.
"""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("staff", __name__, url_prefix="/staff")

from app.blueprints.staff import audit, entry, home, layouts, people  # noqa: E402,F401  the routes register themselves
