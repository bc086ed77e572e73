"""The application: create_app() binds the rooms together in order; no logic lives here.

The rooms are imported inside, so that `app.embedded` can start the services without loading Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings


def create_app(chosen: Settings | None = None) -> Flask:
    from app.adapters.payments.registry import init_gateways
    from app.blueprints import init_blueprints
    from app.cli import init_cli
    from app.config import init_config
    from app.extensions import init_extensions
    from app.logs import init_logs
    from app.web import init_web
    from app.web.shared import House

    app = House(__name__)
    settings = init_config(app, chosen)
    init_logs(settings)
    init_extensions(app, settings)
    init_gateways(app, settings)
    init_web(app, settings)
    init_blueprints(app, settings)
    init_cli(app)
    return app
