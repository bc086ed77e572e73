"""One booking: checkout.py leads from the hold to the gateway and back, page.py is the booking's own page and files,
exchange.py changes seats for others."""

from __future__ import annotations

from flask import Blueprint

booking = Blueprint("booking", __name__, url_prefix="/bookings")

from app.blueprints.booking import checkout, exchange, page  # noqa: E402,F401  the routes register themselves
