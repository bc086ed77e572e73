"""The addresses of the site, one module per part of it."""

from __future__ import annotations

from flask import Flask

from app.config import Settings


def init_blueprints(app: Flask, settings: Settings) -> None:
    from app.blueprints.account import account
    from app.blueprints.booking import booking
    from app.blueprints.browse import browse
    from app.blueprints.gift_cards import gift_cards
    from app.blueprints.groups import groups
    from app.blueprints.health import health
    from app.blueprints.shows import shows
    from app.blueprints.staff import pages as staff_pages

    app.register_blueprint(health)
    app.register_blueprint(browse)
    app.register_blueprint(account)
    app.register_blueprint(shows)
    app.register_blueprint(booking)
    app.register_blueprint(gift_cards)
    app.register_blueprint(groups)
    app.register_blueprint(staff_pages)

    _init_paying(app, settings)


def _init_paying(app: Flask, settings: Settings) -> None:
    from app.blueprints.razorpay import razorpay
    from app.blueprints.webhooks import webhooks

    app.register_blueprint(webhooks)
    app.register_blueprint(razorpay)
    if "sandbox" in settings.gateways:
        from app.blueprints.sandbox import sandbox

        app.register_blueprint(sandbox)
