"""One booking: checkout.py leads from the hold to the gateway and back, extras.py takes coupons and balances there,
page.py is the booking's own page and files, cancel.py gives seats back, exchange.py changes them for others."""

from __future__ import annotations

from flask import Blueprint

booking = Blueprint("booking", __name__, url_prefix="/bookings")

from app.blueprints.booking import (  # noqa: E402,F401  the routes register themselves
    cancel,
    checkout,
    exchange,
    extras,
    page,
)
